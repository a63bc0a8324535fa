import { MyceliumError } from '../errors/mycelium-error.js';
import {
  StoreDamagedError,
  StoreFormatError,
  StoreLostError,
  StoreUnavailableError,
  StoreUnsafeError,
} from '../errors/store.js';
import { UsageError } from '../errors/usage.js';
import { AGAIN, backoff } from './backoff.js';
import type { ListPage, ListQuery, Renewal, RenewalResult, Store, Transaction, TransactionResult } from './contract.js';
import { elapsed, type Instant, instant, type ProcessClock, pause } from './process-clock.js';

interface Outstanding {
  /** The tick at which its time is used up. */
  readonly until: number;
  readonly during: string;
  readonly overdue: (error: unknown) => unknown;
}

/** The timer looks this often within a deadline, so a call is given up at most one part late. */
const TICKS_PER_DEADLINE = 8;

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
  #tick = 0;

  /** @param deadlineMs - for one operation with all its sendings. */
  constructor(store: Store, clock: ProcessClock, deadlineMs: number) {
    this.store = store;
    this.clock = clock;
    this.deadlineMs = deadlineMs;
  }

  /**
   * @param insist - also go on when it is known that nothing was written: for what has no second chance, as the result
   *   of a body. Otherwise the caller is told at once.
   * @throws StoreUnavailableError after the deadline; the transaction may still land, unless `applied` is `no`.
   */
  transact(transaction: Transaction, nonce: string, insist = false): Promise<TransactionResult> {
    const since = instant(this.clock);
    let answer: Promise<TransactionResult>;
    try {
      answer = this.store.transact(transaction, nonce);
    } catch (error) {
      // A driver may throw before it has a promise to answer with.
      return this.#again(transaction, nonce, since, error, insist);
    }
    return this.#inTime('transact', answer, (error) => this.#again(transaction, nonce, since, error, insist));
  }

  /** One sending: leases are renewed again soon anyway. */
  async renew(renewals: readonly Renewal[]): Promise<readonly RenewalResult[]> {
    return this.#inTime('renew', this.store.renew(renewals), refuse);
  }

  /** @throws StoreUnavailableError whatever the driver throws, so that nobody has to know drivers. */
  async list(query: ListQuery): Promise<ListPage> {
    return this.#inTime('list', this.store.list(query), (error) =>
      refuse(error instanceof MyceliumError ? error : this.#unavailable('list', error)),
    );
  }

  async #again(
    transaction: Transaction,
    nonce: string,
    since: Instant,
    first: unknown,
    insist: boolean,
  ): Promise<TransactionResult> {
    let last = first;
    let provenNothing = true;
    for (let attempt = 0; ; attempt++) {
      if (isFinal(last)) throw last;
      provenNothing &&= last instanceof StoreUnavailableError && last.details['applied'] === 'no';
      // What is known not to have happened need not be resolved, and the caller can be told at once.
      if (provenNothing && !insist) throw last;
      const left = this.deadlineMs - elapsed(this.clock, since);
      const wait = Math.min(backoff(AGAIN, attempt), left);
      if (wait > 0) await pause(this.clock, wait);
      if (left <= 0) throw provenNothing ? last : this.#unavailable('transact', reasonOf(last));
      try {
        return await this.#inTime('transact', this.store.transact(transaction, nonce), refuse, left);
      } catch (error) {
        last = error;
      }
    }
  }

  #unavailable(during: string, cause: unknown): StoreUnavailableError {
    return new StoreUnavailableError({ store: this.store.description, during, applied: 'unknown', cause });
  }

  /**
   * @param failed - what becomes of an error that the store itself gives.
   * @param leftMs - of the deadline.
   */
  #inTime<T>(
    during: string,
    answer: Promise<T>,
    failed: (error: unknown) => Promise<T>,
    leftMs = this.deadlineMs,
  ): Promise<T> {
    return new Promise((resolve) => {
      const entry: Outstanding = {
        until: this.#tick + Math.ceil((leftMs / this.deadlineMs) * TICKS_PER_DEADLINE),
        during,
        // Its time is used up: what it did is resolved in the background, if it must be.
        overdue: (error) => this.#outstanding.delete(entry) && resolve(refuse(error)),
      };
      this.#outstanding.add(entry);
      if (!this.#watching) this.#watch();
      answer.then(
        (value) => {
          this.#outstanding.delete(entry);
          resolve(value);
        },
        (error: unknown) => {
          if (this.#outstanding.delete(entry)) resolve(failed(error));
        },
      );
    });
  }

  /** One timer for all calls under way: a timer for each would cost more than a call to a memory store. */
  #watch(): void {
    this.#watching = true;
    const timer = this.clock.after(this.deadlineMs / TICKS_PER_DEADLINE, () => {
      this.#watching = false;
      this.#tick += 1;
      for (const entry of this.#outstanding) {
        if (this.#tick <= entry.until) continue;
        entry.overdue(this.#unavailable(entry.during, new Error(`no answer within ${this.deadlineMs} ms`)));
      }
      if (this.#outstanding.size > 0) this.#watch();
    });
    // The store's own handles keep a process alive while it works; after the last answer nothing should.
    timer.keepAlive(false);
  }
}

function refuse(error: unknown): Promise<never> {
  return Promise.reject(error as Error);
}

/** Why a sending failed, where the store has said no more than that it did. */
function reasonOf(error: unknown): unknown {
  return error instanceof StoreUnavailableError ? error.cause : error;
}

/** Errors that sending again cannot change. */
const FINAL = [UsageError, StoreDamagedError, StoreFormatError, StoreLostError, StoreUnsafeError];

function isFinal(error: unknown): boolean {
  return FINAL.some((kind) => error instanceof kind);
}
