import { nearest } from '../../encoding/nearest.js';
import { pathText } from '../../encoding/value-path.js';
import type { BoundaryCode, BoundaryIssue } from '../../errors/boundary.js';
import { cut, describe } from '../describe.js';
import { expectation, fieldsText } from './expectation.js';
import { nodesAt, own, type SchemaNode, type Step } from './node.js';

/** One thing that is wrong, before it is put into words. */
export interface Finding {
  readonly path: readonly Step[];
  readonly code: BoundaryCode;
  /** Said instead of what the schema expects there. */
  readonly expected?: string | undefined;
  /** Which fields there are, where another was named. */
  readonly fields?: readonly string[] | undefined;
  /** What the finding itself tells of the schema, where the schema cannot be read. */
  readonly node?: SchemaNode | undefined;
  readonly hint?: string | undefined;
  /** Words of the library behind the schema, for what the schema itself does not tell. Never told of a secret. */
  readonly fallback?: string | undefined;
  /** Words of a schema's author, which may repeat the value: never told of a secret. */
  readonly message?: string | undefined;
}

/** What a check says: the value that the tool gets, or what is wrong. */
export type Checked =
  | { readonly value: unknown; readonly findings?: undefined }
  | { readonly findings: readonly Finding[] };

/** Told of one value. A list of ten thousand wrong items is one mistake, made often. */
const MOST_ISSUES = 100;
const LONGEST_STEP = 60;
const LONGEST_PATH = 200;
const LONGEST_MESSAGE = 200;

/** Whether the value at a place must not be told. */
export type SecretRule = (path: readonly Step[]) => boolean;

/** The findings in words, in their order and each once. */
export function issuesOf(
  findings: readonly Finding[],
  input: unknown,
  schema: SchemaNode | undefined,
  isSecret: SecretRule | undefined,
): readonly BoundaryIssue[] {
  const issues = new Map<string, BoundaryIssue>();
  for (const finding of findings) {
    if (issues.size === MOST_ISSUES) break;
    const issue = issueOf(finding, input, schema, isSecret);
    const key = `${issue.code} ${issue.path} ${issue.expected}`;
    if (!issues.has(key)) issues.set(key, issue);
  }
  return [...issues.values()];
}

function issueOf(
  finding: Finding,
  input: unknown,
  schema: SchemaNode | undefined,
  isSecret: SecretRule | undefined,
): BoundaryIssue {
  const { path, hint } = finding;
  if (finding.code === 'unknown-field') return unknownField(path, finding.fields);
  const value = valueAt(input, path);
  // A vendor may call a field that is not there by the type that it misses.
  const absent = value === undefined && path.length > 0;
  const code = absent && finding.code !== 'invalid' ? 'missing' : finding.code;
  const secret = isSecret !== undefined && isSecret(path);
  const words = (text: string | undefined) => (secret || text === undefined ? undefined : cut(text, LONGEST_MESSAGE));
  const message = words(finding.message);
  const library = words(finding.fallback);
  const told = finding.expected ?? (finding.code === 'invalid' ? (message ?? library) : undefined);
  const expected =
    told ?? expectation(nodesAt(schema, path)) ?? (finding.node && expectation([finding.node])) ?? message ?? library;
  const advice = hint ?? (message === undefined || message === expected ? undefined : message);
  return {
    path: issuePath(path),
    code,
    expected: expected ?? 'a valid value',
    ...(code !== 'missing' && !absent ? { received: describe(value, secret) } : {}),
    ...(advice === undefined ? {} : { hint: advice }),
  };
}

/** A field that there is not. What it holds is not told: nobody knows what it is. */
function unknownField(path: readonly Step[], fields: readonly string[] | undefined): BoundaryIssue {
  const meant = nearest(String(path.at(-1)), fields ?? []);
  return {
    path: issuePath(path),
    code: 'unknown-field',
    expected: fields === undefined ? 'no such field' : fieldsText(fields),
    hint: meant === undefined ? 'Leave it out.' : `Did you mean ${JSON.stringify(meant)}?`,
  };
}

/** Where it is, at a bounded length: a model chooses the names of unknown fields. */
export function issuePath(path: readonly Step[]): string {
  if (path.length === 0) return '';
  return cut(pathText(path.map((step) => (typeof step === 'string' ? cut(step, LONGEST_STEP) : step))), LONGEST_PATH);
}

/** What stands there; undefined when nothing does, or when it cannot be read. */
export function valueAt(input: unknown, path: readonly Step[]): unknown {
  try {
    let value = input;
    for (const step of path) value = own(value, step);
    return value;
  } catch {
    return undefined;
  }
}
