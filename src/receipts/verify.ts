import { LogStore } from './log.js';
import { type Frontier, frontierFrom, frontierKey } from './log-records.js';
import { CompactRange } from './merkle/compact-range.js';
import { hashFrom, hashText, sameHash } from './merkle/hashing.js';
import { Findings } from './verify-findings.js';
import { HeadsOnTheWay, sizeAt } from './verify-heads.js';
import type { VerifyOptions, VerifyProgress, VerifyReport } from './verify-options.js';
import { LogOrder } from './verify-order.js';
import { ReceiptChecks } from './verify-receipts.js';
import { StoreBesideLog } from './verify-store.js';

/**
 * Reads the log from its beginning and compares: every receipt with its leaf and by itself, the order with the
 * positions given, the root at the size of every signed head with that head, the receipts in the store with the log,
 * and receipts and calls with each other. It changes nothing, and holds a part of the log at a time.
 *
 * @throws StoreUnavailableError, StoreFormatError. Whatever is wrong with the receipts is a finding and not an error.
 */
export async function verifyReceipts(options: VerifyOptions): Promise<VerifyReport> {
  return new Verification(options).go();
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #log: LogStore;
  readonly #findings: Findings;
  readonly #checks: ReceiptChecks;
  readonly #store: StoreBesideLog;
  readonly #tree = new CompactRange();

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#log = new LogStore(options);
    this.#findings = new Findings(options.mostFindings, options.onFinding);
    this.#checks = new ReceiptChecks(this.#log, options, this.#findings);
    this.#store = new StoreBesideLog(this.#log, options, this.#findings, (progress) => this.#tell(progress));
  }

  async go(): Promise<VerifyReport> {
    const { ledger, description } = this.#log;
    const { since: asked, heads: given = [], keys } = this.#options;
    const [stored] = (await this.#log.read([frontierKey(ledger)])).records;
    const frontier = stored === undefined ? undefined : frontierFrom(stored, description);
    if (stored !== undefined && frontier === undefined)
      this.#findings.add({
        kind: 'changed',
        detail: 'the record of how far the log is (receipt-frontier) cannot be read',
      });
    const since = await this.#start(asked, frontier?.heads ?? 0);
    const heads = new HeadsOnTheWay(this.#log, keys, frontier?.heads, this.#findings);
    await heads.start(given);
    await this.#readLog(frontier?.tree.size, since, heads);
    if (!this.#stopped) await this.#endOfLog(stored === undefined ? 'missing' : frontier, since, heads);
    const { size } = this.#tree;
    const complete = !this.#stopped;
    if (complete) await this.#besideLog(asked === undefined, frontier?.tree.size);
    return this.#report({ since, size, heads, rootKnown: complete });
  }

  get #stopped(): boolean {
    return this.#options.signal?.aborted === true;
  }

  #tell(progress: Omit<VerifyProgress, 'findings'>): void {
    this.#options.onProgress?.({ ...progress, findings: this.#findings.total });
  }

  async #start(since: VerifyOptions['since'], heads: number): Promise<number> {
    if (since === undefined) return 0;
    return 'size' in since ? since.size : sizeAt(this.#log, heads, since.at);
  }

  async #readLog(size: number | undefined, since: number, heads: HeadsOnTheWay): Promise<void> {
    const order = new LogOrder(this.#findings.add);
    const tree = this.#tree;
    await heads.at(tree);
    // Without a count it is read to where it ends.
    for await (const { first, leaves } of this.#log.chunks(size ?? Number.POSITIVE_INFINITY)) {
      for (const { hash } of leaves) {
        tree.append(hashFrom(hash)!);
        const reading = heads.at(tree);
        if (reading !== undefined) await reading;
      }
      const skipped = Math.max(0, since - first);
      if (skipped < leaves.length) await this.#checks.ofLeaves(first + skipped, leaves.slice(skipped), order);
      this.#tell({ stage: 'log', done: tree.size, ...(size === undefined ? {} : { total: size }) });
      if (this.#stopped) return;
    }
    order.end();
  }

  async #endOfLog(frontier: Frontier | 'missing' | undefined, since: number, heads: HeadsOnTheWay): Promise<void> {
    const { size } = this.#tree;
    const counted = frontier === 'missing' || frontier === undefined ? 0 : frontier.tree.size;
    const beyond = await heads.beyond();
    const end = Math.max(counted, since, beyond?.head.size ?? 0);
    if (size < end) {
      const signed = beyond?.head.size === end ? `, and ${beyond.name} was signed over ${end}` : ` instead of ${end}`;
      const detail = `the log ends after ${size} receipts${signed}`;
      this.#findings.add({ kind: 'truncated', position: size, through: end - 1, detail });
    }
    if (frontier === 'missing' && end + size > 0)
      this.#findings.add({ kind: 'removed', detail: 'the record of how far the log is (receipt-frontier) is gone' });
    if (frontier === 'missing' || frontier === undefined || counted !== size) return;
    if (sameHash(frontier.tree.root(), this.#tree.root())) return;
    const detail = 'the record of how far the log is (receipt-frontier) has another root than the log';
    this.#findings.add({ kind: 'changed', detail });
  }

  async #besideLog(whole: boolean, counted: number | undefined): Promise<void> {
    if (counted !== undefined) await this.#store.excess();
    if (whole) await this.#store.marks(this.#tree.size, counted ?? 0);
    if (!this.#stopped) await this.#store.receipts(whole, this.#checks);
    if (whole && !this.#stopped) await this.#store.calls();
  }

  #report(facts: { since: number; size: number; heads: HeadsOnTheWay; rootKnown: boolean }): VerifyReport {
    const { since, size, heads, rootKnown } = facts;
    const complete = !this.#stopped;
    return {
      ok: complete && this.#findings.total === 0,
      complete,
      ledger: this.#log.ledger,
      size,
      ...(rootKnown ? { root: hashText(this.#tree.root()) } : {}),
      checked: this.#checks.checked,
      unsealed: this.#store.unsealed,
      unsigned: size - Math.min(size, heads.latest?.size ?? 0),
      pruned: this.#checks.pruned,
      heads: heads.agreed,
      ...(heads.latest === undefined ? {} : { head: heads.latest }),
      since,
      findings: this.#findings.first,
      counts: Object.fromEntries(this.#findings.counts),
    };
  }
}
