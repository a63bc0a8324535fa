import { LedgerClosedError } from '../errors/store.js';
import { ActionLedger } from '../ledger/action-ledger.js';
import type { Duration } from '../ledger/options.js';
import type { Store } from '../store/contract.js';
import { type DeferredHome, deferredHome } from '../tool/home.js';
import type { StoreLocation } from './config.js';

/** A home that is a ledger. */
export interface LedgerHomeOf extends DeferredHome {
  open(): Promise<ActionLedger>;
  current(): ActionLedger | undefined;
}

/** For people, and to tell locations apart. */
export function locationText(location: StoreLocation): string {
  return location.storage === 'memory' ? 'memory' : `file ${location.directory}`;
}

/** Opens the store at a location. @param create - false: only one that is there. @throws StoreNotFoundError */
export async function openLocation(location: StoreLocation, create = true): Promise<Store> {
  const { openFileStore, memoryStore, StoreNotFoundError } = await import('../store/index.js');
  if (location.storage === 'file') return openFileStore(location.directory, { create });
  if (!create) throw new StoreNotFoundError({ store: 'memory, which ends with its process' });
  return memoryStore();
}

/** The stores of one configuration: each opened once, with the first call that needs it. */
export class Homes {
  readonly #strict: boolean;
  readonly #homes = new Map<string, LedgerHomeOf>();
  #closing: Promise<void> | undefined;

  constructor(strict: boolean) {
    this.#strict = strict;
  }

  at(location: StoreLocation): LedgerHomeOf {
    const key = locationText(location);
    let home = this.#homes.get(key);
    if (home === undefined) {
      home = deferredHome(async () => {
        this.#refuseClosed(key);
        const store = await openLocation(location);
        if (this.#closing !== undefined) await store.close();
        this.#refuseClosed(key);
        return new ActionLedger({ store, strict: this.#strict });
      });
      this.#homes.set(key, home);
    }
    return home;
  }

  /** Ends what was opened, and lets nothing more be opened. */
  close(drain: Duration | undefined): Promise<void> {
    this.#closing ??= this.#close(drain);
    return this.#closing;
  }

  async #close(drain: Duration | undefined): Promise<void> {
    const open = [...this.#homes.values()].flatMap((home) => home.current() ?? []);
    const ended = await Promise.allSettled(
      open.map(async (ledger) => {
        try {
          await ledger.close(drain === undefined ? {} : { drain });
        } finally {
          await ledger.store.close();
        }
      }),
    );
    const failed = ended.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #refuseClosed(store: string): void {
    if (this.#closing !== undefined) throw new LedgerClosedError({ store });
  }
}
