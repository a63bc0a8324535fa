/**
 * `mycelium-runtime/store`: the stores, and what it takes to write one. A new store implements `Store`
 * and passes the suite of `mycelium-runtime/testing`.
 */
export {
  StoreDamagedError,
  StoreFormatError,
  StoreLostError,
  StoreNotFoundError,
  StoreUnavailableError,
  StoreUnsafeError,
} from '../errors/store.js';
export { UsageError } from '../errors/usage.js';
export {
  DEFAULT_PARTITIONS,
  type Durability,
  type Expectation,
  type IndexFields,
  keyText,
  type LeaseHolder,
  type ListPage,
  type ListQuery,
  nextRevision,
  type RecordKey,
  type Renewal,
  type RenewalResult,
  STORE_FORMAT,
  type Store,
  type StoreConcern,
  type StoredLease,
  type StoredRecord,
  type StoreHealth,
  type Transaction,
  type TransactionResult,
  type Write,
  writtenBy,
} from './contract.js';
export { openFileStore } from './file/file-store.js';
export { type MemoryStoreOptions, memoryStore } from './memory.js';
export { type OpenStoreOptions, openStore } from './open.js';
export { type Expected, planTransaction, type RecordPlan, type TransactionPlan } from './transaction-plan.js';
export { checkKey, checkList, checkRenewals, indexMatches, unknownCursor } from './transaction-rules.js';
