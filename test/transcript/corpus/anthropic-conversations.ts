import type { CorpusFormat, Message } from './breakage.js';

export const call = (id: string, name: string, input: unknown = {}): Message => ({ type: 'tool_use', id, name, input });

export const result = (id: string, content: unknown = 'ok'): Message => ({
  type: 'tool_result',
  tool_use_id: id,
  content,
});

export const user = (...content: Message[]): Message => ({ role: 'user', content });
export const assistant = (...content: Message[]): Message => ({ role: 'assistant', content });
export const asks = (content: unknown): Message => ({ role: 'user', content });
export const says = (content: unknown): Message => ({ role: 'assistant', content });
export const text = (words: unknown): Message => ({ type: 'text', text: words });
export const thinking = (words: string): Message => ({ type: 'thinking', thinking: words, signature: `sig ${words}` });
export const picture = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
const found = { type: 'search_result', source: 'a', title: 'A', content: [{ type: 'text', text: 'a' }] };
export const cached = (block: Message): Message => ({ ...block, cache_control: { type: 'ephemeral' } });
export const longestName: string = `get_${'x'.repeat(196)}`;

export const conversations: CorpusFormat['conversations'] = {
  'two words': [asks('Hello'), says('Good morning')],
  'a picture and a document': [
    user(
      picture,
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Rent' } },
      text('This?'),
    ),
    assistant(text('A rent.')),
    asks('Thanks'),
  ],
  'one call': [
    asks('Pay inv-42'),
    assistant(call('toolu_1', 'pay', { invoice: 'inv-42' })),
    user(result('toolu_1', 'paid')),
    says('It is paid.'),
  ],
  'parallel calls': [
    asks('Where is my order, and what do I owe?'),
    assistant(text('I look.'), call('toolu_a', 'find', { n: 7 }), call('toolu_b', 'balance'), call('toolu_c', 'now')),
    user(
      result('toolu_b', [text('12.50'), picture, found]),
      { ...result('toolu_a', 'no such order'), is_error: true },
      { type: 'tool_result', tool_use_id: 'toolu_c' },
      text('Be brief.'),
    ),
    assistant(text('You owe 12.50.')),
  ],
  'several rounds': [
    asks('Book it'),
    assistant(call('toolu_1', 'search', { q: 'später' })),
    user(result('toolu_1', 'two trains')),
    assistant(call('toolu_2', 'book', { train: 1 })),
    user(result('toolu_2', 'booked')),
    says('Booked.'),
    asks('And the way back?'),
    assistant(text('A moment.'), call('toolu_3', 'search', { q: '支払い' }), call('toolu_4', 'book')),
    user(result('toolu_3', 'one train'), result('toolu_4', 'booked')),
  ],
  thoughts: [
    asks('Is it paid?'),
    assistant(thinking('I look.'), call('toolu_1', 'look')),
    user(result('toolu_1', 'yes')),
    assistant(thinking('Say so.'), text('Yes.')),
    asks('Sure?'),
    assistant({ type: 'redacted_thinking', data: 'AAAA' }, call('toolu_2', 'look')),
    user(result('toolu_2', 'yes')),
  ],
  'a search of the provider': [
    asks('Who won?'),
    assistant(
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'who won' } },
      { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
      text('Nobody.'),
    ),
    asks('And the tool of the other server?'),
    assistant(
      { type: 'mcp_tool_use', id: 'mcptoolu_1', name: 'ask', server_name: 'other', input: {} },
      { type: 'mcp_tool_result', tool_use_id: 'mcptoolu_1', is_error: false, content: [text('ok')] },
      text('It is well.'),
    ),
  ],
  'cache breakpoints': [
    user(cached(text('All of the book'))),
    assistant(cached(call('toolu_1', 'look'))),
    user(cached(result('toolu_1')), text('Go on')),
    assistant(text('One')),
    user(cached(text('And?')), text('Well?')),
  ],
  'the assistant first': [says('How can I help?'), asks('Pay'), says('What?')],
  'twice in a row': [asks('Hello'), asks('Are you there?'), says('Yes.'), assistant(text('What is it?')), asks('Pay')],
  'an answer to be begun': [asks('Answer with a number'), says('')],
  'an answer to be begun, of no blocks': [user({ ...text('A number'), cache_control: null }), assistant()],
  'the longest name': [asks('Go'), assistant(call('toolu-A_9', longestName)), user(result('toolu-A_9')), asks('And?')],
};
