/** The records of the log, as docs/receipt-log.md describes them. All lie in one partition. */
import { StoreFormatError } from '../errors/store.js';
import type { RecordKey, StoredRecord, Write } from '../store/contract.js';
import { CompactRange, fullSubtrees } from './merkle/compact-range.js';
import { hashFrom, hashText } from './merkle/hashing.js';

/** The format of every record of the log but the tree heads, which have one of their own. */
const LOG_FORMAT = 'mycelium-receipt-log/1';
export const RECEIPT = 'receipt';
/** So many leaves stand in one record. */
export const CHUNK = 128;

const PARTITION = 0;

/** A leaf of the log: which receipt, where its record lies, and the hash of its text. */
export interface Leaf {
  readonly id: string;
  readonly partition: number;
  /** RFC 6962: SHA-256 over a zero byte and the text, in hexadecimal. */
  readonly hash: string;
}

/** How far the log is: everything it takes to append to it. */
export interface Frontier {
  readonly tree: CompactRange;
  /** How many tree heads were signed. */
  readonly heads: number;
  /** The size that the latest of them is about. */
  readonly signed: number;
}

export const frontierKey = (ledger: string): RecordKey => keyOf('receipt-frontier', ledger);
/** @param number - counted from 0: chunk `n` has the leaves from `n * CHUNK` on. */
export const chunkKey = (ledger: string, number: number): RecordKey => keyOf('receipt-log', `${ledger} ${number}`);
/** @param number - counted from 0, in the order they were signed. */
export const headKey = (ledger: string, number: number): RecordKey => keyOf(HEAD, `${ledger} ${number}`);
/** The record that says where in the log a receipt is. */
export const sealedKey = (id: string): RecordKey => keyOf(SEALED, id);
export const HEAD = 'receipt-head';
export const SEALED = 'receipt-sealed';

export function writeOfFrontier(ledger: string, { tree, heads, signed }: Frontier): Write {
  const nodes = tree.nodes.map(hashText);
  return written(frontierKey(ledger), ledger, { size: tree.size, nodes, heads, signed });
}

export function writeOfChunk(ledger: string, number: number, leaves: readonly Leaf[]): Write {
  const rows = leaves.map(({ id, partition, hash }) => [id, partition, hash]);
  return written(chunkKey(ledger, number), ledger, { first: number * CHUNK, leaves: rows });
}

export function writeOfSealed(ledger: string, id: string, position: number): Write {
  return written(sealedKey(id), ledger, { position });
}

/**
 * What a record of the log says; undefined when nobody who keeps to the format wrote it so.
 *
 * @throws StoreFormatError for a log of a later version.
 */
export function frontierFrom(stored: StoredRecord | undefined, store: string): Frontier | undefined {
  if (stored === undefined) return { tree: new CompactRange(), heads: 0, signed: 0 };
  const { size, nodes, heads, signed } = membersOf(stored, store);
  const hashes = Array.isArray(nodes) ? nodes.map(hashFrom) : [];
  if (!isCount(size) || !isCount(heads) || !isCount(signed) || signed > size) return undefined;
  if (!hashes.every((hash) => hash !== undefined) || hashes.length !== fullSubtrees(size)) return undefined;
  return { tree: new CompactRange(size, hashes), heads, signed };
}

/** @returns undefined for a chunk that is not there, or that is none. */
export function leavesFrom(stored: StoredRecord | undefined, store: string): readonly Leaf[] | undefined {
  if (stored === undefined) return undefined;
  const { leaves } = membersOf(stored, store);
  if (!Array.isArray(leaves) || leaves.length > CHUNK) return undefined;
  const read = leaves.map(leafFrom);
  return read.every((leaf) => leaf !== undefined) ? read : undefined;
}

/** The position that a receipt was given; undefined when it has none. */
export function positionFrom(stored: StoredRecord | undefined, store: string): number | undefined {
  if (stored === undefined) return undefined;
  const { position } = membersOf(stored, store);
  return isCount(position) ? position : undefined;
}

function leafFrom(row: unknown): Leaf | undefined {
  if (!Array.isArray(row) || row.length !== 3) return undefined;
  const [id, partition, hash] = row as readonly unknown[];
  if (typeof id !== 'string' || !isCount(partition) || hashFrom(hash) === undefined) return undefined;
  return { id, partition, hash: hash as string };
}

function keyOf(kind: string, id: string): RecordKey {
  return { partition: PARTITION, kind, id };
}

function written(key: RecordKey, ledger: string, members: object): Write {
  return { key, value: JSON.stringify({ format: LOG_FORMAT, ledger, ...members }), index: { ledger } };
}

function membersOf({ key, value }: StoredRecord, store: string): Readonly<Record<string, unknown>> {
  let members: unknown;
  try {
    members = JSON.parse(value);
  } catch {
    return {};
  }
  if (typeof members !== 'object' || members === null) return {};
  const { format } = members as { format?: unknown };
  if (format === LOG_FORMAT) return members as Record<string, unknown>;
  if (typeof format !== 'string' || !/^mycelium-receipt-log\/\d+$/.test(format)) return {};
  throw new StoreFormatError({
    store,
    field: `a ${key.kind} record (${key.id}) of format`,
    found: format,
    expected: LOG_FORMAT,
    remedy: 'Run the version of mycelium-runtime that wrote it, or a newer one.',
  });
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
