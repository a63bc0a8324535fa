import { pathText } from '../../encoding/value-path.js';
import type { BoundaryCode, BoundaryIssue } from '../../errors/boundary.js';
import { describe, looksLikeJson, quoted } from '../describe.js';
import { MOST_ITEMS, type Step } from './values.js';

/** Told of one option: a list of ten thousand wrong items is one mistake, made often. */
export const MOST_ISSUES = 100;

const LONGEST_QUOTE = 80;

/** An option can name many folders or hosts: a model needs a few to see what is meant. */
const MOST_NAMED = 3;

/** Whether the value at a place must not be told. */
export type IsSecret = (steps: readonly Step[]) => boolean;

/** What is wrong with one value, before it is known where the value stands. */
export interface Verdict {
  readonly code: BoundaryCode;
  readonly expected: string;
  readonly hint?: string | undefined;
}

/** A verdict in the form in which it is told. */
export function issueAt(steps: readonly Step[], value: unknown, verdict: Verdict, isSecret?: IsSecret): BoundaryIssue {
  return {
    path: steps.length === 0 ? '' : pathText(steps),
    code: verdict.code,
    expected: verdict.expected,
    received: isSecret?.(steps) === true ? 'a value' : received(value),
    ...(verdict.hint === undefined ? {} : { hint: verdict.hint }),
  };
}

/** A value in at most 80 characters. */
function received(value: unknown): string {
  return typeof value === 'string' && !looksLikeJson(value) ? quoteText(value) : describe(value);
}

/** Text in quotes, in at most 80 characters. */
export function quoteText(text: string): string {
  return quoted(text, LONGEST_QUOTE);
}

/** `"src", "docs" or 4 more`. */
export function someOf(texts: readonly string[]): string {
  const named = texts.slice(0, MOST_NAMED).map(quoteText);
  if (texts.length > MOST_NAMED) named.push(`${texts.length - MOST_NAMED} more`);
  const last = named.pop() ?? '';
  return named.length === 0 ? last : `${named.join(', ')} or ${last}`;
}

/** Said instead of looking at so many. */
export function tooMany(code: BoundaryCode, what: string): BoundaryIssue {
  return { path: '', code, expected: `at most ${MOST_ITEMS} ${what} in one call`, hint: 'Split the call.' };
}
