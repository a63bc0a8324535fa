import { UsageError } from '../../errors/usage.js';
import { keyText, type RecordKey, type Renewal, type Transaction, type Write } from '../contract.js';
import {
  blindRemoval,
  blindWrite,
  checkKey,
  checkNonce,
  checkRemoval,
  checkRenewals,
  checkWrite,
  crossesPartitions,
  removedBesides,
  writtenTwice,
} from '../transaction-rules.js';
import type { ExpectationEntry, RecordEntry, RenewalEntry } from './log-entry.js';
import type { LoggedTransaction } from './log-state.js';

/** The most characters that the values of one transaction may have together. */
const MAXIMUM_TEXT = 64 * 1024 * 1024;

/** A transaction that has been checked, with nothing in it that the caller could still change. */
export interface Prepared extends LoggedTransaction {
  /** The texts of the keys to read besides. */
  readonly read: readonly string[];
}

/** Throws a UsageError unless the transaction can be judged and logged. */
export function prepare(transaction: Transaction, nonce: string, partitions: number): Prepared {
  const { expect, write, remove = [], read = [] } = transaction;
  checkNonce(nonce);
  checkRemoval(transaction);
  let partition: number | undefined;
  const check = (key: RecordKey): string => {
    checkKey(key, partitions, 'transact(transaction)');
    partition ??= key.partition;
    if (partition !== key.partition) throw crossesPartitions(partition, key);
    return keyText(key);
  };
  const texts: string[] = [];
  const expectations: ExpectationEntry[] = [];
  for (const { key, revision, lease } of expect) {
    texts.push(check(key));
    expectations.push([key.partition, key.kind, key.id, revision ?? null, lease === 'expired' ? 1 : 0]);
  }
  const writes: RecordEntry[] = [];
  let size = 0;
  for (const one of write) {
    const target = texts.indexOf(check(one.key));
    if (target === -1) throw blindWrite(one.key);
    if (writes.some(([other]) => other === target)) throw writtenTwice(one.key);
    writes.push(recordEntry(target, one));
    size += one.value.length;
  }
  if (size > MAXIMUM_TEXT) throw tooLarge(size);
  const removals: number[] = [];
  for (const key of remove) {
    const target = texts.indexOf(check(key));
    if (target === -1) throw blindRemoval(key);
    if (removals.includes(target) || writes.some(([other]) => other === target)) throw removedBesides(key);
    removals.push(target);
  }
  return { nonce, texts, expect: expectations, write: writes, remove: removals, read: read.map(check) };
}

/** Throws a UsageError unless the renewals can be judged and logged. */
export function prepareRenewals(renewals: readonly Renewal[], partitions: number): RenewalEntry[] {
  checkRenewals(renewals, partitions);
  return renewals.map(({ key, owner, fence, ms }) => {
    return [key.partition, key.kind, key.id, owner, fence, ms];
  });
}

function recordEntry(target: number, write: Write): RecordEntry {
  checkWrite(write);
  const { value, lease, index } = write;
  return [
    target,
    value,
    lease === undefined ? 0 : [lease.owner, lease.fence, lease.ms],
    index === undefined ? 0 : { ...index },
  ];
}

function tooLarge(size: number): UsageError {
  return new UsageError({
    place: 'transact({ write: [{ value }] })',
    problem: `the values have ${size} characters together, and a file store takes at most ${MAXIMUM_TEXT} at once`,
    remedy: 'Keep large data elsewhere, and a reference to it in the record.',
  });
}
