import type { StoredRecord, TransactionResult, Write } from '../contract.js';
import type { Expected, TransactionPlan } from '../transaction-plan.js';
import { toWire } from '../wire-text.js';
import { type Fields, type Layout, leaseFrom, packIndex, recordFrom } from './layout.js';

/** What the script is given, in the order that it is documented in. */
export interface ScriptArguments {
  readonly keys: [string, ...string[]];
  readonly args: string[];
}

/** The keys and arguments of the transact script. @param waits - whether WAIT follows. */
export function argumentsOf(
  { records, partition = 0 }: TransactionPlan,
  nonce: string,
  layout: Layout,
  storeId: string,
  waits: boolean,
): ScriptArguments {
  const keys: [string, ...string[]] = [layout.mark(partition), layout.resend(partition)];
  const args = [storeId, nonce, waits ? '1' : '', '', ''];
  let touched = 0;
  for (const { key, expected, write, removed } of records) {
    if (write === undefined && !removed) continue;
    touched += 1;
    keys.push(layout.record(key), layout.waiters(key), layout.index(partition, key.kind));
    args.push(revisionOf(expected), expiredOf(expected), write === undefined ? 'x' : 'w', toWire(key.id));
    if (write !== undefined) pushWrite(args, write);
  }
  for (const { key, expected, write, removed } of records) {
    if (write !== undefined || removed) continue;
    keys.push(layout.record(key));
    args.push(revisionOf(expected), expiredOf(expected));
  }
  args[3] = String(touched);
  args[4] = String(records.length - touched);
  return { keys, args };
}

function pushWrite(args: string[], { value, index, lease }: Write): void {
  args.push(toWire(value), packIndex(index));
  if (lease === undefined) args.push('', '', '');
  else args.push(String(lease.ms), toWire(lease.owner), String(lease.fence));
}

function revisionOf(expected: Expected): string {
  if (expected === 'anything') return '*';
  if (expected === 'impossible') return '!';
  return expected.revision ?? '';
}

function expiredOf(expected: Expected): string {
  return typeof expected === 'object' && expected.expired ? '1' : '';
}

/** The answer of the transact script, in the order of the transaction. */
export function resultFrom({ records, answer }: TransactionPlan, reply: readonly unknown[]): TransactionResult {
  // A client of the program may be set to answer numbers as texts.
  const [ok, now] = [Number(reply[0]), Number(reply[1])];
  const found: (StoredRecord | undefined)[] = [];
  let at = 2;
  for (const touched of [true, false]) {
    for (const [position, { key, write, removed }] of records.entries()) {
      if ((write !== undefined || removed) !== touched) continue;
      const state = reply[at++];
      if (typeof state === 'string') found[position] = written(key, state, write as Write, now);
      else found[position] = Array.isArray(state) ? recordFrom(key, state as Fields) : undefined;
    }
  }
  return { ok: ok === 1, records: answer.map((position) => found[position]), now };
}

/** A record that was just written: only its revision had to come back. */
function written(key: StoredRecord['key'], revision: string, write: Write, now: number): StoredRecord {
  const record: { -readonly [Field in keyof StoredRecord]: StoredRecord[Field] } = {
    key: { ...key },
    revision,
    value: write.value,
    writtenAt: now,
  };
  const { lease, index } = write;
  if (lease !== undefined) record.lease = leaseFrom(lease.owner, lease.fence, now + lease.ms);
  if (index !== undefined) record.index = { ...index };
  return record;
}
