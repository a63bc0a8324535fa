/// <reference lib="esnext.disposable" preserve="true" />
import { parseDuration } from '../encoding/duration.js';
import type { Encryption } from '../encoding/encryption.js';
import { UsageError } from '../errors/usage.js';
import type { Store } from '../store/contract.js';
import type { LedgerHome } from '../tool/home.js';
import type { ReceiptIssuer } from '../tool/receipt.js';
import type { CallIdentity, CallOptions } from '../tool/types.js';
import type { BeginOptions, Begun, Replayed } from './begin.js';
import type { CallPage, CallQuery, CallView } from './call-view.js';
import type { Configuration } from './default-home.js';
import { loadEngine, loadedEngine } from './load-engine.js';
import type { Release, Settled } from './operator.js';
import type { Duration } from './options.js';
import type { PruneProgress, PruneReport } from './prune.js';
import type { PruningView } from './pruned-line.js';
import type { ReceiptAccounts } from './receipt-accounts.js';
import type { ToolStats } from './stats.js';
import type { SweepProgress, SweepReport } from './sweep.js';

/** Options of {@link ActionLedger}. */
export interface ActionLedgerOptions extends Configuration {
  /** Needed to read, or release with a result, what was stored encrypted. */
  readonly encryption?: Encryption;
  /**
   * What `prune()` goes by when it is told nothing else. Nothing is pruned by itself. @default none
   */
  readonly retention?: Retention;
}

/** How long finished calls are kept: for tools and tasks alike, or for each; a kind without a time is not pruned. */
export type Retention = Duration | { readonly tool?: Duration; readonly task?: Duration };

/** What to prune. */
export interface PruneOptions {
  /**
   * How long ago a call must have been finished, at least a minute. Longer than any pause after which a run, a task
   * or a conversation is taken up again: what is pruned is forgotten, and the same call would run again.
   * @default the `retention` of the ledger
   */
  readonly olderThan?: Retention;
  /** Judges and counts, and removes nothing. @default false */
  readonly dryRun?: boolean;
  /** For whom; kept with what is said of the pruning. */
  readonly by?: string;
  /** Ends it before the next batch; what was pruned until then is in the report, which is not `complete`. */
  readonly signal?: AbortSignal;
  /** Told after every page. */
  readonly onProgress?: (progress: PruneProgress) => void;
  /**
   * Ledgers in which tasks around these calls are recorded, when that is another store: a call in such a task is
   * kept until its task is found there and is finished. @default none
   */
  readonly outerLedgers?: readonly LedgerHome[];
}

/** What to ask about. */
export interface SweepOptions {
  /** Guarded tools with a `reconcile`. */
  readonly tools: readonly ((...input: never[]) => Promise<unknown>)[];
  /** Ends it before the next call; the report is then not `complete`. */
  readonly signal?: AbortSignal;
  /** Told after every call. */
  readonly onProgress?: (progress: SweepProgress) => void;
}

/** Below it, a worker might still be sending an answer again that was lost. */
const SHORTEST_RETENTION_MS = 60_000;

/**
 * A ledger: where guards record (`ledger({ ledger })`), where people look and settle, and the door for those who
 * own their loop (`begin`).
 *
 * @example
 * ```ts
 * const actions = new ActionLedger({ store: await openStore('memory:') });
 * const pay = ledger({ name: 'pay_once', effect: 'irreversible', idFrom: ['id'], ledger: actions })(async ({ id }: { id: string }) => `paid ${id}`);
 * await pay({ id: 'inv-1' });
 * (await actions.list()).calls.map((call) => `${call.requestId} ${call.phase}`); // → ['inv-1 committed']
 * ```
 */
export class ActionLedger implements LedgerHome, AsyncDisposable {
  readonly store: Store;
  readonly name: string;
  readonly tenant: string | undefined;
  readonly strict: boolean;
  readonly receipts: ReceiptIssuer | undefined;
  readonly #encryption: Encryption | undefined;
  readonly #retention: PruneReport['olderThanMs'];

  /** @throws UsageError without a store, or with a retention that cannot be. */
  constructor(options: ActionLedgerOptions) {
    if (typeof (options.store as Partial<Store> | undefined)?.transact !== 'function') {
      throw new UsageError({
        place: 'new ActionLedger({ store })',
        problem: 'is no store',
        remedy: 'Open one: await openStore("file:./.mycelium").',
      });
    }
    this.store = options.store;
    this.name = options.name ?? 'default';
    this.tenant = options.tenant;
    this.strict = options.strict ?? false;
    this.receipts = options.receipts;
    this.#encryption = options.encryption;
    this.#retention = retentionMs(options.retention, 'new ActionLedger({ retention })');
  }

  /**
   * One call with its arguments and its result, as far as they were kept.
   *
   * @param id - the id, or any unique beginning of at least four characters.
   * @returns undefined when there is none. @throws CallNotFoundError when several begin like that.
   */
  async get(id: string): Promise<CallView | undefined> {
    const { detailed, engineFor, find } = await loadEngine();
    const found = await find(engineFor(this.store), this, id);
    return found === undefined ? undefined : detailed(found, found.evidence?.record, found.now, this.#encryption);
  }

  /** Calls, a page at a time. */
  async list(query: CallQuery = {}): Promise<CallPage> {
    const { engineFor, listCalls } = await loadEngine();
    return listCalls(engineFor(this.store), this, query);
  }

  /**
   * For people: the shortest beginning of each id that no other call of this ledger has, and none of these ids, of
   * at least four characters. Looks at every id of the ledger.
   *
   * @param ids - full ids, of this ledger or of another.
   */
  async shortIds(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { engineFor, shortIds } = await loadEngine();
    return shortIds(engineFor(this.store), this, ids);
  }

  /**
   * Settles a blocked call by what was found out: `completed` with its result, or `not-executed` for one more run.
   *
   * @throws CallNotFoundError, ReleaseRefusedError (finished, settled, or held by a worker), UsageError.
   */
  async release(id: string, how: Release): Promise<CallView> {
    const { detailed, engineFor, release } = await loadEngine();
    const settled = await release(engineFor(this.store), this, id, how, this.#encryption);
    return detailed(settled, settled.evidence?.record, settled.now, this.#encryption);
  }

  /**
   * Re-opens a finished identity: the next call runs anew. The finished record is kept.
   *
   * @throws CallNotFoundError, ReleaseRefusedError (not finished), UsageError.
   */
  async retire(id: string, how: Settled): Promise<CallView> {
    const { detailed, engineFor, retire } = await loadEngine();
    const retired = await retire(engineFor(this.store), this, id, how);
    return detailed(retired, retired.evidence?.record, retired.now, this.#encryption);
  }

  /**
   * Forgets calls that were finished longer ago than that, with everything kept beside them: **the same call would
   * run again**. Never pruned are calls that are unfinished, held, waiting to be settled or blocked; calls of tasks that
   * are not committed, and of runs with a call that is unfinished or recent; keyed calls while the provider may know
   * their key. What was taken away is kept as a line, see {@link prunings}. Any number of workers may go on meanwhile,
   * and it may be stopped anywhere, or run twice at once.
   *
   * @throws UsageError when neither `olderThan` nor the ledger's `retention` says how long, StoreUnavailableError.
   * @example
   * ```ts
   * const actions = new ActionLedger({ store: await openStore('memory:'), retention: '30d' });
   * const pay = ledger({ name: 'pay_kept', effect: 'irreversible', idFrom: ['id'], ledger: actions })(async ({ id }: { id: string }) => `paid ${id}`);
   * await pay({ id: 'inv-1' });
   * const { examined, pruned, kept } = await actions.prune();
   * [examined, pruned, kept]; // → [1, 0, { recent: 1 }]
   * ```
   */
  async prune(options: PruneOptions = {}): Promise<PruneReport> {
    const asked = retentionMs(options.olderThan, 'prune({ olderThan })');
    const olderThanMs = options.olderThan === undefined ? this.#retention : asked;
    if (olderThanMs.tool === undefined && olderThanMs.task === undefined) {
      throw new UsageError({
        place: 'prune({ olderThan })',
        problem: 'says nothing, and the ledger has no retention',
        remedy: 'Say how long ago calls must have been finished: prune({ olderThan: "30d" }).',
      });
    }
    const { engineFor, prune } = await loadEngine();
    return prune(engineFor(this.store), this, {
      olderThanMs,
      dryRun: options.dryRun ?? false,
      by: options.by,
      signal: options.signal,
      onProgress: options.onProgress,
      outerLedgers: options.outerLedgers ?? [],
    });
  }

  /**
   * Asks the reconcilers of tools about every call of theirs that was lost, without waiting for anybody to call again.
   * Each is settled as its next call would settle it: under its own turn, once, and only when the verdict is believed.
   *
   * @param options - `tools`: guarded tools that have a reconciler; it is given the arguments as they were kept.
   * @throws UsageError for a tool without one, StoreUnavailableError.
   * @example
   * ```ts
   * const actions = new ActionLedger({ store: await openStore('memory:') });
   * const wire = ledger({ name: 'wire', effect: 'non_idempotent_mutate', idFrom: ['id'], ledger: actions, reconcile: () => unknown('the bank is closed') })(async ({ id }: { id: string }) => `wired ${id}`);
   * await wire({ id: 't-1' });
   * const { examined, committed } = await actions.sweep({ tools: [wire] });
   * [examined, committed]; // → [0, 0]
   * ```
   */
  async sweep(options: SweepOptions): Promise<SweepReport> {
    const { engineFor, sweep } = await loadEngine();
    return sweep(engineFor(this.store), this, {
      tools: options.tools,
      signal: options.signal,
      onProgress: options.onProgress,
    });
  }

  /**
   * What is recorded of each tool and task, the most called first: how many calls, in which state, how often they ran
   * again and why, and how many ran that should not have. Looks at every call of the ledger.
   *
   * @param options - `signal` ends it with its reason.
   * @example
   * ```ts
   * const actions = new ActionLedger({ store: await openStore('memory:') });
   * const pay = ledger({ name: 'pay_counted', effect: 'irreversible', idFrom: ['id'], ledger: actions })(async ({ id }: { id: string }) => `paid ${id}`);
   * await pay({ id: 'inv-1' });
   * await pay({ id: 'inv-1' });
   * (await actions.stats()).map(({ calls, committed, replays, duplicates }) => [calls, committed, replays, duplicates]); // → [[1, 1, 1, 0]]
   * ```
   */
  async stats(options: { readonly signal?: AbortSignal } = {}): Promise<readonly ToolStats[]> {
    const { engineFor, statsOf } = await loadEngine();
    return statsOf(engineFor(this.store), this, options.signal);
  }

  /**
   * Takes the values out of a finished call: arguments, result, what it threw. The identity stays: the call does not
   * run again, and later callers get ResultNotReplayableError. Receipts stay as they were signed.
   *
   * @throws CallNotFoundError, ReleaseRefusedError (not finished), UsageError.
   */
  async erase(id: string, how: Settled): Promise<CallView> {
    const { detailed, engineFor, erase } = await loadEngine();
    const erased = await erase(engineFor(this.store), this, id, how);
    return detailed(erased, undefined, erased.now, this.#encryption);
  }

  /** Every pruning of this ledger, the latest first: when, for whom, and what was taken away. */
  async prunings(): Promise<readonly PruningView[]> {
    const { engineFor, listPrunings } = await loadEngine();
    return listPrunings(engineFor(this.store), this);
  }

  /**
   * The ledger's side of its receipts, for `verifyReceipts({ calls })`: that every receipt is of a call that the ledger
   * knows or may have pruned, and that every outcome that owes a receipt has it. One for each verification: what is
   * gone is counted against the prunings.
   *
   * @example
   * ```ts
   * const { seed, signer } = generateSigningKey();
   * const store = await openStore('memory:');
   * const actions = new ActionLedger({ store, receipts: auditReceipts({ agent: 'billing-agent', signingKey: seed }) });
   * const pay = ledger({ name: 'pay_verified', effect: 'irreversible', idFrom: ['id'], ledger: actions })(async ({ id }: { id: string }) => `paid ${id}`);
   * await pay({ id: 'inv-1' });
   * const keys = keyring([publicJwk(signer.publicKey)]);
   * const { ok, checked } = await verifyReceipts({ store, ledger: actions.name, keys, check: (text) => checkReceipt(text, keys), calls: actions.receiptAccounts() });
   * [ok, checked]; // → [true, 1]
   * ```
   */
  receiptAccounts(): ReceiptAccounts {
    let loaded: Promise<ReceiptAccounts> | undefined;
    const load = async (): Promise<ReceiptAccounts> => {
      const [{ engineFor }, { CallAccounts }] = await Promise.all([loadEngine(), import('./receipt-accounts.js')]);
      return new CallAccounts(engineFor(this.store), this);
    };
    const accounts = (): Promise<ReceiptAccounts> => {
      loaded ??= load();
      return loaded;
    };
    return {
      accountsOf: async (receipts) => (await accounts()).accountsOf(receipts),
      async *owing() {
        yield* (await accounts()).owing();
      },
    };
  }

  /**
   * Opens a call without a wrapper around it. Settle it with `complete` or `fail`, or hold it with `await using`.
   *
   * @param options - those of `ledger`, with a `name`.
   * @param input - what a tool would be given.
   * @param identity - a `requestId`, `toolCallId` or `occurrence` for this call.
   * @throws what a guarded tool throws before its body.
   */
  async begin<Value = unknown>(
    options: BeginOptions<Value>,
    input: unknown,
    identity: CallIdentity & CallOptions = {},
  ): Promise<Begun<Value> | Replayed<Value>> {
    const { begin, engineFor } = await loadEngine();
    return begin<Value>(engineFor(this.store), this, options, input, identity);
  }

  /**
   * Starts nothing more, and waits for what is under way. All ledgers over the same store object end; the store
   * itself stays open, and is closed by whoever opened it.
   *
   * @param options - `drain`: how long to wait at most. @default '10s'
   */
  async close(options: { readonly drain?: Duration } = {}): Promise<void> {
    const drainMs = parseDuration(options.drain ?? '10s', 'close({ drain })');
    // At once where that is possible: a call that comes in the same turn of the event loop is already too late.
    const { engineFor } = loadedEngine() ?? (await loadEngine());
    await engineFor(this.store).close(drainMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** @throws UsageError for what is no duration, or shorter than a minute. */
function retentionMs(retention: Retention | undefined, place: string): PruneReport['olderThanMs'] {
  if (retention === undefined) return {};
  const { tool, task } = typeof retention === 'object' ? retention : { tool: retention, task: retention };
  const kept = tool === undefined ? undefined : atLeastAMinute(tool, place);
  if (task === undefined) return kept === undefined ? {} : { tool: kept };
  const tasks = atLeastAMinute(task, place);
  // A task outlives the calls inside it: run again, it would find what is left of them and think it its own.
  return kept === undefined ? { task: tasks } : { tool: kept, task: Math.max(kept, tasks) };
}

function atLeastAMinute(duration: Duration, place: string): number {
  const ms = parseDuration(duration, place);
  if (ms >= SHORTEST_RETENTION_MS) return ms;
  throw new UsageError({
    place,
    problem: `${JSON.stringify(duration)} is less than a minute, in which a lost answer may still be sent again`,
    remedy: 'Keep calls longer than any pause after which they are taken up again, e.g. "30d".',
  });
}
