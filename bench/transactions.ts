import type { Store, Transaction } from 'mycelium-runtime/store';

/** The same store, with all transactions that it is sent. */
export function countTransactions(store: Store): {
  readonly store: Store;
  readonly transactions: readonly Transaction[];
} {
  const transactions: Transaction[] = [];
  const counting: Store = {
    description: store.description,
    durability: store.durability,
    partitions: store.partitions,
    transact(transaction, nonce) {
      transactions.push(transaction);
      return store.transact(transaction, nonce);
    },
    renew: (renewals) => store.renew(renewals),
    list: (query) => store.list(query),
    watch: (key, revision, signal) => store.watch(key, revision, signal),
    close: (options) => store.close(options),
  };
  return { store: counting, transactions };
}
