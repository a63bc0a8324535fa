import { UsageError } from '../errors/usage.js';
import type { Store } from '../store/contract.js';
import { enterRun } from '../tool/scope.js';
import type { StateKeeper } from './keeper.js';
import type { RecordedRun, RecordedRunOptions, RunPage, RunQuery, StateFlushSettings, StateSnapshot } from './types.js';

/** Options of {@link stateFlush}. */
export interface StateFlushOptions extends StateFlushSettings {
  /** Where states are kept; any store, also that of a ledger. */
  readonly store: Store;
  /** Keeps several flushes in one store apart. @default 'default' */
  readonly name?: string;
}

/** Runs whose state survives. */
export interface StateFlush<S extends object = Record<string, unknown>> {
  /**
   * A `run` whose state is recorded. A run id that is known goes on with the state it had.
   *
   * @param options - those of `run`, and `signal`: at its abort the state is written at once.
   * @returns what `fn` returns. What `fn` throws is thrown as it is; when its state could not be written either, a
   *   StateNotSavedError is at it as `suppressed`.
   * @throws StateNotSavedError with the state and the result, when only that could not be written.
   *   StoreUnavailableError, StoreFormatError, UsageError before `fn` is called.
   */
  run<T>(options: RecordedRunOptions, fn: (run: RecordedRun<S>) => T | PromiseLike<T>): Promise<T>;

  /** The state of a run as it was last written; undefined when nothing was. @throws StoreFormatError for a newer one. */
  load(runId: string, options?: { readonly tenant?: string }): Promise<StateSnapshot<S> | undefined>;

  /** The same, for a run that must be there. @throws StateNotFoundError */
  resume(runId: string, options?: { readonly tenant?: string }): Promise<StateSnapshot<S>>;

  /** Runs without their states, a page at a time: `{ status: 'aborted' }` are those to resume. */
  list(query?: RunQuery): Promise<RunPage>;
}

/**
 * Keeps what runs record in a store, so that a run that was cancelled, cut off or killed can be resumed.
 *
 * @param options - `store`; `flushOn`, `flushOnComplete`, `durable` and `signals` say when it is written.
 * @throws UsageError for options that are none.
 * @example
 * ```ts
 * const states = stateFlush<{ step: string }>({ store: await openStore('memory:'), durable: true });
 * await states.run({ runId: 'run-1' }, async (run) => {
 *   await run.record({ step: 'invoiced' });
 *   throw new Error('the model is gone');
 * }); // → Error: the model is gone
 * await states.resume('run-1'); // → { status: 'error', state: { step: 'invoiced' }, … }
 * ```
 */
export function stateFlush<S extends object = Record<string, unknown>>(options: StateFlushOptions): StateFlush<S> {
  checkOptions(options);
  const { store, name = 'default', ...settings } = options;
  let loading: Promise<StateKeeper<S>> | undefined;
  const keeper = (): Promise<StateKeeper<S>> => {
    loading ??= import('./keeper.js').then(({ StateKeeper }) => new StateKeeper<S>(store, name, settings));
    return loading;
  };
  return {
    run: (given, fn) => enterRecorded(given, fn, undefined, keeper),
    load: async (runId, { tenant } = {}) => (await keeper()).load(runId, tenant),
    resume: async (runId, { tenant } = {}) => (await keeper()).resume(runId, tenant),
    list: async (query = {}) => (await keeper()).list(query),
  };
}

/** A run around `fn`, whose state goes where `keeper` says. @throws UsageError */
export async function enterRecorded<S extends object, T>(
  options: RecordedRunOptions,
  fn: (run: RecordedRun<S>) => T | PromiseLike<T>,
  home: Parameters<typeof enterRun>[1],
  keeper: () => Promise<StateKeeper<S>>,
): Promise<T> {
  const { ids, signal } = splitOptions(options, fn);
  return enterRun(ids, home, async (run) => (await keeper()).around(run, signal, fn));
}

/** What is for `run`, and the signal. @throws UsageError */
export function splitOptions(
  options: RecordedRunOptions,
  fn: unknown,
): { readonly ids: Omit<RecordedRunOptions, 'signal'>; readonly signal: AbortSignal | undefined } {
  if (typeof options !== 'object' || options === null || typeof fn !== 'function') {
    throw new UsageError({
      place: 'run(options, fn)',
      problem: 'wants the ids of the run, and a function to run',
      remedy: 'Call it so: run({ threadId, runId, signal }, async (run) => …).',
    });
  }
  const { signal, ...ids } = options;
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw new UsageError({
      place: 'run({ signal })',
      problem: 'is no AbortSignal',
      remedy: 'Pass the signal of an AbortController, or leave it out.',
    });
  }
  return { ids, signal };
}

const OPTIONS = ['store', 'name', 'flushOn', 'flushOnComplete', 'durable', 'signals', 'encryption'];

/** The options that are lists, with what they may name. */
const LISTS: readonly (readonly [option: 'flushOn' | 'signals', words: readonly string[]])[] = [
  ['flushOn', ['cancel', 'disconnect', 'error']],
  ['signals', ['SIGINT', 'SIGTERM']],
];

function checkOptions(options: StateFlushOptions): void {
  const refuse = (option: string, problem: string, remedy: string): never => {
    throw new UsageError({ place: `stateFlush({ ${option} })`, problem, remedy });
  };
  if (typeof (options?.store as Partial<Store> | undefined)?.transact !== 'function')
    refuse('store', 'is no store', 'Open one: await openStore("file:./.mycelium").');
  for (const option of Object.keys(options))
    if (!OPTIONS.includes(option)) refuse(option, 'is no option', `Options are ${OPTIONS.join(', ')}.`);
  for (const [option, words] of LISTS) {
    const list: unknown = options[option] ?? [];
    if (!Array.isArray(list) || list.some((one) => !words.includes(one)))
      refuse(option, 'names something that there is not', `Write a list of ${words.join(', ')}, or leave it out.`);
  }
  const { name = 'default', encryption, durable, flushOnComplete } = options;
  if (typeof name !== 'string' || name.trim() === '')
    refuse('name', 'is not a text with something in it', 'Leave name out, or give it a value.');
  for (const [option, value] of Object.entries({ durable, flushOnComplete }))
    if (value !== undefined && typeof value !== 'boolean')
      refuse(option, 'is neither true nor false', `Write true or false, or leave ${option} out.`);
  if (encryption !== undefined && typeof encryption?.encrypt !== 'function')
    refuse('encryption', 'cannot encrypt', 'Pass an object with encrypt and decrypt, or leave it out.');
  if (durable === true && flushOnComplete === false)
    refuse(
      'flushOnComplete',
      'has no effect: durable: true writes every record, and then the end',
      'Remove one of the two.',
    );
}
