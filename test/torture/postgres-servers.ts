/** Postgres as it comes. */
import postgres from 'postgres';
import { type PostgresServer, startPostgres } from '../services/postgres-server.js';
import type { ServerHandle } from '../services/server-process.js';
import type { Disturbance } from './run-plan.js';
import { type Disturber, type ServerKind, STORE_TIMEOUT_MS } from './server-kind.js';

/** In this database every transaction is serializable that does not say otherwise. */
const SERIALIZABLE = 'serializable';

/** What is done to all other sessions. */
const DISTURBANCES: Partial<Readonly<Record<Disturbance, string>>> = {
  'backend-terminate': `select pg_terminate_backend(pid) as hit from pg_stat_activity
    where backend_type = 'client backend' and pid <> pg_backend_pid()`,
  'statement-cancel': `select pg_cancel_backend(pid) as hit from pg_stat_activity
    where backend_type = 'client backend' and pid <> pg_backend_pid() and state = 'active'`,
};

/** Postgres as the harness uses it. */
export const POSTGRES: ServerKind = {
  atOnce: 4,
  // SIGTERM would wait for every client to go.
  stopSignal: 'SIGINT',
  start,
  place: ({ name, serializable }, url) => ({
    url: serializable === true ? databaseOf(url, SERIALIZABLE) : url,
    options: { schema: name, timeoutMs: STORE_TIMEOUT_MS, connections: 4, profile: 'production' },
  }),
  disturber(server: ServerHandle, what: Disturbance): Disturber {
    const statement = DISTURBANCES[what];
    if (statement === undefined) throw new Error(`${what} is not for Postgres`);
    const sql = session(server.url);
    return {
      disturb: async () => (await sql.unsafe<{ hit: boolean }[]>(statement)).filter(({ hit }) => hit).length,
      end: () => sql.end(),
    };
  },
};

async function start(): Promise<PostgresServer> {
  const server = await startPostgres();
  const sql = session(server.url);
  await sql.unsafe(`create database ${SERIALIZABLE}`);
  await sql.unsafe(`alter database ${SERIALIZABLE} set default_transaction_isolation = 'serializable'`);
  await sql.end();
  return server;
}

/** One connection, past the proxy. */
function session(url: string): postgres.Sql {
  return postgres(url, { max: 1, onnotice: () => undefined });
}

function databaseOf(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
