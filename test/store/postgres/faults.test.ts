import { randomUUID } from 'node:crypto';
import type { Row, Sql } from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StoreUnavailableError } from '../../../src/errors/store.js';
import { StoreClient } from '../../../src/store/client.js';
import type { RecordKey, Store, StoredRecord, Transaction } from '../../../src/store/contract.js';
import { openPostgresStore, type PostgresStoreOptions } from '../../../src/store/postgres/index.js';
import { machineClock } from '../../../src/store/process-clock.js';
import { type PostgresServer, startPostgres } from '../../services/postgres-server.js';
import { type FaultProxy, startProxy } from '../../services/proxy.js';
import { adminOf, caught, freshSchema, until } from './scratch.js';

/** A server of our own: it is stopped, killed and set otherwise. */
let server: PostgresServer;
let admin: Sql;
let schema: string;
const stores: Store[] = [];

beforeAll(async () => {
  server = await startPostgres({
    // Nothing goes to the disk by itself for ten seconds: what survives was put there by the store.
    settings: { synchronous_commit: 'off', wal_writer_delay: '10s', deadlock_timeout: '50ms', max_connections: '60' },
  });
  admin = adminOf(server.url);
});

beforeEach(() => {
  schema = freshSchema();
});

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
});

afterAll(async () => {
  await admin.end({ timeout: 1 });
  await server.stop();
});

async function open(where: string | Sql = server.url, options: PostgresStoreOptions = {}): Promise<Store> {
  const store = await openPostgresStore(where, { schema, ...options });
  stores.push(store);
  return store;
}

const nonce = (): string => randomUUID().replaceAll('-', '');
const keyOf = (id: string): RecordKey => ({ partition: 0, kind: 'call', id });

function inserting(key: RecordKey, value = 'claimed'): Transaction {
  const lease = { owner: 'worker', fence: 1, ms: 60_000 };
  return { expect: [{ key, revision: undefined }], write: [{ key, value, lease, index: { phase: 'attempting' } }] };
}

async function read(store: Store, key: RecordKey) {
  return (await store.transact({ expect: [], write: [], read: [key] }, nonce())).records[0];
}

async function unavailable(promise: Promise<unknown>): Promise<StoreUnavailableError> {
  const error = await caught(promise);
  expect(error).toBeInstanceOf(StoreUnavailableError);
  return error as StoreUnavailableError;
}

describe('lost requests and answers', () => {
  let proxy: FaultProxy;
  let store: Store;

  beforeEach(async () => {
    proxy = await startProxy(server.url);
    store = await open(proxy.url, { timeoutMs: 2_000, connections: 1 });
    await store.transact(inserting(keyOf('warm')), nonce());
  });

  afterEach(() => proxy.close());

  /** The server is away, and the driver has noticed: what is sent over a connection that just ended may have arrived. */
  async function away(): Promise<void> {
    await proxy.refuse();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }

  test.each([
    ['cut before it arrives', { type: 'cut-before' }, false],
    ['cut after it was applied', { type: 'cut-after' }, true],
    ['cut in the middle of the answer', { type: 'cut-reply', bytes: 7 }, true],
    ['swallowed on the way', { type: 'swallow-request' }, false],
    ['applied, and never answered', { type: 'swallow-reply' }, true],
  ] as const)('%s: unknown, and the same nonce settles it', async (_, fault, applied) => {
    const key = keyOf('one');
    const transaction = inserting(key);
    void proxy.strike('INSERT INTO', fault);
    const error = await unavailable(store.transact(transaction, 'first'));
    expect(error.details).toMatchObject({ applied: 'unknown', during: 'transact' });
    expect((await read(store, key)) !== undefined).toBe(applied);
    const again = await store.transact(transaction, 'first');
    expect(again).toMatchObject({ ok: true, records: [{ revision: '1:first' }] });
    expect((await store.transact(transaction, 'other')).ok).toBe(false);
  });

  test('sent twice by the network: applied once', async () => {
    const key = keyOf('twice');
    const struck = proxy.strike('INSERT INTO', { type: 'duplicate' });
    const first = await store.transact(inserting(key), 'once');
    await struck;
    expect(first.ok).toBe(true);
    expect(await read(store, key)).toEqual(first.records[0]);
  });

  test('a server that is away for a moment is waited for, and nothing was sent meanwhile', async () => {
    await away();
    const sending = store.transact(inserting(keyOf('later')), nonce());
    setTimeout(() => void proxy.accept(), 300);
    expect((await sending).ok).toBe(true);
  });

  test('a server that stays away: certainly not applied', async () => {
    await away();
    const error = await unavailable(store.transact(inserting(keyOf('never')), nonce()));
    expect(error.details['applied']).toBe('no');
    // Reconnecting goes on while it is closed, which must not come to anybody's ears.
    const waiting = store.transact(inserting(keyOf('never')), nonce()).catch(() => undefined);
    const watch = store.watch(keyOf('warm'), undefined, new AbortController().signal);
    await store.close();
    await Promise.all([waiting, watch]);
  });
});

describe('a server that says nothing', () => {
  test('costs the deadline, not more, and is used again when it answers', { timeout: 60_000 }, async () => {
    const store = await open(server.url, { timeoutMs: 700, connections: 2 });
    const key = keyOf('silent');
    await store.transact(inserting(keyOf('warm')), nonce());
    server.suspend();
    try {
      const start = performance.now();
      const sendings = Array.from({ length: 6 }, (_, at) =>
        unavailable(store.transact(inserting(keyOf(`${at}`)), nonce())),
      );
      // What was given to no connection was withdrawn, and that is known; the rest may still land.
      const applied = (await Promise.all(sendings)).map(({ details }) => details['applied']);
      expect(applied).toContain('unknown');
      expect(performance.now() - start).toBeLessThan(5_000);
      await unavailable(store.renew([{ key, owner: 'worker', fence: 1, ms: 1 }]));
      await unavailable(store.list({ kind: 'call', limit: 1 }));
    } finally {
      server.resume();
    }
    await until(
      async () =>
        store.transact(inserting(key), 'back').then(
          ({ ok }) => ok,
          () => false,
        ),
      'it answers again',
    );
  });

  test('a client of the program may still send what waits in it', { timeout: 60_000 }, async () => {
    const client = adminOf(server.url, 1);
    const store = await open(client, { timeoutMs: 300 });
    const blocked = keyOf('blocked');
    const sleeping = client`SELECT pg_sleep(1.5)`.execute();
    const sendings = Array.from({ length: 3 }, (_, at) =>
      unavailable(store.transact(inserting(keyOf(`${at}`)), `n${at}`)),
    );
    for (const error of await Promise.all(sendings)) expect(error.details['applied']).toBe('unknown');
    await sleeping;
    await until(async () => (await read(store, keyOf('2'))) !== undefined, 'they have landed after all');
    for (const at of [0, 1, 2]) expect((await store.transact(inserting(keyOf(`${at}`)), `n${at}`)).ok).toBe(true);
    expect((await store.transact(inserting(blocked), nonce())).ok).toBe(true);
    await store.close();
    await client.end();
  });

  test('does not keep a store from being closed', { timeout: 60_000 }, async () => {
    const store = await open(server.url, { timeoutMs: 5_000 });
    const key = keyOf('closed');
    await store.transact(inserting(key), nonce());
    const revision = (await read(store, key))?.revision;
    const watch = store.watch(key, revision, new AbortController().signal);
    server.suspend();
    try {
      const sending = store.transact(inserting(keyOf('open')), nonce()).catch(() => undefined);
      const start = performance.now();
      await store.close();
      await Promise.all([sending, watch]);
      expect(performance.now() - start).toBeLessThan(3_000);
    } finally {
      server.resume();
    }
  });
});

describe('backends that are ended', () => {
  test('between and during statements: every claim runs once', { timeout: 120_000 }, async () => {
    const store = await open(server.url, { timeoutMs: 10_000 });
    const client = new StoreClient(store, machineClock, 30_000);
    let applied = 0;
    let ended = 0;
    let going = true;
    const endAll = async (): Promise<void> => {
      const rows = await admin`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mycelium'`;
      ended += rows.length;
    };
    const chaos = (async () => {
      while (going) {
        await endAll();
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    })();
    await Promise.all(
      Array.from({ length: 4 }, async (_, worker) => {
        for (let round = 0; round < 15; round++) {
          const key = keyOf(`chaos ${worker} ${round}`);
          const claimed = await client.transact(inserting(key), nonce());
          expect(claimed.ok).toBe(true);
          const write = [{ key, value: 'completed' }];
          const expected = [{ key, revision: claimed.records[0]?.revision }];
          const completed = await client.transact({ expect: expected, write }, nonce());
          expect(completed.ok).toBe(true);
          applied += 1;
        }
      }),
    );
    going = false;
    await chaos;
    let records: readonly StoredRecord[] = [];
    const list = async (): Promise<boolean> => {
      records = (await store.list({ kind: 'call', limit: 1_000 })).records;
      return true;
    };
    // On a busy machine the last backends end only now.
    await until(() => list().catch(() => false), 'the store answers');
    expect(records.map(({ value, revision }) => `${value} ${revision.split(':')[0]}`)).toEqual(
      records.map(() => 'completed 2'),
    );
    expect([applied, records.length, ended > 0]).toEqual([60, 60, true]);
  });
});

test('what was acknowledged survives kill -9, on a server that acknowledges before it is on the disk', {
  timeout: 120_000,
}, async () => {
  const store = await open(server.url, { timeoutMs: 5_000 });
  await admin.unsafe('CREATE TABLE public.control (id int)');
  await admin.unsafe('CHECKPOINT');
  const acknowledged: { key: RecordKey; revision: string }[] = [];
  const worker = async (from: number): Promise<void> => {
    for (let number = from; ; number += 4) {
      const key = keyOf(`durable ${number}`);
      try {
        const { records } = await store.transact(inserting(key), nonce());
        acknowledged.push({ key, revision: records[0]?.revision as string });
        if (number % 2 === 0) continue;
        const companion = { ...key, kind: 'receipt' };
        const expected = [
          { key, revision: records[0]?.revision },
          { key: companion, revision: undefined },
        ];
        const write = [
          { key, value: 'completed' },
          { key: companion, value: 'receipt' },
        ];
        const completed = await store.transact({ expect: expected, write }, nonce());
        for (const record of completed.records)
          if (record !== undefined) acknowledged.push({ key: record.key, revision: record.revision });
      } catch {
        return;
      }
    }
  };
  const workers = [0, 1, 2, 3].map(worker);
  await until(() => acknowledged.length > 200, '200 acknowledged records');
  // The last ones before the end, one without the store's care, which shows that the server does lose things.
  const control = adminOf(server.url, 1);
  await control`SELECT 1`;
  const [, killed] = await Promise.all([
    (async () => {
      await control.unsafe('SET synchronous_commit = off; INSERT INTO public.control VALUES (1)');
    })(),
    (async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await server.kill('SIGKILL');
      return true;
    })(),
  ]);
  expect(killed).toBe(true);
  await Promise.all(workers);
  await control.end({ timeout: 0 });
  await server.restart();
  const after = await open(server.url, { timeoutMs: 20_000 });
  const latest = new Map(acknowledged.map(({ key, revision }) => [`${key.kind} ${key.id}`, { key, revision }]));
  const lost: string[] = [];
  for (const { key, revision } of latest.values()) {
    const record = await read(after, key);
    // A write whose answer was lost may stand above what was acknowledged, never below.
    const count = (text: string | undefined): number => Number(text?.split(':')[0] ?? 0);
    if (count(record?.revision) < count(revision)) lost.push(key.id);
  }
  expect(lost).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(200);
});

test('an answer that nobody waited to be on the disk is lost by the same kill -9: the server is set as it says', {
  timeout: 120_000,
}, async () => {
  const store = await open(server.url);
  await admin.unsafe('CREATE TABLE IF NOT EXISTS public.control (id int)');
  await admin.unsafe('CHECKPOINT');
  const control = adminOf(server.url, 1);
  await control.unsafe('INSERT INTO public.control VALUES (42)');
  await server.kill('SIGKILL');
  await control.end({ timeout: 0 });
  await server.restart();
  await until(
    () =>
      admin`SELECT 1`.then(
        () => true,
        () => false,
      ),
    'the server is back',
  );
  expect(await admin`SELECT id FROM public.control WHERE id = 42`).toHaveLength(0);
  await until(
    () =>
      store.transact(inserting(keyOf('back')), nonce()).then(
        () => true,
        () => false,
      ),
    'the store is back',
  );
});

describe('others who hold what is needed', () => {
  test('a lock that is not let go ends in a refusal that proves nothing was written', { timeout: 60_000 }, async () => {
    const store = await open(server.url, { timeoutMs: 1_000 });
    const key = keyOf('locked');
    const { records } = await store.transact(inserting(key), nonce());
    const update = { expect: [{ key, revision: records[0]?.revision }], write: [{ key, value: 'changed' }] };
    await admin.begin(async (holder) => {
      await holder.unsafe(`SELECT 1 FROM "${schema}".records FOR UPDATE`);
      const error = await unavailable(store.transact(update, 'n'));
      expect(error.details['applied']).toBe('no');
      expect(error.message).toContain('statement timeout');
    });
    expect((await store.transact(update, 'n')).ok).toBe(true);
  });

  test('a deadlock with somebody else is tried again by itself', { timeout: 60_000 }, async () => {
    const store = await open(server.url, { timeoutMs: 20_000 });
    const [a, b] = [keyOf('a'), keyOf('b')];
    const first = await store.transact(
      {
        expect: [a, b].map((key) => ({ key, revision: undefined })),
        write: [a, b].map((key) => ({ key, value: 'x' })),
      },
      nonce(),
    );
    const lock = (id: string): string => `SELECT 1 FROM "${schema}".records WHERE id = '${id}' FOR UPDATE`;
    const both = {
      expect: [a, b].map((key, at) => ({ key, revision: first.records[at]?.revision })),
      write: [a, b].map((key) => ({ key, value: 'changed' })),
    };
    let sending: Promise<{ ok: boolean }> | undefined;
    await admin.begin(async (holder) => {
      await holder.unsafe(`SET LOCAL deadlock_timeout = '30s'`);
      await holder.unsafe(lock('b'));
      sending = store.transact(both, nonce());
      await until(
        async () =>
          (await admin`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'mycelium'`)
            .length === 1,
        'it waits for the second record',
      );
      await holder.unsafe(lock('a'));
    });
    expect((await sending)?.ok).toBe(true);
    const deadlocks = (): Promise<Row[]> =>
      admin`SELECT 1 FROM pg_stat_database WHERE datname = 'postgres' AND deadlocks > 0`;
    await until(async () => (await deadlocks()).length === 1, 'the server has counted the deadlock');
  });
});

describe('a role that is not let do it', () => {
  const roleUrl = (): string => {
    const address = new URL(server.url);
    address.username = 'limited';
    return address.href;
  };

  test('a server that takes no writes says so, and nothing was written', async () => {
    await open(server.url);
    await admin.unsafe(
      `CREATE ROLE limited LOGIN SUPERUSER; ALTER ROLE limited SET default_transaction_read_only = on`,
    );
    const store = await open(roleUrl());
    expect((await store.health?.())?.concerns).toMatchObject([
      { found: 'default_transaction_read_only is on', severity: 'unsafe' },
    ]);
    const error = await unavailable(store.transact(inserting(keyOf('standby')), nonce()));
    expect(error.details['applied']).toBe('no');
    expect(error.message).toContain('Name the primary');
    // Reading goes on.
    expect(await read(store, keyOf('standby'))).toBe(undefined);
  });

  test('too many connections: waited for, and nothing was sent', async () => {
    await open(server.url);
    await admin.unsafe('CREATE ROLE crowded LOGIN CONNECTION LIMIT 0');
    const address = new URL(server.url);
    address.username = 'crowded';
    const error = await unavailable(open(address.href, { timeoutMs: 600 }));
    expect(error.details['applied']).toBe('no');
    expect(error.message).toContain('too many connections');
  });
});
