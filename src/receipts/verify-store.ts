import { setImmediate as turn } from 'node:timers/promises';
import type { StoredRecord } from '../store/contract.js';
import type { LogStore } from './log.js';
import {
  CHUNK,
  chunkKey,
  frontierFrom,
  frontierKey,
  leavesFrom,
  positionFrom,
  RECEIPT,
  SEALED,
  sealedKey,
} from './log-records.js';
import type { Findings } from './verify-findings.js';
import type { OwingCall, VerifyOptions, VerifyProgress } from './verify-options.js';
import type { ReceiptChecks } from './verify-receipts.js';

/** What is in the store beside the log: positions given, receipts, and calls. */
export class StoreBesideLog {
  readonly #log: LogStore;
  readonly #options: VerifyOptions;
  readonly #findings: Findings;
  readonly #tell: (progress: Omit<VerifyProgress, 'findings'>) => void;
  unsealed = 0;

  constructor(
    log: LogStore,
    options: VerifyOptions,
    findings: Findings,
    tell: (progress: Omit<VerifyProgress, 'findings'>) => void,
  ) {
    this.#log = log;
    this.#options = options;
    this.#findings = findings;
    this.#tell = tell;
  }

  get #stopped(): boolean {
    return this.#options.signal?.aborted === true;
  }

  /**
   * Every position below `size` must have been given to one receipt, the one that the log has there.
   *
   * @param begun - how many receipts the log counted when this verification began.
   */
  async marks(size: number, begun: number): Promise<void> {
    // As long as the log is in order, each of its receipts has its position: then it is enough to count them.
    if (this.#findings.total === 0) {
      let given = 0;
      let later = false;
      for await (const page of this.#log.pages(SEALED)) {
        for (const stored of page) {
          if ((positionFrom(stored, this.#log.description) ?? -1) < size) given += 1;
          else later = true;
        }
        this.#tell({ stage: 'marks', done: given, total: size });
        if (this.#stopped) return;
      }
      if (given === size && !(later && (await this.#size()) <= size)) return;
    }
    const known = await this.#idsOfLog(size);
    for await (const page of this.#log.pages(SEALED)) {
      const lost = page.filter(({ key }) => !known.has(key.id));
      if (lost.length > 0) await this.#name(lost, Math.max(size, begun));
      if (this.#stopped) return;
    }
  }

  /** @param whole - otherwise only those that say themselves that they are not sealed. */
  async receipts(whole: boolean, checks: ReceiptChecks): Promise<void> {
    let done = 0;
    for await (const page of this.#log.pages(RECEIPT, whole ? {} : { unsealed: 'yes' })) {
      const positions = await this.#log.readAll(page.map(({ key }) => sealedKey(key.id)));
      const outside = page.filter((_, at) => positions[at] === undefined);
      const waiting = outside.filter(({ index }) => index?.['unsealed'] === 'yes');
      this.unsealed += waiting.length;
      await checks.ofUnsealed(waiting);
      for (const { key, index } of outside) {
        if (index?.['unsealed'] === 'yes') continue;
        const detail = 'it is in the store, neither in the log nor waiting for it';
        this.#findings.add({ kind: 'not-logged', id: key.id, detail });
      }
      done += page.length;
      this.#tell({ stage: 'receipts', done });
      if (this.#stopped) return;
    }
  }

  /** Every call that owes a receipt must name one that is there. */
  async calls(): Promise<void> {
    const { calls } = this.#options;
    if (calls === undefined) return;
    let done = 0;
    for await (const page of calls.owing()) {
      await turn();
      const paid = page.filter((call): call is OwingCall & { receipt: string } => call.receipt !== undefined);
      const keys = paid.map(({ partition, receipt }) => ({ partition, kind: RECEIPT, id: receipt }));
      const stored = await this.#log.readAll(keys);
      const receipts = new Map<OwingCall, StoredRecord | undefined>(paid.map((call, at) => [call, stored[at]]));
      for (const owing of page) {
        const { call, tool, requestId, receipt: id } = owing;
        const missing = id === undefined ? 'has no receipt' : unpaid(owing, receipts.get(owing));
        if (missing === undefined) continue;
        const detail = `the call ${tool} ${requestId} ${missing}`;
        this.#findings.add({ kind: 'no-receipt', call, detail, ...(id === undefined ? {} : { id }) });
      }
      done += page.length;
      this.#tell({ stage: 'calls', done });
      if (this.#stopped) return;
    }
  }

  /** Leaves that stand in the last chunk beyond what the log counts: the next sealing would stop at them. */
  async excess(): Promise<void> {
    const { ledger, description } = this.#log;
    const size = await this.#size();
    const number = Math.floor(size / CHUNK);
    const frontier = frontierKey(ledger);
    const { records } = await this.#log.read([frontier, chunkKey(ledger, number)]);
    // A sealer has moved it meanwhile, and moves both at once.
    if (frontierFrom(records[0], description)?.tree.size !== size) return;
    const leaves = leavesFrom(records[1], description) ?? [];
    for (const [at, { id }] of leaves.entries()) {
      if (at < size % CHUNK) continue;
      const detail = `the log counts ${size} receipts, and it stands behind them`;
      this.#findings.add({ kind: 'inserted', position: number * CHUNK + at, id, detail });
    }
  }

  async #size(): Promise<number> {
    const [stored] = (await this.#log.read([frontierKey(this.#log.ledger)])).records;
    return frontierFrom(stored, this.#log.description)?.tree.size ?? 0;
  }

  async #idsOfLog(size: number): Promise<IdSet> {
    const ids = new IdSet(size);
    for await (const { leaves } of this.#log.chunks(size)) {
      for (const { id } of leaves) ids.add(id);
    }
    return ids;
  }

  /** @param lost - positions given to receipts that the log does not have. */
  async #name(lost: readonly StoredRecord[], begun: number): Promise<void> {
    const { description } = this.#log;
    const now = await this.#size();
    for (const stored of lost) {
      const { id } = stored.key;
      const position = positionFrom(stored, description);
      if (position === undefined) {
        this.#findings.add({ kind: 'changed', id, detail: 'the record of its position cannot be read' });
        continue;
      }
      // It was sealed after this verification began.
      if (position >= begun && position < now) continue;
      const holder = await this.#holderOf(position);
      if (holder === undefined) {
        const detail = `it was sealed at position ${position}, and is not in the log`;
        this.#findings.add({ kind: 'removed', position, id, detail });
      } else {
        const detail = `it claims position ${position}, which is that of receipt ${holder}`;
        this.#findings.add({ kind: 'not-logged', position, id, detail });
      }
    }
  }

  /** The receipt that stands at a position and was given it. */
  async #holderOf(position: number): Promise<string | undefined> {
    const { ledger, description } = this.#log;
    const [chunk] = (await this.#log.read([chunkKey(ledger, Math.floor(position / CHUNK))])).records;
    const leaf = leavesFrom(chunk, description)?.[position % CHUNK];
    if (leaf === undefined) return undefined;
    const [mark] = (await this.#log.read([sealedKey(leaf.id)])).records;
    return positionFrom(mark, description) === position ? leaf.id : undefined;
  }
}

function unpaid(owing: OwingCall, stored: StoredRecord | undefined): string | undefined {
  if (stored === undefined) return 'names a receipt that is gone';
  let receipt: Partial<Record<'call' | 'fence' | 'outcome' | 'result', unknown>>;
  try {
    receipt = JSON.parse(stored.value) as typeof receipt;
  } catch {
    // What it is is found where receipts are checked.
    return undefined;
  }
  const { call, fence, outcome, result, erased } = owing;
  if (receipt.call !== call) return 'names a receipt of another call';
  if (outcome === undefined) return undefined;
  if (receipt.outcome !== outcome || receipt.fence !== fence)
    return `is ${outcome} by attempt ${fence} (fence), and its receipt says ${receipt.outcome} by attempt ${receipt.fence}`;
  if (receipt.result === result || (result === undefined && erased === true)) return undefined;
  return 'has another result than the one its receipt has the hash of';
}

/** Which ids the log has, in eight bytes each: only built when something is amiss. */
class IdSet {
  readonly #ids: Float64Array;
  #count = 0;
  #sorted = false;

  constructor(size: number) {
    this.#ids = new Float64Array(size);
  }

  add(id: string): void {
    this.#ids[this.#count++] = shortOf(id);
  }

  has(id: string): boolean {
    const ids = this.#ids.subarray(0, this.#count);
    if (!this.#sorted) ids.sort();
    this.#sorted = true;
    const short = shortOf(id);
    let [from, to] = [0, ids.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (ids[middle]! < short) from = middle + 1;
      else to = middle;
    }
    return ids[from] === short;
  }
}

/** 52 bits of a hash, which no two of a log share but by design; an id that is no hash counts as any other such. */
function shortOf(id: string): number {
  return /^[0-9a-f]{64}$/.test(id) ? Number.parseInt(id.slice(0, 13), 16) : -1;
}
