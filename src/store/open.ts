import { StoreNotFoundError } from '../errors/store.js';
import { UsageError } from '../errors/usage.js';
import type { Store } from './contract.js';

/** What `openStore` passes on to the store it opens. An option that is for other stores is refused. */
export interface OpenStoreOptions {
  /**
   * How many partitions a store is created with. A store that exists with another number is refused.
   * @default 16; on a server, the number that the store was created with
   */
  readonly partitions?: number;
  /** `false`: open what is there, and create nothing. @default true */
  readonly create?: boolean;
  /** Memory and file: the machine's clock, in milliseconds since the epoch, for tests. @default Date.now */
  readonly clock?: () => number;
  /**
   * Redis and Postgres. `production`: a server that can lose what it acknowledged is refused with a
   * `StoreUnsafeError`. @default 'development'
   */
  readonly profile?: 'development' | 'production';
  /**
   * Redis and Postgres: TLS to the server; `true`: with the authorities that Node knows (`NODE_EXTRA_CA_CERTS` adds
   * to them). Certificates and keys are PEM texts. @default by the URL
   */
  readonly tls?:
    | boolean
    | {
        readonly ca?: string;
        readonly cert?: string;
        readonly key?: string;
        readonly servername?: string;
        readonly rejectUnauthorized?: boolean;
      };
  /** Redis and Postgres: for a connection to be there and a statement to be answered, in milliseconds. @default 4_000 */
  readonly timeoutMs?: number;
  /** Redis: the beginning of every key. No braces. @default 'mycelium' */
  readonly prefix?: string;
  /** Redis: waits until so many replicas have what was written; with fewer in time, a tool does not run. */
  readonly durability?: {
    readonly replicas: number;
    /** In milliseconds. @default 1_000 */
    readonly timeoutMs?: number;
  };
  /** Postgres: the schema that the tables lie in. @default 'mycelium' */
  readonly schema?: string;
  /** Postgres: how many connections at most. @default 10 */
  readonly connections?: number;
  /** Postgres: whether a transaction pooler stands between, such as PgBouncer. @default by the URL, else asked */
  readonly pooled?: boolean;
}

type Kind = 'memory' | 'file' | 'redis' | 'postgres';

const KINDS: Readonly<Record<string, Kind>> = {
  memory: 'memory',
  file: 'file',
  redis: 'redis',
  rediss: 'redis',
  postgres: 'postgres',
  postgresql: 'postgres',
};

const LOCAL: readonly Kind[] = ['memory', 'file'];
const SERVERS: readonly Kind[] = ['redis', 'postgres'];

/** Which stores an option is for. */
const OPTIONS: Readonly<Record<keyof OpenStoreOptions, readonly Kind[]>> = {
  partitions: [...LOCAL, ...SERVERS],
  create: [...LOCAL, ...SERVERS],
  clock: LOCAL,
  profile: SERVERS,
  tls: SERVERS,
  timeoutMs: SERVERS,
  prefix: ['redis'],
  durability: ['redis'],
  schema: ['postgres'],
  connections: ['postgres'],
  pooled: ['postgres'],
};

const SUPPORTED =
  'Use "memory:", "file:./directory", "file:///absolute/directory", "redis://host:6379/0" or "postgres://host/database".';

/**
 * Opens the store that a URL names: `memory:` for one that ends with the process, `file:./directory`
 * (relative to the working directory) or `file:///absolute/directory` for one on this machine,
 * `redis://user:password@host:6379/0` (`rediss:` with TLS, `?cluster=true` for a cluster) and
 * `postgres://user:password@host:5432/database` for one that several machines share. The code of a store, and the
 * driver of a server (`ioredis`, `postgres`), is loaded only here, when it is asked for.
 *
 * Characters that a URL reserves (`%`, `?`, `#`, and `@`, `:`, `/` in a password) are written percent-encoded.
 *
 * @param url - where it is. No message quotes more of it than its scheme.
 * @param options - each says which stores it is for.
 * @throws UsageError when the URL names no store that this version can open, for an option that is not for this
 *   kind of store, and when the driver is not installed.
 * @throws StoreNotFoundError when there is none, and `create` is false.
 * @throws StoreFormatError when the store was created by another version or with other settings.
 * @throws StoreUnavailableError when the server does not answer.
 * @throws StoreUnsafeError when `profile` is `production` and the server can lose what it acknowledged.
 */
export async function openStore(url: string, options: OpenStoreOptions = {}): Promise<Store> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined)
    throw refused('the URL has no scheme', `${SUPPORTED} A bare path is written with "file:" before it.`);
  const kind = Object.hasOwn(KINDS, scheme) ? KINDS[scheme] : undefined;
  if (kind === undefined) throw refused(`"${scheme}:" is not a kind of store`, SUPPORTED);
  checkOptions(kind, options);
  const rest = url.slice(scheme.length + 1);
  switch (kind) {
    case 'memory': {
      if (rest !== '' && rest !== '//')
        throw refused('a memory store has no address', 'Write "memory:" and nothing after it.');
      if (options.create === false) throw new StoreNotFoundError({ store: 'memory ends with its process' });
      const { memoryStore } = await import('./memory.js');
      return memoryStore(options);
    }
    case 'file': {
      const [{ directoryOf }, { openFileStore }] = await Promise.all([
        import('./file/file-url.js'),
        import('./file/file-store.js'),
      ]);
      return openFileStore(directoryOf(rest, refused), options);
    }
    case 'redis':
      return (await import('./redis/index.js')).openRedisStore(url, options);
    case 'postgres':
      return (await import('./postgres/index.js')).openPostgresStore(url, options);
  }
}

/** An option that has no effect is a mistake, and one about durability a grave one. */
function checkOptions(kind: Kind, options: OpenStoreOptions): void {
  for (const [name, value] of Object.entries(options)) {
    const kinds = Object.hasOwn(OPTIONS, name) ? OPTIONS[name as keyof OpenStoreOptions] : undefined;
    if (value === undefined || kinds?.includes(kind) === true) continue;
    throw new UsageError({
      place: `openStore(url, { ${name} })`,
      problem:
        kinds === undefined ? 'there is no such option' : `is for ${kinds.join(' and ')}, and the URL names ${kind}`,
      remedy: `Leave it out. What a ${kind} store can be told: ${namesFor(kind)}.`,
    });
  }
}

function namesFor(kind: Kind): string {
  const names = Object.entries(OPTIONS).filter(([, kinds]) => kinds.includes(kind));
  return names.map(([name]) => name).join(', ');
}

/** Quotes no more of a URL than its scheme: what follows may carry a password. */
function refused(problem: string, remedy: string): UsageError {
  return new UsageError({ place: 'openStore(url)', problem, remedy });
}
