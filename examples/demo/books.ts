/** The books side by side, for people. */
import { styleText } from 'node:util';
import { MOMENTS } from './story.js';
import type { Line, Tally, Total } from './tally.js';

const WIDTH = 96;

/** Colours a text, or leaves it as it is. */
export type Paint = (style: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string) => string;

/** Colours on a terminal that has them; NO_COLOR is respected. */
export const paint: Paint = process.stdout.isTTY && process.stdout.hasColors() ? styleText : (_style, text) => text;

/** Cents as euros. */
function euros(cents: number): string {
  return (cents / 100).toLocaleString('en', { minimumFractionDigits: 2 });
}

/** Breaks a text into lines, each indented. */
export function wrapped(text: string, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/\s+/)) {
    if (line !== indent && line.length + word.length >= WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}

const HEADINGS = ['INVOICE', 'VENDOR', 'EUR', 'KILLED', 'BARE', 'GUARDED'] as const;
const TO_THE_RIGHT = HEADINGS.indexOf('EUR');

function rowOf({ invoiceId, vendor, amountCents, killed, bare, guarded, blocked }: Line): readonly string[] {
  const charges = (ids: readonly string[]): string => `${ids.length}  ${ids.join(' ')}`;
  const waits = blocked === undefined ? '' : ' blocked';
  return [invoiceId, vendor, euros(amountCents), killed.join(', '), charges(bare), charges(guarded) + waits];
}

function totals({ lines, bare, guarded }: Tally): readonly (readonly string[])[] {
  const invoiced = lines.reduce((sum, { amountCents }) => sum + amountCents, 0);
  const row = (title: string, amount: string, killed: string, value: (total: Total) => string): readonly string[] => [
    '',
    title,
    amount,
    killed,
    value(bare),
    value(guarded),
  ];
  return [
    row('charges', '', '', ({ charges }) => `${charges}`),
    row('EUR in all', euros(invoiced), '', ({ chargedCents }) => euros(chargedCents)),
    row('EUR too much', '', '', ({ duplicateCents }) => euros(duplicateCents)),
  ];
}

/** A table of what the gateway has booked. */
export function books(tally: Tally): string {
  const rows = tally.lines.map(rowOf);
  const sums = totals(tally);
  const widths = HEADINGS.map((_, column) =>
    Math.max(...[HEADINGS, ...rows, ...sums].map((row) => row[column]?.length ?? 0)),
  );
  const aligned = (row: readonly string[]): string[] =>
    row.map((cell, column) =>
      column === TO_THE_RIGHT ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    );
  const joined = (cells: readonly string[]): string => `  ${cells.join('  ')}`.trimEnd();
  const rule = paint('dim', joined(widths.map((width) => '-'.repeat(width))));
  const coloured = tally.lines.map(({ bare, guarded, blocked }, index) => {
    const cells = aligned(rows[index] ?? []);
    const colour = (charges: number): 'red' | 'green' => (charges === 1 ? 'green' : 'red');
    cells[4] = paint(colour(bare.length), cells[4] ?? '');
    cells[5] = paint(blocked === undefined ? colour(guarded.length) : 'yellow', cells[5] ?? '');
    return joined(cells);
  });
  return [
    paint('bold', joined(aligned(HEADINGS))),
    rule,
    ...coloured,
    rule,
    ...sums.map((row) => joined(aligned(row))),
  ].join('\n');
}

/** What waits for a person, and why. */
export function blockedText({ invoiceId, vendor, amountCents, killed, guarded, blocked = '' }: Line): string {
  const [what = '', nextStep = ''] = blocked.split('\n');
  return [
    paint('yellow', `Blocked: ${invoiceId}, ${euros(amountCents)} EUR to ${vendor}`),
    wrapped(
      `Its worker was killed ${killed.map((moment) => MOMENTS[moment]).join(' and ')}. The book has its charge ` +
        `(${guarded.join(', ')}), once; but the gateway's lookup does not answer for it, so no worker can prove that it ` +
        'was paid. Nobody runs it again: each worker that is given it gets this error.',
      '  ',
    ),
    '',
    wrapped(what, '    '),
    wrapped(nextStep, '      '),
  ].join('\n');
}
