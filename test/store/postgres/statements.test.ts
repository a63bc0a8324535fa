import { randomUUID } from 'node:crypto';
import postgres, { type Sql } from 'postgres';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { StoreUnavailableError } from '../../../src/errors/store.js';
import type { RecordKey, Store, Transaction } from '../../../src/store/contract.js';
import { openPostgresStore, type PostgresStoreOptions } from '../../../src/store/postgres/index.js';
import { startPgBouncer } from '../../services/pgbouncer.js';
import { type FaultProxy, startProxy } from '../../services/proxy.js';
import type { ServerHandle } from '../../services/server-process.js';
import { postgresService } from '../../services/services.js';
import { adminOf, caught, dropSchema, freshSchema } from './scratch.js';

const schema = freshSchema();
const opened: Store[] = [];
let admin: Sql;

beforeAll(() => {
  admin = adminOf();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

afterAll(async () => {
  await dropSchema(admin, schema);
  await admin.end();
});

async function open(where: string | Sql, options: PostgresStoreOptions = {}): Promise<Store> {
  const store = await openPostgresStore(where, { schema, ...options });
  opened.push(store);
  return store;
}

const nonce = (): string => randomUUID().replaceAll('-', '');
const keyOf = (kind = 'call'): RecordKey => ({ partition: 0, kind, id: randomUUID() });
const lease = { owner: 'worker', fence: 1, ms: 60_000 };

function inserting(...keys: RecordKey[]): Transaction {
  return {
    expect: keys.map((key) => ({ key, revision: undefined })),
    write: keys.map((key) => ({ key, value: 'x', lease, index: { phase: 'attempting' } })),
  };
}

/** What is done, each as one statement. */
const deeds: Readonly<Record<string, (store: Store, key: RecordKey, revision: string) => Promise<unknown>>> = {
  'an insert': (store) => store.transact(inserting(keyOf()), nonce()),
  'a refused insert': (store, key) => store.transact(inserting(key), nonce()),
  'an update': (store, key, revision) =>
    store.transact({ expect: [{ key, revision }], write: [{ key, value: 'y' }] }, nonce()),
  'a refused update': (store, key) =>
    store.transact({ expect: [{ key, revision: '7:no' }], write: [{ key, value: 'y' }] }, nonce()),
  'a takeover that relies on an absence': (store, key, revision) =>
    store.transact(
      {
        expect: [
          { key, revision },
          { key: { ...key, kind: 'evidence' }, revision: undefined },
        ],
        write: [{ key, value: 'y' }],
      },
      nonce(),
    ),
  'a completion with its receipt': (store, key, revision) => {
    const receipt = { ...key, kind: 'receipt' };
    return store.transact(
      {
        expect: [
          { key, revision },
          { key: receipt, revision: undefined },
        ],
        write: [
          { key, value: 'y' },
          { key: receipt, value: 'z' },
        ],
      },
      nonce(),
    );
  },
  'seven records': (store) => store.transact(inserting(...Array.from({ length: 7 }, () => keyOf())), nonce()),
  'a read': (store, key) => store.transact({ expect: [], write: [], read: [key] }, nonce()),
  'a read of two': (store, key) =>
    store.transact({ expect: [], write: [], read: [key, { ...key, kind: 'evidence' }] }, nonce()),
  'a read of nine': (store) =>
    store.transact({ expect: [], write: [], read: Array.from({ length: 9 }, () => keyOf()) }, nonce()),
  'an expectation': (store, key, revision) => store.transact({ expect: [{ key, revision }], write: [] }, nonce()),
  'a renewal': (store, key) => store.renew([{ key, ...lease }]),
  'ten renewals': (store, key) => store.renew(Array.from({ length: 10 }, () => ({ key, ...lease }))),
  'a page': (store) => store.list({ kind: 'call', limit: 3 }),
  'a filtered page': (store) => store.list({ kind: 'call', where: { phase: 'attempting' }, limit: 3 }),
  'the health': (store) => store.health?.() ?? Promise.resolve(),
};

/** Executed statements, and everything that opens or ends a transaction. */
async function traffic(
  proxy: FaultProxy,
  deed: () => Promise<unknown>,
): Promise<{ statements: number; begins: number }> {
  proxy.counter.reset();
  await deed();
  const { statements } = proxy.counter.snapshot();
  return {
    statements: statements.length,
    begins: statements.filter((text) => /^\s*(begin|commit|start)/i.test(text)).length,
  };
}

describe.each(['directly', 'through PgBouncer'])('%s, each is one statement without BEGIN', (way) => {
  let bouncer: ServerHandle | undefined;
  let proxy: FaultProxy;
  let store: Store;

  beforeAll(async () => {
    if (way !== 'directly') bouncer = await startPgBouncer(postgresService(), { poolSize: 3 });
    proxy = await startProxy(bouncer?.url ?? postgresService());
  });

  afterAll(async () => {
    await proxy.close();
    await bouncer?.stop();
  });

  test.each(Object.keys(deeds))('%s', async (name) => {
    store = await open(proxy.url, { connections: 1 });
    const deed = deeds[name] as (typeof deeds)[string];
    for (const warm of [true, false]) {
      const key = keyOf();
      const { records } = await store.transact(inserting(key), nonce());
      const counted = await traffic(proxy, () => deed(store, key, records[0]?.revision as string));
      expect(counted).toEqual({ statements: 1, begins: 0 });
      if (warm) continue;
      const { requests } = proxy.counter.snapshot();
      // One round trip: nothing is asked about the statement first.
      expect(requests['Parse'] ?? 0).toBe(0);
      expect((requests['Query'] ?? 0) + (requests['Sync'] ?? 0)).toBe(1);
    }
  });
});

test('plans look into the primary key however small the table is, and stay right when it has grown', async () => {
  const store = await open(postgresService(), { connections: 1 });
  // Prepared and planned for good while the table is almost empty, and known to be.
  await store.transact(inserting(keyOf()), nonce());
  await admin.unsafe(`ANALYZE "${schema}".records`);
  const key = keyOf();
  for (let round = 0; round < 8; round++) {
    for (const name of [
      'an insert',
      'an update',
      'a takeover that relies on an absence',
      'a read of two',
      'a renewal',
    ]) {
      const own = keyOf();
      const { records } = await store.transact(inserting(own), nonce());
      await deeds[name]?.(store, own, records[0]?.revision as string);
    }
  }
  await store.transact(inserting(key), nonce());
  await admin.unsafe(`
    INSERT INTO "${schema}".records (kind, partition, id, revision, value, written_at)
    SELECT 'call', 0, 'filler ' || n, '1:x', repeat('x', 300), 0 FROM generate_series(1, 20000) n`);
  const scans = async (): Promise<number> => {
    const [row] = await admin.unsafe(
      `SELECT seq_scan::int AS n FROM pg_stat_user_tables WHERE schemaname = '${schema}' AND relname = 'records'`,
    );
    return row?.['n'];
  };
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1_200));
  await settle();
  const before = await scans();
  for (const name of Object.keys(deeds)) {
    const own = keyOf();
    const { records } = await store.transact(inserting(own), nonce());
    await deeds[name]?.(store, own, records[0]?.revision as string);
  }
  await settle();
  expect(await scans()).toBe(before);
});

test('an answer that belongs to another statement is not believed', async () => {
  const real = postgres(postgresService(), { max: 2, onnotice: () => undefined });
  let swapping: ((rows: unknown) => Promise<unknown>) | undefined;
  // As the driver would, had it lost count: of two statements under way each is given the answer to the other.
  const client = new Proxy(real, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (name !== 'unsafe') return value;
      return (...args: Parameters<Sql['unsafe']>) => ({
        raw: () => {
          const answer = target.unsafe(...args).raw();
          return swapping === undefined ? answer : Promise.resolve(answer).then(swapping);
        },
      });
    },
  });
  const store = await open(client);
  const [taken, free] = [keyOf(), keyOf()];
  await store.transact(inserting(taken), nonce());
  const answers: unknown[] = [];
  const waiting: (() => void)[] = [];
  swapping = async (rows) => {
    const at = answers.push(rows) - 1;
    if (at === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else waiting[0]?.();
    return answers[1 - at];
  };
  const sendings = [taken, free].map((key) => caught(store.transact(inserting(key), nonce())));
  for (const error of await Promise.all(sendings)) {
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect((error as StoreUnavailableError).details['applied']).toBe('unknown');
  }
  swapping = undefined;
  await store.close();
  await real.end();
});
