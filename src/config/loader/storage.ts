import { resolve } from 'node:path';
import { UsageError } from '../../errors/usage.js';
import { describeAddress as describePostgres, parsePostgresUrl } from '../../store/postgres/postgres-url.js';
import { describeAddress as describeRedis, parseRedisUrl } from '../../store/redis/redis-url.js';
import type { StorageData } from './data.js';
import type { Environment } from './references.js';

/** Where calls are recorded. */
export type StoreLocation =
  | { readonly storage: 'memory' }
  | { readonly storage: 'file' /** Absolute. */; readonly directory: string }
  | RedisLocation
  | PostgresLocation;

interface RedisLocation {
  readonly storage: 'redis';
  /** With the password: for opening it, and never for a message. */
  readonly url: string;
  readonly prefix?: string;
  readonly durability?: { readonly replicas: number; readonly timeoutMs?: number };
  readonly tls?: boolean;
}

/** A store on Postgres. */
interface PostgresLocation {
  readonly storage: 'postgres';
  /** With the password: for opening it, and never for a message. */
  readonly url: string;
  readonly schema?: string;
  readonly connections?: number;
  readonly tls?: boolean;
}

/** A storage by its name in the file. */
export type StorageName = StoreLocation['storage'];

/** The key that says where a server is, and the key that names a variable with it. */
export const ADDRESS_OF: Readonly<
  Record<'redis' | 'postgres', readonly ['url', 'url_env'] | readonly ['dsn', 'dsn_env']>
> = { redis: ['url', 'url_env'], postgres: ['dsn', 'dsn_env'] };

/** Which storages each key is for. */
export const STORAGES_OF: Readonly<Record<Exclude<keyof StorageData, 'storage'>, readonly StorageName[]>> = {
  path: ['file'],
  url: ['redis'],
  url_env: ['redis'],
  prefix: ['redis'],
  durability: ['redis'],
  dsn: ['postgres'],
  dsn_env: ['postgres'],
  schema: ['postgres'],
  connections: ['postgres'],
  tls: ['redis', 'postgres'],
};

/** The keys by which a section says where it records; the first of them that is written says it best. */
export const PLACE_KEYS: readonly (keyof StorageData)[] = ['path', 'url', 'url_env', 'dsn', 'dsn_env', 'storage'];

/** Where calls are recorded when the file does not say. */
const DEFAULT_DIRECTORY = './.mycelium';

/** The place that a section names; undefined when it names none. */
export function locationOf(
  section: StorageData | undefined,
  folder: string,
  environment: Environment,
): StoreLocation | undefined {
  if (section === undefined || (section.storage === undefined && section.path === undefined)) return undefined;
  const { tls } = section;
  const encrypted: { readonly tls?: boolean } = tls === undefined ? {} : { tls };
  switch (section.storage) {
    case 'memory':
      return { storage: 'memory' };
    case 'redis': {
      const { prefix, durability } = section;
      return {
        storage: 'redis',
        url: addressOf(section.url, section.url_env, environment),
        ...(prefix === undefined ? {} : { prefix }),
        ...waiting(durability ?? {}),
        ...encrypted,
      };
    }
    case 'postgres': {
      const { schema, connections } = section;
      return {
        storage: 'postgres',
        url: addressOf(section.dsn, section.dsn_env, environment),
        ...(schema === undefined ? {} : { schema }),
        ...(connections === undefined ? {} : { connections }),
        ...encrypted,
      };
    }
    default:
      return directory(section.path ?? DEFAULT_DIRECTORY, folder);
  }
}

/** Where calls are recorded that no section speaks of. */
export function defaultLocation(folder: string): StoreLocation {
  return directory(DEFAULT_DIRECTORY, folder);
}

function directory(path: string, folder: string): StoreLocation {
  // One spelling for each folder, so that one folder is one store.
  return { storage: 'file', directory: resolve(folder, path) };
}

/** Empty when there is none, which the rules tell. */
function addressOf(written: string | undefined, variable: string | undefined, environment: Environment): string {
  return written ?? variableOf(variable, environment) ?? '';
}

/** Only what is set: every object has a member called `toString`. */
export function variableOf(variable: string | undefined, environment: Environment): string | undefined {
  return variable !== undefined && Object.hasOwn(environment, variable) ? environment[variable] : undefined;
}

function waiting({ replicas, timeout }: NonNullable<StorageData['durability']>): Pick<RedisLocation, 'durability'> {
  if (replicas === undefined) return {};
  return { durability: timeout === undefined ? { replicas } : { replicas, timeoutMs: timeout } };
}

/** Tells locations apart, also two that differ in a password only. It may carry one: for no message. */
export function locationKey(location: StoreLocation): string {
  return JSON.stringify(location);
}

/** For people. Carries no credentials. */
export function locationText(location: StoreLocation): string {
  switch (location.storage) {
    case 'memory':
      return 'memory';
    case 'file':
      return `file ${location.directory}`;
    case 'redis': {
      const address = parseRedisUrl(location.url);
      return `${describeRedis(address)}, prefix ${location.prefix ?? address.prefix ?? 'mycelium'}`;
    }
    case 'postgres': {
      const { host, port, database, username = '' } = parsePostgresUrl(location.url);
      return `${describePostgres(host, port, database ?? username)}, schema ${schemaOf(location)}`;
    }
  }
}

/** The schema that the tables lie in. */
export function schemaOf({ url, schema }: PostgresLocation): string {
  return schema ?? parsePostgresUrl(url).schema ?? 'mycelium';
}

/** Why a URL names no server of this kind, without quoting any of it. */
export function problemOfAddress(
  storage: 'redis' | 'postgres',
  url: string,
): { readonly problem: string; readonly remedy: string } | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  const form = `Write ${storage}://user:password@host:${storage === 'redis' ? '6379/0' : '5432/database'}.`;
  const [plain, other] = storage === 'redis' ? ['redis', 'rediss'] : ['postgres', 'postgresql'];
  if (scheme !== plain && scheme !== other) {
    const known =
      scheme !== undefined && /^(rediss?|postgres(ql)?|https?|file|memory|mysql|sqlite|mongodb)$/.test(scheme);
    return { problem: known ? `begins with ${scheme}:` : `does not begin with ${plain}: or ${other}:`, remedy: form };
  }
  if (/[\s\0]/.test(url)) return { problem: 'has a blank in it', remedy: 'Write it percent-encoded, as %20.' };
  try {
    if (storage === 'redis') parseRedisUrl(url);
    else parsePostgresUrl(url);
    return undefined;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return {
      problem: String(error.details['problem']).replace(/^the (redis|postgres) URL /, ''),
      remedy: error.remedy,
    };
  }
}
