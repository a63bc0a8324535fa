import { isObject, list } from '../fuzz/format.js';
import type { Breakage, Message } from './breakage.js';
import { behind, partWhere } from './places.js';

export const partsOf = (message: Message | undefined): Message[] => list(message?.['parts']).filter(isObject);
export const isCall = (part: Message): boolean => isObject(part['functionCall']);
export const isResult = (part: Message): boolean => isObject(part['functionResponse']);
export const isCalling = (message: Message): boolean => partsOf(message).some(isCall);
export const isAnswering = (message: Message): boolean => partsOf(message).some(isResult);
export const isOfUser = (message: Message): boolean => message['role'] !== 'model';
export const isAlone = (message: Message): boolean => !isCalling(message) && !isAnswering(message);
export const isAnswer = (message: Message): boolean => !isOfUser(message) && isAlone(message);

/** One more exchange, behind an answer. */
export const exchange = (...more: unknown[]): Breakage['at'] => behind(isAnswer, () => more);

export const changeCall = (
  change: (body: Message) => unknown,
  holds: (message: Message) => boolean = () => true,
): Breakage['at'] =>
  partWhere(
    'parts',
    (part, _, message) => isCall(part) && holds(message),
    (part) => ({ ...part, functionCall: change(part['functionCall'] as Message) }),
  );

export const changeResult = (
  change: (body: Message) => unknown,
  holds: (message: Message) => boolean = () => true,
): Breakage['at'] =>
  partWhere(
    'parts',
    (part, _, message) => isResult(part) && holds(message),
    (part) => ({ ...part, functionResponse: change(part['functionResponse'] as Message) }),
  );

export const parts =
  (value: unknown) =>
  (message: Message): Message => ({ ...message, parts: value });

export const extended =
  (...more: unknown[]) =>
  (message: Message): Message => ({ ...message, parts: [...list(message['parts']), ...more] });

/** Every call and result, changed. */
export function changed(messages: readonly Message[], change: (part: Message) => Message): Message[] {
  return messages.map((message) =>
    isAlone(message)
      ? message
      : { ...message, parts: partsOf(message).map((part) => (isCall(part) || isResult(part) ? change(part) : part)) },
  );
}

export const inARow = ['roles-not-alternating'] as const;
export const bodyOf = (part: Message): Message => (part['functionCall'] ?? part['functionResponse']) as Message;

export const hasIds = (message: Message): boolean =>
  partsOf(message).some((part) => (isCall(part) || isResult(part)) && 'id' in bodyOf(part));

/** Calls of which each has a name of its own, or an id. */
export const areTold = (message: Message): boolean => {
  const names = partsOf(message)
    .filter(isCall)
    .map((part) => bodyOf(part)['name']);
  return hasIds(message) || new Set(names).size === names.length;
};

export const withoutIds = (message: Message): boolean => !hasIds(message);
