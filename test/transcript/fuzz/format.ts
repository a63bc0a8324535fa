import type { Said } from './conversation.js';
import type { Dice } from './random.js';

/** Any message: mutators look at it as it is. */
export type Message = Record<string, unknown>;

/** Changes a list that is its own already; `undefined` when there is nothing here that it could change. */
export type Mutator = (messages: unknown[], dice: Dice) => unknown[] | undefined;

/** One message format, as the fuzzer needs it. */
export interface FuzzFormat {
  readonly format: string;
  readonly render: (said: readonly Said[]) => Message[];
  readonly mutators: Readonly<Record<string, Mutator>>;
  /** What a provider would refuse, told by plain code that shares nothing with the library. Empty: valid. */
  readonly oracle: (messages: readonly unknown[]) => string[];
  /** What no repair may lose: texts of user and assistant, refusals, signatures. */
  readonly kept: (messages: readonly unknown[]) => string[];
}

export function isObject(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What the AI SDK keeps of its providers: an object for each, or nothing at all. */
export function isByProvider(value: unknown): boolean {
  return value === undefined || (isObject(value) && Object.values(value).every(isObject));
}

/** The positions for which something holds. */
function places(messages: readonly unknown[], holds: (message: Message) => boolean): number[] {
  return messages.flatMap((message, at) => (isObject(message) && holds(message) ? [at] : []));
}

/** Changes one message for which something holds. */
export function changeOne(
  holds: (message: Message) => boolean,
  change: (message: Message, dice: Dice) => unknown,
): Mutator {
  return (messages, dice) => {
    const found = places(messages, holds);
    if (found.length === 0) return undefined;
    const at = dice.pick(found);
    messages[at] = change(messages[at] as Message, dice);
    return messages;
  };
}

/** Mutations of the list that know nothing of its messages. */
export const listMutators: Readonly<Record<string, Mutator>> = {
  none: (messages) => messages,
  drop: (messages, dice) => {
    if (messages.length < 2) return undefined;
    messages.splice(dice.below(messages.length), 1);
    return messages;
  },
  duplicate: (messages, dice) => {
    const at = dice.below(messages.length);
    messages.splice(at, 0, structuredClone(messages[at]));
    return messages;
  },
  swap: (messages, dice) => {
    if (messages.length < 2) return undefined;
    const at = dice.below(messages.length - 1);
    [messages[at], messages[at + 1]] = [messages[at + 1], messages[at]];
    return messages;
  },
  move: (messages, dice) => {
    const [moved] = messages.splice(dice.below(messages.length), 1);
    messages.splice(dice.below(messages.length + 1), 0, moved);
    return messages;
  },
  'trim head': (messages, dice) =>
    messages.length < 2 ? undefined : messages.slice(1 + dice.below(messages.length - 1)),
  'trim tail': (messages, dice) =>
    messages.length < 2 ? undefined : messages.slice(0, 1 + dice.below(messages.length - 1)),
  'insert user': (messages, dice) => {
    messages.splice(dice.below(messages.length + 1), 0, { role: 'user', content: `wait ${dice.below(1_000)}` });
    return messages;
  },
  'insert nothing': (messages, dice) => {
    messages.splice(dice.below(messages.length + 1), 0, null);
    return messages;
  },
  reverse: (messages) => messages.reverse(),
};
