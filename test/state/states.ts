import { StoreUnavailableError } from '../../src/index.js';
import type { Store, Transaction } from '../../src/store/contract.js';
import { memoryStore } from '../../src/store/memory.js';

/** A memory store whose way can be bent: what is set here happens to every sending. */
export interface BentStore {
  readonly store: Store;
  /** From now on nothing is written, or everything is again. */
  ill: boolean;
  /** Called before every sending that writes. */
  before: ((transaction: Transaction) => Promise<void> | void) | undefined;
  writes: number;
}

export function bentStore(truth: Store = memoryStore()): BentStore {
  const bent: BentStore = {
    ill: false,
    before: undefined,
    writes: 0,
    store: Object.create(truth, {
      transact: {
        async value(transaction: Transaction, nonce: string) {
          if (transaction.write.length > 0) {
            bent.writes += 1;
            await bent.before?.(transaction);
            if (bent.ill)
              throw new StoreUnavailableError({ store: truth.description, during: 'transact', applied: 'no' });
          }
          return truth.transact(transaction, nonce);
        },
      },
    }) as Store,
  };
  return bent;
}

/** What a promise is rejected with. */
export async function failure<E = Error & { code?: string }>(promise: Promise<unknown>): Promise<E> {
  try {
    await promise;
  } catch (error) {
    return error as E;
  }
  throw new Error('expected a failure, and there was none');
}

export function latch(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
