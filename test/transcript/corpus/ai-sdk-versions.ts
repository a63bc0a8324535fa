import {
  contentOf,
  custom,
  eachPair,
  eachPart,
  eachResult,
  has,
  inVersion5,
  isClientCall,
  isOf,
  isSettled,
  isSettledUser,
  isWhole,
  noSystem,
  ofVersions,
  partsOf,
  reasoningFile,
  request,
  reuse,
  withPartFirst,
} from './ai-sdk-places.js';
import type { Breakage } from './breakage.js';
import { anyOf, before, messageWhere, partWhere, whole } from './places.js';

export const brokenForSome: readonly Breakage[] = [
  // Of one version: what another has is a warning where no version is said.
  ...ofVersions('a file of reasoning', 'part-not-allowed', [5, 6], withPartFirst('assistant', reasoningFile)),
  ...ofVersions('a part that only its provider reads', 'part-not-allowed', [5, 6], withPartFirst('assistant', custom)),
  ...ofVersions(
    'data that says what it is',
    'invalid-content',
    [5, 6],
    eachPart('file', (part) => ({ ...part, data: { type: 'data', data: part['data'] } })),
  ),
  ...ofVersions(
    'a result with a file of version 7',
    'invalid-result',
    [5, 6],
    eachResult((part) => ({
      ...part,
      output: contentOf({ type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AAAA' } }),
    })),
  ),
  ...ofVersions(
    'a result with media of version 5',
    'invalid-result',
    [7],
    eachResult((part) => ({ ...part, output: contentOf({ type: 'media', mediaType: 'image/png', data: 'AAAA' }) })),
  ),
  {
    name: 'a question for approval, for version 5',
    profile: 'ai-sdk-5',
    breaks: ['part-not-allowed'],
    at: inVersion5(
      partWhere(
        'content',
        (part, _at, _message, place, messages) =>
          isClientCall(part) && isWhole(messages[place + 1] ?? {}, place + 1, messages),
        (part) => [part, { ...request, toolCallId: part['toolCallId'] }],
      ),
    ),
  },
  {
    name: 'a denied call, for version 5',
    profile: 'ai-sdk-5',
    breaks: ['invalid-result'],
    at: inVersion5(eachResult((part) => ({ ...part, output: { type: 'execution-denied', reason: 'too much' } }))),
  },

  // Of one provider.
  {
    name: 'instructions in front, for version 7',
    profile: 'ai-sdk-7',
    breaks: ['system-misplaced'],
    remaining: ['system-misplaced'],
    at: noSystem(whole((messages) => [{ role: 'system', content: 'Be brief.' }, ...messages])),
  },
  {
    name: 'instructions later on, for version 7',
    profile: 'ai-sdk-7',
    breaks: ['system-misplaced'],
    remaining: ['system-misplaced'],
    at: noSystem(before(isSettledUser, () => ({ role: 'system', content: 'Be brief.' }))),
  },
  ...(['ai-sdk-anthropic', 'ai-sdk-openai'] as const).map(
    (profile): Breakage => ({
      name: `the assistant speaks before the results, for ${profile}`,
      profile,
      breaks: ['misplaced-result'],
      at: before(isWhole, () => ({ role: 'assistant', content: [{ type: 'text', text: 'One moment' }] })),
    }),
  ),
  { name: 'an id used again, for Anthropic', profile: 'ai-sdk-anthropic', breaks: ['reused-call-id'], at: reuse },
  { name: 'an id used again, for OpenAI', profile: 'ai-sdk-openai', breaks: ['reused-call-id'], at: reuse },
  {
    name: 'an id with signs that Anthropic does not take',
    profile: 'ai-sdk-anthropic',
    breaks: ['invalid-id'],
    at: eachPair((part) => ({ ...part, toolCallId: 'functions.pay:0' })),
  },
  {
    name: 'an id that is longer than OpenAI takes',
    profile: 'ai-sdk-openai',
    breaks: ['id-too-long'],
    at: eachPair((part) => ({ ...part, toolCallId: `call_${'x'.repeat(70)}` })),
  },
  {
    name: 'nothing but instructions, for Anthropic',
    profile: 'ai-sdk-anthropic',
    breaks: ['empty-transcript'],
    remaining: ['empty-transcript'],
    at: whole((messages) => (messages[0]?.['role'] === 'system' ? messages.slice(0, 1) : undefined)),
  },
  {
    name: 'an answer that ends with its reasoning, for Anthropic',
    profile: 'ai-sdk-anthropic',
    breaks: ['reasoning-last'],
    at: messageWhere(
      (message, at, messages) =>
        has('reasoning')(message) && !has('tool-call')(message) && isSettled(message, at, messages),
      (message) => ({ ...message, content: partsOf(message).filter(isOf('reasoning')) }),
    ),
  },
  {
    name: 'text of nothing, for Anthropic',
    profile: 'ai-sdk-anthropic',
    breaks: ['empty-content'],
    at: anyOf(
      withPartFirst('user', { type: 'text', text: '' }),
      withPartFirst('assistant', { type: 'text', text: '' }),
    ),
  },
  {
    name: 'text of white space, for Anthropic',
    profile: 'ai-sdk-anthropic',
    breaks: ['empty-content'],
    at: anyOf(
      withPartFirst('user', { type: 'text', text: ' \n' }),
      withPartFirst('assistant', { type: 'text', text: ' \n' }),
    ),
  },
  {
    name: 'an answer of nothing, for Anthropic',
    profile: 'ai-sdk-anthropic',
    breaks: ['empty-content'],
    at: before(isSettledUser, () => ({ role: 'assistant', content: [] })),
  },
];
