import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { estimateTokens } from '../../src/transcript/history/estimate.js';
import { HistoryGuard, type TokenCount, UsageError } from '../../src/transcript/index.js';
import { corpus } from './history-corpus.js';

const FEWEST = 0.8;
const MOST = 1.35;

test.each(Object.entries(corpus))('the estimate is near what a tokenizer counts: %s', (_, text) => {
  const share = estimateTokens(text) / countTokens(text);
  expect(share).toBeGreaterThan(FEWEST);
  expect(share).toBeLessThan(MOST);
});

test('a conversation in many scripts is estimated to within a tenth', () => {
  const text = Object.values(corpus).join('\n\n');
  const share = estimateTokens(text) / countTokens(text);
  expect(share).toBeGreaterThan(0.95);
  expect(share).toBeLessThan(1.15);
});

const tokensOf = (
  messages: readonly unknown[],
  options: ConstructorParameters<typeof HistoryGuard>[0] = {},
): TokenCount => new HistoryGuard(options).check(messages).tokens;

const megabyte = 'The order was shipped. '.repeat(45_000);
const truth = countTokens(megabyte);

test.each([
  [
    'arguments of OpenAI calls',
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'c', type: 'function', function: { name: 'save', arguments: JSON.stringify({ text: megabyte }) } },
      ],
    },
  ],
  [
    'input of Anthropic calls',
    { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'save', input: { text: megabyte } }] },
  ],
  [
    'input of AI SDK calls',
    {
      role: 'assistant',
      content: [{ type: 'tool-call', toolCallId: 'c', toolName: 'save', input: { text: megabyte } }],
    },
  ],
  ['results of OpenAI', { role: 'tool', tool_call_id: 'c', content: megabyte }],
  [
    'results of Anthropic',
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content: [{ type: 'text', text: megabyte }] }] },
  ],
  [
    'results of the AI SDK',
    {
      role: 'tool',
      content: [
        { type: 'tool-result', toolCallId: 'c', toolName: 'save', output: { type: 'json', value: { text: megabyte } } },
      ],
    },
  ],
])('a megabyte counts: %s', (_, message) => {
  const { count, isEstimate } = tokensOf([message]);
  expect(isEstimate).toBe(true);
  expect(count / truth).toBeGreaterThan(FEWEST);
  expect(count / truth).toBeLessThan(MOST);
});

test('400 Chinese characters are not a hundred tokens', () => {
  const text = '人人生而自由在尊严和权利上一律平等'.repeat(24).slice(0, 400);
  const share = tokensOf([{ role: 'user', content: text }]).count / countTokens(text);
  expect(share).toBeGreaterThan(FEWEST);
});

test('tools are counted', () => {
  const tools = [
    { type: 'function', function: { name: 'pay', description: megabyte, parameters: { type: 'object' } } },
  ];
  const messages = [{ role: 'user', content: 'Hi' }];
  const more = tokensOf(messages, { tools }).count - tokensOf(messages).count;
  expect(more / countTokens(JSON.stringify(tools[0]))).toBeGreaterThan(FEWEST);
  expect(tokensOf(messages, { tools, counter: 'o200k_base' })).toEqual({ count: expect.any(Number), isEstimate: true });
});

/** The beginning of a PNG of this size; what is behind it says nothing about the size. */
function png(width: number, height: number): string {
  const bytes = Buffer.alloc(100_000, 7);
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(bytes);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes.toString('base64');
}

const images = {
  openai: (data: string, detail = 'high') => ({
    role: 'user',
    content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${data}`, detail } }],
  }),
  anthropic: (data: string) => ({
    role: 'user',
    content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }],
  }),
  aiSdk: (data: string) => ({ role: 'user', content: [{ type: 'image', image: data, mediaType: 'image/png' }] }),
};

test('images cost what the providers say, not the length of their text', () => {
  const none = tokensOf([{ role: 'user', content: [] }]).count;
  const cost = (message: unknown): number => tokensOf([message]).count - none;
  expect(cost(images.openai(png(1024, 1024)))).toBe(765);
  expect(cost(images.openai(png(2048, 4096)))).toBe(1105);
  expect(cost(images.openai(png(4096, 8192), 'low'))).toBe(85);
  expect(cost(images.anthropic(png(1092, 1092)))).toBe(1590);
  expect(cost(images.anthropic(png(200, 200)))).toBe(54);
  expect(cost(images.anthropic(png(5000, 5000)))).toBe(1600);
  // Who reads it is not known: the dearer.
  expect(cost(images.aiSdk(png(1092, 1092)))).toBe(1590);
  expect(
    cost({ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }] }),
  ).toBe(1600);
  const shot = {
    type: 'tool_result',
    tool_use_id: 'c',
    content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: png(200, 200) } }],
  };
  expect(cost({ role: 'user', content: [shot] })).toBe(54);
});

test('a PDF costs by its pages, and a document of text what the text does', () => {
  const pdf = Buffer.alloc(120_000, 65).toString('base64');
  const source = { type: 'base64', media_type: 'application/pdf', data: pdf };
  expect(tokensOf([{ role: 'user', content: [{ type: 'document', source }] }]).count).toBe(3 * 2_250 + 7);
  const text = { type: 'text', media_type: 'text/plain', data: megabyte };
  const { count } = tokensOf([{ role: 'user', content: [{ type: 'document', source: text }] }]);
  expect(count / truth).toBeGreaterThan(FEWEST);
});

test('a tokenizer counts exactly, special tokens are text', () => {
  const text = 'Grüße <|endoftext|> 你好';
  const messages = [{ role: 'user', content: text }];
  const exact = countTokens(text, { disallowedSpecial: new Set() });
  expect(tokensOf(messages, { counter: 'o200k_base' })).toEqual({ count: exact + 7, isEstimate: false });
  expect(tokensOf(messages, { counter: (given) => given.length })).toEqual({
    count: text.length + 7,
    isEstimate: false,
  });
});

test('a counter of whole messages decides alone', () => {
  const counter = { message: (message: unknown) => JSON.stringify(message).length };
  const messages = [{ role: 'user', content: 'Hi' }];
  expect(tokensOf(messages, { counter })).toEqual({ count: 30, isEstimate: false });
});

test('a counter that gives no number is refused, not taken for zero', () => {
  const messages = [{ role: 'user', content: 'Hi' }];
  const wrong = [() => Number.NaN, (async () => 3) as unknown as () => number, () => -1];
  for (const counter of wrong) expect(() => tokensOf(messages, { counter })).toThrow(UsageError);
  expect(() => new HistoryGuard({ counter: 'gpt-9' as 'o200k_base' })).toThrow(/o200k_base/);
});
