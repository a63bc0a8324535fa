import { call, longestName, user } from './anthropic-conversations.js';
import { add, block, blocks, extended, has, isCalling, isOfBlocks, isOfUserAlone } from './anthropic-places.js';
import { ofResults } from './anthropic-results.js';
import type { Breakage } from './breakage.js';
import { messageWhere, omit } from './places.js';

/** For each call: its id changed, and that of its result, each in its way. */
function rename(ofCall: (id: string) => unknown, ofResult: (id: string) => unknown): Breakage['at'] {
  return (messages) =>
    messages
      .flatMap(blocks)
      .filter(({ type }) => type === 'tool_use')
      .map(({ id }) =>
        messages.map((message) => {
          if (!isOfBlocks(message)) return message;
          const changed = blocks(message).map((one) => {
            if (one['type'] === 'tool_use' && one['id'] === id) return { ...one, id: ofCall(String(id)) };
            if (one['tool_use_id'] === id) return { ...one, tool_use_id: ofResult(String(id)) };
            return one;
          });
          return { ...message, content: changed };
        }),
      );
}

/** The id of a parallel call becomes that of the call before it. `withResult`: that of its result, too. */
function sameIds(withResult: boolean): Breakage['at'] {
  return (messages) =>
    messages.flatMap((message) => {
      const made = blocks(message).filter(({ type }) => type === 'tool_use');
      return made.slice(1).map((one, at) => {
        const first = made[at]!['id'];
        return messages.map((other) =>
          isOfBlocks(other)
            ? {
                ...other,
                content: blocks(other).map((two) => {
                  if (two === one) return { ...two, id: first };
                  return withResult && two['tool_use_id'] === one['id'] ? { ...two, tool_use_id: first } : two;
                }),
              }
            : other,
        );
      });
    });
}

const callShape: Breakage[] = [
  {
    name: 'a search of the user',
    breaks: ['call-not-allowed'],
    at: messageWhere(
      isOfUserAlone,
      extended({ type: 'server_tool_use', id: 'srvtoolu_9', name: 'web_search', input: {} }),
    ),
  },
  { name: 'a call of the user', breaks: ['call-not-allowed'], at: add(user(call('toolu_9', 'pay'))) },
  {
    name: 'a call beside words of the user',
    breaks: ['call-not-allowed'],
    at: messageWhere(isOfUserAlone, extended(call('toolu_9', 'pay'))),
  },
  {
    name: 'calls in the name of the user',
    breaks: ['call-not-allowed', 'orphan-result'],
    at: messageWhere(
      (message) => isCalling(message) && !has('thinking', 'redacted_thinking')(message),
      (message) => ({ ...message, role: 'user' }),
    ),
  },
  {
    name: 'input as JSON text',
    breaks: ['invalid-arguments'],
    at: block('tool_use', (one) => ({ ...one, input: JSON.stringify(one['input']) })),
  },
  ...[null, [1], 42, '{"invoice": '].map(
    (input): Breakage => ({
      name: `the input ${JSON.stringify(input)}`,
      breaks: ['invalid-arguments'],
      at: block('tool_use', (one) => ({ ...one, input })),
    }),
  ),
  { name: 'no input', breaks: ['invalid-arguments'], at: block('tool_use', (one) => omit(one, 'input')) },
];

const ids: Breakage[] = [
  ...['functions.pay:0', 'toolu 1', 'später'].map(
    (id): Breakage => ({
      name: `the id ${id}`,
      breaks: ['invalid-id'],
      at: rename(
        () => id,
        () => id,
      ),
    }),
  ),
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
    at: block('tool_use', (one) => omit(one, 'id')),
  },
  {
    name: 'a call with an empty id',
    breaks: ['missing-call-id', 'orphan-result', 'unanswered-call'],
    at: block('tool_use', (one) => ({ ...one, id: '' })),
  },
  {
    name: 'a result without an id',
    breaks: ['missing-result-id', 'unanswered-call'],
    at: block('tool_result', (one) => omit(one, 'tool_use_id')),
  },
  {
    name: 'no id in call and result',
    breaks: ['missing-call-id', 'missing-result-id', 'unanswered-call'],
    at: rename(
      () => undefined,
      () => undefined,
    ),
  },
  { name: 'a call without a name', breaks: ['missing-name'], at: block('tool_use', (one) => omit(one, 'name')) },
  { name: 'an empty name', breaks: ['missing-name'], at: block('tool_use', (one) => ({ ...one, name: '' })) },
  ...['send mail', 'send.mail', 'zahle_später', `${longestName}x`].map(
    (name): Breakage => ({
      name: `the name ${name.slice(0, 12)}`,
      breaks: ['invalid-name'],
      at: block('tool_use', (one) => ({ ...one, name })),
    }),
  ),
  { name: 'one id for two parallel calls and their results', breaks: ['duplicate-call-id'], at: sameIds(true) },
  {
    name: 'one id for two parallel calls, not for their results',
    breaks: ['duplicate-call-id', 'orphan-result', 'unanswered-call'],
    at: sameIds(false),
  },
  {
    name: 'the same round again',
    breaks: ['reused-call-id'],
    at: (messages) =>
      messages.flatMap((message, at) =>
        isCalling(message) ? [messages.toSpliced(at + 2, 0, ...messages.slice(at, at + 2))] : [],
      ),
  },
];

/** What goes wrong with calls and their results. */
export const ofCalls: Breakage[] = [...callShape, ...ids, ...ofResults];
