import type { Case } from './cases.js';

/** As files have them: one case a line. */
export function linesOf(cases: readonly Case[]): string {
  return cases.map((one) => `${JSON.stringify(one)}\n`).join('');
}

export function fromLines(text: string): Case[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Case);
}
