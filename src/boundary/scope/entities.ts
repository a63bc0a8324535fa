import type { BoundaryIssue } from '../../errors/boundary.js';
import { type Field, findValues } from './values.js';
import { type IsSecret, issueAt, MOST_ISSUES, tooMany } from './words.js';

/** Longer than any name of a thing, and short enough for a pattern that tries many ways. */
const LONGEST_ENTITY = 1000;

/** The option `entityPattern`, checked. */
export interface EntityRule {
  readonly fields: readonly Field[];
  readonly matches: (text: string) => boolean;
  /** The pattern, for a model. */
  readonly expected: string;
}

/** Which entities of a call, named by text or number, are not of the kind that the tool is for. */
export function checkEntities(
  rule: EntityRule,
  input: unknown,
  isSecret: IsSecret | undefined,
): readonly BoundaryIssue[] {
  const found = findValues(input, rule.fields);
  if (found === undefined) return [tooMany('entity-mismatch', 'entities')];
  const verdict = { code: 'entity-mismatch', expected: rule.expected } as const;
  const issues: BoundaryIssue[] = [];
  for (const { steps, value } of found) {
    if (issues.length === MOST_ISSUES) break;
    const text = entityText(value);
    const matches = text !== undefined && text.length <= LONGEST_ENTITY && rule.matches(text);
    if (!matches) issues.push(issueAt(steps, value, verdict, isSecret));
  }
  return issues;
}

function entityText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'bigint' || Number.isFinite(value) ? String(value) : undefined;
}

/**
 * Whether a pattern matches the whole of a text. The pattern is copied without what would make it remember
 * where it stopped; its own `^`, `$` and alternatives keep their meaning.
 */
export function wholeMatcher(pattern: RegExp): (text: string) => boolean {
  const whole = new RegExp(`(?<![\\s\\S])(?:${pattern.source})(?![\\s\\S])`, pattern.flags.replace(/[gy]/g, ''));
  return (text) => whole.test(text);
}
