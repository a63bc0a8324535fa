import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EFFECT_CLASSES } from '../../src/ledger/transition.js';
import { FAULT_POINTS } from '../../src/testing/index.js';
import { findWaysOut, type Met, type Plan, type Step, TO_BE_MET, type ToolPlan } from './settling-world.js';

const tool: fc.Arbitrary<ToolPlan> = fc.record({
  effect: fc.constantFrom(...EFFECT_CLASSES),
  boundary: fc.constantFrom('implicit', 'explicit'),
  says: fc.constantFrom('none', 'none', 'committed', 'not executed', 'unknown', 'throws'),
  window: fc.boolean(),
  maxAttempts: fc.boolean(),
});

const at = fc.nat({ max: 1 });

/** Without reads, whose identity is another. */
const effect = fc.constantFrom(
  'idempotent_mutate',
  'unclassified',
  'keyed_mutate',
  'non_idempotent_mutate',
  'irreversible',
);

type Dispatch = Step & { readonly do: 'dispatch' };

const dispatch: fc.Arbitrary<Dispatch> = fc.record({
  do: fc.constant('dispatch' as const),
  worker: fc.nat({ max: 2 }),
  tool: at,
  amount: fc.constantFrom(1, 1, 1, 2),
  body: fc.record({
    takes: fc.constantFrom(0, 0, 2_000, 40_000, 200_000),
    lingers: fc.constantFrom(0, 0, 0, 40_000),
    end: fc.constantFrom('returns', 'returns', 'throws', 'declines', 'returns what cannot be kept'),
  }),
  lostAt: fc.option(fc.constantFrom(...FAULT_POINTS), { nil: undefined, freq: 2 }),
});

const advance: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('advance' as const),
  ms: fc.constantFrom(1_000, 12_000, 31_000, 65_000, 400_000),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: dispatch },
  { weight: 6, arbitrary: advance },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), tool: at }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('cut off' as const), worker: fc.nat({ max: 2 }), away: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('say' as const),
      tool: at,
      says: fc.constantFrom('committed', 'not executed', 'unknown', 'throws'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('release' as const),
      tool: at,
      as: fc.constantFrom('completed', 'not-executed'),
      with: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('deploy' as const),
      tool: at,
      effect,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retire' as const), tool: at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('erase' as const), tool: at }) },
);

interface Story {
  readonly first: Dispatch;
  readonly second: Dispatch;
  readonly effect: (Step & { readonly do: 'deploy' })['effect'];
  readonly about: 'lost before its effect' | 'gone for longer than its lease' | 'thrown, then stricter' | 'forgotten';
}

function stepsOf({ first, second, effect, about }: Story): readonly Step[] {
  const { tool, worker } = first;
  const throws = { takes: 0, lingers: 0, end: 'throws' } as const;
  switch (about) {
    case 'lost before its effect':
      return [
        { ...first, lostAt: 'after-claim' },
        { do: 'advance', ms: 31_000 },
      ];
    case 'gone for longer than its lease':
      return [
        { ...first, body: { takes: 0, lingers: 40_000, end: 'returns' }, lostAt: undefined },
        { do: 'cut off', worker, away: true },
        { do: 'advance', ms: 31_000 },
        { ...second, tool, worker: (worker + 1) % 3, body: { takes: 65_000, lingers: 0, end: 'returns' } },
        { do: 'cut off', worker, away: false },
        { do: 'advance', ms: 12_000 },
      ];
    case 'thrown, then stricter':
      return [
        { ...first, body: throws, lostAt: undefined },
        { do: 'deploy', tool, effect },
      ];
    case 'forgotten':
      return [
        { ...first, body: throws, lostAt: undefined },
        { do: 'advance', ms: 400_000 },
      ];
  }
}

/** What takes several steps to come about, and is rare among single ones. */
const story: fc.Arbitrary<readonly Step[]> = fc
  .record({
    first: dispatch,
    second: dispatch,
    effect,
    about: fc.constantFrom(
      'lost before its effect',
      'gone for longer than its lease',
      'thrown, then stricter',
      'forgotten',
    ),
  })
  .map(stepsOf);

const steps = fc
  .array(fc.oneof({ weight: 5, arbitrary: step.map((one) => [one]) }, { weight: 1, arbitrary: story }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((parts) => parts.flat());

const plan: fc.Arbitrary<Plan> = fc.record({
  tools: fc.tuple(tool, tool),
  steps,
  found: fc.constantFrom('completed', 'not-executed'),
  mute: fc.boolean(),
});

const runs = Number(process.env['MYCELIUM_PROPERTY_RUNS'] ?? 3_000);
const seed = process.env['MYCELIUM_PROPERTY_SEED'];

it(
  'every call that can be left behind has a way out that its message names, and every outcome its receipt',
  async () => {
    const met: Met = new Map();
    await fc.assert(
      fc.asyncProperty(plan, (given) => findWaysOut(given, met)),
      { numRuns: runs, ...(seed === undefined ? {} : { seed: Number(seed) }) },
    );
    if (process.env['SHOW_MET'] !== undefined) process.stderr.write(`${JSON.stringify([...met].sort(), null, 1)}\n`);
    // Sequences that never come to the interesting states prove nothing.
    if (runs >= 3_000) expect(TO_BE_MET.filter((state) => !met.has(state))).toEqual([]);
  },
  60_000 + runs * 100,
);
