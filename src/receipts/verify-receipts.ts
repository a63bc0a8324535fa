import type { StoredRecord } from '../store/contract.js';
import type { LogStore } from './log.js';
import { type Leaf, positionFrom, RECEIPT, sealedKey } from './log-records.js';
import { hashText, leafHash } from './merkle/hashing.js';
import type { Findings } from './verify-findings.js';
import type { CallAccount, CheckedReceipt, VerifyOptions } from './verify-options.js';
import type { LogOrder } from './verify-order.js';

interface Placed {
  readonly receipt: CheckedReceipt;
  readonly position: number | undefined;
}

/** Checks receipts by themselves, against their leaf, and against the calls they are of. */
export class ReceiptChecks {
  readonly #log: LogStore;
  readonly #options: VerifyOptions;
  readonly #findings: Findings;
  checked = 0;
  pruned = 0;

  constructor(log: LogStore, options: VerifyOptions, findings: Findings) {
    this.#log = log;
    this.#options = options;
    this.#findings = findings;
  }

  /** @param first - the position of the first of these leaves. */
  async ofLeaves(first: number, leaves: readonly Leaf[], order: LogOrder): Promise<void> {
    const { partitions, description } = this.#log;
    const there = leaves.filter(({ partition }) => partition < partitions);
    const keys = there.map(({ id, partition }) => ({ partition, kind: RECEIPT, id }));
    const [marks, receipts] = await Promise.all([
      this.#log.readAll(leaves.map(({ id }) => sealedKey(id))),
      this.#log.readAll(keys),
    ]);
    const found = new Map(there.map((leaf, at) => [leaf, receipts[at]]));
    const held: Placed[] = [];
    for (const [at, leaf] of leaves.entries()) {
      const position = first + at;
      order.next(position, leaf.id, positionFrom(marks[at], description));
      const stored = found.get(leaf);
      if (stored === undefined) {
        this.#findings.add({ kind: 'removed', position, id: leaf.id, detail: 'the receipt is gone from the store' });
        continue;
      }
      const receipt = this.#check(stored, leaf, position);
      if (receipt !== undefined) held.push({ receipt, position });
    }
    await this.#compareWithCalls(held);
  }

  /** Receipts that are in no log yet. */
  async ofUnsealed(receipts: readonly StoredRecord[]): Promise<void> {
    const held: Placed[] = [];
    for (const stored of receipts) {
      const receipt = this.#check(stored, undefined, undefined);
      if (receipt !== undefined) held.push({ receipt, position: undefined });
    }
    await this.#compareWithCalls(held);
  }

  #check(stored: StoredRecord, leaf: Leaf | undefined, position: number | undefined): CheckedReceipt | undefined {
    const { id } = stored.key;
    const place = position === undefined ? { id } : { id, position };
    const verdict = this.#options.check(stored.value);
    this.checked += 1;
    if (leaf !== undefined && hashText(leafHash(stored.value)) !== leaf.hash) {
      const besides = verdict.ok ? '' : ` (${verdict.detail})`;
      const detail = `its text is not the one that the log has the hash of${besides}`;
      this.#findings.add({ kind: 'changed', ...place, detail });
      return undefined;
    }
    const problem = verdict.ok ? this.#misplaced(verdict.receipt, id) : verdict;
    if (problem !== undefined) {
      this.#findings.add({ kind: 'invalid', ...place, why: problem.why, detail: problem.detail });
      return undefined;
    }
    return verdict.ok ? verdict.receipt : undefined;
  }

  #misplaced(receipt: CheckedReceipt, id: string): { readonly why: string; readonly detail: string } | undefined {
    if (receipt.id !== id) return { why: 'id', detail: `it is the receipt ${receipt.id}, under another id` };
    if (receipt.ledger === this.#log.ledger) return undefined;
    return { why: 'ledger', detail: `it is a receipt of ledger ${JSON.stringify(receipt.ledger)}` };
  }

  async #compareWithCalls(held: readonly Placed[]): Promise<void> {
    const { calls } = this.#options;
    if (calls === undefined || held.length === 0) return;
    const accounts = await calls.accountsOf(held.map(({ receipt }) => receipt));
    for (const [at, { receipt, position }] of held.entries()) {
      const account = accounts[at] ?? { state: 'missing' };
      if (account.state === 'pruned') this.pruned += 1;
      const detail = unaccounted(receipt, account);
      if (detail === undefined) continue;
      const { id, call } = receipt;
      this.#findings.add({ kind: 'no-call', id, call, detail, ...(position === undefined ? {} : { position }) });
    }
  }
}

function unaccounted({ tool, requestId, fence }: CheckedReceipt, account: CallAccount): string | undefined {
  if (account.state === 'missing') return `the ledger knows no call of ${tool} with the request id ${requestId}`;
  if (account.state === 'pruned' || fence <= account.fence) return undefined;
  return `it is of attempt ${fence} (fence) of ${tool} ${requestId}, of which the ledger knows ${account.fence}`;
}
