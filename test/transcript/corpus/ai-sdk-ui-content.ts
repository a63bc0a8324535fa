import { anywhere, each, isDone, isOf, isSettled, isSmall, ofRole, withPart } from './ai-sdk-ui-places.js';
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
    name: 'metadata of a provider that are null',
    breaks: ['invalid-content'],
    at: each(isOf('text'), (part) => ({ ...part, providerMetadata: null })),
  },
  {
    name: 'metadata that are of no provider',
    breaks: ['invalid-content'],
    at: each(isOf('file'), (part) => ({ ...part, providerMetadata: { cached: true } })),
  },
  {
    name: 'a call whose metadata are null',
    breaks: ['invalid-content'],
    at: each(isDone, (part) => ({ ...part, callProviderMetadata: null })),
  },
  {
    name: 'a call of which it is not said who runs it, but null',
    breaks: ['invalid-content'],
    at: each(isDone, (part) => ({ ...part, providerExecuted: null })),
  },
  {
    name: 'a file whose name is null',
    breaks: ['invalid-content'],
    at: each(isOf('file'), (part) => ({ ...part, filename: null })),
  },

  // Messages that are none.
  { name: 'nothing in the place of a message', breaks: ['unrecognized-message'], at: behind(isSettled, () => null) },
  {
    name: 'text in the place of a message',
    breaks: ['unrecognized-message'],
    remaining: ['unrecognized-message'],
    at: behind(isSettled, () => 'Pay invoice 42'),
  },
  ...(['tool', 'data', 'User'] as const).map(
    (role): Breakage => ({
      name: `the role ${role}`,
      breaks: ['unknown-role'],
      remaining: ['unknown-role'],
      at: messageWhere(ofRole('user'), (message) => ({ ...message, role })),
    }),
  ),
  {
    name: 'a message without a role',
    breaks: ['unknown-role'],
    remaining: ['unknown-role'],
    at: messageWhere(anywhere, (message) => omit(message, 'role')),
  },
  {
    name: 'an answer of OpenAI with its calls',
    breaks: ['mixed-format'],
    remaining: ['mixed-format'],
    at: behind(ofRole('user'), () => ({
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'call_o', type: 'function', function: { name: 'pay', arguments: '{}' } }],
    })),
  },
  {
    name: 'results as the model gets them',
    breaks: ['mixed-format'],
    remaining: ['mixed-format'],
    at: behind(
      (message) => message['role'] === 'assistant' && isSettled(message),
      () => ({
        role: 'tool',
        content: [
          { type: 'tool-result', toolCallId: 'call_m', toolName: 'pay', output: { type: 'text', value: 'paid' } },
        ],
      }),
    ),
  },
  {
    name: 'a message without an id',
    breaks: ['invalid-item-id'],
    at: messageWhere(anywhere, (message) => omit(message, 'id')),
  },
  {
    name: 'a number as the id of a message',
    breaks: ['invalid-item-id'],
    at: messageWhere(anywhere, (message) => ({ ...message, id: 7 })),
  },

  // Content.
  {
    name: 'a message without parts',
    breaks: ['missing-content'],
    at: messageWhere(anywhere, (message) => omit(message, 'parts')),
  },
  {
    name: 'null as parts',
    breaks: ['missing-content'],
    at: messageWhere(anywhere, (message) => ({ ...message, parts: null })),
  },
  {
    name: 'text as parts',
    breaks: ['invalid-content'],
    at: messageWhere(anywhere, (message) => ({ ...message, parts: 'Pay invoice 42' })),
  },
  {
    name: 'content in the place of parts',
    breaks: ['invalid-content'],
    at: messageWhere(ofRole('user', 'system'), (message) => ({ ...omit(message, 'parts'), content: 'Pay invoice 42' })),
  },
  {
    name: 'a part in the place of parts',
    breaks: ['invalid-content'],
    at: messageWhere(ofRole('user'), (message) => ({ ...message, parts: { type: 'text', text: 'Pay invoice 42' } })),
  },
  { name: 'a number as text', breaks: ['invalid-content'], at: each(isOf('text'), (part) => ({ ...part, text: 42 })) },
  {
    name: 'a text part without text',
    breaks: ['invalid-content'],
    at: each(isOf('text'), (part) => omit(part, 'text')),
  },
  {
    name: 'reasoning without text',
    breaks: ['invalid-content'],
    at: each(isOf('reasoning'), (part) => omit(part, 'text')),
  },
  { name: 'a file without a URL', breaks: ['invalid-content'], at: each(isOf('file'), (part) => omit(part, 'url')) },
  {
    name: 'a source without its id',
    breaks: ['invalid-content'],
    at: each(isOf('source-url', 'source-document'), (part) => omit(part, 'sourceId')),
  },
  {
    name: 'a document without a title',
    breaks: ['invalid-content'],
    at: each(isOf('source-document'), (part) => omit(part, 'title')),
  },
  {
    name: 'a part that nobody knows, of the user',
    breaks: ['unknown-part'],
    at: withPart('user', { type: 'hologram', x: 1 }),
  },
  {
    name: 'a part that nobody knows, of the assistant',
    breaks: ['unknown-part'],
    at: withPart('assistant', { type: 'hologram', x: 1 }),
  },
  {
    name: 'an image as the model gets it',
    breaks: ['unknown-part'],
    at: withPart('user', { type: 'image', image: 'AAAA' }),
  },
  {
    name: 'text in the place of a part',
    breaks: ['unknown-part'],
    at: anyOf(withPart('user', 'and quickly'), withPart('assistant', 'Well')),
  },
  {
    name: 'nothing in the place of a part',
    breaks: ['unknown-part'],
    at: anyOf(withPart('user', null), withPart('assistant', null)),
  },
  { name: 'text without a type', breaks: ['unknown-part'], at: each(isOf('text'), (part) => omit(part, 'type')) },
  {
    name: 'the user says empty text',
    breaks: ['empty-content'],
    at: messageWhere(ofRole('user'), (message) => ({ ...message, parts: [{ type: 'text', text: '' }] })),
  },
  {
    name: 'the user says nothing',
    breaks: ['empty-content'],
    at: messageWhere(ofRole('user', 'system'), (message) => ({ ...message, parts: [] })),
  },
  {
    name: 'an answer of nothing',
    breaks: [],
    warns: ['empty-content'],
    at: anyOf(
      behind(
        (message, at, messages) => message['role'] === 'user' && at < messages.length - 1,
        () => ({ id: 'empty', role: 'assistant', parts: [] }),
      ),
    ),
  },
];
