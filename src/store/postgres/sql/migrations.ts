import { STORE_FORMAT } from '../../contract.js';
import { checkedSchema } from '../schema-name.js';
import { qualified, quoteIdentifier, quoteText } from './quote.js';

/**
 * What the store keeps, version by version. A version that was released is never changed: a newer one adds to it.
 *
 * `records`, one row per record:
 * - `kind`, `partition`, `id`: the key, in the order that lists go. An id or a kind that is too long for an index
 *   stands here as its digest, and the id itself in `long_id`.
 * - `revision`: null in a row that stands for the absence of a record: a transaction that relied on it left it, so
 *   that whoever puts the record there meets it. Such a row is no record, and may be deleted at any time; a transaction
 *   that removes records deletes those that it relied on.
 * - `written_at`, `lease_until`: milliseconds since the epoch, by the server's clock.
 * - `fields`: what `list` finds a record by.
 * - `waiting`: whom to notify when the record moves; `notified`: whom the last write notified. The write moves the one
 *   into the other, because the old state of a row can be told in no other way by the statement that replaces it.
 *
 * Statistics wait for some hundred rows: a plan that was made while a table was tiny reads all of it, and is kept while
 * the table grows.
 */
const VERSIONS: readonly ((schema: string) => readonly string[])[] = [
  (schema) => [
    `CREATE TABLE ${qualified(schema, 'meta')} (
  name text PRIMARY KEY,
  value text NOT NULL
)`,
    `CREATE TABLE ${qualified(schema, 'records')} (
  kind text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  id text COLLATE "C" NOT NULL,
  long_id text COLLATE "C",
  revision text COLLATE "C",
  value text NOT NULL,
  written_at double precision NOT NULL,
  lease_owner text COLLATE "C",
  lease_fence double precision,
  lease_until double precision,
  fields jsonb,
  waiting text,
  notified text,
  PRIMARY KEY (kind, partition, id)
) WITH (
  fillfactor = 70,
  autovacuum_vacuum_threshold = 500,
  autovacuum_vacuum_insert_threshold = 1000,
  autovacuum_analyze_threshold = 500
)`,
    `CREATE INDEX records_fields ON ${qualified(schema, 'records')} USING gin (fields jsonb_path_ops)`,
  ],
];

/** The version of the tables that this version of the library works with. */
export const MIGRATION: number = VERSIONS.length;

/** What a store is created as. */
export interface MigrationOptions {
  /** How many partitions, for the life of the store. @default 16 */
  readonly partitions?: number;
  /** The version that is there already. @default 0, nothing */
  readonly from?: number;
  /** A role that is to work with the store, when another one creates it. @default nobody else */
  readonly role?: string;
}

/**
 * The statements that create a store, or bring one up to date, in their order; to be run in one transaction. A schema
 * that is there is used.
 *
 * @param schema - the schema that the tables lie in.
 * @throws UsageError when no store can lie in it.
 */
export function migrationStatements(schema: string, options: MigrationOptions = {}): readonly string[] {
  checkedSchema(schema, 'migrationStatements(schema)');
  const { partitions = 16, from = 0, role } = options;
  const statements: string[] = [];
  if (from === 0) statements.push(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`);
  for (const version of VERSIONS.slice(from)) statements.push(...version(schema));
  const meta = qualified(schema, 'meta');
  statements.push(
    from === 0
      ? `INSERT INTO ${meta} (name, value) VALUES ('format', '${STORE_FORMAT}'), ('partitions', '${partitions}'), ('migration', '${MIGRATION}')`
      : `UPDATE ${meta} SET value = '${MIGRATION}' WHERE name = 'migration'`,
  );
  if (role !== undefined) {
    const to = quoteIdentifier(role);
    statements.push(
      `GRANT USAGE ON SCHEMA ${quoteIdentifier(schema)} TO ${to}`,
      `GRANT SELECT ON ${meta} TO ${to}`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ${qualified(schema, 'records')} TO ${to}`,
    );
  }
  return statements;
}

/** One migration at a time, whoever else begins one: the lock ends with the transaction. */
export function migrationLock(schema: string): string {
  return `SELECT pg_advisory_xact_lock(hashtextextended(${quoteText(`mycelium migration ${schema}`)}, 0))`;
}

/** Whether the schema is there. */
export function schemaExists(schema: string): string {
  return `SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = ${quoteText(schema)}`;
}

/** Whether the table that says what the store is, is there. */
export function metaExists(schema: string): string {
  return `SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = ${quoteText(schema)} AND tablename = 'meta'`;
}

/** The version of the tables. */
export function readVersion(schema: string): string {
  return `SELECT value FROM ${qualified(schema, 'meta')} WHERE name = 'migration'`;
}

/** What the store was created as. */
export function readMeta(schema: string): string {
  return `SELECT $0::text, m.name, m.value FROM (SELECT) one LEFT JOIN ${qualified(schema, 'meta')} m ON true`;
}
