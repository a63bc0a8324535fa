/**
 * The five methods a backend provides. Everything the library remembers is a record in one of these,
 * changed only by compare-and-swap; what a record means is decided elsewhere, by pure functions.
 */

/** Where a record lives. A transaction never crosses partitions. */
export interface RecordKey {
  /** `0 … partitions - 1`, a hash of the record's identity and of nothing else. */
  readonly partition: number;
  /** What the record is, e.g. `call`, `task`, `evidence`. No whitespace. */
  readonly kind: string;
  /** Unique within its kind. */
  readonly id: string;
}

/** Names the claim that keeps a lease: who claimed, and under which fence. */
export interface LeaseHolder {
  /** Random per process start; never a pid or a host name, which come back in other lives. */
  readonly owner: string;
  /** One more per claim of the record, never reused. */
  readonly fence: number;
}

/** A lease as the store knows it; `until` is an instant of the store's own clock. */
export interface StoredLease extends LeaseHolder {
  /** Milliseconds since the epoch, by the store's clock. The lease has expired when `now >= until`. */
  readonly until: number;
}

/** Fields a store can filter by in `list`. Strings only; absent means not indexed under that field. */
export type IndexFields = Readonly<Record<string, string>>;

/** A record as it stands in the store. */
export interface StoredRecord {
  readonly key: RecordKey;
  /** `<counter>:<nonce of the write>`; never reused, so equality of revisions is equality of records. */
  readonly revision: string;
  /** Opaque text. A store keeps it to the last character and never looks inside. */
  readonly value: string;
  /** When this value was written, in milliseconds of the store's clock. Renewals do not move it. */
  readonly writtenAt: number;
  readonly lease?: StoredLease;
  readonly index?: IndexFields;
}

/** What must hold for a transaction to apply. */
export interface Expectation {
  readonly key: RecordKey;
  /** The exact revision, or `undefined` for "no such record". */
  readonly revision: string | undefined;
  /** Also require, judged by the store's clock inside the transaction, that no lease on the record is held. */
  readonly lease?: 'expired';
}

/** A record to put in place. Its key must be among the expectations: there are no blind writes. */
export interface Write {
  readonly key: RecordKey;
  readonly value: string;
  /** The lease from now on, `ms` from the store's now; absent: none. */
  readonly lease?: LeaseHolder & { readonly ms: number };
  readonly index?: IndexFields;
}

/**
 * All of it applies, or none. With no expectation and no write it is a read. The library names at most 100 records in
 * one; a store may refuse more with a UsageError.
 */
export interface Transaction {
  readonly expect: readonly Expectation[];
  readonly write: readonly Write[];
  /**
   * Records that are gone afterwards, leases and index included. Each key must be among the expectations, may be
   * named once and may not be written as well; one that is expected not to be there may be named, and stays away.
   * Something must be written beside them, for in that a resend is recognized: it answers `ok` while those writes
   * stand, and takes away nothing that was inserted since. What is inserted later under a removed key begins anew,
   * at counter 1 under its own nonce.
   */
  readonly remove?: readonly RecordKey[];
  readonly read?: readonly RecordKey[];
}

/** The answer to a transaction. */
export interface TransactionResult {
  /** True when it applied, now or at an earlier sending of the same nonce. */
  readonly ok: boolean;
  /** The expected and then the read keys, in order, as they stand after the transaction. */
  readonly records: readonly (StoredRecord | undefined)[];
  /** The store's clock, in milliseconds. */
  readonly now: number;
}

/** One lease to extend. */
export interface Renewal extends LeaseHolder {
  readonly key: RecordKey;
  readonly ms: number;
}

/**
 * `held`: the claim still stands and its lease now ends `ms` from the store's now (an expired lease that
 * nobody took is revived). `lost`: the record is gone, carries no lease, or another claim's.
 */
export type RenewalResult = 'held' | 'lost';

/** A question to `list`. */
export interface ListQuery {
  readonly kind: string;
  /** Every field must equal. */
  readonly where?: IndexFields;
  /** The `next` of the page before. */
  readonly after?: string;
  /** At most this many records, 1 to 1000. */
  readonly limit: number;
}

/** A page of records in an order of the store's own that does not move while records stay. */
export interface ListPage {
  readonly records: readonly StoredRecord[];
  /** Present when there is more. */
  readonly next?: string;
  /** The store's clock, in milliseconds. */
  readonly now: number;
}

/** What a store promises about an answer it gave. */
export type Durability = 'process' | 'machine' | 'configured';

/** Something about a store's server that can cost records or answers. */
export interface StoreConcern {
  /** What was found, e.g. `maxmemory-policy is allkeys-lru`. */
  readonly found: string;
  /** What can go wrong because of it. */
  readonly risk: string;
  /** What to do about it. */
  readonly remedy: string;
  /** `unsafe`: acknowledged records can be lost; a store for production is not opened over it. */
  readonly severity: 'unsafe' | 'weak';
}

/** What a store found out about the server behind it. */
export interface StoreHealth {
  readonly store: string;
  /** Name and version, e.g. `Redis 7.0.15`. */
  readonly server: string;
  /** What was asked and answered, for people, e.g. `{ persistence: 'aof, fsync always' }`. */
  readonly facts: Readonly<Record<string, string>>;
  /** Empty when nothing is known to be wrong. */
  readonly concerns: readonly StoreConcern[];
}

/** A backend. `mycelium-runtime/testing` has the suite that every one must pass. */
export interface Store {
  /** For people: `memory`, `file ./.mycelium`. Never carries credentials. */
  readonly description: string;
  /** What an acknowledged write survives: the process only, the machine, or what its server is set to. */
  readonly durability: Durability;
  /** How many partitions the store was created with. */
  readonly partitions: number;
  /** Set when reading costs a round trip, so that finished calls are worth remembering in the process. */
  readonly remote?: true;

  /**
   * Applies all writes if every expectation holds, in one round trip.
   *
   * Sending the same transaction again under the same nonce is harmless and answers `ok` when it had
   * applied and its writes still stand, which is how a lost answer is resolved: a read could come before
   * a delayed landing.
   *
   * @throws StoreUnavailableError when the answer is not known; the transaction may still land.
   * @throws StoreDamagedError when what is stored cannot be trusted.
   */
  transact(transaction: Transaction, nonce: string): Promise<TransactionResult>;

  /** Extends many leases in one round trip; revisions do not move. Answers in the order asked. */
  renew(renewals: readonly Renewal[]): Promise<readonly RenewalResult[]>;

  /** Records of a kind. Nothing that must be correct depends on it. */
  list(query: ListQuery): Promise<ListPage>;

  /**
   * Resolves when the record's revision is no longer the one given (`undefined`: when it appears), or
   * when the signal aborts. May resolve early: callers read again. A renewal does not count as a move.
   */
  watch(key: RecordKey, revision: string | undefined, signal: AbortSignal): Promise<void>;

  /** Asks the server what it is and how it is set, where there is one. @throws StoreUnavailableError */
  health?(): Promise<StoreHealth>;

  /** Ends what the store started. Idempotent; later calls are refused with StoreUnavailableError. */
  close(options?: { readonly drain?: boolean }): Promise<void>;
}

/** How many partitions a store is created with unless told otherwise. Fixed for the store's life. */
export const DEFAULT_PARTITIONS = 16;

/** The format of keys, revisions and records. A store created with another one is refused at open. */
export const STORE_FORMAT = 1;

/** One text per key, e.g. for a map. Kinds carry no whitespace, so no two keys meet. */
export function keyText(key: RecordKey): string {
  // Joined, not concatenated: what stays in a map should not keep its parts alive beside it.
  return [key.partition, key.kind, key.id].join(' ');
}

/** The revision that follows `previous` when `nonce` writes. */
export function nextRevision(previous: string | undefined, nonce: string): string {
  const count = previous === undefined ? 0 : Number(previous.slice(0, previous.indexOf(':')));
  return [count + 1, nonce].join(':');
}

/** Whether the record as it stands was written under this nonce. */
export function writtenBy(record: StoredRecord | undefined, nonce: string): boolean {
  return record !== undefined && record.revision.endsWith(`:${nonce}`);
}
