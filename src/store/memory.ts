import { StoreUnavailableError } from '../errors/store.js';
import {
  DEFAULT_PARTITIONS,
  type Expectation,
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
  blindRemoval,
  blindWrite,
  checkKind,
  checkLease,
  checkList,
  checkNonce,
  checkPartition,
  checkPartitions,
  checkRemoval,
  checkWrite,
  crossesPartitions,
  indexMatches,
  removedBesides,
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
  /** Undefined once it was removed; what is inserted under its key later gets a place of its own. */
  record: StoredRecord | undefined;
  /** Counts the places of all kinds, so that a cursor means the same place whatever is removed before it. */
  readonly number: number;
}

/** The places of a kind, in the order of insertion. */
interface Kind {
  cells: Cell[];
  removed: number;
}

/** A record that a transaction is about: where it lies, and how it stands. */
interface Place {
  readonly text: string;
  record: StoredRecord | undefined;
}

const NOTHING: readonly Place[] = [];

interface Slot {
  readonly expectation: Expectation;
  readonly place: Place;
}

interface Target {
  readonly place: Place;
  readonly write: Write;
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
  /** In the order of insertion, which is the order of `list`; a cursor is the number of a place. */
  readonly #kinds = new Map<string, Kind>();
  #places = 0;
  readonly #watchers = new Map<string, Set<() => void>>();

  constructor(clock: () => number, partitions: number) {
    checkPartitions(partitions);
    this.#clock = clock;
    this.partitions = partitions;
  }

  async transact(transaction: Transaction, nonce: string): Promise<TransactionResult> {
    this.#checkOpen('transact');
    checkNonce(nonce);
    const slots = this.#slotsOf(transaction);
    const targets = targetsOf(transaction.write, slots);
    const removals = removalsOf(transaction, slots, targets);
    const now = this.#tick();

    let holds = true;
    for (const { expectation, place } of slots) {
      const record = this.#cells.get(place.text)?.record;
      place.record = record;
      const leaseHeld = expectation.lease === 'expired' && record?.lease !== undefined && now < record.lease.until;
      if (record?.revision !== expectation.revision || leaseHeld) holds = false;
    }

    if (holds) {
      for (const { place, write } of targets) place.record = this.#put(place.text, write, nonce, now);
      for (const place of removals) this.#remove(place);
      if (this.#watchers.size > 0) {
        for (const { place } of targets) this.#wake(place.text);
        for (const { text } of removals) this.#wake(text);
      }
    }
    // A transaction that applied has moved what it expected, so its resend is recognized by its writes.
    const ok = holds || (targets.length > 0 && targets.every(({ place }) => writtenBy(place.record, nonce)));
    const records: (StoredRecord | undefined)[] = [];
    for (const { place } of slots) records.push(place.record);
    if (transaction.read !== undefined) {
      for (const key of transaction.read) records.push(this.#cells.get(keyText(key))?.record);
    }
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
      const lease = cell?.record?.lease;
      if (cell?.record === undefined || lease === undefined || lease.owner !== owner || lease.fence !== fence)
        return 'lost';
      cell.record = Object.freeze({ ...cell.record, lease: Object.freeze({ owner, fence, until: now + ms }) });
      return 'held';
    });
  }

  async list(query: ListQuery): Promise<ListPage> {
    this.#checkOpen('list');
    checkList(query);
    const now = this.#tick();
    const { cells } = this.#kinds.get(query.kind) ?? { cells: [] };
    const records: StoredRecord[] = [];
    for (let position = positionOf(startOf(query.after), cells); position < cells.length; position++) {
      const { record, number } = cells[position]!;
      if (record === undefined || !indexMatches(record.index, query.where)) continue;
      if (records.length === query.limit) return { records, next: String(number), now };
      records.push(record);
    }
    return { records, now };
  }

  async watch(key: RecordKey, revision: string | undefined, signal: AbortSignal): Promise<void> {
    this.#checkOpen('watch');
    this.#checkKey(key, 'watch(key)');
    const text = keyText(key);
    if (signal.aborted || this.#cells.get(text)?.record?.revision !== revision) return;
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
    const revision = nextRevision(cell?.record?.revision, nonce);
    const record = recordOf(cell?.record?.key ?? copyOf(write.key), revision, write, now);
    if (cell !== undefined) {
      cell.record = record;
      return record;
    }
    const added: Cell = { record, number: ++this.#places };
    this.#cells.set(text, added);
    const kind = this.#kinds.get(record.key.kind);
    if (kind === undefined) this.#kinds.set(record.key.kind, { cells: [added], removed: 0 });
    else kind.cells.push(added);
    return record;
  }

  #remove(place: Place): void {
    const cell = this.#cells.get(place.text);
    place.record = undefined;
    if (cell?.record === undefined) return;
    const kind = this.#kinds.get(cell.record.key.kind)!;
    cell.record = undefined;
    this.#cells.delete(place.text);
    kind.removed += 1;
    // Taken out one by one, each removal would move all that follows.
    if (2 * kind.removed <= kind.cells.length) return;
    kind.cells = kind.cells.filter(({ record }) => record !== undefined);
    kind.removed = 0;
  }

  #wake(text: string): void {
    const watchers = this.#watchers.get(text);
    if (watchers !== undefined) for (const done of [...watchers]) done();
  }

  /** The expectations with their places, after every key of the transaction has been checked. */
  #slotsOf(transaction: Transaction): Slot[] {
    const { expect, write, remove, read } = transaction;
    const slots: Slot[] = [];
    let partition = -1;
    const check = (key: RecordKey): void => {
      this.#checkKey(key, 'transact(transaction)');
      if (partition === -1) partition = key.partition;
      else if (partition !== key.partition) throw crossesPartitions(partition, key);
    };
    for (const expectation of expect) {
      check(expectation.key);
      const text = keyText(expectation.key);
      // A record may be expected twice; it is shown as it stands afterwards in both places.
      const place = slots.find((slot) => slot.place.text === text)?.place ?? { text, record: undefined };
      slots.push({ expectation, place });
    }
    for (const one of write) {
      check(one.key);
      checkWrite(one);
    }
    if (remove !== undefined) {
      checkRemoval(transaction);
      for (const key of remove) check(key);
    }
    if (read !== undefined) for (const key of read) check(key);
    return slots;
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

/** Each write with its place, found among the expectations. */
function targetsOf(writes: readonly Write[], slots: readonly Slot[]): Target[] {
  const targets: Target[] = [];
  for (const write of writes) {
    const { key } = write;
    // Callers mostly use one object for both, which spares building the text a second time.
    let slot = slots.find(({ expectation }) => expectation.key === key);
    if (slot === undefined) {
      const text = keyText(key);
      slot = slots.find(({ place }) => place.text === text);
    }
    if (slot === undefined) throw blindWrite(key);
    const { place } = slot;
    if (targets.some((target) => target.place === place)) throw writtenTwice(key);
    targets.push({ place, write });
  }
  return targets;
}

/** The places that a transaction empties. */
function removalsOf({ remove }: Transaction, slots: readonly Slot[], targets: readonly Target[]): readonly Place[] {
  if (remove === undefined) return NOTHING;
  const places: Place[] = [];
  for (const key of remove) {
    const text = keyText(key);
    const place = slots.find((slot) => slot.place.text === text)?.place;
    if (place === undefined) throw blindRemoval(key);
    if (places.includes(place) || targets.some((target) => target.place === place)) throw removedBesides(key);
    places.push(place);
  }
  return places;
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

/** The position of the first place that is not before this number. */
function positionOf(number: number, cells: readonly Cell[]): number {
  let low = 0;
  let high = number === 0 ? 0 : cells.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cells[middle]!.number < number) low = middle + 1;
    else high = middle;
  }
  return low;
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
