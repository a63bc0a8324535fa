import { AGAIN, backoff } from '../store/backoff.js';
import type { StoreClient } from '../store/client.js';
import type { RecordKey } from '../store/contract.js';
import { type ClockTimer, elapsed, type Instant, instant } from '../store/process-clock.js';

/** A lease that is kept alive. */
export interface KeptLease {
  readonly key: RecordKey;
  readonly owner: string;
  readonly fence: number;
  readonly leaseMs: number;
  /** When the sending that last confirmed it left this process. */
  confirmedAt: Instant;
  /** Called once, when the store says that another claim has it. */
  lost(): void;
}

/** Renews all leases of a process: one timer, one round trip. */
export class LeaseKeeper {
  readonly #client: StoreClient;
  readonly #leases = new Set<KeptLease>();
  #timer: ClockTimer | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  #renewing = false;
  /** Renewals that failed since one was answered. */
  #failures = 0;

  constructor(client: StoreClient) {
    this.#client = client;
  }

  get size(): number {
    return this.#leases.size;
  }

  keep(lease: KeptLease): void {
    this.#leases.add(lease);
    // A body that is over before the timer fires costs two operations on a set, not a timer of its own.
    if (this.#timer === undefined || lease.leaseMs / 3 < this.#timerMs) this.#arm(lease.leaseMs / 3);
    else if (this.#leases.size === 1) this.#timer.keepAlive(true);
  }

  drop(lease: KeptLease): void {
    this.#leases.delete(lease);
    if (this.#leases.size === 0) this.#timer?.keepAlive(false);
  }

  /** Renews one lease now. @returns false when it is lost, or the store does not answer. */
  async confirm(lease: KeptLease): Promise<boolean> {
    if (!this.#leases.has(lease)) return false;
    await this.#renew([lease]).catch(() => undefined);
    return this.#leases.has(lease) && elapsed(this.#client.clock, lease.confirmedAt) < lease.leaseMs;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#leases.clear();
  }

  #arm(ms: number): void {
    this.#timer?.cancel();
    this.#timerMs = ms;
    this.#timer = this.#client.clock.after(ms, () => this.#tick());
  }

  #tick(): void {
    this.#timer = undefined;
    this.#timerMs = Number.POSITIVE_INFINITY;
    if (this.#leases.size === 0) return;
    // Due at a third; half of that as slack, because several leases share one timer.
    const due = [...this.#leases].filter(
      (lease) => elapsed(this.#client.clock, lease.confirmedAt) >= lease.leaseMs / 6,
    );
    this.#arm(this.#shortest() / 3);
    if (due.length === 0 || this.#renewing) return;
    this.#renewing = true;
    this.#renew(due).then(
      () => {
        this.#renewing = false;
        this.#failures = 0;
      },
      // A store that does not answer ends no lease, and a start checks the time itself.
      () => {
        this.#renewing = false;
        this.#soon();
      },
    );
  }

  /** After a failure: a third of a lease later again, two failures in a row would let a peer see it run out. */
  #soon(): void {
    if (this.#leases.size === 0 || this.#timer === undefined) return;
    this.#arm(backoff({ firstMs: AGAIN.firstMs, longestMs: this.#shortest() / 12 }, this.#failures));
    this.#failures += 1;
  }

  #shortest(): number {
    return Math.min(...[...this.#leases].map((lease) => lease.leaseMs));
  }

  async #renew(leases: readonly KeptLease[]): Promise<void> {
    const sentAt = instant(this.#client.clock);
    const answers = await this.#client.renew(
      leases.map(({ key, owner, fence, leaseMs }) => ({ key, owner, fence, ms: leaseMs })),
    );
    for (const [position, lease] of leases.entries()) {
      if (answers[position] === 'held') lease.confirmedAt = sentAt;
      else if (this.#leases.delete(lease)) lease.lost();
    }
  }
}
