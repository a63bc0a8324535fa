import { cut, quoted } from '../describe.js';
import { choicesOf, isNode, own, type SchemaNode } from './node.js';

const MOST_CHOICES = 20;
const LONGEST_CHOICE = 40;
const LONGEST_PATTERN = 120;
const LONGEST = 300;

/** What a place should hold, in words that let a model mend its call; undefined when nothing is known of it. */
export function expectation(nodes: readonly SchemaNode[]): string | undefined {
  const parts = new Set<string>();
  for (const node of nodes) {
    const text = nodeText(node);
    if (text !== undefined) parts.add(text);
    if (node['nullable'] === true) parts.add('null');
  }
  return parts.size === 0 ? undefined : cut([...parts].join(', or '), LONGEST);
}

/** Which fields there are, for a call that named another. */
export function fieldsText(names: Iterable<string>): string {
  const all = [...names];
  if (all.length === 0) return 'no fields at all';
  return cut(`only ${all.length === 1 ? 'the field' : 'the fields'} ${list(all)}`, LONGEST);
}

function nodeText(node: SchemaNode): string | undefined {
  const choices = choicesOf(node);
  if (choices !== undefined) return choices.length === 1 ? choiceText(choices[0]) : `one of ${list(choices)}`;
  const type = node['type'];
  if (Array.isArray(type)) return type.map((name) => typeText({ ...node, type: name }, name)).join(' or ');
  return typeText(node, type);
}

function typeText(node: SchemaNode, type: unknown): string | undefined {
  switch (type) {
    case 'string':
      return stringText(node);
    case 'integer':
      return `an integer${rangeText(node)}`;
    case 'number':
      return `a number${rangeText(node)}`;
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'array':
      return arrayText(node);
    case 'object':
      return objectText(node);
    default:
      return typeof type === 'string' ? `a ${type}` : undefined;
  }
}

const FORMATS: Readonly<Record<string, string>> = {
  date: 'a date, e.g. 2026-01-31',
  'date-time': 'a date and time with its offset, e.g. 2026-01-31T09:30:00Z',
  time: 'a time, e.g. 09:30:00',
  duration: 'an ISO 8601 duration, e.g. PT15M',
  email: 'an email address, e.g. ada@example.com',
  uri: 'a URL, e.g. https://example.com/page',
  uuid: 'a UUID, e.g. 3f2b8c1e-9d4a-4c6b-8a27-5e1f0d9c7b36',
  ipv4: 'an IPv4 address, e.g. 192.0.2.1',
  ipv6: 'an IPv6 address, e.g. 2001:db8::1',
  hostname: 'a host name, e.g. www.example.com',
};

function stringText(node: SchemaNode): string {
  const format = node['format'];
  const known = typeof format === 'string' ? own(FORMATS, format) : undefined;
  const size = amount(node['minLength'], node['maxLength'], 'character');
  // A schema library adds the pattern that it checks a format with: the format says more.
  const whole = known === undefined ? node['wholePattern'] : undefined;
  const part = known === undefined ? node['pattern'] : undefined;
  let text = typeof known === 'string' ? known : typeof format === 'string' ? `a string in the format ${format}` : '';
  if (text === '') text = 'a string';
  if (size !== '') text += known === undefined ? ` of ${size}` : `, of ${size}`;
  if (typeof whole === 'string') text += ` that matches ${cut(whole, LONGEST_PATTERN)} as a whole`;
  if (typeof part === 'string') text += ` that matches ${cut(part, LONGEST_PATTERN)}`;
  return text;
}

function rangeText(node: SchemaNode): string {
  const least = node['minimum'];
  const most = node['maximum'];
  const above = node['exclusiveMinimum'];
  const under = node['exclusiveMaximum'];
  const parts: string[] = [];
  if (isLimit(least) && isLimit(most)) parts.push(`from ${least} to ${most}`);
  else if (isLimit(least)) parts.push(`of at least ${least}`);
  else if (isLimit(most)) parts.push(`of at most ${most}`);
  if (isLimit(above)) parts.push(`greater than ${above}`);
  if (isLimit(under)) parts.push(`less than ${under}`);
  const step = node['multipleOf'];
  if (typeof step === 'number') parts.push(`divisible by ${step}`);
  return parts.length === 0 ? '' : ` ${parts.join(' and ')}`;
}

/** The ends of what a number can count exactly are no limit worth telling. */
function isLimit(value: unknown): boolean {
  return (typeof value === 'number' && Math.abs(value) !== Number.MAX_SAFE_INTEGER) || typeof value === 'bigint';
}

function arrayText(node: SchemaNode): string {
  const size = amount(node['minItems'], node['maxItems'], 'item');
  const item = isNode(node['items']) ? nodeText(node['items']) : undefined;
  return `a list${size === '' ? '' : ` of ${size}`}${item === undefined ? '' : `, each ${item}`}`;
}

function objectText(node: SchemaNode): string {
  const properties = node['properties'];
  const names = isNode(properties) ? Object.keys(properties) : [];
  if (names.length === 0) return 'an object';
  return `an object with the ${names.length === 1 ? 'field' : 'fields'} ${list(names)}`;
}

function amount(least: unknown, most: unknown, unit: string): string {
  const units = (count: unknown): string => `${count} ${unit}${count === 1 ? '' : 's'}`;
  const from = typeof least === 'number' && least > 0 ? least : undefined;
  if (typeof most !== 'number') return from === undefined ? '' : `at least ${units(from)}`;
  if (from === undefined) return `at most ${units(most)}`;
  return from === most ? `exactly ${units(most)}` : `${from} to ${units(most)}`;
}

function list(choices: readonly unknown[]): string {
  const shown = choices.slice(0, MOST_CHOICES).map(choiceText).join(', ');
  const more = choices.length - MOST_CHOICES;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function choiceText(choice: unknown): string {
  if (typeof choice === 'string') return quoted(cut(choice, LONGEST_CHOICE));
  return typeof choice === 'object' && choice !== null ? cut(JSON.stringify(choice), LONGEST_CHOICE) : String(choice);
}
