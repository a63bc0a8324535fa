import { StoreUnavailableError } from '../../src/errors/store.js';
import type { Store } from '../../src/store/contract.js';

/** One of several clients of a memory store: it can be closed while the data and the other clients stay. */
export function clientOf(inner: Store): Store {
  const closing = new AbortController();
  const open = (during: string): void => {
    if (closing.signal.aborted) throw new StoreUnavailableError({ store: inner.description, during, applied: 'no' });
  };
  return {
    description: inner.description,
    durability: inner.durability,
    partitions: inner.partitions,
    async transact(transaction, nonce) {
      open('transact');
      return inner.transact(transaction, nonce);
    },
    async renew(renewals) {
      open('renew');
      return inner.renew(renewals);
    },
    async list(query) {
      open('list');
      return inner.list(query);
    },
    async watch(key, revision, signal) {
      open('watch');
      await inner.watch(key, revision, AbortSignal.any([signal, closing.signal]));
    },
    async close() {
      closing.abort();
    },
  };
}
