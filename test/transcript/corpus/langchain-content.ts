import { isObject } from '../fuzz/format.js';
import type { Breakage } from './breakage.js';
import {
  change,
  concludes,
  fieldsOf,
  isOf,
  isResult,
  isSettled,
  isSmall,
  like,
  makesCalls,
  speaks,
} from './langchain-places.js';
import { behind, messageWhere, omit } from './places.js';

export const brokenContent: readonly Breakage[] = [
  {
    name: 'no messages',
    breaks: ['empty-transcript'],
    remaining: ['empty-transcript'],
    at: (messages) => (isSmall(messages) ? [[]] : []),
  },

  // Messages that are none.
  { name: 'nothing in the place of a message', breaks: ['unrecognized-message'], at: behind(isSettled, () => null) },
  {
    name: 'a number in the place of a message',
    breaks: ['unrecognized-message'],
    remaining: ['unrecognized-message'],
    at: behind(isSettled, () => 42),
  },
  {
    name: 'a message that takes another one away',
    breaks: ['unrecognized-message'],
    at: behind(isSettled, (message) => like(message, 'remove', { id: 'm1', content: '' })),
  },
  {
    name: 'a type that nobody knows',
    breaks: ['unknown-role'],
    remaining: ['unknown-role'],
    at: messageWhere(isOf('human'), (message) =>
      isObject(message['kwargs'])
        ? { ...message, id: ['langchain_core', 'messages', 'BotMessage'] }
        : { ...message, ...('role' in message ? { role: 'bot' } : { type: 'bot' }) },
    ),
  },
  {
    name: 'a message of a function',
    breaks: ['unknown-role'],
    remaining: ['unknown-role'],
    at: behind(speaks, (message) => ({
      ...like(message, 'human', { content: '{"paid":true}', name: 'pay' }),
      ...(isObject(message['kwargs'])
        ? { id: ['langchain_core', 'messages', 'FunctionMessage'] }
        : { type: 'function' }),
    })),
  },
  {
    name: 'neither a type nor a role',
    breaks: ['unknown-role'],
    remaining: ['unknown-role'],
    at: messageWhere(
      (message, at, messages) =>
        isOf('human')(message, at, messages) && !isObject(message['kwargs']) && !isObject(message['data']),
      (message) => omit(message, 'type', 'role'),
    ),
  },
  {
    name: 'serialized by a version that nobody knows',
    breaks: ['unknown-role'],
    remaining: ['unknown-role'],
    at: messageWhere(
      (message) =>
        isObject(message['kwargs']) && !makesCalls(message) && fieldsOf(message)['tool_call_id'] === undefined,
      (message) => ({ ...message, lc: 2 }),
    ),
  },
  {
    name: 'results of the AI SDK',
    breaks: ['mixed-format'],
    remaining: ['mixed-format'],
    at: behind(isSettled, () => ({
      role: 'tool',
      content: [
        { type: 'tool-result', toolCallId: 'call_m', toolName: 'pay', output: { type: 'text', value: 'paid' } },
      ],
    })),
  },
  {
    name: 'an output of the Responses API',
    breaks: ['mixed-format'],
    remaining: ['mixed-format'],
    at: behind(isSettled, () => ({ type: 'function_call_output', call_id: 'call_m', output: 'paid' })),
  },

  // Content.
  {
    name: 'the user says null',
    breaks: ['missing-content'],
    at: change(isOf('human'), (fields) => ({ ...fields, content: null })),
  },
  {
    name: 'a message without content',
    breaks: ['missing-content'],
    at: change(
      (message, at, messages) =>
        isOf('human', 'system')(message, at, messages) &&
        (isObject(message['kwargs']) || isObject(message['data']) || 'type' in message),
      (fields) => omit(fields, 'content'),
    ),
  },
  {
    name: 'an answer of null',
    breaks: ['missing-content'],
    at: change(concludes, (fields) => ({ ...fields, content: null })),
  },
  {
    name: 'a result of null',
    breaks: ['missing-content'],
    at: change(isResult, (fields) => ({ ...fields, content: null })),
  },
  {
    name: 'a result without content',
    breaks: ['missing-content'],
    at: change(isResult, (fields) => omit(fields, 'content')),
  },
  {
    name: 'content that is an object',
    breaks: ['invalid-content'],
    at: change(isOf('human', 'system'), (fields) => ({ ...fields, content: { text: 'Pay' } })),
  },
  {
    name: 'content that is a block',
    breaks: ['invalid-content'],
    at: change(isOf('human', 'system'), (fields) => ({ ...fields, content: { type: 'text', text: 'Pay' } })),
  },
  {
    name: 'content that is a number',
    breaks: ['invalid-content'],
    at: change(isOf('human'), (fields) => ({ ...fields, content: 42 })),
  },
  {
    name: 'a block that is text',
    breaks: ['invalid-content'],
    at: change(isOf('human'), (fields) => ({ ...fields, content: ['Pay invoice 42'] })),
  },
  {
    name: 'a text block without text',
    breaks: ['invalid-content'],
    at: change(isOf('human'), (fields) => ({ ...fields, content: [{ type: 'text' }, { type: 'text', text: 'Well' }] })),
  },
  {
    name: 'a text block of a number',
    breaks: ['invalid-content'],
    at: change(isOf('human', 'system'), (fields) => ({ ...fields, content: [{ type: 'text', text: 7 }] })),
  },
  {
    name: 'a block without a type',
    breaks: ['unknown-part'],
    at: change(isOf('human', 'system'), (fields) => ({
      ...fields,
      content: [{ type: 'text', text: 'Well' }, { paid: true }],
    })),
  },
  {
    name: 'nothing in the place of a block',
    breaks: ['unknown-part'],
    at: change(isOf('human'), (fields) => ({ ...fields, content: [{ type: 'text', text: 'Well' }, null] })),
  },
  {
    name: 'a result that is an object',
    breaks: ['invalid-result'],
    at: change(isResult, (fields) => ({ ...fields, content: { paid: true } })),
  },
  {
    name: 'a result that is a number',
    breaks: ['invalid-result'],
    at: change(isResult, (fields) => ({ ...fields, content: 42 })),
  },
  {
    name: 'a result that is a truth value',
    breaks: ['invalid-result'],
    at: change(isResult, (fields) => ({ ...fields, content: true })),
  },
];
