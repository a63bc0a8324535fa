/** `mycelium-runtime/postgres`: the store on Postgres. Needs `postgres`. */
export type { PostgresStoreOptions } from './options.js';
export { openPostgresStore } from './postgres-store.js';
export { type MigrationOptions, migrationStatements } from './sql/migrations.js';
