import { type Form, quote, write, writeMembers } from '../encoding/json-writer.js';
import { refuseOther } from '../encoding/other-values.js';
import { unencodable } from '../encoding/refusal.js';
import { bytesText, isPlainDate, isPlainRegExp, isPlainUrl, tag, writeTagged } from '../encoding/tagged-values.js';
import type { ProtectedRead } from './options.js';

const exact: Form = {
  sorted: true,
  tags: true,
  loneSurrogates: true,
  undefinedItem: '{"$":"undefined"}',
  rare,
  tagged: false,
};

/**
 * The text by which arguments are told apart. Unlike a fingerprint it never takes one kind of value for another, a Date
 * for its text or undefined for null, because a tool may answer them differently. Members that are undefined count as
 * left out, and their order as none.
 *
 * @throws UnencodableValueError for what has no text: functions, class instances, promises, cycles.
 */
export function argumentText(value: unknown): string {
  try {
    return write(value, exact, 0) ?? (exact.undefinedItem as string);
  } catch (thrown) {
    throw unencodable(thrown);
  }
}

function rare(value: unknown, form: Form, depth: number): string | undefined {
  switch (typeof value) {
    case 'undefined':
      return undefined;
    case 'number':
      return value === 0 ? '0' : tag(form, `"${value}"`);
    case 'bigint':
      return tag(form, `["bigint","${value}"]`);
    case 'object':
      return rareObject(value as object, form, depth) ?? refuseOther(value);
    default:
      return refuseOther(value);
  }
}

function rareObject(value: object, form: Form, depth: number): string | undefined {
  if (Object.getPrototypeOf(value) === null && !Array.isArray(value))
    return writeMembers(value, Object.keys(value), form, depth);
  if (isPlainDate(value)) return tag(form, `["date","${value.getTime()}"]`);
  if (isPlainUrl(value)) return tag(form, `["url",${quote(value.href, form)}]`);
  if (isPlainRegExp(value)) return tag(form, `["regexp",${quote(value.source, form)},"${value.flags}"]`);
  const bytes = bytesText(value);
  if (bytes !== undefined) return tag(form, `["${bytes.buffer ? 'buffer' : 'bytes'}","${bytes.base64}"]`);
  return writeTagged(value, form, depth);
}

/** What an option picks from the input of a call. */
export function picked(
  from: ProtectedRead['entity'] | ProtectedRead['key'],
  input: unknown,
  positional: boolean,
): unknown {
  if (typeof from === 'function') return ofSelector(positional ? from(...(input as unknown[])) : from(input));
  if (typeof from === 'string') return member(input, from);
  return from?.map((field) => member(input, field));
}

/** A promise is of no use here, which is told; that it fails, too, must not end the process. */
function ofSelector(value: unknown): unknown {
  if (value instanceof Promise) value.catch(() => undefined);
  return value;
}

/** Whether a key tells nothing: all that it looks at is missing. */
export function saysNothing(key: unknown): boolean {
  return key === undefined || (Array.isArray(key) && key.every((part) => part === undefined));
}

function member(input: unknown, name: string): unknown {
  return typeof input === 'object' && input !== null ? (input as Readonly<Record<string, unknown>>)[name] : undefined;
}

/**
 * The entities that a picked value names; none when it names nothing. A number and its text are the same entity, and so is
 * a text however its accents are written: a write that spells it in another way must not miss its reads.
 *
 * @throws UnencodableValueError
 */
export function entitiesIn(value: unknown): string[] {
  if (Array.isArray(value) || value instanceof Set) return [...(value as Iterable<unknown>)].flatMap(entitiesIn);
  if (value === undefined || value === null || value === '') return [];
  return [typeof value === 'object' || typeof value === 'function' ? argumentText(value) : String(value).normalize()];
}
