import { isObject, list } from '../fuzz/format.js';
import {
  askedFor,
  atEnd,
  cutAtCall,
  eachCall,
  eachPair,
  eachResult,
  endOfResults,
  has,
  isClientCall,
  isSettled,
  isSettledUser,
  isWhole,
  moved,
  partsOf,
  response,
  reuse,
  sameIdTogether,
  saysOnly,
  strayCall,
  strayResult,
  withPart,
} from './ai-sdk-places.js';
import type { Breakage } from './breakage.js';
import { anyOf, before, behind, messageWhere, omit, partWhere, without } from './places.js';

export const brokenPairs: readonly Breakage[] = [
  // Ids and names.
  {
    name: 'a number as the id of a pair',
    breaks: ['invalid-id'],
    at: eachPair(
      (part) => ({ ...part, toolCallId: 7 }),
      (part) => part['providerExecuted'] !== true,
    ),
  },
  {
    name: 'a call without an id',
    breaks: ['missing-call-id', 'orphan-result', 'unanswered-call'],
    at: eachCall((part) => omit(part, 'toolCallId')),
  },
  {
    name: 'a call of the provider without an id',
    breaks: ['missing-call-id', 'orphan-result'],
    at: partWhere(
      'content',
      (part) => part['type'] === 'tool-call' && part['providerExecuted'] === true,
      (part) => omit(part, 'toolCallId'),
    ),
  },
  {
    name: 'a result without an id',
    breaks: ['missing-result-id', 'unanswered-call'],
    at: eachResult((part) => omit(part, 'toolCallId')),
  },
  {
    name: 'a result with an empty id',
    breaks: ['missing-result-id', 'unanswered-call'],
    at: eachResult((part) => ({ ...part, toolCallId: '' })),
  },
  { name: 'a call without a name', breaks: ['missing-name'], at: eachCall((part) => omit(part, 'toolName')) },
  { name: 'a call with an empty name', breaks: ['missing-name'], at: eachCall((part) => ({ ...part, toolName: '' })) },
  { name: 'one id for two calls of an answer', breaks: ['duplicate-call-id'], at: sameIdTogether },
  {
    name: 'an answer with calls twice',
    breaks: ['duplicate-call-id', 'unanswered-call'],
    at: behind(
      (message, at, messages) =>
        partsOf(message).some(isClientCall) &&
        !partsOf(message).some(({ providerExecuted }) => providerExecuted) &&
        isWhole(messages[at + 1] ?? {}, at + 1, messages),
      (message) => omit(message, 'id'),
    ),
  },
  { name: 'an id used again', breaks: [], warns: ['reused-call-id'], at: reuse },

  // Approvals.
  { name: 'an answer to a question that nobody asked', breaks: ['unknown-approval'], at: withPart('tool', response) },
  {
    name: 'a message that answers a question that nobody asked',
    breaks: ['unknown-approval'],
    at: anyOf(
      atEnd({ role: 'tool', content: [response] }),
      before(isSettledUser, () => ({ role: 'tool', content: [response] })),
    ),
  },
  {
    name: 'an answer to another question than was asked',
    breaks: ['unknown-approval'],
    at: partWhere(
      'content',
      (part, _at, _message, place, messages) =>
        part['type'] === 'tool-approval-response' && place < messages.length - 1,
      (part) => ({ ...part, approvalId: 'approval_0' }),
    ),
  },
  {
    name: 'a question that is not answered, and the user goes on',
    breaks: ['pending-approval'],
    at: (messages) =>
      messages.flatMap((message, at) => {
        const end = endOfResults(messages, at);
        const user = { role: 'user', content: 'And?' };
        return has('tool-approval-request')(message) &&
          partsOf(message)
            .filter(isClientCall)
            .every(({ toolCallId }) => askedFor(messages, toolCallId))
          ? [[...messages.slice(0, at + 1), user, ...messages.slice(end + 1)]]
          : [];
      }),
  },
  {
    name: 'a question that is not answered, at the end',
    breaks: ['pending-approval'],
    at: (messages) =>
      messages.flatMap((message, at) =>
        has('tool-approval-request')(message) &&
        partsOf(message)
          .filter(isClientCall)
          .every(({ toolCallId }) => askedFor(messages, toolCallId))
          ? [messages.slice(0, at + 1)]
          : [],
      ),
  },
  {
    name: 'approved, not run, and the user goes on',
    breaks: ['unanswered-call'],
    at: (messages) =>
      messages.flatMap((message, at) =>
        has('tool-approval-response')(message) && !has('tool-result')(message)
          ? [
              [
                ...messages.slice(0, at + 1),
                { role: 'user', content: 'And?' },
                ...messages.slice(endOfResults(messages, at) + 1),
              ],
            ]
          : [],
      ),
  },

  // Calls and results.
  {
    name: 'one result of several missing',
    breaks: ['unanswered-call'],
    at: eachResult(
      () => [],
      (message) => partsOf(message).length > 1,
    ),
  },
  { name: 'results missing', breaks: ['unanswered-call'], at: without(isWhole) },
  { name: 'cut behind the calls', breaks: ['unanswered-call'], at: cutAtCall },
  {
    name: 'a call more than results',
    breaks: ['unanswered-call'],
    at: messageWhere(
      (_message, at, messages) => isWhole(messages[at + 1] ?? {}, at + 1, messages),
      (message) => ({ ...message, content: [...list(message['content']), strayCall] }),
    ),
  },
  {
    name: 'a result of another id',
    breaks: ['orphan-result', 'unanswered-call'],
    at: eachResult((part) => ({ ...part, toolCallId: 'call_other' })),
  },
  { name: 'a result of nothing, in a message of tools', breaks: ['orphan-result'], at: withPart('tool', strayResult) },
  {
    name: 'a message of results of nothing',
    breaks: ['orphan-result'],
    at: anyOf(
      before(isSettledUser, () => ({ role: 'tool', content: [strayResult] })),
      atEnd({ role: 'tool', content: [strayResult] }),
    ),
  },
  {
    name: 'results whose calls were cut off',
    breaks: ['orphan-result'],
    at: without(
      (message, at, messages) =>
        partsOf(message).some(isClientCall) && isWhole(messages[at + 1] ?? {}, at + 1, messages),
    ),
  },
  {
    name: 'a result of the provider whose call is gone',
    breaks: ['orphan-result'],
    at: partWhere(
      'content',
      (part) => part['type'] === 'tool-call' && part['providerExecuted'] === true,
      () => [],
    ),
  },
  { name: 'results twice', breaks: ['duplicate-result'], at: behind(isWhole, (message) => message) },
  {
    name: 'a second result in the same message',
    breaks: ['duplicate-result'],
    at: eachResult((part) => [part, { ...part, output: { type: 'text', value: 'something else' } }]),
  },
  {
    name: 'the same result again, later',
    breaks: ['duplicate-result'],
    at: (messages) =>
      messages.flatMap((message, at) =>
        isWhole(message, at, messages) &&
        messages[at + 1]?.['role'] === 'assistant' &&
        !has('tool-call')(messages[at + 1])
          ? [messages.toSpliced(at + 2, 0, message)]
          : [],
      ),
  },
  { name: 'results before their calls', breaks: ['misplaced-result'], at: moved(isWhole, (at) => at - 1) },
  {
    name: 'a result of the provider in a message of tools',
    breaks: ['misplaced-result'],
    at: (messages) =>
      messages.flatMap((message, place) => {
        const { content } = message;
        const result = partsOf(message).find(({ type }) => type === 'tool-result' && message['role'] === 'assistant');
        const next = messages[place + 1];
        if (result === undefined || next?.['role'] !== 'tool') return [];
        const without = { ...message, content: list(content).filter((part) => part !== result) };
        return [messages.toSpliced(place, 2, without, { ...next, content: [...list(next['content']), result] })];
      }),
  },
  {
    name: 'a result of the provider before its call',
    breaks: ['misplaced-result'],
    at: (messages) =>
      messages.flatMap((message, place) =>
        list(message['content']).flatMap((part, at, content) =>
          isObject(part) && part['type'] === 'tool-call' && part['providerExecuted'] === true
            ? [messages.with(place, { ...message, content: content.toSpliced(at, 2, content[at + 1], part) })]
            : [],
        ),
      ),
  },
  {
    name: 'the user speaks before the results',
    breaks: ['misplaced-result'],
    at: before(isWhole, () => ({ role: 'user', content: 'Hurry up' })),
  },
  {
    name: 'instructions before the results',
    breaks: ['misplaced-result'],
    at: before(isWhole, () => ({ role: 'system', content: 'Be brief.' })),
  },
  {
    name: 'results behind the next message of the user',
    breaks: ['misplaced-result'],
    at: moved(isWhole, (at, rest) => {
      const user = rest.findIndex(({ role }, place) => place >= at && role === 'user');
      return user < 0 ? undefined : user + 1;
    }),
  },
  {
    name: 'results of the user',
    breaks: ['misplaced-result'],
    at: messageWhere(isWhole, (message) => ({ ...message, role: 'user' })),
  },
  {
    name: 'results of the assistant',
    breaks: ['misplaced-result'],
    at: messageWhere(isWhole, (message) => ({ ...message, role: 'assistant' })),
  },
  {
    name: 'a result that names another tool',
    breaks: ['mismatched-result'],
    at: eachResult((part) => ({ ...part, toolName: 'another_tool' })),
  },
  {
    name: 'a result that names no tool',
    breaks: ['mismatched-result'],
    at: eachResult((part) => omit(part, 'toolName')),
  },

  // Nothing in it.
  {
    name: 'an answer of nothing',
    breaks: [],
    warns: ['empty-content'],
    at: behind(isSettled, () => ({ role: 'assistant', content: [] })),
  },
  {
    name: 'the user says nothing',
    breaks: [],
    warns: ['empty-content'],
    at: messageWhere(saysOnly('user'), (message) => ({ ...message, content: '' })),
  },
];
