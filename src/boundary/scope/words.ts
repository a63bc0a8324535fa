import { pathText } from '../../encoding/value-path.js';
import type { BoundaryCode, BoundaryIssue } from '../../errors/boundary.js';
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
    received: isSecret?.(steps) === true ? 'a value' : describeValue(value),
    ...(verdict.hint === undefined ? {} : { hint: verdict.hint }),
  };
}

/** A value in at most 80 characters: text in quotes, and of an object nothing but that it is one. */
function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoteText(value);
    case 'number':
    case 'boolean':
      return String(value);
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
    case 'undefined':
      return 'nothing';
    default:
      return `a ${typeof value}`;
  }
}

/** Everything that does not print as itself is escaped, so that what deceived a program does not deceive a reader. */
export function quoteText(text: string): string {
  let quoted = '"';
  for (const character of text) {
    const piece = escaped(character);
    if (quoted.length + piece.length > LONGEST_QUOTE - 2) return `${quoted}…"`;
    quoted += piece;
  }
  return `${quoted}"`;
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  if (character === ' ' || !/[\s\p{C}\p{Default_Ignorable_Code_Point}]/u.test(character)) return character;
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
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
