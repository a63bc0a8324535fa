import type { IssueCode } from '../../../src/transcript/index.js';
import { isObject, list } from '../fuzz/format.js';
import { smallChat } from './ai-sdk-ui-conversations.js';
import type { Breakage, Message } from './breakage.js';
import { messageWhere, omit, partWhere } from './places.js';

export type At = Breakage['at'];
type Part = Message;

export const partsOf = (message: Message | undefined): Part[] => list(message?.['parts']).filter(isObject);
export const isTool = (part: Part): boolean => /^(tool-|dynamic-tool$)/.test(String(part['type']));
export const isOf =
  (...types: readonly string[]) =>
  (part: Part): boolean =>
    types.includes(String(part['type']));
export const inState =
  (...states: readonly string[]) =>
  (part: Part): boolean =>
    isTool(part) && states.includes(String(part['state']));
export const isOwn = (part: Part): boolean => isTool(part) && part['providerExecuted'] !== true;
/** Run by the program, and nobody was asked. */
export const isPlain = (part: Part): boolean => isOwn(part) && part['approval'] === undefined;
export const isDone = (part: Part): boolean => isPlain(part) && part['state'] === 'output-available';
export const isEnded = (part: Part): boolean => isOwn(part) && /^output-/.test(String(part['state']));

export const each = (holds: (part: Part) => boolean, change: (part: Part) => unknown): At =>
  partWhere('parts', holds, change);
/** The same, of messages that are not the last one. */
export const eachEarlier = (holds: (part: Part) => boolean, change: (part: Part) => unknown): At =>
  partWhere('parts', (part, _at, _message, place, messages) => holds(part) && place < messages.length - 1, change);
export const withPart = (role: string, part: unknown): At =>
  messageWhere(
    ({ role: given }) => given === role,
    (message) => ({ ...message, parts: [part, ...list(message['parts'])] }),
  );
export const ofRole =
  (...roles: readonly string[]) =>
  ({ role }: Message): boolean =>
    roles.includes(String(role));
export const anywhere = (): boolean => true;
/** Behind these, what was decided last is decided last still. */
export const isSettled = (message: Message): boolean => !partsOf(message).some(inState('approval-responded'));

/** The part as it was before it ended. */
export const before = (part: Part, state: string, approval?: Message): Part => ({
  ...omit(part, 'output', 'errorText', 'approval', 'preliminary', 'rawInput'),
  input: part['input'] ?? {},
  state,
  ...(approval === undefined ? {} : { approval }),
});
export const asked: Message = { id: 'approval_9' };
export const granted: Message = { ...asked, approved: true };
export const denied: Message = { ...asked, approved: false };

/** One copy for each part that gets the id of one before it: in the same message, or in an earlier one. */
export const sameId =
  (together: boolean): At =>
  (messages) =>
    messages.flatMap((message, place) =>
      list(message['parts']).flatMap((part, at) => {
        if (!isObject(part) || !isEnded(part)) return [];
        const earlier = (together ? partsOf(message).slice(0, at) : messages.slice(0, place).flatMap(partsOf)).find(
          isEnded,
        );
        if (earlier === undefined) return [];
        const changed = { ...part, toolCallId: earlier['toolCallId'] };
        return [messages.with(place, { ...message, parts: list(message['parts']).with(at, changed) })];
      }),
    );

/** Conversations in which nothing is newer than version 5. */
export const inVersion5 =
  (at: At): At =>
  (messages) =>
    JSON.stringify(messages).includes('approval') ? [] : at(messages);

/** What some versions do not have: an error for them, and elsewhere a warning. */
export function ofVersions(name: string, code: IssueCode, without: readonly (5 | 6 | 7)[], at: At): Breakage[] {
  return [
    { name, breaks: [], warns: [code], at },
    ...without.map(
      (major): Breakage => ({
        name: `${name}, for version ${major}`,
        profile: `ai-sdk-ui-${major}`,
        breaks: [code],
        at: major === 5 ? inVersion5(at) : at,
      }),
    ),
  ];
}
export const reasoningFile: Message = {
  type: 'reasoning-file',
  mediaType: 'image/png',
  url: 'data:image/png;base64,AAAA',
};
export const custom: Message = { type: 'custom', kind: 'openai.compaction' };
export const steering: Message = {
  type: 'steering-message',
  id: 'steering_1',
  parts: [{ type: 'text', text: 'Be quick' }],
};
export const isSmall = (messages: readonly Message[]): boolean =>
  JSON.stringify(messages) === JSON.stringify(smallChat);
export const paid: Message = {
  type: 'tool-pay',
  toolCallId: 'call_stray',
  input: { invoice: 9 },
  state: 'output-available',
  output: 'paid',
};
