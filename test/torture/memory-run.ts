/** Runs over a memory store: all workers live in this process, in virtual time, and are frozen instead of killed. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Store } from 'mycelium-runtime/store';
import {
  type EngineOptions,
  type ManualClock,
  manualClock,
  onFaultPoint,
  type SimulatedStore,
  setUpEngine,
  simulatedStore,
} from 'mycelium-runtime/testing';
import { engineLoaded } from './engine-loaded.js';
import { live } from './life.js';
import type { Life, Point } from './order.js';
import { providerOver } from './provider.js';
import { drawFrom } from './random.js';
import { type Fresh, recover } from './recovery.js';
import type { RunPlan } from './run-plan.js';
import type { RunRecord } from './run-record.js';
import { losingAnswers, withoutProtection } from './store-wrappers.js';
import type { Surroundings } from './tools.js';
import { memoryWitness, type Witness } from './witness.js';

type Clock = NonNullable<EngineOptions['clock']>;

/** Which worker the code that runs belongs to: the hook at fault points is one for the whole process. */
const living = new AsyncLocalStorage<MemoryWorker>();

/** A way to the store that never does the same for long. */
const UNRELIABLE = {
  delayed: 0.05,
  lostBefore: 0.05,
  lostAfter: 0.06,
  duplicated: 0.05,
  answeredLate: 0.01,
  lateLanding: 0.03,
  wokenEarly: 0.05,
  neverWoken: 0.1,
};

/** A worker that can be frozen for a while or for ever. */
class MemoryWorker implements Surroundings {
  readonly worker: string;
  readonly witness: Witness;
  readonly provider: Surroundings['provider'];
  readonly clock: Clock;
  readonly lost: Promise<void>;
  kills = 0;
  readonly #faults: Life['faults'];
  readonly #manual: ManualClock;
  readonly #passed = new Map<Point, number>();
  #shiftMs: number;
  #frozen: Promise<void> | undefined;
  #dead = false;
  #declareLost: () => void = () => undefined;

  constructor(worker: string, faults: Life['faults'], manual: ManualClock, witness: Witness) {
    this.worker = worker;
    this.witness = witness;
    this.provider = providerOver(witness, () => manual.now());
    this.#faults = faults;
    this.#manual = manual;
    this.#shiftMs = faults.clock?.shiftMs ?? 0;
    this.lost = new Promise((resolve) => {
      this.#declareLost = resolve;
    });
    this.clock = {
      wall: () => manual.wall() + this.#shiftMs,
      monotonic: () => manual.monotonic(),
      after: (ms, callback) => ({ cancel: this.after(ms, callback), keepAlive: () => undefined }),
    };
    const { clock, killAfterMs } = faults;
    if (clock !== undefined) this.#struck('clock');
    if (clock?.jump !== undefined) {
      const { afterMs, byMs } = clock.jump;
      manual.schedule(() => {
        this.#shiftMs += byMs;
      }, afterMs);
    }
    if (killAfterMs !== undefined) manual.schedule(() => this.#die('kill at a random instant'), killAfterMs);
  }

  after = (ms: number, callback: () => void): (() => void) =>
    this.#manual.schedule(() => {
      const go = (): void => living.run(this, callback);
      const wait = this.alive();
      if (wait === undefined) go();
      else void wait.then(go);
    }, ms);

  alive(): Promise<void> | undefined {
    return this.#dead ? new Promise<void>(() => undefined) : this.#frozen;
  }

  passing(point: Point): Promise<void> | undefined {
    const passed = (this.#passed.get(point) ?? 0) + 1;
    this.#passed.set(point, passed);
    const { kill, stop } = this.#faults;
    if (kill?.point === point && kill.nth === passed) this.#die(`kill at ${point}`);
    else if (stop?.point === point && stop.nth === passed) this.#freeze(stop.forMs);
    return this.alive();
  }

  /** The store as this worker reaches it: a frozen one neither sends nor hears. */
  reaching(store: Store): Store {
    const guarded = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
      await this.alive();
      try {
        return await ask();
      } finally {
        await this.alive();
      }
    };
    return {
      description: 'memory',
      durability: store.durability,
      partitions: store.partitions,
      transact: (transaction, nonce) => guarded(() => store.transact(transaction, nonce)),
      renew: (renewals) => guarded(() => store.renew(renewals)),
      list: (query) => guarded(() => store.list(query)),
      watch: (key, revision, signal) => guarded(() => store.watch(key, revision, signal)),
      close: async () => undefined,
    };
  }

  #die(fault: string): void {
    if (this.#dead) return;
    this.#struck(fault);
    this.kills += 1;
    this.#dead = true;
    this.#declareLost();
  }

  #freeze(ms: number): void {
    this.#struck('stop');
    this.#frozen = new Promise((resolve) => {
      this.#manual.schedule(() => {
        this.#frozen = undefined;
        resolve();
      }, ms);
    });
  }

  #struck(fault: string): void {
    this.witness.add({ type: 'struck', fault, worker: this.worker });
  }
}

/** Carries out one plan. */
export async function runInMemory(plan: RunPlan): Promise<RunRecord> {
  await engineLoaded();
  const manual = manualClock();
  const witness = memoryWitness();
  const shared = simulatedStore({
    seed: plan.seed,
    clock: manual,
    latency: 3,
    delay: 300,
    late: 2_500,
    faults: plan.unreliableWay === true ? UNRELIABLE : {},
  });
  onFaultPoint((point) => living.getStore()?.passing(point));
  try {
    const kills = await manual.runUntil(livesOf(plan, manual, witness, shared));
    return { events: witness.events(), kills };
  } finally {
    onFaultPoint(undefined);
    await shared.close();
  }
}

async function livesOf(plan: RunPlan, manual: ManualClock, witness: Witness, shared: SimulatedStore): Promise<number> {
  let kills = 0;
  for (const { lives } of plan.phases) {
    const workers = lives.map((life) => ({
      life,
      worker: new MemoryWorker(life.worker, life.faults, manual, witness),
    }));
    await Promise.all(
      workers.map(({ life, worker }) => {
        const store = storeOf(plan, life, worker, shared);
        setUpEngine(store, { clock: worker.clock, storeDeadlineMs: life.settings.storeDeadlineMs });
        return Promise.race([living.run(worker, () => live(worker, store, life)), worker.lost]);
      }),
    );
    for (const { worker } of workers) kills += worker.kills;
  }
  shared.calm();
  if (Object.values(shared.struck).some((count) => count > 0))
    witness.add({ type: 'struck', fault: 'unreliable-way', worker: plan.name });
  witness.add({ type: 'recovering' });
  const open = async (name: string): Promise<Fresh> => {
    const worker = new MemoryWorker(`${plan.name}-${name}`, {}, manual, witness);
    const store = worker.reaching(shared);
    setUpEngine(store, { clock: worker.clock });
    return { store, surroundings: worker, close: async () => undefined };
  };
  await recover(open, plan.jobs, plan.settings);
  return kills;
}

function storeOf(plan: RunPlan, life: Life, worker: MemoryWorker, shared: Store): Store {
  const reached = worker.reaching(shared);
  const { lostAnswers } = life.faults;
  if (lostAnswers === undefined) return withoutProtection(reached, plan.broken);
  const struck = (): void => worker.witness.add({ type: 'struck', fault: 'lost-answer', worker: worker.worker });
  return withoutProtection(losingAnswers(reached, lostAnswers, drawFrom(life.seed), struck), plan.broken);
}
