/** The ledger's side of receipts: what it knows of the calls that receipts are of, and which calls owe one. */
import { sha256Hex } from '../encoding/fingerprint.js';
import { StoreFormatError } from '../errors/store.js';
import { keyText, type RecordKey, type StoredRecord } from '../store/contract.js';
import type { LedgerHome } from '../tool/home.js';
import type { Engine } from './engine.js';
import { archiveKey, keyOfId } from './identity.js';
import { PrunedReach } from './pruned-reach.js';
import { type CallSubject, decodeCall, type Seen, subjectOf } from './record.js';

/** What a receipt says of its call. A verifier has checked it. */
export interface CallOfReceipt {
  /** The record id of the call. */
  readonly call: string;
  readonly tool: string;
  readonly requestId: string;
  readonly fence: number;
  readonly at: number;
  /** What the receipt says beyond that makes the answer stricter. */
  readonly kind?: string;
  readonly outcome?: string;
  readonly claimedAt?: number;
}

/**
 * What a ledger says of the call that a receipt names. `missing`: there is no such call, and none was pruned that it
 * could have been. `fence` and `receipt` are those of the latest outcome that agrees with the receipt.
 */
export type ReceiptAccount =
  | { readonly state: 'missing' }
  | { readonly state: 'pruned' }
  | { readonly state: 'known'; readonly fence: number; readonly receipt?: string };

/** An outcome that owes or names a receipt, and what it says: the receipt must say the same. */
export interface OwedReceipt {
  /** The record id of the call. */
  readonly call: string;
  readonly tool: string;
  readonly requestId: string;
  readonly partition: number;
  /** The id of the receipt that it names; absent when it names none. */
  readonly receipt?: string;
  readonly fence: number;
  readonly outcome: 'committed' | 'aborted' | 'unknown';
  /** SHA-256 of the result as it is stored; absent when none is. */
  readonly result?: string;
  /** Its result was erased, and is not there for that reason. */
  readonly erased?: true;
}

/** The ledger's side of a verification of receipts: see {@link ActionLedger.receiptAccounts}. */
export interface ReceiptAccounts {
  /** In the order asked; a few hundred at a time. */
  accountsOf(receipts: readonly CallOfReceipt[]): Promise<readonly ReceiptAccount[]>;
  /** Every outcome that owes or names a receipt, some at a time. */
  owing(): AsyncIterable<readonly OwedReceipt[]>;
}

type Kind = 'tool' | 'task';

/** A call as it stands, or one of its lives that were retired. */
interface Life extends Pick<Seen, 'stored' | 'record'> {
  readonly about: CallSubject;
}

const KINDS: readonly Kind[] = ['tool', 'task'];
const FULL_ID = /^[0-9a-f]{32}$/;
/** How many records a transaction may name, see the contract of stores. */
const MOST_RECORDS = 100;
const PAGE = 100;

/**
 * A worker tells the end of its attempt by its own clock, from when it sent its claim: that is late by what the claim
 * was on its way, and by what its clock and the store's differ, a thousandth at most.
 */
const LATE_MS = 60_000;
const CLOCKS_DIFFER = 0.001;

/** Reads calls for a verification: what is gone is held against the prunings, over all that it is asked. */
export class CallAccounts implements ReceiptAccounts {
  readonly #engine: Engine;
  readonly #home: LedgerHome;
  readonly #pruned: PrunedReach;

  constructor(engine: Engine, home: LedgerHome) {
    this.#engine = engine;
    this.#home = home;
    this.#pruned = new PrunedReach(engine, home);
  }

  async accountsOf(receipts: readonly CallOfReceipt[]): Promise<readonly ReceiptAccount[]> {
    const lives = await this.#livesOf(receipts);
    const accounts = receipts.map((receipt, at) => accountOf(lives[at], receipt));
    let doubted = receipts.map((_, at) => at).filter((at) => !agrees(accounts[at]!, receipts[at]!));
    for (const look of ['as known', 'again'] as const) {
      if (doubted.length === 0) break;
      // The lines are read after the calls were seen to be gone: a pruning takes a call away and writes its line at once.
      if (look === 'again') await this.#pruned.read();
      doubted = doubted.filter((at) => {
        const covered = this.#isCovered(receipts[at]!);
        if (covered) accounts[at] = { state: 'pruned' };
        return !covered;
      });
    }
    return accounts;
  }

  async *owing(): AsyncGenerator<readonly OwedReceipt[]> {
    for (const kind of KINDS) {
      let after: string | undefined;
      do {
        const page = await this.#engine.client.list({
          kind,
          where: { ledger: this.#home.name },
          limit: PAGE,
          ...(after === undefined ? {} : { after }),
        });
        const calls = page.records.flatMap((stored) => this.#lifeFrom(stored) ?? []);
        yield [...calls, ...(await this.#retiredLives(calls))].filter(owes).map(owedBy);
        after = page.next;
      } while (after !== undefined);
    }
  }

  /** The life of the call that each receipt is of; undefined where there is none. */
  async #livesOf(receipts: readonly CallOfReceipt[]): Promise<(Life | undefined)[]> {
    const { partitions } = this.#engine.client.store;
    const keys = receipts.map(({ call, kind }) =>
      FULL_ID.test(call) ? kindsOf(kind).map((one) => keyOfId(one, call, partitions)) : [],
    );
    const found = await this.#read(keys.flat());
    const lives = receipts.map((receipt, at) =>
      keys[at]!.map((key) => found.get(keyText(key))).find((life) => this.#isOf(life, receipt)),
    );
    // Each retirement has kept the life before it, which knows of the one before that.
    for (;;) {
      const earlier = lives.map((life, at) => earlierLife(life, receipts[at]!));
      const asked = earlier.filter((key) => key !== undefined);
      if (asked.length === 0) return lives;
      const kept = await this.#read(asked);
      for (const [at, key] of earlier.entries()) if (key !== undefined) lives[at] = kept.get(keyText(key));
    }
  }

  /** Every life before those of the calls. */
  async #retiredLives(calls: readonly Life[]): Promise<readonly Life[]> {
    const all: Life[] = [];
    let next = calls;
    for (;;) {
      const keys = next.flatMap((life) => keptBefore(life) ?? []);
      if (keys.length === 0) return all;
      next = [...(await this.#read(keys)).values()];
      all.push(...next);
    }
  }

  /** What stands there and can be read, each key once, in as few transactions as may be. */
  async #read(keys: readonly RecordKey[]): Promise<ReadonlyMap<string, Life>> {
    const byPartition = new Map<number, Map<string, RecordKey>>();
    for (const key of keys) {
      const some = byPartition.get(key.partition) ?? new Map<string, RecordKey>();
      some.set(keyText(key), key);
      byPartition.set(key.partition, some);
    }
    const found = new Map<string, Life>();
    await Promise.all(
      [...byPartition.values()].flatMap(batches).map(async (batch) => {
        for (const stored of await this.#engine.read(batch)) {
          const life = stored === undefined ? undefined : this.#lifeFrom(stored);
          if (life !== undefined) found.set(keyText(life.stored.key), life);
        }
      }),
    );
    return found;
  }

  #isCovered({ call, kind, at, claimedAt = at }: CallOfReceipt): boolean {
    if (!FULL_ID.test(call)) return false;
    const { partition } = keyOfId('tool', call, this.#engine.client.store.partitions);
    // Whoever settled the call has read the time in the store before it wrote.
    const late = kind === 'tool' || kind === 'task' ? LATE_MS + (at - claimedAt) * CLOCKS_DIFFER : 0;
    return this.#pruned.covers({ id: call, partition, kinds: kindsOf(kind), claimedAt, writtenFrom: at - late });
  }

  /** Whether it is the call that the receipt is of, and not another one that was put in its place. */
  #isOf(life: Life | undefined, { tool, requestId }: CallOfReceipt): boolean {
    if (life?.about.ledger !== this.#home.name) return false;
    // A receipt has no half surrogate pairs.
    return life.about.tool.toWellFormed() === tool && life.about.requestId.toWellFormed() === requestId;
  }

  /** @throws StoreFormatError for a format this version does not know; what is no record at all is none. */
  #lifeFrom(stored: StoredRecord): Life | undefined {
    try {
      const seen = decodeCall(stored, this.#engine.description);
      return { stored, record: seen.record, about: subjectOf(seen) };
    } catch (error) {
      if (error instanceof StoreFormatError && typeof error.details['found'] === 'number') throw error;
      return undefined;
    }
  }
}

/** What a call can be that has a receipt of this kind: a settlement says nothing of that. */
function kindsOf(kind: string | undefined): readonly Kind[] {
  return kind === 'tool' || kind === 'task' ? [kind] : KINDS;
}

/** Where the life before this one is kept. */
function keptBefore({ stored: { key }, record: { retiredThrough } }: Life): RecordKey | undefined {
  const [id = ''] = key.id.split('.');
  return retiredThrough === undefined ? undefined : archiveKey({ ...key, id }, retiredThrough);
}

function earlierLife(life: Life | undefined, { fence }: CallOfReceipt): RecordKey | undefined {
  if (life === undefined || fence > (life.record.retiredThrough ?? 0)) return undefined;
  return keptBefore(life);
}

/** Whether the latest attempt has come to an outcome: what a lease stands beside goes on, or was lost without a word. */
function hasOutcome({ stored, record: { phase } }: Life): boolean {
  return phase === 'committed' || phase === 'aborted' || (phase === 'unknown' && stored.lease === undefined);
}

function accountOf(life: Life | undefined, receipt: CallOfReceipt): ReceiptAccount {
  if (life === undefined) return { state: 'missing' };
  const { phase, fence, receipt: id } = life.record;
  const latest = hasOutcome(life) ? fence : fence - 1;
  // A commit is the last word of a life: a record that says otherwise is not the one that the receipt is of.
  const taken = receipt.outcome === 'committed' && (phase !== 'committed' || fence !== receipt.fence);
  const known = taken ? Math.min(latest, receipt.fence - 1) : latest;
  return id === undefined ? { state: 'known', fence: known } : { state: 'known', fence: known, receipt: id };
}

function agrees(account: ReceiptAccount, { fence }: CallOfReceipt): boolean {
  return account.state === 'known' && fence <= account.fence;
}

/** What a person settles has a receipt also where none is owed: it is named then. */
function owes(life: Life): boolean {
  const { owesReceipt, receipt } = life.record;
  return (owesReceipt === true || receipt !== undefined) && hasOutcome(life);
}

function owedBy({ stored: { key }, record, about: { tool, requestId } }: Life): OwedReceipt {
  const { phase, fence, receipt, result, erased } = record;
  const [call = ''] = key.id.split('.');
  return {
    call,
    tool,
    requestId,
    partition: key.partition,
    fence,
    outcome: phase === 'committed' || phase === 'aborted' ? phase : 'unknown',
    ...(receipt === undefined ? {} : { receipt }),
    ...(result !== undefined && 'text' in result ? { result: sha256Hex(result.text) } : {}),
    ...(erased === undefined ? {} : { erased: true }),
  };
}

function batches(keys: ReadonlyMap<string, RecordKey>): RecordKey[][] {
  const all = [...keys.values()];
  const count = Math.ceil(all.length / MOST_RECORDS);
  return Array.from({ length: count }, (_, at) => all.slice(at * MOST_RECORDS, (at + 1) * MOST_RECORDS));
}
