import { MAXIMUM_DEPTH, MAXIMUM_LENGTH, refuse, TOO_DEEP, TOO_LARGE, within } from './refusal.js';

/** A dialect of JSON text, and what one run of the writer notes about itself. */
export interface Form {
  /** Whether members come in the order of their names' UTF-16 units, or as they stand. */
  readonly sorted: boolean;
  /** Whether `$` marks a tag, so that a member whose name starts with it gets one more. */
  readonly tags: boolean;
  /** Whether text may hold half a surrogate pair (written as an escape), which UTF-8 cannot carry. */
  readonly loneSurrogates: boolean;
  /** The text of an undefined array item, where the form has one. */
  readonly undefinedItem: string | undefined;
  /** Everything that is not plain JSON data. Answers undefined for "as if it were not there", or refuses. */
  readonly rare: (value: unknown, form: Form, depth: number) => string | undefined;
  /** Takes over an array with holes; without it a hole is an undefined item. */
  readonly sparse?: (array: readonly unknown[], form: Form, depth: number) => string;
  /** Set by the writer when the text holds a tag or an escaped name. */
  tagged: boolean;
}

const MUST_ESCAPE = /[\u0000-\u001f"\\\ud800-\udfff]/;
const PLAIN_NAME = /^"[^\\\ud800-\udfff]*":$/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const DOLLAR = 36;
/** Up to here insertion beats the general sort, which allocates. */
const FEW = 24;

/** Names that every form writes the same, as written: the same few come again and again, and this halves their cost. */
const NAMES: Map<string, string> = new Map();
const MOST_KEPT_NAMES = 1000;
const LONGEST_KEPT_NAME = 40;

/** The text of a value; undefined when the form leaves such a value out. Plain data is decided here and nowhere else. */
export function write(value: unknown, form: Form, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return quote(value, form);
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? `${value}` : form.rare(value, form, depth);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object': {
      if (value === null) return 'null';
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype === Object.prototype) return writeMembers(value, Object.keys(value), form, depth);
      if (prototype === Array.prototype && Array.isArray(value)) return writeItems(value, form, depth);
      return form.rare(value, form, depth);
    }
    default:
      return form.rare(value, form, depth);
  }
}

/** @param keys - a fresh array, which is sorted in place where the form asks for it. */
export function writeMembers(value: object, keys: string[], form: Form, depth: number): string {
  if (depth > MAXIMUM_DEPTH) refuse(TOO_DEEP);
  refuseSymbols(value);
  if (form.sorted) sort(keys);
  const members = value as Readonly<Record<string, unknown>>;
  let text = '';
  let at = '';
  try {
    for (const key of keys) {
      at = key;
      const member = write(members[key], form, depth + 1);
      if (member === undefined) continue;
      text += (text === '' ? '{' : ',') + nameText(key, form) + member;
      if (text.length > MAXIMUM_LENGTH) refuse(TOO_LARGE);
    }
  } catch (thrown) {
    throw within(thrown, value, at);
  }
  return text === '' ? '{}' : `${text}}`;
}

/** The items of an array that is nothing but an array: members with names would be lost, so they are refused. */
export function writeItems(array: readonly unknown[], form: Form, depth: number): string {
  if (depth > MAXIMUM_DEPTH) refuse(TOO_DEEP);
  const length = array.length;
  let present = 0;
  let text = '[';
  let index = 0;
  try {
    for (; index < length; index++) {
      const item = array[index];
      if (item !== undefined || index in array) present++;
      else if (form.sparse !== undefined) break;
      const written = write(item, form, depth + 1) ?? form.undefinedItem ?? refuse('an undefined array item');
      text += index === 0 ? written : `,${written}`;
      if (text.length > MAXIMUM_LENGTH) refuse(TOO_LARGE);
    }
  } catch (thrown) {
    throw within(thrown, array, index);
  }
  if (index < length && form.sparse !== undefined) return form.sparse(array, form, depth);
  refuseSymbols(array);
  if (Object.keys(array).length !== present) refuse('an array with named members');
  return `${text}]`;
}

/** A JSON string. Escapes exactly what ECMAScript escapes, as RFC 8785 asks. */
export function quote(text: string, form: Form): string {
  if (!MUST_ESCAPE.test(text)) return `"${text}"`;
  if (!form.loneSurrogates && LONE_SURROGATE.test(text)) refuse('text with half a surrogate pair');
  return JSON.stringify(text);
}

/** Dropping a member named by a symbol would make two different values the same. */
export function refuseSymbols(value: object): void {
  if (Object.getOwnPropertySymbols(value).length > 0) refuse('an object with a member named by a symbol');
}

/** The member's name, quoted, with its colon. */
function nameText(name: string, form: Form): string {
  const known = NAMES.get(name);
  if (known !== undefined) return known;
  if (form.tags && name.charCodeAt(0) === DOLLAR) {
    form.tagged = true;
    return `${quote(`$${name}`, form)}:`;
  }
  const text = `${quote(name, form)}:`;
  // Looking at the text, not at the name, also makes it one flat string before it is kept.
  if (name.charCodeAt(0) !== DOLLAR && name.length <= LONGEST_KEPT_NAME && PLAIN_NAME.test(text)) {
    if (NAMES.size >= MOST_KEPT_NAMES) NAMES.clear();
    NAMES.set(name, text);
  }
  return text;
}

/** `<` on strings compares UTF-16 units, and so does the general sort without a comparator. */
function sort(keys: string[]): void {
  if (keys.length > FEW) {
    keys.sort();
    return;
  }
  for (let index = 1; index < keys.length; index++) {
    const key = keys[index] as string;
    let place = index;
    while (place > 0 && (keys[place - 1] as string) > key) {
      keys[place] = keys[place - 1] as string;
      place--;
    }
    if (place !== index) keys[place] = key;
  }
}
