import type { RenewalResult, StoredRecord, TransactionResult } from '../contract.js';
import type { Generation, Outcome } from './generation.js';
import type { LoggedEntry, Origin, RenewalEntry } from './log-entry.js';
import { LogState } from './log-state.js';
import type { Prepared } from './prepare.js';

/** Something that waits for its turn at the log. */
export interface Operation {
  /** For errors: the method that was called. */
  readonly during: string;
  /** Whether it has to be logged, as the state stands at `now`. */
  mustLog(generation: Generation, now: number): boolean;
  /** What to log. */
  entry(origin: Origin, at: number): LoggedEntry;
  /** The texts of the keys that the entry expects. */
  readonly texts: readonly string[];
  /** Takes the answer as it stands behind its entry, to be given when that is durable. False: there is none yet. */
  settle(outcome: Outcome, state: LogState): boolean;
  /** Takes the answer there would be if nobody else wrote, for a store that was told not to look. */
  presume(state: LogState, at: number): boolean;
  /** Takes the answer that a state gives which is fresh and durable. False: it has to be logged after all. */
  settleUnlogged(generation: Generation, now: number): boolean;
  /** Gives the answer taken. */
  answer(): void;
  refuse(error: unknown): void;
}

abstract class Waiting<Answer> {
  readonly promise: Promise<Answer>;
  refuse!: (error: unknown) => void;
  protected taken: Answer | undefined;
  #resolve!: (answer: Answer) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.refuse = reject;
    });
  }

  answer(): void {
    this.#resolve(this.taken as Answer);
  }
}

/** A call of `transact`. */
export class TransactOperation extends Waiting<TransactionResult> implements Operation {
  readonly during = 'transact';
  readonly #prepared: Prepared;

  constructor(prepared: Prepared) {
    super();
    this.#prepared = prepared;
  }

  get texts(): readonly string[] {
    return this.#prepared.texts;
  }

  mustLog({ state }: Generation, now: number): boolean {
    return this.#prepared.write.length > 0 && state.judge(this.#prepared, now) === 'holds';
  }

  entry(origin: Origin, at: number): LoggedEntry {
    const { nonce, expect, write, remove } = this.#prepared;
    if (remove.length === 0) return ['write', origin, at, nonce, expect, write];
    return ['write', origin, at, nonce, expect, write, remove];
  }

  settle(outcome: Outcome, state: LogState): boolean {
    this.taken = resultOf(this.#prepared, outcome !== 'fails', state, state.time);
    return true;
  }

  presume({ records }: LogState, at: number): boolean {
    const presumed = new LogState(() => {});
    for (const text of [...this.#prepared.texts, ...this.#prepared.read]) {
      const record = records.get(text);
      if (record !== undefined) presumed.records.set(text, record);
    }
    return this.settle(presumed.write(this.#prepared, at), presumed);
  }

  settleUnlogged({ state }: Generation, now: number): boolean {
    const result = unloggedResult(this.#prepared, state, now);
    if (result !== undefined) this.taken = result;
    return result !== undefined;
  }
}

/** A call of `renew`. */
export class RenewOperation extends Waiting<readonly RenewalResult[]> implements Operation {
  readonly during = 'renew';
  readonly texts: readonly string[] = [];
  readonly #renewals: readonly RenewalEntry[];

  constructor(renewals: readonly RenewalEntry[]) {
    super();
    this.#renewals = renewals;
  }

  mustLog({ state }: Generation): boolean {
    return this.#renewals.some((renewal) => state.holdsLease(renewal));
  }

  entry(origin: Origin, at: number): LoggedEntry {
    return ['renew', origin, at, this.#renewals];
  }

  settle(outcome: Outcome): boolean {
    this.taken = (outcome as readonly boolean[]).map((held) => (held ? 'held' : 'lost'));
    return true;
  }

  presume(state: LogState): boolean {
    return this.settle(this.#renewals.map((renewal) => state.holdsLease(renewal)));
  }

  settleUnlogged(generation: Generation): boolean {
    if (this.mustLog(generation)) return false;
    this.taken = this.#renewals.map(() => 'lost');
    return true;
  }
}

/** Wants nothing but a state that is up to date. */
export class RefreshOperation extends Waiting<void> implements Operation {
  readonly during: string;
  readonly texts: readonly string[] = [];

  constructor(during: string) {
    super();
    this.during = during;
  }

  mustLog(): boolean {
    return false;
  }

  entry(): never {
    throw new TypeError('a refresh is not logged');
  }

  settle(): boolean {
    return true;
  }

  presume(): boolean {
    return true;
  }

  settleUnlogged(): boolean {
    return true;
  }
}

/** Ends a generation, and is answered in a later one. */
export class SealOperation extends Waiting<void> implements Operation {
  readonly during = 'compact';
  readonly texts: readonly string[] = [];
  readonly #generation: number;

  /** @param generation - the number of the generation that is to end. */
  constructor(generation: number) {
    super();
    this.#generation = generation;
  }

  mustLog({ number }: Generation): boolean {
    return number === this.#generation;
  }

  entry(origin: Origin, at: number): LoggedEntry {
    return ['seal', origin, at];
  }

  /** The seal is only the beginning: the operation waits for the generation behind it. */
  settle(): boolean {
    return false;
  }

  presume(): boolean {
    return false;
  }

  settleUnlogged({ number }: Generation): boolean {
    return number !== this.#generation;
  }
}

/** The answer to a transaction that has nothing to log in this state; undefined when it has. */
export function unloggedResult(prepared: Prepared, state: LogState, now: number): TransactionResult | undefined {
  const verdict = state.judge(prepared, now);
  if (verdict === 'holds' && prepared.write.length > 0) return undefined;
  return resultOf(prepared, verdict !== 'fails', state, now);
}

function resultOf({ texts, read }: Prepared, ok: boolean, state: LogState, now: number): TransactionResult {
  const records: (StoredRecord | undefined)[] = [];
  for (const text of texts) records.push(state.records.get(text));
  for (const text of read) records.push(state.records.get(text));
  return { ok, records, now };
}
