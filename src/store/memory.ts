import { StoreUnavailableError } from '../errors/store.js';
import {
  DEFAULT_PARTITIONS,
  type IndexFields,
  keyText,
  type ListPage,
  type ListQuery,
  nextRevision,
  type RecordKey,
  type Renewal,
  type RenewalResult,
  type Store,
  type StoredLease,
  type StoredRecord,
  type Transaction,
  type TransactionResult,
  type Write,
  writtenBy,
} from './contract.js';
import {
  blindWrite,
  checkKind,
  checkLease,
  checkList,
  checkNonce,
  checkPartition,
  checkPartitions,
  checkWrite,
  crossesPartitions,
  indexMatches,
  unknownCursor,
  writtenTwice,
} from './transaction-rules.js';

/** What a memory store can be told. */
export interface MemoryStoreOptions {
  /**
   * The store's clock: milliseconds since the epoch. What it answers is never taken backwards: the store
   * keeps the largest instant it has seen. @default the machine's clock, which also moves on by monotonic
   * time while the wall clock is set back.
   */
  readonly clock?: () => number;
  /** How many partitions keys are spread over. @default 16 */
  readonly partitions?: number;
}

/**
 * A store that lives and dies with the process: for tests, for a single process that needs no memory of
 * an earlier life, and as the plainest statement of what every other store must do.
 *
 * @throws UsageError when `partitions` is not a whole number of at least 1.
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  return new MemoryStore(options.clock ?? steadyClock(), options.partitions ?? DEFAULT_PARTITIONS);
}

/** The place of a record; it stays while the records in it follow each other. */
interface Cell {
  record: StoredRecord;
}

/** Every method does its work before it returns, so nothing can come between a check and its write. */
class MemoryStore implements Store {
  readonly description = 'memory';
  readonly durability = 'process';
  readonly partitions: number;

  readonly #clock: () => number;
  #now = Number.NEGATIVE_INFINITY;
  #closed = false;
  readonly #cells = new Map<string, Cell>();
  /** In the order of insertion, which is the order of `list`; a cursor is a position here. */
  readonly #kinds = new Map<string, Cell[]>();
  readonly #watchers = new Map<string, Set<() => void>>();

  constructor(clock: () => number, partitions: number) {
    checkPartitions(partitions);
    this.#clock = clock;
    this.partitions = partitions;
  }

  async transact(transaction: Transaction, nonce: string): Promise<TransactionResult> {
    this.#checkOpen('transact');
    checkNonce(nonce);
    const { expect, write, read } = transaction;
    const texts = this.#textsOf(transaction);
    const targets = targetsOf(transaction, texts);
    const now = this.#tick();

    const records: (StoredRecord | undefined)[] = [];
    let holds = true;
    for (let position = 0; position < expect.length; position++) {
      const expectation = expect[position]!;
      const record = this.#cells.get(texts[position]!)?.record;
      records.push(record);
      const leaseHeld = expectation.lease === 'expired' && record?.lease !== undefined && now < record.lease.until;
      if (record?.revision !== expectation.revision || leaseHeld) holds = false;
    }

    // A transaction that applied has moved what it expected, so its resend is recognized by its writes.
    const ok = holds || (write.length > 0 && targets.every((position) => writtenBy(records[position], nonce)));
    if (holds) {
      for (let position = 0; position < write.length; position++) {
        const target = targets[position]!;
        records[target] = this.#put(texts[target]!, write[position]!, nonce, now);
      }
      if (this.#watchers.size > 0) for (const target of targets) this.#wake(texts[target]!);
    }
    // A key may be expected twice; the answer shows it as it stands now in both places.
    if (targets.length > 0 && expect.length > 1)
      texts.forEach((text, position) => {
        records[position] = this.#cells.get(text)?.record;
      });
    if (read !== undefined) for (const key of read) records.push(this.#cells.get(keyText(key))?.record);
    return { ok, records, now };
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly RenewalResult[]> {
    this.#checkOpen('renew');
    for (const renewal of renewals) {
      this.#checkKey(renewal.key, 'renew(renewals)');
      checkLease(renewal.ms, 'renew([{ ms }])');
    }
    const now = this.#tick();
    return renewals.map(({ key, owner, fence, ms }) => {
      const cell = this.#cells.get(keyText(key));
      const lease = cell?.record.lease;
      if (cell === undefined || lease === undefined || lease.owner !== owner || lease.fence !== fence) return 'lost';
      cell.record = Object.freeze({ ...cell.record, lease: Object.freeze({ owner, fence, until: now + ms }) });
      return 'held';
    });
  }

  async list(query: ListQuery): Promise<ListPage> {
    this.#checkOpen('list');
    checkList(query);
    const now = this.#tick();
    const cells = this.#kinds.get(query.kind) ?? [];
    const records: StoredRecord[] = [];
    for (let position = startOf(query.after); position < cells.length; position++) {
      const { record } = cells[position]!;
      if (!indexMatches(record.index, query.where)) continue;
      if (records.length === query.limit) return { records, next: String(position), now };
      records.push(record);
    }
    return { records, now };
  }

  async watch(key: RecordKey, revision: string | undefined, signal: AbortSignal): Promise<void> {
    this.#checkOpen('watch');
    this.#checkKey(key, 'watch(key)');
    const text = keyText(key);
    if (signal.aborted || this.#cells.get(text)?.record.revision !== revision) return;
    await new Promise<void>((resolve) => {
      const watchers = this.#watchers.get(text) ?? new Set();
      this.#watchers.set(text, watchers);
      const done = (): void => {
        watchers.delete(done);
        if (watchers.size === 0 && this.#watchers.get(text) === watchers) this.#watchers.delete(text);
        signal.removeEventListener('abort', done);
        resolve();
      };
      watchers.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  async close(_options?: { readonly drain?: boolean }): Promise<void> {
    this.#closed = true;
    for (const text of [...this.#watchers.keys()]) this.#wake(text);
  }

  #put(text: string, write: Write, nonce: string, now: number): StoredRecord {
    const cell = this.#cells.get(text);
    const revision = nextRevision(cell?.record.revision, nonce);
    const record = recordOf(cell?.record.key ?? copyOf(write.key), revision, write, now);
    if (cell !== undefined) {
      cell.record = record;
      return record;
    }
    const added: Cell = { record };
    this.#cells.set(text, added);
    const cells = this.#kinds.get(record.key.kind);
    if (cells === undefined) this.#kinds.set(record.key.kind, [added]);
    else cells.push(added);
    return record;
  }

  #wake(text: string): void {
    const watchers = this.#watchers.get(text);
    if (watchers !== undefined) for (const done of [...watchers]) done();
  }

  /** The texts of the expected keys, after every key of the transaction has been checked. */
  #textsOf({ expect, write, read }: Transaction): string[] {
    const texts: string[] = [];
    let partition = -1;
    const check = (key: RecordKey): void => {
      this.#checkKey(key, 'transact(transaction)');
      if (partition === -1) partition = key.partition;
      else if (partition !== key.partition) throw crossesPartitions(partition, key);
    };
    for (const { key } of expect) {
      check(key);
      texts.push(keyText(key));
    }
    for (const one of write) {
      check(one.key);
      checkWrite(one);
    }
    if (read !== undefined) for (const key of read) check(key);
    return texts;
  }

  #checkKey(key: RecordKey, place: string): void {
    checkPartition(key, this.partitions, place);
    if (!this.#kinds.has(key.kind)) checkKind(key.kind, place);
  }

  #checkOpen(during: string): void {
    if (!this.#closed) return;
    throw new StoreUnavailableError({
      store: this.description,
      during,
      applied: 'no',
      remedy: 'The store was closed. Open another one; a memory store keeps nothing beyond its close.',
    });
  }

  #tick(): number {
    const now = this.#clock();
    if (now > this.#now) this.#now = now;
    return this.#now;
  }
}

/** For each write the position of its key among the expectations. */
function targetsOf({ expect, write }: Transaction, texts: readonly string[]): number[] {
  const targets: number[] = [];
  for (const { key } of write) {
    // Callers mostly use one object for both, which spares building the text a second time.
    let position = 0;
    while (position < expect.length && expect[position]!.key !== key) position++;
    if (position < expect.length) position = texts.indexOf(texts[position]!);
    else position = texts.indexOf(keyText(key));
    if (position === -1) throw blindWrite(key);
    if (targets.includes(position)) throw writtenTwice(key);
    targets.push(position);
  }
  return targets;
}

/** Frozen through and through: what a caller holds or passed in can never change what the store keeps. */
function recordOf(key: RecordKey, revision: string, write: Write, now: number): StoredRecord {
  const record: { -readonly [Field in keyof StoredRecord]: StoredRecord[Field] } = {
    key,
    revision,
    value: write.value,
    writtenAt: now,
  };
  if (write.lease !== undefined) record.lease = leaseOf(write.lease, now);
  if (write.index !== undefined) record.index = copyOfIndex(write.index);
  return Object.freeze(record);
}

function leaseOf({ owner, fence, ms }: NonNullable<Write['lease']>, now: number): StoredLease {
  return Object.freeze({ owner, fence, until: now + ms });
}

function copyOf({ partition, kind, id }: RecordKey): RecordKey {
  return Object.freeze({ partition, kind, id });
}

/** `assign` is several times faster than a spread that is then frozen, but would lose a field named `__proto__`. */
function copyOfIndex(index: IndexFields): IndexFields {
  return Object.freeze(Object.hasOwn(index, '__proto__') ? { ...index } : Object.assign({}, index));
}

function startOf(after: string | undefined): number {
  if (after === undefined) return 0;
  if (!/^\d{1,15}$/.test(after)) throw unknownCursor(after);
  return Number(after);
}

/** The wall clock; while that lies behind what was answered before, monotonic time goes on from there. */
function steadyClock(): () => number {
  let last = Date.now();
  let behindAt: number | undefined;
  return () => {
    const wall = Date.now();
    if (wall >= last) {
      behindAt = undefined;
      last = wall;
      return wall;
    }
    const monotonic = performance.now();
    if (behindAt !== undefined) last += monotonic - behindAt;
    behindAt = monotonic;
    return Math.floor(last);
  };
}
