import type { Cluster, Redis } from 'ioredis';
import type { Store } from '../contract.js';
import type { RemoteStoreOptions } from '../remote-options.js';

/** What a Redis store can be told. */
export interface RedisStoreOptions extends RemoteStoreOptions {
  /** The beginning of every key. No braces. @default 'mycelium' */
  readonly prefix?: string;
  /** Waits until so many replicas have what was written; with fewer in time, a tool does not run. */
  readonly durability?: {
    readonly replicas: number /** In milliseconds. @default 1_000 */;
    readonly timeoutMs?: number;
  };
}

/** Opens the store at a URL, or over a client that exists. */
export async function openRedisStore(
  _where: string | Redis | Cluster,
  _options: RedisStoreOptions = {},
): Promise<Store> {
  throw new Error('being written');
}
