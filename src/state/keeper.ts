import { randomUUID } from 'node:crypto';
import { StateNotFoundError } from '../errors/state.js';
import { UsageError } from '../errors/usage.js';
import { StoreClient } from '../store/client.js';
import type { Store } from '../store/contract.js';
import { machineClock } from '../store/process-clock.js';
import type { Run } from '../tool/scope.js';
import { LiveRun } from './live-run.js';
import { RunRecord } from './run-record.js';
import { watchSignals } from './signals.js';
import { decodeMembers, decodeState, decodeSummary, STATE_KIND, type StateOwner, stateKey } from './snapshot.js';
import type { RecordedRun, RunPage, RunQuery, StateFlushSettings, StateSnapshot, StateView } from './types.js';

const STORE_DEADLINE_MS = 5_000;
const DEFAULT_LIMIT = 100;

/** Keeps the states of runs in a store. */
export class StateKeeper<S extends object> {
  readonly #client: StoreClient;
  readonly #name: string;
  readonly #settings: StateFlushSettings;
  readonly #live = new Set<LiveRun<S>>();

  constructor(store: Store, name: string, settings: StateFlushSettings) {
    this.#client = new StoreClient(store, machineClock, STORE_DEADLINE_MS);
    this.#name = name;
    this.#settings = settings;
  }

  /** Records the state of a run while `fn` is at work. */
  async around<T>(
    run: Run,
    signal: AbortSignal | undefined,
    fn: (run: RecordedRun<S>) => T | PromiseLike<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const live = await this.#start(run);
    const cancel = (): void => void live.cancel();
    const unwatch = watchSignals(this.#settings.signals ?? [], (name) => live.cutOff(name));
    this.#live.add(live);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      let result: T;
      try {
        signal?.throwIfAborted();
        result = await fn(live);
      } catch (error) {
        throw await live.threw(error, signal?.aborted === true);
      }
      await live.returned(result);
      return result;
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#live.delete(live);
      unwatch();
    }
  }

  async load(runId: string, tenant: string | undefined): Promise<StateSnapshot<S> | undefined> {
    const { store } = this.#client;
    const key = stateKey(this.#owner(runId, tenant), store.partitions);
    const { records } = await this.#client.transact({ expect: [], write: [], read: [key] }, randomUUID());
    const [stored] = records;
    if (stored === undefined) return undefined;
    const { summary, members } = await decodeState(stored, store.description, this.#settings.encryption);
    return { ...summary, state: decodeMembers(members) as StateView<S> };
  }

  async resume(runId: string, tenant: string | undefined): Promise<StateSnapshot<S>> {
    const found = await this.load(runId, tenant);
    if (found !== undefined) return found;
    const store = this.#client.store.description;
    throw new StateNotFoundError({ runId, tenant, name: this.#name, store });
  }

  async list({ status, after, limit = DEFAULT_LIMIT }: RunQuery): Promise<RunPage> {
    const { records, next } = await this.#client.list({
      kind: STATE_KIND,
      where: { name: this.#name, ...(status === undefined ? {} : { status }) },
      ...(after === undefined ? {} : { after }),
      limit,
    });
    const runs = records.map((stored) => decodeSummary(stored, this.#client.store.description));
    return next === undefined ? { runs } : { runs, next };
  }

  /** Writes the state of every run that is under way: its store is about to be closed. */
  async cutOff(reason: string): Promise<void> {
    await Promise.all([...this.#live].map((live) => live.cutOff(reason)));
  }

  async #start(run: Run): Promise<LiveRun<S>> {
    const owner = this.#owner(run.id, run.tenant, run.threadId);
    const record = new RunRecord(this.#client, owner, this.#settings.encryption);
    // Written at once, so that a run that is killed before its first record is seen to be under way.
    if (this.#settings.durable === true) await record.write(false);
    else await record.read();
    return new LiveRun<S>(run, record, this.#settings, this.#client.store.description);
  }

  /** @throws UsageError */
  #owner(runId: string, tenant: string | undefined, threadId?: string): StateOwner {
    if (typeof runId !== 'string' || runId.trim() === '') {
      throw new UsageError({
        place: 'resume(runId)',
        problem: 'is not a text with something in it',
        remedy: 'Pass the runId that the run was given.',
      });
    }
    return {
      name: this.#name,
      runId,
      ...(tenant === undefined ? {} : { tenant }),
      ...(threadId === undefined ? {} : { threadId }),
    };
  }
}
