import { StoreDamagedError, StoreFormatError, StoreUnavailableError } from '../errors/store.js';
import { UsageError } from '../errors/usage.js';
import type { ListPage, ListQuery, Renewal, RenewalResult, Store, Transaction, TransactionResult } from './contract.js';
import { type Instant, type ProcessClock, elapsed, instant, pause } from './process-clock.js';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

/** A wait that grows with every attempt, with half of it drawn by lot so that workers do not come back together. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
  return longest / 2 + (longest / 2) * random();
}

interface Outstanding {
  readonly since: Instant;
  readonly during: string;
  readonly reject: (error: unknown) => void;
}

/**
 * A store with a deadline on every call. A driver whose promise never settles must not hang a tool, and an error
 * is not a "no": a transaction is sent again under its nonce until it is answered or time is up.
 */
export class StoreClient {
  readonly store: Store;
  readonly clock: ProcessClock;
  readonly deadlineMs: number;
  readonly #outstanding = new Set<Outstanding>();
  #watching = false;

  /** @param deadlineMs - for one operation with all its sendings. */
  constructor(store: Store, clock: ProcessClock, deadlineMs: number) {
    this.store = store;
    this.clock = clock;
    this.deadlineMs = deadlineMs;
  }

  /**
   * @throws StoreUnavailableError after the deadline; the transaction may still land, unless `applied` is `no`.
   */
  async transact(transaction: Transaction, nonce: string): Promise<TransactionResult> {
    const since = instant(this.clock);
    try {
      return await this.#inTime('transact', since, this.store.transact(transaction, nonce));
    } catch (error) {
      return this.#again(transaction, nonce, since, error);
    }
  }

  /** One sending: leases are renewed again soon anyway. */
  async renew(renewals: readonly Renewal[]): Promise<readonly RenewalResult[]> {
    return this.#inTime('renew', instant(this.clock), this.store.renew(renewals));
  }

  async list(query: ListQuery): Promise<ListPage> {
    return this.#inTime('list', instant(this.clock), this.store.list(query));
  }

  async #again(transaction: Transaction, nonce: string, since: Instant, first: unknown): Promise<TransactionResult> {
    let last = first;
    let provenNothing = true;
    for (let attempt = 0; ; attempt++) {
      if (isFinal(last)) throw last;
      provenNothing &&= last instanceof StoreUnavailableError && last.details['applied'] === 'no';
      // What is known not to have happened need not be resolved, and the caller can be told at once.
      if (provenNothing) throw last;
      const left = this.deadlineMs - elapsed(this.clock, since);
      const wait = Math.min(backoff(attempt), left);
      if (wait > 0) await pause(this.clock, wait);
      if (left <= 0) throw this.#unavailable('transact', last);
      try {
        return await this.#inTime('transact', since, this.store.transact(transaction, nonce));
      } catch (error) {
        last = error;
      }
    }
  }

  #unavailable(during: string, cause: unknown): StoreUnavailableError {
    return new StoreUnavailableError({ store: this.store.description, during, applied: 'unknown', cause });
  }

  #inTime<T>(during: string, since: Instant, answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const entry: Outstanding = { since, during, reject };
      this.#outstanding.add(entry);
      if (!this.#watching) this.#watch();
      answer.then(
        (value) => {
          this.#outstanding.delete(entry);
          resolve(value);
        },
        (error: unknown) => {
          this.#outstanding.delete(entry);
          reject(error as Error);
        },
      );
    });
  }

  /** One timer for all calls under way: a timer for each would cost more than a call to a memory store. */
  #watch(): void {
    this.#watching = true;
    const timer = this.clock.after(this.deadlineMs / 4, () => {
      this.#watching = false;
      for (const entry of this.#outstanding) {
        if (elapsed(this.clock, entry.since) < this.deadlineMs) continue;
        this.#outstanding.delete(entry);
        entry.reject(this.#unavailable(entry.during, new Error(`no answer within ${this.deadlineMs} ms`)));
      }
      if (this.#outstanding.size > 0) this.#watch();
    });
    // The store's own handles keep a process alive while it works; after the last answer nothing should.
    timer.keepAlive(false);
  }
}

/** Errors that sending again cannot change. */
function isFinal(error: unknown): boolean {
  return error instanceof UsageError || error instanceof StoreDamagedError || error instanceof StoreFormatError;
}
