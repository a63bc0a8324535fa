import { createRequire } from 'node:module';
import { UsageError } from '../../errors/usage.js';
import { isPeerMissing } from '../../store/optional-peer.js';
import { estimateTokens } from './estimate.js';

/** Encodings of `gpt-tokenizer`, an optional peer, which is loaded only when one is asked for. */
export type TokenizerName = 'o200k_base' | 'o200k_harmony' | 'cl100k_base';

/**
 * How tokens are counted. Synchronous, so that a check is one step.
 * - a function: the tokens of a text; messages, calls and media are put together from it.
 * - `{ message }`: the tokens of one message of the list, all in all.
 * - a name: the tokenizer of that name.
 */
export type TokenCounter =
  | TokenizerName
  | ((text: string) => number)
  | { readonly message: (message: unknown) => number };

/** A counter, ready to count. */
export interface Counter {
  readonly text: (text: string) => number;
  readonly message: ((message: unknown) => number) | undefined;
  /** The texts are not counted but estimated. */
  readonly isEstimate: boolean;
}

const names: readonly TokenizerName[] = ['o200k_base', 'o200k_harmony', 'cl100k_base'];

export function counterOf(given: TokenCounter | undefined): Counter {
  if (given === undefined) return { text: estimateTokens, message: undefined, isEstimate: true };
  if (typeof given === 'function') return { text: checked(given), message: undefined, isEstimate: false };
  if (typeof given === 'object' && given !== null && typeof given.message === 'function') {
    return { text: estimateTokens, message: checked((message) => given.message(message)), isEstimate: false };
  }
  if (!names.includes(given as TokenizerName)) {
    throw wrong(`cannot be ${JSON.stringify(given)}`, `Give a function, { message }, or ${names.join(', ')}.`);
  }
  return { text: tokenizer(given as TokenizerName), message: undefined, isEstimate: false };
}

/** A counter that gives no number would make every limit hold. */
function checked<Given>(count: (given: Given) => number): (given: Given) => number {
  return (given) => {
    const tokens: unknown = count(given);
    if (typeof tokens === 'number' && tokens >= 0 && Number.isFinite(tokens)) return tokens;
    const what = tokens instanceof Promise ? 'a promise' : String(tokens);
    throw wrong(`gave ${what}, not a number of tokens`, 'A counter answers at once; load the tokenizer before.');
  };
}

interface Tokenizer {
  readonly countTokens: (text: string, options: { readonly disallowedSpecial: Set<string> }) => number;
}

function tokenizer(name: TokenizerName): (text: string) => number {
  const file = `gpt-tokenizer/encoding/${name}`;
  // Text that looks like a special token is text.
  const options = { disallowedSpecial: new Set<string>() };
  try {
    const { countTokens } = createRequire(import.meta.url)(file) as Tokenizer;
    return (text) => countTokens(text, options);
  } catch (error) {
    if (!isPeerMissing(error, 'gpt-tokenizer') && !isPeerMissing(error, file)) throw error;
    const missing = wrong(
      'needs gpt-tokenizer, which is not installed',
      'Run: npm install gpt-tokenizer. Without a counter, tokens are estimated.',
    );
    missing.cause = error;
    throw missing;
  }
}

function wrong(problem: string, remedy: string): UsageError {
  return new UsageError({ place: 'new HistoryGuard({ counter })', problem, remedy });
}
