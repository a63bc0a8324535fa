import {
  eachCall,
  eachPart,
  eachResult,
  hologram,
  isClientCall,
  isSettled,
  isSettledUser,
  isSmall,
  isWhole,
  partsOf,
  request,
  saysOnly,
  strayCall,
  withPart,
  withPartFirst,
} from './ai-sdk-places.js';
import type { Breakage } from './breakage.js';
import { anyOf, behind, messageWhere, omit } from './places.js';

export const brokenContent: readonly Breakage[] = [
  {
    name: 'no messages',
    breaks: ['empty-transcript'],
    remaining: ['empty-transcript'],
    at: (messages) => (isSmall(messages) ? [[]] : []),
  },

  // Options that a database kept as null, or that are of no provider.
  {
    name: 'options of a message that are null',
    breaks: ['invalid-content'],
    at: messageWhere(saysOnly('user'), (message) => ({ ...message, providerOptions: null })),
  },
  {
    name: 'options of a part that are of no provider',
    breaks: ['invalid-content'],
    at: eachPart('text', (part) => ({ ...part, providerOptions: { cached: true } })),
  },
  {
    name: 'a file whose name is null',
    breaks: ['invalid-content'],
    at: eachPart('file', (part) => ({ ...part, filename: null })),
  },
  {
    name: 'a call of which it is not said who runs it, but null',
    breaks: ['invalid-content'],
    at: eachCall((part) => ({ ...part, providerExecuted: null })),
  },

  // Messages that are none.
  { name: 'nothing in the place of a message', breaks: ['unrecognized-message'], at: behind(isSettled, () => null) },
  {
    name: 'text in the place of a message',
    breaks: ['unrecognized-message'],
    remaining: ['unrecognized-message'],
    at: behind(isSettled, () => 'Pay invoice 42'),
  },
  ...(['data', 7] as const).map(
    (role): Breakage => ({
      name: `the role ${role}`,
      breaks: ['unknown-role'],
      remaining: ['unknown-role'],
      at: messageWhere(saysOnly('user'), (message) => ({ ...message, role })),
    }),
  ),
  {
    name: 'a message without a role',
    breaks: ['unknown-role'],
    remaining: ['unknown-role'],
    at: messageWhere(saysOnly('user'), (message) => omit(message, 'role')),
  },
  {
    name: 'an answer of OpenAI with its calls',
    breaks: ['mixed-format'],
    remaining: ['mixed-format'],
    at: behind(isSettledUser, () => ({
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'call_o', type: 'function', function: { name: 'pay', arguments: '{}' } }],
    })),
  },
  {
    name: 'a message of a chat of the UI',
    breaks: ['mixed-format'],
    remaining: ['mixed-format'],
    at: messageWhere(saysOnly('user'), ({ role, content }) => ({
      id: 'm1',
      role,
      parts: typeof content === 'string' ? [{ type: 'text', text: content }] : [{ type: 'text', text: 'See' }],
    })),
  },
  {
    name: 'a result of Anthropic',
    breaks: ['mixed-format', 'unanswered-call'],
    remaining: ['mixed-format', 'unanswered-call'],
    at: messageWhere(isWhole, (message) => ({
      role: 'user',
      content: partsOf(message).map(({ toolCallId }) => ({
        type: 'tool_result',
        tool_use_id: toolCallId,
        content: 'paid',
      })),
    })),
  },

  // Parts where their role has none.
  { name: 'a call of the user', breaks: ['call-not-allowed'], at: withPart('user', strayCall) },
  { name: 'a call in a message of tools', breaks: ['call-not-allowed'], at: withPart('tool', strayCall) },
  {
    name: 'calls and their message are of the user',
    breaks: ['call-not-allowed', 'orphan-result'],
    at: messageWhere(
      (message, at, messages) =>
        message['role'] === 'assistant' &&
        partsOf(message).every(isClientCall) &&
        partsOf(message).length > 0 &&
        isWhole(messages[at + 1] ?? {}, at + 1, messages),
      (message) => ({ ...message, role: 'user' }),
    ),
  },
  {
    name: 'an image of the assistant',
    breaks: ['part-not-allowed'],
    at: withPartFirst('assistant', { type: 'image', image: 'AAAA' }),
  },
  {
    name: 'reasoning in a message of tools',
    breaks: ['part-not-allowed'],
    at: withPart('tool', { type: 'reasoning', text: 'hm' }),
  },
  {
    name: 'text in a message of tools',
    breaks: ['part-not-allowed'],
    at: withPart('tool', { type: 'text', text: 'done' }),
  },
  {
    name: 'the user asks for approval',
    breaks: ['part-not-allowed'],
    at: withPart('user', { ...request, toolCallId: 'call_9' }),
  },
  { name: 'a part that nobody knows, of the user', breaks: ['unknown-part'], at: withPart('user', hologram) },
  {
    name: 'a part that nobody knows, of the assistant',
    breaks: ['unknown-part'],
    at: withPartFirst('assistant', hologram),
  },
  { name: 'a part that nobody knows, of a tool', breaks: ['unknown-part'], at: withPart('tool', hologram) },
  {
    name: 'text in the place of a part',
    breaks: ['unknown-part'],
    at: anyOf(withPart('user', 'and quickly'), withPartFirst('assistant', 'Well')),
  },
  { name: 'text without a type', breaks: ['unknown-part'], at: eachPart('text', (part) => omit(part, 'type')) },

  // As version 4 had it.
  {
    name: 'args instead of input',
    breaks: ['obsolete-shape'],
    at: eachCall((part) => ({ ...omit(part, 'input'), args: part['input'] })),
  },
  {
    name: 'a result instead of an output',
    breaks: ['obsolete-shape'],
    at: eachResult((part) => ({ ...omit(part, 'output'), result: { paid: true } })),
  },
  {
    name: 'a failed result instead of an output',
    breaks: ['obsolete-shape'],
    at: eachResult((part) => ({ ...omit(part, 'output'), result: 'no money', isError: true })),
  },

  // Content.
  {
    name: 'text that is a number',
    breaks: ['invalid-content'],
    at: eachPart('text', (part) => ({ ...part, text: 42 })),
  },
  { name: 'a text part without text', breaks: ['invalid-content'], at: eachPart('text', (part) => omit(part, 'text')) },
  {
    name: 'an image without an image',
    breaks: ['invalid-content'],
    at: eachPart('image', (part) => omit(part, 'image')),
  },
  { name: 'a file without data', breaks: ['invalid-content'], at: eachPart('file', (part) => omit(part, 'data')) },
  {
    name: 'a file without a media type',
    breaks: ['invalid-content'],
    at: eachPart('file', (part) => omit(part, 'mediaType')),
  },
  {
    name: 'an answer to a question for approval that is no yes or no',
    breaks: ['invalid-content'],
    at: eachPart('tool-approval-response', (part) => ({ ...part, approved: 'yes' })),
  },
  {
    name: 'instructions in parts',
    breaks: ['invalid-content'],
    at: messageWhere(
      ({ role }) => role === 'system',
      (message) => ({ ...message, content: [{ type: 'text', text: message['content'] }] }),
    ),
  },
  {
    name: 'content that is a part',
    breaks: ['invalid-content'],
    at: messageWhere(
      ({ role, content }) => role === 'user' && typeof content === 'string',
      (message) => ({ ...message, content: { type: 'text', text: message['content'] } }),
    ),
  },
  {
    name: 'null as content',
    breaks: ['missing-content'],
    at: messageWhere(
      ({ role, content }) => role !== 'tool' && typeof content === 'string',
      (message) => ({ ...message, content: null }),
    ),
  },
  {
    name: 'a message without content',
    breaks: ['missing-content'],
    at: messageWhere(saysOnly('user'), (message) => omit(message, 'content')),
  },
  {
    name: 'null as the results',
    breaks: ['missing-content', 'unanswered-call'],
    at: messageWhere(isWhole, (message) => ({ ...message, content: null })),
  },
  {
    name: 'a call without its input',
    breaks: ['invalid-arguments'],
    at: eachCall((part) => omit(part, 'input')),
  },
  {
    name: 'reasoning that is a number',
    breaks: ['invalid-content'],
    at: eachPart('reasoning', (part) => ({ ...part, text: 7 })),
  },
  {
    name: 'input as JSON text',
    breaks: [],
    warns: ['invalid-arguments'],
    at: eachCall((part) => ({ ...part, input: JSON.stringify(part['input']) })),
  },
  ...Object.entries({
    'that is text': 'paid',
    'that is an object': { paid: true },
    'that is null': null,
    'of a type that nobody knows': { type: 'markdown', value: '**paid**' },
    'of text that is no text': { type: 'text', value: 5 },
    'of JSON without its value': { type: 'json' },
    'of content that is no list': { type: 'content', value: 'paid' },
  }).map(
    ([what, output]): Breakage => ({
      name: `an output ${what}`,
      breaks: ['invalid-result'],
      at: eachResult((part) => ({ ...part, output })),
    }),
  ),
  { name: 'a result without an output', breaks: ['invalid-result'], at: eachResult((part) => omit(part, 'output')) },
];
