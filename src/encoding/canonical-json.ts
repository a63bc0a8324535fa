import { type Form, write, writeMembers } from './json-writer.js';
import { refuseOther, writeForeignPlain } from './other-values.js';
import { unencodable } from './refusal.js';

const canonical: Form = {
  sorted: true,
  tags: false,
  loneSurrogates: false,
  undefinedItem: undefined,
  rare,
  tagged: false,
};

/**
 * The canonical JSON text of plain data, after RFC 8785: members in the order of their names' UTF-16 units,
 * numbers as ECMAScript prints them, no white space. Members that are undefined are left out.
 *
 * @throws UnencodableValueError for everything that JSON has no word for: undefined as the value itself or as
 *   an item, NaN, infinities, bigint, functions, symbols, class instances (Date and Map included), cycles,
 *   text with half a surrogate pair.
 */
export function canonicalJson(value: unknown): string {
  try {
    return write(value, canonical, 0) ?? refuseOther(value);
  } catch (thrown) {
    throw unencodable(thrown, 'plain JSON data');
  }
}

function rare(value: unknown, form: Form, depth: number): string | undefined {
  if (value === undefined) return undefined;
  if (Object.is(value, -0)) return '0';
  if (typeof value !== 'object' || value === null) return refuseOther(value);
  if (Object.getPrototypeOf(value) === null && !Array.isArray(value))
    return writeMembers(value, Object.keys(value), form, depth);
  return writeForeignPlain(value, form, depth) ?? refuseOther(value);
}
