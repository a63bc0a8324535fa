/** What a transaction expects: as a condition for the table, and judged over what was read. */
import type { Expectation, IndexFields, RecordKey, StoredRecord } from 'mycelium-runtime/store';
import type { Attribute, Item } from './client.js';

export function sameKey(one: RecordKey, other: RecordKey): boolean {
  return one.partition === other.partition && one.kind === other.kind && one.id === other.id;
}

/** For `filter`: a record may be expected twice, and gets one action all the same. */
export function isFirst({ key }: Expectation, position: number, all: readonly Expectation[]): boolean {
  return all.findIndex((other) => sameKey(other.key, key)) === position;
}

/**
 * The condition of all that is expected of one record. It also keeps the instant of a write from lying before that of
 * the write it replaces, when another client's clock is ahead of ours: we are refused, read, and know better.
 */
export function conditionOf(
  expected: readonly Expectation[],
  now: number,
): { readonly ConditionExpression: string; readonly ExpressionAttributeValues: Item } {
  const values: Record<string, Attribute> = {};
  const parts = expected.flatMap(({ revision, lease }, number) => {
    if (revision === undefined) return ['attribute_not_exists(pk)'];
    values[`:rev${number}`] = revision;
    values[':now'] = now;
    const stands = [`rev = :rev${number}`, 'writtenAt <= :now'];
    return lease === 'expired' ? [...stands, '(attribute_not_exists(leaseUntil) OR leaseUntil <= :now)'] : stands;
  });
  return { ConditionExpression: parts.join(' AND '), ExpressionAttributeValues: values };
}

/** Whether every expectation holds for the records, which stand in the same order. */
export function expectationsHold(
  expect: readonly Expectation[],
  records: readonly (StoredRecord | undefined)[],
  now: number,
): boolean {
  return expect.every(({ revision, lease }, position) => {
    const record = records[position];
    const held = lease === 'expired' && record?.lease !== undefined && now < record.lease.until;
    return record?.revision === revision && !held;
  });
}

export function matches({ index = {} }: StoredRecord, where: IndexFields): boolean {
  return Object.keys(where).every((field) => Object.hasOwn(index, field) && index[field] === where[field]);
}
