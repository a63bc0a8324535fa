/// <reference lib="esnext.disposable" preserve="true" />
import { parseDuration } from '../encoding/duration.js';
import { UsageError } from '../errors/usage.js';
import type { Store } from '../store/contract.js';
import type { LedgerHome } from '../tool/home.js';
import type { CallIdentity, CallOptions } from '../tool/types.js';
import type { BeginOptions, Begun, Replayed } from './begin.js';
import type { CallPage, CallQuery, CallView } from './call-view.js';
import type { Configuration } from './default-home.js';
import { loadEngine } from './load-engine.js';
import type { Release, Settled } from './operator.js';
import type { Duration } from './options.js';
import type { Encryption } from './stored-form.js';

/** Options of {@link ActionLedger}. */
export interface ActionLedgerOptions extends Configuration {
  /** Needed to read, or release with a result, what was stored encrypted. */
  readonly encryption?: Encryption;
}

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
  readonly #encryption: Encryption | undefined;

  /** @throws UsageError without a store. */
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
    this.#encryption = options.encryption;
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
    const { engineFor } = await loadEngine();
    await engineFor(this.store).close(drainMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
