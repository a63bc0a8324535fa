import { UsageError } from '../errors/usage.js';
import type { IndexFields, ListQuery, RecordKey, Renewal, Transaction, Write } from './contract.js';

/** The most records one `list` page may carry. */
const MAXIMUM_PAGE = 1000;

/** Throws a UsageError unless a store can be created with this many partitions. */
export function checkPartitions(partitions: number): void {
  if (Number.isSafeInteger(partitions) && partitions >= 1) return;
  throw new UsageError({
    place: 'partitions',
    problem: `${partitions} is not a whole number of at least 1`,
    remedy:
      'Leave it out for the default, or pass a whole number of at least 1; it is fixed for the life of the store.',
  });
}

/** Throws a UsageError unless the nonce can end a revision so that `writtenBy` recognizes it and no other. */
export function checkNonce(nonce: string): void {
  if (nonce !== '' && !nonce.includes(':')) return;
  throw new UsageError({
    place: 'transact(transaction, nonce)',
    problem:
      nonce === ''
        ? 'the nonce is empty'
        : 'the nonce contains a colon, which separates it from the counter in a revision',
    remedy: 'Pass a fresh random text without colons for every transaction, and the same one again only to resend it.',
  });
}

/** Throws a UsageError unless a record can be of this kind. */
export function checkKind(kind: string, place: string): void {
  if (kind !== '' && !/\s/.test(kind)) return;
  throw new UsageError({
    place,
    problem: kind === '' ? 'the kind is empty' : `the kind ${JSON.stringify(kind)} contains whitespace`,
    remedy: 'Name kinds with one word, e.g. "call"; what varies belongs into the id.',
  });
}

/** Throws a UsageError unless the key names a partition of the store. */
export function checkPartition(key: RecordKey, partitions: number, place: string): void {
  if (Number.isInteger(key.partition) && key.partition >= 0 && key.partition < partitions) return;
  throw new UsageError({
    place,
    problem: `partition ${key.partition} of record "${key.kind}" is not one of 0 to ${partitions - 1}`,
    remedy: "Derive the partition from the record's identity and from the `partitions` of the store.",
  });
}

/** Throws a UsageError unless a record of the store can lie under the key. */
export function checkKey(key: RecordKey, partitions: number, place: string): void {
  checkPartition(key, partitions, place);
  checkKind(key.kind, place);
}

/** Throws a UsageError unless the leases can be extended. */
export function checkRenewals(renewals: readonly Renewal[], partitions: number): void {
  for (const { key, ms } of renewals) {
    checkKey(key, partitions, 'renew(renewals)');
    checkLease(ms, 'renew([{ ms }])');
  }
}

/** The error for a transaction whose keys lie in more than one partition. */
export function crossesPartitions(first: number, other: RecordKey): UsageError {
  return new UsageError({
    place: 'transact(transaction)',
    problem: `its keys lie in partitions ${first} and ${other.partition} (record "${other.kind}")`,
    remedy: 'Keep what must change together in one partition, or use two transactions.',
  });
}

/** The error for a write whose key is not among the expectations. */
export function blindWrite(key: RecordKey): UsageError {
  return new UsageError({
    place: 'transact({ write })',
    problem: `record "${key.kind}" is written without an expectation`,
    remedy: 'Add its key to `expect`, with the revision it was read at or undefined for a new record.',
  });
}

/** The error for a key that a transaction writes twice. */
export function writtenTwice(key: RecordKey): UsageError {
  return new UsageError({
    place: 'transact({ write })',
    problem: `record "${key.kind}" is written twice in one transaction`,
    remedy: 'Write each record once, with its final value.',
  });
}

/** The error for a removal whose key is not among the expectations. */
export function blindRemoval(key: RecordKey): UsageError {
  return new UsageError({
    place: 'transact({ remove })',
    problem: `record "${key.kind}" is removed without an expectation`,
    remedy: 'Add its key to `expect`, with the revision it was read at.',
  });
}

/** The error for a key that a transaction removes twice, or writes as well. */
export function removedBesides(key: RecordKey): UsageError {
  return new UsageError({
    place: 'transact({ remove })',
    problem: `record "${key.kind}" is removed twice, or written as well, in one transaction`,
    remedy: 'Name each record once: it is either written or removed.',
  });
}

/** Throws a UsageError when a transaction removes records and leaves nothing by which a resend could be recognized. */
export function checkRemoval({ write, remove }: Transaction): void {
  if (remove === undefined || remove.length === 0 || write.length > 0) return;
  throw new UsageError({
    place: 'transact({ remove })',
    problem: 'records are removed and nothing is written, so nobody could tell a resend from another removal',
    remedy: 'Write a record beside them, e.g. an insert that says what was taken away and when.',
  });
}

/** Throws a UsageError unless the value, the lease and the index of a write can be stored. */
export function checkWrite(write: Write): void {
  if (typeof write.value !== 'string') throw notText(write.key, 'value', write.value);
  if (write.lease !== undefined) checkLease(write.lease.ms, 'transact({ write: [{ lease }] })');
  if (write.index !== undefined) {
    for (const field of Object.keys(write.index)) {
      const text: unknown = write.index[field];
      if (typeof text !== 'string') throw notText(write.key, `index.${field}`, text);
    }
  }
}

/** Throws a UsageError unless a lease can run this many milliseconds. */
export function checkLease(milliseconds: number, place: string): void {
  if (milliseconds >= 0 && milliseconds < Number.POSITIVE_INFINITY) return;
  throw new UsageError({
    place,
    problem: `a lease of ${milliseconds} ms cannot be kept`,
    remedy: 'Pass a finite number of milliseconds, 0 or more.',
  });
}

/** Throws a UsageError unless the question can be answered with one page. */
export function checkList(query: ListQuery): void {
  checkKind(query.kind, 'list({ kind })');
  if (Number.isInteger(query.limit) && query.limit >= 1 && query.limit <= MAXIMUM_PAGE) return;
  throw new UsageError({
    place: 'list({ limit })',
    problem: `${query.limit} is not a whole number from 1 to ${MAXIMUM_PAGE}`,
    remedy: 'Ask for a page of 1 to 1000 records, and for the next one with `after`.',
  });
}

/** The error for a cursor that this store did not hand out. */
export function unknownCursor(after: string): UsageError {
  return new UsageError({
    place: 'list({ after })',
    problem: `${JSON.stringify(after.slice(0, 60))} is not a cursor of this store`,
    remedy: 'Pass the `next` of the page before, unchanged, to the store that answered it.',
  });
}

/** Whether a record with these index fields answers a question with this `where`. */
export function indexMatches(index: IndexFields | undefined, where: IndexFields | undefined): boolean {
  if (where === undefined) return true;
  for (const field of Object.keys(where)) {
    if (index === undefined || !Object.hasOwn(index, field) || index[field] !== where[field]) return false;
  }
  return true;
}

function notText(key: RecordKey, field: string, found: unknown): UsageError {
  return new UsageError({
    place: `transact({ write: [{ ${field} }] })`,
    problem: `the ${field} of record "${key.kind}" is ${found === null ? 'null' : `of type ${typeof found}`}, not text`,
    remedy: 'Encode it as text first; a store keeps text and nothing else.',
  });
}
