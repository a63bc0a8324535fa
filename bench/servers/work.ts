import { createHash } from 'node:crypto';
import type { RecordKey, Store, Transaction, TransactionResult } from 'mycelium-runtime/store';
import type { Operations } from '../measure.js';
import { type CallTransactions, callTransactions } from '../transactions.js';
import { eachTogether, freshPayments, guardedPay, payTogether, type Scale } from '../workload.js';

/** A kind of operation, with its name as a floor. */
export interface Work {
  readonly name: string;
  readonly prepare: Operations;
}

/** One way to have a call recorded, and to meet a call that is finished. */
export interface Way {
  readonly fresh: Work;
  readonly replay: Work;
}

/** One kind of work of each way. */
export function workOf<Name extends string>(
  ways: Readonly<Record<Name, Way>>,
  kind: 'fresh' | 'replay',
): Record<Name, Work> {
  const works = Object.entries<Way>(ways).map(([name, way]) => [name, way[kind]]);
  return Object.fromEntries(works) as Record<Name, Work>;
}

/**
 * The guarded tool. What it replays was finished by another process, so that nothing of it is remembered in this one.
 *
 * @param name - of a fresh call, as a floor.
 * @param elsewhere - the same store, opened once more: the other process.
 */
export function guardedWay(name: string, store: Store, elsewhere: Store, scale: Scale): Way {
  const tool = guardedPay(store);
  const finish = guardedPay(elsewhere);
  return {
    fresh: { name, prepare: (count) => freshPayments(count, scale.seed).map((payment) => () => tool(payment)) },
    replay: {
      name: `${name}, replay`,
      async prepare(count) {
        const payments = freshPayments(count, scale.seed);
        await payTogether(finish, payments);
        return payments.map((payment) => () => tool(payment));
      },
    },
  };
}

/** What the guarded tool sends, given to the store by nobody: no identity, no hash, no lease timer, no result. */
export async function storeWay(store: Store, scale: Scale): Promise<Way> {
  const call = await callTransactions(scale);
  const claimed = (id: string): Promise<string> => claimAndComplete(store, call, id);
  return {
    fresh: {
      name: 'two transactions of the store',
      prepare: (count) => freshIds(count).map((id) => () => claimed(id)),
    },
    replay: {
      name: 'one transaction of the store',
      async prepare(count) {
        const ids = freshIds(count);
        await eachTogether(ids, claimed);
        return ids.map((id) => async () => {
          const { ok, records } = await store.transact(about(call.meeting, store, id, undefined), `again${id}`);
          if (ok || records[0] === undefined) throw new Error('a finished call was claimed once more');
        });
      },
    },
  };
}

/** @returns the revision of the completed record. */
export async function claimAndComplete(store: Store, call: CallTransactions, id: string): Promise<string> {
  const { revision } = applied(await store.transact(about(call.claim, store, id, undefined), `claim${id}`));
  return applied(await store.transact(about(call.completion, store, id, revision), `done${id}`)).revision;
}

function applied({ ok, records }: TransactionResult): { revision: string } {
  const [record] = records;
  if (!ok || record === undefined) throw new Error('a transaction that nothing contradicts did not apply');
  return record;
}

/** The same transaction about another record. */
export function about(transaction: Transaction, store: Store, id: string, revision: string | undefined): Transaction {
  const key = keyFor(store, id);
  return { expect: [{ key, revision }], write: transaction.write.map((write) => ({ ...write, key })) };
}

/** Where the guarded tool would keep a call with this id. */
export function keyFor({ partitions }: Store, id: string): RecordKey {
  return { partition: Number.parseInt(id.slice(0, 8), 16) % partitions, kind: 'tool', id };
}

let made = 0;

/** Ids like those of the guarded tool: spread evenly, and never used before. */
export function freshIds(count: number): string[] {
  return Array.from({ length: count }, () => {
    made += 1;
    return createHash('sha256').update(`${process.pid} ${made}`).digest('hex').slice(0, 32);
  });
}
