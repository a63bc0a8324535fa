import { hash } from 'node:crypto';
import { type Form, quote, write, writeMembers } from './json-writer.js';
import { leaveOut } from './leave-out.js';
import { refuseOther } from './other-values.js';
import { refuse, unencodable } from './refusal.js';
import { bytesText, isPlainDate, isPlainRegExp, isPlainUrl, tag, writeTagged } from './tagged-values.js';
import { pathText, type Segment } from './value-path.js';

const identity: Form = {
  sorted: true,
  tags: true,
  loneSurrogates: false,
  undefinedItem: 'null',
  rare,
  tagged: false,
};

/**
 * The JSON form in which two argument values are compared: canonical JSON, so neither the order of members
 * nor `-0` matters; undefined members are left out and undefined items are null; a Date or URL is its text.
 * Map, Set, bigint, NaN, infinities, RegExp (without its cursor), bytes and built-in errors are tagged, so
 * that they never equal plain data.
 *
 * @param omit - members to leave out, by name or by dotted path (`meta.traceId`); a member whose name is the
 *   whole text, dots included, is left out too.
 * @throws UnencodableValueError with the path, for functions, symbols, class instances, promises, cycles,
 *   invalid dates and text with half a surrogate pair.
 */
export function fingerprintText(value: unknown, omit?: readonly string[]): string {
  try {
    let kept = value;
    if (omit !== undefined) for (const path of omit) kept = leaveOut(kept, path);
    return write(kept, identity, 0) ?? tag(identity, '"undefined"');
  } catch (thrown) {
    throw unencodable(thrown);
  }
}

/** SHA-256 of the text's UTF-8 bytes, in lower-case hexadecimal. */
export function sha256Hex(text: string): string {
  return hash('sha256', text, 'hex');
}

/** The SHA-256 of `fingerprintText`: equal exactly when the arguments are the same in their JSON form. */
export function fingerprint(value: unknown, omit?: readonly string[]): string {
  return sha256Hex(fingerprintText(value, omit));
}

/**
 * Where two argument values differ in their JSON form: paths only, never what stands there. Empty exactly when
 * their fingerprints are equal. Below a tagged value (a Map, an error) no path is told apart.
 *
 * @param most - at most this many paths; the first in document order.
 * @throws UnencodableValueError when either value has no JSON form.
 */
export function differingPaths(before: unknown, after: unknown, most = 5): string[] {
  const beforeText = fingerprintText(before);
  const afterText = fingerprintText(after);
  const paths: string[] = [];
  if (beforeText !== afterText) collect(JSON.parse(beforeText), JSON.parse(afterText), [], paths, most);
  return paths;
}

function collect(before: unknown, after: unknown, at: readonly Segment[], paths: string[], most: number): void {
  if (paths.length >= most || before === after) return;
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    for (let index = 0; index < length && paths.length < most; index++) {
      collect(before[index], after[index], [...at, index], paths, most);
    }
  } else if (isMembers(before) && isMembers(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const segment = name.startsWith('$') ? name.slice(1) : name;
      collect(own(before, name), own(after, name), [...at, segment], paths, most);
    }
  } else if (!isTagged(before) || !isTagged(after) || JSON.stringify(before) !== JSON.stringify(after)) {
    paths.push(pathText(at));
  }
}

type Members = Readonly<Record<string, unknown>>;

/** What JSON.parse made of an object that is not a tag. */
function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Object.hasOwn(value, '$');
}

function isTagged(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, '$');
}

/** No JSON value is undefined, so a member that is missing on one side always differs. */
function own(members: Members, name: string): unknown {
  return Object.hasOwn(members, name) ? members[name] : undefined;
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
  if (isPlainDate(value))
    return Number.isNaN(value.getTime()) ? refuse('an invalid Date') : quote(value.toISOString(), form);
  if (isPlainUrl(value)) return quote(value.href, form);
  if (isPlainRegExp(value)) return tag(form, `["regexp",${quote(value.source, form)},"${value.flags}"]`);
  const bytes = bytesText(value);
  if (bytes !== undefined) return tag(form, `["bytes","${bytes.base64}"]`);
  return writeTagged(value, form, depth);
}
