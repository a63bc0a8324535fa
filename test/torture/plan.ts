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

type Scenarios = readonly (readonly [name: string, making: Making])[];

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
  ['answers get lost', lostAnswers],
  ['storm', storm],
  ['second attempt near the end of the key', lateSecondAttempt],
  ['second attempt, stopped', stoppedSecondAttempt],
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
};

/** Only what can show that the protection is missing. */
const REVEALING: Readonly<Record<Break, Scenarios>> = {
  claim: [['storm', storm]],
  fence: [['zombie', zombie]],
  nonce: [['answers get lost', lostAnswers]],
  flush: [['power loss', powerLoss({})]],
  readback: [['storm', storm]],
  window: [['second attempt near the end of the key', lateSecondAttempt]],
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
  if (store === 'memory') return [...common, 'unreliable-way'];
  return [...common, 'full-disk', 'file-size-limit', 'flush-error', 'flush-kill', 'compaction', 'power-loss'];
}

/** After so many runs every fault has had several chances to strike. */
export function enoughRuns(store: StoreKind): number {
  return 4 * SCENARIOS[store].length;
}

/** The plans of all runs. */
export function planRuns(store: StoreKind, runs: number, seed: number, broken?: Break): RunPlan[] {
  const scenarios = broken === undefined ? SCENARIOS[store] : REVEALING[broken];
  return Array.from({ length: runs }, (_, position) => {
    const [scenario, making] = scenarios[position % scenarios.length] as Scenarios[number];
    const runSeed = (Math.imul(seed, 0x01000193) ^ (position + 1)) >>> 0;
    const name = `r${position + 1}`;
    const plan = making(new Drafting(name, runSeed, broken));
    return {
      name,
      seed: runSeed,
      scenario,
      ...plan,
      ...(broken === undefined ? {} : { broken, ...broke(plan, broken) }),
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
