import { LineCounter } from 'yaml';
import { nearest } from '../../encoding/nearest.js';
import { onOneLine, printable } from '../../encoding/printable.js';
import { isSecretName } from '../../encoding/redact.js';

/** From one offset of a text to another. */
export type Range = readonly [start: number, end: number];

/** Where something stands in a file. Lines and columns count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
  /** How many characters to mark. */
  readonly width: number;
}

const WIDEST = 110;

/** Beside the names that stored values are searched for: what may carry a password in a configuration. */
const CARRIES_PASSWORDS = /(?:key|secret|password|passwd|token|dsn|url)$/i;

/** A key with a value behind it. */
const KEY = /(["']?[\w.-]+["']?)\s*:\s*(?=\S)/g;

/** A mapping, or a reference and nothing else. */
const OPEN_VALUE = /^(?:\{\s*["'\w-]+\s*:|(["']?)\$\{env:\w+\}\1\s*(?:[,}\]#]|$))/;

/** What stands before `@` in a URL. */
const URL_PASSWORD = /(?<=:\/\/)[^\s@]{1,2000}(?:@[^\s@,}\]]{0,2000}){0,9}(?=@)/g;

/** What stands behind `?password=` and the like in a URL. */
const URL_PARAMETER = /(?<=[?&][\w-]{0,40}(?:pass|pwd|secret|token|key|auth)[\w-]{0,40}=)[^\s&"'}\]]{1,2000}/gi;

/** The name of a variable where one is asked for; anything else there is mostly a secret in the wrong place. */
const VARIABLE = /^(["']?)[A-Za-z_]\w*\1\s*(?:[,}\]#]|$)/;

/** A number, and nothing else. */
const NUMBER = /^[\d_.]+\s*(?:[,}\]#]|$)/;

/** Limits that sound like secrets. */
const LIMITS = ['max_tokens'];

/** A key at the beginning of a line. */
const LINE_KEY = /^(\s*)(?:- )?(["']?[\w.-]+["']?)\s*:(?:\s|$)/;

/** How far up the key of a value is looked for that goes on over several lines. */
const MOST_LINES_UP = 100;

/** A text with a name, for messages that point into it. */
export class Source {
  readonly name: string;
  readonly text: string;
  readonly lines: LineCounter = new LineCounter();
  readonly #shown = new Map<number, string>();

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
  }

  place([start, end]: Range): Place {
    const { line, col } = this.lines.linePos(start);
    const rest = this.lineText(line).length - (col - 1);
    return { line: Math.max(line, 1), column: Math.max(col, 1), width: Math.max(1, Math.min(end - start, rest)) };
  }

  lineText(line: number): string {
    const start = this.lines.lineStarts[line - 1] ?? 0;
    const end = this.lines.lineStarts[line] ?? this.text.length + 1;
    return this.text.slice(start, end - 1).replace(/\r$/, '');
  }

  /** The line with a mark under what is meant: `7 |     id_form: […]`. */
  frame({ line, column, width }: Place): string {
    const number = String(line).padStart(5);
    const whole = this.#concealed(line);
    // A long line is shown around what is meant.
    const from = column > WIDEST - 20 ? column - 20 : 0;
    const shown = printable(whole.slice(from, from + WIDEST));
    const before = printable(whole.slice(from, column - 1)).replace(/[^\t]/g, ' ');
    const mark = '^'.repeat(Math.max(1, Math.min(width, WIDEST - before.length)));
    return `${number} | ${shown}\n${' '.repeat(number.length)} | ${before}${mark}`;
  }

  #concealed(line: number): string {
    const known = this.#shown.get(line);
    if (known !== undefined) return known;
    const text = this.lineText(line);
    const shown = this.#continuesSecret(line)
      ? text.replace(/\S/g, '*')
      : withoutSecret(text).replace(URL_PASSWORD, starred).replace(URL_PARAMETER, starred);
    this.#shown.set(line, shown);
    return shown;
  }

  /** Whether a line without a key of its own stands below a key that is the name of a secret. */
  #continuesSecret(line: number): boolean {
    const text = this.lineText(line);
    if (LINE_KEY.test(text)) return false;
    for (let above = line - 1; above >= Math.max(1, line - MOST_LINES_UP); above -= 1) {
      const [, indentation = '', name] = LINE_KEY.exec(this.lineText(above)) ?? [];
      if (name !== undefined && indentation.length < text.length - text.trimStart().length) return mayBeSecret(name);
    }
    return false;
  }
}

/** A line without the rest of it behind the name of a secret. */
function withoutSecret(line: string): string {
  for (const match of line.matchAll(KEY)) {
    const end = match.index + match[0].length;
    const rest = line.slice(end);
    const name = match[1] ?? '';
    const misplaced = /_env["']?$/.test(name) && !VARIABLE.test(rest);
    if (NUMBER.test(rest) && isLimit(name)) continue;
    if ((mayBeSecret(name) || misplaced) && !OPEN_VALUE.test(rest)) return line.slice(0, end) + '*'.repeat(rest.length);
  }
  return line;
}

/** Whether a limit was meant: a number behind it is for everybody. */
function isLimit(name: string): boolean {
  const plain = name.replace(/^["']|["']$/g, '');
  return /^max/i.test(plain) && nearest(plain, LIMITS) !== undefined;
}

function starred(secret: string): string {
  return '*'.repeat(secret.length);
}

/** Whether what stands under a key of this name may be a password. */
export function mayBeSecret(name: string): boolean {
  const plain = name.replace(/^["']|["']$/g, '');
  return CARRIES_PASSWORDS.test(plain) || isSecretName(plain);
}

/** The form of a URL is told with these words in their places. */
function hidden(credentials: string): string {
  return credentials === 'user:password' ? credentials : '***';
}

/** A text as it may stand in a message: on one line, and without the passwords of URLs. */
export function sayable(text: string): string {
  return onOneLine(text.replace(URL_PASSWORD, hidden).replace(URL_PARAMETER, '***'));
}
