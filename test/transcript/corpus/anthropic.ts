import { isObject } from '../fuzz/format.js';
import { ofCalls } from './anthropic-calls.js';
import { ofContent } from './anthropic-content.js';
import { asks, assistant, cached, conversations, says, text, thinking, user } from './anthropic-conversations.js';
import {
  add,
  block,
  blocks,
  extended,
  has,
  isAlone,
  isCalling,
  isFirst,
  isLast,
  isOfUser,
  isOfUserAlone,
  isPlain,
  preceded,
} from './anthropic-places.js';
import type { Breakage, CorpusFormat, Message } from './breakage.js';
import { anyOf, before, behind, messageWhere, omit, partWhere, whole } from './places.js';

const nowhere = ['empty-transcript'] as const;

const foreign: Readonly<Record<string, Message>> = {
  'Chat Completions': { role: 'tool', tool_call_id: 'call_1', content: 'ok' },
  'Chat Completions with calls': {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'pay', arguments: '{}' } }],
  },
  'Chat Completions with a picture': {
    role: 'user',
    content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
  },
  Gemini: { role: 'model', parts: [{ text: 'Hello' }] },
};

const shape: Breakage[] = [
  { name: 'nothing at all', breaks: nowhere, remaining: nowhere, at: whole(() => []) },
  ...Object.entries(foreign).map(
    ([name, message]): Breakage => ({
      name: `a message of ${name}`,
      breaks: ['mixed-format'],
      remaining: ['mixed-format'],
      at: add(message),
    }),
  ),
  {
    name: 'the whole answer of the API for its message',
    breaks: ['sdk-artefact'],
    at: messageWhere(
      ({ role }) => role === 'assistant',
      (message) => ({
        ...{ id: 'msg_1', type: 'message', model: 'claude-sonnet-4-5' },
        ...message,
        ...{ stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 9, output_tokens: 9 } },
      }),
    ),
  },
  { name: 'null for a message', breaks: ['unrecognized-message'], at: add(null) },
  {
    name: 'text for a message',
    breaks: ['unrecognized-message'],
    remaining: ['unrecognized-message'],
    at: add('Hello'),
  },
  ...['bot', 'USER', ''].map(
    (role): Breakage => ({
      name: `the role "${role}"`,
      breaks: ['unknown-role'],
      remaining: ['unknown-role'],
      at: messageWhere(isAlone, (message) => ({ ...message, role })),
    }),
  ),
  {
    name: 'no role',
    breaks: ['unknown-role'],
    remaining: ['unknown-role'],
    at: messageWhere(isOfUserAlone, (message) => omit(message, 'role')),
  },
  {
    name: 'instructions among the messages',
    breaks: ['system-misplaced'],
    remaining: ['system-misplaced'],
    at: anyOf(
      before(isFirst, () => ({ role: 'system', content: 'Be brief.' })),
      add({ role: 'system', content: 'Be brief.' }),
    ),
  },
  {
    name: 'instructions among the messages where they may be',
    breaks: [],
    profile: 'anthropic-system-messages',
    at: add({ role: 'system', content: 'Be brief.' }),
  },
];

const endsWithAssistant = (messages: readonly Message[]): boolean => messages.at(-1)?.['role'] === 'assistant';
const breakpoint = (one: Message): boolean => isObject(one['cache_control']);
const several = (messages: readonly Message[]): boolean => messages.flatMap(blocks).filter(breakpoint).length === 4;

const rest: Breakage[] = [
  {
    name: 'thinking without its signature',
    breaks: ['unsigned-reasoning'],
    at: block('thinking', (one) => omit(one, 'signature')),
  },
  {
    name: 'thinking with an empty signature',
    breaks: ['unsigned-reasoning'],
    at: block('thinking', (one) => ({ ...one, signature: '' })),
  },
  {
    name: 'thinking of another provider',
    breaks: ['unsigned-reasoning'],
    at: messageWhere(isPlain, preceded({ type: 'thinking', thinking: 'Hm.' })),
  },
  {
    name: 'redacted thinking without its data',
    breaks: ['unsigned-reasoning'],
    at: block('redacted_thinking', (one) => omit(one, 'data')),
  },
  { name: 'a message that ends with thinking', breaks: ['reasoning-last'], at: add(assistant(thinking('Hm.'))) },
  {
    name: 'thinking behind the words',
    breaks: ['reasoning-last'],
    at: messageWhere(isPlain, extended({ type: 'redacted_thinking', data: 'AAAA' })),
  },
  {
    name: 'a call lost that thinking led to',
    breaks: ['orphan-result', 'reasoning-last'],
    at: partWhere(
      'content',
      ({ type }, _, message) => type === 'tool_use' && has('thinking', 'redacted_thinking')(message),
      () => [],
    ),
  },
  {
    name: 'a breakpoint on thinking',
    breaks: ['breakpoint-not-allowed'],
    at: anyOf(block('thinking', cached), block('redacted_thinking', cached)),
  },
  {
    name: 'a breakpoint on empty text',
    breaks: ['breakpoint-not-allowed', 'empty-content'],
    at: messageWhere((message, _, all) => isOfUser(message) && !several(all), extended(cached(text('')))),
  },
  {
    name: 'a fifth breakpoint',
    breaks: ['too-many-breakpoints'],
    at: (messages) =>
      several(messages)
        ? block('text', (one) => (breakpoint(one) ? [one, cached(text('More'))] : cached(one)))(messages)
        : [],
  },
  {
    name: 'a breakpoint on every word',
    breaks: ['too-many-breakpoints'],
    at: whole((messages) => [
      user(...['All', 'of', 'the', 'book', 'and', 'more'].map((word) => cached(text(word)))),
      ...messages,
    ]),
  },
  ...[' ', '\n', '\t'].map(
    (space): Breakage => ({
      name: `an answer begun that ends with ${JSON.stringify(space)}`,
      breaks: ['prefill-whitespace'],
      at: anyOf(
        messageWhere(
          (message, at, all) => isLast(message, at, all) && isPlain(message),
          (message) => extended(text(`The answer is${space}`))(message),
        ),
        (messages) =>
          endsWithAssistant(messages) || isCalling(messages.at(-1)!)
            ? []
            : [[...messages, says(`The answer is${space}`)]],
      ),
    }),
  ),
  {
    name: 'an answer begun for a model that begins its own',
    breaks: ['prefill-not-allowed'],
    remaining: ['prefill-not-allowed'],
    profile: 'anthropic-4.6',
    at: anyOf(
      whole((messages) => (endsWithAssistant(messages) ? messages : undefined)),
      whole((messages) => (endsWithAssistant(messages) ? undefined : [...messages, says('The answer is')])),
    ),
  },
  {
    name: 'the user last, for a model that begins its own answers',
    breaks: [],
    profile: 'anthropic-4.6',
    at: whole((messages) => (endsWithAssistant(messages) ? undefined : messages)),
  },
  {
    name: 'a call without its thinking, with thinking on',
    breaks: ['reasoning-missing'],
    remaining: ['reasoning-missing'],
    profile: 'anthropic-thinking',
    at: upToResults((message) => !has('thinking', 'redacted_thinking')(message)),
  },
  {
    name: 'a call with its thinking, with thinking on',
    breaks: [],
    profile: 'anthropic-thinking',
    at: upToResults(has('thinking', 'redacted_thinking')),
  },
  {
    name: 'the assistant first, on Bedrock',
    breaks: ['first-not-user'],
    profile: 'anthropic-bedrock',
    at: (messages) =>
      takesTurns(messages) && isOfUserAlone(messages[0]!) && messages.length > 2 ? [messages.slice(1)] : [],
  },
  {
    name: 'a greeting first, on Bedrock',
    breaks: ['first-not-user'],
    profile: 'anthropic-bedrock',
    at: (messages) => (takesTurns(messages) ? [[says('How can I help?'), ...messages]] : []),
  },
  {
    name: 'the user twice, on Bedrock',
    breaks: ['roles-not-alternating'],
    profile: 'anthropic-bedrock',
    at: (messages) =>
      takesTurns(messages)
        ? behind(
            (message) => isOfUserAlone(message),
            () => asks('Please'),
          )(messages)
        : [],
  },
  {
    name: 'the assistant twice, on Bedrock',
    breaks: ['roles-not-alternating'],
    profile: 'anthropic-bedrock',
    at: (messages) => (takesTurns(messages) ? behind(isPlain, () => says('So it is.'))(messages) : []),
  },
  {
    name: 'one after the other, on Bedrock',
    breaks: [],
    profile: 'anthropic-bedrock',
    at: (messages) => (takesTurns(messages) ? [[...messages]] : []),
  },
];

/** Up to each message of results whose call is so. */
function upToResults(holds: (message: Message) => boolean): Breakage['at'] {
  return (messages) =>
    messages.flatMap((message, at) => (isCalling(message) && holds(message) ? [messages.slice(0, at + 2)] : []));
}

/** The user first, and then one after the other. */
function takesTurns(messages: readonly Message[]): boolean {
  return messages.every(({ role }, at) => role === (at % 2 === 0 ? 'user' : 'assistant'));
}

/** Anthropic Messages. */
export const anthropic: CorpusFormat = {
  format: 'anthropic',
  conversations,
  breakages: [...shape, ...ofCalls, ...ofContent, ...rest],
};
