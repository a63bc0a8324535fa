import { printable } from '../../encoding/printable.js';

const LONGEST_QUOTE = 80;

/**
 * A value in a few words, for a model that is to mend it: never what is inside a list or an object.
 *
 * @param secret - when set, of a string or number only the type is told.
 */
export function describe(value: unknown, secret = false): string {
  switch (typeof value) {
    case 'string':
      return secret ? 'a string' : describeText(value);
    case 'number':
      return secret ? 'a number' : String(value);
    case 'bigint':
      return 'a bigint';
    case 'boolean':
      return secret ? 'a boolean' : String(value);
    case 'undefined':
      return 'nothing';
    case 'object':
      return value === null ? 'null' : describeObject(value);
    default:
      return `a ${typeof value}`;
  }
}

function describeText(text: string): string {
  if (text.length <= LONGEST_QUOTE) return quoted(text);
  const length = text.length.toLocaleString('en-US');
  return `a string of ${length} characters, beginning ${quoted(cut(text, LONGEST_QUOTE))}`;
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (!isPlain(value)) return 'an object that is not plain data';
  const count = Object.keys(value).length;
  return count === 1 ? 'an object with 1 field' : `an object with ${count} fields`;
}

/** What JSON would give: no class instance, no Map, no Date. Other realms count, too. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** Text in quotes that cannot break out of its line. */
export function quoted(text: string): string {
  return JSON.stringify(printable(text));
}

/** The first characters, never half of one. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = /[\ud800-\udbff]/.test(text[length - 1] ?? '') ? length - 1 : length;
  return `${text.slice(0, end)}…`;
}
