import type { StoredRecord } from '../store/contract.js';
import { checkHead, type TreeHead } from './head.js';
import type { Keyring } from './keyring.js';
import { type LogStore, MOST_RECORDS } from './log.js';
import { frontierFrom, frontierKey, HEAD, headKey } from './log-records.js';
import type { CompactRange } from './merkle/compact-range.js';
import { hashText, sameHash } from './merkle/hashing.js';
import type { Findings } from './verify-findings.js';

interface Believed {
  readonly head: TreeHead;
  readonly root: Uint8Array;
  /** For people: which one. */
  readonly name: string;
}

/** The signed tree heads, compared with the log while it is read: those in the store by and by, a few at a time. */
export class HeadsOnTheWay {
  readonly #log: LogStore;
  readonly #keys: Keyring;
  readonly #findings: Findings;
  /** How many there should be; undefined: as many as there are. */
  readonly #count: number | undefined;
  readonly #fromElsewhere: Believed[] = [];
  readonly #ahead: { readonly number: number; readonly stored: StoredRecord | undefined }[] = [];
  #asked = 0;
  #next: Believed | undefined;
  #passed = -1;
  #differs = false;
  /** Heads that the log agrees with. */
  agreed = 0;
  /** The latest of those in the store that holds. */
  latest: TreeHead | undefined;
  /** Up to where the log is what was signed. */
  agreedThrough = 0;

  constructor(log: LogStore, keys: Keyring, count: number | undefined, findings: Findings) {
    this.#log = log;
    this.#keys = keys;
    this.#count = count;
    this.#findings = findings;
  }

  async start(fromElsewhere: readonly unknown[]): Promise<void> {
    for (const [index, given] of fromElsewhere.entries()) {
      const believed = this.#believe(
        given,
        fromElsewhere.length === 1 ? 'the head given' : `head ${index} of those given`,
      );
      if (believed !== undefined) this.#fromElsewhere.push(believed);
    }
    this.#fromElsewhere.sort((one, other) => other.head.size - one.head.size);
    await this.#advance();
  }

  /** @returns a promise only when heads have to be read. */
  at(tree: CompactRange): Promise<void> | undefined {
    const { size } = tree;
    while (this.#fromElsewhere.at(-1)?.head.size === size) this.#compare(this.#fromElsewhere.pop()!, tree.root(), true);
    if (this.#next?.head.size !== size) return undefined;
    this.#compare(this.#next, tree.root(), false);
    return this.#advance();
  }

  /** After the log: the largest of the heads it does not reach. */
  async beyond(): Promise<Believed | undefined> {
    let largest = this.#fromElsewhere[0];
    for (; this.#next !== undefined; await this.#advance())
      if (largest === undefined || this.#next.head.size > largest.head.size) largest = this.#next;
    for await (const page of this.#log.pages(HEAD)) {
      const count = this.#count;
      const uncounted = count === undefined ? [] : page.filter((stored) => numberOf(stored) >= count);
      const now = uncounted.length === 0 ? 0 : await this.#countNow();
      for (const stored of uncounted) {
        // It was signed after this verification began.
        if (numberOf(stored) < now) continue;
        const verdict = checkHead(stored.value, this.#keys, this.#log.ledger);
        if (verdict.ok && verdict.head.size > (largest?.head.size ?? 0))
          largest = { head: verdict.head, root: verdict.root, name: `head ${numberOf(stored)}` };
      }
    }
    return largest;
  }

  #compare({ head, root, name }: Believed, found: Uint8Array, always: boolean): void {
    if (sameHash(root, found)) {
      this.agreed += 1;
      if (head.size > this.agreedThrough) this.agreedThrough = head.size;
      if (!always) this.latest = head;
      return;
    }
    // Where one differs, all later ones do.
    if (this.#differs && !always) return;
    if (!always) this.#differs = true;
    const signed = `${name} signed the root ${head.root} over ${head.size} receipts`;
    this.#findings.add({
      kind: 'head-mismatch',
      position: Math.min(this.agreedThrough, Math.max(head.size - 1, 0)),
      through: Math.max(head.size - 1, 0),
      detail: `${signed}, and the log has ${hashText(found)}: something in this range is not what was signed`,
    });
  }

  /** To the next head of the store that can be believed. */
  async #advance(): Promise<void> {
    this.#next = undefined;
    for (;;) {
      if (this.#ahead.length === 0 && !(await this.#readAhead())) return;
      const { number, stored } = this.#ahead.shift()!;
      const name = `head ${number}`;
      if (stored === undefined) {
        if (this.#count === undefined) return;
        this.#findings.add({ kind: 'head-invalid', why: 'missing', detail: `${name} is gone` });
        continue;
      }
      const believed = this.#believe(stored.value, name);
      if (believed === undefined) continue;
      const { size } = believed.head;
      if (size <= this.#passed) {
        const detail = `${name} covers ${size} receipts, and an earlier one ${this.#passed}`;
        this.#findings.add({ kind: 'head-invalid', why: 'order', detail });
        continue;
      }
      this.#passed = size;
      this.#next = believed;
      return;
    }
  }

  async #readAhead(): Promise<boolean> {
    const last = Math.min(this.#asked + MOST_RECORDS, this.#count ?? Number.POSITIVE_INFINITY);
    const numbers = Array.from({ length: last - this.#asked }, (_, at) => this.#asked + at);
    if (numbers.length === 0) return false;
    const { records } = await this.#log.read(numbers.map((number) => headKey(this.#log.ledger, number)));
    for (const [at, number] of numbers.entries()) this.#ahead.push({ number, stored: records[at] });
    this.#asked = last;
    return true;
  }

  async #countNow(): Promise<number> {
    const [stored] = (await this.#log.read([frontierKey(this.#log.ledger)])).records;
    return frontierFrom(stored, this.#log.description)?.heads ?? 0;
  }

  #believe(given: unknown, name: string): Believed | undefined {
    const verdict = checkHead(given, this.#keys, this.#log.ledger);
    if (verdict.ok) return { head: verdict.head, root: verdict.root, name };
    this.#findings.add({ kind: 'head-invalid', why: verdict.why, detail: `${name}: ${verdict.detail}` });
    return undefined;
  }
}

function numberOf({ key }: StoredRecord): number {
  return Number(key.id.slice(key.id.lastIndexOf(' ') + 1));
}

/** How many receipts the last head covers that was signed by a time; 0 without one. */
export async function sizeAt(log: LogStore, heads: number, at: number): Promise<number> {
  let size = 0;
  let [from, to] = [0, heads];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const [stored] = (await log.read([headKey(log.ledger, middle)])).records;
    const head = parsed(stored);
    // What cannot be read puts nothing behind it.
    if (head === undefined || head.at > at) {
      to = middle;
    } else {
      size = head.size;
      from = middle + 1;
    }
  }
  return size;
}

function parsed(stored: StoredRecord | undefined): Pick<TreeHead, 'at' | 'size'> | undefined {
  try {
    const { at, size } = JSON.parse(stored?.value ?? '{}') as TreeHead;
    return Number.isSafeInteger(at) && Number.isSafeInteger(size) ? { at, size } : undefined;
  } catch {
    return undefined;
  }
}
