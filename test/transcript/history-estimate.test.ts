import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { estimateTokens } from '../../src/transcript/history/estimate.js';
import { chats, documents } from './history-holdout.js';

// What the comment of the estimate says of it.
const bounds = { documents: [0.9, 1.25], chats: [0.85, 1.5] } as const;

const shareOf = (text: string): number => estimateTokens(text) / countTokens(text);

test.each([
  ...Object.entries(documents).map(([name, text]) => ({ name, text, kind: 'documents' as const })),
  ...Object.entries(chats).map(([name, text]) => ({ name, text, kind: 'chats' as const })),
])('a text that the estimate was not fitted to: $name', ({ text, kind }) => {
  const [least, most] = bounds[kind];
  expect(shareOf(text)).toBeGreaterThan(least);
  expect(shareOf(text)).toBeLessThan(most);
});
