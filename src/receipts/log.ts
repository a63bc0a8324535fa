import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { StoreClient } from '../store/client.js';
import type { RecordKey, Store, StoredRecord, Transaction, TransactionResult } from '../store/contract.js';
import { machineClock, type ProcessClock } from '../store/process-clock.js';
import { ReceiptLogDamagedError } from './log-error.js';
import { CHUNK, chunkKey, type Leaf, leavesFrom } from './log-records.js';

/** How many records a transaction may name, see the contract of stores. */
export const MOST_RECORDS = 100;

/** A page carries values, so it is cut to about this many characters by what the one before had. */
const PAGE_CHARACTERS = 4 * 1024 * 1024;
const FIRST_PAGE = 50;
const SMALLEST_PAGE = 5;
const LARGEST_PAGE = 500;

const DEADLINE_MS = 30_000;

/** Which log, in which store. */
export interface LogPlace {
  readonly store: Store;
  /** The name of the ledger; each ledger of a store has its own log. */
  readonly ledger: string;
  /** The time of this process, for tests. @default the machine's */
  readonly clock?: ProcessClock;
}

/** The store as the log uses it. */
export class LogStore {
  readonly ledger: string;
  readonly description: string;
  readonly partitions: number;
  readonly #client: StoreClient;

  constructor({ store, ledger, clock = machineClock }: LogPlace) {
    this.ledger = ledger;
    this.description = store.description;
    this.partitions = store.partitions;
    this.#client = new StoreClient(store, clock, DEADLINE_MS);
  }

  transact(transaction: Transaction): Promise<TransactionResult> {
    return this.#client.transact(transaction, randomUUID());
  }

  /** Reads records of one partition, as they stand at one moment. At most {@link MOST_RECORDS}. */
  read(keys: readonly RecordKey[]): Promise<TransactionResult> {
    return this.transact({ expect: [], write: [], read: keys });
  }

  /** Reads any number of records of any partition, in the order asked. */
  async readAll(keys: readonly RecordKey[]): Promise<(StoredRecord | undefined)[]> {
    const found = new Array<StoredRecord | undefined>(keys.length);
    const open = new Map<number, number[]>();
    const groups: number[][] = [];
    for (const [at, { partition }] of keys.entries()) {
      let group = open.get(partition);
      if (group === undefined || group.length === MOST_RECORDS) {
        group = [];
        open.set(partition, group);
        groups.push(group);
      }
      group.push(at);
    }
    await Promise.all(
      groups.map(async (group) => {
        const { records } = await this.read(group.map((at) => keys[at]!));
        for (const [index, at] of group.entries()) found[at] = records[index];
      }),
    );
    return found;
  }

  /** The records of a kind that this ledger has, a page at a time. */
  async *pages(kind: string, where: Readonly<Record<string, string>> = {}): AsyncGenerator<readonly StoredRecord[]> {
    let limit = FIRST_PAGE;
    let after: string | undefined;
    do {
      const query = { kind, where: { ledger: this.ledger, ...where }, limit };
      const page = await this.#client.list(after === undefined ? query : { ...query, after });
      yield page.records;
      await turn();
      limit = nextLimit(page.records);
      after = page.next;
    } while (after !== undefined);
  }

  /**
   * The leaves before `size`, a chunk at a time. Ends early where the log does: with a chunk that has fewer than it
   * should, or none.
   */
  async *chunks(size: number): AsyncGenerator<{ readonly first: number; readonly leaves: readonly Leaf[] }> {
    for (let first = 0; first < size; first += CHUNK) {
      const { records } = await this.read([chunkKey(this.ledger, first / CHUNK)]);
      const leaves = leavesFrom(records[0], this.description) ?? [];
      const expected = Math.min(CHUNK, size - first);
      yield { first, leaves: leaves.slice(0, expected) };
      // A store that answers from memory never lets timers and signals have their turn: heartbeats, a Ctrl-C.
      await turn();
      if (leaves.length < expected) return;
    }
  }

  damaged(key: RecordKey, what: string): ReceiptLogDamagedError {
    const { description: store, ledger } = this;
    return new ReceiptLogDamagedError({ store, ledger, record: `${key.kind} (${key.id})`, what });
  }
}

function nextLimit(records: readonly StoredRecord[]): number {
  const characters = records.reduce((sum, { value }) => sum + value.length, 1);
  const fitting = Math.floor((records.length * PAGE_CHARACTERS) / characters);
  return Math.max(SMALLEST_PAGE, Math.min(LARGEST_PAGE, fitting));
}
