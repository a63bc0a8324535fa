import { isObject, list } from '../fuzz/format.js';
import type { Breakage, Message } from './breakage.js';
import { behind, messageWhere, partWhere } from './places.js';

export const isCalling = (message: Message): boolean => list(message['tool_calls']).length > 0;
export const isResult = (message: Message): boolean => message['role'] === 'tool';

export const isPlain = (message: Message): boolean =>
  message['role'] === 'assistant' &&
  !isCalling(message) &&
  !('function_call' in message) &&
  !isObject(message['audio']);

export const isSaid = (message: Message): boolean =>
  typeof message['content'] === 'string' && message['content'] !== '';

/** No call waits behind it, and no result follows. */
const isClosed = (message: Message, at: number, messages: readonly Message[]): boolean =>
  !isCalling(message) &&
  !('function_call' in message) &&
  !['tool', 'function'].includes(String(messages[at + 1]?.['role']));

/** Each call, with `function` changed. */
export const inFunction = (change: (body: Message) => Message): Breakage['at'] =>
  partWhere(
    'tool_calls',
    (one) => isObject(one['function']),
    (one) => ({ ...one, function: change(one['function'] as Message) }),
  );

export const changeResult = (change: (message: Message) => unknown): Breakage['at'] => messageWhere(isResult, change);

export const content =
  (value: unknown) =>
  (message: Message): Message => ({ ...message, content: value });

export const add = (...more: unknown[]): Breakage['at'] => behind(isClosed, () => more);
