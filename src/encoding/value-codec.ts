import { StoreFormatError } from '../errors/store.js';
import { type Form, quote, refuseSymbols, write, writeMembers } from './json-writer.js';
import { refuseOther } from './other-values.js';
import { refuse, unencodable, within } from './refusal.js';
import { revive } from './revive.js';
import { bytesText, isPlainDate, isPlainRegExp, isPlainUrl, tag, writeTagged } from './tagged-values.js';
import { UndecodableValueError } from './undecodable-value-error.js';

/** The version of the value format. A text tells its form by its first character, so old texts stay readable. */
export const VALUE_FORMAT = 1;

/** The rest of the text is JSON and means what it says. */
const PLAIN = 'j';
/** The rest of the text is JSON in which `$` marks what JSON has no word for. */
const TAGGED = 't';

/**
 * The stored text of a value: what `decodeValue` makes of it is deep-equal to the value and of the same types.
 * Beyond JSON it keeps undefined, holes, NaN, infinities, -0, bigint, Date, Map, Set, URL, RegExp, Uint8Array,
 * Buffer, built-in errors (without their stack), null prototypes and every text. Shared parts come back as
 * copies. Runs getters and no other code of the value; `toJSON` is never called.
 *
 * @throws UnencodableValueError with the path, for functions, symbols, class instances, promises, cycles,
 *   other binary types, arrays with named members, and members that throw when they are read.
 */
export function encodeValue(value: unknown): string {
  const form: Form = {
    sorted: false,
    tags: true,
    loneSurrogates: true,
    undefinedItem: undefined,
    rare,
    sparse: writeSparse,
    tagged: false,
  };
  try {
    const text = write(value, form, 0) ?? refuseOther(value);
    return (form.tagged ? TAGGED : PLAIN) + text;
  } catch (thrown) {
    throw unencodable(thrown);
  }
}

/**
 * The value that `encodeValue` wrote.
 *
 * @throws StoreFormatError when a newer version of the library wrote the text.
 * @throws UndecodableValueError when the text is not what any version wrote.
 */
export function decodeValue(text: string): unknown {
  const form = text.charAt(0);
  if (form === '') throw new UndecodableValueError({ what: 'is empty' });
  if (form !== PLAIN && form !== TAGGED) throw newerForm(form);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.slice(1));
  } catch {
    // The parser's message quotes the text, which may hold secrets, so it is not passed on.
    throw new UndecodableValueError({ what: 'is not valid JSON' });
  }
  return form === PLAIN ? parsed : revive(parsed);
}

function newerForm(found: string): StoreFormatError {
  return new StoreFormatError({
    store: 'a value in it',
    field: 'value form',
    found: JSON.stringify(found),
    expected: `${JSON.stringify(PLAIN)} and ${JSON.stringify(TAGGED)}`,
    remedy: 'A newer version of mycelium-runtime wrote the value. Read it with that version.',
  });
}

function rare(value: unknown, form: Form, depth: number): string {
  switch (typeof value) {
    case 'undefined':
      return tag(form, '"undefined"');
    case 'number':
      return tag(form, value === 0 ? '"-0"' : `"${value}"`);
    case 'bigint':
      return tag(form, `["bigint","${value}"]`);
    case 'object':
      return rareObject(value as object, form, depth) ?? refuseOther(value);
    default:
      return refuseOther(value);
  }
}

function rareObject(value: object, form: Form, depth: number): string | undefined {
  if (Object.getPrototypeOf(value) === null && !Array.isArray(value)) {
    return tag(form, `["bare",${writeMembers(value, Object.keys(value), form, depth)}]`);
  }
  if (isPlainDate(value)) return tag(form, `["date",${JSON.stringify(value.getTime())}]`);
  if (isPlainUrl(value)) return tag(form, `["url",${quote(value.href, form)}]`);
  if (isPlainRegExp(value)) return writeRegExp(value, form, depth);
  const bytes = bytesText(value);
  if (bytes !== undefined) return tag(form, `["${bytes.buffer ? 'buffer' : 'bytes'}","${bytes.base64}"]`);
  return writeTagged(value, form, depth);
}

function writeRegExp(expression: RegExp, form: Form, depth: number): string {
  const lastIndex: unknown = expression.lastIndex;
  if (typeof lastIndex !== 'number') return refuse('a RegExp whose lastIndex is no number');
  const cursor = lastIndex === 0 && !Object.is(lastIndex, -0) ? '' : `,${write(lastIndex, form, depth + 1)}`;
  return tag(form, `["regexp",${quote(expression.source, form)},"${expression.flags}"${cursor}]`);
}

/** Only what is there, by index: an array may have far more holes than items. */
function writeSparse(array: readonly unknown[], form: Form, depth: number): string {
  refuseSymbols(array);
  const entries: string[] = [];
  for (const key of Object.keys(array)) {
    const index = Number(key);
    if (String(index) !== key || !Number.isInteger(index) || index < 0 || index >= array.length)
      refuse('an array with named members');
    try {
      entries.push(`[${index},${write(array[index], form, depth + 1)}]`);
    } catch (thrown) {
      throw within(thrown, array, index);
    }
  }
  return tag(form, `["sparse",${array.length},[${entries.join(',')}]]`);
}
