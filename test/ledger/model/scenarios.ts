/** What the explorer is let loose on. Small numbers: every interleaving within them is walked. */
import type { LedgerOptions } from '../../../src/ledger/options.js';
import { resolvePolicy } from '../../../src/ledger/policy.js';
import { type Scenario, TICK, type WorkerPlan } from './world.js';

export function worker(options: LedgerOptions, owner: string): WorkerPlan {
  const policy = resolvePolicy({ lease: TICK, ...options }, 'ledger', { name: 'pay', developmentName: undefined, positional: false });
  return { policy, owner };
}

/** Its answer is the explorer's; that it is there is what matters. */
export const reconcile: NonNullable<LedgerOptions['reconcile']> = () => ({ outcome: 'unknown', why: 'the explorer answers' });

const BASE = { claims: 3, providerLag: 0, providerKeeps: 4 * TICK, unsure: false, jumpBy: 0 } as const;

export function scenario(name: string, workers: readonly WorkerPlan[], rest: Partial<Scenario>): Scenario {
  const timed = workers.some(({ policy }) => policy.reconcile !== undefined || policy.effect === 'keyed_mutate');
  const longest = Math.max(...workers.map(({ policy }) => policy.leaseMs));
  return { ...BASE, budget: {}, name, workers, timed, longest, ...rest };
}

function alike(options: LedgerOptions, count: number): WorkerPlan[] {
  const { policy } = worker(options, '');
  return Array.from({ length: count }, (_, position) => ({ policy, owner: `o${position + 1}` }));
}

export const SCENARIOS: readonly Scenario[] = [
  scenario('non-idempotent, crashes, a reconciler, late workers', alike({ effect: 'non_idempotent_mutate', reconcile }, 2), { budget: { ticks: 4, throws: 1, operator: 0 }, unsure: true }),
  scenario('non-idempotent, an operator', alike({ effect: 'non_idempotent_mutate' }, 2), { budget: { ticks: 3, crashes: 1, throws: 1, operator: 2 } }),
  scenario('non-idempotent, lost answers and delayed claims', alike({ effect: 'non_idempotent_mutate' }, 2), { budget: { ticks: 3, lost: 2, crashes: 1, operator: 1 } }),
  scenario('non-idempotent, explicit boundary, three workers', alike({ effect: 'non_idempotent_mutate', boundary: 'explicit' }, 3), { budget: { ticks: 2, throws: 1 } }),
  scenario('non-idempotent, explicit boundary, lost answers, an operator', alike({ effect: 'non_idempotent_mutate', boundary: 'explicit' }, 2), { budget: { ticks: 3, lost: 1, throws: 1, operator: 1 } }),
  scenario('non-idempotent, timeouts, a reconciler', alike({ effect: 'non_idempotent_mutate', reconcile, timeout: TICK }, 2), { budget: { ticks: 3, timeouts: 1, throws: 1 } }),
  scenario('irreversible, a reconciler and an operator', alike({ effect: 'irreversible', reconcile }, 2), { budget: { ticks: 3, crashes: 1, operator: 1, throws: 1 }, unsure: true }),
  scenario('a provider that shows effects late', alike({ effect: 'non_idempotent_mutate', reconcile, settleAfter: 2 * TICK }, 2), { budget: { ticks: 5 }, providerLag: 2 * TICK }),
  scenario('keyed, its window ends', alike({ effect: 'keyed_mutate', keyValidFor: 4 * TICK }, 2), { budget: { ticks: 5, throws: 1 } }),
  scenario('keyed, without a window, an operator', alike({ effect: 'keyed_mutate' }, 2), { budget: { ticks: 3, crashes: 1, throws: 1, operator: 1 } }),
  scenario('unclassified, throws', alike({}, 2), { budget: { ticks: 3, throws: 2, crashes: 1, operator: 1 } }),
  scenario('idempotent, three workers', alike({ effect: 'idempotent_mutate' }, 3), { budget: { ticks: 2, throws: 1 } }),
  scenario('a deploy tightens idempotent to non-idempotent', [worker({ effect: 'idempotent_mutate' }, 'o1'), worker({ effect: 'non_idempotent_mutate' }, 'o2')], { budget: { ticks: 3, crashes: 1, throws: 1, operator: 1 } }),
  scenario('a deploy loosens non-idempotent to idempotent', [worker({ effect: 'non_idempotent_mutate' }, 'o1'), worker({ effect: 'idempotent_mutate' }, 'o2')], { budget: { ticks: 3, crashes: 1, throws: 1, operator: 1 } }),
  scenario('a deploy makes unclassified keyed', [worker({}, 'o1'), worker({ effect: 'keyed_mutate', keyValidFor: 4 * TICK }, 'o2')], { budget: { ticks: 4, throws: 1 } }),
  scenario('maxAttempts, an operator', alike({ effect: 'non_idempotent_mutate', reconcile, maxAttempts: 2 }, 2), { budget: { ticks: 3, throws: 2, crashes: 1, operator: 1 } }),
  scenario('retired and called again', alike({ effect: 'non_idempotent_mutate' }, 2), { budget: { ticks: 2, crashes: 1, operator: 1, retires: 1 } }),
  scenario('the store clock jumps forward', alike({ effect: 'non_idempotent_mutate', reconcile }, 2), { budget: { ticks: 3, jumps: 1 }, jumpBy: 3 * TICK }),
  scenario('the store clock steps back', alike({ effect: 'non_idempotent_mutate', reconcile }, 2), { budget: { ticks: 4, crashes: 1, jumps: 1, operator: 1 }, jumpBy: -2 * TICK }),
];
