import { AsyncLocalStorage } from 'node:async_hooks';
import {
  ActionLedger,
  committed,
  type EffectClass,
  ledger,
  MyceliumError,
  NotExecutedError,
  notExecuted,
  type ReconcileQuestion,
  type ToolCall,
  unknown,
} from '../../src/index.js';
import { decodeCall } from '../../src/ledger/record.js';
import type { Store } from '../../src/store/contract.js';
import {
  type FaultPoint,
  type ManualClock,
  manualClock,
  onFaultPoint,
  type SimulatedFault,
  type SimulatedStore,
  setUpEngine,
  simulatedStore,
  WorkerLostError,
} from '../../src/testing/index.js';
import { type ProviderBook, providerBook } from './provider-book.js';
import { listen } from './workers.js';

/** How the tool of one identity is declared, and how it behaves. */
export interface ToolPlan {
  readonly effect: EffectClass | 'unclassified';
  readonly boundary: 'implicit' | 'explicit';
  readonly reconciler: 'none' | 'truthful' | 'shy';
  /** Whether the effect is started through `call.effect`, which refuses it when the lease is over. */
  readonly careful: boolean;
  readonly timeout: boolean;
}

/** What the body of one dispatch does, if it is the one that runs. */
export interface BodyPlan {
  readonly before: number;
  readonly effect: 'answered' | 'answer lost' | 'lands late';
  readonly after: number;
  readonly end: 'returns' | 'throws' | 'declines' | 'throws before';
}

export type Step =
  | {
      readonly do: 'dispatch';
      readonly worker: number;
      readonly identity: number;
      readonly body: BodyPlan;
      readonly lostAt?: FaultPoint | undefined;
    }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'freeze'; readonly worker: number; readonly ms: number; readonly suspended: boolean }
  | { readonly do: 'set wall clock'; readonly worker: number; readonly ahead: number }
  | { readonly do: 'jump'; readonly ms: number }
  | { readonly do: 'release'; readonly worker: number; readonly identity: number };

/** A whole run. The same plan gives the same history. */
export interface Plan {
  readonly seed: number;
  readonly workers: number;
  readonly faults: Readonly<Partial<Record<SimulatedFault, number>>>;
  readonly latency: number;
  readonly tools: readonly ToolPlan[];
  readonly steps: readonly Step[];
}

/** How often the interesting paths were entered; a simulation that never enters them proves nothing. */
export type Coverage = Record<
  | 'dispatches'
  | 'replays'
  | 'blocked'
  | 'reclaims'
  | 'verdicts'
  | 'evidence'
  | 'timeouts'
  | 'notRecorded'
  | 'unavailable'
  | 'lost'
  | 'refusedEffects'
  | 'releases'
  | 'waitsOver'
  | 'faults',
  number
>;

export function noCoverage(): Coverage {
  return {
    dispatches: 0,
    replays: 0,
    blocked: 0,
    reclaims: 0,
    verdicts: 0,
    evidence: 0,
    timeouts: 0,
    notRecorded: 0,
    unavailable: 0,
    lost: 0,
    refusedEffects: 0,
    releases: 0,
    waitsOver: 0,
    faults: 0,
  };
}

export interface RunOptions {
  /** Puts something between a worker and its store, e.g. to break a protection. */
  readonly between?: (store: Store, clock: ManualClock) => Store;
  readonly coverage?: Coverage;
}

const LEASE_MS = 30_000;
/** A sent effect lands within less than settleAfter, which is one lease. */
const LATE_MS = 20_000;
/** Far more than the longest plan needs. */
const MOST_TRANSACTIONS = 5_000;

const EXPECTED: Readonly<Record<string, keyof Coverage>> = {
  LEDGER_BLOCKED: 'blocked',
  CALL_IN_PROGRESS: 'waitsOver',
  STORE_UNAVAILABLE: 'unavailable',
  COMPLETION_NOT_RECORDED: 'notRecorded',
  CALL_TIMEOUT: 'timeouts',
  LEASE_LOST: 'refusedEffects',
};

/** A worker whose process can be frozen, and whose wall clock can be wrong. */
class SimulatedWorker {
  readonly store: Store;
  readonly home: ActionLedger;
  ahead = 0;
  readonly #clock: ManualClock;
  #stopped = 0;
  #frozen: Promise<void> | undefined;
  #deferred: (() => void)[] = [];

  constructor(clock: ManualClock, shared: Store) {
    this.#clock = clock;
    const held = async <T>(answer: Promise<T>): Promise<T> => {
      try {
        return await answer;
      } finally {
        while (this.#frozen !== undefined) await this.#frozen;
      }
    };
    this.store = {
      description: shared.description,
      durability: shared.durability,
      partitions: shared.partitions,
      transact: (...given) => held(shared.transact(...given)),
      renew: (...given) => held(shared.renew(...given)),
      list: (...given) => held(shared.list(...given)),
      watch: (...given) => held(shared.watch(...given)),
      close: () => Promise.resolve(),
    };
    setUpEngine(this.store, {
      clock: {
        wall: () => clock.wall() + this.ahead,
        monotonic: () => clock.monotonic() - this.#stopped,
        after: (milliseconds, callback) => this.#after(milliseconds, callback),
      },
    });
    this.home = new ActionLedger({ store: this.store });
  }

  #after(milliseconds: number, callback: () => void): { cancel(): void; keepAlive(): void } {
    let cancelled = false;
    const call = (): void => {
      if (cancelled) return;
      if (this.#frozen === undefined) callback();
      else this.#deferred.push(call);
    };
    const cancel = this.#clock.schedule(call, milliseconds);
    return {
      cancel() {
        cancelled = true;
        cancel();
      },
      keepAlive() {},
    };
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => void this.#after(milliseconds, resolve));
  }

  /** @param suspended - its monotonic clock stands still, as that of a suspended machine does. */
  freeze(milliseconds: number, suspended: boolean): void {
    if (this.#frozen !== undefined) return;
    this.#frozen = new Promise((resolve) => {
      this.#clock.schedule(() => {
        this.#frozen = undefined;
        if (suspended) this.#stopped += milliseconds;
        resolve();
        for (const callback of this.#deferred.splice(0)) callback();
      }, milliseconds);
    });
  }
}

interface Context {
  readonly worker: SimulatedWorker;
  readonly body: BodyPlan;
  lostAt: FaultPoint | undefined;
}

const context = new AsyncLocalStorage<Context>();

interface Identity {
  readonly name: string;
  readonly plan: ToolPlan;
  bodies: number;
  /** Times somebody said that the effect did not happen and cannot happen any more. */
  notExecuted: number;
  /** Whether an operator said so when it was no longer true. */
  misjudged: boolean;
  readonly values: string[];
}

type Tool = (input: { id: string }) => Promise<unknown>;

/** Runs a plan against the real engine. @returns what was wrong, a line each; none is as it should be. */
export async function simulate(plan: Plan, options: RunOptions = {}): Promise<string[]> {
  const simulation = new Simulation(plan, options);
  onFaultPoint((point) => {
    const here = context.getStore();
    if (here?.lostAt !== point) return;
    here.lostAt = undefined;
    throw new WorkerLostError(point);
  });
  try {
    return await simulation.run();
  } finally {
    onFaultPoint(undefined);
  }
}

class Simulation {
  readonly #plan: Plan;
  readonly #options: RunOptions;
  readonly #coverage: Coverage;
  readonly #clock = manualClock();
  readonly #book: ProviderBook;
  readonly #simulated: SimulatedStore;
  readonly #shared: Store;
  readonly #workers: SimulatedWorker[];
  readonly #identities: Identity[];
  readonly #wrong = new Set<string>();
  readonly #running = new Set<Promise<void>>();

  constructor(plan: Plan, options: RunOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#coverage = options.coverage ?? noCoverage();
    this.#book = providerBook(this.#clock);
    this.#simulated = simulatedStore({
      seed: plan.seed,
      clock: this.#clock,
      faults: plan.faults,
      latency: plan.latency,
      partitions: 2,
    });
    this.#shared = this.#between();
    this.#workers = Array.from({ length: plan.workers }, () => new SimulatedWorker(this.#clock, this.#shared));
    this.#identities = plan.tools.map((tool, at) => ({
      name: `${tool.effect}-${at}`,
      plan: tool,
      bodies: 0,
      notExecuted: 0,
      misjudged: false,
      values: [],
    }));
  }

  async run(): Promise<string[]> {
    using claims = listen('mycelium:call-claimed');
    using replays = listen('mycelium:call-replayed');
    using evidence = listen('mycelium:evidence-kept');
    for (const step of this.#plan.steps) await this.#take(step);
    await this.#comeToRest();
    for (const identity of this.#identities) await this.#finish(identity);
    await this.#clock.advance(60_000);

    const fences = claims.events.map((claim) => `${claim.id} ${claim.fence}`);
    if (new Set(fences).size < fences.length) this.#wrong.add('a fence was claimed twice');
    for (const identity of this.#identities) this.#judge(identity);
    this.#coverage.replays += replays.events.length;
    this.#coverage.evidence += evidence.events.length;
    this.#coverage.reclaims += claims.events.filter((claim) => claim.gate === 'RECLAIM').length;
    this.#coverage.faults += Object.values(this.#simulated.struck).reduce((sum, count) => sum + count, 0);
    return [...this.#wrong];
  }

  /** The way to the store, which stops answering when it is asked without end: a run has to come to its own. */
  #between(): Store {
    const store = this.#options.between?.(this.#simulated, this.#clock) ?? this.#simulated;
    let asked = 0;
    return {
      description: store.description,
      durability: store.durability,
      partitions: store.partitions,
      transact: (...given) => {
        asked += 1;
        if (asked < MOST_TRANSACTIONS) return store.transact(...given);
        this.#wrong.add('the store was asked without end');
        return new Promise(() => {});
      },
      renew: (...given) => store.renew(...given),
      list: (...given) => store.list(...given),
      watch: (...given) => store.watch(...given),
      close: (...given) => store.close(...given),
    };
  }

  async #take(step: Step): Promise<void> {
    switch (step.do) {
      case 'dispatch': {
        const identity = this.#identities[step.identity % this.#identities.length] as Identity;
        this.#dispatch(this.#worker(step.worker), identity, step.body, step.lostAt);
        return this.#clock.settle();
      }
      case 'advance':
        return this.#clock.advance(step.ms);
      case 'freeze':
        this.#worker(step.worker).freeze(step.ms, step.suspended);
        return;
      case 'set wall clock':
        this.#worker(step.worker).ahead = step.ahead;
        return;
      case 'jump':
        this.#clock.jump(step.ms);
        return;
      case 'release': {
        const identity = this.#identities[step.identity % this.#identities.length] as Identity;
        this.#follow(this.#release(this.#worker(step.worker), identity));
        return this.#clock.settle();
      }
    }
  }

  #worker(at: number): SimulatedWorker {
    return this.#workers[at % this.#workers.length] as SimulatedWorker;
  }

  /** Everything under way ends by itself once the way to the store is calm; what does not hangs. */
  async #comeToRest(): Promise<void> {
    this.#simulated.calm();
    await this.#clock.advance(900_000);
    if (this.#running.size > 0) this.#wrong.add(`${this.#running.size} calls never ended`);
    if (this.#simulated.inFlight > 0) this.#wrong.add('the store has work in flight for ever');
  }

  #follow(work: Promise<void>): void {
    const followed = work.finally(() => this.#running.delete(followed));
    this.#running.add(followed);
  }

  #dispatch(worker: SimulatedWorker, identity: Identity, body: BodyPlan, lostAt: FaultPoint | undefined): void {
    this.#coverage.dispatches += 1;
    const tool = this.#tool(worker, identity);
    this.#follow(
      context
        .run({ worker, body, lostAt }, () => tool({ id: identity.name }))
        .then(
          (value) => void identity.values.push(JSON.stringify(value)),
          (error: unknown) => this.#expect(error),
        ),
    );
  }

  #tool(worker: SimulatedWorker, identity: Identity, timeout: boolean = identity.plan.timeout): Tool {
    const { effect, boundary, reconciler } = identity.plan;
    return ledger({
      name: identity.name,
      ledger: worker.home,
      idFrom: ['id'],
      boundary,
      lease: LEASE_MS,
      waitFor: 45_000,
      ...(effect === 'unclassified' ? {} : { effect }),
      ...(effect === 'keyed_mutate' ? { keyValidFor: '9m' } : {}),
      // Reads belong to their run, unless they are shared for a while.
      ...(effect === 'read' ? { replayFor: '10d' } : {}),
      ...(timeout ? { timeout: '12s' } : {}),
      ...(reconciler === 'none' ? {} : { reconcile: (question: ReconcileQuestion) => this.#ask(identity, question) }),
    })((_: { id: string }, call) => this.#body(identity, call)) as Tool;
  }

  #ask(identity: Identity, _question: ReconcileQuestion): ReturnType<typeof committed> {
    this.#coverage.verdicts += 1;
    const charge = this.#book.find(identity.name);
    if (charge !== undefined) return committed(charge);
    if (identity.plan.reconciler === 'shy') return unknown('not in the book yet');
    identity.notExecuted += 1;
    return notExecuted('not in the book');
  }

  async #body(identity: Identity, call: ToolCall): Promise<unknown> {
    identity.bodies += 1;
    const { worker, body } = context.getStore() as Context;
    await worker.sleep(body.before);
    if (body.end === 'throws before') throw new Error('failed on the way to the effect');
    if (body.end === 'declines') {
      identity.notExecuted += 1;
      throw new NotExecutedError('declined');
    }
    const key = identity.plan.effect === 'keyed_mutate' ? call.idempotencyKey : undefined;
    const send = async (): Promise<unknown> => {
      await this.#checkClaim(identity, call);
      if (body.effect === 'lands late') {
        this.#book.landLater(identity.name, key, LATE_MS);
        throw new Error('socket hang up');
      }
      const charge = this.#book.land(identity.name, key);
      if (body.effect === 'answer lost') throw new Error('socket hang up');
      return charge;
    };
    const charge =
      identity.plan.careful || identity.plan.boundary === 'explicit' ? await call.effect(send) : await send();
    await worker.sleep(body.after);
    if (body.end === 'throws') throw new Error('failed after the effect');
    return charge;
  }

  /** No effect without a durable claim. */
  async #checkClaim(identity: Identity, call: ToolCall): Promise<void> {
    const { records } = await this.#simulated.truth.list({ kind: 'tool', where: { tool: identity.name }, limit: 1 });
    const [stored] = records;
    const record = stored === undefined ? undefined : decodeCall(stored, 'the truth').record;
    if (record === undefined || record.fence < call.fence)
      this.#wrong.add(`${identity.name}: an effect without a durable claim`);
    else if (record.fence === call.fence && record.phase === 'intended')
      this.#wrong.add(`${identity.name}: an effect whose attempt is not durable`);
  }

  #expect(error: unknown): void {
    if (error instanceof WorkerLostError) this.#coverage.lost += 1;
    else if (error instanceof MyceliumError) {
      const known = EXPECTED[error.code];
      if (known !== undefined) this.#coverage[known] += 1;
      else if (error.code !== 'NOT_EXECUTED') this.#wrong.add(`an unexpected error: ${error.message}`);
    } else if (!(error instanceof Error) || !/^(failed|socket hang up)/.test(error.message))
      this.#wrong.add(`an unexpected error: ${String(error)}`);
  }

  /** An operator who looks at the provider's book, and says only what cannot change any more. */
  async #release(worker: SimulatedWorker, identity: Identity): Promise<void> {
    try {
      const [call] = (await worker.home.list({ tool: identity.name })).calls;
      if (call?.stuck !== true || this.#book.underWay(identity.name)) return;
      const charge = this.#book.find(identity.name);
      const grounds = { by: 'operator', reason: 'the book of the provider' };
      if (charge === undefined) identity.notExecuted += 1;
      await worker.home.release(
        call.id,
        charge === undefined ? { ...grounds, as: 'not-executed' } : { ...grounds, as: 'completed', result: charge },
      );
      // A worker came back between the look and the release: what was said had become untrue.
      const happened = this.#book.find(identity.name) !== undefined || this.#book.underWay(identity.name);
      if (charge === undefined && happened) identity.misjudged = true;
      this.#coverage.releases += 1;
    } catch (error) {
      if (error instanceof MyceliumError && (error.code === 'STORE_UNAVAILABLE' || error.code === 'RELEASE_REFUSED'))
        return;
      this.#wrong.add(`an unexpected error of a release: ${String(error)}`);
    }
  }

  /** Every unfinished record has a remedy that its message names, and that works. */
  async #finish(identity: Identity): Promise<void> {
    const worker = new SimulatedWorker(this.#clock, this.#shared);
    const tool = this.#tool(worker, identity, false);
    const body: BodyPlan = { before: 0, effect: 'answered', after: 0, end: 'returns' };
    for (let round = 0; round < 4; round++) {
      try {
        const value = await this.#clock.runUntil(
          context.run({ worker, body, lostAt: undefined }, () => tool({ id: identity.name })),
        );
        identity.values.push(JSON.stringify(value));
        return;
      } catch (error) {
        if (error instanceof MyceliumError && error.code === 'CALL_IN_PROGRESS') await this.#clock.advance(60_000);
        else if (
          error instanceof MyceliumError &&
          error.code === 'LEDGER_BLOCKED' &&
          error.message.includes('release')
        ) {
          const before = this.#coverage.releases;
          await this.#clock.runUntil(this.#release(worker, identity));
          if (this.#coverage.releases === before)
            this.#wrong.add(`${identity.name}: blocked, and cannot be released: ${error.message}`);
        } else {
          this.#wrong.add(`${identity.name}: no way out: ${String(error)}`);
          return;
        }
      }
    }
    this.#wrong.add(`${identity.name}: its remedies do not end`);
  }

  #judge(identity: Identity): void {
    const { name, plan, values } = identity;
    if (new Set(values).size > 1) this.#wrong.add(`${name}: callers saw ${[...new Set(values)].join(' and ')}`);
    const effects = this.#book.count(name);
    if (values.length > 0 && effects === 0) this.#wrong.add(`${name}: a success without an effect`);
    if (plan.effect === 'read' || plan.effect === 'idempotent_mutate' || plan.effect === 'unclassified') return;
    const most =
      this.#clocksLie || identity.misjudged || !(plan.careful || plan.boundary === 'explicit')
        ? 1 + identity.notExecuted
        : 1;
    if (effects > most) this.#wrong.add(`${name}: ${effects} effects, ${most} allowed`);
    const bodies = 1 + identity.notExecuted;
    if (plan.boundary === 'implicit' && plan.effect !== 'keyed_mutate' && identity.bodies > bodies)
      this.#wrong.add(`${name}: ${identity.bodies} bodies, ${bodies} allowed`);
  }

  /** Time that the store sees and that did not pass, or a suspension that a wall clock hides: then verdicts may err. */
  get #clocksLie(): boolean {
    const { steps } = this.#plan;
    const back = steps.some((step) => step.do === 'set wall clock' && step.ahead < 0);
    return steps.some((step) => step.do === 'jump' || (back && step.do === 'freeze' && step.suspended));
  }
}
