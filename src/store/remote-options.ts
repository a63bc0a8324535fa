import type { ConnectionOptions } from 'node:tls';

/** What every store on a server can be told. */
export interface RemoteStoreOptions {
  /**
   * How many partitions a store is created with. A store that exists with another number is refused.
   * @default 16, or the number that the store was created with
   */
  readonly partitions?: number;
  /** `false`: open what is there, and create nothing. @default true */
  readonly create?: boolean;
  /** `production`: a server that can lose what it acknowledged is refused at open. @default 'development' */
  readonly profile?: 'development' | 'production';
  /** TLS to the server; `true`: with the system's certificates. Not for an existing client. @default by the URL */
  readonly tls?: boolean | ConnectionOptions;
  /** For a connection to be there and a statement to be answered, in milliseconds. @default 4_000 */
  readonly timeoutMs?: number;
}
