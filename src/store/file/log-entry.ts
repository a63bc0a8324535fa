import type { IndexFields, RecordKey, StoredRecord } from '../contract.js';

/**
 * What the frames of a log say, as the JSON arrays they carry. Arrays, because a log is mostly repetition:
 * field names would be a third of it.
 */
export type Entry = OpeningEntry | KeptEntry | LoggedEntry;

/** What is added to a log while it is in use. */
export type LoggedEntry = WriteEntry | RenewEntry | SealEntry;

/** The first frame of every generation. */
export type OpeningEntry = readonly [
  type: 'open',
  format: number,
  storeId: string,
  partitions: number,
  generation: number,
  /** How many records the generation before handed down; they follow at once. */
  records: number,
  /** The store's clock when the generation before was sealed. */
  at: number,
];

/** Records that the generation before handed down. */
export type KeptEntry = readonly [type: 'kept', records: readonly KeptRecord[]];

/** A transaction. It counts only if its expectations hold where it stands in the log. */
export type WriteEntry = readonly [
  type: 'write',
  origin: Origin,
  at: number,
  nonce: string,
  expect: readonly ExpectationEntry[],
  write: readonly RecordEntry[],
  /** The records to remove, as positions among the expectations. Only there when there are any. */
  remove?: readonly number[],
];

/** Leases to extend. Each counts only if its claim stands. */
export type RenewEntry = readonly [type: 'renew', origin: Origin, at: number, renewals: readonly RenewalEntry[]];

/** The end of a generation. Nothing behind the first seal counts. */
export type SealEntry = readonly [type: 'seal', origin: Origin, at: number];

/** Who wrote a frame, and what the file was like when it did: what shows that nothing is missing or doubled. */
export type Origin = readonly [
  /** Random per opened store. */
  writer: string,
  /** Counts the frames of this writer in this generation, from 1. */
  sequence: number,
  /** The writer had read everything before this offset and had it flushed. */
  flushed: number,
  /** In how many places before that offset it had skipped the debris of a crash. */
  skipped: number,
];

export type KeyEntry = readonly [partition: number, kind: string, id: string];
export type ExpectationEntry = readonly [...KeyEntry, revision: string | null, leaseExpired: 0 | 1];
export type LeaseEntry = readonly [owner: string, fence: number, ms: number];
/** The target is a position among the expectations. */
export type RecordEntry = readonly [target: number, value: string, lease: LeaseEntry | 0, index: IndexFields | 0];
export type RenewalEntry = readonly [...KeyEntry, ...LeaseEntry];
export type KeptRecord = readonly [
  ...KeyEntry,
  revision: string,
  value: string,
  writtenAt: number,
  /** Its last number is an instant here. */
  lease: LeaseEntry | 0,
  index: IndexFields | 0,
];

/** The text of a key, the same as `keyText` gives. */
export function textOf(key: readonly [partition: number, kind: string, id: string, ...unknown[]]): string {
  return `${key[0]} ${key[1]} ${key[2]}`;
}

/** The record in the form in which a generation hands it down. */
export function keptRecord({ key, revision, value, writtenAt, lease, index }: StoredRecord): KeptRecord {
  return [
    key.partition,
    key.kind,
    key.id,
    revision,
    value,
    writtenAt,
    lease === undefined ? 0 : [lease.owner, lease.fence, lease.until],
    index ?? 0,
  ];
}

/** The record itself. Frozen through and through: what callers are handed can never change what the store keeps. */
export function recordOf(
  key: RecordKey,
  revision: string,
  value: string,
  writtenAt: number,
  lease: LeaseEntry | 0,
  index: IndexFields | 0,
): StoredRecord {
  const record: { -readonly [Field in keyof StoredRecord]: StoredRecord[Field] } = { key, revision, value, writtenAt };
  if (lease !== 0) record.lease = Object.freeze({ owner: lease[0], fence: lease[1], until: lease[2] });
  if (index !== 0) record.index = Object.freeze(index);
  return Object.freeze(record);
}
