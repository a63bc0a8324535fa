import { AssertionError } from 'node:assert';
import { MyceliumError } from '../../errors/mycelium-error.js';
import type {
  Expectation,
  RecordKey,
  Renewal,
  Store,
  StoredLease,
  StoredRecord,
  Transaction,
  TransactionResult,
  Write,
} from '../../store/contract.js';

/** What a factory hands to the suite: an empty store and what can be done around it. */
export interface StoreUnderTest {
  /** Fresh and empty; the suite closes it. */
  readonly store: Store;
  /** Lets this many milliseconds of the store's clock pass. Absent: the suite waits for real ones. */
  advance?(milliseconds: number): Promise<void>;
  /** Opens another client of the same data, as a second process would. Absent: cases with two clients are left out. */
  second?(): Promise<Store>;
  /** Opens the same data again after `store` was closed. Absent: the store keeps nothing, and those cases are left out. */
  reopen?(): Promise<Store>;
  /** Removes what the factory made, after every client was closed. */
  dispose?(): Promise<void>;
}

/** Makes a fresh store for every case. */
export type StoreFactory = () => StoreUnderTest | Promise<StoreUnderTest>;

/** What a case works with. */
export interface ConformanceContext {
  readonly store: Store;
  /** How long something that must happen soon may take, in real milliseconds. */
  readonly patience: number;
  /** A lease short enough to be waited for, in milliseconds. */
  readonly shortLease: number;
  /** The client of another process on the same data; the suite closes it. */
  second(): Promise<Store>;
  /** Closes the store and opens its data again; the suite closes it. */
  reopen(): Promise<Store>;
  /** Comes back when the store's clock has moved on by at least this much. */
  passTime(milliseconds: number): Promise<void>;
  /** A key that no other key of the case equals, in partition 0 unless told otherwise. */
  key(changes?: Partial<RecordKey>): RecordKey;
  /** A nonce never used before. */
  nonce(): string;
}

/** One promise of the contract, and how to find out whether a store keeps it. */
export interface ConformanceCase {
  /** Stable: a test may pick a case by it. */
  readonly name: string;
  /** What goes wrong for users of a store that breaks it. */
  readonly why: string;
  /** What the factory must offer, or the case is left out. */
  readonly needs?: 'second' | 'reopen';
  /** Throws an AssertionError that names the broken rule. */
  run(context: ConformanceContext): Promise<void>;
}

/** A lease nobody waits for, in milliseconds. */
export const LONG_LEASE = 600_000;

/** The parts of a write that a case may leave out. */
type WriteDetails = Partial<Omit<Write, 'key'>>;

/** Throws an AssertionError that names the broken rule, unless the condition holds. */
export function rule(condition: boolean, broken: string): asserts condition {
  if (!condition) throw new AssertionError({ message: broken, stackStartFn: rule });
}

/** Throws an AssertionError that names the broken rule and shows both sides, unless they are the same. */
export function same(actual: unknown, expected: unknown, broken: string): void {
  if (Object.is(actual, expected)) return;
  throw new AssertionError({
    message: `${broken} (found ${show(actual)}, expected ${show(expected)})`,
    actual,
    expected,
    operator: 'strictEqual',
    stackStartFn: same,
  });
}

/** Throws an AssertionError unless both records say the same in every field. */
export function sameRecord(actual: StoredRecord | undefined, expected: StoredRecord | undefined, broken: string): void {
  same(actual === undefined ? undefined : plain(actual), expected === undefined ? undefined : plain(expected), broken);
}

/** Throws an AssertionError unless the promise settles within the milliseconds; answers as the promise does. */
export async function within<Value>(promise: Promise<Value>, milliseconds: number, broken: string): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AssertionError({ message: `${broken} (waited ${milliseconds} ms)` })),
      milliseconds,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Throws an AssertionError unless the call is refused with an error of this code. */
export async function refusedWith(code: string, call: () => Promise<unknown>, broken: string): Promise<void> {
  let found: unknown = 'no error';
  try {
    await call();
  } catch (error) {
    if (error instanceof MyceliumError && error.code === code) return;
    found = error instanceof Error ? `${error.name}: ${error.message}` : error;
  }
  throw new AssertionError({
    message: `${broken} (expected an error with code ${code}, found ${show(found)})`,
    stackStartFn: refusedWith,
  });
}

/** Whether the promise settles within the milliseconds. */
export async function settles(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pause = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  try {
    return await Promise.race([
      promise.then(
        () => true,
        () => true,
      ),
      pause,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** The transaction that puts one record in place of `previous`, or of none. */
export function putting(
  key: RecordKey,
  previous: string | undefined,
  details: WriteDetails = {},
  lease?: 'expired',
): Transaction {
  const expectation: Expectation = { key, revision: previous, ...(lease === undefined ? {} : { lease }) };
  return { expect: [expectation], write: [{ value: 'value', ...details, key }] };
}

/** Puts one record in place and answers it; a refusal breaks the case. */
export async function put(
  context: ConformanceContext,
  key: RecordKey,
  previous: string | undefined,
  details: WriteDetails = {},
  store: Store = context.store,
): Promise<StoredRecord> {
  const result = await store.transact(putting(key, previous, details), context.nonce());
  rule(
    result.ok,
    `a transaction whose expectations hold must apply (record ${show(key)}, expected revision ${show(previous)})`,
  );
  const record = recordIn(result, 0);
  same(record.value, details.value ?? 'value', 'a record keeps the value that was written, to the last character');
  return record;
}

/** The transaction that removes records at their revisions, and says so in a record of its own. */
export function removing(records: readonly Pick<StoredRecord, 'key' | 'revision'>[], line: RecordKey): Transaction {
  return {
    expect: [...records.map(({ key, revision }) => ({ key, revision })), { key: line, revision: undefined }],
    write: [{ key: line, value: `${records.length} removed` }],
    remove: records.map(({ key }) => key),
  };
}

/** A key for the record that a removal writes, of a kind that lists of the case do not show. */
export function lineKey(context: ConformanceContext, partition = 0): RecordKey {
  return context.key({ kind: 'removed', partition });
}

/** Removes records at their revisions; a refusal breaks the case. */
export async function removeRecords(
  context: ConformanceContext,
  records: readonly StoredRecord[],
  store: Store = context.store,
): Promise<void> {
  const { ok } = await store.transact(removing(records, lineKey(context, records[0]?.key.partition)), context.nonce());
  rule(ok, 'a transaction that removes must apply when its expectations hold');
}

/** Reads one record as it stands. */
export async function read(
  context: ConformanceContext,
  key: RecordKey,
  store: Store = context.store,
): Promise<StoredRecord | undefined> {
  const result = await store.transact({ expect: [], write: [], read: [key] }, context.nonce());
  rule(result.ok, 'a transaction without expectations and writes is a read and always ok');
  same(result.records.length, 1, 'the records of an answer are the expected and then the read keys, one each');
  return result.records[0];
}

/** The store's clock now. */
export async function nowOf(store: Store, nonce: string): Promise<number> {
  return (await store.transact({ expect: [], write: [] }, nonce)).now;
}

/** A record that must be in the answer. */
export function recordIn(result: TransactionResult, position: number): StoredRecord {
  const record = result.records[position];
  rule(
    record !== undefined,
    `an answer shows the records as they stand after the transaction; record ${position} is missing`,
  );
  return record;
}

/** A part of an answer that must be there. */
export function present<Part>(part: Part | undefined, broken = 'a part of the answer is missing'): Part {
  rule(part !== undefined, broken);
  return part;
}

/** The lease that a record was written with. */
export function leaseOf(record: StoredRecord | undefined): StoredLease {
  return present(record?.lease, 'a record written with a lease must carry it');
}

/** The renewal that fits a record's lease, with changes. */
export function renewalOf(record: StoredRecord, ms: number, changes: Partial<Renewal> = {}): Renewal {
  const { owner, fence } = leaseOf(record);
  return { key: record.key, owner, fence, ms, ...changes };
}

/** Text for a message, with what JSON leaves out, and not longer than a line. */
function show(value: unknown): string {
  const text =
    typeof value === 'string' || (typeof value === 'object' && value !== null) ? JSON.stringify(value) : String(value);
  return text.length <= 300 ? text : `${text.slice(0, 300)}… (${text.length} characters)`;
}

/** One text per record state, whatever the order of its fields, so that strings compare. */
function plain({ key, revision, value, writtenAt, lease, index }: StoredRecord): string {
  const fields = index === undefined ? null : Object.entries(index).sort(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([
    key.partition,
    key.kind,
    key.id,
    revision,
    value,
    writtenAt,
    lease === undefined ? null : [lease.owner, lease.fence, lease.until],
    fields,
  ]);
}
