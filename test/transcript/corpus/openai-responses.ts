import { list } from '../fuzz/format.js';
import type { Breakage, CorpusFormat, Message } from './breakage.js';
import { ofCalls } from './openai-responses-calls.js';
import { conversations, picture, reasoning, stored, user, words } from './openai-responses-conversations.js';
import {
  add,
  content,
  drop,
  isEncrypted,
  isFirst,
  isFree,
  isFunction,
  isMessage,
  isOutward,
  isReasoning,
} from './openai-responses-places.js';
import { anyOf, before, behind, messageWhere, omit, partWhere, whole, without } from './places.js';

const isOfUser = (item: Message): boolean => item['role'] === 'user';
const isInward = (item: Message): boolean => isMessage(item) && item['role'] !== 'assistant';
const isSaid = (item: Message): boolean => isMessage(item) && typeof item['content'] === 'string';

/** The content as parts, with others behind it. */
const extended =
  (...more: unknown[]) =>
  (item: Message): Message => {
    const { content } = item;
    const type = isOutward(item) ? 'output_text' : 'input_text';
    return {
      ...item,
      content: [...(typeof content === 'string' ? [{ type, text: content }] : list(content)), ...more],
    };
  };

const nowhere = ['empty-transcript'] as const;

const foreign: Readonly<Record<string, Message>> = {
  'Chat Completions with a result': { role: 'tool', tool_call_id: 'call_1', content: 'ok' },
  'Chat Completions with calls': {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'pay', arguments: '{}' } }],
  },
  Anthropic: { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'ok' }] },
  Gemini: { role: 'model', parts: [{ text: 'Hello' }] },
};

const shape: Breakage[] = [
  { name: 'nothing at all', breaks: nowhere, remaining: nowhere, at: whole(() => []) },
  ...Object.entries(foreign).map(
    ([name, item]): Breakage => ({
      name: `a message of ${name}`,
      breaks: ['mixed-format'],
      remaining: ['mixed-format'],
      at: add(item),
    }),
  ),
  { name: 'null for an item', breaks: ['unrecognized-message'], at: add(null) },
  ...Object.entries({
    text: 'Hello',
    'a list': [['Hello']],
    'an item of no known type': { type: 'hologram', id: 'h_1' },
  }).map(
    ([name, item]): Breakage => ({
      name: name.includes('item') ? name : `${name} for an item`,
      breaks: ['unrecognized-message'],
      remaining: ['unrecognized-message'],
      at: add(item),
    }),
  ),
  ...['bot', 'USER', ''].map(
    (role): Breakage => ({
      name: `the role "${role}"`,
      breaks: ['unknown-role'],
      remaining: ['unknown-role'],
      at: messageWhere(
        (item, at, items) => isMessage(item) && isFree(item, at, items),
        (item) => ({ ...item, role }),
      ),
    }),
  ),
  {
    name: 'no role',
    breaks: ['unknown-role'],
    remaining: ['unknown-role'],
    at: drop(isOfUser, 'role'),
  },
];

const inMessages: Breakage[] = [
  {
    name: 'words that go in, of the assistant',
    breaks: ['part-not-allowed'],
    at: messageWhere(isOutward, extended({ type: 'input_text', text: 'and more' })),
  },
  {
    name: 'words that come out, of the user',
    breaks: ['part-not-allowed'],
    at: messageWhere(isInward, extended(words('and more'))),
  },
  { name: 'a picture of the assistant', breaks: ['part-not-allowed'], at: messageWhere(isOutward, extended(picture)) },
  {
    name: 'a refusal of the user',
    breaks: ['part-not-allowed'],
    at: messageWhere(isInward, extended({ type: 'refusal', refusal: 'No.' })),
  },
  {
    name: 'a part as Chat Completions has it',
    breaks: ['unknown-part'],
    at: messageWhere(isMessage, extended({ type: 'text', text: 'and more' })),
  },
  {
    name: 'a part of no known type',
    breaks: ['unknown-part'],
    at: messageWhere(isMessage, extended({ type: 'hologram', x: 1 })),
  },
  { name: 'a part without a type', breaks: ['unknown-part'], at: messageWhere(isMessage, extended({ text: 'more' })) },
  { name: 'text for a part', breaks: ['unknown-part'], at: messageWhere(isMessage, extended('and more')) },
  { name: 'a number for the content', breaks: ['invalid-content'], at: messageWhere(isMessage, content(42)) },
  {
    name: 'a part for the content',
    breaks: ['invalid-content'],
    at: messageWhere(isSaid, (item) => ({ ...item, content: { type: 'input_text', text: item['content'] } })),
  },
  {
    name: 'a number for a text',
    breaks: ['invalid-content'],
    at: partWhere(
      'content',
      (part) => 'text' in part,
      (part) => ({ ...part, text: 42 }),
    ),
  },
  {
    name: 'a part without its text',
    breaks: ['invalid-content'],
    at: partWhere(
      'content',
      (part) => 'text' in part,
      (part) => omit(part, 'text'),
    ),
  },
  { name: 'reasoning without a summary', breaks: ['invalid-content'], at: drop(isReasoning, 'summary') },
  { name: 'content null', breaks: ['missing-content'], at: messageWhere(isMessage, content(null)) },
  { name: 'no content', breaks: ['missing-content'], at: drop(isMessage, 'content') },
  {
    name: 'what the SDK parsed',
    breaks: [],
    warns: ['sdk-artefact'],
    at: partWhere(
      'content',
      ({ type }) => type === 'output_text',
      (part) => ({ ...part, parsed: null }),
    ),
  },
];

const ofReasoning: Breakage[] = [
  {
    name: 'words of the user behind reasoning',
    breaks: ['reasoning-separated'],
    at: behind(isReasoning, () => user('Wait')),
  },
  {
    name: 'the conversation breaks off at reasoning',
    breaks: ['reasoning-separated'],
    at: (items) => items.flatMap((item, at) => (isReasoning(item) ? [items.slice(0, at + 1)] : [])),
  },
  {
    name: 'an answer lost that reasoning led to',
    breaks: ['reasoning-separated'],
    at: without((item, at, items) => isOutward(item) && !isFree(item, at, items)),
  },
  { name: 'reasoning at the end', breaks: ['reasoning-separated'], at: (items) => [[...items, reasoning('rs_9')]] },
  {
    name: 'reasoning before words of the user',
    breaks: ['reasoning-separated'],
    at: before(isOfUser, () => reasoning('rs_9')),
  },
  {
    name: 'stored reasoning, where nothing is stored',
    breaks: ['unsigned-reasoning'],
    profile: 'openai-responses-stateless',
    at: anyOf(
      drop(isEncrypted, 'encrypted_content'),
      whole((items) => (items.some((item) => isReasoning(item) && !isEncrypted(item)) ? items : undefined)),
      messageWhere(
        (item, at, items) => isFree(item, at, items) && (isFunction(item) || isOutward(item)),
        (item) => [stored('rs_9'), item],
      ),
    ),
  },
  {
    name: 'encrypted reasoning, where nothing is stored',
    breaks: [],
    profile: 'openai-responses-stateless',
    at: whole((items) => (items.some(isEncrypted) ? items : undefined)),
  },
  {
    name: 'a reference, where nothing is stored',
    breaks: ['unstored-reference'],
    remaining: ['unstored-reference'],
    profile: 'openai-responses-stateless',
    at: (items) =>
      items.some((item) => isReasoning(item) && !isEncrypted(item))
        ? []
        : before(isFirst, () => ({ type: 'item_reference', id: 'msg_9' }))(items),
  },
];

/** OpenAI Responses: the items of `input`. */
export const openaiResponses: CorpusFormat = {
  format: 'openai-responses',
  conversations,
  breakages: [...shape, ...inMessages, ...ofCalls, ...ofReasoning],
};
