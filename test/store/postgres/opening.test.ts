import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import postgres, { type Sql } from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  StoreFormatError,
  StoreNotFoundError,
  StoreUnavailableError,
  StoreUnsafeError,
} from '../../../src/errors/store.js';
import { UsageError } from '../../../src/errors/usage.js';
import type { Store } from '../../../src/store/contract.js';
import { migrationStatements, openPostgresStore } from '../../../src/store/postgres/index.js';
import { type PostgresServer, startPostgres } from '../../services/postgres-server.js';
import { postgresService } from '../../services/services.js';
import { adminOf, caught, dropSchema, freshSchema } from './scratch.js';

let admin: Sql;
let schema: string;
const opened: Store[] = [];

beforeAll(() => {
  admin = adminOf();
});

beforeEach(() => {
  schema = freshSchema();
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
  await dropSchema(admin, schema);
});

afterAll(() => admin.end());

const url = (query = ''): string => `${postgresService()}${query}`;

async function open(...[where, options]: Parameters<typeof openPostgresStore>): Promise<Store> {
  const store = await openPostgresStore(where, options);
  opened.push(store);
  return store;
}

const key = { partition: 0, kind: 'call', id: 'one' };
const claim = { expect: [{ key, revision: undefined }], write: [{ key, value: 'claimed' }] };

describe('creating', () => {
  test('the first one creates it, the second one finds it', async () => {
    const first = await open(url(), { schema, partitions: 5 });
    const second = await open(url(`?schema=${schema}`));
    expect([first.partitions, second.partitions]).toEqual([5, 5]);
    expect((await first.transact(claim, 'n')).ok).toBe(true);
    expect((await second.transact(claim, 'm')).ok).toBe(false);
    const { port, pathname } = new URL(url());
    expect(first.description).toBe(`postgres 127.0.0.1:${port}${pathname}, schema ${schema}`);
  });

  test('eight at once create it once, and agree', async () => {
    const stores = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        open(url(), { schema, ...(at === 0 ? { partitions: 7 } : {}) }).catch((error) => error),
      ),
    );
    // Whoever came first says how many partitions there are; who asked for others is refused.
    const partitions = new Set(stores.filter((store) => !(store instanceof Error)).map((store) => store.partitions));
    expect(partitions.size).toBe(1);
    if (stores[0] instanceof Error) expect(stores[0]).toBeInstanceOf(StoreFormatError);
    expect(stores.slice(1).filter((store) => store instanceof Error)).toEqual([]);
    expect(await admin.unsafe(`SELECT name FROM "${schema}".meta`)).toHaveLength(3);
  });

  test('another number of partitions is refused', async () => {
    await open(url(), { schema });
    const error = await caught(open(url(), { schema, partitions: 3 }));
    expect(error).toBeInstanceOf(StoreFormatError);
    expect(error.message).toContain('a number of partitions of 16');
  });

  test.each(['format', 'migration'])('a store with a newer %s is refused, and left as it is', async (name) => {
    await open(url(), { schema });
    await admin.unsafe(`UPDATE "${schema}".meta SET value = '99' WHERE name = '${name}'`);
    const error = await caught(open(url(), { schema }));
    expect(error).toBeInstanceOf(StoreFormatError);
    expect(error.message).toContain('99');
    expect(error.message).toContain('a newer one');
  });

  test('without create there must be one', async () => {
    await expect(open(url(), { schema, create: false })).rejects.toBeInstanceOf(StoreNotFoundError);
    expect(await admin`SELECT 1 FROM pg_namespace WHERE nspname = ${schema}`).toHaveLength(0);
    await open(url(), { schema });
    await open(url(), { schema, create: false });
  });

  test('an empty schema, and one with tables of somebody else, are used', async () => {
    await admin.unsafe(`CREATE SCHEMA "${schema}"; CREATE TABLE "${schema}".invoices (id int)`);
    expect((await (await open(url(), { schema })).transact(claim, 'n')).ok).toBe(true);
  });
});

describe('a role with few rights', () => {
  const role = `worker_${freshSchema()}`;
  const asWorker = (): string => {
    const address = new URL(url());
    address.username = role;
    return address.href;
  };

  beforeAll(async () => {
    await admin.unsafe(`CREATE ROLE "${role}" LOGIN`);
    await admin.unsafe('REVOKE CREATE ON DATABASE postgres FROM PUBLIC');
  });

  afterAll(() => admin.unsafe(`DROP ROLE "${role}"`));

  test('that may not create is told what prints the statements', async () => {
    const error = await caught(open(asWorker(), { schema }));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain('mycelium store migrate --print');
    expect(error.message).toContain('permission denied');
  });

  test('works in a store that another role created by the printed statements', async () => {
    await admin.begin(async (transaction) => {
      for (const statement of migrationStatements(schema, { partitions: 4, role })) await transaction.unsafe(statement);
    });
    const store = await open(asWorker(), { schema });
    expect(store.partitions).toBe(4);
    expect((await store.transact(claim, 'n')).ok).toBe(true);
    const [record] = (await store.list({ kind: 'call', limit: 10 })).records;
    expect(record?.revision).toBe('1:n');
    const note = { ...key, id: 'note' };
    const removal = {
      expect: [
        { key, revision: '1:n' },
        { key: note, revision: undefined },
      ],
      write: [{ key: note, value: 'x' }],
      remove: [key],
    };
    expect((await store.transact(removal, 'r')).ok).toBe(true);
    // A schema of its own is enough to create the rest.
    const own = freshSchema();
    await admin.unsafe(`CREATE SCHEMA "${own}" AUTHORIZATION "${role}"`);
    expect((await (await open(asWorker(), { schema: own })).transact(claim, 'n')).ok).toBe(true);
    await dropSchema(admin, own);
  });

  test('that may only read is told what it lacks, and that nothing was written', async () => {
    await open(url(), { schema });
    await admin.unsafe(
      `GRANT USAGE ON SCHEMA "${schema}" TO "${role}"; GRANT SELECT ON ALL TABLES IN SCHEMA "${schema}" TO "${role}"`,
    );
    const error = await caught((await open(asWorker(), { schema })).transact(claim, 'n'));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error.message).toContain('mycelium store migrate --print');
    expect((error as StoreUnavailableError).details['applied']).toBe('no');
  });
});

test('the printed statements, as a script of psql, are a store', async () => {
  const script = `${migrationStatements(schema, { partitions: 3 }).join(';\n')};\n`;
  await admin.unsafe(script);
  const store = await open(url(), { schema, partitions: 3, create: false });
  expect((await store.transact(claim, 'n')).ok).toBe(true);
});

describe('what it is told', () => {
  test.each([
    [{ schema: 'with-dash' }],
    [{ schema: 'Upper' }],
    [{ schema: '1st' }],
    [{ schema: 'pg_mine' }],
    [{ schema: '"; drop table x; --' }],
    [{ schema: 'x'.repeat(49) }],
    [{ partitions: 0 }],
  ])('%o is refused', async (options) => {
    await expect(open(url(), options)).rejects.toBeInstanceOf(UsageError);
  });

  test('a client that transforms rows is refused', async () => {
    const client = postgres(url(), { transform: { row: (row) => row } });
    await expect(open(client, { schema })).rejects.toBeInstanceOf(UsageError);
    await client.end();
  });

  test('a client with an option that is only for a connection of our own says so', async () => {
    const client = postgres(url());
    await expect(open(client, { schema, tls: true })).rejects.toThrow(/tls/);
    await expect(open(client, { schema, connections: 3 })).rejects.toThrow(/connections/);
    await client.end();
  });
});

describe('a server that says no', () => {
  test('no such database, no such role: at once, not after the deadline', async () => {
    const start = performance.now();
    const address = new URL(url());
    address.pathname = '/no_such_database';
    const error = await caught(open(address.href, { timeoutMs: 20_000 }));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error.message).toContain('no_such_database');
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('nobody there: waited for until the deadline, for a server that is being started', async () => {
    const start = performance.now();
    const error = await caught(open('postgres://user@127.0.0.1:1/database', { timeoutMs: 500 }));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect((error as StoreUnavailableError).details['applied']).toBe('no');
    expect(performance.now() - start).toBeGreaterThan(200);
  });
});

describe('servers of our own', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ settings: { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' } });
  });

  afterAll(() => server.stop());

  test('health says what is wrong, and production refuses it', async () => {
    const store = await open(server.url);
    const health = await store.health?.();
    expect(health?.server).toMatch(/^PostgreSQL \d+/);
    expect(health?.facts).toMatchObject({ fsync: 'off', synchronous_commit: 'off, raised to on by each write' });
    expect(health?.concerns.map(({ found, severity }) => [found, severity])).toEqual([
      ['fsync is off', 'unsafe'],
      ['full_page_writes is off', 'weak'],
    ]);
    const error = await caught(open(server.url, { profile: 'production' }));
    expect(error).toBeInstanceOf(StoreUnsafeError);
    expect(error.message).toContain('fsync is off');
  });

  test('a wrong password is an error at once, and is nowhere in it', async () => {
    const own = adminOf(server.url);
    await own.unsafe(`CREATE ROLE locked LOGIN PASSWORD 'the/right one'; GRANT CREATE ON DATABASE postgres TO locked`);
    writeFileSync(
      join(server.directory, 'data', 'pg_hba.conf'),
      'host all locked 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n',
    );
    await own.unsafe('SELECT pg_reload_conf()');
    await own.end();
    const { host } = new URL(server.url);
    const start = performance.now();
    const error = await caught(open(`postgres://locked:very%2Fsecret@${host}/postgres`, { timeoutMs: 20_000 }));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error.message).toContain('password authentication failed');
    expect(inspect(error, { depth: 5, showHidden: true })).not.toMatch(/very(\/|%2F)secret/);
    expect(performance.now() - start).toBeLessThan(10_000);
    const store = await open(`postgres://locked:the%2Fright%20one@${host}/postgres`, { schema: 'locked' });
    expect((await store.transact(claim, 'n')).ok).toBe(true);
    expect(inspect(store, { depth: 10, showHidden: true })).not.toContain('right one');
  });

  test('a table that a crash empties is found', async () => {
    await open(server.url, { schema: 'unlogged' });
    const own = adminOf(server.url);
    await own.unsafe('ALTER TABLE unlogged.records SET UNLOGGED');
    const store = await open(server.url, { schema: 'unlogged' });
    expect((await store.health?.())?.concerns.map(({ found }) => found)).toContain('the table of records is unlogged');
    await own.end();
  });
});

test('a healthy server has no concerns, and passes for production', async () => {
  const store = await open(url(), { schema, profile: 'production' });
  expect((await store.health?.())?.concerns).toEqual([]);
});

test('a process that has closed its store ends', { timeout: 60_000 }, async () => {
  const program = `
    import { openPostgresStore } from 'mycelium-runtime/postgres';
    const store = await openPostgresStore(${JSON.stringify(url())}, { schema: ${JSON.stringify(schema)} });
    const key = ${JSON.stringify(key)};
    await store.transact({ expect: [{ key, revision: undefined }], write: [{ key, value: 'x' }] }, 'n');
    const watch = store.watch(key, '1:n', new AbortController().signal);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await store.close();
    await watch;
    console.log('closed');
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      printed += data;
    });
  const started = performance.now();
  child.stdout.on('data', () => undefined);
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect([code, printed.trim()]).toEqual([0, 'closed']);
  expect(performance.now() - started).toBeLessThan(20_000);
});

test('a socket in the file system is a place like any other', async () => {
  const own = adminOf();
  const [row] = await own`SELECT split_part(current_setting('unix_socket_directories'), ',', 1) AS folder`;
  await own.end();
  const { port, username } = new URL(url());
  const host = encodeURIComponent(String(row?.['folder']).trim());
  const store = await open(`postgres://${username}@${host}:${port}/postgres`, { schema });
  expect((await store.transact(claim, 'n')).ok).toBe(true);
});
