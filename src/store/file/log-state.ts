import { nextRevision, type RecordKey, type StoredRecord, writtenBy } from '../contract.js';
import {
  type ExpectationEntry,
  type KeptRecord,
  keptRecord,
  type LeaseEntry,
  type RecordEntry,
  type RenewalEntry,
  recordOf,
  textOf,
} from './log-entry.js';
import { RecordIndex } from './record-index.js';

/** A transaction in the form in which it is judged and logged. */
export interface LoggedTransaction {
  readonly nonce: string;
  /** The texts of the expected keys. */
  readonly texts: readonly string[];
  readonly expect: readonly ExpectationEntry[];
  readonly write: readonly RecordEntry[];
  /** The records to remove, as positions among the expectations. */
  readonly remove: readonly number[];
}

/** `holds`: it applies; `applied`: it did earlier, and its writes still stand; `fails`: it does not apply. */
export type Verdict = 'holds' | 'applied' | 'fails';

/** Of a record without its value, in the bytes of a log: brackets, numbers, a lease. */
const FRAMING = 100;

function bytesOf(text: string, { revision, value }: StoredRecord): number {
  return FRAMING + text.length + revision.length + value.length;
}

/**
 * What a log means: the records that follow from applying its entries in their order. Pure but for being
 * kept up to date in place; the same entries always give the same state, whoever reads them.
 */
export class LogState {
  /** The largest instant any entry was written at. Expiry is judged by it, so all readers judge alike. */
  time = 0;
  /** Whether the generation has ended; what comes behind its first seal does not count. */
  sealed = false;
  /** About how many bytes a successor would have. */
  liveBytes = 0;
  readonly records: Map<string, StoredRecord> = new Map();
  readonly index: RecordIndex = new RecordIndex();
  readonly #moved: (text: string) => void;

  /** @param moved - is told the text of each key whose record moves to another revision. */
  constructor(moved: (text: string) => void) {
    this.#moved = moved;
  }

  /** What the transaction would come to if it stood here in the log, written at `now`. */
  judge({ texts, expect, write, nonce }: LoggedTransaction, now: number): Verdict {
    let holds = true;
    for (let position = 0; position < expect.length; position++) {
      const record = this.records.get(texts[position]!);
      const expectation = expect[position]!;
      if (record?.revision !== (expectation[3] ?? undefined)) holds = false;
      else if (expectation[4] === 1 && record?.lease !== undefined && now < record.lease.until) holds = false;
      if (!holds) break;
    }
    if (holds) return 'holds';
    // A transaction that applied has moved what it expected; only its writes can tell.
    for (const [target] of write) if (!writtenBy(this.records.get(texts[target]!), nonce)) return 'fails';
    return write.length > 0 ? 'applied' : 'fails';
  }

  /** Applies a transaction that stands next in the log. */
  write(transaction: LoggedTransaction, at: number): Verdict {
    this.passTo(at);
    const verdict = this.judge(transaction, this.time);
    if (verdict !== 'holds') return verdict;
    const { texts, expect, write, remove, nonce } = transaction;
    for (const [target, value, lease, index] of write) {
      const text = texts[target]!;
      const before = this.records.get(text);
      const key = before?.key ?? this.#keyOf(expect[target]!);
      const until: LeaseEntry | 0 = lease === 0 ? 0 : [lease[0], lease[1], this.time + lease[2]];
      this.#put(text, recordOf(key, nextRevision(before?.revision, nonce), value, this.time, until, index), before);
      this.#moved(text);
    }
    for (const target of remove) this.#remove(texts[target]!);
    return 'holds';
  }

  /** Whether the claim that the renewal names stands. */
  holdsLease(renewal: RenewalEntry): boolean {
    const lease = this.records.get(textOf(renewal))?.lease;
    return lease !== undefined && lease.owner === renewal[3] && lease.fence === renewal[4];
  }

  /** Applies a renewal that stands next in the log; whether its lease is held. */
  renew(renewal: RenewalEntry, at: number): boolean {
    this.passTo(at);
    if (!this.holdsLease(renewal)) return false;
    const text = textOf(renewal);
    const { key, revision, value, writtenAt, index } = this.records.get(text)!;
    const until: LeaseEntry = [renewal[3], renewal[4], this.time + renewal[5]];
    this.records.set(text, recordOf(key, revision, value, writtenAt, until, index ?? 0));
    return true;
  }

  /** Takes over a record of the generation before. Whether it is the first of its key. */
  keep([partition, kind, id, revision, value, writtenAt, lease, index]: KeptRecord): boolean {
    const text = textOf([partition, kind, id]);
    if (this.records.has(text)) return false;
    this.#put(text, recordOf(this.#keyOf([partition, kind, id]), revision, value, writtenAt, lease, index), undefined);
    return true;
  }

  /** What a successor takes over, in the order in which the records first appeared. */
  *kept(): Generator<KeptRecord> {
    for (const record of this.records.values()) yield keptRecord(record);
  }

  /** Moves the log's time on; it never goes back. */
  passTo(at: number): void {
    if (at > this.time) this.time = at;
  }

  #put(text: string, record: StoredRecord, before: StoredRecord | undefined): void {
    this.records.set(text, record);
    if (before === undefined) {
      this.index.add(record.key.kind, text);
      this.liveBytes += bytesOf(text, record);
    } else this.liveBytes += bytesOf(text, record) - bytesOf(text, before);
  }

  #remove(text: string): void {
    const record = this.records.get(text);
    if (record === undefined) return;
    this.records.delete(text);
    this.index.remove(record.key.kind, text);
    this.liveBytes -= bytesOf(text, record);
    this.#moved(text);
  }

  #keyOf([partition, kind, id]: readonly [number, string, string, ...unknown[]]): RecordKey {
    return Object.freeze({ partition, kind: this.index.shared(kind), id });
  }
}
