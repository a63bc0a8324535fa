import type { CallReference } from '../errors/call.js';
import { CompletionNotRecordedError, LeaseLostError } from '../errors/call.js';
import type { RecordKey, StoredRecord } from '../store/contract.js';
import { elapsed, type Instant } from '../store/process-clock.js';
import type { ReceiptValues } from '../tool/receipt.js';
import type { Dispatch } from './dispatch.js';
import type { Engine } from './engine.js';
import { evidenceKey } from './identity.js';
import type { KeptLease } from './leases.js';
import { absent, type Paid, paid } from './receipts-due.js';
import {
  type CallRecord,
  decodeCall,
  decodeEvidence,
  type EvidenceRecord,
  RECORD_FORMAT,
  type Seen,
  writeOver,
} from './record.js';
import { acceptsFailure, answerCompletion, committedRecord, startedRecord, withFirstClaim } from './resolution.js';
import type { StoredResult } from './stored-value.js';

/** What became of a completion. */
export type Completion =
  | { readonly outcome: 'committed'; readonly seen: Seen }
  /** Somebody settled this very claim before; what is recorded stands. */
  | { readonly outcome: 'recorded'; readonly seen: Seen }
  /** A newer claim exists (or the record is gone); the success is kept as evidence. */
  | { readonly outcome: 'superseded'; readonly seen: Seen | undefined };

/** A won claim: the right to run the body once, and the duty to say how it ended. */
export class Claim implements KeptLease {
  readonly reference: CallReference;
  readonly key: RecordKey;
  readonly owner: string;
  readonly fence: number;
  readonly leaseMs: number;
  /** When the claim was sent: its lease cannot have begun earlier. */
  confirmedAt: Instant;
  lostBecause: LeaseLostError | undefined;
  readonly #engine: Engine;
  readonly #claimedAt: number;
  readonly #sentAt: Instant;
  readonly #dispatch: Pick<Dispatch, 'home' | 'input'>;
  #seen: Seen;
  #onLost: ((reason: LeaseLostError) => void) | undefined;

  constructor(engine: Engine, seen: Seen, dispatch: Pick<Dispatch, 'reference' | 'home' | 'input'>, sentAt: Instant) {
    this.#engine = engine;
    this.#seen = seen;
    this.#claimedAt = seen.stored.writtenAt;
    this.key = seen.stored.key;
    this.owner = seen.record.owner;
    this.fence = seen.record.fence;
    this.leaseMs = seen.record.leaseMs;
    this.confirmedAt = sentAt;
    this.#sentAt = sentAt;
    this.#dispatch = dispatch;
    this.reference = dispatch.reference;
  }

  get record(): CallRecord {
    return this.#seen.record;
  }

  get stored(): StoredRecord {
    return this.#seen.stored;
  }

  /** Whether this process may still start something under the claim, by its own clocks. */
  get timeLeft(): boolean {
    return this.lostBecause === undefined && elapsed(this.#engine.clock, this.confirmedAt) < this.leaseMs;
  }

  /** Called by the lease keeper. */
  lost(): void {
    this.#onLost?.(this.#refusal('another worker may have taken over'));
  }

  onLost(listener: (reason: LeaseLostError) => void): void {
    this.#onLost = listener;
    if (this.lostBecause !== undefined) listener(this.lostBecause);
  }

  /** @throws LeaseLostError unless something may still be started under the claim. */
  async assertHeld(): Promise<void> {
    if (this.timeLeft) return;
    if (this.lostBecause === undefined && (await this.#engine.leases.confirm(this))) return;
    throw this.#refusal('it ran out before the start');
  }

  /** Whether the record says that this claim may have had its effect. */
  get #started(): boolean {
    const { fence, owner, phase } = this.record;
    return fence === this.fence && owner === this.owner && (phase === 'attempting' || phase === 'unknown');
  }

  /** Why nothing may be started any more; the first reason stays. */
  #refusal(what: string): LeaseLostError {
    this.lostBecause ??= new LeaseLostError({ ...this.reference, what });
    return this.lostBecause;
  }

  /**
   * Changes the record under this claim, by compare-and-swap against whatever it has become.
   *
   * @param change - gives the next record, or undefined when the claim has no say any more.
   * @returns whether it changed.
   */
  async amend(
    change: (record: CallRecord) => CallRecord | undefined,
    lease: 'keep' | 'end',
    values: ReceiptValues = {},
  ): Promise<boolean> {
    for (;;) {
      const before = this.#seen;
      const changed = change(before.record);
      if (changed === undefined) return false;
      const next = withFirstClaim(changed, this.#claimedAt);
      // While the lease is kept the attempt goes on, and there is no outcome yet.
      const { record, beside } = lease === 'keep' ? { record: next, beside: [] } : this.#paid(before, next, values);
      const held = lease === 'keep' ? { owner: this.owner, fence: this.fence, ms: this.leaseMs } : undefined;
      const answer = await this.#engine.client.transact(
        {
          expect: [{ key: this.key, revision: before.stored.revision }, ...absent(beside)],
          write: [writeOver(before, record, held), ...beside],
        },
        this.#engine.nonce(),
        true,
      );
      const [stored] = answer.records;
      if (stored === undefined) return false;
      if (answer.ok) {
        this.#seen = { stored, record, subject: before.subject };
        return true;
      }
      this.#seen = decodeCall(stored, this.#engine.description);
    }
  }

  #paid(before: Seen, next: CallRecord, values: ReceiptValues): Paid {
    const { home, input } = this.#dispatch;
    if (home.receipts === undefined) return { record: next, beside: [] };
    const at = this.#claimedAt + Math.round(elapsed(this.#engine.clock, this.#sentAt));
    return paid(home.receipts, before, next, {
      claimedAt: this.#claimedAt,
      at,
      values: () => ({ arguments: input, ...values }),
    });
  }

  /** Makes the attempt durable: from here on a crash leaves the call ambiguous. @throws LeaseLostError */
  async startEffect(): Promise<void> {
    await this.assertHeld();
    if (this.#started) return;
    const started = await this.amend((record) => startedRecord(record, this), 'keep');
    // Another effect of the same body may have crossed it meanwhile.
    if (!started && !this.#started) throw this.#refusal('another worker has taken over');
    if (!this.timeLeft) await this.assertHeld();
  }

  /** Records that the body ended without a value. A claim that has no say any more leaves the record alone. */
  async fail(change: (record: CallRecord) => CallRecord, lease: 'keep' | 'end' = 'end'): Promise<boolean> {
    return this.amend((record) => (acceptsFailure(record, this) ? change(record) : undefined), lease);
  }

  /**
   * Records the body's success, or keeps it as evidence when a newer claim exists.
   *
   * @param value - the result itself, for a receipt that has values.
   */
  complete(result: StoredResult, value: unknown): Promise<Completion> {
    return this.amend(
      (record) => (answerCompletion(record, this) === 'accept' ? committedRecord(record, result) : undefined),
      'end',
      { result: value },
    ).then((committed) => (committed ? { outcome: 'committed', seen: this.#seen } : this.#settledElsewhere(result)));
  }

  async #settledElsewhere(result: StoredResult): Promise<Completion> {
    const [stored] = await this.#engine.read([this.key]);
    const seen = stored === undefined ? undefined : decodeCall(stored, this.#engine.description);
    if (seen !== undefined && answerCompletion(seen.record, this) === 'recorded') return { outcome: 'recorded', seen };
    const kept = seen !== undefined && (await this.#keepEvidence(seen.stored, result));
    return { outcome: 'superseded', seen: kept ? seen : undefined };
  }

  /** Beside a call that is there: what a pruned call left behind would speak for another life of the identity. */
  async #keepEvidence(call: StoredRecord, result: StoredResult): Promise<boolean> {
    const key = evidenceKey(this.key);
    let [beside, stored]: readonly (StoredRecord | undefined)[] = [call, (await this.#engine.read([key]))[0]];
    for (;;) {
      if (beside === undefined) return false;
      const successes = stored === undefined ? [] : decodeEvidence(stored, this.#engine.description).record.successes;
      if (successes.some((success) => success.fence === this.fence && success.owner === this.owner)) return true;
      const value = JSON.stringify({
        format: RECORD_FORMAT,
        successes: [...successes, { fence: this.fence, owner: this.owner, result }],
      } satisfies EvidenceRecord);
      const answer = await this.#engine.client.transact(
        {
          expect: [
            { key: this.key, revision: beside.revision },
            { key, revision: stored?.revision },
          ],
          write: [{ key, value }],
        },
        this.#engine.nonce(),
      );
      if (answer.ok) break;
      [beside, stored] = answer.records;
    }
    this.#engine.emit('mycelium:evidence-kept', () => ({ ...this.reference, fence: this.fence }));
    return true;
  }

  /** The error that hands a caller the result when the record could not take it. */
  notRecorded(result: unknown, why: string, remedy: string, cause?: unknown): CompletionNotRecordedError {
    return new CompletionNotRecordedError({ ...this.reference, why, remedy, result, cause });
  }
}
