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

/** What may be a password: the rest of a value behind such a name, and what stands before `@` in a URL. */
const SECRETS = [
  /((?:key|secret|password|passwd|token|dsn|url)\s*:\s*)(?!\$\{env:)(\S.*)$/i,
  /(\/\/)([^\s/@]+)(?=@)/,
] as const;

/** A text with a name, for messages that point into it. */
export class Source {
  readonly name: string;
  readonly text: string;
  readonly lines: LineCounter = new LineCounter();

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
    const whole = concealed(this.lineText(line));
    // A long line is shown around what is meant.
    const from = column > WIDEST - 20 ? column - 20 : 0;
    const shown = printable(whole.slice(from, from + WIDEST));
    const before = printable(whole.slice(from, column - 1)).replace(/[^\t]/g, ' ');
    const mark = '^'.repeat(Math.max(1, Math.min(width, WIDEST - before.length)));
    return `${number} | ${shown}\n${' '.repeat(number.length)} | ${before}${mark}`;
  }
}

function concealed(line: string): string {
  return SECRETS.reduce(
    (text, secret) => text.replace(secret, (_, name: string, value: string) => name + '*'.repeat(value.length)),
    line,
  );
}

/** A terminal obeys control characters, so none reaches one. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g, '\ufffd');
}
