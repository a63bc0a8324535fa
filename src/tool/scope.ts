import { AsyncLocalStorage } from 'node:async_hooks';
import { AmbientScopeError, UsageError } from '../errors/usage.js';
import type { DeferredHome, LedgerHome } from './home.js';
import type { ToolCall } from './types.js';

/** What a run says of every call inside it. */
export interface RunOptions {
  /** The conversation. Qualifies the ids that models give to their calls. */
  readonly threadId?: string;
  /** The run within it; give it when a resumed process should find its own calls again. Default: random. */
  readonly runId?: string;
  /** Keeps customers apart: part of every identity inside. */
  readonly tenant?: string;
}

/** A run, as its function sees it. */
export interface Run {
  readonly id: string;
  readonly threadId?: string;
  readonly tenant?: string;
}

/** A call that others are nested in. */
export interface Ancestor {
  readonly kind: 'tool' | 'task';
  /** The record's id in the store. */
  readonly id: string;
  /** For messages: tool and request id. */
  readonly title: string;
  /** Makes sure that its lease is still held. @throws ParentLostError */
  confirm(tool: string, effect: string): Promise<void>;
  readonly parent: Ancestor | undefined;
  /** Record ids of what this attempt itself has finished: meeting them again is a repetition, not a resume. */
  readonly finished: Set<string>;
}

/** The run around a call. */
interface AmbientRun extends Run {
  /** Whether the caller chose the run id. */
  readonly given: boolean;
  /** Where guards inside record that have no ledger of their own. */
  readonly home: LedgerHome | DeferredHome | undefined;
}

/** What is remembered as long as a run lasts, and no longer. Every run has one; features hang on it what is theirs. */
export interface SessionSlot {
  readonly outer: SessionSlot | undefined;
  /** Whether what the outer one remembers may be given here, too. */
  readonly inherits: boolean;
  /** What protected tools have read. */
  reads: object | undefined;
}

/** What is ambient. */
export interface Scope {
  readonly run: AmbientRun | undefined;
  readonly call: ToolCall | undefined;
  readonly ancestor: Ancestor | undefined;
  readonly session: SessionSlot | undefined;
  /** The shared execution that this code belongs to. */
  readonly reading: object | undefined;
}

/** What changes with a scope; the rest is taken from the one around it. */
export type InnerScope = Pick<Scope, 'run' | 'call' | 'ancestor'> & Partial<Pick<Scope, 'session' | 'reading'>>;

// AsyncLocalStorage makes every await in the process slower once entered, so nothing enters it unasked.
const storage = new AsyncLocalStorage<Scope>();

/** The scope around this code, if any. */
export function currentScope(): Scope | undefined {
  return storage.getStore();
}

/** Runs `fn` with the scope around it. */
export function enterScope<T>(inner: InnerScope, fn: () => T): T {
  const outer = storage.getStore();
  const { run, call, ancestor, session = outer?.session, reading = outer?.reading } = inner;
  return storage.run({ run, call, ancestor, session, reading }, fn);
}

/** What a function gave that ran in a scope. A generator runs where it is asked for the next value: that is done inside, too. */
export function stepped<T>(result: T, within: Within): T {
  if (!/^\[object (Async)?Generator\]$/.test(Object.prototype.toString.call(result))) return result;
  const generator = result as unknown as Generator;
  return Object.create(Object.getPrototypeOf(generator) as object, {
    next: { value: (...given: []) => within(() => generator.next(...given)) },
    return: { value: (value: never) => within(() => generator.return(value)) },
    throw: { value: (error: unknown) => within(() => generator.throw(error)) },
  }) as T;
}

type Within = <T>(step: () => T) => T;

function checkText(value: unknown, name: string): void {
  if (value === undefined || (typeof value === 'string' && value.trim() !== '')) return;
  throw new UsageError({
    place: `run({ ${name} })`,
    problem: 'is not a text with something in it',
    remedy: `Leave ${name} out, or give it a value.`,
  });
}

const RUN_OPTIONS = ['threadId', 'runId', 'tenant'] as const;

function checkRun(options: RunOptions, fn: unknown): void {
  if (typeof options !== 'object' || options === null || typeof fn !== 'function') {
    throw new UsageError({
      place: 'run(options, fn)',
      problem: 'wants the ids of the run, and a function to run',
      remedy: 'Call it so: run({ threadId, runId }, async () => …).',
    });
  }
  for (const name of Object.keys(options)) {
    if ((RUN_OPTIONS as readonly string[]).includes(name)) continue;
    throw new UsageError({
      place: `run({ ${name} })`,
      problem: 'is no option',
      remedy: `Options are ${RUN_OPTIONS.join(', ')}.`,
    });
  }
  for (const name of RUN_OPTIONS) checkText(options[name], name);
}

/**
 * Puts a run around `fn`: calls inside are identified by it, and reads inside are remembered for it.
 *
 * @param options - `threadId`, `runId` (give it when a restarted process should resume its calls), `tenant`.
 * @returns what `fn` returns. A generator stays in the run, wherever it is read.
 * @throws UsageError on blank ids.
 * @example
 * ```ts
 * const result = await run({ threadId: 'thread-1', runId: 'run-1' }, async (current) => `inside ${current.id}`);
 * result; // → 'inside run-1'
 * ```
 */
export async function run<T>(options: RunOptions, fn: (run: Run) => T | PromiseLike<T>): Promise<T> {
  return enterRun(options, undefined, fn);
}

/** {@link run}, with a home for the guards inside that have none of their own. */
export async function enterRun<T>(
  options: RunOptions,
  home: LedgerHome | DeferredHome | undefined,
  fn: (run: Run) => T | PromiseLike<T>,
): Promise<T> {
  checkRun(options, fn);
  const outer = currentScope();
  const current = {
    id: options.runId ?? globalThis.crypto.randomUUID(),
    given: options.runId !== undefined,
    home: home ?? outer?.run?.home,
    ...(options.threadId === undefined ? {} : { threadId: options.threadId }),
    ...(options.tenant === undefined ? {} : { tenant: options.tenant }),
  };
  const visible: Run = {
    id: current.id,
    ...(current.threadId === undefined ? {} : { threadId: current.threadId }),
    ...(current.tenant === undefined ? {} : { tenant: current.tenant }),
  };
  const session: SessionSlot = {
    outer: outer?.session,
    // What another tenant, or another ledger, was told is not for this run.
    inherits: outer?.run?.tenant === current.tenant && outer?.run?.home === current.home,
    reads: undefined,
  };
  const within: Within = (step) =>
    enterScope({ run: current, call: undefined, ancestor: outer?.ancestor, session }, step);
  return stepped(await within(async () => fn(visible)), within);
}

function ambientCall(name: string, instead: string): ToolCall {
  const call = currentScope()?.call;
  if (call === undefined) throw new AmbientScopeError({ name, instead });
  return call;
}

/**
 * `call.effect(fn)` of the call around this code, for bodies that have no second parameter.
 *
 * @throws AmbientScopeError outside `run`, `taskLedger` and `ledger({ ambient: true })`.
 * @example
 * ```ts
 * const send = ledger({ name: 'send', effect: 'non_idempotent_mutate', boundary: 'explicit', ambient: true, idFrom: ['to'] })(
 *   async ({ to }: { to: string }) => sideEffect(() => `sent to ${to}`),
 * );
 * await send({ to: 'Ada' }); // → 'sent to Ada'
 * ```
 */
export function sideEffect<T>(fn: () => T | PromiseLike<T>): Promise<T> {
  return ambientCall('sideEffect', 'call.effect').effect(fn);
}

/**
 * `call.idempotencyKey` of the call around this code.
 *
 * @throws AmbientScopeError outside `run`, `taskLedger` and `ledger({ ambient: true })`.
 * @example
 * ```ts
 * const pay = ledger({ name: 'pay_keyed', effect: 'keyed_mutate', keyValidFor: '24h', ambient: true, idFrom: ['id'] })(
 *   async ({ id }: { id: string }) => ({ id, keyed: idempotencyKey().startsWith('myc_') }),
 * );
 * await pay({ id: 'inv-1' }); // → { id: 'inv-1', keyed: true }
 * ```
 */
export function idempotencyKey(): string {
  return ambientCall('idempotencyKey', 'call.idempotencyKey').idempotencyKey;
}
