import { expect, test } from 'vitest';
import type { Charge } from '../../examples/demo/gateway-client.js';
import { type Invoice, KILLS, NOT_INDEXED } from '../../examples/demo/story.js';
import type { RunResult } from '../../examples/demo/supervisor.js';
import { broken, tally } from '../../examples/demo/tally.js';

const invoices: readonly Invoice[] = ['INV-1', NOT_INDEXED].map((invoiceId) => ({
  invoiceId,
  vendor: 'Somebody',
  amountCents: 100,
}));
const kills = Object.values(KILLS).flat().length;

function run(charged: readonly string[], blocked: readonly string[] = []): RunResult {
  const book = charged.map(
    (invoiceId, index): Charge => ({ chargeId: `ch-${index + 1}`, reference: invoiceId, invoiceId, amountCents: 100 }),
  );
  return { book, kills, blocked: new Map(blocked.map((invoiceId) => [invoiceId, 'may already have run'])) };
}

const bare = run(['INV-1', NOT_INDEXED, 'INV-1', 'INV-1']);
const guarded = run(['INV-1', NOT_INDEXED], [NOT_INDEXED]);

test('charges beyond the first of an invoice are duplicates', () => {
  const result = tally(invoices, bare, guarded);
  expect(result.bare).toEqual({ charges: 4, duplicates: 2, blocked: 0, kills, chargedCents: 400, duplicateCents: 200 });
  expect(result.guarded).toMatchObject({ charges: 2, duplicates: 0, blocked: 1, duplicateCents: 0 });
  expect(result.lines.map((line) => [line.bare, line.guarded])).toEqual([
    [['ch-1', 'ch-3', 'ch-4'], ['ch-1']],
    [['ch-2'], ['ch-2']],
  ]);
  expect(broken(result)).toEqual([]);
});

test.each<[string, RunResult, RunResult, string]>([
  [
    'a guarded duplicate',
    bare,
    run(['INV-1', 'INV-1', NOT_INDEXED], [NOT_INDEXED]),
    'guarded: INV-1 was charged 2 times',
  ],
  ['a missing charge', bare, run([NOT_INDEXED], [NOT_INDEXED]), 'guarded: INV-1 was charged 0 times'],
  [
    'an invoice that is blocked for no reason',
    bare,
    run(['INV-1', NOT_INDEXED], ['INV-1', NOT_INDEXED]),
    'guarded: INV-1 is blocked',
  ],
  ['one that is not blocked', bare, run(['INV-1', NOT_INDEXED]), `guarded: ${NOT_INDEXED} is not blocked`],
  [
    'a bare run without duplicates',
    run(['INV-1', NOT_INDEXED]),
    guarded,
    'bare: no invoice was charged twice, so this shows nothing',
  ],
  [
    'a kill that missed',
    bare,
    { ...guarded, kills: kills - 1 },
    `guarded: ${kills - 1} workers were killed, and not ${kills}`,
  ],
])('the demo fails over %s', (_, bareRun, guardedRun, problem) => {
  expect(broken(tally(invoices, bareRun, guardedRun))).toEqual([problem]);
});
