import { randomUUID } from 'node:crypto';
import type { Sql } from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../../src/store/contract.js';
import { openPostgresStore } from '../../../src/store/postgres/index.js';
import { type FaultProxy, startProxy } from '../../services/proxy.js';
import { postgresService } from '../../services/services.js';
import { adminOf, dropSchema, freshSchema, until } from './scratch.js';

let schema: string;
let admin: Sql;

beforeAll(() => {
  admin = adminOf();
});

beforeEach(() => {
  schema = freshSchema();
});

afterEach(() => dropSchema(admin, schema));

afterAll(() => admin.end());

const nonce = (): string => randomUUID().replaceAll('-', '');
const key = { partition: 0, kind: 'call', id: 'one' };
const claim = { expect: [{ key, revision: undefined }], write: [{ key, value: 'x' }] };

describe('a client of the program, which goes on', () => {
  let client: Sql;

  beforeEach(() => {
    client = adminOf(postgresService(), 2);
  });

  afterEach(() => client.end({ timeout: 1 }));

  interface Channels {
    readonly channels?: Record<string, { readonly listeners: readonly unknown[] }>;
  }
  const heard = (): readonly unknown[] => (client.listen as Channels).channels?.[`mycelium:${schema}`]?.listeners ?? [];

  const last = async (): Promise<string[]> =>
    (
      await admin<{ query: string }[]>`
        SELECT query FROM pg_stat_activity WHERE query ILIKE ${`%listen "mycelium:${schema}"%`} AND pid <> pg_backend_pid()`
    ).map(({ query }) => query.trim().split(' ')[0] as string);

  async function listening(): Promise<Store> {
    const store = await openPostgresStore(client, { schema });
    await store.transact(claim, 'n');
    void store.watch(key, '1:n', new AbortController().signal);
    await until(async () => (await last()).includes('listen'), 'the server listens');
    return store;
  }

  async function breakListener(): Promise<void> {
    const pids = async (): Promise<number[]> =>
      (
        await admin<{ pid: number }[]>`
          SELECT pid FROM pg_stat_activity WHERE query ILIKE ${`listen "mycelium:${schema}"%`}`
      ).map(({ pid }) => pid);
    const [before] = await pids();
    await admin`SELECT pg_terminate_backend(${before as number})`;
    await until(async () => (await pids()).some((pid) => pid !== before), 'the driver listens again');
  }

  test.each([0, 1, 3])('is not listened with any more, after %i broken connections', async (breaks) => {
    const store = await listening();
    for (let time = 0; time < breaks; time++) await breakListener();
    await store.close();
    expect(await last()).toEqual(['unlisten']);
    expect(heard()).toEqual([]);
  });

  test('is listened with for another store, and for the program', async () => {
    const told: string[] = [];
    const [one, other] = [await listening(), await openPostgresStore(client, { schema })];
    await breakListener();
    const { unlisten } = await client.listen(`mycelium:${schema}`, (payload) => told.push(payload));
    const watch = other.watch(key, '1:n', new AbortController().signal);
    await until(async () => heard().length === 3, 'all three listen');
    await one.close();
    expect(heard()).toHaveLength(2);
    await other.transact({ expect: [{ key, revision: '1:n' }], write: [{ key, value: 'y' }] }, nonce());
    await watch;
    await admin.notify(`mycelium:${schema}`, 'hello');
    await until(() => told.includes('hello'), 'the program is told');
    await other.close();
    expect(heard()).toHaveLength(1);
    await unlisten();
    expect(await last()).toEqual(['unlisten']);
  });

  test('hears nothing of a store that was closed while the server was away', { timeout: 30_000 }, async () => {
    const proxy = await startProxy(postgresService());
    await client.end({ timeout: 1 });
    client = adminOf(proxy.url, 2);
    const store = await openPostgresStore(client, { schema, timeoutMs: 500 });
    await store.transact(claim, 'n');
    void store.watch(key, '1:n', new AbortController().signal);
    await until(async () => (await last()).includes('listen'), 'the server listens');
    await proxy.refuse();
    await until(async () => (await last()).length === 0, 'the connection is gone');
    const start = performance.now();
    await store.close();
    expect(performance.now() - start).toBeLessThan(5_000);
    await proxy.accept();
    await until(() => heard().length === 0, 'nobody listens');
    await until(async () => (await last()).every((word) => word === 'unlisten'), 'the server knows');
    await client.end({ timeout: 1 });
    await proxy.close();
  });

  test('that was ended first does not keep a store from being closed', async () => {
    const store = await listening();
    await client.end({ timeout: 1 });
    await store.close();
  });
});

describe('a close that waits for what is under way', () => {
  let proxy: FaultProxy;

  beforeEach(async () => {
    proxy = await startProxy(postgresService());
  });

  afterEach(() => proxy.close());

  test('waits for an operation of several statements, also between them', async () => {
    const store = await openPostgresStore(proxy.url, { schema });
    // Stands for an absence: an insert meets it, is judged by a read, and is sent again in another form.
    const relied = { ...key, id: 'relied' };
    await store.transact({ ...claim, expect: [...claim.expect, { key: relied, revision: undefined }] }, 'n');
    const struck = proxy.strike('INSERT INTO', { type: 'delay', requestMs: 100 });
    const insert = store.transact(
      { expect: [{ key: relied, revision: undefined }], write: [{ key: relied, value: 'x' }] },
      'm',
    );
    await struck;
    proxy.counter.reset();
    const closing = store.close({ drain: true });
    expect(await insert).toMatchObject({ ok: true, records: [{ revision: '1:m' }] });
    await closing;
    expect(proxy.counter.snapshot().statements.length).toBeGreaterThan(1);
    await expect(store.transact(claim, nonce())).rejects.toThrow('closed');
  });
});
