import { StoreFormatError } from '../errors/store.js';
import { buildError, define, isErrorKind } from './built-in-error.js';
import { UndecodableValueError } from './undecodable-value-error.js';

type Members = Record<string, unknown>;

/**
 * Turns what JSON.parse made of a tagged text into the value, in place where no name was escaped.
 *
 * @throws StoreFormatError for a tag of a newer version.
 * @throws UndecodableValueError for a tag whose content does not fit it.
 */
export function revive(parsed: unknown): unknown {
  try {
    return reviveAny(parsed);
  } catch (thrown) {
    if (thrown instanceof StoreFormatError || thrown instanceof UndecodableValueError) throw thrown;
    // What a constructor says about malformed content (a RegExp source, a URL) quotes it, so only the fact is kept.
    throw new UndecodableValueError({
      what: thrown instanceof RangeError ? 'is nested too deep or out of range' : 'holds malformed content',
    });
  }
}

function reviveAny(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? reviveItems(value) : reviveMembers(value as Members);
}

function reviveItems(items: unknown[]): unknown[] {
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (typeof item === 'object' && item !== null) items[index] = reviveAny(item);
  }
  return items;
}

function reviveMembers(members: Members): unknown {
  if (Object.hasOwn(members, '$')) {
    if (Object.keys(members).length !== 1) malformed('a tag with members beside it');
    return typeof members['$'] === 'string' ? reviveAtom(members['$']) : reviveTag(list(members['$']));
  }
  const names = Object.keys(members);
  let escaped = false;
  for (const name of names) {
    if (name.startsWith('$')) escaped = true;
    const member = members[name];
    // Assigning to a member that is the object's own sets no prototype, whatever its name.
    if (typeof member === 'object' && member !== null) members[name] = reviveAny(member);
  }
  return escaped ? unescapeNames(members, names) : members;
}

function unescapeNames(members: Members, names: readonly string[]): Members {
  const result: Members = {};
  for (const name of names) {
    if (name.startsWith('$') && !name.startsWith('$$')) malformed('a name that was not escaped');
    define(result, name.startsWith('$') ? name.slice(1) : name, members[name], true);
  }
  return result;
}

function reviveAtom(atom: string): unknown {
  switch (atom) {
    case 'undefined':
      return undefined;
    case 'NaN':
      return Number.NaN;
    case 'Infinity':
      return Number.POSITIVE_INFINITY;
    case '-Infinity':
      return Number.NEGATIVE_INFINITY;
    case '-0':
      return -0;
    default:
      return newerTag(atom);
  }
}

function reviveTag([kind, first, second, third]: readonly unknown[]): unknown {
  switch (kind) {
    case 'bigint':
      return /^-?\d+$/.test(text(first)) ? BigInt(text(first)) : malformed('a bigint that is no number');
    case 'date':
      return new Date(first === null ? Number.NaN : number(first));
    case 'url':
      return new URL(text(first));
    case 'regexp':
      return reviveRegExp(text(first), text(second), third);
    case 'bytes':
      return new Uint8Array(Buffer.from(text(first), 'base64'));
    case 'buffer':
      return Buffer.from(text(first), 'base64');
    case 'map':
      return new Map(list(first).map(reviveEntry));
    case 'set':
      return new Set(list(first).map(reviveAny));
    case 'bare':
      return Object.setPrototypeOf(revivedMembers(first), null);
    case 'sparse':
      return reviveSparse(number(first), list(second));
    case 'error':
      return reviveError(text(first), revivedMembers(second), revivedMembers(third));
    default:
      return newerTag(kind);
  }
}

function reviveEntry(entry: unknown): [unknown, unknown] {
  const [key, value] = list(entry);
  return [reviveAny(key), reviveAny(value)];
}

function reviveRegExp(source: string, flags: string, lastIndex: unknown): RegExp {
  const expression = new RegExp(source, flags);
  if (lastIndex !== undefined) expression.lastIndex = number(reviveAny(lastIndex));
  return expression;
}

function reviveSparse(length: number, entries: readonly unknown[]): unknown[] {
  const array: unknown[] = [];
  array.length = length;
  for (const entry of entries) {
    const [index, value] = list(entry);
    const place = number(index);
    if (!Number.isInteger(place) || place < 0 || place >= length) malformed('an item outside its array');
    array[place] = reviveAny(value);
  }
  return array;
}

function reviveError(kind: string, hidden: Members, shown: Members): Error {
  if (!isErrorKind(kind)) return newerTag(kind);
  return buildError(kind, hidden, shown) ?? malformed('an error with an unknown field');
}

function revivedMembers(value: unknown): Members {
  const members = reviveAny(value);
  if (typeof members !== 'object' || members === null || Object.getPrototypeOf(members) !== Object.prototype) {
    return malformed('a tag without its members');
  }
  return members as Members;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : malformed('a tag without its list');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : malformed('a tag without its text');
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : malformed('a tag without its number');
}

function malformed(what: string): never {
  throw new UndecodableValueError({ what: `holds ${what}` });
}

function newerTag(kind: unknown): never {
  throw new StoreFormatError({
    store: 'a value in it',
    field: 'value tag',
    found: typeof kind === 'string' ? JSON.stringify(kind.slice(0, 32)) : typeof kind,
    expected: 'the tags it knows',
    remedy: 'A newer version of mycelium-runtime wrote the value. Read it with that version.',
  });
}
