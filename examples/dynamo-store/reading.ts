import type { RecordKey, StoredRecord } from 'mycelium-runtime/store';
import type { DynamoClient, Item, ItemKey } from './client.js';
import { backoff, isConflict } from './faults.js';
import { itemKey, pieceKey, piecesOf, recordOf } from './form.js';

/** How long to wait before a request is sent again that another one was in the way of, in milliseconds. */
export const FIRST_PAUSE_MS = 10;
/** Sendings of one request that others cancelled, before the caller is told. */
export const MOST_SENDINGS = 60;

/** Reads a table. */
export class Reader {
  readonly #client: DynamoClient;
  readonly #table: string;

  constructor(client: DynamoClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** Records of one instant, in the order asked. */
  async records(keys: readonly RecordKey[]): Promise<(StoredRecord | undefined)[]> {
    const mains = await this.items(keys.map(itemKey));
    const records: (StoredRecord | undefined)[] = [];
    for (const [position, key] of keys.entries()) {
      const main = mains[position];
      const rest = await this.items(piecesOf(main).map((piece) => pieceKey(key, piece)));
      // Its value was replaced between the two readings.
      if (rest.some((item) => item?.['rev'] !== main?.['rev'])) return this.records(keys);
      records.push(main === undefined ? undefined : recordOf(key, main, rest as Item[]));
    }
    return records;
  }

  /**
   * Items of one instant, each key once or more. BatchGetItem costs half and mixes instants: a claim that sees one
   * record as it was before and another as it was after what competes with it would judge what never stood there.
   */
  async items(keys: readonly ItemKey[]): Promise<readonly (Item | undefined)[]> {
    const names = keys.map(({ pk, sk }) => `${pk} ${sk}`);
    const once = keys.filter((_, position) => names.indexOf(names[position] ?? '') === position);
    if (once.length === 0) return [];
    const TransactItems = once.map((Key) => ({ Get: { TableName: this.#table, Key } }));
    for (let sendings = 1; ; sendings++) {
      try {
        const { Responses = [] } = await this.#client.transactGet({ TransactItems });
        const found = new Map(once.map((key, position) => [key, Responses[position]?.Item]));
        return names.map((name) => found.get(keys[names.indexOf(name)] as ItemKey));
      } catch (error) {
        if (!isConflict(error) || sendings === MOST_SENDINGS) throw error;
        await backoff(sendings, FIRST_PAUSE_MS);
      }
    }
  }
}
