import { parseDuration } from '../encoding/duration.js';
import { UsageError } from '../errors/usage.js';
import { setUpEngine } from '../ledger/engine.js';
import * as engineModule from '../ledger/engine-module.js';
import { FAULT_POINTS, type FaultPoint, onFaultPoint, WorkerLostError } from '../ledger/fault-points.js';
import { provideEngine } from '../ledger/load-engine.js';
import type { Duration } from '../ledger/options.js';
import type { Store } from '../store/contract.js';
import { memoryStore } from '../store/memory.js';
import { type ManualClock, manualClock } from './manual-clock.js';

/** A store for tests of your own tools: in memory, its clock in your hand. */
export interface TestStore extends Store {
  /** Drives leases, timeouts and waits. */
  readonly clock: ManualClock;
  /** Lets time pass: leases run out, waits end, timeouts strike. */
  advance(duration: Duration): Promise<void>;
}

/**
 * A memory store whose time only passes when told, for the store and for the ledgers over it.
 *
 * @param options - `clock`: share one between several stores. @default a new one
 * @example
 * ```ts
 * const store = testStore();
 * const pay = ledger({ name: 'pay_tested', effect: 'irreversible', idFrom: ['id'], ledger: new ActionLedger({ store }) })(async ({ id }: { id: string }) => `paid ${id}`);
 * failAt('after-effect');
 * await pay({ id: 'inv-1' }).catch((error) => error.name); // → 'WorkerLostError'
 * await store.advance('31s');
 * await pay({ id: 'inv-1' }).catch((error) => error.code); // → 'LEDGER_BLOCKED'
 * ```
 */
export function testStore(options: { readonly clock?: ManualClock } = {}): TestStore {
  const clock = options.clock ?? manualClock();
  const memory = memoryStore({ clock: () => clock.wall() });
  const store: TestStore = {
    description: 'memory (test)',
    durability: memory.durability,
    partitions: memory.partitions,
    clock,
    transact: (transaction, nonce) => memory.transact(transaction, nonce),
    renew: (renewals) => memory.renew(renewals),
    list: (query) => memory.list(query),
    watch: (key, revision, signal) => memory.watch(key, revision, signal),
    close: (closing) => memory.close(closing),
    advance: (duration) => clock.advance(parseDuration(duration, 'advance(duration)')),
  };
  // A clock that stands still cannot wait for a module that is still being loaded.
  provideEngine(engineModule);
  setUpEngine(store, { clock });
  return store;
}

/** Where a worker is to be lost. */
export interface FailAtOptions {
  /** Only in calls of this tool. @default any */
  readonly tool?: string;
  /** How many times; 0 is never. @default 1 */
  readonly times?: number;
}

/**
 * Loses the worker at a fault point: the call fails with WorkerLostError, and nothing more is recorded for it,
 * as after a SIGKILL. The record keeps its lease until that runs out.
 *
 * @param point - see {@link FAULT_POINTS}.
 * @returns what takes the fault away again. A later `failAt` replaces an earlier one.
 * @throws UsageError for a point that does not exist.
 */
export function failAt(point: FaultPoint, options: FailAtOptions = {}): () => void {
  if (!FAULT_POINTS.includes(point)) {
    throw new UsageError({
      place: 'failAt(point)',
      problem: `${JSON.stringify(point)} is no fault point`,
      remedy: `Points are ${FAULT_POINTS.join(', ')}.`,
    });
  }
  let left = options.times ?? 1;
  const stop = (): void => onFaultPoint(undefined);
  onFaultPoint((passed, context) => {
    if (passed !== point || left <= 0 || (options.tool !== undefined && options.tool !== context.tool)) return;
    left -= 1;
    if (left === 0) stop();
    throw new WorkerLostError(point);
  });
  return stop;
}
