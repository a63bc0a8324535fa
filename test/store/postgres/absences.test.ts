import { randomUUID } from 'node:crypto';
import type { Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RecordKey, Store, Transaction } from '../../../src/store/contract.js';
import { openPostgresStore } from '../../../src/store/postgres/index.js';
import { placeArrays, placeOf } from '../../../src/store/postgres/layout.js';
import { inline } from '../../../src/store/postgres/sql/quote.js';
import { sweepAbsences } from '../../../src/store/postgres/sql/sweep.js';
import { postgresService } from '../../services/services.js';
import { adminOf, dropSchema, freshSchema, until } from './scratch.js';

/** Rows that stand for the absence of a record, and how they go. */

const schema = freshSchema();
const records = `"${schema}".records`;
let admin: Sql;
let store: Store;

beforeAll(async () => {
  admin = adminOf(undefined, 8);
  store = await openPostgresStore(postgresService(), { schema, timeoutMs: 20_000 });
});

afterAll(async () => {
  await store.close();
  await dropSchema(admin, schema);
  await admin.end();
});

const nonce = (): string => randomUUID().replaceAll('-', '');
const keyOf = (kind: string, id: string): RecordKey => ({ partition: 0, kind, id });

async function put(key: RecordKey): Promise<string> {
  const insert = { expect: [{ key, revision: undefined }], write: [{ key, value: 'x' }] };
  return (await store.transact(insert, nonce())).records[0]?.revision as string;
}

async function absences(): Promise<number> {
  return (await admin.unsafe(`SELECT 1 FROM ${records} WHERE revision IS NULL`)).length;
}

/** Sweeps as a store does, over a connection of its own. */
function sweep(...keys: RecordKey[]): PromiseLike<unknown> {
  const text = inline(sweepAbsences(records), placeArrays(keys.map(placeOf)), 'tag');
  return admin.unsafe(text);
}

/** Removes calls with the evidence that none of them has, as pruning does. */
async function prune(count: number): Promise<{ transaction: Transaction; ok: boolean; nonce: string }> {
  const calls = Array.from({ length: count }, () => keyOf('call', randomUUID()));
  const revisions = await Promise.all(calls.map(put));
  const line = keyOf('line', randomUUID());
  const transaction: Transaction = {
    expect: [
      ...calls.flatMap((key, at) => [
        { key, revision: revisions[at], lease: 'expired' as const },
        { key: { ...key, kind: 'evidence' }, revision: undefined },
      ]),
      { key: line, revision: undefined },
    ],
    write: [{ key: line, value: 'pruned' }],
    remove: calls,
  };
  const own = nonce();
  const { ok } = await store.transact(transaction, own);
  return { transaction, ok, nonce: own };
}

describe.each([
  ['a few records', 1],
  ['many records', 20],
])('%s', (_, count) => {
  test('a removal leaves no rows for what it relied on, and is known again when it is sent again', async () => {
    const before = await absences();
    const pruned = await prune(count);
    expect(pruned.ok).toBe(true);
    expect(await absences()).toBe(before);
    expect((await store.transact(pruned.transaction, pruned.nonce)).ok).toBe(true);
    expect((await store.transact(pruned.transaction, nonce())).ok).toBe(false);
  });

  test('a removal that finds such rows takes them with it', async () => {
    const before = await absences();
    const call = keyOf('call', randomUUID());
    const evidence = { ...call, kind: 'evidence' };
    const more = Array.from({ length: count }, () => keyOf('evidence', randomUUID()));
    const relied = [evidence, ...more].map((key) => ({ key, revision: undefined }));
    const revision = await put(call);
    const taken = await store.transact(
      { expect: [{ key: call, revision }, ...relied], write: [{ key: call, value: 'y' }] },
      nonce(),
    );
    expect([taken.ok, await absences()]).toEqual([true, before + count + 1]);
    const line = keyOf('line', randomUUID());
    const removal: Transaction = {
      expect: [{ key: call, revision: taken.records[0]?.revision }, ...relied, { key: line, revision: undefined }],
      write: [{ key: line, value: 'z' }],
      remove: [call],
    };
    expect((await store.transact(removal, nonce())).ok).toBe(true);
    expect(await absences()).toBe(before);
  });
});

test('a record that was put in place of such a row is not swept', async () => {
  const evidence = keyOf('evidence', randomUUID());
  const revision = await put(evidence);
  await sweep(evidence);
  const [there] = (await store.transact({ expect: [], write: [], read: [evidence] }, nonce())).records;
  expect(there?.revision).toBe(revision);
});

test('a sweep waits for who relies on the row, and for who puts a record there, which stays', async () => {
  const evidence = keyOf('evidence', randomUUID());
  const other = keyOf('call', randomUUID());
  const relying = { expect: [evidence, other].map((key) => ({ key, revision: undefined })) };
  expect((await store.transact({ ...relying, write: [{ key: other, value: 'x' }] }, nonce())).ok).toBe(true);
  let swept: PromiseLike<unknown> | undefined;
  await admin.begin(async (holder) => {
    await holder.unsafe(`UPDATE ${records} SET revision = '1:x' WHERE kind = 'evidence' AND id = '${evidence.id}'`);
    const [me] = await holder`SELECT pg_backend_pid() AS pid`;
    swept = Promise.resolve(sweep(evidence));
    await until(
      async () =>
        (await admin`SELECT 1 FROM pg_stat_activity WHERE ${me?.['pid']}::int = ANY(pg_blocking_pids(pid))`).length ===
        1,
      'the sweep waits',
    );
  });
  await swept;
  const [there] = (await store.transact({ expect: [], write: [], read: [evidence] }, nonce())).records;
  expect(there?.revision).toBe('1:x');
});

test('rows that are swept at any moment change no outcome: of two that rely on each other one applies', {
  timeout: 120_000,
}, async () => {
  const stores = [store, await openPostgresStore(postgresService(), { schema, timeoutMs: 20_000 })] as const;
  let sweeping = true;
  const keys = new Set<RecordKey>();
  const sweeper = (async () => {
    while (sweeping) {
      if (keys.size === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      else await sweep(...keys);
    }
  })();
  const outcomes = { both: 0, one: 0, none: 0 };
  try {
    for (let round = 0; round < 150; round++) {
      const id = randomUUID();
      const [a, b] = [keyOf('race', `${id} a`), keyOf('race', `${id} b`)];
      // With more records than are given a statement of their own, and with few.
      const padding = round % 2 === 0 ? [] : Array.from({ length: 4 }, (_, at) => keyOf('race', `${id} ${at}`));
      const apart = keyOf('race', `${id} z`);
      keys.clear();
      for (const key of [a, b, ...padding]) keys.add(key);
      const relied = [a, b, ...padding].map((key) => ({ key, revision: undefined }));
      // Leaves the rows, so that some find them and some do not.
      await store.transact(
        { expect: [...relied, { key: apart, revision: undefined }], write: [{ key: apart, value: 'x' }] },
        nonce(),
      );
      const results = await Promise.all(
        [a, b].map((mine, at) =>
          (stores[at] as Store).transact({ expect: relied, write: [{ key: mine, value: 'x' }] }, nonce()),
        ),
      );
      const applied = results.filter(({ ok }) => ok).length;
      const there = (await store.transact({ expect: [], write: [], read: [a, b] }, nonce())).records;
      expect(there.filter((record) => record !== undefined)).toHaveLength(applied);
      outcomes[applied === 2 ? 'both' : applied === 1 ? 'one' : 'none'] += 1;
    }
  } finally {
    sweeping = false;
    await sweeper;
    await stores[1].close();
  }
  expect(outcomes).toEqual({ both: 0, one: 150, none: 0 });
});
