import { list } from '../fuzz/format.js';
import {
  type At,
  asked,
  before,
  custom,
  denied,
  each,
  eachEarlier,
  granted,
  inState,
  inVersion5,
  isEnded,
  isOf,
  isOwn,
  isPlain,
  isTool,
  ofVersions,
  paid,
  partsOf,
  reasoningFile,
  sameId,
  steering,
  withPart,
} from './ai-sdk-ui-places.js';
import type { Breakage } from './breakage.js';
import { behind, messageWhere, omit, partWhere } from './places.js';

export const brokenCalls: readonly Breakage[] = [
  // Ids and names.
  {
    name: 'a number as the id of a call',
    breaks: ['invalid-id'],
    at: each(isTool, (part) => ({ ...part, toolCallId: 7 })),
  },
  {
    name: 'a call without an id, with its result',
    breaks: ['missing-call-id'],
    at: each(isEnded, (part) => omit(part, 'toolCallId')),
  },
  {
    name: 'a call without an id, and without an end',
    breaks: ['missing-call-id', 'unanswered-call'],
    at: each(isPlain, (part) => omit(before(part, 'input-available'), 'toolCallId')),
  },
  {
    name: 'a type that names no tool',
    breaks: ['missing-name'],
    at: each(isTool, (part) => ({ ...omit(part, 'toolName'), type: 'tool-' })),
  },
  {
    name: 'a dynamic call without a name',
    breaks: ['missing-name'],
    at: each(isTool, (part) => ({ ...omit(part, 'toolName'), type: 'dynamic-tool' })),
  },
  { name: 'one id for two calls of an answer', breaks: ['duplicate-call-id'], at: sameId(true) },
  { name: 'a call twice', breaks: ['duplicate-call-id'], at: each(isEnded, (part) => [part, part]) },
  { name: 'an id of an earlier message', breaks: ['reused-call-id'], at: sameId(false) },
  {
    name: 'an answer twice',
    breaks: ['reused-call-id'],
    at: behind(
      (message) => partsOf(message).some(isEnded) && partsOf(message).every((part) => !isTool(part) || isEnded(part)),
      (message) => ({ ...message, id: 'again' }),
    ),
  },

  // Of one version: what another has is a warning where no version is said.
  ...ofVersions('a file of reasoning', 'part-not-allowed', [5, 6], withPart('assistant', reasoningFile)),
  ...ofVersions('a part that only its provider reads', 'part-not-allowed', [5, 6], withPart('assistant', custom)),
  ...ofVersions('the user speaks in an answer', 'part-not-allowed', [5, 6], withPart('assistant', steering)),
  ...ofVersions(
    'a file without an address',
    'invalid-content',
    [7],
    each(isOf('file'), (part) => ({ ...part, url: 'AAAA' })),
  ),
  ...([5, 6, 7] as const).map(
    (major): Breakage => ({
      name: `a data: URL without base64, for version ${major}`,
      profile: `ai-sdk-ui-${major}`,
      breaks: ['invalid-content'],
      at: (major === 5 ? inVersion5 : (at: At) => at)(
        each(isOf('file'), (part) => ({ ...part, url: 'data:text/plain,Hello' })),
      ),
    }),
  ),
  {
    name: 'a denied call, for version 5',
    profile: 'ai-sdk-ui-5',
    breaks: ['invalid-state'],
    at: inVersion5(each(isPlain, (part) => before(part, 'output-denied', denied))),
  },
  {
    name: 'a call that waits for approval, for version 7',
    profile: 'ai-sdk-ui-7',
    breaks: ['pending-approval'],
    // What the user went on from version 7 leaves out.
    at: partWhere(
      'parts',
      (part, _at, _message, place, messages) => isPlain(part) && place === messages.length - 1,
      (part) => before(part, 'approval-requested', asked),
    ),
  },
  {
    name: 'a call that was broken off, for version 7',
    profile: 'ai-sdk-ui-7',
    breaks: ['unanswered-call'],
    at: each(isPlain, (part) => before(part, 'input-available')),
  },

  // Calls.
  { name: 'a call of the user', breaks: ['call-not-allowed'], at: withPart('user', paid) },
  { name: 'a call in instructions', breaks: ['call-not-allowed'], at: withPart('system', paid) },
  {
    name: 'a call that was broken off',
    breaks: ['unanswered-call'],
    at: each(isPlain, (part) => before(part, 'input-available')),
  },
  {
    name: 'a call that waits for approval',
    breaks: ['pending-approval'],
    at: each(isPlain, (part) => before(part, 'approval-requested', asked)),
  },
  {
    name: 'approved, and not run before the user went on',
    breaks: ['unanswered-call'],
    at: eachEarlier(isOwn, (part) => before(part, 'approval-responded', granted)),
  },
  {
    name: 'denied, and not told before the user went on',
    breaks: ['unanswered-call'],
    at: eachEarlier(isOwn, (part) => before(part, 'approval-responded', denied)),
  },
  {
    name: 'approved, and a step later not run',
    breaks: ['unanswered-call'],
    at: messageWhere(
      (message, at, messages) => at === messages.length - 1 && partsOf(message).some(inState('approval-responded')),
      (message) => ({
        ...message,
        parts: [...list(message['parts']), { type: 'step-start' }, { type: 'text', text: 'Well' }],
      }),
    ),
  },
];
