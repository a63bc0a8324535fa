import type { RemoteStoreOptions } from '../remote-options.js';

/** What a Postgres store can be told. */
export interface PostgresStoreOptions extends RemoteStoreOptions {
  /** The schema that the tables lie in. @default 'mycelium' */
  readonly schema?: string;
  /** How many connections at most, and one more while somebody waits. Not for an existing client. @default 10 */
  readonly connections?: number;
  /**
   * Whether a pooler (PgBouncer, a provider's proxy) stands between that may give each statement another session: then
   * nothing is prepared, and callers that wait ask instead of being told. `false` for a pooler that keeps sessions.
   * @default found out at open
   */
  readonly pooled?: boolean;
}
