import { types } from 'node:util';
import { errorKind, errorMembers } from './built-in-error.js';
import { type Form, refuseSymbols, write, writeMembers } from './json-writer.js';
import { nativeName } from './native-name.js';
import { writeForeignPlain } from './other-values.js';
import { MAXIMUM_DEPTH, MAXIMUM_LENGTH, refuse, TOO_DEEP, TOO_LARGE, within } from './refusal.js';

/** The text of one tagged value. Every tag is an object with `$` as its only member, which escaping keeps free. */
export function tag(form: Form, content: string): string {
  if (content.length > MAXIMUM_LENGTH) refuse(TOO_LARGE);
  form.tagged = true;
  return `{"$":${content}}`;
}

/** What identity and storage write the same way; undefined when the value is none of these. */
export function writeTagged(value: object, form: Form, depth: number): string | undefined {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === null) return undefined;
  switch (nativeName(prototype)) {
    case 'Map':
      return types.isMap(value) ? writeMap(value, form, depth) : undefined;
    case 'Set':
      return types.isSet(value) ? writeSet(value, form, depth) : undefined;
    case 'Object':
    case 'Array':
      return writeForeignPlain(value, form, depth);
    default:
      return writeError(value, form, depth);
  }
}

/** Members that somebody hung on a built-in would be lost, so they are refused. */
function refuseMembers(value: object, what: string): void {
  if (Reflect.ownKeys(value).length > 0) refuse(`${what} with members of its own`);
}

/** Whether the value is a genuine Date of some realm, with nothing hung on it. */
export function isPlainDate(value: object): value is Date {
  if (!types.isDate(value) || nativeNameOf(value) !== 'Date') return false;
  refuseMembers(value, 'a Date');
  return true;
}

/** Whether the value is a genuine RegExp of some realm, with nothing hung on it. */
export function isPlainRegExp(value: object): value is RegExp {
  if (!types.isRegExp(value) || nativeNameOf(value) !== 'RegExp') return false;
  if (Reflect.ownKeys(value).length !== 1) refuse('a RegExp with members of its own');
  return true;
}

/** Whether the value is a URL with nothing hung on it. Node has one URL class for all realms. */
export function isPlainUrl(value: object): value is URL {
  if (Object.getPrototypeOf(value) !== URL.prototype) return false;
  refuseMembers(value, 'a URL');
  return true;
}

/** Bytes in base64 if the value is a Uint8Array or a Buffer. Members hung on one are not looked for: that lists every byte. */
export function bytesText(value: object): { readonly buffer: boolean; readonly base64: string } | undefined {
  if (!types.isUint8Array(value)) return undefined;
  const buffer = Object.getPrototypeOf(value) === Buffer.prototype;
  if (!buffer && nativeNameOf(value) !== 'Uint8Array') return undefined;
  return { buffer, base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
}

function nativeNameOf(value: object): string | undefined {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null ? undefined : nativeName(prototype);
}

function writeMap(map: ReadonlyMap<unknown, unknown>, form: Form, depth: number): string {
  refuseMembers(map, 'a Map');
  const entries: string[] = [];
  for (const [key, value] of map) {
    const keyText = part(key, map, `(key of entry ${entries.length})`, form, depth);
    const label = typeof key === 'string' ? `.get(${JSON.stringify(key)})` : `(entry ${entries.length})`;
    entries.push(`[${keyText},${part(value, map, label, form, depth)}]`);
  }
  if (form.sorted) entries.sort();
  return tag(form, `["map",[${entries.join(',')}]]`);
}

function writeSet(set: ReadonlySet<unknown>, form: Form, depth: number): string {
  refuseMembers(set, 'a Set');
  const items: string[] = [];
  for (const item of set) items.push(part(item, set, `(item ${items.length})`, form, depth));
  if (form.sorted) items.sort();
  return tag(form, `["set",[${items.join(',')}]]`);
}

function part(value: unknown, container: object, label: string, form: Form, depth: number): string {
  if (depth > MAXIMUM_DEPTH) refuse(TOO_DEEP);
  try {
    return write(value, form, depth + 1) ?? form.undefinedItem ?? refuse('undefined');
  } catch (thrown) {
    throw within(thrown, container, { label });
  }
}

function writeError(error: object, form: Form, depth: number): string | undefined {
  const kind = errorKind(error);
  if (kind === undefined) return undefined;
  refuseSymbols(error);
  const { hidden, shown } = errorMembers(error);
  const hiddenText = writeMembers(error, [...hidden], form, depth);
  const shownText = writeMembers(error, [...shown], form, depth);
  return tag(form, `["error","${kind}",${hiddenText},${shownText}]`);
}
