/** `mycelium-runtime/postgres`: the store on Postgres. Needs `postgres`. */
export { openPostgresStore, type PostgresStoreOptions } from './postgres-store.js';
