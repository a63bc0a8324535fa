import { parseDuration } from '../../encoding/duration.js';
import { LedgerClosedError } from '../../errors/store.js';
import { ActionLedger } from '../../ledger/action-ledger.js';
import { deferredHome } from '../../ledger/default-home.js';
import type { Duration } from '../../ledger/options.js';
import type { Encryption } from '../../ledger/stored-form.js';
import type { Store } from '../../store/contract.js';
import type { DeferredHome } from '../../tool/home.js';
import type { StoreLocation } from '../loader/config.js';

/** For people, and to tell locations apart. */
export function locationText(location: StoreLocation): string {
  return location.storage === 'memory' ? 'memory' : `file ${location.directory}`;
}

/** Opens the store at a location. @param create - false: only one that is there. @throws StoreNotFoundError */
export async function openLocation(location: StoreLocation, create = true): Promise<Store> {
  const { openFileStore, memoryStore, StoreNotFoundError } = await import('../../store/index.js');
  if (location.storage === 'file') return openFileStore(location.directory, { create });
  if (!create) throw new StoreNotFoundError({ store: 'memory, which ends with its process' });
  return memoryStore();
}

/** The stores of one configuration: each opened once, with the first call that needs it. */
export class Homes {
  readonly #strict: boolean;
  readonly #homes = new Map<string, DeferredHome<ActionLedger>>();
  /** What is open, and what is just being opened: both are to be closed. */
  readonly #opened = new Set<Promise<ActionLedger>>();
  #closing: Promise<void> | undefined;

  constructor(strict: boolean) {
    this.#strict = strict;
  }

  at(location: StoreLocation): DeferredHome<ActionLedger> {
    const key = locationText(location);
    let home = this.#homes.get(key);
    if (home === undefined) {
      const deferred = deferredHome(() => this.#open(location));
      home = {
        // From the moment of closing, not from the moment at which the ledger hears of it.
        current: () => (this.#closing === undefined ? deferred.current() : undefined),
        open: async () => {
          this.#refuseClosed(location);
          return deferred.open();
        },
      };
      this.#homes.set(key, home);
    }
    return home;
  }

  /** The ledger there, for people who look at calls and settle them. @throws LedgerClosedError */
  async open(location: StoreLocation, encryption?: Encryption): Promise<ActionLedger> {
    const shared = await this.at(location).open();
    return encryption === undefined
      ? shared
      : new ActionLedger({ store: shared.store, strict: this.#strict, encryption });
  }

  /** Ends what was opened, and lets nothing more be opened. @throws UsageError for a drain that is no duration. */
  async close(drain: Duration = '10s'): Promise<void> {
    const drainMs = parseDuration(drain, 'close({ drain })');
    this.#closing ??= this.#close(drainMs);
    return this.#closing;
  }

  async #open(location: StoreLocation): Promise<ActionLedger> {
    const opening = openLocation(location).then((store) => new ActionLedger({ store, strict: this.#strict }));
    this.#opened.add(opening);
    try {
      const ledger = await opening;
      this.#refuseClosed(location);
      return ledger;
    } catch (error) {
      // What could not be opened is tried again with the next call, and is nothing to close.
      this.#opened.delete(opening);
      throw error;
    }
  }

  async #close(drain: number): Promise<void> {
    const ended = await Promise.allSettled(
      [...this.#opened].map(async (opening) => {
        const ledger = await opening.catch(() => undefined);
        try {
          await ledger?.close({ drain });
        } finally {
          await ledger?.store.close();
        }
      }),
    );
    const failed = ended.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #refuseClosed(location: StoreLocation): void {
    if (this.#closing !== undefined) throw new LedgerClosedError({ store: locationText(location) });
  }
}
