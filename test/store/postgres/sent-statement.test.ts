import type { Sql } from 'postgres';
import { expect, test } from 'vitest';
import { ForeignAnswer } from '../../../src/store/postgres/postgres-error.js';
import { type RawAnswer, SentStatement } from '../../../src/store/postgres/sent-statement.js';
import { statementsFor } from '../../../src/store/postgres/sql/statements.js';
import { applying } from '../../../src/store/postgres/transact.js';
import { planTransaction } from '../../../src/store/transaction-plan.js';

/** A driver that says nothing, and what was given to it. */
function sentOver(): { sent: SentStatement; text: string } {
  let text = '';
  const unsafe = (given: string) => {
    text = given;
    return { raw: () => new Promise(() => undefined) };
  };
  const sent = new SentStatement({ unsafe } as unknown as Sql, '$0', [], false);
  return { sent, text };
}

const answered = (...rows: (Buffer | null)[][]): RawAnswer => rows as unknown as RawAnswer;

test('an answer is known by its tag, and one without rows is that of another statement', () => {
  const { sent, text } = sentOver();
  const tag = Buffer.from(text.slice(1, -1));
  expect(sent.rows(answered([tag, Buffer.from('x'), null]))).toEqual([['x', null]]);
  expect(() => sent.rows(answered([Buffer.from('other')]))).toThrow(ForeignAnswer);
  expect(() => sent.rows(answered())).toThrow(ForeignAnswer);
});

test('records are locked by kind and id in the order of their bytes', () => {
  // In UTF-16 the second one comes first.
  const ids = ['\uff00', '\u{1f600}'];
  const keys = [
    { partition: 0, kind: 'a', id: 'x' },
    ...ids.map((id) => ({ partition: 0, kind: 'b', id })),
    { partition: 0, kind: 'b!', id: 'a' },
  ];
  const shuffled = [2, 3, 0, 1].map((at) => keys[at] as (typeof keys)[number]);
  const plan = planTransaction(
    {
      expect: shuffled.map((key) => ({ key, revision: undefined })),
      write: shuffled.map((key) => ({ key, value: 'v' })),
    },
    'n',
    1,
  );
  const { parameters } = applying(plan, 'n', statementsFor('s'), 'channel', false);
  const places = keys.map((_, at) => parameters.slice(2 + 9 * at, 4 + 9 * at));
  expect(places).toEqual(keys.map(({ kind, id }) => [kind, id]));
});
