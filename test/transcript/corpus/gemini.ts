import type { Breakage, CorpusFormat, Message } from './breakage.js';
import { ofCalls } from './gemini-calls.js';
import { call, conversations, model, text, user } from './gemini-conversations.js';
import {
  changeCall,
  changeResult,
  exchange,
  extended,
  inARow,
  isAlone,
  isAnswer,
  isAnswering,
  isCalling,
  isOfUser,
  parts,
  partsOf,
} from './gemini-places.js';
import { anyOf, before, behind, messageWhere, omit, partWhere, whole } from './places.js';

/** Nothing in it but text, which no signature is on. */
const isPlain = (message: Message): boolean =>
  partsOf(message).every((part) => typeof part['text'] === 'string' && !('thoughtSignature' in part));

const isFirst = (_: Message, at: number): boolean => at === 0;

const unreadable = (...more: unknown[]): Breakage['at'] =>
  behind(
    (message) => !isCalling(message),
    () => more,
  );

const nowhere = ['empty-transcript'] as const;

const foreign: Readonly<Record<string, Message>> = {
  'Chat Completions': { role: 'tool', tool_call_id: 'call_1', content: 'ok' },
  Anthropic: { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'ok' }] },
  Responses: { type: 'function_call_output', call_id: 'call_1', output: 'ok' },
};

const shape: Breakage[] = [
  { name: 'nothing at all', breaks: nowhere, remaining: nowhere, at: whole(() => []) },
  ...Object.entries(foreign).map(
    ([name, message]): Breakage => ({
      name: `a message of ${name}`,
      breaks: ['mixed-format'],
      remaining: ['mixed-format'],
      at: unreadable(message),
    }),
  ),
  { name: 'null for a message', breaks: ['unrecognized-message'], at: unreadable(null) },
  {
    name: 'text for a message',
    breaks: ['unrecognized-message'],
    remaining: ['unrecognized-message'],
    at: unreadable('Hello'),
  },
  {
    name: 'a list for a message',
    breaks: ['unrecognized-message'],
    remaining: ['unrecognized-message'],
    at: unreadable([[text('Hello')]]),
  },
  ...['assistant', 'system', 'USER', ''].map(
    (role): Breakage => ({
      name: `the role "${role}"`,
      breaks: ['unknown-role'],
      remaining: ['unknown-role'],
      at: messageWhere(isAlone, (message) => ({ ...message, role })),
    }),
  ),
  { name: 'a call of the user', breaks: ['call-not-allowed'], at: exchange(user(call('pay')), model(text('No.'))) },
  {
    name: 'a call beside words of the user',
    breaks: ['call-not-allowed'],
    at: messageWhere((message) => isOfUser(message) && isAlone(message), extended(call('pay', {}, 'fc_9'))),
  },
  {
    name: 'calls in the name of the user',
    breaks: ['call-not-allowed', 'orphan-result'],
    warns: inARow,
    at: messageWhere(isCalling, (message) => ({ ...message, role: 'user' })),
  },
];

const words: Breakage[] = [
  { name: 'no parts', breaks: ['missing-content'], at: messageWhere(isAlone, (message) => omit(message, 'parts')) },
  { name: 'parts of null', breaks: ['missing-content'], at: messageWhere(isAlone, parts(null)) },
  { name: 'an empty list of parts', breaks: ['empty-content'], at: messageWhere(isAlone, parts([])) },
  { name: 'text for the parts', breaks: ['invalid-content'], at: messageWhere(isAlone, parts('Hello')) },
  { name: 'a part for the parts', breaks: ['invalid-content'], at: messageWhere(isAlone, parts(text('Hello'))) },
  {
    name: 'content for the parts',
    breaks: ['invalid-content'],
    at: messageWhere(
      (message) => isAlone(message) && 'role' in message,
      ({ role }) => ({ role, content: 'Hello', parts: null }),
    ),
  },
  {
    name: 'a number for the text',
    breaks: ['invalid-content'],
    at: partWhere(
      'parts',
      (part) => 'text' in part && part['text'] !== '',
      (part) => ({ ...part, text: 42 }),
    ),
  },
  { name: 'text for a part', breaks: ['unknown-part'], at: messageWhere(() => true, extended('and more')) },
  { name: 'a part of nothing', breaks: ['unknown-part'], at: messageWhere(() => true, extended({})) },
  {
    name: 'a part of nothing known',
    breaks: ['unknown-part'],
    at: messageWhere(() => true, extended({ hologram: 1 })),
  },
  { name: 'null for a part', breaks: ['unknown-part'], at: messageWhere(() => true, extended(null)) },
  {
    name: 'a part of empty text',
    breaks: [],
    warns: ['empty-content'],
    at: messageWhere(() => true, extended(text(''))),
  },
  {
    name: 'a part of white space',
    breaks: [],
    warns: ['empty-content'],
    at: messageWhere(isAlone, extended(text(' \n'))),
  },
  {
    name: 'args as JSON text',
    breaks: ['invalid-arguments'],
    at: changeCall((body) => ({ ...body, args: JSON.stringify(body['args'] ?? {}) })),
  },
  { name: 'args of null', breaks: ['invalid-arguments'], at: changeCall((body) => ({ ...body, args: null })) },
  ...[[1], 42, '{"invoice": '].map(
    (args): Breakage => ({
      name: `the args ${JSON.stringify(args)}`,
      breaks: ['invalid-arguments'],
      remaining: ['invalid-arguments'],
      at: changeCall((body) => ({ ...body, args })),
    }),
  ),
  { name: 'a call without args', breaks: [], at: changeCall((body) => omit(body, 'args')) },
  { name: 'no response', breaks: ['invalid-result'], at: changeResult((body) => omit(body, 'response')) },
  ...['ok', ['ok'], null, 12.5].map(
    (response): Breakage => ({
      name: `the response ${JSON.stringify(response)}`,
      breaks: ['invalid-result'],
      at: changeResult((body) => ({ ...body, response })),
    }),
  ),
];

const order: Breakage[] = [
  {
    name: 'a call first',
    breaks: ['first-not-user'],
    at: whole((messages) => (isCalling(messages[1] ?? {}) ? messages.slice(1) : undefined)),
  },
  {
    name: 'a call behind words of the model',
    breaks: ['roles-not-alternating'],
    at: before(isCalling, () => model(text('A moment.'))),
  },
  {
    name: 'the model first',
    breaks: [],
    warns: ['first-not-user'],
    at: anyOf(
      before(
        (message, at) => isFirst(message, at),
        () => model(text('How can I help?')),
      ),
      whole((messages) => (messages.length > 1 && !isCalling(messages[1]!) ? messages.slice(1) : undefined)),
    ),
  },
  {
    name: 'the user twice',
    breaks: [],
    warns: inARow,
    at: behind(
      (message) => isOfUser(message) && isAlone(message),
      () => user(text('Please')),
    ),
  },
  { name: 'the model twice', breaks: [], warns: inARow, at: behind(isAnswer, () => model(text('So it is.'))) },
  {
    name: 'words behind the results, in a message of their own',
    breaks: [],
    warns: inARow,
    at: behind(isAnswering, () => user(text('Be brief'))),
  },
  {
    name: 'words behind the results, in their message',
    breaks: [],
    at: messageWhere(isAnswering, extended(text('Be brief'))),
  },
  { name: 'words of a plain answer signed', breaks: [], at: signed },
];

function signed(messages: readonly Message[]): Message[][] {
  return partWhere(
    'parts',
    (_, __, message) => isAnswer(message) && isPlain(message),
    (part) => ({ ...part, thoughtSignature: 'sig' }),
  )(messages);
}

/** Gemini contents. */
export const gemini: CorpusFormat = {
  format: 'gemini',
  conversations,
  breakages: [...shape, ...words, ...ofCalls, ...order],
};
