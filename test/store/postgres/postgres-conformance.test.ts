import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../../../src/store/contract.js';
import { openPostgresStore } from '../../../src/store/postgres/index.js';
import type { PostgresStoreOptions } from '../../../src/store/postgres/options.js';
import { type ConformanceCase, runConformanceCase, storeConformance } from '../../../src/testing/conformance.js';
import { startPgBouncer } from '../../services/pgbouncer.js';
import { type PostgresServer, startPostgres } from '../../services/postgres-server.js';
import type { ServerHandle } from '../../services/server-process.js';
import { postgresService } from '../../services/services.js';
import { adminOf, dropSchema, freshSchema } from './scratch.js';

let admin: Sql;

beforeAll(() => {
  admin = adminOf();
});

afterAll(() => admin.end());

/** Runs a case on stores in a schema of its own. */
function run(
  one: ConformanceCase,
  open: (options: PostgresStoreOptions) => Promise<Store>,
  cleaner?: Sql,
): Promise<'passed' | 'left out'> {
  const schema = freshSchema();
  const openOne = (): Promise<Store> => open({ schema });
  return runConformanceCase(one, async () => ({
    store: await openOne(),
    second: openOne,
    reopen: openOne,
    dispose: () => dropSchema(cleaner ?? admin, schema),
  }));
}

describe('by its URL', () => {
  test.each(storeConformance)('$name', { timeout: 60_000 }, async (one) => {
    expect(await run(one, (options) => openPostgresStore(postgresService(), options))).toBe('passed');
  });
});

describe('a client of the program', () => {
  let client: Sql;

  beforeAll(() => {
    // What a program may have set for itself: names and values made into others.
    client = postgres(postgresService(), {
      max: 5,
      onnotice: () => undefined,
      transform: { ...postgres.camel, undefined: null },
      types: { bigint: postgres.BigInt, text: { to: 25, from: [25], serialize: String, parse: () => 'changed' } },
    });
  });

  afterAll(() => client.end());

  test.each(storeConformance)('$name', { timeout: 60_000 }, async (one) => {
    expect(await run(one, (options) => openPostgresStore(client, options))).toBe('passed');
    // It is still its owner's.
    expect(await client`SELECT 1::int AS one`).toMatchObject([{ one: 1 }]);
  });
});

describe('behind PgBouncer', () => {
  let bouncer: ServerHandle;

  beforeAll(async () => {
    // Fewer connections to the server than to the pooler: each statement meets another session.
    bouncer = await startPgBouncer(postgresService(), { poolSize: 4 });
  });

  afterAll(() => bouncer.stop());

  test.each(storeConformance)('$name', { timeout: 60_000 }, async (one) => {
    expect(await run(one, (options) => openPostgresStore(bouncer.url, options))).toBe('passed');
  });
});

describe('a server that is set to serializable, and to answer before anything is on the disk', () => {
  let server: PostgresServer;
  let client: Sql;

  beforeAll(async () => {
    server = await startPostgres({
      settings: { default_transaction_isolation: 'serializable', synchronous_commit: 'off', log_min_messages: 'panic' },
    });
    client = adminOf(server.url, 10);
  });

  afterAll(async () => {
    await client.end();
    await server.stop();
  });

  test.each(storeConformance)('$name', { timeout: 60_000 }, async (one) => {
    // Over a client of the program: sessions of our own are set to read committed.
    expect(await run(one, (options) => openPostgresStore(client, options), client)).toBe('passed');
  });
});
