/** Stores around stores: answers that get lost, and protections that are switched off. */
import {
  keyText,
  nextRevision,
  type Store,
  type StoredRecord,
  StoreUnavailableError,
  type Transaction,
  type TransactionResult,
  writtenBy,
} from 'mycelium-runtime/store';
import type { Break } from './order.js';
import type { Draw } from './random.js';

/** No transaction is lost more often than this, so that a lease never runs out over it. */
const MOST_LOSSES = 2;

/** Delegates everything, so that each wrapper says only what it changes. */
function around(store: Store, changed: Partial<Pick<Store, 'transact' | 'renew'>>): Store {
  return {
    description: store.description,
    durability: store.durability,
    partitions: store.partitions,
    ...(store.remote === undefined ? {} : { remote: store.remote }),
    transact: (transaction, nonce) => store.transact(transaction, nonce),
    renew: (renewals) => store.renew(renewals),
    list: (query) => store.list(query),
    watch: (key, revision, signal) => store.watch(key, revision, signal),
    close: (options) => store.close(options),
    ...changed,
  };
}

/** A store whose answers get lost, half of them before the question was heard. */
export function losingAnswers(store: Store, probability: number, draw: Draw, struck: () => void): Store {
  const losses = new WeakMap<Transaction, number>();
  return around(store, {
    async transact(transaction, nonce) {
      const lostSoFar = losses.get(transaction) ?? 0;
      if (transaction.write.length === 0 || lostSoFar >= MOST_LOSSES || !draw.chance(probability))
        return store.transact(transaction, nonce);
      losses.set(transaction, lostSoFar + 1);
      struck();
      if (draw.chance(0.5)) await store.transact(transaction, nonce);
      throw new StoreUnavailableError({
        store: store.description,
        during: 'transact',
        applied: 'unknown',
        cause: new Error('the answer got lost'),
      });
    },
  });
}

/** Switches one protection off, where that is done between the engine and the store. */
export function withoutProtection(store: Store, broken: Break | undefined): Store {
  switch (broken) {
    case 'claim':
      return everyClaimWins(store);
    case 'fence':
      return nobodyIsSuperseded(store);
    case 'nonce':
      return everyResendIsNew(store);
    case 'readback':
      return everyYesIsBelieved(store);
    case 'flush':
    case 'window':
    case 'durability':
    case undefined:
      return store;
  }
}

/** A first claim is answered "yes", whoever was there before. */
function everyClaimWins(store: Store): Store {
  return around(store, {
    async transact(transaction, nonce) {
      const answer = await store.transact(transaction, nonce);
      const firstClaim =
        transaction.write[0]?.lease !== undefined && transaction.expect.every(({ revision }) => revision === undefined);
      return answer.ok || !firstClaim ? answer : asWished(transaction, nonce, answer);
    },
  });
}

/**
 * A file store that does not read its log back answers "yes" with the records of others: here they are what the
 * caller wrote, as they would be if it answered from memory.
 */
function everyYesIsBelieved(store: Store): Store {
  return around(store, {
    async transact(transaction, nonce) {
      const answer = await store.transact(transaction, nonce);
      const others = transaction.write.length > 0 && !writtenBy(answer.records[0], nonce);
      return answer.ok && others ? asWished(transaction, nonce, answer) : answer;
    },
  });
}

/** The answer as it would be if the transaction had applied. */
function asWished(
  { expect, write }: Transaction,
  nonce: string,
  { records, now }: TransactionResult,
): TransactionResult {
  const wished = write.map(({ key, value, lease, index }): StoredRecord => {
    const expected = expect.find((one) => keyText(one.key) === keyText(key));
    return {
      key,
      revision: nextRevision(expected?.revision, nonce),
      value,
      writtenAt: now,
      ...(lease === undefined ? {} : { lease: { owner: lease.owner, fence: lease.fence, until: now + lease.ms } }),
      ...(index === undefined ? {} : { index }),
    };
  });
  const found = (position: number): StoredRecord | undefined =>
    wished.find(({ key }) => keyText(key) === keyText(expect[position]?.key ?? key));
  return {
    ok: true,
    records: records.map((record, position) => (position < expect.length ? (found(position) ?? record) : record)),
    now,
  };
}

/** What writes over a record writes over whatever is there, and every lease is held by whoever says so. */
function nobodyIsSuperseded(store: Store): Store {
  const force = async (
    transaction: Transaction,
    nonce: string,
    refused: TransactionResult,
  ): Promise<TransactionResult> => {
    const expect = transaction.expect.map(({ key }, position) => ({
      key,
      revision: refused.records[position]?.revision,
    }));
    const answer = await store.transact({ ...transaction, expect }, nonce);
    return answer.ok ? answer : force(transaction, nonce, answer);
  };
  return around(store, {
    async transact(transaction, nonce) {
      const answer = await store.transact(transaction, nonce);
      const overwrites =
        transaction.write.length > 0 && transaction.expect.some(({ revision }) => revision !== undefined);
      return answer.ok || !overwrites ? answer : force(transaction, nonce, answer);
    },
    async renew(renewals) {
      await store.renew(renewals);
      return renewals.map(() => 'held');
    },
  });
}

/** The second sending of a transaction no longer says that it is the second. */
function everyResendIsNew(store: Store): Store {
  const sendings = new WeakMap<Transaction, number>();
  return around(store, {
    transact(transaction, nonce) {
      const sending = (sendings.get(transaction) ?? 0) + 1;
      sendings.set(transaction, sending);
      return store.transact(transaction, sending === 1 ? nonce : `${nonce}-${sending}`);
    },
  });
}
