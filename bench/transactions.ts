import { memoryStore, type Store, type Transaction } from 'mycelium-runtime/store';
import { freshPayments, guardedPay, payAll, type Scale } from './workload.js';

/** What the guarded tool sends to its store, of one call. */
export interface CallTransactions {
  readonly claim: Transaction;
  readonly completion: Transaction;
  /** Of another process that meets the call when it is finished. */
  readonly meeting: Transaction;
}

/** Records what a guarded call sends. */
export async function callTransactions(scale: Scale): Promise<CallTransactions> {
  const records = memoryStore();
  const [first, second] = [countTransactions(records), countTransactions(records)];
  const payments = freshPayments(1, scale.seed);
  await payAll(guardedPay(first.store), payments);
  await payAll(guardedPay(second.store), payments);
  const [claim, completion] = first.transactions;
  const [meeting] = second.transactions;
  if (claim === undefined || completion === undefined || meeting === undefined)
    throw new Error('a call sends a claim and a completion, and one transaction when it is met again');
  return { claim, completion, meeting };
}

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
    ...(store.remote === undefined ? {} : { remote: store.remote }),
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
