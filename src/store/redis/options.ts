import type { RemoteStoreOptions } from '../remote-options.js';

/** What a Redis store can be told. */
export interface RedisStoreOptions extends RemoteStoreOptions {
  /** The beginning of every key. No braces, no whitespace. @default 'mycelium' */
  readonly prefix?: string;
  /**
   * Waits until so many replicas have what was written, in the same round trip; with fewer in time a tool does not
   * run. Without it a failover can lose the latest claims. While a cluster moves a slot to another node, calls whose
   * records lie in it are refused until it is moved.
   */
  readonly durability?: {
    readonly replicas: number;
    /** How long to wait for them, in milliseconds. @default 1_000 */
    readonly timeoutMs?: number;
  };
}
