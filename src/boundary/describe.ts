const LONGEST_QUOTE = 80;

/**
 * A value in a few words, for a model that is to mend it: never what is inside a list or an object, not even of one
 * that is written as text.
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
  const length = text.length.toLocaleString('en-US');
  if (looksLikeJson(text)) return `a string of ${length} characters that looks like JSON`;
  if (text.length <= LONGEST_QUOTE) return quoted(text);
  return `a string of ${length} characters, beginning ${quoted(cut(text, LONGEST_QUOTE))}`;
}

/** Models write whole objects as text, with the secrets that are in them. */
export function looksLikeJson(text: string): boolean {
  return /^\s*\{|[{[]\s*["{[]/.test(text);
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

/** Text in quotes that cannot break out of its line. What does not fit is left out. */
export function quoted(text: string, longest: number = Number.POSITIVE_INFINITY): string {
  let result = '"';
  for (const character of text) {
    const piece = escaped(character);
    if (result.length + piece.length > longest - 2) return `${result}…"`;
    result += piece;
  }
  return `${result}"`;
}

/** The same without quotes, for names. */
export function printed(text: string): string {
  return quoted(text).slice(1, -1);
}

/** Everything that does not print as itself is escaped, so that what deceived a program does not deceive a reader. */
function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  if (character === ' ' || !/[\s\p{C}\p{Default_Ignorable_Code_Point}]/u.test(character)) return character;
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
}

/** The first characters, never half of one. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = /[\ud800-\udbff]/.test(text[length - 1] ?? '') ? length - 1 : length;
  return `${text.slice(0, end)}…`;
}
