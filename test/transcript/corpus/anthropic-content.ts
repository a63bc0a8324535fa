import { picture, text, thinking } from './anthropic-conversations.js';
import {
  block,
  content,
  extended,
  has,
  isAlone,
  isAnswering,
  isLast,
  isOfBlocks,
  isOfUser,
  isOfUserAlone,
  isPlain,
  preceded,
} from './anthropic-places.js';
import type { Breakage, Message } from './breakage.js';
import { messageWhere, omit } from './places.js';

const isSaid = (message: Message): boolean => typeof message['content'] === 'string' && message['content'] !== '';
const isOwnText = (message: Message): boolean => isSaid(message) && isAlone(message);

/** What is said, and what is not. */
export const ofContent: Breakage[] = [
  { name: 'content null', breaks: ['missing-content'], at: messageWhere(isOwnText, content(null)) },
  {
    name: 'no content',
    breaks: ['missing-content'],
    at: messageWhere(isOwnText, (message) => omit(message, 'content')),
  },
  {
    name: 'empty text for the content',
    breaks: ['empty-content'],
    at: messageWhere(
      (message, at, all) => isOwnText(message) && !(isPlain(message) && isLast(message, at, all)),
      content(''),
    ),
  },
  {
    name: 'an empty list of blocks',
    breaks: ['empty-content'],
    at: messageWhere(
      (message, at, all) => isOwnText(message) && !(isPlain(message) && isLast(message, at, all)),
      content([]),
    ),
  },
  { name: 'white space for the content', breaks: ['empty-content'], at: messageWhere(isOwnText, content(' \n')) },
  {
    name: 'a block of empty text',
    breaks: ['empty-content'],
    at: messageWhere((message) => isOfUser(message) || isPlain(message), extended(text(''))),
  },
  {
    name: 'a block of white space before the others',
    breaks: ['empty-content'],
    at: messageWhere(
      (message) => isOfBlocks(message) && !isAnswering(message) && !has('thinking', 'redacted_thinking')(message),
      preceded(text('\n\n')),
    ),
  },
  {
    name: 'a block for the content',
    breaks: ['invalid-content'],
    at: messageWhere(isOwnText, (message) => ({ ...message, content: text(message['content']) })),
  },
  { name: 'a number for the content', breaks: ['invalid-content'], at: messageWhere(isOwnText, content(42)) },
  {
    name: 'text for a block',
    breaks: ['invalid-content'],
    at: messageWhere((message) => isOfUser(message) || isPlain(message), extended('and more')),
  },
  {
    name: 'a block of text with a number',
    breaks: ['invalid-content'],
    at: messageWhere(isOwnText, extended(text(42))),
  },
  {
    name: 'a block of no known type',
    breaks: ['unknown-part'],
    at: messageWhere((message) => isOfUser(message) || isPlain(message), extended({ type: 'hologram', x: 1 })),
  },
  {
    name: 'a block of no known type that says something',
    breaks: ['unknown-part'],
    at: messageWhere(isAlone, extended({ type: 'markdown', text: '**Hello**' })),
  },
  {
    name: 'a block without a type',
    breaks: ['unknown-part'],
    at: messageWhere(isAlone, extended({ text: 'and more' })),
  },
  { name: 'null for a block', breaks: ['unknown-part'], at: messageWhere(isAlone, extended(null)) },
  { name: 'a picture of the assistant', breaks: ['part-not-allowed'], at: messageWhere(isPlain, preceded(picture)) },
  {
    name: 'a document of the assistant',
    breaks: ['part-not-allowed'],
    at: messageWhere(
      isPlain,
      preceded({ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Rent' } }),
    ),
  },
  {
    name: 'thoughts of the user',
    breaks: ['part-not-allowed'],
    remaining: ['part-not-allowed'],
    at: messageWhere(isOfUserAlone, preceded(thinking('Hm.'))),
  },
  {
    name: 'a result that is an object',
    breaks: ['invalid-result'],
    at: block('tool_result', (one) => ({ ...one, content: { value: 1 } })),
  },
  {
    name: 'a result that is a number',
    breaks: ['invalid-result'],
    at: block('tool_result', (one) => ({ ...one, content: 12.5 })),
  },
  {
    name: 'a result of null',
    breaks: ['invalid-result'],
    at: block('tool_result', (one) => ({ ...one, content: null })),
  },
  {
    name: 'a list of texts as a result',
    breaks: ['invalid-result'],
    at: block('tool_result', (one) => ({ ...one, content: ['one', 'two'] })),
  },
  {
    name: 'a result of unknown blocks',
    breaks: ['invalid-result'],
    at: block('tool_result', (one) => ({ ...one, content: [{ type: 'json', value: 1 }] })),
  },
  {
    name: 'empty text in a result',
    breaks: ['invalid-result'],
    at: block('tool_result', (one) => ({ ...one, content: [text('one'), text('')] })),
  },
  ...['true', 1, null].map(
    (is_error): Breakage => ({
      name: `is_error ${JSON.stringify(is_error)}`,
      breaks: ['invalid-result'],
      at: block('tool_result', (one) => ({ ...one, is_error })),
    }),
  ),
];
