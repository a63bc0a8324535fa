import type { ToolRegistry } from '../../boundary/registry.js';
import type { Encryption } from '../../encoding/encryption.js';
import { nearest } from '../../encoding/nearest.js';
import type { ActionLedger } from '../../ledger/action-ledger.js';
import { ledger, taskLedger } from '../../ledger/ledger.js';
import type { Duration, LedgerOptions, TaskOptions } from '../../ledger/options.js';
import type { CallableTools, ToolRunner, ToolRunnerOptions } from '../../runner/tool-runner.js';
import type {
  RecordedRun,
  RecordedRunOptions,
  RunPage,
  RunQuery,
  StateEncryptionContext,
  StateSnapshot,
} from '../../state/types.js';
import { emit } from '../../tool/events.js';
import { definitionsOf, type GuardDefinition, guardsAround, makeGuard, noGuard } from '../../tool/guard.js';
import type { AnyGuard } from '../../tool/types.js';
import { type Config, type GuardConfig, isGuarded } from '../loader/config.js';
import { Issues } from '../loader/issues.js';
import type { ReadConfig } from '../loader/read-config.js';
import { locationText } from '../loader/storage.js';
import { Callable } from './callable.js';
import { Conversations } from './conversations.js';
import { executorTruth } from './executor-truth.js';
import { givenKeys, guardOptions } from './guard-options.js';
import { Homes } from './homes.js';
import { type InstrumentContext, type InstrumentOptions, instrumented } from './instrument.js';
import type { ConfiguredGuard, ConversationOptions, Mycelium } from './mycelium.js';
import type { Parts } from './parts.js';
import { checksOf, type GuardedReport, makeReport, type Report } from './report.js';
import { sealingOf } from './sealing.js';
import { States } from './states.js';
import type { InstrumentCode, Instrumented, ToolCode } from './tool-code.js';

/** Makes the runtime of a configuration. Nothing is opened before the first call. @throws ConfigError */
export function createMycelium(
  read: ReadConfig,
  parts: Parts,
  stateEncryption: Encryption<StateEncryptionContext> | undefined,
): Mycelium {
  if (read.issues.errors) throw read.issues.error();
  return new Runtime(read, parts, stateEncryption);
}

const MEND = 'Mend what is marked. Nothing of it is guarded until then.';

class Runtime implements Mycelium {
  readonly file: string | undefined;
  readonly #read: ReadConfig;
  readonly #config: Config;
  readonly #parts: Parts;
  readonly #homes: Homes;
  readonly #states: States;
  readonly #conversations: Conversations;
  readonly #guards: ReadonlyMap<string, GuardConfig>;
  readonly #applied = new Map<string, readonly string[]>();
  readonly #unguarded = new Set<string>();
  readonly #callable: Callable;
  /** Of the file and of what was instrumented. */
  readonly #warnings: Issues;
  /** What code said, by tool: who looks at its calls reads what is encrypted, and settles none in the open. */
  readonly #encryptions = new Map<string, Encryption>();
  /** Which guards were made here, and for which name. */
  readonly #made = new WeakMap<GuardDefinition, string>();

  constructor(read: ReadConfig, parts: Parts, stateEncryption: Encryption<StateEncryptionContext> | undefined) {
    this.file = read.file;
    this.#read = read;
    this.#parts = parts;
    this.#callable = new Callable(read);
    this.#config = read.config;
    const { audit } = parts;
    this.#homes = new Homes(read.config, audit?.issuer, sealingOf(read.config, audit?.signer));
    this.#states = new States(read.config.stateFlush, this.#homes, read.source.name, stateEncryption);
    this.#warnings = read.issues;
    this.#guards = new Map(read.config.guards.map((guard) => [guard.name, guard]));
    this.#conversations = new Conversations(
      read.config,
      executorTruth(this.#guards, (name) => this.ledger(name)),
    );
  }

  guard<Positions extends readonly unknown[] = readonly unknown[], Output = unknown, Input = unknown>(
    name: string,
    code?: ToolCode<Positions, Output, Input>,
  ): ConfiguredGuard<Positions, Output, Input> {
    const issues = new Issues(this.#read.source);
    const config = this.#configured(name);
    const callable = (tool: (...args: never[]) => unknown): void => this.#callable.add(name, tool);
    const guard = this.#guard(config, (code ?? {}) as ToolCode, issues, callable);
    if (guard === undefined)
      throw issues.error(`The guard of ${name} and ${this.#read.source.name} do not go together`, MEND);
    // Nothing will be told of a guard that is none.
    if (!isGuarded(config)) {
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
      callable: (name, tool) => this.#callable.add(name, tool),
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
      const config = this.#guards.get(name) as GuardConfig;
      const { ledger: recorded, kind } = config;
      const checks = checksOf(config);
      if (recorded === undefined) return isGuarded(config) ? [{ name, kind, checks, code }] : [];
      const { effect, idFrom } = recorded.options;
      const fallback = kind === 'tool' ? 'unclassified' : 'idempotent_mutate';
      const identity = code.includes('idFrom') ? 'a function' : (idFrom?.join(', ') ?? 'the call, task or run');
      const store = locationText(recorded.location);
      return [{ name, kind, effect: effect ?? fallback, identity, store, checks, code }];
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

  async run<T>(options: RecordedRunOptions, fn: (run: RecordedRun) => T | PromiseLike<T>): Promise<T> {
    return this.#states.run(options, this.#homes.at(this.#config.locations.tool), fn);
  }

  async resume(runId: string, options?: { readonly tenant?: string }): Promise<StateSnapshot> {
    return (await this.#states.keeper('resume(runId)')).resume(runId, options?.tenant);
  }

  async runs(query: RunQuery = {}): Promise<RunPage> {
    return (await this.#states.keeper('runs()')).list(query);
  }

  registry(): ToolRegistry {
    return this.#callable.registry();
  }

  async runner(tools?: CallableTools, options?: Omit<ToolRunnerOptions, 'tools'>): Promise<ToolRunner> {
    return this.#callable.runner(tools, options);
  }

  async prepareMessages<Messages extends readonly unknown[]>(
    messages: Messages,
    options?: ConversationOptions,
  ): Promise<Messages[number][]> {
    return this.#conversations.prepare(messages, options);
  }

  compacted(dropped?: readonly unknown[], options?: ConversationOptions): void {
    this.#conversations.compacted(dropped, options);
  }

  async ledger(name?: string): Promise<ActionLedger> {
    const location = name === undefined ? undefined : this.#configured(name).ledger?.location;
    return this.#homes.open(location ?? this.#config.locations.tool, this.#encryptions.get(name ?? ''));
  }

  async close(options?: { readonly drain?: Duration }): Promise<void> {
    await this.#homes.close(options?.drain, () => this.#states.cutOff());
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
  #guard(
    config: GuardConfig,
    code: ToolCode,
    issues: Issues,
    callable?: (tool: (...args: never[]) => unknown) => void,
  ): AnyGuard | undefined {
    const given = givenKeys(code);
    const parts = this.#definitions(config, code, issues)?.map((part): GuardDefinition => {
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
    return parts.length === 0 ? noGuard(callable) : makeGuard(parts, callable);
  }

  #definitions(config: GuardConfig, code: ToolCode, issues: Issues): readonly GuardDefinition[] | undefined {
    const options = guardOptions(config, code, issues);
    if (options === undefined) return undefined;
    const { ledger: recorded, kind, name } = config;
    const { boundaries, protections } = this.#parts;
    const checks = [boundaries.get(name), protections.get(name)].filter((part) => part !== undefined);
    if (recorded === undefined) return checks;
    const all = { ...options, ledger: this.#homes.at(recorded.location) };
    const records = kind === 'tool' ? ledger(all as LedgerOptions) : taskLedger(all as TaskOptions);
    return [...checks, ...definitionsOf(records)];
  }
}
