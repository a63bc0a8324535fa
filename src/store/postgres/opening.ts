import type { Sql } from 'postgres';
import { StoreFormatError, StoreNotFoundError } from '../../errors/store.js';
import { UsageError } from '../../errors/usage.js';
import { DEFAULT_PARTITIONS, STORE_FORMAT } from '../contract.js';
import { checkPartitions } from '../transaction-rules.js';
import { loadDriver, makeClient, type OwnClient } from './client.js';
import { waitsForCommit } from './commit-probe.js';
import { Connection } from './connection.js';
import { Deadlines } from './deadlines.js';
import { checkServer, factsFrom, type ServerFacts, serverFacts } from './health.js';
import type { PostgresStoreOptions } from './options.js';
import { codeOf, LateAnswer, messageOf, postgresError } from './postgres-error.js';
import { describeAddress, type PostgresAddress, parsePostgresUrl } from './postgres-url.js';
import { checkedSchema } from './schema-name.js';
import {
  MIGRATION,
  metaExists,
  migrationLock,
  migrationStatements,
  readMeta,
  readVersion,
  schemaExists,
} from './sql/migrations.js';

/** A connection to a store that is there. */
export interface Opened {
  readonly connection: Connection;
  readonly schema: string;
  readonly partitions: number;
  /** Whether a pooler stands between. */
  readonly pooled: boolean;
  /** Whether the driver answers a prepared statement before it is committed: then nothing is prepared. */
  readonly early: boolean;
  /** What the server said of itself. */
  readonly server: ServerFacts;
}

const TIMEOUT_MS = 4_000;
const CONNECTIONS = 10;
/** A migration may take so many times as long as a statement. */
const MIGRATION_PATIENCE = 15;

/** Connects, and creates the store or brings it up to date unless it is. */
export async function openConnection(where: string | Sql, options: PostgresStoreOptions): Promise<Opened> {
  const address = typeof where === 'string' ? parsePostgresUrl(where) : undefined;
  const schema = checkedSchema(options.schema ?? address?.schema ?? 'mycelium', 'openPostgresStore({ schema })');
  if (options.partitions !== undefined) checkPartitions(options.partitions);
  const made =
    address === undefined
      ? await fromClient(checkedClient(where), schema, options)
      : await fromAddress(address, schema, options);
  try {
    const { connection, pooled, mayPrepare } = made;
    const [row] = await connection.run('open', serverFacts(schema), []);
    const server = factsFrom(row ?? []);
    checkServer(connection.settings.description, server);
    const partitions = await openMeta(connection, schema, options);
    const early = mayPrepare && !(await waitsForCommit(connection));
    connection.prepares = mayPrepare && !early;
    return { connection, schema, partitions, pooled, early, server };
  } catch (error) {
    await made.connection.close();
    throw error;
  }
}

/** What `sql.begin` and `sql.reserve` give has one connection, and cannot do what a client can. */
function checkedClient(client: unknown): Sql {
  const { begin, listen, unsafe, options } = (client ?? {}) as Partial<Sql>;
  const able = [client, begin, listen, unsafe].every((one) => typeof one === 'function');
  if (able && typeof options === 'object') return client as Sql;
  throw new UsageError({
    place: 'openPostgresStore(where)',
    problem: `${what(client)} is no client of postgres.js`,
    remedy:
      "Pass a URL, or what postgres(…) of the package postgres gives: not a transaction or a reserved connection of it, nor another driver's pool.",
  });
}

function what(value: unknown): string {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return String(value);
  return typeof value === 'function' ? 'a function' : `an object ${value.constructor?.name ?? ''}`.trimEnd();
}

interface Made extends Pick<Opened, 'connection' | 'pooled'> {
  /** Whether nothing but the driver itself speaks against preparing. */
  readonly mayPrepare: boolean;
}

async function fromClient(sql: Sql, schema: string, options: PostgresStoreOptions): Promise<Made> {
  const { host, port, database, prepare, transform } = sql.options;
  if (typeof transform?.row?.from === 'function') {
    throw new UsageError({
      place: 'openPostgresStore(client)',
      problem: 'the client transforms rows, and would transform those of the store as well',
      remedy: 'Pass a client without transform.row; transformations of columns and values do no harm.',
    });
  }
  for (const name of ['tls', 'connections'] as const) {
    if (options[name] === undefined) continue;
    throw new UsageError({
      place: `openPostgresStore(client, { ${name} })`,
      problem: `${name} is for a client that the store makes, and there is one`,
      remedy: 'Leave it out, and set it where the client is made.',
    });
  }
  const connection = new Connection(sql, {
    description: `${describeAddress(host[0] ?? 'localhost', port[0] ?? 5432, database)}, schema ${schema}`,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    secrets: [],
  });
  const pooled = options.pooled ?? (await connection.isPooled());
  return { connection, pooled, mayPrepare: !pooled && prepare !== false };
}

async function fromAddress(address: PostgresAddress, schema: string, options: PostgresStoreOptions): Promise<Made> {
  const driver = await loadDriver();
  const { tls, connections = CONNECTIONS, timeoutMs = TIMEOUT_MS } = options;
  const { password } = address;
  const secrets = password === undefined ? [] : [password, encodeURIComponent(password)];
  const connect = (session: boolean): Connection => {
    const make = (): OwnClient => makeClient(driver, { address, tls, connections, timeoutMs, session });
    const client = make();
    const place = describeAddress(address.host, address.port, client.sql.options.database);
    return new Connection(client, { description: `${place}, schema ${schema}`, timeoutMs, secrets, renew: make });
  };
  const told = options.pooled ?? address.pooled;
  if (told === true) return { connection: connect(false), pooled: true, mayPrepare: false };
  const connection = connect(true);
  try {
    const pooled = told ?? (await connection.isPooled());
    return { connection, pooled, mayPrepare: !pooled };
  } catch (error) {
    await connection.close();
    // PgBouncer refuses the settings of a session, which is an answer as well.
    if (told === undefined && refusesSettings(error))
      return { connection: connect(false), pooled: true, mayPrepare: false };
    throw error;
  }
}

function refusesSettings(error: unknown): boolean {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return codeOf(cause) === '08P01' && cause instanceof Error && cause.message.includes('parameter');
}

/** What the store was created as, read without any right but to read; created first when there is none. */
async function openMeta(connection: Connection, schema: string, options: PostgresStoreOptions): Promise<number> {
  let meta = await metaOf(connection, schema);
  if (meta === undefined && options.create === false)
    throw new StoreNotFoundError({ store: connection.settings.description });
  if (meta === undefined || Number(meta.get('migration')) < MIGRATION) {
    checkFormat(connection, meta);
    await migrate(connection, schema, options.partitions ?? DEFAULT_PARTITIONS);
    meta = (await metaOf(connection, schema)) ?? new Map();
  }
  checkFormat(connection, meta);
  const partitions = Number(meta.get('partitions'));
  if (options.partitions !== undefined && options.partitions !== partitions) {
    throw new StoreFormatError({
      store: connection.settings.description,
      field: 'a number of partitions of',
      found: partitions,
      expected: options.partitions,
      remedy: `Open it with partitions: ${partitions}, or without: the number is fixed when a store is created.`,
    });
  }
  return partitions;
}

/** Undefined when there is no store. */
async function metaOf(connection: Connection, schema: string): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const rows = await connection.run('open', readMeta(schema), []);
    return new Map(rows.flatMap(([name, value]) => (typeof name === 'string' ? [[name, value as string]] : [])));
  } catch (error) {
    const code = codeOf(error instanceof Error ? error.cause : undefined);
    if (code === '42P01' || code === '3F000') return undefined;
    throw error;
  }
}

function checkFormat(connection: Connection, meta: ReadonlyMap<string, string> | undefined): void {
  if (meta === undefined) return;
  const remedy = 'Run the version of mycelium-runtime that wrote it, or a newer one. Nothing was changed.';
  const store = connection.settings.description;
  const format = meta.get('format');
  if (format !== String(STORE_FORMAT))
    throw new StoreFormatError({ store, field: 'the format', found: format, expected: STORE_FORMAT, remedy });
  const migration = Number(meta.get('migration'));
  if (!(migration <= MIGRATION))
    throw new StoreFormatError({ store, field: 'tables of version', found: migration, expected: MIGRATION, remedy });
}

/** Runs what is missing in one transaction; whoever else does it at the same time comes before or after. */
async function migrate(connection: Connection, schema: string, partitions: number): Promise<void> {
  const { sql, settings } = connection;
  try {
    // Above it, whoever waited for the lock would not see what the one before it has created.
    const migrating = sql.begin('isolation level read committed', async (transaction) => {
      const run = (text: string): Promise<readonly (Buffer | null)[][]> => transaction.unsafe(text).raw();
      // A large table takes its time, and so does waiting for somebody else's migration of it.
      await run('SET LOCAL statement_timeout = 0');
      await run(migrationLock(schema));
      const exists = (await run(schemaExists(schema))).length > 0;
      const there = exists && (await run(metaExists(schema))).length > 0;
      const [row] = there ? await run(readVersion(schema)) : [];
      const from = Number(row?.[0] ?? 0);
      if (from >= MIGRATION) return;
      for (const statement of migrationStatements(schema, { partitions, from })) {
        // Even with IF NOT EXISTS it asks for a right that nobody needs when the schema is there.
        if (!(exists && statement.startsWith('CREATE SCHEMA'))) await run(statement);
      }
    });
    // The driver can lose a transaction whose connection broke, without a word.
    const patience = settings.timeoutMs * MIGRATION_PATIENCE;
    await new Deadlines(patience).wait(migrating, patience, () => new LateAnswer(patience));
  } catch (error) {
    if (codeOf(error) !== '42501')
      throw postgresError({ store: settings.description, during: 'open', error, secrets: settings.secrets });
    throw new UsageError({
      place: 'openPostgresStore(where)',
      problem: `the role may not create the tables of the store (${settings.description}): ${messageOf(error, settings.secrets)}`,
      remedy:
        'Let somebody who may run what `mycelium store migrate --print` prints; after that the store opens without these rights.',
    });
  }
}
