import { UsageError } from '../../errors/usage.js';

/** Where a Redis is, as its URL says. */
export interface RedisAddress {
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly cluster: boolean;
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly prefix: string | undefined;
}

const SHAPE = /^(rediss?):\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i;

/**
 * Reads `redis://user:password@host:port/database?cluster=true&prefix=mycelium`; `rediss:` is TLS, and a cluster may
 * have several hosts with commas between them.
 *
 * @throws UsageError that quotes nothing of the credentials.
 */
export function parseRedisUrl(url: string): RedisAddress {
  const match = SHAPE.exec(url);
  if (match === null) throw refused('is not of the form redis://user:password@host:port/database');
  const [, scheme = '', credentials, hosts = '', path = '', query = ''] = match;
  const { cluster, prefix } = parametersOf(query);
  const list = hosts.split(',').map(hostOf);
  if (list.length > 1 && !cluster)
    throw refused('names several hosts', 'Add ?cluster=true for a cluster, or name one host.');
  if (path !== '' && !/^\d{1,5}$/.test(path)) throw refused('has a database that is no number');
  if (cluster && path !== '' && path !== '0')
    throw refused('names a database', 'A cluster has only database 0: leave it out.');
  return {
    hosts: list,
    cluster,
    tls: scheme.toLowerCase() === 'rediss',
    ...credentialsOf(credentials),
    database: Number(path),
    prefix,
  };
}

function hostOf(text: string): { host: string; port: number } {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]*)(?::(\d{1,5}))?$/i.exec(text);
  const [host, port] = [match?.[1] || 'localhost', Number(match?.[2] ?? 6379)];
  if (match === null || port < 1 || port > 65_535) throw refused('has a host or a port that makes no sense');
  return { host: host.replace(/^\[|\]$/g, ''), port };
}

function credentialsOf(text: string | undefined): { username: string | undefined; password: string | undefined } {
  if (text === undefined) return { username: undefined, password: undefined };
  const end = text.indexOf(':');
  const [username, password] = end === -1 ? [text, ''] : [text.slice(0, end), text.slice(end + 1)];
  try {
    return { username: decodeURIComponent(username) || undefined, password: decodeURIComponent(password) || undefined };
  } catch {
    throw refused('has a user or a password with a "%" that escapes nothing', 'Write "%" as "%25".');
  }
}

function parametersOf(query: string): { cluster: boolean; prefix: string | undefined } {
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    // Only the names that are known are shown: any other may be a secret in the wrong place.
    if (name !== 'cluster' && name !== 'prefix')
      throw refused('has a parameter that is not known', 'Parameters are cluster=true and prefix=….');
  }
  const cluster = parameters.get('cluster') ?? 'false';
  if (cluster !== 'true' && cluster !== 'false') throw refused('has a "cluster" that is neither true nor false');
  return { cluster: cluster === 'true', prefix: parameters.get('prefix') ?? undefined };
}

/** For people: where it is, and nothing that lets anybody in. */
export function describeAddress({ hosts, cluster, database }: RedisAddress): string {
  const list = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',');
  return cluster ? `redis cluster ${list}` : `redis ${list}/${database}`;
}

function refused(
  problem: string,
  remedy = 'Write redis://user:password@host:6379/0, with rediss: for TLS.',
): UsageError {
  return new UsageError({ place: 'openStore(url)', problem: `the redis URL ${problem}`, remedy });
}
