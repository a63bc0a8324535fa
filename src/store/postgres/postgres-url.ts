import { UsageError } from '../../errors/usage.js';

/** Where a Postgres is, as its URL says. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  /** Absent: as for `psql`, by the user's name. */
  readonly database: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly sslmode: 'disable' | 'prefer' | 'require' | 'verify-full' | undefined;
  readonly schema: string | undefined;
  readonly pooled: boolean | undefined;
}

const SHAPE = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i;

const SSL_MODES: Readonly<Record<string, NonNullable<PostgresAddress['sslmode']>>> = {
  disable: 'disable',
  prefer: 'prefer',
  require: 'require',
  'verify-ca': 'verify-full',
  'verify-full': 'verify-full',
};

/**
 * Reads `postgres://user:password@host:5432/database?schema=mycelium&sslmode=require&pooled=true`.
 *
 * @throws UsageError that quotes nothing of the credentials.
 */
export function parsePostgresUrl(url: string): PostgresAddress {
  const match = SHAPE.exec(url);
  if (match === null) throw refused('is not of the form postgres://user:password@host:port/database');
  const [, credentials, host = '', path = '', query = ''] = match;
  return {
    ...hostOf(host),
    ...credentialsOf(credentials),
    database: decoded(path) || undefined,
    ...parametersOf(query),
  };
}

function hostOf(text: string): { host: string; port: number } {
  if (text.includes(','))
    throw refused('names several hosts', 'Name the primary, or a proxy that knows it; or pass a client of your own.');
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]*)(?::(\d{1,5}))?$/i.exec(text);
  const [host, port] = [decoded(match?.[1] ?? '') || 'localhost', Number(match?.[2] ?? 5432)];
  if (match === null || port < 1 || port > 65_535) throw refused('has a host or a port that makes no sense');
  return { host: host.replace(/^\[|\]$/g, ''), port };
}

function credentialsOf(text: string | undefined): { username: string | undefined; password: string | undefined } {
  if (text === undefined) return { username: undefined, password: undefined };
  const end = text.indexOf(':');
  const [username, password] = end === -1 ? [text, ''] : [text.slice(0, end), text.slice(end + 1)];
  return { username: decoded(username) || undefined, password: decoded(password) || undefined };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused('has a "%" that escapes nothing', 'Write "%" as "%25".');
  }
}

function parametersOf(query: string): Pick<PostgresAddress, 'sslmode' | 'schema' | 'pooled'> {
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    // Only the names that are known are shown: any other may be a secret in the wrong place.
    if (!['sslmode', 'schema', 'pooled', 'pgbouncer'].includes(name))
      throw refused(
        'has a parameter that is not known',
        'Parameters are sslmode, schema and pooled. For anything else pass a client of your own.',
      );
  }
  const mode = parameters.get('sslmode');
  if (mode !== null && !Object.hasOwn(SSL_MODES, mode))
    throw refused('has an sslmode that is not known', `Write one of ${Object.keys(SSL_MODES).join(', ')}.`);
  const pooled = parameters.get('pooled') ?? parameters.get('pgbouncer');
  if (pooled !== null && pooled !== 'true' && pooled !== 'false')
    throw refused('has a "pooled" that is neither true nor false');
  return {
    sslmode: mode === null ? undefined : SSL_MODES[mode],
    schema: parameters.get('schema') ?? undefined,
    pooled: pooled === null ? undefined : pooled === 'true',
  };
}

/** For people: where it is, and nothing that lets anybody in. */
export function describeAddress(host: string, port: number, database: string): string {
  return `postgres ${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
}

function refused(
  problem: string,
  remedy = 'Write postgres://user:password@host:5432/database, with ?sslmode=require for TLS.',
): UsageError {
  return new UsageError({ place: 'openStore(url)', problem: `the postgres URL ${problem}`, remedy });
}
