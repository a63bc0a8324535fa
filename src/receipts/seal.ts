import { canonicalJson } from '../encoding/canonical-json.js';
import type { RecordKey, StoredRecord, Write } from '../store/contract.js';
import { signHead, type TreeHead } from './head.js';
import { type LogPlace, LogStore, MOST_RECORDS } from './log.js';
import {
  CHUNK,
  chunkKey,
  type Frontier,
  frontierFrom,
  frontierKey,
  headKey,
  type Leaf,
  leavesFrom,
  RECEIPT,
  sealedKey,
  writeOfChunk,
  writeOfFrontier,
  writeOfSealed,
} from './log-records.js';
import { CompactRange } from './merkle/compact-range.js';
import { hashText, leafHash } from './merkle/hashing.js';
import type { Signer } from './signer.js';

/** How far a sealing has come. */
export interface SealProgress {
  /** Receipts added to the log. */
  readonly added: number;
  /** Receipts whose mark was taken away, because they are in it. */
  readonly unmarked: number;
}

/** What a sealing came to. */
export interface SealReport extends SealProgress {
  /** How many receipts the log has. */
  readonly size: number;
  /** The head that was signed; absent when the latest one covers the whole log already. */
  readonly head?: TreeHead;
  /** False when the signal ended it before all was done. */
  readonly complete: boolean;
}

/** What is to be sealed. */
export interface SealOptions extends LogPlace {
  /** Signs the tree head. */
  readonly signer: Signer;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SealProgress) => void;
}

const WHERE_UNSEALED = { unsealed: 'yes' };
/** Receipts added at once: beside each its position, and beside all the frontier and at most two chunks. */
const BATCH = MOST_RECORDS - 3;
/** A transaction that moves receipts carries them whole. */
const MOST_CHARACTERS = 1024 * 1024;

/**
 * Puts every receipt that carries the `unsealed` mark into the log, signs the new tree head, and takes the marks away.
 * It can be stopped or lost anywhere and run by several at once: each receipt gets exactly one position, in the
 * transaction that moves the frontier.
 *
 * @throws ReceiptLogDamagedError when the log does not fit together: nothing is added to it then.
 * @throws StoreUnavailableError, StoreFormatError; what was added until then stays, and the next sealing goes on.
 */
export async function sealReceipts(options: SealOptions): Promise<SealReport> {
  return new Sealing(options).go();
}

interface Hashed extends Omit<Leaf, 'hash'> {
  readonly hash: Uint8Array;
}

class Sealing {
  readonly #log: LogStore;
  readonly #options: SealOptions;
  #added = 0;
  #unmarked = 0;

  constructor(options: SealOptions) {
    this.#options = options;
    this.#log = new LogStore(options);
  }

  async go(): Promise<SealReport> {
    for await (const page of this.#log.pages(RECEIPT, WHERE_UNSEALED)) {
      for (let at = 0; at < page.length && !this.#stopped; at += BATCH) await this.#append(page.slice(at, at + BATCH));
      if (this.#stopped) break;
      this.#tell();
    }
    // What is in the log is worth signing, even when there was no time for more.
    const { size, head } = await this.#sign();
    for await (const page of this.#log.pages(RECEIPT, WHERE_UNSEALED)) {
      if (this.#stopped) break;
      await this.#unmark(page);
      this.#tell();
    }
    const report = { added: this.#added, unmarked: this.#unmarked, size, complete: !this.#stopped };
    return head === undefined ? report : { ...report, head };
  }

  get #stopped(): boolean {
    return this.#options.signal?.aborted === true;
  }

  #tell(): void {
    this.#options.onProgress?.({ added: this.#added, unmarked: this.#unmarked });
  }

  async #append(receipts: readonly StoredRecord[]): Promise<void> {
    const { ledger } = this.#log;
    for (;;) {
      const frontier = frontierKey(ledger);
      const marks = receipts.map(({ key }) => sealedKey(key.id));
      const [before, ...sealed] = (await this.#log.read([frontier, ...marks])).records;
      const missing = receipts.filter((_, at) => sealed[at] === undefined);
      if (missing.length === 0) return;
      const { tree, heads, signed } = this.#frontier(before);
      const leaves = missing.map(({ key: { id, partition }, value }) => ({ id, partition, hash: leafHash(value) }));
      const first = tree.size;
      const chunks = await this.#chunksWith(first, leaves, before?.revision);
      // Another sealer is at it.
      if (chunks === undefined) continue;
      const grown = new CompactRange(first, tree.nodes);
      for (const { hash } of leaves) grown.append(hash);
      const positions = leaves.map(({ id }, at) => writeOfSealed(ledger, id, first + at));
      const answer = await this.#log.transact({
        expect: [
          { key: frontier, revision: before?.revision },
          ...chunks.map(({ write: { key }, revision }) => ({ key, revision })),
          ...positions.map(({ key }) => ({ key, revision: undefined })),
        ],
        write: [
          writeOfFrontier(ledger, { tree: grown, heads, signed }),
          ...chunks.map(({ write }) => write),
          ...positions,
        ],
      });
      if (answer.ok) {
        this.#added += leaves.length;
        return;
      }
      // Another sealer was faster; what it has added is found out again.
      this.#mustHaveMoved(frontier, before, answer.records[0]);
    }
  }

  /** The chunks that new leaves go into, with them; undefined when the frontier has moved meanwhile. */
  async #chunksWith(
    first: number,
    leaves: readonly Hashed[],
    frontier: string | undefined,
  ): Promise<{ write: Write; revision: string | undefined }[] | undefined> {
    const { ledger, description } = this.#log;
    const number = Math.floor(first / CHUNK);
    const key = chunkKey(ledger, number);
    const [now, stored] = (await this.#log.read([frontierKey(ledger), key])).records;
    if (now?.revision !== frontier) return undefined;
    const standing = stored === undefined ? [] : leavesFrom(stored, description);
    if (standing === undefined) throw this.#log.damaged(key, 'cannot be read');
    if (standing.length !== first % CHUNK)
      throw this.#log.damaged(key, `has ${standing.length} receipts where ${first % CHUNK} belong`);
    const together: Leaf[] = [...standing, ...leaves.map((leaf) => ({ ...leaf, hash: hashText(leaf.hash) }))];
    const chunks = [{ write: writeOfChunk(ledger, number, together.slice(0, CHUNK)), revision: stored?.revision }];
    if (together.length > CHUNK)
      chunks.push({ write: writeOfChunk(ledger, number + 1, together.slice(CHUNK)), revision: undefined });
    return chunks;
  }

  async #sign(): Promise<{ readonly size: number; readonly head: TreeHead | undefined }> {
    const { ledger } = this.#log;
    const key = frontierKey(ledger);
    for (;;) {
      const { records, now } = await this.#log.read([key]);
      const [before] = records;
      const { tree, heads, signed } = this.#frontier(before);
      const { size } = tree;
      if (size === signed) return { size, head: undefined };
      const head = signHead({ ledger, size, at: now }, tree.root(), this.#options.signer);
      const place = headKey(ledger, heads);
      const answer = await this.#log.transact({
        expect: [
          { key, revision: before?.revision },
          { key: place, revision: undefined },
        ],
        write: [
          writeOfFrontier(ledger, { tree, heads: heads + 1, signed: size }),
          { key: place, value: canonicalJson(head), index: { ledger } },
        ],
      });
      if (answer.ok) return { size, head };
      this.#mustHaveMoved(key, before, answer.records[0]);
    }
  }

  /** Takes the mark from those that are in the log. */
  async #unmark(receipts: readonly StoredRecord[]): Promise<void> {
    const sealed = await this.#log.readAll(receipts.map(({ key }) => sealedKey(key.id)));
    const done = receipts.filter((_, at) => sealed[at] !== undefined);
    for (const batch of batchesOf(done)) {
      let left: readonly StoredRecord[] = batch;
      while (left.length > 0) {
        const { ok, records } = await this.#log.transact({
          expect: left.map(({ key, revision }) => ({ key, revision })),
          write: left.map(({ key, value, index }) => ({ key, value, index: withoutMark(index) })),
        });
        if (ok) this.#unmarked += left.length;
        // What has moved was taken care of by another sealer.
        const still = left.filter(({ revision }, at) => records[at]?.revision === revision);
        left = ok || still.length === left.length ? [] : still;
      }
    }
  }

  #frontier(stored: StoredRecord | undefined): Frontier {
    const frontier = frontierFrom(stored, this.#log.description);
    if (frontier === undefined) throw this.#log.damaged(frontierKey(this.#log.ledger), 'cannot be read');
    return frontier;
  }

  /** Every change of the log moves the frontier: where it stands still and yet refuses, records of the log are amiss. */
  #mustHaveMoved(key: RecordKey, before: StoredRecord | undefined, now: StoredRecord | undefined): void {
    if (before?.revision === now?.revision)
      throw this.#log.damaged(key, 'is behind other records of the log, as after a restore of only some of them');
  }
}

function withoutMark(index: StoredRecord['index']): Readonly<Record<string, string>> {
  const { unsealed: _, ...rest } = index ?? {};
  return rest;
}

/** By partition, for a transaction stays in one, and not too many at once. */
function batchesOf(records: readonly StoredRecord[]): StoredRecord[][] {
  const batches: StoredRecord[][] = [];
  const open = new Map<number, { readonly batch: StoredRecord[]; characters: number }>();
  for (const record of records) {
    const { partition } = record.key;
    let last = open.get(partition);
    if (last === undefined || last.batch.length === MOST_RECORDS || last.characters > MOST_CHARACTERS) {
      last = { batch: [], characters: 0 };
      open.set(partition, last);
      batches.push(last.batch);
    }
    last.batch.push(record);
    last.characters += record.value.length;
  }
  return batches;
}
