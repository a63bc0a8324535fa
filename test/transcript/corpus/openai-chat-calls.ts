import { isObject, list } from '../fuzz/format.js';
import type { Breakage, Message } from './breakage.js';
import { call, longestName, result, user } from './openai-chat-conversations.js';
import { add, changeResult, inFunction, isCalling, isPlain, isResult, isSaid } from './openai-chat-places.js';
import { ofResults } from './openai-chat-results.js';
import { before, messageWhere, omit, partWhere, whole } from './places.js';

const changeCall = (change: (one: Message) => unknown): Breakage['at'] => partWhere('tool_calls', () => true, change);

const oneMoreCall = (more: unknown): Breakage['at'] =>
  messageWhere(isCalling, (message) => ({ ...message, tool_calls: [...list(message['tool_calls']), more] }));

/** For each call: its id changed, and that of its result, each in its way. */
function rename(ofCall: (id: string) => unknown, ofResult: (id: string) => unknown): Breakage['at'] {
  return (messages) => {
    const ids = messages.flatMap((message) =>
      list(message['tool_calls']).map((one) => (one as Message)['id'] as string),
    );
    return ids.map((id) =>
      messages.map((message) => {
        if (message['tool_call_id'] === id) return { ...message, tool_call_id: ofResult(id) };
        if (!isCalling(message)) return message;
        const tool_calls = (message['tool_calls'] as Message[]).map((one) =>
          one['id'] === id ? { ...one, id: ofCall(id) } : one,
        );
        return { ...message, tool_calls };
      }),
    );
  };
}

/** The id of a parallel call becomes that of the call before it. `withResult`: that of its result, too. */
function sameIds(withResult: boolean): Breakage['at'] {
  return (messages) =>
    messages.flatMap((message, place) => {
      const made = list(message['tool_calls']) as Message[];
      return made.slice(1).map((one, at) => {
        const changed = messages.with(place, {
          ...message,
          tool_calls: made.with(at + 1, { ...one, id: made[at]!['id'] }),
        });
        if (!withResult) return changed;
        return changed.map((other) =>
          other['tool_call_id'] === one['id'] ? { ...other, tool_call_id: made[at]!['id'] } : other,
        );
      });
    });
}

const callShape: Breakage[] = [
  {
    name: 'the call itself for the list of calls',
    breaks: ['malformed-calls'],
    at: messageWhere(
      (message) => list(message['tool_calls']).length === 1,
      (message) => ({ ...message, tool_calls: list(message['tool_calls'])[0] }),
    ),
  },
  {
    name: 'calls under their numbers',
    breaks: ['malformed-calls'],
    at: messageWhere(isCalling, (message) => ({ ...message, tool_calls: { ...list(message['tool_calls']) } })),
  },
  {
    name: 'calls as JSON text',
    breaks: ['malformed-calls', 'orphan-result'],
    at: messageWhere(
      (message) => isCalling(message) && isSaid(message),
      (message) => ({ ...message, tool_calls: JSON.stringify(message['tool_calls']) }),
    ),
  },
  {
    name: 'null for the list of calls',
    breaks: ['malformed-calls'],
    at: messageWhere(
      (message) => isPlain(message) && message['content'] !== null,
      (message) => ({ ...message, tool_calls: null }),
    ),
  },
  { name: 'text among the calls', breaks: ['malformed-calls'], at: oneMoreCall('pay()') },
  { name: 'null among the calls', breaks: ['malformed-calls'], at: oneMoreCall(null) },
  {
    name: 'a call without its function',
    breaks: ['malformed-calls'],
    at: oneMoreCall({ id: 'call_9', type: 'function' }),
  },
  { name: 'a call without a type', breaks: ['malformed-calls'], at: changeCall((one) => omit(one, 'type')) },
  {
    name: 'a call of another type',
    breaks: ['malformed-calls'],
    at: changeCall((one) => ({ ...one, type: 'tool_use' })),
  },
  {
    name: 'an empty list of calls',
    breaks: ['empty-calls'],
    at: messageWhere(
      (message) => isPlain(message) && message['content'] !== null,
      (message) => ({ ...message, tool_calls: [] }),
    ),
  },
  {
    name: 'an empty list of calls, and no content',
    breaks: ['empty-calls', 'missing-content'],
    at: messageWhere(
      (message) => isPlain(message) && message['content'] !== null,
      (message) => ({ ...message, content: null, tool_calls: [] }),
    ),
  },
  {
    name: 'a call of the user',
    breaks: ['call-not-allowed'],
    at: add({ ...user('I call'), tool_calls: [call('call_9', 'pay')] }),
  },
  {
    name: 'a call of the user with its result',
    breaks: ['call-not-allowed', 'orphan-result'],
    at: add({ ...user('I call'), tool_calls: [call('call_9', 'pay')] }, result('call_9')),
  },
  {
    name: 'a call of the instructions',
    breaks: ['call-not-allowed'],
    at: before(
      (_, at) => at === 0,
      () => ({ role: 'system', content: 'Call this', tool_calls: [call('call_9', 'pay')] }),
    ),
  },
  {
    name: 'arguments that are an object',
    breaks: ['invalid-arguments'],
    at: inFunction((body) => ({ ...body, arguments: JSON.parse(String(body['arguments'])) })),
  },
  { name: 'no arguments', breaks: ['invalid-arguments'], at: inFunction((body) => omit(body, 'arguments')) },
  {
    name: 'arguments that are null',
    breaks: ['invalid-arguments'],
    at: inFunction((body) => ({ ...body, arguments: null })),
  },
  {
    name: 'the input of a custom tool as an object',
    breaks: ['invalid-arguments'],
    at: partWhere(
      'tool_calls',
      (one) => isObject(one['custom']),
      (one) => ({ ...one, custom: { name: 'run', input: { code: 'print(1)' } } }),
    ),
  },
  {
    name: 'the arguments of the old form as an object',
    breaks: ['invalid-arguments'],
    at: messageWhere(
      (message) => 'function_call' in message,
      (message) => ({ ...message, function_call: { name: 'pay', arguments: {} } }),
    ),
  },
  ...['{"invoice": ', '["inv-42"]', '"inv-42"', '', 'null'].map(
    (text): Breakage => ({
      name: `the arguments ${text === '' ? 'of no text' : text}`,
      breaks: [],
      warns: ['invalid-arguments'],
      at: inFunction((body) => ({ ...body, arguments: text })),
    }),
  ),
];

const ids: Breakage[] = [
  {
    name: 'an id of digits in call and result',
    breaks: ['invalid-id'],
    at: rename(
      () => 7,
      () => 7,
    ),
  },
  {
    name: 'an id of digits in the call',
    breaks: ['invalid-id'],
    at: rename(
      () => 7,
      () => '7',
    ),
  },
  {
    name: 'an id of digits in the result',
    breaks: ['invalid-id'],
    at: rename(
      () => '7',
      () => 7,
    ),
  },
  {
    name: 'a call without an id',
    breaks: ['missing-call-id', 'orphan-result', 'unanswered-call'],
    at: changeCall((one) => omit(one, 'id')),
  },
  {
    name: 'a call with an empty id',
    breaks: ['missing-call-id', 'orphan-result', 'unanswered-call'],
    at: changeCall((one) => ({ ...one, id: '' })),
  },
  {
    name: 'a result without an id',
    breaks: ['missing-result-id', 'unanswered-call'],
    at: changeResult((message) => omit(message, 'tool_call_id')),
  },
  {
    name: 'no id in call and result',
    breaks: ['missing-call-id', 'missing-result-id', 'unanswered-call'],
    at: rename(
      () => undefined,
      () => undefined,
    ),
  },
  { name: 'a call without a name', breaks: ['missing-name'], at: inFunction((body) => omit(body, 'name')) },
  { name: 'an empty name', breaks: ['missing-name'], at: inFunction((body) => ({ ...body, name: '' })) },
  ...['send mail', 'send.mail', 'zahle_später', `${longestName}x`].map(
    (name): Breakage => ({
      name: `the name ${name.slice(0, 12)}`,
      breaks: ['invalid-name'],
      at: inFunction((body) => ({ ...body, name })),
    }),
  ),
  { name: 'one id for two parallel calls and their results', breaks: ['duplicate-call-id'], at: sameIds(true) },
  {
    name: 'one id for two parallel calls, not for their results',
    breaks: ['duplicate-call-id', 'orphan-result', 'unanswered-call'],
    at: sameIds(false),
  },
  {
    name: 'an id of 41 characters',
    breaks: ['id-too-long'],
    at: rename(
      (id) => id.padEnd(41, 'x'),
      (id) => id.padEnd(41, 'x'),
    ),
  },
  {
    name: 'an id of 64 characters where they may be long',
    breaks: [],
    profile: 'openai-chat-long-ids',
    at: rename(
      (id) => id.padEnd(64, 'x'),
      (id) => id.padEnd(64, 'x'),
    ),
  },
  {
    name: 'an id of 65 characters where they may be long',
    breaks: ['id-too-long'],
    profile: 'openai-chat-long-ids',
    at: rename(
      (id) => id.padEnd(65, 'x'),
      (id) => id.padEnd(65, 'x'),
    ),
  },
  {
    name: 'the same round again',
    breaks: [],
    warns: ['reused-call-id'],
    at: whole((messages) => {
      const from = messages.findIndex(isCalling);
      const to = messages.findIndex((message, at) => at > from && !isResult(message));
      return from < 0 || to < 0 ? undefined : messages.toSpliced(to, 0, ...messages.slice(from, to));
    }),
  },
];

/** What goes wrong with calls and their results. */
export const ofCalls: Breakage[] = [...callShape, ...ids, ...ofResults];
