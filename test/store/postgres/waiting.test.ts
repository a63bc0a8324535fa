import { randomUUID } from 'node:crypto';
import { getEventListeners } from 'node:events';
import postgres, { type Sql } from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StoreClient } from '../../../src/store/client.js';
import type { RecordKey, Store, StoredRecord } from '../../../src/store/contract.js';
import { openPostgresStore, type PostgresStoreOptions } from '../../../src/store/postgres/index.js';
import { machineClock } from '../../../src/store/process-clock.js';
import { startPgBouncer } from '../../services/pgbouncer.js';
import { type FaultProxy, startProxy } from '../../services/proxy.js';
import type { ServerHandle } from '../../services/server-process.js';
import { postgresService } from '../../services/services.js';
import { adminOf, dropSchema, freshSchema, until } from './scratch.js';

const schema = freshSchema();
let admin: Sql;
let proxy: FaultProxy;
/** Waits, through the proxy. */
let store: Store;
/** Works, beside it. */
let other: Store;
const opened: Store[] = [];
/** A signal of its own for each watch, as callers have it. */
const never = (): AbortSignal => new AbortController().signal;

beforeAll(async () => {
  admin = adminOf();
  other = await openPostgresStore(postgresService(), { schema });
});

beforeEach(async () => {
  proxy = await startProxy(postgresService());
  store = await open(proxy.url);
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await proxy.close();
});

afterAll(async () => {
  await other.close();
  await dropSchema(admin, schema);
  await admin.end();
});

async function open(url: string, options: PostgresStoreOptions = {}): Promise<Store> {
  const one = await openPostgresStore(url, { schema, ...options });
  opened.push(one);
  return one;
}

const nonce = (): string => randomUUID().replaceAll('-', '');

async function put(key: RecordKey, revision?: string): Promise<StoredRecord> {
  const lease = { owner: 'worker', fence: 1, ms: 60_000 };
  const result = await other.transact({ expect: [{ key, revision }], write: [{ key, value: 'x', lease }] }, nonce());
  expect(result.ok).toBe(true);
  return result.records[0] as StoredRecord;
}

const fresh = (): Promise<StoredRecord> => put({ partition: 1, kind: 'waited', id: randomUUID() });

/** Statements of a kind that passed the proxy. */
function count(part: string | RegExp): number {
  const { statements } = proxy.counter.snapshot();
  return statements.filter((text) => (typeof part === 'string' ? text.includes(part) : part.test(text))).length;
}

const MARK = 'marked AS';
const LISTEN = /^listen/i;
const LOOK = 'r.revision\nFROM unnest';

/** Whether a promise has settled by now. */
async function settled(promise: Promise<unknown>, ms = 0): Promise<boolean> {
  return Promise.race([
    promise.then(() => true),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(false), ms)),
  ]);
}

const flagOf = async ({ key }: StoredRecord): Promise<unknown> =>
  (await admin.unsafe(`SELECT waiting FROM "${schema}".records WHERE id = $1 AND kind = $2`, [key.id, key.kind]))[0]?.[
    'waiting'
  ];

describe('each moment at which a completion can come', () => {
  test('before the server listens', async () => {
    const record = await fresh();
    const struck = proxy.strike(LISTEN, { type: 'hold' });
    const watch = store.watch(record.key, record.revision, never());
    await struck;
    await put(record.key, record.revision);
    expect(await settled(watch)).toBe(false);
    proxy.release();
    await watch;
  });

  test('between listening and the flag', async () => {
    const record = await fresh();
    const struck = proxy.strike(MARK, { type: 'delay', requestMs: 400 });
    const watch = store.watch(record.key, record.revision, never());
    await until(() => count(LISTEN) === 1, 'the server listens');
    await put(record.key, record.revision);
    await struck;
    await watch;
  });

  test('after the flag, and before the answer that it is set', async () => {
    const record = await fresh();
    const struck = proxy.strike(MARK, { type: 'hold' });
    const watch = store.watch(record.key, record.revision, never());
    await struck;
    expect(await flagOf(record)).toBeTypeOf('string');
    await put(record.key, record.revision);
    // The notification overtakes the answer.
    await watch;
    // The answer speaks of a flag that is used up: who watches again must not trust it.
    proxy.release();
    const next = await put(record.key, (await current(record.key)).revision);
    const again = store.watch(record.key, next.revision, never());
    await until(async () => typeof (await flagOf(record)) === 'string', 'the flag is set again');
    await put(record.key, next.revision);
    await again;
  });

  test('at the very moment of the flag: the writer or the watcher waits for the other', async () => {
    const record = await fresh();
    let watch: Promise<void> | undefined;
    let move: Promise<StoredRecord> | undefined;
    await admin.begin(async (holder) => {
      await holder.unsafe(`SELECT 1 FROM "${schema}".records WHERE id = $1 FOR UPDATE`, [record.key.id]);
      move = put(record.key, record.revision);
      watch = store.watch(record.key, record.revision, never());
      await until(() => count(MARK) === 1, 'the flag is under way');
      await new Promise((resolve) => setTimeout(resolve, 100));
    });
    await Promise.all([watch, move]);
  });

  test('while everybody waits, for many at once', async () => {
    const records = await Promise.all(Array.from({ length: 20 }, fresh));
    const watches = records.map((record) => store.watch(record.key, record.revision, never()));
    await until(() => count(MARK) === 20, 'all flags are set');
    await Promise.all(records.map((record) => put(record.key, record.revision)));
    await Promise.all(watches);
    expect(count(LISTEN)).toBe(1);
  });
});

async function current(key: RecordKey): Promise<StoredRecord> {
  return (await other.transact({ expect: [], write: [], read: [key] }, nonce())).records[0] as StoredRecord;
}

describe('what it costs', () => {
  test('nothing is listened to before somebody waits', async () => {
    await store.transact({ expect: [], write: [] }, nonce());
    expect(count(LISTEN)).toBe(0);
  });

  test('five watches of one record are one statement, and one that is begun again is none', async () => {
    const record = await fresh();
    const controller = new AbortController();
    const watches = Array.from({ length: 5 }, () => store.watch(record.key, record.revision, controller.signal));
    await until(() => count(MARK) === 1, 'the flag is under way');
    await until(async () => typeof (await flagOf(record)) === 'string', 'the flag is set');
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(5);
    controller.abort();
    await Promise.all(watches);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    await other.renew([{ key: record.key, owner: 'worker', fence: 1, ms: 90_000 }]);
    const again = Array.from({ length: 3 }, () => store.watch(record.key, record.revision, never()));
    expect(await settled(Promise.race(again), 100)).toBe(false);
    expect(count(MARK)).toBe(1);
    await put(record.key, record.revision);
    await Promise.all(again);
    expect([count(MARK), count(LISTEN)]).toEqual([1, 1]);
  });

  test('only who is waited for notifies', async () => {
    const heard: string[] = [];
    const { unlisten } = await admin.listen(`mycelium:${schema}`, (payload) => heard.push(payload));
    const [quiet, waited] = [await fresh(), await fresh()];
    const watch = store.watch(waited.key, waited.revision, never());
    await until(async () => typeof (await flagOf(waited)) === 'string', 'the flag is set');
    await put(quiet.key, quiet.revision);
    const moved = await put(waited.key, waited.revision);
    await watch;
    // The flag is used up: the next write tells nobody.
    await put(waited.key, moved.revision);
    await admin.notify(`mycelium:${schema}`, 'end');
    await until(() => heard.includes('end'), 'everything was heard');
    expect(heard).toHaveLength(2);
    await unlisten();
  });

  test('records that are not there are asked about together', async () => {
    const keys = Array.from({ length: 100 }, () => ({ partition: 2, kind: 'absent', id: randomUUID() }));
    const watches = keys.map((key) => store.watch(key, undefined, never()));
    await until(() => count(LOOK) >= 3, 'they were asked about three times');
    expect(count(MARK)).toBe(100);
    expect(count(LOOK)).toBeLessThan(20);
    await Promise.all(keys.map((key) => put(key)));
    await Promise.all(watches);
  });
});

describe('a connection that breaks', () => {
  test('what moved while nobody listened is found when the server listens again', async () => {
    const record = await fresh();
    const watch = store.watch(record.key, record.revision, never());
    await until(async () => typeof (await flagOf(record)) === 'string', 'the flag is set');
    await proxy.refuse();
    await put(record.key, record.revision);
    expect(await settled(watch, 50)).toBe(false);
    await proxy.accept();
    await watch;
  });

  test('a watch that begins while the server is away comes to its end', async () => {
    const record = await fresh();
    await proxy.refuse();
    const watch = store.watch(record.key, record.revision, never());
    expect(await settled(watch, 100)).toBe(false);
    await proxy.accept();
    await put(record.key, record.revision);
    await watch;
  });

  test('a backend that listens and is ended is replaced', async () => {
    const record = await fresh();
    const watch = store.watch(record.key, record.revision, never());
    await until(async () => typeof (await flagOf(record)) === 'string', 'the flag is set');
    const backends = () =>
      admin<{ pid: number }[]>`SELECT pid FROM pg_stat_activity WHERE query ILIKE ${`listen "mycelium:${schema}"%`}`;
    const [{ pid } = { pid: 0 }] = await backends();
    await admin`SELECT pg_terminate_backend(${pid})`;
    await until(async () => (await backends()).some((one) => one.pid !== pid), 'another one listens');
    await put(record.key, record.revision);
    await watch;
  });

  test('an abort ends a watch at once, whatever the server does', async () => {
    const record = await fresh();
    proxy.pause();
    const controller = new AbortController();
    const watch = store.watch(record.key, record.revision, controller.signal);
    const start = performance.now();
    controller.abort();
    await watch;
    expect(performance.now() - start).toBeLessThan(1_000);
    proxy.resume();
  });
});

test('a client of the program that cannot listen asks', async () => {
  const client = postgres(proxy.url, { max: 3, onnotice: () => undefined });
  const deaf = new Proxy(client, {
    get: (target, name) =>
      name === 'listen' ? () => Promise.reject(new Error('not here')) : Reflect.get(target, name),
  });
  const asking = await openPostgresStore(deaf, { schema });
  opened.push(asking);
  const record = await fresh();
  const watch = asking.watch(record.key, record.revision, never());
  await until(() => count(LOOK) >= 2, 'it was asked about twice');
  await put(record.key, record.revision);
  await watch;
  await asking.close();
  await client.end();
});

describe('behind a pooler', () => {
  let bouncer: ServerHandle;
  let polite: ServerHandle;

  beforeAll(async () => {
    bouncer = await startPgBouncer(postgresService(), { poolSize: 3 });
    polite = await startPgBouncer(postgresService(), {
      poolSize: 3,
      settings: { ignore_startup_parameters: 'default_transaction_isolation, statement_timeout, enable_seqscan' },
    });
  });

  afterAll(async () => {
    await bouncer.stop();
    await polite.stop();
  });

  test('it is found out, whether it refuses the settings of a session or not', async () => {
    for (const [url, pooler] of [
      [bouncer.url, 'yes'],
      [polite.url, 'yes'],
      [`${polite.url}?pooled=true`, 'yes'],
      [postgresService(), 'no'],
    ] as const)
      expect((await (await open(url)).health?.())?.facts['pooler']).toContain(pooler);
  });

  test('waiting callers ask, all in one statement', async () => {
    const behind = await open(await through(bouncer.url));
    const records = await Promise.all(Array.from({ length: 30 }, fresh));
    const watches = records.map((record) => behind.watch(record.key, record.revision, never()));
    await until(() => count(LOOK) >= 3, 'they were asked about three times');
    expect(count(LOOK)).toBeLessThan(20);
    expect([count(MARK), count(LISTEN)]).toEqual([0, 0]);
    await Promise.all(records.map((record) => put(record.key, record.revision)));
    await Promise.all(watches);
  });

  test('told that there is none, it believes no answer that is not its own, and goes on without preparing', async () => {
    const mistaken = await open(polite.url, { pooled: false });
    const client = new StoreClient(mistaken, machineClock, 30_000);
    const busy = Array.from({ length: 60 }, async (_, number) => {
      const key = { partition: 0, kind: 'mistaken', id: `${number} ${randomUUID()}` };
      const insert = { expect: [{ key, revision: undefined }], write: [{ key, value: String(number) }] };
      const first = await client.transact(insert, nonce());
      const revision = first.records[0]?.revision;
      const update = { expect: [{ key, revision }], write: [{ key, value: `${number} again` }] };
      const second = await client.transact(update, nonce());
      expect([first.ok, first.records[0]?.key.id, second.ok]).toEqual([true, key.id, true]);
      expect((await current(key)).value).toBe(`${number} again`);
    });
    await Promise.all(busy);
  });

  /** The proxy of this test, before another server. */
  async function through(url: string): Promise<string> {
    proxy.setTarget(url);
    return proxy.url;
  }
});
