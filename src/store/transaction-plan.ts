import { keyText, type RecordKey, type Transaction, type Write } from './contract.js';
import {
  blindRemoval,
  blindWrite,
  checkKey,
  checkNonce,
  checkRemoval,
  checkWrite,
  crossesPartitions,
  removedBesides,
  writtenTwice,
} from './transaction-rules.js';

/** What must hold of a record: nothing, that it stands at a revision, that there is none, or what cannot hold. */
export type Expected = 'anything' | { readonly revision: string | undefined; readonly expired: boolean } | 'impossible';

/** One record of a transaction: what must hold of it, and what becomes of it. */
export interface RecordPlan {
  readonly key: RecordKey;
  readonly text: string;
  expected: Expected;
  write: Write | undefined;
  removed: boolean;
}

/** A transaction that has been checked, each of its records once. */
export interface TransactionPlan {
  readonly records: readonly RecordPlan[];
  /** For each record of the answer its position in `records`. */
  readonly answer: readonly number[];
  /** Undefined when it names no record. */
  readonly partition: number | undefined;
  /** Whether anything is written. */
  readonly writes: boolean;
}

/** Throws a UsageError unless the transaction can be judged. */
export function planTransaction(transaction: Transaction, nonce: string, partitions: number): TransactionPlan {
  checkNonce(nonce);
  checkRemoval(transaction);
  const { expect, write, remove, read } = transaction;
  const records: RecordPlan[] = [];
  const answer: number[] = [];
  const partition = (expect[0]?.key ?? write[0]?.key ?? read?.[0])?.partition;
  const positionOf = (key: RecordKey): number => {
    // Callers mostly use one object for both, which spares building the text a second time.
    const same = records.findIndex((record) => record.key === key);
    if (same !== -1) return same;
    checkKey(key, partitions, 'transact(transaction)');
    if (partition !== undefined && key.partition !== partition) throw crossesPartitions(partition, key);
    const text = keyText(key);
    return records.findIndex((record) => record.text === text);
  };
  const add = (key: RecordKey, expected: Expected): void => {
    records.push({ key, text: keyText(key), expected, write: undefined, removed: false });
    answer.push(records.length - 1);
  };
  for (const { key, revision, lease } of expect) {
    const position = positionOf(key);
    const expired = lease === 'expired';
    const record = records[position];
    if (record === undefined) {
      add(key, { revision, expired });
      continue;
    }
    answer.push(position);
    record.expected = both(record.expected, revision, expired);
  }
  for (const one of write) {
    const record = records[positionOf(one.key)];
    if (record === undefined) throw blindWrite(one.key);
    if (record.write !== undefined) throw writtenTwice(one.key);
    checkWrite(one);
    record.write = one;
  }
  for (const key of remove ?? []) {
    const record = records[positionOf(key)];
    if (record === undefined) throw blindRemoval(key);
    if (record.write !== undefined || record.removed) throw removedBesides(key);
    record.removed = true;
  }
  for (const key of read ?? []) {
    const position = positionOf(key);
    if (position === -1) add(key, 'anything');
    else answer.push(position);
  }
  return { records, answer, partition, writes: write.length > 0 };
}

/** A record may be expected twice; nothing stands at two revisions. */
function both(before: Expected, revision: string | undefined, expired: boolean): Expected {
  if (typeof before === 'string' || before.revision !== revision) return 'impossible';
  return { revision, expired: expired || before.expired };
}
