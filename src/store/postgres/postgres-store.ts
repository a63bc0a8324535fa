import type { Sql } from 'postgres';
import type { Store } from '../contract.js';
import type { RemoteStoreOptions } from '../remote-options.js';

/** What a Postgres store can be told. */
export interface PostgresStoreOptions extends RemoteStoreOptions {
  /** The schema that the tables lie in. @default 'mycelium' */
  readonly schema?: string;
  /** How many connections at most. Not for an existing client. @default 10 */
  readonly connections?: number;
}

/** Opens the store at a URL, or over a client that exists. */
export async function openPostgresStore(_where: string | Sql, _options: PostgresStoreOptions = {}): Promise<Store> {
  throw new Error('being written');
}
