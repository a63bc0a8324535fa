import type { CorpusFormat, Message } from './breakage.js';

export const text = (words: unknown): Message => ({ text: words });
export const user = (...parts: unknown[]): Message => ({ role: 'user', parts });
export const model = (...parts: unknown[]): Message => ({ role: 'model', parts });

export const call = (name: string, args?: unknown, id?: string): Message => ({
  functionCall: { ...(id === undefined ? {} : { id }), name, ...(args === undefined ? {} : { args }) },
});

export const result = (name: string, response: unknown = { output: 'ok' }, id?: string): Message => ({
  functionResponse: { ...(id === undefined ? {} : { id }), name, response },
});

const picture = { inlineData: { mimeType: 'image/png', data: 'AAAA' } };

export const conversations: CorpusFormat['conversations'] = {
  'two words': [user(text('Hello')), model(text('Good morning'))],
  'a picture and a file': [
    user(picture, { fileData: { mimeType: 'application/pdf', fileUri: 'gs://a/b' } }, text('What is this?')),
    model(text('A blank'), text(' picture.')),
    user(text('Thanks')),
  ],
  'one call': [
    user(text('Pay inv-42')),
    model(call('pay', { invoice: 'inv-42' })),
    user(result('pay', { output: 'paid' })),
    model(text('It is paid.')),
  ],
  'parallel calls with ids': [
    user(text('Where is my order, and what do I owe?')),
    model(text('I look.'), call('find', { n: 7 }, 'fc_a'), call('balance', {}, 'fc_b'), call('now', undefined, 'fc_c')),
    user(
      result('balance', { output: 12.5 }, 'fc_b'),
      result('find', { error: 'none' }, 'fc_a'),
      result('now', {}, 'fc_c'),
    ),
    model(text('You owe 12.50.')),
  ],
  'parallel calls without ids': [
    user(text('Two trains, and the time')),
    model(call('search', { q: 'später' }), call('search', { q: '支払い' }), call('now', {})),
    user(result('search', { output: 'one' }), result('now', { output: 'noon' }), result('search', { output: 'two' })),
  ],
  'several rounds': [
    user(text('Book it')),
    model(call('search', {}, 'fc_1')),
    user(result('search', { output: 'two trains' }, 'fc_1')),
    model(call('book', { train: 1 }, 'fc_2')),
    user(result('book', { output: 'booked' }, 'fc_2')),
    model(text('Booked.')),
    user(text('And back?')),
    model(text('A moment.'), call('search', {}, 'fc_3'), call('book', { train: 2 }, 'fc_4')),
    user(result('search', { output: 'one' }, 'fc_3'), result('book', { output: 'booked' }, 'fc_4')),
  ],
  thoughts: [
    user(text('Is it paid?')),
    model(
      { text: 'I look.', thought: true, thoughtSignature: 'sig 1' },
      { ...call('look', { invoice: 1 }), thoughtSignature: 'sig 2' },
    ),
    user(result('look', { output: 'yes' })),
    model({ text: 'Yes.', thoughtSignature: 'sig 3' }),
    user(text('Sure?')),
    model(text('Quite.'), { text: '', thoughtSignature: 'sig 4' }),
  ],
  'code that the provider runs': [
    user(text('Add them')),
    model(
      { executableCode: { language: 'PYTHON', code: 'print(1 + 1)' } },
      { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '2' } },
      text('Two.'),
    ),
  ],
  'the role of older versions': [
    user(text('Pay')),
    model(call('pay', {})),
    { role: 'function', parts: [result('pay')] },
    model(text('Paid.')),
  ],
  'no role': [{ parts: [text('Hello')] }],
};
