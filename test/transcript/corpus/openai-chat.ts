import { list } from '../fuzz/format.js';
import type { Breakage, CorpusFormat, Message } from './breakage.js';
import { ofCalls } from './openai-chat-calls.js';
import { conversations, picture } from './openai-chat-conversations.js';
import { add, changeResult, content, inFunction, isCalling, isPlain, isResult, isSaid } from './openai-chat-places.js';
import { anyOf, before, messageWhere, omit, partWhere, whole } from './places.js';

const isOfUser = (message: Message): boolean => message['role'] === 'user';
const isInstruction = (message: Message): boolean => message['role'] === 'system' || message['role'] === 'developer';

/** A message that is no half of a pair. */
const isAlone = (message: Message): boolean => isPlain(message) || isOfUser(message) || isInstruction(message);
const nowhere = ['empty-transcript'] as const;

const foreign: Readonly<Record<string, Message>> = {
  Anthropic: { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'ok' }] },
  Gemini: { role: 'model', parts: [{ text: 'Hello' }] },
  Responses: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] },
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
  { name: 'null for a message', breaks: ['unrecognized-message'], at: add(null) },
  {
    name: 'text for a message',
    breaks: ['unrecognized-message'],
    remaining: ['unrecognized-message'],
    at: add('Hello'),
  },
  {
    name: 'a list for a message',
    breaks: ['unrecognized-message'],
    remaining: ['unrecognized-message'],
    at: whole((messages) => [messages]),
  },
  {
    name: 'a role that is none',
    breaks: ['unknown-role'],
    remaining: ['unknown-role'],
    at: messageWhere(isAlone, (message) => ({ ...message, role: 'bot' })),
  },
  {
    name: 'a role in capitals',
    breaks: ['unknown-role'],
    remaining: ['unknown-role'],
    at: messageWhere(isAlone, (message) => ({ ...message, role: String(message['role']).toUpperCase() })),
  },
  {
    name: 'no role',
    breaks: ['unknown-role'],
    remaining: ['unknown-role'],
    at: messageWhere(isOfUser, (message) => omit(message, 'role')),
  },
];

const isMessageOfParts = (message: Message): boolean => Array.isArray(message['content']) && !isResult(message);

const asParts =
  (...more: unknown[]) =>
  (message: Message) => ({
    ...message,
    content: [{ type: 'text', text: message['content'] }, ...more],
  });

const isOwnWords = (message: Message): boolean => isSaid(message) && isAlone(message);

const words: Breakage[] = [
  { name: 'content null', breaks: ['missing-content'], at: messageWhere(isOwnWords, content(null)) },
  {
    name: 'no content',
    breaks: ['missing-content'],
    at: messageWhere(isOwnWords, (message) => omit(message, 'content')),
  },
  { name: 'a result without content', breaks: ['missing-content'], at: changeResult((one) => omit(one, 'content')) },
  { name: 'a result of null', breaks: ['missing-content'], at: changeResult(content(null)) },
  {
    name: 'no content, and a refusal of null',
    breaks: ['missing-content'],
    at: add({ role: 'assistant', content: null, refusal: null }),
  },
  {
    name: 'an empty list of parts',
    breaks: ['empty-content'],
    at: messageWhere((message) => isAlone(message) && !('refusal' in message), content([])),
  },
  { name: 'an empty list of parts beside calls', breaks: ['empty-content'], at: messageWhere(isCalling, content([])) },
  {
    name: 'a part for the content',
    breaks: ['invalid-content'],
    at: messageWhere(isOwnWords, (message) => ({ ...message, content: { type: 'text', text: message['content'] } })),
  },
  { name: 'a number for the content', breaks: ['invalid-content'], at: messageWhere(isOwnWords, content(42)) },
  {
    name: 'text for a part',
    breaks: ['invalid-content'],
    at: anyOf(
      messageWhere(isOwnWords, asParts('and more')),
      messageWhere(isMessageOfParts, (message) => ({ ...message, content: [...list(message['content']), 'and more'] })),
    ),
  },
  {
    name: 'a part of text without text',
    breaks: ['invalid-content'],
    at: messageWhere(isOwnWords, asParts({ type: 'text' })),
  },
  {
    name: 'a part of text with a number',
    breaks: ['invalid-content'],
    at: messageWhere(isOwnWords, asParts({ type: 'text', text: 42 })),
  },
  {
    name: 'a part of no known type',
    breaks: ['unknown-part'],
    at: messageWhere(isOwnWords, asParts({ type: 'hologram', x: 1 })),
  },
  {
    name: 'a part without a type',
    breaks: ['unknown-part'],
    at: messageWhere(isOwnWords, asParts({ text: 'and more' })),
  },
  {
    name: 'a picture of the assistant',
    breaks: ['part-not-allowed'],
    at: messageWhere((message) => isPlain(message) && isSaid(message), asParts(picture)),
  },
  {
    name: 'a picture in the instructions',
    breaks: ['part-not-allowed'],
    at: messageWhere(isInstruction, asParts(picture)),
  },
  {
    name: 'a refusal of the user',
    breaks: ['part-not-allowed'],
    at: messageWhere(
      (message) => isOfUser(message) && isSaid(message),
      asParts({ type: 'refusal', refusal: 'I will not.' }),
    ),
  },
  {
    name: 'a result that is an object',
    breaks: ['invalid-result'],
    at: changeResult((message) => ({ ...message, content: { value: message['content'] } })),
  },
  { name: 'a result that is a number', breaks: ['invalid-result'], at: changeResult(content(12.5)) },
  { name: 'a result of no parts', breaks: ['invalid-result'], at: changeResult(content([])) },
  { name: 'a picture as a result', breaks: ['invalid-result'], at: changeResult(content([picture])) },
  { name: 'a list of texts as a result', breaks: ['invalid-result'], at: changeResult(content(['one', 'two'])) },
  {
    name: 'what the SDK parsed',
    breaks: [],
    warns: ['sdk-artefact'],
    at: messageWhere(isPlain, (message) => ({ ...message, parsed: null })),
  },
  {
    name: 'the number of a call in a stream',
    breaks: [],
    warns: ['sdk-artefact'],
    at: partWhere(
      'tool_calls',
      () => true,
      (one, index) => ({ ...one, index }),
    ),
  },
  {
    name: 'parsed arguments',
    breaks: [],
    warns: ['sdk-artefact'],
    at: inFunction((body) => ({ ...body, parsed_arguments: null })),
  },
  {
    name: 'instructions of the system to a model that reasons',
    breaks: [],
    warns: ['system-role'],
    profile: 'openai-chat-reasoning',
    at: anyOf(
      whole((messages) => (messages[0]?.['role'] === 'system' ? messages : undefined)),
      before(
        (message, at) => at === 0 && !isInstruction(message),
        () => ({ role: 'system', content: 'Be brief.' }),
      ),
    ),
  },
  {
    name: 'instructions of the developer to a model that reasons',
    breaks: [],
    profile: 'openai-chat-reasoning',
    at: before(
      (message, at) => at === 0 && !isInstruction(message),
      () => ({ role: 'developer', content: 'Be brief.' }),
    ),
  },
];

/** OpenAI Chat Completions. */
export const openaiChat: CorpusFormat = {
  format: 'openai-chat',
  conversations,
  breakages: [...shape, ...ofCalls, ...words],
};
