import { isObject, list } from '../fuzz/format.js';
import { text } from './anthropic-conversations.js';
import type { Breakage, Message } from './breakage.js';
import { behind, partWhere } from './places.js';

export const blocks = (message: Message | undefined): Message[] => list(message?.['content']).filter(isObject);

export const has =
  (...types: string[]) =>
  (message: Message): boolean =>
    blocks(message).some(({ type }) => types.includes(String(type)));

export const isEmpty = ({ content }: Message): boolean =>
  content === '' || (Array.isArray(content) && content.length === 0);

export const isCalling: (message: Message) => boolean = has('tool_use');
export const isAnswering: (message: Message) => boolean = has('tool_result');
export const isOfUser = (message: Message): boolean => message['role'] === 'user';

export const isPlain = (message: Message): boolean =>
  message['role'] === 'assistant' &&
  !isEmpty(message) &&
  (typeof message['content'] === 'string' || blocks(message).every(({ type }) => type === 'text'));

/** What may stand alone: no half of a pair, no thinking, not empty. */
export const isAlone = (message: Message): boolean => isPlain(message) || (isOfUser(message) && !isAnswering(message));

/** Another message may stand behind it. */
export const isClosed = (message: Message): boolean => !isCalling(message) && !isEmpty(message);
export const isFirst = (_: Message, at: number): boolean => at === 0;
export const isOfBlocks = (message: Message): boolean => blocks(message).length > 0;
export const add = (...more: unknown[]): Breakage['at'] => behind(isClosed, () => more);

export const block = (type: string, change: (one: Message, at: number, message: Message) => unknown): Breakage['at'] =>
  partWhere('content', (one) => one['type'] === type, change);

export const content =
  (value: unknown) =>
  (message: Message): Message => ({ ...message, content: value });

/** The content as blocks, with others behind it. */
export const extended =
  (...more: unknown[]) =>
  (message: Message): Message => ({ ...message, content: [...asBlocks(message), ...more] });

const asBlocks = ({ content }: Message): unknown[] => (typeof content === 'string' ? [text(content)] : list(content));

export const preceded =
  (...more: unknown[]) =>
  (message: Message): Message => ({ ...message, content: [...more, ...asBlocks(message)] });

export function isOfUserAlone(message: Message): boolean {
  return isOfUser(message) && isAlone(message);
}

export const isLast = (_: Message, at: number, messages: readonly Message[]): boolean => at === messages.length - 1;
