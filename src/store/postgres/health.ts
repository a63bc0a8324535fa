import type { StoreConcern, StoreHealth } from '../contract.js';
import type { Row } from './layout.js';
import { quoteText } from './sql/quote.js';

/** The settings that say what an answer is worth. */
const SETTINGS = [
  'server_version',
  'server_version_num',
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

/** The oldest version that has everything the statements use. */
const OLDEST = 120_000;

/** What a server is set to, and what can go wrong because of it. */
export function judgeServer(store: string, server: ServerFacts, pooled: boolean): StoreHealth {
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
      role: standby ? 'standby' : 'primary',
      pooler: pooled ? 'yes: nothing is prepared, waiting callers ask' : 'no',
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
      'Use PostgreSQL 12 or newer.',
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
