import postgres, { type Sql } from 'postgres';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { StoreFormatError } from '../../../src/errors/store.js';
import { UsageError } from '../../../src/errors/usage.js';
import type { Store } from '../../../src/store/contract.js';
import { checkServer, judgeServer, type ServerFacts } from '../../../src/store/postgres/health.js';
import { migrationStatements, openPostgresStore } from '../../../src/store/postgres/index.js';
import { postgresService } from '../../services/services.js';
import { adminOf, caught, freshSchema } from './scratch.js';

/** Servers, databases and clients that no store can work with. */

let admin: Sql;
const databases: string[] = [];
const clients: Sql[] = [];

beforeAll(() => {
  admin = adminOf();
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end({ timeout: 1 })));
  for (const name of databases.splice(0)) await admin.unsafe(`DROP DATABASE "${name}" WITH (FORCE)`);
});

afterAll(() => admin.end());

async function database(options = ''): Promise<string> {
  const name = freshSchema();
  await admin.unsafe(`CREATE DATABASE "${name}" ${options}`);
  databases.push(name);
  const address = new URL(postgresService());
  address.pathname = `/${name}`;
  return address.href;
}

function clientOf(url: string): Sql {
  const client = adminOf(url, 2);
  clients.push(client);
  return client;
}

const schemas = (client: Sql) => client`SELECT 1 FROM pg_namespace WHERE nspname = 'mycelium'`;

describe('a database with another encoding', () => {
  test.each(['LATIN1', 'SQL_ASCII'])('%s is refused for every profile, and is left as it is', async (encoding) => {
    const url = await database(`ENCODING '${encoding}' TEMPLATE template0 LOCALE 'C'`);
    for (const where of [url, clientOf(url), `${url}?pooled=true`])
      for (const profile of ['development', 'production'] as const) {
        const error = await caught(openPostgresStore(where, { profile }));
        expect(error).toBeInstanceOf(StoreFormatError);
        expect(error.message).toContain(`the server encoding ${encoding}, this version works with UTF8`);
        expect(error.message).toContain('CREATE DATABASE name ENCODING "UTF8" TEMPLATE template0');
      }
    expect(await schemas(clientOf(url))).toHaveLength(0);
  });

  test('what the remedy says works', async () => {
    const url = await database('ENCODING "UTF8" TEMPLATE template0');
    const store = await openPostgresStore(url, { profile: 'production' });
    expect((await store.health?.())?.facts['encoding']).toBe('UTF8');
    await store.close();
  });
});

const facts = (settings: Partial<ServerFacts['settings']>): ServerFacts => ({
  settings: {
    server_version: '15.4',
    server_version_num: '150004',
    server_encoding: 'UTF8',
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    synchronous_standby_names: '',
    default_transaction_isolation: 'read committed',
    default_transaction_read_only: 'off',
    ...settings,
  },
  standby: false,
  unlogged: false,
});
const manner = { pooled: false, prepares: true, early: false };
const TWELVE = { server_version: '12.22', server_version_num: '120022' };

test('13 is the oldest version', () => {
  checkServer('here', facts({ server_version: '13.0', server_version_num: '130000' }));
  expect(() => checkServer('here', facts(TWELVE))).toThrow(StoreFormatError);
});

test('the health tells both', () => {
  const found = (settings: Partial<ServerFacts['settings']>) =>
    judgeServer('here', facts(settings), manner).concerns.map(({ severity, found: what }) => [severity, what]);
  expect(found({})).toEqual([]);
  expect(found(TWELVE)).toEqual([['unsafe', 'PostgreSQL 12.22']]);
  expect(found({ server_encoding: 'LATIN1' })).toEqual([['unsafe', 'the encoding of the database is LATIN1']]);
});

test('a server that is too old is told so before anything is created', async () => {
  const url = await database();
  const real = clientOf(url);
  const old = new Proxy(real, {
    get(target, name) {
      if (name !== 'unsafe') return Reflect.get(target, name);
      return (text: string, ...rest: []) =>
        target.unsafe(
          text
            .replace("current_setting('server_version')", "'12.22'")
            .replace("current_setting('server_version_num')", "'120022'"),
          ...rest,
        );
    },
  });
  const error = await caught(openPostgresStore(old));
  expect(error).toBeInstanceOf(StoreFormatError);
  expect(error.message).toContain('the server version 12.22, this version works with 13 or newer');
  expect(await schemas(real)).toHaveLength(0);
});

test.each(['read committed', 'repeatable read', 'serializable'])(
  'first opens at the same time agree where the default is %s',
  async (isolation) => {
    const url = await database();
    await admin.unsafe(
      `ALTER DATABASE "${new URL(url).pathname.slice(1)}" SET default_transaction_isolation = '${isolation}'`,
    );
    const places = [...Array.from({ length: 5 }, () => clientOf(url)), `${url}?pooled=true`, `${url}?pooled=true`];
    const stores = await Promise.allSettled(places.map((where) => openPostgresStore(where)));
    const failed = stores.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
    await Promise.all(stores.flatMap((one) => (one.status === 'fulfilled' ? [(one.value as Store).close()] : [])));
    expect(failed).toEqual([]);
  },
);

describe('what is no client of postgres.js', () => {
  const refused = async (where: unknown): Promise<void> => {
    const error = await caught(openPostgresStore(where as Sql));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain('is no client of postgres.js');
    expect(error.message).toContain('postgres(…) of the package postgres');
  };

  test.each([7, null, undefined, {}, () => undefined, { connect() {}, query() {}, options: {} }, postgres])(
    '%o is refused',
    (where) => refused(where),
  );

  test('nor is what a client gives for a transaction, or reserves', async () => {
    const client = clientOf(postgresService());
    await client.begin((transaction) => refused(transaction));
    const reserved = await client.reserve();
    await refused(reserved);
    reserved.release();
  });
});

test.each(['Upper', 'with-dash', 'pg_mine', 'x"; DROP TABLE y; --', 'x'.repeat(49)])(
  'no statements are given for the schema %s, in which no store could be opened',
  (name) => {
    expect(() => migrationStatements(name)).toThrow(UsageError);
    expect(() => migrationStatements(name)).toThrow('cannot be the schema of a store');
  },
);
