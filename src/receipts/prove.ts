import { checkHead, type TreeHead } from './head.js';
import type { Keyring } from './keyring.js';
import { type LogPlace, LogStore } from './log.js';
import { ReceiptNotProvableError } from './log-error.js';
import {
  CHUNK,
  chunkKey,
  frontierFrom,
  frontierKey,
  headKey,
  leavesFrom,
  positionFrom,
  RECEIPT,
  sealedKey,
} from './log-records.js';
import { includes, isConsistent } from './merkle/check-proof.js';
import { CompactRange } from './merkle/compact-range.js';
import { hashFrom, hashText, leafHash } from './merkle/hashing.js';
import { consistencyRanges, inclusionRanges, type LeafRange } from './merkle/proof-ranges.js';
import { RangeRoots } from './merkle/range-roots.js';
import type { CheckedReceipt, CheckVerdict } from './verify-options.js';

export const PROOF_FORMAT = 'mycelium-receipt-proof/1';
export const CONSISTENCY_FORMAT = 'mycelium-consistency-proof/1';

/** Shows a stranger that a receipt stands in the log that a head was signed for. */
export interface ReceiptProof {
  readonly format: typeof PROOF_FORMAT;
  /** Its canonical JSON, to the last character. */
  readonly receipt: string;
  /** Its position in the log. */
  readonly index: number;
  /** As the head has them. */
  readonly size: number;
  readonly root: string;
  /** The hashes beside the way from the leaf to the root, from below, in hexadecimal. */
  readonly path: readonly string[];
  readonly head: TreeHead;
}

/** Shows a stranger that the log only grew between two heads. */
export interface ConsistencyProof {
  readonly format: typeof CONSISTENCY_FORMAT;
  readonly first: TreeHead;
  readonly second: TreeHead;
  readonly path: readonly string[];
}

/** Why a proof proves nothing: `receipt` and `head`: they do not hold by themselves; `path`: they do not belong together. */
export type ProofProblem = 'malformed' | 'receipt' | 'head' | 'path';

/** What a proof came to. */
export type ProofVerdict<Proven> =
  | ({ readonly ok: true } & Proven)
  | { readonly ok: false; readonly why: ProofProblem; readonly detail: string };

/** What is asked beside the log. */
export interface ProveOptions extends LogPlace {
  readonly signal?: AbortSignal;
  /** Told how many of the receipts that the head covers were read. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/**
 * The proof that a receipt is in the log, against the latest signed head.
 *
 * @throws ReceiptNotProvableError when there is no such receipt, or no head covers it yet.
 * @throws ReceiptLogDamagedError when the log is not what was signed.
 */
export async function proveReceipt(id: string, options: ProveOptions): Promise<ReceiptProof> {
  const log = new LogStore(options);
  const { ledger, description: store } = log;
  const { records } = await log.read([sealedKey(id), frontierKey(ledger)]);
  const index = positionFrom(records[0], store);
  const heads = frontierFrom(records[1], store)?.heads ?? 0;
  if (index === undefined) {
    const why = (await isWaiting(log, id)) ? 'unsealed' : 'unknown';
    throw new ReceiptNotProvableError({ store, ledger, id, why });
  }
  const head = heads === 0 ? undefined : await headOf(log, heads - 1);
  if (head === undefined || head.size <= index)
    throw new ReceiptNotProvableError({ store, ledger, id, why: 'unsealed' });
  const chunk = chunkKey(ledger, Math.floor(index / CHUNK));
  const leaf = leavesFrom((await log.read([chunk])).records[0], store)?.[index % CHUNK];
  if (leaf?.id !== id) throw log.damaged(chunk, `does not have the receipt ${id} at position ${index}`);
  const key = { partition: leaf.partition, kind: RECEIPT, id };
  const receipt = (await log.read([key])).records[0]?.value;
  if (receipt === undefined) throw log.damaged(key, 'is gone');
  if (hashText(leafHash(receipt)) !== leaf.hash) throw log.damaged(key, 'is not the receipt that was sealed');
  const path = await rootsOf(log, inclusionRanges(index, head.size), head, options);
  return { format: PROOF_FORMAT, receipt, index, size: head.size, root: head.root, path, head };
}

/**
 * The proof that the log of an earlier head is the beginning of the log of the latest one.
 *
 * @param first - the earlier head.
 * @throws ReceiptLogDamagedError when it is not.
 */
export async function proveConsistency(first: TreeHead, options: ProveOptions): Promise<ConsistencyProof> {
  const log = new LogStore(options);
  const [stored] = (await log.read([frontierKey(log.ledger)])).records;
  const heads = frontierFrom(stored, log.description)?.heads ?? 0;
  const second = heads === 0 ? undefined : await headOf(log, heads - 1);
  if (second === undefined || second.size < first.size)
    throw log.damaged(frontierKey(log.ledger), `has no head as large as the one given, over ${first.size} receipts`);
  const path = await rootsOf(log, consistencyRanges(first.size, second.size), second, options);
  const proof: ConsistencyProof = { format: CONSISTENCY_FORMAT, first, second, path };
  if (!holdsTogether(proof))
    throw log.damaged(
      headKey(log.ledger, heads - 1),
      `is not a continuation of the head given, over ${first.size} receipts`,
    );
  return proof;
}

/**
 * Whether a proof holds, with the public keys alone.
 *
 * @param given - its JSON, as text or parsed.
 * @param check - checks the receipt by itself: `checkReceipt` with the keys.
 */
export function verifyProof<Receipt extends CheckedReceipt>(
  given: unknown,
  check: (text: string) => CheckVerdict<Receipt>,
  keys: Keyring,
): ProofVerdict<{ readonly receipt: Receipt; readonly head: TreeHead }> {
  const proof = membersOf(given);
  const { receipt: text, index, size, root } = proof;
  const path = hashesOf(proof['path']);
  if (proof['format'] !== PROOF_FORMAT || typeof text !== 'string' || typeof index !== 'number' || path === undefined)
    return refused('malformed', `it is not a proof of the format ${PROOF_FORMAT}`);
  const receipt = check(text);
  if (!receipt.ok) return refused('receipt', `the receipt: ${receipt.detail}`);
  const believed = checkHead(proof['head'], keys, receipt.receipt.ledger);
  if (!believed.ok) return refused('head', `the tree head: ${believed.detail}`);
  const { head } = believed;
  if (size !== head.size || root !== head.root)
    return refused('path', 'its size and root are not those of its tree head');
  if (!includes({ index, size: head.size, leaf: leafHash(text), path, root: believed.root }))
    return refused('path', `its path does not lead from the receipt at position ${index} to the root that was signed`);
  return { ok: true, receipt: receipt.receipt, head };
}

/** Whether both heads are to be believed, and the first log is the beginning of the second. */
export function verifyConsistency(
  given: unknown,
  keys: Keyring,
): ProofVerdict<{ readonly first: TreeHead; readonly second: TreeHead }> {
  const proof = membersOf(given);
  if (proof['format'] !== CONSISTENCY_FORMAT || hashesOf(proof['path']) === undefined)
    return refused('malformed', `it is not a proof of the format ${CONSISTENCY_FORMAT}`);
  const first = checkHead(proof['first'], keys);
  if (!first.ok) return refused('head', `the first tree head: ${first.detail}`);
  const second = checkHead(proof['second'], keys, first.head.ledger);
  if (!second.ok) return refused('head', `the second tree head: ${second.detail}`);
  if (!holdsTogether({ first: first.head, second: second.head, path: proof['path'] as string[] }))
    return refused('path', 'the log of the first head is not the beginning of that of the second');
  return { ok: true, first: first.head, second: second.head };
}

function holdsTogether({ first, second, path }: Omit<ConsistencyProof, 'format'>): boolean {
  return isConsistent({
    first: first.size,
    second: second.size,
    firstRoot: hashFrom(first.root)!,
    secondRoot: hashFrom(second.root)!,
    path: hashesOf(path)!,
  });
}

/** Reads the log as far as the head goes, which must be about it. */
async function rootsOf(
  log: LogStore,
  ranges: readonly LeafRange[],
  head: TreeHead,
  { signal, onProgress }: ProveOptions,
): Promise<string[]> {
  const tree = new CompactRange();
  const roots = new RangeRoots(ranges);
  for await (const { leaves } of log.chunks(head.size)) {
    signal?.throwIfAborted();
    for (const { hash } of leaves) {
      const leaf = hashFrom(hash)!;
      tree.append(leaf);
      roots.append(leaf);
    }
    onProgress?.({ done: tree.size, total: head.size });
  }
  if (tree.size !== head.size || hashText(tree.root()) !== head.root)
    throw log.damaged(frontierKey(log.ledger), `has a log that is not what its head over ${head.size} receipts says`);
  return roots.roots().map(hashText);
}

/** The latest head that was signed; undefined when there is none. @throws ReceiptLogDamagedError when it is gone. */
export async function latestHead(place: LogPlace): Promise<TreeHead | undefined> {
  const log = new LogStore(place);
  const [stored] = (await log.read([frontierKey(log.ledger)])).records;
  const heads = frontierFrom(stored, log.description)?.heads ?? 0;
  return heads === 0 ? undefined : headOf(log, heads - 1);
}

/** The ids of receipts in the log that begin so, two at most: one is meant, and two are too many. */
export async function idsThatBegin(beginning: string, options: ProveOptions): Promise<readonly string[]> {
  const found: string[] = [];
  let done = 0;
  for await (const { leaves } of new LogStore(options).chunks(Number.POSITIVE_INFINITY)) {
    options.signal?.throwIfAborted();
    found.push(...leaves.filter(({ id }) => id.startsWith(beginning)).map(({ id }) => id));
    if (found.length > 1) break;
    done += leaves.length;
    options.onProgress?.({ done, total: done });
  }
  return found.slice(0, 2);
}

async function headOf(log: LogStore, number: number): Promise<TreeHead> {
  const key = headKey(log.ledger, number);
  const [stored] = (await log.read([key])).records;
  const head = membersOf(stored?.value) as Partial<TreeHead>;
  if (!Number.isSafeInteger(head.size) || hashFrom(head.root) === undefined)
    throw log.damaged(key, 'is gone, or cannot be read');
  return head as TreeHead;
}

/** The record of a receipt lies in the partition of its call, which the id does not tell. */
async function isWaiting(log: LogStore, id: string): Promise<boolean> {
  const keys = Array.from({ length: log.partitions }, (_, partition) => ({ partition, kind: RECEIPT, id }));
  return (await log.readAll(keys)).some((stored) => stored !== undefined);
}

function membersOf(given: unknown): Readonly<Record<string, unknown>> {
  let parsed = given;
  try {
    if (typeof given === 'string') parsed = JSON.parse(given);
  } catch {
    return {};
  }
  return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
}

function hashesOf(texts: unknown): Uint8Array[] | undefined {
  if (!Array.isArray(texts)) return undefined;
  const hashes = texts.map(hashFrom);
  return hashes.every((hash) => hash !== undefined) ? hashes : undefined;
}

function refused(why: ProofProblem, detail: string): { ok: false; why: ProofProblem; detail: string } {
  return { ok: false, why, detail };
}
