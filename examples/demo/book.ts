/** The gateway's book: a file, one line per charge, only ever appended to. */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Charge } from './gateway-client.js';

/** Adds a line with one O_APPEND write. */
export function enter(file: string, charge: Charge): void {
  const book = openSync(file, 'a');
  try {
    writeSync(book, `${JSON.stringify(charge)}\n`);
  } finally {
    closeSync(book);
  }
}

/** Every charge, in the order of booking. */
export function readBook(file: string): readonly Charge[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Charge);
}
