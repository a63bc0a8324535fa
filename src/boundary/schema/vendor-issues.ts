import type { BoundaryCode } from '../../errors/boundary.js';
import type { Finding } from './finding.js';
import { own, type SchemaNode, type Step } from './node.js';
import type { StandardIssue } from './standard.js';
import { valibotFinding } from './valibot.js';

/** What zod, valibot and arktype tell of an issue beside what the standard asks for. */
type Told = StandardIssue & Readonly<Record<string, unknown>>;

/** The issues of any vendor, with what can be known of each. */
export function standardFindings(vendor: string, issues: readonly StandardIssue[]): readonly Finding[] {
  return issues.flatMap((issue) => {
    const told = issue as Told;
    const path = pathOf(issue);
    if (vendor === 'zod') return zodFindings(told, path);
    if (vendor === 'valibot') return [valibotFinding(issue, path)];
    if (vendor === 'arktype') return [arktypeFinding(told, path)];
    return [{ path, code: 'invalid', message: issue.message }];
  });
}

function pathOf({ path }: StandardIssue): readonly Step[] {
  return Array.from(path ?? [], (segment) => {
    const key = typeof segment === 'object' && segment !== null ? segment.key : segment;
    return typeof key === 'number' ? key : String(key);
  });
}

/** What zod says when its user set no message. */
const DEFAULT_MESSAGE = /^(Invalid|Too |Unrecognized)/;

function zodFindings(issue: Told, path: readonly Step[]): readonly Finding[] {
  const message = DEFAULT_MESSAGE.test(issue.message) ? undefined : issue.message;
  const finding = (code: BoundaryCode, node?: SchemaNode): readonly Finding[] => [{ path, code, node, message }];
  switch (issue['code']) {
    case 'invalid_type':
      return finding(issue['expected'] === 'nonoptional' ? 'missing' : 'type', typeNode(issue['expected']));
    case 'too_small':
    case 'too_big':
      return finding(isSize(issue['origin']) ? 'length' : 'range', limitNode(issue));
    case 'not_multiple_of':
      return finding('range', { type: 'number', multipleOf: issue['divisor'] });
    case 'invalid_format':
      return issue['format'] === 'regex'
        ? finding('pattern', { type: 'string', pattern: issue['pattern'] })
        : finding('format', { type: 'string', format: FORMATS[String(issue['format'])] ?? issue['format'] });
    case 'invalid_value':
      return finding('choice', { enum: issue['values'] });
    case 'unrecognized_keys':
      return (Array.isArray(issue['keys']) ? issue['keys'] : []).map((key) => ({
        path: [...path, String(key)],
        code: 'unknown-field',
      }));
    case 'invalid_union':
      return unionFindings(issue, path) ?? finding('type', optionsNode(issue));
    default:
      return [{ path, code: 'invalid', message: issue.message }];
  }
}

/** When one of the alternatives was clearly meant, what is wrong with it. */
function unionFindings(issue: Told, path: readonly Step[]): readonly Finding[] | undefined {
  const errors = Array.isArray(issue['errors']) ? (issue['errors'] as readonly (readonly Told[])[]) : [];
  const meant = errors.filter((list) => list.every((one) => pathOf(one).length > 0 || one['code'] !== 'invalid_type'));
  if (meant.length !== 1) return undefined;
  return (meant[0] as readonly Told[]).flatMap((one) => zodFindings(one, [...path, ...pathOf(one)]));
}

function optionsNode(issue: Told): SchemaNode | undefined {
  return Array.isArray(issue['options']) ? { enum: issue['options'] } : undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  int: 'integer',
  record: 'object',
  tuple: 'array',
  nan: 'NaN',
};

const FORMATS: Readonly<Record<string, string>> = { datetime: 'date-time', url: 'uri', guid: 'uuid' };

function typeNode(expected: unknown): SchemaNode | undefined {
  // That something must be there says nothing of what.
  if (expected === 'nonoptional') return undefined;
  return typeof expected === 'string' ? { type: own(TYPES, expected) ?? expected } : undefined;
}

function isSize(origin: unknown): boolean {
  return origin !== 'number' && origin !== 'int' && origin !== 'bigint' && origin !== 'date';
}

function limitNode(issue: Told): SchemaNode {
  const { origin, minimum, maximum, inclusive } = issue;
  if (origin === 'string') return { type: 'string', minLength: minimum, maxLength: maximum };
  if (isSize(origin)) return { type: 'array', minItems: minimum, maxItems: maximum };
  const type = origin === 'number' ? 'number' : origin === 'date' ? 'date' : 'integer';
  return inclusive === false
    ? { type, exclusiveMinimum: minimum, exclusiveMaximum: maximum }
    : { type, minimum, maximum };
}

const ARKTYPE_CODES: Readonly<Record<string, BoundaryCode>> = {
  required: 'missing',
  pattern: 'pattern',
  domain: 'type',
  proto: 'type',
  unit: 'choice',
  minLength: 'length',
  maxLength: 'length',
  exactLength: 'length',
  min: 'range',
  max: 'range',
  divisor: 'range',
  before: 'range',
  after: 'range',
};

/** Its messages repeat the value; what it expected does not, but for a union. */
function arktypeFinding(issue: Told, path: readonly Step[]): Finding {
  const code = String(issue['code']);
  const told = typeof issue['expected'] === 'string' ? issue['expected'] : '';
  const expected = code === 'union' ? (/^(?:\S+ )?must be ([^(]*) \(was /.exec(told)?.[1] ?? '') : told;
  if (expected === 'removed') return { path, code: 'unknown-field' };
  return { path, code: arktypeCode(code, expected), fallback: expected || undefined };
}

const CHOICE = /^("[^"]*"|null|-?[\d.]+)(, ("[^"]*"|null|-?[\d.]+))* or ("[^"]*"|null|-?[\d.]+)$/;

/** A choice of values or types has no code of its own. */
function arktypeCode(code: string, expected: string): BoundaryCode {
  if (code === 'pattern' && !expected.startsWith('matched by')) return 'format';
  if (code !== 'predicate' && code !== 'union') return (own(ARKTYPE_CODES, code) ?? 'invalid') as BoundaryCode;
  if (CHOICE.test(expected)) return 'choice';
  return code === 'union' || expected.includes(' or ') ? 'type' : 'invalid';
}
