import { randomUUID } from 'node:crypto';
import type { Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RecordKey, Store, Transaction, TransactionResult } from '../../../src/store/contract.js';
import { openPostgresStore } from '../../../src/store/postgres/postgres-store.js';
import { postgresService } from '../../services/services.js';
import { adminOf, dropSchema, freshSchema, until } from './scratch.js';

/** Serial orders only, also where a statement sees less than what is true by the time that it writes. */

const schema = freshSchema();
let admin: Sql;
let stores: readonly [Store, Store];

beforeAll(async () => {
  admin = adminOf();
  stores = [
    await openPostgresStore(postgresService(), { schema, timeoutMs: 20_000 }),
    await openPostgresStore(postgresService(), { schema, timeoutMs: 20_000 }),
  ];
});

afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await dropSchema(admin, schema);
  await admin.end();
});

const nonce = (): string => randomUUID().replaceAll('-', '');

async function put(key: RecordKey): Promise<string> {
  const result = await stores[0].transact(
    { expect: [{ key, revision: undefined }], write: [{ key, value: 'x' }] },
    nonce(),
  );
  return result.records[0]?.revision as string;
}

async function read(...keys: RecordKey[]): Promise<TransactionResult['records']> {
  return (await stores[0].transact({ expect: [], write: [], read: keys }, nonce())).records;
}

/** A place of its own: the record that both transactions have to wait at, and keys after it in the order of locks. */
async function place(more: number) {
  const id = randomUUID();
  const key = (name: string): RecordKey => ({ partition: 3, kind: 'skew', id: `${id} ${name}` });
  const gate = key('0 gate');
  const padding = Array.from({ length: more }, (_, number) => key(`9 ${number}`));
  const revisions = await Promise.all([gate, ...padding].map(put));
  const expect = [gate, ...padding].map((one, at) => ({ key: one, revision: revisions[at] }));
  return { key, gate, expect };
}

/**
 * Sends both so that each begins before the other one has written anything: they wait at the gate, which somebody
 * holds, and go on one after the other.
 */
async function together(
  gate: RecordKey,
  one: Transaction,
  other: Transaction,
): Promise<[TransactionResult, TransactionResult]> {
  let answers: Promise<[TransactionResult, TransactionResult]> | undefined;
  await admin.begin(async (holder) => {
    await holder.unsafe(`SELECT 1 FROM "${schema}".records WHERE kind = $1 AND partition = $2 AND id = $3 FOR UPDATE`, [
      gate.kind,
      gate.partition,
      gate.id,
    ]);
    answers = Promise.all([stores[0].transact(one, nonce()), stores[1].transact(other, nonce())]);
    answers.catch(() => undefined);
    const [me] = await holder`SELECT pg_backend_pid() AS pid`;
    await until(async () => (await waitingFor(me?.['pid'])) === 2, 'both transactions wait at the gate');
  });
  return answers as Promise<[TransactionResult, TransactionResult]>;
}

/** How many wait for a backend, or for one that waits for it. */
async function waitingFor(pid: number): Promise<number> {
  const blocked = await admin<{ pid: number; by: number[] }[]>`
    SELECT pid, pg_blocking_pids(pid) AS by FROM pg_stat_activity WHERE wait_event_type = 'Lock'`;
  const behind = new Set([pid]);
  for (let before = 0; before < behind.size; ) {
    before = behind.size;
    for (const one of blocked) if (one.by.some((other) => behind.has(other))) behind.add(one.pid);
  }
  return behind.size - 1;
}

describe.each([
  ['a few records', 0],
  ['many records', 4],
])('%s', (_, more) => {
  test.each([0, 1])('two that each rely on the absence of what the other inserts: one applies (%i)', async (round) => {
    const { key, gate, expect: guards } = await place(more);
    const [a, b] = [key('a'), key('b')];
    if (round === 1) await leaveAbsence(a, b);
    const relying = (on: RecordKey, put: RecordKey): Transaction => ({
      expect: [...guards, { key: on, revision: undefined }, { key: put, revision: undefined }],
      write: [{ key: put, value: 'inserted' }],
    });
    const results = await together(gate, relying(a, b), relying(b, a));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    const found = await read(a, b);
    expect(found.filter((record) => record !== undefined)).toHaveLength(1);
  });

  test.each([0, 1])(
    'one relies on an absence, the other inserts there: the first one is first, or refused (%i)',
    async (round) => {
      const { key, gate, expect: guards } = await place(more);
      const [evidence, call] = [key('a evidence'), key('call')];
      const revision = await put(call);
      if (round === 1) await leaveAbsence(evidence, key('b'));
      const takeover: Transaction = {
        expect: [...guards, { key: call, revision, lease: 'expired' }, { key: evidence, revision: undefined }],
        write: [{ key: call, value: 'taken over' }],
      };
      const proof: Transaction = {
        expect: [...guards, { key: call, revision }, { key: evidence, revision: undefined }],
        write: [{ key: evidence, value: 'it ran' }],
      };
      const results = await together(gate, takeover, proof);
      expect(results.filter(({ ok }) => ok)).toHaveLength(1);
      const [left, standing] = await read(evidence, call);
      expect(left === undefined).toBe(standing?.revision !== revision);
    },
  );

  test('two that each read what the other writes: one sees the other', async () => {
    const { key, gate, expect: guards } = await place(more);
    const [a, b] = [key('a'), key('b')];
    const writing = (mine: RecordKey, theirs: RecordKey): Transaction => ({
      expect: [...guards, { key: mine, revision: undefined }],
      write: [{ key: mine, value: 'here' }],
      read: [theirs],
    });
    const results = await together(gate, writing(a, b), writing(b, a));
    expect(results.map(({ ok }) => ok)).toEqual([true, true]);
    expect(results.filter(({ records }) => records.at(-1) === undefined)).toHaveLength(1);
  });

  test('an update and an insert that somebody else was faster with: nothing of it applies', async () => {
    const { key, gate, expect: guards } = await place(more);
    const [a, companion] = [key('a'), key('b')];
    const revision = await put(a);
    const both: Transaction = {
      expect: [...guards, { key: a, revision }, { key: companion, revision: undefined }],
      write: [
        { key: a, value: 'changed' },
        { key: companion, value: 'ours' },
      ],
    };
    const alone: Transaction = {
      expect: [...guards, { key: companion, revision: undefined }],
      write: [{ key: companion, value: 'theirs' }],
    };
    const [ours, theirs] = await together(gate, both, alone);
    expect(ours.ok).toBe(!theirs.ok);
    const [first, second] = await read(a, companion);
    expect([first?.value, second?.value]).toEqual(ours.ok ? ['changed', 'ours'] : ['x', 'theirs']);
  });

  test('a removal and a write of one record: one of them', async () => {
    const { key, gate, expect: guards } = await place(more);
    const [record, note] = [key('a'), key('b')];
    const revision = await put(record);
    const removal: Transaction = {
      expect: [...guards, { key: record, revision }, { key: note, revision: undefined }],
      write: [{ key: note, value: 'removed' }],
      remove: [record],
    };
    const change: Transaction = {
      expect: [...guards, { key: record, revision }],
      write: [{ key: record, value: 'changed' }],
    };
    const [removed, changed] = await together(gate, removal, change);
    expect(removed.ok).toBe(!changed.ok);
    const [left, noted] = await read(record, note);
    expect([left?.value, noted?.value]).toEqual(removed.ok ? [undefined, 'removed'] : ['changed', undefined]);
  });
});

/** What relied on their absence before has left rows for them, which are none. */
async function leaveAbsence(...keys: RecordKey[]): Promise<void> {
  const other = { ...(keys[0] as RecordKey), id: randomUUID() };
  const expected = [other, ...keys].map((key) => ({ key, revision: undefined }));
  const result = await stores[0].transact({ expect: expected, write: [{ key: other, value: 'x' }] }, nonce());
  expect(result.ok).toBe(true);
  expect(await read(...keys)).toEqual(keys.map(() => undefined));
}

test('a row that stands for an absence is no record', async () => {
  const { key } = await place(0);
  const [absent, seen] = [key('absent'), key('seen')];
  await leaveAbsence(absent, seen);
  const listed = await stores[0].list({ kind: 'skew', limit: 1_000 });
  expect(listed.records.map((record) => record.key.id)).not.toContain(absent.id);
  const lease = { owner: 'worker', fence: 1, ms: 60_000 };
  expect(await stores[0].renew([{ key: absent, owner: 'worker', fence: 1, ms: 1 }])).toEqual(['lost']);
  const inserted = await stores[0].transact(
    { expect: [{ key: absent, revision: undefined }], write: [{ key: absent, value: 'x', lease }] },
    'first',
  );
  expect(inserted).toMatchObject({ ok: true, records: [{ revision: '1:first', value: 'x', lease: { fence: 1 } }] });
  const updated = await stores[0].transact(
    { expect: [{ key: absent, revision: '1:first' }], write: [{ key: absent, value: 'y' }] },
    'second',
  );
  expect(updated).toMatchObject({ ok: true, records: [{ revision: '2:second' }] });
});

test('a storm of transactions that rely on each other has a serial order', { timeout: 60_000 }, async () => {
  const key = (name: number): RecordKey => ({ partition: 5, kind: 'storm', id: `${name}` });
  let applied = 0;
  for (let round = 0; round < 30; round++) {
    const keys = Array.from({ length: 5 }, (_, number) => key(round * 10 + number));
    // Each inserts one and relies on the absence of its neighbour.
    const results = await Promise.all(
      keys.map((mine, at) => {
        const next = keys[(at + 1) % keys.length] as RecordKey;
        const expected = [mine, next].map((one) => ({ key: one, revision: undefined }));
        return (stores[at % 2] as Store).transact({ expect: expected, write: [{ key: mine, value: 'x' }] }, nonce());
      }),
    );
    const there = (await read(...keys)).map((record) => record !== undefined);
    expect(there).toEqual(results.map(({ ok }) => ok));
    applied += there.filter((ok) => ok).length;
    // Whoever applied did so before its neighbour: the ring of those that applied never closes.
    expect(there.every((ok) => ok)).toBe(false);
    expect(there.some((ok) => ok)).toBe(true);
  }
  expect(applied).toBeGreaterThanOrEqual(30);
});

test('renewals in between neither tear a transaction nor let a takeover pass', { timeout: 60_000 }, async () => {
  const [ours, theirs] = stores;
  for (let round = 0; round < 20; round++) {
    const key: RecordKey = { partition: 2, kind: 'renewed', id: `${round}` };
    const evidence = { ...key, kind: 'evidence' };
    const lease = { owner: 'worker', fence: 1, ms: 60_000 };
    const first = await ours.transact(
      { expect: [{ key, revision: undefined }], write: [{ key, value: 'claimed', lease }] },
      nonce(),
    );
    const revision = first.records[0]?.revision;
    const takeover = theirs.transact(
      {
        expect: [
          { key, revision, lease: 'expired' },
          { key: evidence, revision: undefined },
        ],
        write: [{ key, value: 'taken' }],
      },
      nonce(),
    );
    const completion = theirs.transact(
      {
        expect: [
          { key, revision },
          { key: evidence, revision: undefined },
        ],
        write: [
          { key, value: 'completed' },
          { key: evidence, value: 'receipt' },
        ],
      },
      nonce(),
    );
    const renewals = Array.from({ length: 5 }, () => ours.renew([{ key, owner: 'worker', fence: 1, ms: 60_000 }]));
    expect((await takeover).ok).toBe(false);
    expect((await completion).ok).toBe(true);
    await Promise.all(renewals);
    const [call, receipt] = await read(key, evidence);
    expect([call?.value, call?.lease, receipt?.value]).toEqual(['completed', undefined, 'receipt']);
  }
});
