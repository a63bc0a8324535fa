import { StoreFormatError } from '../../errors/store.js';
import type { StoreConcern, StoreHealth } from '../contract.js';
import type { Row } from './layout.js';
import { quoteText } from './sql/quote.js';

/** The settings that say what an answer is worth. */
const SETTINGS = [
  'server_version',
  'server_version_num',
  'server_encoding',
  'fsync',
  'full_page_writes',
  'synchronous_commit',
  'synchronous_standby_names',
  'default_transaction_isolation',
  'default_transaction_read_only',
] as const;

type Setting = (typeof SETTINGS)[number];

/** What a server says of itself. */
export interface ServerFacts {
  readonly settings: Readonly<Record<Setting, string>>;
  readonly standby: boolean;
  /** Whether the table of records is one that a crash empties. */
  readonly unlogged: boolean;
}

/** Asks a server what `judgeServer` must know. Answers one row. */
export function serverFacts(schema: string): string {
  const settings = SETTINGS.map((name) => `current_setting('${name}')`).join(', ');
  return `SELECT $0::text, ${settings}, pg_is_in_recovery(), coalesce((
  SELECT c.relpersistence <> 'p' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ${quoteText(schema)} AND c.relname = 'records'), false)`;
}

/** The answer to `serverFacts`. */
export function factsFrom(row: Row): ServerFacts {
  const settings = Object.fromEntries(SETTINGS.map((name, at) => [name, row[at] ?? '']));
  return {
    settings: settings as ServerFacts['settings'],
    standby: row[SETTINGS.length] === 't',
    unlogged: row[SETTINGS.length + 1] === 't',
  };
}

/** The oldest version that has everything the statements use, those that create the tables included. */
const OLDEST = 130_000;

const OTHER_ENCODING =
  'CREATE DATABASE name ENCODING "UTF8" TEMPLATE template0 makes a database that works; an existing one cannot be changed, only dumped and restored into it.';

/**
 * Refuses what no store can work on, whatever it is for: tables that cannot be made, and a database that takes no more
 * than the characters of its own encoding, so that a result could not be recorded after its tool ran.
 *
 * @throws StoreFormatError
 */
export function checkServer(store: string, { settings }: ServerFacts): void {
  const { server_version, server_version_num, server_encoding } = settings;
  if (Number(server_version_num) < OLDEST)
    throw new StoreFormatError({
      store,
      field: 'the server version',
      found: server_version,
      expected: '13 or newer',
      remedy: 'Use PostgreSQL 13 or newer. Nothing was changed.',
    });
  if (server_encoding !== 'UTF8')
    throw new StoreFormatError({
      store,
      field: 'the server encoding',
      found: server_encoding,
      expected: 'UTF8',
      remedy: `Open it in a database with the encoding UTF8. ${OTHER_ENCODING} Nothing was changed.`,
    });
}

/** How a store talks to its server. */
export interface Manner {
  /** Whether a pooler stands between. */
  readonly pooled: boolean;
  /** Whether statements are prepared. */
  readonly prepares: boolean;
  /** Whether the driver answers a prepared statement before it is committed. */
  readonly early: boolean;
}

/**
 * What a server is set to, and what can go wrong because of it.
 *
 * With `synchronous_standby_names` a write is answered when a standby has it, too. Who cancels the wait for the standby
 * (`pg_cancel_backend`, `statement_timeout`) makes the server answer with a mere warning: the write is on the disk of
 * the primary then, and may not be on the standby. Such an answer cannot be told from any other here.
 */
export function judgeServer(store: string, server: ServerFacts, { pooled, prepares, early }: Manner): StoreHealth {
  const { settings, standby } = server;
  const standbys = settings.synchronous_standby_names;
  return {
    store,
    server: `PostgreSQL ${settings.server_version}`,
    facts: {
      fsync: settings.fsync,
      full_page_writes: settings.full_page_writes,
      synchronous_commit: `${settings.synchronous_commit}${WEAK.has(settings.synchronous_commit) ? ', raised to on by each write' : ''}`,
      synchronous_standby_names: standbys === '' ? 'none' : standbys,
      isolation: settings.default_transaction_isolation,
      encoding: settings.server_encoding,
      role: standby ? 'standby' : 'primary',
      pooler: pooled ? 'yes: nothing is prepared, waiting callers ask' : 'no',
      prepared: prepares
        ? 'yes'
        : early
          ? 'no: this driver answers before the commit; use postgres 3.4.8 or newer'
          : 'no',
    },
    concerns: concernsOf(server),
  };
}

/** Values of synchronous_commit that are less than `on`. */
const WEAK = new Set(['off', 'local', 'remote_write']);

function concernsOf({ settings, standby, unlogged }: ServerFacts): StoreConcern[] {
  const concerns: StoreConcern[] = [];
  const found = (severity: StoreConcern['severity'], what: string, risk: string, remedy: string): void => {
    concerns.push({ severity, found: what, risk, remedy });
  };
  if (Number(settings.server_version_num) < OLDEST)
    found(
      'unsafe',
      `PostgreSQL ${settings.server_version}`,
      'it lacks what the statements use',
      'Use PostgreSQL 13 or newer.',
    );
  if (settings.server_encoding !== 'UTF8')
    found(
      'unsafe',
      `the encoding of the database is ${settings.server_encoding}`,
      'a result with characters that it does not have cannot be recorded after its tool ran',
      OTHER_ENCODING,
    );
  if (standby)
    found('unsafe', 'the server is a standby', 'it takes no writes, so no tool runs', 'Name the primary in the URL.');
  else if (settings.default_transaction_read_only === 'on')
    found(
      'unsafe',
      'default_transaction_read_only is on',
      'nothing is written, so no tool runs',
      'Set it to off for the role or the database.',
    );
  if (settings.fsync !== 'on')
    found(
      'unsafe',
      'fsync is off',
      'a crash of the machine loses acknowledged records, or all of them, and those calls may run again',
      'Set fsync on.',
    );
  if (unlogged)
    found(
      'unsafe',
      'the table of records is unlogged',
      'a crash of the server empties it, and every call may run again',
      'ALTER TABLE records SET LOGGED.',
    );
  if (settings.full_page_writes !== 'on')
    found(
      'weak',
      'full_page_writes is off',
      'a crash of the machine can tear pages, unless the storage writes them whole',
      'Set full_page_writes on, or make sure of the storage.',
    );
  return concerns;
}
