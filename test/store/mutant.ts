import type { RecordKey, Store, StoredRecord } from '../../src/store/contract.js';

/** Changes some methods of a store that keeps the contract. */
export type Mutation = (good: Store, now: () => number) => Partial<Store>;

/** A store that breaks the contract in one way. */
export interface Mutant {
  readonly name: string;
  readonly break: Mutation;
  /** The cases that must fail, by name; others may fail with them. */
  readonly caughtBy: readonly string[];
}

/** Reads one record without disturbing anything. */
export async function standing(store: Store, key: RecordKey): Promise<StoredRecord | undefined> {
  return (await store.transact({ expect: [], write: [], read: [key] }, 'peek')).records[0];
}
