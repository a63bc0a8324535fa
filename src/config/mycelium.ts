import type { ActionLedger } from '../ledger/action-ledger.js';
import { ledger, taskLedger } from '../ledger/ledger.js';
import type { Duration, LedgerOptions, TaskOptions } from '../ledger/options.js';
import { definitionsOf, type GuardDefinition, guardsAround, makeGuard } from '../tool/guard.js';
import { enterRun, type Run, type RunOptions } from '../tool/scope.js';
import type { AnyGuard, Guard, Same } from '../tool/types.js';
import type { Config, GuardConfig } from './config.js';
import { Homes, locationText } from './homes.js';
import { fieldSelector } from './id-fields.js';
import { type Finder, type InstrumentOptions, instrumented } from './instrument.js';
import { Issues } from './issues.js';
import type { ReadConfig } from './read-config.js';
import { type GuardedReport, makeReport, type Report } from './report.js';
import { nearest } from './suggestion.js';
import type { InstrumentCode, Instrumented, ToolCode } from './tool-code.js';

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
   */
  guard<Positions extends readonly unknown[] = readonly unknown[], Output = unknown>(
    name: string,
    code?: ToolCode<Positions, Output>,
  ): Guard<never, Positions[0], [Output] extends [never] ? unknown : Output, Same, Same, Positions>;

  /**
   * The same tools, guarded: an object, a module namespace or a class in the same shape and with the same types.
   * A tool is found under its name in the file, else in camelCase. What the file does not name is passed through
   * and stands in `report()`.
   *
   * Calls that a module makes inside itself do not pass here; use `guard` for those. An object of a class gets
   * the guarded methods itself, so that calls through `this` are guarded; everything else is left as it was.
   *
   * @param code - what of the protection is code, by the names in code.
   * @param options - `partial`: the other tools of the file are guarded elsewhere.
   * @throws ConfigError when a tool of the file has no function here, or one that cannot be guarded.
   */
  instrument<T extends object>(tools: T, code?: InstrumentCode<T>, options?: InstrumentOptions): Instrumented<T>;

  /** What is guarded, and what passed through unguarded. */
  report(): Report;

  /**
   * Puts a run around `fn`: calls inside are identified by it, and guards that say nothing else record where
   * the file says.
   *
   * @param options - `threadId`, `runId` (give it when a restarted process should resume its calls), `tenant`.
   */
  run<T>(options: RunOptions, fn: (run: Run) => T | PromiseLike<T>): Promise<T>;

  /**
   * The ledger in which a tool or task is recorded, to look at calls and settle them.
   *
   * @param name - as in the file. @default where tools are recorded
   * @throws ConfigError when the file has no such tool. StoreUnavailableError.
   */
  ledger(name?: string): Promise<ActionLedger>;

  /**
   * Starts nothing more, waits for what is under way, and closes the stores that were opened here.
   *
   * @param options - `drain`: how long to wait at most. @default '10s'
   */
  close(options?: { readonly drain?: Duration }): Promise<void>;
}

/** Makes the runtime of a configuration. Nothing is opened before the first call. @throws ConfigError */
export function createMycelium(read: ReadConfig): Mycelium {
  if (read.issues.errors) throw read.issues.error();
  return new Runtime(read);
}

class Runtime implements Mycelium {
  readonly file: string | undefined;
  readonly #read: ReadConfig;
  readonly #config: Config;
  readonly #homes: Homes;
  readonly #guards: ReadonlyMap<string, GuardConfig>;
  readonly #applied = new Map<string, readonly string[]>();
  readonly #unguarded = new Set<string>();
  /** Which guards were made here, and for which name. */
  readonly #made = new WeakMap<GuardDefinition, string>();

  constructor(read: ReadConfig) {
    this.file = read.file;
    this.#read = read;
    this.#config = read.config;
    this.#homes = new Homes(read.config.strict);
    this.#guards = new Map(read.config.guards.map((guard) => [guard.name, guard]));
  }

  guard<Positions extends readonly unknown[] = readonly unknown[], Output = unknown>(
    name: string,
    code: ToolCode<Positions, Output> = {},
  ): Guard<never, Positions[0], [Output] extends [never] ? unknown : Output, Same, Same, Positions> {
    const issues = new Issues(this.#read.source);
    const guard = this.#guard(this.#configured(name), code as ToolCode, issues);
    if (guard === undefined) throw issues.error();
    return guard as Guard<never, Positions[0], [Output] extends [never] ? unknown : Output, Same, Same, Positions>;
  }

  instrument<T extends object>(tools: T, code?: InstrumentCode<T>, options: InstrumentOptions = {}): Instrumented<T> {
    const issues = new Issues(this.#read.source);
    const finder: Finder = {
      configured: this.#config.guards,
      applied: (name) => this.#applied.has(name),
      guard: (config, of) => this.#guard(config, of, issues),
      madeHere: (tool, name) => guardsAround(tool)?.some((part) => this.#made.get(part) === name) === true,
      unguarded: (name) => this.#unguarded.add(name),
      issues,
    };
    const result = instrumented(tools, (code ?? {}) as Readonly<Record<string, ToolCode>>, options, finder);
    if (issues.errors) throw issues.error('Nothing of these tools is guarded until that is mended.');
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
    const waived = [...this.#applied.keys()].filter((name) => this.#guards.get(name)?.ledger === undefined);
    return makeReport({
      guarded,
      unguarded: [...waived, ...this.#unguarded],
      missing: [...this.#guards.keys()].filter((name) => !this.#applied.has(name)),
    });
  }

  async run<T>(options: RunOptions, fn: (run: Run) => T | PromiseLike<T>): Promise<T> {
    return enterRun(options, this.#homes.at(this.#config.locations.tool), fn);
  }

  async ledger(name?: string): Promise<ActionLedger> {
    const location = name === undefined ? undefined : this.#configured(name).ledger?.location;
    return this.#homes.at(location ?? this.#config.locations.tool).open();
  }

  async close(options: { readonly drain?: Duration } = {}): Promise<void> {
    await this.#homes.close(options.drain);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @throws ConfigError */
  #configured(name: string): GuardConfig {
    const found = this.#guards.get(name);
    if (found !== undefined) return found;
    const issues = new Issues(this.#read.source);
    issues.add({
      id: 'MYC501',
      at: undefined,
      path: [],
      problem:
        this.file === undefined ? `there is no file, and so no tool ${name}` : `there is no tool or task ${name}`,
      suggestion: nearest(name, this.#guards.keys()),
      remedy:
        this.file === undefined ? 'Write one: mycelium init.' : `Add it to ${this.#read.source.name}: tools.${name}.`,
    });
    throw issues.error();
  }

  /** Undefined when what is code does not go with the file. */
  #guard(config: GuardConfig, code: ToolCode, issues: Issues): AnyGuard | undefined {
    const given = Object.keys(code).filter((key) => code[key as keyof ToolCode] !== undefined);
    const parts = this.#parts(config, code, given, issues)?.map((part): GuardDefinition => {
      const tracked: GuardDefinition = {
        ...part,
        bind: (info, next) => {
          this.#applied.set(config.name, given);
          return part.bind(info, next);
        },
      };
      this.#made.set(tracked, config.name);
      return tracked;
    });
    if (parts === undefined) return undefined;
    if (parts.length === 0) this.#applied.set(config.name, given);
    return makeGuard(parts);
  }

  #parts(
    config: GuardConfig,
    code: ToolCode,
    given: readonly string[],
    issues: Issues,
  ): readonly GuardDefinition[] | undefined {
    const { name, kind, ledger: recorded, path, at } = config;
    if (recorded === undefined) {
      if (given.length === 0) return [];
      issues.add({
        id: 'MYC502',
        at,
        path,
        problem: `code gives ${given.join(', ')} to ${name}, and nothing records it`,
        remedy: 'Write ledger: true, or take the code out.',
      });
      return undefined;
    }
    const { encryption, idFrom: selector, ...rest } = code;
    const { idFrom: fields, store, ...options } = recorded.options;
    if (fields !== undefined && selector !== undefined) {
      issues.add({
        id: 'MYC503',
        at,
        path: [...path, 'id_from'],
        problem: `${name} has id_from here and idFrom in code`,
        remedy: 'Keep one of them.',
      });
      return undefined;
    }
    const idFrom = selector ?? (fields === undefined ? undefined : fieldSelector(name, fields));
    const all = {
      ...options,
      ...rest,
      name,
      ...(idFrom === undefined ? {} : { idFrom }),
      ...(store === undefined && encryption === undefined
        ? {}
        : { store: { ...store, ...(encryption === undefined ? {} : { encryption }) } }),
      ledger: this.#homes.at(recorded.location),
    };
    const guard = kind === 'tool' ? ledger(all as unknown as LedgerOptions) : taskLedger(all as unknown as TaskOptions);
    return definitionsOf(guard);
  }
}
