// ESC begins a text that was escaped; a text that begins with it by itself is escaped, too.
const ESCAPED = '\u001b';

/**
 * Text that every server keeps to the last character: UTF-8 has no lone surrogates, and Postgres no U+0000.
 * Almost all texts pass as they are.
 */
export function toWire(text: string): string {
  const plain = !text.startsWith(ESCAPED) && !text.includes('\0') && text.isWellFormed();
  return plain ? text : ESCAPED + JSON.stringify(text).replaceAll('\0', '\\u0000');
}

/** The text that {@link toWire} was given. */
export function fromWire(text: string): string {
  return text.startsWith(ESCAPED) ? (JSON.parse(text.slice(1)) as string) : text;
}
