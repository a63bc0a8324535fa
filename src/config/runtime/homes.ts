import { parseDuration } from '../../encoding/duration.js';
import type { Encryption } from '../../encoding/encryption.js';
import { LedgerClosedError } from '../../errors/store.js';
import { ActionLedger, type ActionLedgerOptions } from '../../ledger/action-ledger.js';
import { deferredHome } from '../../ledger/default-home.js';
import type { Duration } from '../../ledger/options.js';
import type { Store } from '../../store/contract.js';
import type { DeferredHome } from '../../tool/home.js';
import type { ReceiptIssuer } from '../../tool/receipt.js';
import type { Config } from '../loader/config.js';
import { locationKey, locationText, type StoreLocation } from '../loader/storage.js';

/** How a location is opened. */
export interface OpenLocationOptions {
  /** `false`: only a store that is there. @default true */
  readonly create?: boolean;
  /** `production`: a server that can lose what it acknowledged is refused. @default 'development' */
  readonly profile?: 'development' | 'production';
}

/**
 * Opens the store at a location.
 *
 * @throws StoreNotFoundError when there is none, and `create` is false. StoreUnsafeError, StoreUnavailableError.
 */
export async function openLocation(location: StoreLocation, options: OpenLocationOptions = {}): Promise<Store> {
  const { create = true, profile = 'development' } = options;
  const { openFileStore, memoryStore, openStore, StoreNotFoundError } = await import('../../store/index.js');
  switch (location.storage) {
    case 'memory':
      if (!create) throw new StoreNotFoundError({ store: 'memory, which ends with its process' });
      return memoryStore();
    case 'file':
      return openFileStore(location.directory, { create });
    default: {
      const { storage: _, url, ...settings } = location;
      return openStore(url, { ...settings, create, profile });
    }
  }
}

/** Who works on the ledgers of a configuration as long as they are open. */
export interface LedgerLife {
  opened(ledger: ActionLedger, location: StoreLocation): void;
  /** Nothing runs in it any more, and its store is about to be closed. Never rejects. */
  closing(ledger: ActionLedger): Promise<void>;
}

/** What the ledgers of a configuration share. */
type Shared = Pick<ActionLedgerOptions, 'strict' | 'retention' | 'receipts'>;

/** The stores of one configuration: each opened once, with the first call that needs it. */
export class Homes {
  readonly #profile: Config['profile'];
  readonly #shared: Shared;
  readonly #life: LedgerLife | undefined;
  readonly #homes = new Map<string, DeferredHome<ActionLedger>>();
  /** What is open, and what is just being opened: both are to be closed. */
  readonly #opened = new Set<Promise<ActionLedger>>();
  #closing: Promise<void> | undefined;

  /** @param receipts - signs what becomes of the calls. */
  constructor(
    { strict, profile, retention }: Pick<Config, 'strict' | 'profile' | 'retention'>,
    receipts: ReceiptIssuer | undefined,
    life: LedgerLife | undefined,
  ) {
    this.#profile = profile;
    this.#life = life;
    this.#shared = { strict, retention, ...(receipts === undefined ? {} : { receipts }) };
  }
  at(location: StoreLocation): DeferredHome<ActionLedger> {
    const key = locationKey(location);
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
    return encryption === undefined ? shared : new ActionLedger({ store: shared.store, ...this.#shared, encryption });
  }

  /**
   * Ends what was opened, and lets nothing more be opened.
   *
   * @param last - what is still to be written. Never rejects.
   * @throws UsageError for a drain that is no duration.
   */
  async close(drain: Duration = '10s', last: () => Promise<void> = async () => undefined): Promise<void> {
    const drainMs = parseDuration(drain, 'close({ drain })');
    this.#closing ??= this.#close(drainMs, last);
    return this.#closing;
  }

  async #open(location: StoreLocation): Promise<ActionLedger> {
    const opening = openLocation(location, { profile: this.#profile }).then(
      (store) => new ActionLedger({ store, ...this.#shared }),
    );
    this.#opened.add(opening);
    try {
      const ledger = await opening;
      this.#refuseClosed(location);
      this.#life?.opened(ledger, location);
      return ledger;
    } catch (error) {
      // What could not be opened is tried again with the next call, and is nothing to close.
      this.#opened.delete(opening);
      throw error;
    }
  }

  async #close(drain: number, last: () => Promise<void>): Promise<void> {
    const written = last();
    const ended = await Promise.allSettled(
      [...this.#opened].map(async (opening) => {
        const ledger = await opening.catch(() => undefined);
        try {
          await ledger?.close({ drain });
        } finally {
          await written;
          if (ledger !== undefined) await this.#life?.closing(ledger);
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
