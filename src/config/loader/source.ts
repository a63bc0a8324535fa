import { LineCounter } from 'yaml';

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

const SECRET_NAME = /(?:key|secret|password|passwd|token|dsn|url)["']?$/i;

/** The value behind such a name, unless it is a mapping, or a reference and nothing else. */
const SECRET_VALUE =
  /((?:key|secret|password|passwd|token|dsn|url)["']?\s*:\s*)(?!\{\s*["'\w-]+\s*:|(["']?)\$\{env:\w+\}\2\s*(?:[,}\]#]|$))(\S.*)$/i;

/** What stands before `@` in a URL. */
const URL_PASSWORD = /(?<=:\/\/)[^\s@]{1,2000}(?:@[^\s@,}\]]{0,2000}){0,9}(?=@)/g;

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
      : text
          .replace(SECRET_VALUE, (_, name: string, _quote, value: string) => name + '*'.repeat(value.length))
          .replace(URL_PASSWORD, (secret) => '*'.repeat(secret.length));
    this.#shown.set(line, shown);
    return shown;
  }

  /** Whether a line without a key of its own stands below a key that is the name of a secret. */
  #continuesSecret(line: number): boolean {
    const text = this.lineText(line);
    if (LINE_KEY.test(text)) return false;
    for (let above = line - 1; above >= Math.max(1, line - MOST_LINES_UP); above -= 1) {
      const [, indentation = '', name] = LINE_KEY.exec(this.lineText(above)) ?? [];
      if (name !== undefined && indentation.length < text.length - text.trimStart().length) return isSecretName(name);
    }
    return false;
  }
}

/** Whether what stands under a key of this name may be a password. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** A terminal obeys control characters, and some of them turn the text around, so none reaches one. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g, '\ufffd');
}

/** A text as it may stand in a message: on one line, and without the passwords of URLs. */
export function sayable(text: string): string {
  return printable(text.replace(URL_PASSWORD, '***').replace(/[\t\n]/g, ' '));
}
