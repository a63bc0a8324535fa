/** What a store must refuse before it sends anything: the rules for which the suite expects a UsageError. */
import { type ListQuery, type RecordKey, type Renewal, type Transaction, UsageError } from 'mycelium-runtime/store';

export function checkTransaction(
  { expect, write, remove, read }: Transaction,
  nonce: string,
  partitions: number,
): void {
  const place = 'transact(transaction, nonce)';
  if (nonce === '' || nonce.includes(':')) throw refused(place, 'the nonce is empty or contains a colon');
  const removals = remove ?? [];
  const keys = [...expect, ...write].map(({ key }) => key).concat(removals, read ?? []);
  for (const key of keys) {
    checkKey(key, partitions, place);
    if (key.partition !== keys[0]?.partition) throw refused(place, 'its keys lie in several partitions');
  }
  const same = (one: RecordKey, other: RecordKey): boolean => one.kind === other.kind && one.id === other.id;
  const changed = [...write.map(({ key }) => key), ...removals];
  for (const [position, key] of changed.entries()) {
    if (!expect.some((expectation) => same(expectation.key, key)))
      throw refused(place, `record "${key.kind}" is written or removed without an expectation`);
    if (changed.slice(0, position).some((other) => same(other, key)))
      throw refused(place, `record "${key.kind}" is written twice in one transaction`);
  }
  if (removals.length > 0 && write.length === 0)
    throw refused(place, 'nothing is written beside the removal, so a resend could not be recognized');
  for (const { value, lease, index } of write) {
    const texts: readonly unknown[] = [value, ...Object.values(index ?? {})];
    if (texts.some((text) => typeof text !== 'string')) throw refused(place, 'a value or an index field is not text');
    if (lease !== undefined) checkLease(lease.ms, place);
  }
}

export function checkRenewal({ key, ms }: Renewal, partitions: number): void {
  checkKey(key, partitions, 'renew(renewals)');
  checkLease(ms, 'renew(renewals)');
}

/** @returns where to begin: a partition, and the sort key after which. */
export function checkList({ kind, limit, after }: ListQuery): { partition: number; sk: string | undefined } {
  checkKind(kind, 'list(query)');
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw refused('list(query)', `there is no page of ${limit}`);
  if (after === undefined) return { partition: 0, sk: undefined };
  const [, partition, sk] = /^(\d{1,6}) ([0-9a-f]{64})$/.exec(after) ?? [];
  if (sk === undefined) throw refused('list(query)', `${JSON.stringify(after)} is not a cursor of this store`);
  return { partition: Number(partition), sk };
}

export function checkKey({ partition, kind }: RecordKey, partitions: number, place: string): void {
  if (!Number.isInteger(partition) || partition < 0 || partition >= partitions)
    throw refused(place, `partition ${partition} is not one of 0 to ${partitions - 1}`);
  checkKind(kind, place);
}

function checkKind(kind: string, place: string): void {
  if (kind === '' || /\s/.test(kind)) throw refused(place, `${JSON.stringify(kind)} is no kind of record`);
}

function checkLease(ms: number, place: string): void {
  if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) throw refused(place, `a lease of ${ms} ms cannot be kept`);
}

function refused(place: string, problem: string): UsageError {
  return new UsageError({ place, problem, remedy: 'See the store contract; nothing was sent to the table.' });
}
