import { encodeValue } from './value-codec.js';

/**
 * Any value that can be stored, as JSON shows it: what JSON has no word for is tagged as in the store, e.g.
 * `{ "$": ["bigint", "10"] }`, so that nothing looks like something else.
 */
export function valueAsJson(value: unknown): unknown {
  // The first character tells the form of the text behind it.
  return JSON.parse(encodeValue(value).slice(1));
}
