import { styleText } from 'node:util';
import type { Paint } from '../config/loader/issues.js';

/** Where a command writes, and who reads it. */
export interface Terminal {
  /** What was asked for: one answer, for people or as JSON. */
  out(text: string): void;
  /** What is said beside it. */
  note(text: string): void;
  /** A line that is written over by the next, and wiped by an empty one; only for a person who watches. */
  progress(text: string): void;
  /** Colours where the answer goes to a terminal that has them; `NO_COLOR` is respected. */
  readonly paint: Paint;
  /** Whether a person is watching, who wants to see that something happens. */
  readonly watched: boolean;
  /** How this command line is called: in a project it is mostly there through npx only. */
  readonly command: string;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  const colours = stdout.isTTY && stdout.hasColors();
  return {
    out: (text) => void stdout.write(`${text}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    progress: (text) => void (stderr.isTTY && stderr.write(`\r\u001b[K${text}`)),
    paint: colours ? styleText : (_style, text) => text,
    watched: stderr.isTTY,
    command: process.env['npm_command'] === 'exec' ? 'npx mycelium' : 'mycelium',
  };
}

/** A command to copy, for the same configuration. */
export function nextCommand({ command }: Terminal, words: string, config: string | undefined): string {
  return `${command} ${words}${config === undefined ? '' : ` -c ${quoted(config)}`}`;
}

function quoted(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
