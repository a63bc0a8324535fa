/// <reference lib="esnext.disposable" preserve="true" />
import type { ToolRegistry } from '../../boundary/registry.js';
import type { ActionLedger } from '../../ledger/action-ledger.js';
import type { Duration } from '../../ledger/options.js';
import type { CallableTools, ToolRunner, ToolRunnerOptions } from '../../runner/tool-runner.js';
import type { RecordedRun, RecordedRunOptions, RunPage, RunQuery, StateSnapshot } from '../../state/types.js';
import type { Guard, Same } from '../../tool/types.js';
import type { InstrumentOptions } from './instrument.js';
import type { Report } from './report.js';
import type { InstrumentCode, Instrumented, ToolCode } from './tool-code.js';

/** What `guard` gives: for tools that have what selectors and reconciler read, and give what the reconciler knows. */
export type ConfiguredGuard<Positions extends readonly unknown[], Output, Input> = Guard<
  never,
  Positions[0] & Input,
  [Output] extends [never] ? unknown : Output,
  Same,
  Same,
  Positions
>;

/** Which conversation of a run is meant. */
export interface ConversationOptions {
  /**
   * Its name, in a run that has several: of a sub-agent, or of who finds a title. Each is watched by itself. @default the
   * one without a name
   */
  readonly conversation?: string;
}

/** A loaded configuration: it guards tools, runs agents under it, and ends what it opened. */
export interface Mycelium extends AsyncDisposable {
  /** The file, absolute; undefined when there was none, and the defaults hold. */
  readonly file: string | undefined;

  /**
   * The guard that the file has for a tool or task, to be applied where the function is defined: then calls from
   * inside its module are guarded, too. Also a method decorator.
   *
   * @param name - as in the file.
   * @param code - what of the protection is code.
   * @throws ConfigError when the file has no such tool, or says the same as `code`.
   * @example
   * ```ts
   * const mycelium = await loadConfigFromString('tools: { send_payment: { side_effect_class: irreversible, id_from: [invoice_id] } }');
   * const sendPayment = mycelium.guard('send_payment')(async ({ invoiceId }: { invoiceId: string }) => `paid ${invoiceId}`);
   * await sendPayment({ invoiceId: 'inv-42' }); // → 'paid inv-42'
   * await mycelium.close();
   * ```
   */
  guard<Positions extends readonly unknown[] = readonly unknown[], Output = unknown, Input = unknown>(
    name: string,
    code?: ToolCode<Positions, Output, Input>,
  ): ConfiguredGuard<Positions, Output, Input>;

  /**
   * The same tools, guarded: an object, a module namespace or a class in the same shape and with the same types.
   * A tool is found under its name in the file, else in camelCase. What the file does not name is passed through
   * and stands in `report()`.
   *
   * A guarded tool always gives a promise, also where the function it is made of does not; its second parameter is
   * the call. Calls that a module makes inside itself do not pass here; use `guard` for those. An object of a class gets
   * the guarded methods itself, so that calls through `this` are guarded; everything else is left as it was.
   *
   * @param code - what of the protection is code, by the names in code.
   * @param options - `partial`: which other tools of the file are guarded elsewhere, or `true` for whichever.
   * @throws ConfigError when a tool of the file has no function here, or one that cannot be guarded, or when the file
   *   names no tool at all. UsageError for what has no tools under names, such as a function or a list.
   * @example
   * ```ts
   * const mycelium = await loadConfigFromString('tools: { send_payment: { side_effect_class: irreversible, id_from: [invoice_id] } }');
   * const tools = mycelium.instrument({
   *   sendPayment: async ({ invoiceId }: { invoiceId: string }) => `paid ${invoiceId}`,
   *   search: async (query: string) => `found ${query}`,
   * });
   * await tools.sendPayment({ invoiceId: 'inv-42' }); // → 'paid inv-42'
   * mycelium.report().unguarded; // → ['search']
   * await mycelium.close();
   * ```
   */
  instrument<T extends object>(tools: T, code?: InstrumentCode<T>, options?: InstrumentOptions): Instrumented<T>;

  /** What is guarded, what passed through unguarded, and what is worth a look. Printed, it is a table. */
  report(): Report;

  /**
   * The tools of the file that a model may call, by their names there: all of them, or those of `registry.allowed`.
   * Make it when all of them are instrumented or guarded; `view(names)` has fewer, for one agent or run.
   *
   * @throws ConfigError when one of them has no function yet.
   * @example
   * ```ts
   * const mycelium = await loadConfigFromString('tools: { get_order: { bounded: { schema: { order_id: { pattern: "o-[0-9]+" } } } } }');
   * mycelium.instrument({ getOrder: async ({ orderId }: { orderId: string }) => `order ${orderId}` });
   * const registry = mycelium.registry();
   * await registry.execute('get_order', { orderId: 'o-7' }); // → 'order o-7'
   * await registry.execute('get_order', { orderId: '../7' }); // → ToolBoundaryError
   * await mycelium.close();
   * ```
   */
  registry(): ToolRegistry;

  /**
   * Runs what a model calls, with the retries that `runner` in the file gives it.
   *
   * @param tools - a view of the registry, for an agent that may call fewer. @default `registry()`
   * @param options - what only code can say, e.g. `describeError`; what is given here counts, whatever the file says.
   * @throws ConfigError when a tool of the registry has no function yet. UsageError for options that make no sense.
   */
  runner(tools?: CallableTools, options?: Omit<ToolRunnerOptions, 'tools'>): Promise<ToolRunner>;

  /**
   * Messages that a provider takes, of whatever format: what is broken is mended, and of a call without a result of the
   * run around this code the model is told what the ledger knows: its result, that it did not run, or that nobody knows.
   * Outside of a run no ledger is asked, which a `mycelium:warning` says once. With `history_guard` in the file, each
   * conversation of a run is watched from list to list.
   *
   * @param messages - not changed; those that need no mending come back as the same objects.
   * @param options - `conversation`: which one of the run, when it has several.
   * @throws MessageValidationError for what cannot be mended, with all issues. HistoryError for what is too long, or lost
   *   something. UsageError for a `conversation` that is no name. StoreUnavailableError.
   * @example
   * ```ts
   * const mycelium = await loadConfigFromString('tools: { pay: { side_effect_class: irreversible } }');
   * const call = { id: 'c1', type: 'function', function: { name: 'pay', arguments: '{"to":"Ada"}' } };
   * const messages = [
   *   { role: 'user', content: 'Pay Ada' },
   *   { role: 'assistant', content: null, tool_calls: [call] }, // and then the process was killed
   * ];
   * await mycelium.run({ threadId: 't', runId: 'r' }, async () => {
   *   await mycelium.guard('pay')(async ({ to }: { to: string }) => `paid ${to}`)({ to: 'Ada' }, { toolCallId: 'c1' });
   *   return (await mycelium.prepareMessages(messages))[2];
   * }); // → { role: 'tool', tool_call_id: 'c1', content: 'paid Ada' }
   * await mycelium.close();
   * ```
   */
  prepareMessages<Messages extends readonly unknown[]>(
    messages: Messages,
    options?: ConversationOptions,
  ): Promise<Messages[number][]>;

  /**
   * Declares that a conversation of the run around this code was compacted: for `history_guard`, these messages may be
   * missing from now on. Without a `history_guard`, or outside of a run, nobody misses anything.
   *
   * @param dropped - in whatever format. Without it, whatever is missing from the next list is declared.
   * @param options - `conversation`: as `prepareMessages` was told.
   * @throws UsageError for what is no list, or a `conversation` that is no name.
   * @example
   * ```ts
   * const mycelium = await loadConfigFromString('history_guard: { max_tokens: 100000 }');
   * const messages = ['Pay inv-42', 'Pay inv-43', 'And now?'].map((content) => ({ role: 'user', content }));
   * const summary = { role: 'user', content: 'Two invoices were paid' };
   * await mycelium.run({ runId: 'r' }, async () => {
   *   await mycelium.prepareMessages(messages);
   *   mycelium.compacted(messages.slice(0, 2));
   *   return (await mycelium.prepareMessages([summary, messages[2]])).length;
   * }); // → 2
   * await mycelium.close();
   * ```
   */
  compacted(dropped?: readonly unknown[], options?: ConversationOptions): void;

  /**
   * Puts a run around `fn`: calls inside are identified by it, and guards that say nothing else record where
   * the file says. With `state_flush` in the file, `run.record` keeps its state; a run id that is known goes on with the
   * state it had.
   *
   * @param options - `threadId`, `runId` (give it when a restarted process should resume its calls), `tenant`; `signal`:
   *   at its abort the state is written at once.
   * @throws StateNotSavedError with the state and the result, when only that could not be written. `run.record` throws
   *   a UsageError when the file has no `state_flush`.
   */
  run<T>(options: RecordedRunOptions, fn: (run: RecordedRun) => T | PromiseLike<T>): Promise<T>;

  /**
   * What a run recorded, as it was last written, to go on with it: then call `run` with the same `runId`.
   *
   * @throws StateNotFoundError when nothing was written. UsageError when the file has no `state_flush`.
   */
  resume(runId: string, options?: { readonly tenant?: string }): Promise<StateSnapshot>;

  /** Runs that recorded a state, a page at a time: `{ status: 'aborted' }` are those to resume. @throws UsageError */
  runs(query?: RunQuery): Promise<RunPage>;

  /**
   * The ledger in which a tool or task is recorded, to look at calls and settle them. It reads and writes what is
   * encrypted as the code for that tool does.
   *
   * @param name - as in the file. @default where tools are recorded
   * @throws ConfigError when the file has no such tool. StoreUnavailableError. LedgerClosedError.
   * @example
   * ```ts
   * const mycelium = await loadConfigFromString('tools: { mail: { side_effect_class: irreversible, id_from: [to] } }');
   * await mycelium.guard('mail')(async ({ to }: { to: string }) => `sent to ${to}`)({ to: 'Ada' });
   * (await (await mycelium.ledger('mail')).list()).calls.map((call) => `${call.requestId} ${call.phase}`); // → ['Ada committed']
   * await mycelium.close();
   * ```
   */
  ledger(name?: string): Promise<ActionLedger>;

  /**
   * Starts nothing more, writes the state of runs, waits for calls under way, and closes the stores that were opened
   * here.
   *
   * @param options - `drain`: how long to wait at most. @default '10s'
   * @throws UsageError when `drain` is no duration; nothing is closed then.
   */
  close(options?: { readonly drain?: Duration }): Promise<void>;
}
