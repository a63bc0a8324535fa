/** Which runs there are, drawn from a seed. */
import { FAULT_POINTS } from 'mycelium-runtime/testing';
import { Drafting } from './drafting.js';
import type { Break } from './order.js';
import type { RunPlan, StoreKind } from './run-plan.js';
import {
  compaction,
  failingFlush,
  fileSizeLimit,
  fullDisk,
  killedSometime,
  killPoints,
  killResolvers,
  lateSecondAttempt,
  lostAnswers,
  type Making,
  powerLoss,
  stopped,
  stoppedSecondAttempt,
  storm,
  unreliableWay,
  wrongClocks,
  zombie,
} from './scenarios.js';
import {
  disturbed,
  failover,
  failoverOfRead,
  otherPartitions,
  serializable,
  serverEnds,
  troubled,
  troubledInPeace,
  unheardFailover,
} from './server-scenarios.js';

/** A scenario with a protection missing is a control: it shows what the others would look like. */
type Scenarios = readonly (readonly [name: string, making: Making, missing?: Break])[];

const POINTS: Scenarios = FAULT_POINTS.map((point) => {
  const resolving = point === 'before-resolve' || point === 'after-verdict';
  return [`killed at ${point}`, resolving ? killResolvers(point) : killPoints(point)] as const;
});

const COMMON: Scenarios = [
  ...POINTS,
  ['killed in the body', killPoints('in-body')],
  ['killed at a random instant', killedSometime],
  ['stopped beyond the lease', stopped],
  ['zombie', zombie],
  ['wrong clocks', wrongClocks],
  ['answers get lost', lostAnswers(0.3)],
  ['storm', storm],
  ['second attempt near the end of the key', lateSecondAttempt],
  ['second attempt, stopped', stoppedSecondAttempt],
];

const SERVER: Scenarios = [
  ['server killed', serverEnds('server-kill')],
  ['connections are cut', troubledInPeace(0.15, 'cut-before', 'cut-after', 'cut-reply')],
  ['server stopped', serverEnds('server-stop')],
  ['requests come twice', troubledInPeace(0.3, 'duplicate')],
  ['silence', troubled(0.04, 'swallow-request', 'swallow-reply')],
  ['replies beyond the lease', troubled(0.08, 'late-reply')],
  ['any trouble', troubled(0.15, 'cut-before', 'cut-after', 'cut-reply', 'duplicate', 'late-reply', 'swallow-reply')],
  ['other partitions', otherPartitions],
];

const SCENARIOS: Readonly<Record<StoreKind, Scenarios>> = {
  memory: [...COMMON, ['unreliable way', unreliableWay], ['unreliable way', unreliableWay]],
  file: [
    ...COMMON,
    ['killed at a random instant', killedSometime],
    ['full disk', fullDisk],
    ['limited file size', fileSizeLimit],
    ['a flush fails', failingFlush('flush-error')],
    ['killed at a flush', failingFlush('flush-kill')],
    ['compaction', compaction],
    ['compaction', compaction],
    ['power loss', powerLoss({})],
    ['power loss during compaction', powerLoss({ compactEveryMs: 20 })],
  ],
  redis: [
    ...SERVER,
    ['failover', failover],
    ['failover, unheard', unheardFailover],
    ['failover of what was read', failoverOfRead],
    ['failover without durability', unheardFailover, 'durability'],
    ['scripts are forgotten', disturbed('script-flush', 10)],
    ['subscriptions end', disturbed('subscriber-kill', 20)],
    ['failover', failover],
    ['server killed', serverEnds('server-kill')],
    ...COMMON,
  ],
  postgres: [
    ...SERVER,
    ['sessions end', disturbed('backend-terminate', 60)],
    ['statements are cancelled', disturbed('statement-cancel', 3)],
    ['serializable', serializable],
    ['server killed', serverEnds('server-kill')],
    ...COMMON,
  ],
};

/** Only what can show that the protection is missing. */
const REVEALING: Readonly<Record<Break, Scenarios>> = {
  durability: [['failover, unheard', unheardFailover]],
  claim: [['storm', storm]],
  fence: [['zombie', zombie]],
  nonce: [['answers get lost', lostAnswers(0.7)]],
  flush: [['power loss', powerLoss({})]],
  readback: [['storm', storm]],
  window: [['second attempt near the end of the key', lateSecondAttempt]],
};

const SERVER_FAULTS = [
  'server-kill',
  'server-stop',
  'cut-before',
  'cut-after',
  'cut-reply',
  'swallow-request',
  'swallow-reply',
  'duplicate',
  'late-reply',
  'other-partitions',
];

const OWN_FAULTS: Readonly<Record<StoreKind, readonly string[]>> = {
  memory: ['unreliable-way'],
  file: ['full-disk', 'file-size-limit', 'flush-error', 'flush-kill', 'compaction', 'power-loss'],
  redis: [...SERVER_FAULTS, 'failover', 'script-flush', 'subscriber-kill'],
  postgres: [...SERVER_FAULTS, 'backend-terminate', 'statement-cancel', 'serializable'],
};

/** The faults that enough runs must have shown. */
export function expectedFaults(store: StoreKind): string[] {
  const common = [
    ...FAULT_POINTS.map((point) => `kill at ${point}`),
    'kill at in-body',
    'kill at a random instant',
    'stop',
    'clock',
    'lost-answer',
  ];
  return [...common, ...OWN_FAULTS[store]];
}

/** After so many runs every fault has had several chances to strike. */
export function enoughRuns(store: StoreKind): number {
  return 4 * SCENARIOS[store].length;
}

/** The plans of all runs. @param broken - the protection that is missing in each of them. */
export function planRuns(store: StoreKind, runs: number, seed: number, broken?: Break): RunPlan[] {
  const scenarios = broken === undefined ? SCENARIOS[store] : REVEALING[broken];
  return Array.from({ length: runs }, (_, position) => {
    const [scenario, making, control] = scenarios[position % scenarios.length] as Scenarios[number];
    const missing = broken ?? control;
    const runSeed = (Math.imul(seed, 0x01000193) ^ (position + 1)) >>> 0;
    const name = `r${position + 1}`;
    const plan = making(new Drafting(name, runSeed, missing));
    return {
      name,
      seed: runSeed,
      scenario,
      ...plan,
      ...(missing === undefined ? {} : { broken: missing, ...broke(plan, missing) }),
    };
  });
}

/** With a window that lasts longer in the declaration than at the provider. */
function broke(plan: Pick<RunPlan, 'settings' | 'phases'>, broken: Break): Pick<RunPlan, 'settings' | 'phases'> {
  if (broken !== 'window') return plan;
  const settings = { ...plan.settings, keyValidForMs: 3_600_000, keyHonouredForMs: 200 };
  return {
    settings,
    phases: plan.phases.map((phase) => ({ ...phase, lives: phase.lives.map((life) => ({ ...life, settings })) })),
  };
}
