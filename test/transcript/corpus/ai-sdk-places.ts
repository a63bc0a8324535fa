import type { IssueCode } from '../../../src/transcript/index.js';
import { isObject, list } from '../fuzz/format.js';
import { small } from './ai-sdk-conversations.js';
import type { Breakage, Message } from './breakage.js';
import { messageWhere, partWhere, whole } from './places.js';

type At = Breakage['at'];

export const partsOf = (message: Message | undefined): Message[] => list(message?.['content']).filter(isObject);
export const isOf =
  (...types: readonly string[]) =>
  (part: Message): boolean =>
    types.includes(String(part['type']));
export const has =
  (type: string) =>
  (message: Message | undefined): boolean =>
    partsOf(message).some(isOf(type));
export const saysOnly =
  (role: string) =>
  (message: Message): boolean =>
    message['role'] === role && !has('tool-call')(message);

/** Calls that somebody has to answer after this message: ids. What the provider runs is not among them. */
function openAfter(messages: readonly Message[], at: number): Set<unknown> {
  const open = new Set<unknown>();
  for (const message of messages.slice(0, at + 1)) {
    for (const part of partsOf(message)) {
      if (part['type'] === 'tool-call' && part['providerExecuted'] !== true) open.add(part['toolCallId']);
      if (part['type'] === 'tool-result' && message['role'] === 'tool') open.delete(part['toolCallId']);
    }
  }
  return open;
}
export const isSettled = (_message: Message, at: number, messages: readonly Message[]): boolean =>
  openAfter(messages, at).size === 0;
/** Behind these messages anything may be put. */
export const isSettledUser = (message: Message, at: number, messages: readonly Message[]): boolean =>
  message['role'] === 'user' && isSettled(message, at, messages);

export const isClientCall = (part: Message): boolean =>
  part['type'] === 'tool-call' && part['providerExecuted'] !== true;
export const askedFor = (messages: readonly Message[], id: unknown): boolean =>
  messages.flatMap(partsOf).some((part) => part['type'] === 'tool-approval-request' && part['toolCallId'] === id);

/** One copy for each result of a client's call, with what `change` makes of it. */
export const eachResult = (change: (part: Message) => unknown, more: (message: Message) => boolean = () => true): At =>
  partWhere(
    'content',
    (part, _at, message) => part['type'] === 'tool-result' && message['role'] === 'tool' && more(message),
    change,
  );

/** One copy for each call that waits for nobody's approval. */
export const eachCall = (change: (part: Message) => unknown, holds: (part: Message) => boolean = () => true): At =>
  partWhere(
    'content',
    (part, _at, _message, _place, messages) =>
      isClientCall(part) && !askedFor(messages, part['toolCallId']) && holds(part),
    change,
  );
export const eachPart = (type: string, change: (part: Message) => unknown): At =>
  partWhere('content', isOf(type), change);

/** Behind the last part of every message of a role that has a list of parts. */
export const withPart = (role: string, part: unknown): At =>
  messageWhere(
    ({ role: given, content }) => given === role && Array.isArray(content),
    (message) => ({ ...message, content: [...list(message['content']), part] }),
  );
/** In front of all parts. */
export const withPartFirst = (role: string, part: unknown): At =>
  messageWhere(
    ({ role: given, content }) => given === role && Array.isArray(content),
    (message) => ({ ...message, content: [part, ...list(message['content'])] }),
  );

/** One copy for each pair of a call and its result, both changed. */
export function eachPair(change: (part: Message) => Message, holds: (part: Message) => boolean = () => true): At {
  return (messages) =>
    messages
      .flatMap(partsOf)
      .filter((part) => part['type'] === 'tool-call' && holds(part))
      .map(({ toolCallId }) =>
        messages.map((message) =>
          Array.isArray(message['content'])
            ? {
                ...message,
                content: message['content'].map((part: unknown) =>
                  isObject(part) && part['toolCallId'] === toolCallId ? change(structuredClone(part)) : part,
                ),
              }
            : message,
        ),
      );
}

/** The turns of tools that belong to a message with calls: from `at + 1` to there. */
export function endOfResults(messages: readonly Message[], at: number): number {
  let end = at;
  while (messages[end + 1]?.['role'] === 'tool') end += 1;
  return end;
}

/** Two calls in two different answers, neither asked about: the later one, and its result, get the id of the earlier one. */
export const reuse: At = (messages) => {
  const calls = messages.flatMap((message, at) =>
    partsOf(message)
      .filter((part) => isClientCall(part) && !askedFor(messages, part['toolCallId']))
      .map((part) => ({ id: part['toolCallId'], at })),
  );
  return calls.flatMap((later, which) => {
    const earlier = calls
      .slice(0, which)
      .findLast(({ at }) => at < later.at && !openAfter(messages, later.at - 1).size);
    return earlier === undefined ? [] : [renamed(messages, later.id, earlier.id)];
  });
};

function renamed(messages: readonly Message[], from: unknown, to: unknown): Message[] {
  return messages.map((message) => ({
    ...message,
    ...(Array.isArray(message['content']) && {
      content: message['content'].map((part: unknown) =>
        isObject(part) && part['toolCallId'] === from ? { ...part, toolCallId: to } : part,
      ),
    }),
  }));
}

/** Two calls of one message whose results stand in the same order: the second gets the id of the first, in both. */
export const sameIdTogether: At = (messages) =>
  messages.flatMap((message, at) => {
    const ids = partsOf(message)
      .filter(isClientCall)
      .map(({ toolCallId }) => toolCallId);
    const answered = partsOf(messages[at + 1])
      .filter(isOf('tool-result'))
      .map(({ toolCallId }) => toolCallId);
    const [first, second] = ids;
    if (second === undefined || ids.join() !== answered.join() || ids.some((id) => askedFor(messages, id))) return [];
    return [renamed(messages, second, first)];
  });

/** The conversation up to a message with calls, without what answers them. */
export const cutAtCall: At = (messages) =>
  messages.flatMap((message, at) =>
    partsOf(message).some(isClientCall) && !has('tool-approval-request')(message) ? [messages.slice(0, at + 1)] : [],
  );

/** Every turn of tools that answers the message before it, and one that has all of that message's results. */
export const isWhole = (message: Message, at: number, messages: readonly Message[]): boolean =>
  message['role'] === 'tool' &&
  partsOf(message).every(isOf('tool-result')) &&
  partsOf(messages[at - 1]).some(isClientCall) &&
  openAfter(messages, at).size === 0;

/** Takes a message out and puts it somewhere else: `to` is its place in the list without it. */
export const moved =
  (
    holds: (message: Message, at: number, messages: readonly Message[]) => boolean,
    to: (at: number, rest: readonly Message[]) => number | undefined,
  ): At =>
  (messages) =>
    messages.flatMap((message, at) => {
      if (!holds(message, at, messages)) return [];
      const rest = messages.toSpliced(at, 1);
      const place = to(at, rest);
      return place === undefined ? [] : [rest.toSpliced(place, 0, message)];
    });

export const hologram: Message = { type: 'hologram', projector: 7 };
export const request: Message = { type: 'tool-approval-request', approvalId: 'approval_9' };
export const response: Message = { type: 'tool-approval-response', approvalId: 'approval_9', approved: true };
export const strayCall: Message = {
  type: 'tool-call',
  toolCallId: 'call_stray',
  toolName: 'pay',
  input: { amount: 5 },
};
export const strayResult: Message = {
  type: 'tool-result',
  toolCallId: 'call_gone',
  toolName: 'pay',
  output: { type: 'text', value: 'paid' },
};
/** Not where an approval was given last: it would not be the last any more, and nothing would be run. */
export const atEnd = (message: Message): At =>
  whole((messages) => (has('tool-approval-response')(messages.at(-1)) ? undefined : [...messages, message]));
export const noSystem =
  (at: At): At =>
  (messages) =>
    messages.some(({ role }) => role === 'system') ? [] : at(messages);
/** Conversations in which nothing is newer than version 5. */
export const inVersion5 =
  (at: At): At =>
  (messages) =>
    /approval|execution-denied|image-data/.test(JSON.stringify(messages)) ? [] : at(messages);
/** Version 7 has instructions in the messages by option only. */
const inVersion = (major: 5 | 6 | 7, at: At): At => (major === 5 ? inVersion5(at) : major === 7 ? noSystem(at) : at);

/** What some versions do not have: an error for them, and elsewhere a warning. */
export function ofVersions(name: string, code: IssueCode, without: readonly (5 | 6 | 7)[], at: At): Breakage[] {
  return [
    { name, breaks: [], warns: [code], at },
    ...without.map(
      (major): Breakage => ({
        name: `${name}, for version ${major}`,
        profile: `ai-sdk-${major}`,
        breaks: [code],
        at: inVersion(major, at),
      }),
    ),
  ];
}
export const contentOf = (piece: Message): Message => ({
  type: 'content',
  value: [{ type: 'text', text: 'See:' }, piece],
});
export const reasoningFile: Message = { type: 'reasoning-file', mediaType: 'image/png', data: 'AAAA' };
export const custom: Message = { type: 'custom', kind: 'openai.compaction' };
export const isSmall = (messages: readonly Message[]): boolean => JSON.stringify(messages) === JSON.stringify(small);
