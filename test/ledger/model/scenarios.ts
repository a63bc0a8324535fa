/** What the explorer is let loose on. Small numbers: every interleaving within them is walked. */
import type { LedgerOptions } from '../../../src/ledger/options.js';
import { resolvePolicy } from '../../../src/ledger/policy.js';
import { type Scenario, TICK, type WorkerPlan } from './world.js';

export function worker(options: LedgerOptions, owner: string): WorkerPlan {
  const policy = resolvePolicy({ lease: TICK, ...options }, 'ledger', {
    name: 'pay',
    developmentName: undefined,
    positional: false,
  });
  return { policy, owner };
}

/** Its answer is the explorer's; that it is there is what matters. */
export const reconcile: NonNullable<LedgerOptions['reconcile']> = () => ({
  outcome: 'unknown',
  why: 'the explorer answers',
});

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

const PAY = { effect: 'non_idempotent_mutate' } as const;

export const SCENARIOS: readonly Scenario[] = [
  scenario('a reconciler and late workers', alike({ ...PAY, reconcile }, 2), { budget: { ticks: 2, throws: 1 } }),
  scenario('an unsure reconciler', alike({ ...PAY, reconcile }, 2), { budget: { ticks: 3 }, unsure: true, claims: 2 }),
  scenario('three workers and a reconciler', alike({ ...PAY, reconcile, settleAfter: 0 }, 3), {
    budget: { ticks: 2 },
    claims: 2,
  }),
  scenario('an operator', alike(PAY, 2), { budget: { ticks: 2, crashes: 1, throws: 1, operator: 2 } }),
  scenario('lost answers and delayed claims', alike(PAY, 2), { budget: { ticks: 2, lost: 2 } }),
  scenario('explicit boundary, three workers', alike({ ...PAY, boundary: 'explicit' }, 3), {
    budget: { ticks: 2, throws: 1 },
  }),
  scenario('explicit boundary, lost answers, an operator', alike({ ...PAY, boundary: 'explicit' }, 2), {
    budget: { ticks: 2, lost: 1, operator: 1 },
  }),
  scenario('explicit boundary, the clock jumps forward', alike({ ...PAY, boundary: 'explicit' }, 2), {
    budget: { ticks: 1, jumps: 1, throws: 1 },
    jumpBy: 3 * TICK,
  }),
  scenario('timeouts and a reconciler', alike({ ...PAY, reconcile, timeout: TICK }, 2), {
    budget: { ticks: 2, timeouts: 1, throws: 1 },
  }),
  scenario('irreversible, a reconciler and an operator', alike({ effect: 'irreversible', reconcile }, 2), {
    budget: { ticks: 2, operator: 1 },
    unsure: true,
  }),
  scenario('a provider that shows effects late', alike({ ...PAY, reconcile, settleAfter: 2 * TICK }, 2), {
    budget: { ticks: 4 },
    providerLag: 2 * TICK,
    claims: 2,
  }),
  scenario('keyed, its window ends', alike({ effect: 'keyed_mutate', keyValidFor: 3 * TICK }, 2), {
    budget: { ticks: 4, throws: 1 },
    providerKeeps: 3 * TICK,
  }),
  scenario('keyed, a window and a reconciler', alike({ effect: 'keyed_mutate', keyValidFor: 3 * TICK, reconcile }, 2), {
    budget: { ticks: 4 },
    providerKeeps: 3 * TICK,
    claims: 2,
  }),
  scenario('keyed, without a window, an operator', alike({ effect: 'keyed_mutate' }, 2), {
    budget: { ticks: 2, throws: 1, operator: 1 },
  }),
  scenario('unclassified, throws', alike({}, 2), { budget: { ticks: 2, throws: 2, operator: 1 } }),
  scenario('idempotent, three workers', alike({ effect: 'idempotent_mutate' }, 3), { budget: { ticks: 2 } }),
  scenario('a deploy tightens the class', [worker({ effect: 'idempotent_mutate' }, 'o1'), worker(PAY, 'o2')], {
    budget: { ticks: 2, throws: 1, operator: 1 },
  }),
  scenario('a deploy loosens the class', [worker(PAY, 'o1'), worker({ effect: 'idempotent_mutate' }, 'o2')], {
    budget: { ticks: 2, throws: 1, operator: 1 },
  }),
  scenario(
    'a deploy makes it keyed',
    [worker({}, 'o1'), worker({ effect: 'keyed_mutate', keyValidFor: 4 * TICK }, 'o2')],
    { budget: { ticks: 4, throws: 1 } },
  ),
  scenario(
    'one process, twice',
    [worker({ ...PAY, boundary: 'explicit' }, 'o1'), worker({ ...PAY, boundary: 'explicit' }, 'o1')],
    { budget: { ticks: 2, throws: 2 } },
  ),
  scenario('maxAttempts', alike({ ...PAY, maxAttempts: 2 }, 2), { budget: { ticks: 2, throws: 2, operator: 1 } }),
  scenario('retired and called again', alike(PAY, 2), { budget: { ticks: 2, crashes: 1, operator: 1, retires: 1 } }),
  scenario('the clock jumps forward', alike({ ...PAY, reconcile }, 2), {
    budget: { ticks: 2, jumps: 1 },
    jumpBy: 3 * TICK,
  }),
  scenario('the clock steps back', alike({ ...PAY, reconcile }, 2), {
    budget: { ticks: 2, jumps: 1 },
    jumpBy: -2 * TICK,
  }),
];

/** The scenario of that name. */
export function named(name: string): Scenario {
  const found = SCENARIOS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no scenario "${name}"`);
  return found;
}
