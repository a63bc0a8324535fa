/**
 * A store over DynamoDB, as one would write it for another backend. What its promises rest on:
 *
 * - *At most one winner per revision*: the condition expressions of TransactWriteItems, and nothing else. No clock, no
 *   token and no read has a say in it.
 * - *A lost answer is found out by sending again*: the nonce is part of the revision, so our own write is recognized
 *   however late. The ClientRequestToken covers only what the SDK resends by itself: its memory ends after ten minutes,
 *   and it refuses a request whose `:now` differs.
 * - *Leases*: DynamoDB has no clock that a condition could ask, so each client brings its machine's, and never lets it
 *   lie before an instant that it has read. Leases end early or late by as much as the clocks of the machines differ:
 *   keep them well above that (30 s against the milliseconds of NTP), and take it off `keyValidFor`. A clock that is
 *   minutes fast makes leases end early, which by the table of the ledger can block a call, and never runs a
 *   consequential one twice.
 * - *Nothing disappears*: no TTL on the table, and nobody else deletes from it.
 */
import { randomUUID } from 'node:crypto';
import {
  checkKey,
  checkList,
  checkRenewals,
  type ListPage,
  type ListQuery,
  nextRevision,
  planTransaction,
  type RecordKey,
  type Renewal,
  type RenewalResult,
  STORE_FORMAT,
  type Store,
  type StoredRecord,
  StoreFormatError,
  StoreUnavailableError,
  type Transaction,
  type TransactionResult,
  unknownCursor,
  writtenBy,
} from 'mycelium-runtime/store';
import type { DynamoClient, Item, TransactAction } from './client.js';
import { SharedClock } from './clock.js';
import { conditionOf, expectationsHold, isFirst, matches, sameKey } from './conditions.js';
import { backoff, isConflict, isRefusal, translated } from './faults.js';
import { collectionOf, itemKey, itemsOf, pieceKey, piecesOf, recordOf, text, untext, writtenRecord } from './form.js';
import { FIRST_PAUSE_MS, MOST_SENDINGS, Reader } from './reading.js';

export interface DynamoStoreOptions {
  /** A document client, which is its owner's to close. */
  readonly client: DynamoClient;
  /** The table, with string keys `pk` and `sk`. */
  readonly table: string;
  /** Fixed when the table is first used. @default 16 */
  readonly partitions?: number;
  /** How often a watch looks, in milliseconds: every look is a consistent read that is paid for. @default 250 */
  readonly pollMs?: number;
  /** The machine's clock, in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

const META = { pk: 'meta', sk: 'meta' };

/**
 * Opens the store in a table, and writes down its form at the first opening.
 *
 * @throws StoreFormatError when the table was written in another form. @throws StoreUnavailableError
 */
export async function openDynamoStore(options: DynamoStoreOptions): Promise<Store> {
  const { client, table } = options;
  const store = `dynamodb ${table}`;
  const fresh: Item = { ...META, format: STORE_FORMAT, partitions: options.partitions ?? 16 };
  try {
    const Put = { TableName: table, Item: fresh, ConditionExpression: 'attribute_not_exists(pk)' };
    // Whoever is second is refused, and takes what the first one wrote.
    await client.transactWrite({ TransactItems: [{ Put }] }).catch((error: unknown) => {
      if (!isRefusal(error) && !isConflict(error)) throw error;
    });
    const { Item: meta } = await client.get({ TableName: table, Key: META, ConsistentRead: true });
    if (meta === undefined) throw new Error('what was written cannot be read');
    const expected: Item = options.partitions === undefined ? { format: STORE_FORMAT } : fresh;
    for (const field of Object.keys(expected)) {
      if (meta[field] === expected[field]) continue;
      const remedy = 'Open it with the version and the options it was created with. Nothing ran.';
      throw new StoreFormatError({ store, field, found: meta[field], expected: expected[field], remedy });
    }
    return new DynamoStore(options, meta['partitions'] as number);
  } catch (error) {
    throw translated(store, 'open', error);
  }
}

class DynamoStore implements Store {
  readonly description: string;
  /** What DynamoDB acknowledged is on the disks of several machines. */
  readonly durability = 'machine';
  readonly remote = true;
  readonly partitions: number;
  readonly #client: DynamoClient;
  readonly #table: string;
  readonly #reader: Reader;
  readonly #clock: SharedClock;
  readonly #pollMs: number;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor({ client, table, clock, pollMs }: DynamoStoreOptions, partitions: number) {
    this.description = `dynamodb ${table}`;
    this.partitions = partitions;
    this.#client = client;
    this.#table = table;
    this.#reader = new Reader(client, table);
    this.#clock = new SharedClock(clock ?? Date.now);
    this.#pollMs = pollMs ?? 250;
  }

  async transact(transaction: Transaction, nonce: string): Promise<TransactionResult> {
    planTransaction(transaction, nonce, this.partitions);
    return this.#work('transact', () => this.#transact(transaction, nonce));
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly RenewalResult[]> {
    checkRenewals(renewals, this.partitions);
    // One request each, side by side: a batch knows no conditions, and a transaction would fail for all by one lost.
    return this.#work('renew', () => Promise.all(renewals.map((renewal) => this.#renew(renewal))));
  }

  async list(query: ListQuery): Promise<ListPage> {
    checkList(query);
    const start = startOf(query.after);
    return this.#work('list', () => this.#list(query, start));
  }

  async watch(key: RecordKey, revision: string | undefined, signal: AbortSignal): Promise<void> {
    checkKey(key, this.partitions, 'watch(key)');
    await this.#work('watch', async () => {
      const ended = AbortSignal.any([signal, this.#closing.signal]);
      while (!ended.aborted) {
        const { Item: item } = await this.#client.get({
          TableName: this.#table,
          Key: itemKey(key),
          ConsistentRead: true,
        });
        if (item?.['rev'] !== revision) return;
        await backoff(0, this.#pollMs, ended);
      }
    });
  }

  async close({ drain = false }: { readonly drain?: boolean } = {}): Promise<void> {
    this.#closing.abort();
    if (drain) await Promise.allSettled(this.#underWay);
  }

  async #transact(transaction: Transaction, nonce: string): Promise<TransactionResult> {
    const { expect, write, read = [] } = transaction;
    const keys = [...expect.map(({ key }) => key), ...read];
    for (let sendings = 0; sendings < MOST_SENDINGS; sendings++) {
      if (write.length > 0) {
        const at = this.#clock.now();
        if (await this.#send(await this.#actions(transaction, nonce, at))) {
          const records = await this.#after(transaction, keys, nonce, at);
          return { ok: true, records, now: this.#clock.now() };
        }
      }
      const records = await this.#read(keys);
      const now = this.#clock.now();
      const ours = (key: RecordKey): boolean => writtenBy(records[keys.findIndex((one) => sameKey(one, key))], nonce);
      // An earlier sending had applied, and its answer was lost.
      if (write.length > 0 && write.every(({ key }) => ours(key))) return { ok: true, records, now };
      const holds = expectationsHold(expect, records, now);
      if (write.length === 0 || !holds) return { ok: holds, records, now };
      // A transaction on the same items was under way at that moment, or what stood in the way has gone since.
      await backoff(sendings, FIRST_PAUSE_MS);
    }
    const remedy = 'Nothing was written: too many clients write the same records at once. Call again.';
    throw new StoreUnavailableError({ store: this.description, during: 'transact', applied: 'no', remedy });
  }

  /** @returns whether it applied; `false` when a condition or another transaction kept it from that. */
  async #send(actions: readonly TransactAction[]): Promise<boolean> {
    try {
      await this.#client.transactWrite({ TransactItems: actions, ClientRequestToken: randomUUID() });
      return true;
    } catch (error) {
      if (isRefusal(error) || isConflict(error)) return false;
      throw error;
    }
  }

  /** One action per item: what must hold of it, and what becomes of it. */
  async #actions({ expect, write, remove = [] }: Transaction, nonce: string, now: number): Promise<TransactAction[]> {
    // How many items a long value takes is known to its main item only; unless that is the expected one, nothing applies.
    const removed = await this.#reader.items(remove.map(itemKey));
    const actions = expect.filter(isFirst).flatMap((expectation): TransactAction[] => {
      const { key } = expectation;
      const expected = expect.filter((other) => sameKey(other.key, key));
      const about = { TableName: this.#table, ...conditionOf(expected, now) };
      const one = write.find((written) => sameKey(written.key, key));
      if (one !== undefined) {
        const [main, ...rest] = itemsOf(one, nextRevision(expectation.revision, nonce), now);
        return [{ Put: { ...about, Item: main } }, ...rest.map((Item) => ({ Put: { TableName: this.#table, Item } }))];
      }
      const position = remove.findIndex((other) => sameKey(other, key));
      if (position === -1) return [{ ConditionCheck: { ...about, Key: itemKey(key) } }];
      const pieces = piecesOf(removed[position]);
      const rest = pieces.map((piece) => ({ Delete: { TableName: this.#table, Key: pieceKey(key, piece) } }));
      return [{ Delete: { ...about, Key: itemKey(key) } }, ...rest];
    });
    return actions;
  }

  /** The records after a transaction that applied: ours as we wrote them, the others read. */
  async #after({ expect, write, remove = [] }: Transaction, keys: readonly RecordKey[], nonce: string, now: number) {
    const known = new Map<RecordKey, StoredRecord | undefined>();
    for (const key of keys) {
      const one = write.find((written) => sameKey(written.key, key));
      const revision = expect.find((expectation) => sameKey(expectation.key, key))?.revision;
      if (one !== undefined) known.set(key, writtenRecord(one, revision, nonce, now));
      else if (remove.some((other) => sameKey(other, key))) known.set(key, undefined);
    }
    const others = keys.filter((key) => !known.has(key));
    const read = await this.#read(others).catch((cause: unknown) => {
      // Whatever kept us from reading, "nothing was written" would be a lie by now. Sent again, we recognize our write.
      throw new StoreUnavailableError({ store: this.description, during: 'transact', applied: 'unknown', cause });
    });
    return keys.map((key) => (known.has(key) ? known.get(key) : read[others.indexOf(key)]));
  }

  async #renew({ key, owner, fence, ms }: Renewal): Promise<RenewalResult> {
    for (let sendings = 0; sendings < MOST_SENDINGS; sendings++) {
      try {
        await this.#client.update({
          TableName: this.#table,
          Key: itemKey(key),
          UpdateExpression: 'SET leaseUntil = :until',
          ConditionExpression: 'leaseOwner = :owner AND leaseFence = :fence',
          ExpressionAttributeValues: { ':until': this.#clock.now() + ms, ':owner': text(owner), ':fence': fence },
        });
        return 'held';
      } catch (error) {
        if (isRefusal(error)) return 'lost';
        if (!isConflict(error)) throw error;
        await backoff(sendings, FIRST_PAUSE_MS);
      }
    }
    throw new StoreUnavailableError({ store: this.description, during: 'renew', applied: 'no' });
  }

  /**
   * Goes through the item collections of the kind. A filter would be billed the same and is left to us; an index on
   * the phase would make it cheap, and show everything a moment late, which the contract allows for lists.
   */
  async #list({ kind, where = {}, limit }: ListQuery, start: { partition: number; sk: string | undefined }) {
    const records: StoredRecord[] = [];
    let next: string | undefined;
    for (let { partition, sk } = start; partition < this.partitions; partition++, sk = undefined) {
      const pk = collectionOf(partition, kind);
      for (let more = true; more; ) {
        const { Items = [], LastEvaluatedKey } = await this.#client.query({
          TableName: this.#table,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': pk },
          Limit: limit,
          ConsistentRead: true,
          ...(sk === undefined ? {} : { ExclusiveStartKey: { pk, sk } }),
        });
        for (const item of Items) {
          const key = { partition, kind, id: untext<string>(item['id'] as string) };
          const [record] = piecesOf(item).length === 0 ? [recordOf(key, item)] : await this.#read([key]);
          if (record === undefined || !matches(record, where)) continue;
          this.#clock.heardOf(record.writtenAt);
          if (records.length === limit && next !== undefined) return { records, next, now: this.#clock.now() };
          records.push(record);
          next = `${partition} ${itemKey(key).sk}`;
        }
        more = LastEvaluatedKey !== undefined;
        sk = LastEvaluatedKey?.sk;
      }
    }
    return { records, now: this.#clock.now() };
  }

  async #read(keys: readonly RecordKey[]): Promise<(StoredRecord | undefined)[]> {
    const records = await this.#reader.records(keys);
    for (const record of records) if (record !== undefined) this.#clock.heardOf(record.writtenAt);
    return records;
  }

  async #work<Value>(during: string, work: () => Promise<Value>): Promise<Value> {
    if (this.#closing.signal.aborted) {
      const remedy = 'The store was closed. Open it again; what was recorded is still there.';
      throw new StoreUnavailableError({ store: this.description, during, applied: 'no', remedy });
    }
    const running = work().catch((error: unknown) => {
      throw translated(this.description, during, error);
    });
    this.#underWay.add(running);
    return running.finally(() => this.#underWay.delete(running));
  }
}

/** Where a page begins: a partition, and the sort key after which. */
function startOf(after: string | undefined): { partition: number; sk: string | undefined } {
  if (after === undefined) return { partition: 0, sk: undefined };
  const [, partition, sk] = /^(\d{1,6}) ([0-9a-f]{64})$/.exec(after) ?? [];
  if (sk === undefined) throw unknownCursor(after);
  return { partition: Number(partition), sk };
}
