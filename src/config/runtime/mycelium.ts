/// <reference lib="esnext.disposable" preserve="true" />
import type { ActionLedger } from '../../ledger/action-ledger.js';
import { ledger, taskLedger } from '../../ledger/ledger.js';
import type { Duration, LedgerOptions, TaskOptions } from '../../ledger/options.js';
import type { Encryption } from '../../ledger/stored-form.js';
import { emit } from '../../tool/events.js';
import { definitionsOf, type GuardDefinition, guardsAround, makeGuard, noGuard } from '../../tool/guard.js';
import { enterRun, type Run, type RunOptions } from '../../tool/scope.js';
import type { AnyGuard, Guard, Same } from '../../tool/types.js';
import type { Config, GuardConfig } from '../loader/config.js';
import { Issues } from '../loader/issues.js';
import type { ReadConfig } from '../loader/read-config.js';
import { locationText } from '../loader/storage.js';
import { nearest } from '../loader/suggestion.js';
import { givenKeys, guardOptions } from './guard-options.js';
import { Homes } from './homes.js';
import { type InstrumentContext, type InstrumentOptions, instrumented } from './instrument.js';
import { type GuardedReport, makeReport, type Report } from './report.js';
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
   * Puts a run around `fn`: calls inside are identified by it, and guards that say nothing else record where
   * the file says.
   *
   * @param options - `threadId`, `runId` (give it when a restarted process should resume its calls), `tenant`.
   */
  run<T>(options: RunOptions, fn: (run: Run) => T | PromiseLike<T>): Promise<T>;

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
   * Starts nothing more, waits for what is under way, and closes the stores that were opened here.
   *
   * @param options - `drain`: how long to wait at most. @default '10s'
   * @throws UsageError when `drain` is no duration; nothing is closed then.
   */
  close(options?: { readonly drain?: Duration }): Promise<void>;
}

/** Makes the runtime of a configuration. Nothing is opened before the first call. @throws ConfigError */
export function createMycelium(read: ReadConfig): Mycelium {
  if (read.issues.errors) throw read.issues.error();
  return new Runtime(read);
}

const MEND = 'Mend what is marked. Nothing of it is guarded until then.';

class Runtime implements Mycelium {
  readonly file: string | undefined;
  readonly #read: ReadConfig;
  readonly #config: Config;
  readonly #homes: Homes;
  readonly #guards: ReadonlyMap<string, GuardConfig>;
  readonly #applied = new Map<string, readonly string[]>();
  readonly #unguarded = new Set<string>();
  /** Of the file and of what was instrumented. */
  readonly #warnings: Issues;
  /** What code said, by tool: who looks at its calls reads what is encrypted, and settles none in the open. */
  readonly #encryptions = new Map<string, Encryption>();
  /** Which guards were made here, and for which name. */
  readonly #made = new WeakMap<GuardDefinition, string>();

  constructor(read: ReadConfig) {
    this.file = read.file;
    this.#read = read;
    this.#config = read.config;
    this.#homes = new Homes(read.config);
    this.#warnings = read.issues;
    this.#guards = new Map(read.config.guards.map((guard) => [guard.name, guard]));
  }

  guard<Positions extends readonly unknown[] = readonly unknown[], Output = unknown, Input = unknown>(
    name: string,
    code?: ToolCode<Positions, Output, Input>,
  ): ConfiguredGuard<Positions, Output, Input> {
    const issues = new Issues(this.#read.source);
    const config = this.#configured(name);
    const guard = this.#guard(config, (code ?? {}) as ToolCode, issues);
    if (guard === undefined)
      throw issues.error(`The guard of ${name} and ${this.#read.source.name} do not go together`, MEND);
    // Nothing will be told of a guard that is none.
    if (config.ledger === undefined) {
      this.#applied.set(name, []);
      this.#unguarded.add(name);
    }
    return guard as ConfiguredGuard<Positions, Output, Input>;
  }

  instrument<T extends object>(tools: T, code?: InstrumentCode<T>, options?: InstrumentOptions): Instrumented<T> {
    const issues = new Issues(this.#read.source);
    const context: InstrumentContext = {
      configured: this.#config.guards,
      nothing: this.#nothing() ?? `${this.#read.source.name} names no tool`,
      applied: (name) => this.#applied.has(name),
      guard: (config, of) => this.#guard(config, of, issues),
      madeHere: (tool, name) => guardsAround(tool)?.some((part) => this.#made.get(part) === name) === true,
      waived: (name, bare) => {
        this.#applied.set(name, []);
        if (bare) this.#unguarded.add(name);
      },
      unguarded: (name) => this.#unguarded.add(name),
      warn: (config, problem, remedy) => this.#warn(config, problem, remedy),
      issues,
    };
    const result = instrumented(tools, (code ?? {}) as Readonly<Record<string, ToolCode>>, options ?? {}, context);
    if (issues.errors) throw issues.error(`The tools and ${this.#read.source.name} do not go together`, MEND);
    return result() as Instrumented<T>;
  }

  report(): Report {
    const guarded = [...this.#applied].flatMap(([name, code]): GuardedReport[] => {
      const { ledger: recorded, kind } = this.#guards.get(name) as GuardConfig;
      if (recorded === undefined) return [];
      const { effect, idFrom } = recorded.options;
      const fallback = kind === 'tool' ? 'unclassified' : 'idempotent_mutate';
      const identity = code.includes('idFrom') ? 'a function' : (idFrom?.join(', ') ?? 'the call, task or run');
      const store = locationText(recorded.location);
      return [{ name, kind, effect: effect ?? fallback, identity, store, code }];
    });
    return makeReport({
      guarded,
      unguarded: [...this.#unguarded],
      missing: [...this.#guards.keys()].filter((name) => !this.#applied.has(name)),
      warnings: this.#warnings.all,
    });
  }

  /** Once for each: tools are instrumented at every request by some. */
  #warn({ name, at, path }: GuardConfig, problem: string, remedy: string): void {
    if (this.#warnings.add({ id: 'MYC551', severity: 'warning', at, path, problem, remedy }))
      emit('mycelium:warning', () => ({ tool: name, code: 'bare-call', message: `${problem}. ${remedy}` }));
  }

  async run<T>(options: RunOptions, fn: (run: Run) => T | PromiseLike<T>): Promise<T> {
    return enterRun(options, this.#homes.at(this.#config.locations.tool), fn);
  }

  async ledger(name?: string): Promise<ActionLedger> {
    const location = name === undefined ? undefined : this.#configured(name).ledger?.location;
    return this.#homes.open(location ?? this.#config.locations.tool, this.#encryptions.get(name ?? ''));
  }

  async close(options?: { readonly drain?: Duration }): Promise<void> {
    await this.#homes.close(options?.drain);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @throws ConfigError */
  #configured(name: string): GuardConfig {
    const found = this.#guards.get(name);
    if (found !== undefined) return found;
    const { source } = this.#read;
    const issues = new Issues(source);
    const nothing = this.#nothing();
    issues.add({
      id: 'MYC501',
      at: undefined,
      path: [],
      problem: nothing === undefined ? `there is no tool or task ${name}` : `${nothing}, and so no tool ${name}`,
      suggestion: nearest(name, this.#guards.keys()),
      remedy: nothing === undefined ? `Add it to ${source.name}: tools.${name}.` : 'Write one: mycelium init.',
    });
    throw issues.error(`There is no ${name} to guard`, MEND);
  }

  /** Why there is nothing to guard by; undefined when there is a file, or a text that stands for one. */
  #nothing(): string | undefined {
    const { source, config } = this.#read;
    return this.file === undefined && source.text === '' ? `there is no ${source.name} in ${config.folder}` : undefined;
  }

  /** Undefined when what is code does not go with the file. */
  #guard(config: GuardConfig, code: ToolCode, issues: Issues): AnyGuard | undefined {
    const given = givenKeys(code);
    const parts = this.#parts(config, code, issues)?.map((part): GuardDefinition => {
      const tracked: GuardDefinition = {
        ...part,
        bind: (info, next) => {
          this.#applied.set(config.name, given);
          if (code.encryption !== undefined) this.#encryptions.set(config.name, code.encryption);
          return part.bind(info, next);
        },
      };
      this.#made.set(tracked, config.name);
      return tracked;
    });
    if (parts === undefined) return undefined;
    return parts.length === 0 ? noGuard() : makeGuard(parts);
  }

  #parts(config: GuardConfig, code: ToolCode, issues: Issues): readonly GuardDefinition[] | undefined {
    const options = guardOptions(config, code, issues);
    if (options === undefined || config.ledger === undefined) return options === undefined ? undefined : [];
    const all = { ...options, ledger: this.#homes.at(config.ledger.location) };
    return definitionsOf(config.kind === 'tool' ? ledger(all as LedgerOptions) : taskLedger(all as TaskOptions));
  }
}
