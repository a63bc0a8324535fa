import type { BoundaryCode } from '../../errors/boundary.js';
import type { Finding } from './finding.js';
import type { KnownFields } from './known-fields.js';
import { isNode, own, type SchemaNode, type Step } from './node.js';
import type { StandardIssue } from './standard.js';

/** The top level of an object. `strict_object` refuses others itself, and the rest are open. */
export function valibotFields(schema: unknown): KnownFields | undefined {
  const entries = own(schema, 'entries');
  if (!isNode(entries)) return undefined;
  const fields = new Map(Object.keys(entries).map((name) => [name, null]));
  return { fields, closed: own(schema, 'type') === 'object' };
}

/** Deeper than any schema that is written by hand; one that holds itself ends here. */
const DEEPEST = 16;

const TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  boolean: 'boolean',
  null: 'null',
  bigint: 'bigint',
  date: 'date',
  array: 'array',
  tuple: 'array',
  record: 'object',
  object: 'object',
  strict_object: 'object',
  loose_object: 'object',
  object_with_rest: 'object',
};

/** A schema of valibot as JSON Schema, as far as words and repairs need it: valibot itself cannot write it. */
export function valibotNode(schema: unknown, depth = 0): SchemaNode {
  const type = own(schema, 'type');
  if (depth > DEEPEST || typeof type !== 'string') return {};
  const inner = own(schema, 'wrapped');
  if (isNode(inner)) {
    const node = valibotNode(inner, depth + 1);
    return type === 'nullable' || type === 'nullish' ? { anyOf: [node, { type: 'null' }] } : node;
  }
  const options = own(schema, 'options');
  if (type === 'literal') return { const: own(schema, 'literal') };
  if ((type === 'picklist' || type === 'enum') && Array.isArray(options)) return { enum: options };
  if (Array.isArray(options)) return { anyOf: options.map((option) => valibotNode(option, depth + 1)) };
  const pipe = own(schema, 'pipe');
  return {
    type: own(TYPES, type),
    ...objectNode(own(schema, 'entries'), depth),
    ...(isNode(own(schema, 'item')) ? { items: valibotNode(own(schema, 'item'), depth + 1) } : {}),
    ...Object.assign({}, ...(Array.isArray(pipe) ? pipe.slice(1) : []).map((action) => actionNode(action, type))),
  };
}

function objectNode(entries: unknown, depth: number): SchemaNode {
  if (!isNode(entries)) return {};
  const properties: Record<string, SchemaNode> = Object.create(null);
  for (const [name, entry] of Object.entries(entries)) properties[name] = valibotNode(entry, depth + 1);
  const required = Object.keys(entries).filter((name) => !MAY_BE_LEFT_OUT.includes(own(entries[name], 'type')));
  return { properties, required };
}

const MAY_BE_LEFT_OUT: readonly unknown[] = ['optional', 'exact_optional', 'nullish'];

const FORMATS: Readonly<Record<string, string>> = {
  email: 'email',
  url: 'uri',
  uuid: 'uuid',
  ipv4: 'ipv4',
  ipv6: 'ipv6',
  iso_date: 'date',
  iso_timestamp: 'date-time',
};

function actionNode(action: unknown, type: string): SchemaNode {
  const name = String(own(action, 'type'));
  const limit = own(action, 'requirement');
  const unit = type === 'array' ? 'Items' : 'Length';
  const format = own(FORMATS, name);
  if (format !== undefined) return { format };
  switch (name) {
    case 'integer':
    case 'safe_integer':
      return { type: 'integer' };
    case 'min_value':
      return { minimum: limit };
    case 'max_value':
      return { maximum: limit };
    case 'gt_value':
      return { exclusiveMinimum: limit };
    case 'lt_value':
      return { exclusiveMaximum: limit };
    case 'multiple_of':
      return { multipleOf: limit };
    case 'length':
      return { [`min${unit}`]: limit, [`max${unit}`]: limit };
    case 'min_length':
      return { [`min${unit}`]: limit };
    case 'non_empty':
      return { [`min${unit}`]: 1 };
    case 'max_length':
      return { [`max${unit}`]: limit };
    case 'regex':
      return limit instanceof RegExp ? { pattern: limit.source } : {};
    default:
      return {};
  }
}

const CODES: Readonly<Record<string, BoundaryCode>> = {
  regex: 'pattern',
  integer: 'type',
  safe_integer: 'type',
  finite: 'type',
  ...codes('choice', ['picklist', 'enum', 'literal', 'variant']),
  ...codes('length', ['length', 'min_length', 'max_length', 'non_empty', 'size', 'min_size', 'max_size']),
  ...codes('range', ['min_value', 'max_value', 'gt_value', 'lt_value', 'multiple_of', 'value']),
  ...codes('format', [...Object.keys(FORMATS), 'ip', 'iso_time', 'iso_date_time']),
};

function codes(code: BoundaryCode, names: readonly string[]): Readonly<Record<string, BoundaryCode>> {
  return Object.fromEntries(names.map((name) => [name, code]));
}

/** Its default messages repeat the value, so they are told only when the user wrote them. */
export function valibotFinding(issue: StandardIssue, path: readonly Step[]): Finding {
  const type = String(own(issue, 'type'));
  const ofSchema = own(issue, 'kind') === 'schema';
  if (type === 'strict_object' && own(issue, 'expected') === 'never') return { path, code: 'unknown-field' };
  const code = own(CODES, type) as BoundaryCode | undefined;
  const message = issue.message.startsWith('Invalid ') ? undefined : issue.message;
  return { path, code: code ?? (ofSchema ? 'type' : 'invalid'), message };
}
