import {
  nextRevision,
  type RecordKey,
  type StoredRecord,
  type TransactionResult,
  type Write,
  writtenBy,
} from '../contract.js';
import type { RecordPlan, TransactionPlan } from '../transaction-plan.js';
import type { Seen } from './transact.js';

/**
 * What records as they stand say of a transaction that did not apply just now: `before`, it had applied at an earlier
 * sending; `refused`, an expectation does not hold; `open`, nothing speaks against it.
 */
export function judge({ records, writes }: TransactionPlan, nonce: string, seen: Seen): 'before' | 'refused' | 'open' {
  const wrote = ({ write, expected }: RecordPlan, at: number): boolean => {
    if (write === undefined) return true;
    const record = seen.records[at];
    if (typeof expected !== 'object') return writtenBy(record, nonce);
    return record?.revision === nextRevision(expected.revision, nonce);
  };
  if (writes && records.every(wrote)) return 'before';
  const holds = ({ expected }: RecordPlan, at: number): boolean => {
    if (typeof expected === 'string') return expected === 'anything';
    const record = seen.records[at];
    const leased = expected.expired && record?.lease !== undefined && seen.now < record.lease.until;
    return record?.revision === expected.revision && !leased;
  };
  return records.every(holds) ? 'open' : 'refused';
}

/** The records whose absence a transaction relied on or saw, and which it did not put: a row may stand for each. */
export function absencesOf({ records }: TransactionPlan): readonly RecordKey[] {
  const absent = records.filter(({ expected, write }) => {
    return write === undefined && (typeof expected === 'string' || expected.revision === undefined);
  });
  return absent.map(({ key }) => key);
}

/** The answer to a transaction, in its order. */
export function answer(plan: TransactionPlan, ok: boolean, { records, now }: Seen): TransactionResult {
  return { ok, records: plan.answer.map((position) => records[position]), now };
}

/** The records after a transaction has applied. */
export function afterwards({ records }: TransactionPlan, nonce: string, seen: Seen): Seen {
  return {
    ...seen,
    records: records.map(({ key, expected, write, removed }, at) => {
      if (removed) return undefined;
      if (write === undefined) return seen.records[at];
      return written(key, typeof expected === 'object' ? expected.revision : undefined, write, nonce, seen.now);
    }),
  };
}

function written(
  key: StoredRecord['key'],
  before: string | undefined,
  { value, lease, index }: Write,
  nonce: string,
  now: number,
): StoredRecord {
  const record: { -readonly [Field in keyof StoredRecord]: StoredRecord[Field] } = {
    key: { partition: key.partition, kind: key.kind, id: key.id },
    revision: nextRevision(before, nonce),
    value,
    writtenAt: now,
  };
  if (lease !== undefined) record.lease = { owner: lease.owner, fence: lease.fence, until: now + lease.ms };
  if (index !== undefined) record.index = { ...index };
  return record;
}
