import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Options, Sql } from 'postgres';
import { UsageError } from '../../errors/usage.js';
import { backoff, RECONNECT } from '../backoff.js';
import { isPeerMissing } from '../optional-peer.js';
import type { PostgresAddress } from './postgres-url.js';
import { encryptionFor, Sockets } from './sockets.js';

/** How to make a client of our own. */
export interface ClientSettings {
  readonly address: PostgresAddress;
  readonly tls: boolean | ConnectionOptions | undefined;
  readonly connections: number;
  readonly timeoutMs: number;
  /** Settings of a session, which a pooler does not take. */
  readonly session: boolean;
}

/** A client of our own. */
export interface OwnClient {
  readonly sql: Sql;
  /** Ends it with everything that it has open, whatever is under way. */
  end(): Promise<void>;
}

/** The driver, loaded when it is needed. @throws UsageError when it is not installed. */
export async function loadDriver(): Promise<typeof import('postgres')> {
  try {
    return (await import('postgres')).default as unknown as typeof import('postgres');
  } catch (error) {
    if (!isPeerMissing(error, 'postgres')) throw error;
    throw new UsageError({
      place: 'openStore(url)',
      problem: 'a postgres store needs the package postgres, which is not installed',
      remedy: 'Run: npm install postgres',
    });
  }
}

/** Makes a client; it connects when it is used. */
export function makeClient(driver: typeof import('postgres'), settings: ClientSettings): OwnClient {
  const { address, tls, connections, timeoutMs, session } = settings;
  const sockets = new Sockets(address, encryptionFor(address, tls), timeoutMs);
  const options: Options<Record<string, never>> & { socket: () => Promise<Socket>; no_subscribe: true } = {
    host: address.host,
    port: address.port,
    ...(address.database === undefined ? {} : { database: address.database }),
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
    // The sockets that it is given are encrypted already.
    ssl: false,
    max: connections,
    connect_timeout: timeoutMs / 1_000,
    keep_alive: 10,
    fetch_types: false,
    prepare: true,
    // The driver prints them.
    onnotice: () => undefined,
    backoff: (attempt) => backoff(RECONNECT, attempt) / 1_000,
    connection: {
      application_name: 'mycelium',
      ...(session
        ? {
            // A plan is made once, while the table may be tiny, and kept while it grows: it must use the indexes.
            enable_seqscan: 'off',
            // Above it, what waits for another writer fails instead of being judged by what that one left.
            default_transaction_isolation: 'read committed',
            // What nobody waits for any more must not hold locks, or a connection.
            statement_timeout: Math.max(1, Math.round(timeoutMs * 0.9)),
          }
        : {}),
    },
    // Not in the driver's types, but in its documentation.
    socket: () => sockets.make(),
    no_subscribe: true,
  };
  const sql = driver(options) as unknown as Sql;
  return {
    sql,
    async end() {
      await sql.end({ timeout: 0 });
      sockets.destroy();
    },
  };
}
