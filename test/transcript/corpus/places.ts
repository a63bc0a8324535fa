import { isObject, list } from '../fuzz/format.js';
import type { Breakage, Message } from './breakage.js';

type At = Breakage['at'];
type Holds = (message: Message, at: number, messages: readonly Message[]) => boolean;

/** One copy of the list for each message for which something holds, with what `change` makes in its place: one, or several. */
export function messageWhere(
  holds: Holds,
  change: (message: Message, at: number, messages: readonly Message[]) => unknown,
): At {
  return (messages) =>
    messages.flatMap((message, at) => {
      if (!holds(message, at, messages)) return [];
      const made = change(structuredClone(message), at, messages);
      return [messages.toSpliced(at, 1, ...((Array.isArray(made) ? made : [made]) as Message[]))];
    });
}

/** One copy without the message, for each for which something holds. */
export function without(holds: Holds): At {
  return messageWhere(holds, () => []);
}

/** One copy with something more behind each message for which something holds. */
export function behind(
  holds: Holds,
  more: (message: Message, at: number, messages: readonly Message[]) => unknown,
): At {
  return messageWhere(holds, (message, at, messages) => [message, ...[more(message, at, messages)].flat()]);
}

/** One copy with something more before each message for which something holds. */
export function before(
  holds: Holds,
  more: (message: Message, at: number, messages: readonly Message[]) => unknown,
): At {
  return messageWhere(holds, (message, at, messages) => [...[more(message, at, messages)].flat(), message]);
}

/** One copy, changed as a whole; none when there is nothing to change. */
export function whole(change: (messages: Message[]) => readonly unknown[] | undefined): At {
  return (messages) => {
    const changed = change(structuredClone(messages) as Message[]);
    return changed === undefined ? [] : [changed as Message[]];
  };
}

/**
 * One copy for each part, in the list that a member of the message has, for which something holds, with what `change`
 * makes in its place: one, several, or (an empty list) none.
 */
export function partWhere(
  member: string,
  holds: (part: Message, at: number, message: Message, place: number, messages: readonly Message[]) => boolean,
  change: (part: Message, at: number, message: Message) => unknown,
): At {
  return (messages) =>
    messages.flatMap((message, place) =>
      list(message[member]).flatMap((part, at) => {
        if (!isObject(part) || !holds(part, at, message, place, messages)) return [];
        const made = change(structuredClone(part), at, message);
        const parts = list(message[member]).toSpliced(at, 1, ...(Array.isArray(made) ? made : [made]));
        return [messages.with(place, { ...message, [member]: parts })];
      }),
    );
}

/** All places of several ways. */
export function anyOf(...ways: readonly At[]): At {
  return (messages) => ways.flatMap((way) => way(messages));
}

/** The same object without a member. */
export function omit(object: Message, ...names: readonly string[]): Message {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}
