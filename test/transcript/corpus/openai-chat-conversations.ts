import type { CorpusFormat, Message } from './breakage.js';

export const call = (id: string, name: string, input: unknown = {}): Message => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(input) },
});

export const calls = (content: string | null, ...tool_calls: Message[]): Message => ({
  role: 'assistant',
  content,
  tool_calls,
});

export const result = (id: string, content: unknown = 'ok'): Message => ({ role: 'tool', tool_call_id: id, content });
export const user = (content: unknown): Message => ({ role: 'user', content });
export const says = (content: unknown): Message => ({ role: 'assistant', content });
export const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };

/** As long as an id, and a name, may be. */
const longestId = `call_${'x'.repeat(35)}`;
export const longestName: string = `get_${'x'.repeat(60)}`;

export const conversations: CorpusFormat['conversations'] = {
  'two words': [user('Hello'), { ...says('Good morning'), refusal: null, annotations: [], audio: null }],
  'instructions and a picture': [
    { role: 'developer', content: 'Be brief.' },
    user([{ type: 'text', text: 'What is this?' }, picture]),
    says([{ type: 'text', text: 'A blank picture.' }]),
    user('Thanks'),
  ],
  'one call': [
    { role: 'system', content: 'You pay invoices.' },
    user('Pay inv-42'),
    calls(null, call('call_1', 'pay', { invoice: 'inv-42' })),
    result('call_1', 'paid'),
    says('It is paid.'),
  ],
  'parallel calls': [
    user('Where is my order, and what do I owe?'),
    calls('I look it up.', call('call_a', 'find_order', { n: 7 }), call('call_b', 'balance'), call('call_c', 'now')),
    result('call_b', '12.50'),
    result('call_a', [{ type: 'text', text: 'on its way' }]),
    result('call_c', ''),
    says('On its way. You owe 12.50.'),
  ],
  'several rounds': [
    user('Book it'),
    calls('', call('call_1', 'search', { q: 'später' })),
    result('call_1', 'two trains'),
    calls(null, call('call_2', 'book', { train: 1 })),
    result('call_2', 'booked'),
    says('Booked.'),
    user('And the way back?'),
    calls('A moment.', call('call_3', 'search', { q: '支払い' }), call('call_4', 'book', { train: 2 })),
    result('call_3', 'one train'),
    result('call_4', 'booked'),
  ],
  refusals: [
    user('Tell me the secret'),
    { role: 'assistant', content: null, refusal: 'I cannot tell it.', annotations: [] },
    user('Please'),
    says([
      { type: 'text', text: 'Still:' },
      { type: 'refusal', refusal: 'No.' },
    ]),
  ],
  'a custom tool': [
    user('Run it'),
    calls(null, { id: 'call_1', type: 'custom', custom: { name: 'run', input: 'print(1)' } }, call('call_2', 'now')),
    result('call_1', '1'),
    result('call_2', 'noon'),
    says('It printed 1.'),
  ],
  'the old form of a call': [
    user('Pay'),
    { role: 'assistant', content: null, function_call: { name: 'pay', arguments: '{}' } },
    { role: 'function', name: 'pay', content: 'paid' },
    says('Paid.'),
  ],
  'spoken words': [
    user([{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }]),
    { role: 'assistant', content: null, audio: { id: 'audio_1' } },
    user([{ type: 'file', file: { file_id: 'file-1' } }]),
  ],
  'the longest id and name': [
    { role: 'user', name: 'Ann', content: 'Go' },
    calls(null, call(longestId, longestName)),
    result(longestId, 'gone'),
    user('And?'),
  ],
};
