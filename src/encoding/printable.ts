/**
 * A text that is safe in a terminal: control characters, which it would obey, and those that turn text around are
 * replaced. Tabs and line breaks stay.
 */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g, '\ufffd');
}

/** The same on one line. */
export function onOneLine(text: string): string {
  return printable(text.replace(/[\t\n\r]+/g, ' '));
}
