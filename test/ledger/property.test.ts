import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Store } from '../../src/store/contract.js';
import { FAULT_POINTS } from '../../src/testing/index.js';
import {
  type BodyPlan,
  type Coverage,
  noCoverage,
  type Plan,
  type RunOptions,
  type Step,
  simulate,
  type ToolPlan,
} from './simulation.js';

/** Which rule is broken, for the tests that show that a broken rule is found. */
const broken = vi.hoisted(() => ({ rule: 'none' }));

vi.mock('../../src/ledger/resolution.js', async (original) => {
  const rules = await original<typeof import('../../src/ledger/resolution.js')>();
  return {
    ...rules,
    answerCompletion: (...given: Parameters<typeof rules.answerCompletion>) =>
      broken.rule === 'complete without fence' ? 'accept' : rules.answerCompletion(...given),
    believesNotExecuted: (...given: Parameters<typeof rules.believesNotExecuted>) =>
      broken.rule === 'believe at once' ? true : rules.believesNotExecuted(...given),
    classifyThrow: (...given: Parameters<typeof rules.classifyThrow>) =>
      broken.rule === 'forget on throw' ? { phase: 'aborted', aborted: 'not-executed' } : rules.classifyThrow(...given),
  };
});

vi.mock('../../src/ledger/transition.js', async (original) => {
  const table = await original<typeof import('../../src/ledger/transition.js')>();
  return {
    ...table,
    decide: (...given: Parameters<typeof table.decide>) =>
      broken.rule === 'take over on expiry' && given[0].standing === 'ambiguous-expired'
        ? 'RECLAIM'
        : table.decide(...given),
  };
});

const percent = (most: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: most }).map((value) => value / 100);

const tool: fc.Arbitrary<ToolPlan> = fc.record({
  effect: fc.constantFrom(
    'non_idempotent_mutate',
    'keyed_mutate',
    'irreversible',
    'idempotent_mutate',
    'unclassified',
    'read',
  ),
  boundary: fc.constantFrom('implicit', 'explicit'),
  reconciler: fc.constantFrom('none', 'truthful', 'shy'),
  careful: fc.boolean(),
  timeout: fc.boolean(),
});

const body: fc.Arbitrary<BodyPlan> = fc.record({
  before: fc.constantFrom(0, 0, 500, 5_000, 40_000),
  effect: fc.constantFrom('answered', 'answered', 'answered', 'answer lost', 'lands late'),
  after: fc.constantFrom(0, 0, 500, 20_000, 70_000),
  end: fc.constantFrom('returns', 'returns', 'returns', 'throws', 'declines', 'throws before'),
});

const worker = fc.nat({ max: 2 });
const identity = fc.constantFrom(0, 0, 0, 1, 2);

const dispatch = fc.record({
  do: fc.constant('dispatch' as const),
  worker,
  identity,
  body,
  lostAt: fc.option(fc.constantFrom(...FAULT_POINTS), { nil: undefined, freq: 3 }),
});

const single: fc.Arbitrary<readonly Step[]> = fc
  .oneof(
    { weight: 7, arbitrary: dispatch },
    {
      weight: 7,
      arbitrary: fc.record({
        do: fc.constant('advance' as const),
        ms: fc.constantFrom(10, 1_000, 6_000, 12_000, 31_000, 61_000, 300_000),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('freeze' as const),
        worker,
        ms: fc.constantFrom(5_000, 35_000, 100_000),
        suspended: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('set wall clock' as const),
        worker,
        ahead: fc.constantFrom(0, 3_600_000, -3_600_000, 40_000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('jump' as const), ms: fc.constantFrom(40_000, 200_000) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), worker, identity }) },
  )
  .map((step) => [step]);

/** What takes several steps to come about, and is where most can go wrong: a worker that is gone for longer than its lease. */
const takenOver: fc.Arbitrary<readonly Step[]> = fc
  .record({
    first: dispatch,
    second: dispatch,
    suspended: fc.boolean(),
    gone: fc.constantFrom(35_000, 100_000),
    later: fc.constantFrom(1_000, 31_000, 61_000),
  })
  .map(({ first, second, suspended, gone, later }) => [
    first,
    { do: 'advance', ms: 100 },
    { do: 'freeze', worker: first.worker, ms: gone, suspended },
    { do: 'advance', ms: 31_000 },
    { ...second, identity: first.identity, worker: first.worker + 1 },
    { do: 'advance', ms: later },
  ]);

const steps = fc
  .array(fc.oneof({ weight: 6, arbitrary: single }, { weight: 1, arbitrary: takenOver }), {
    minLength: 1,
    maxLength: 14,
  })
  .map((parts) => parts.flat());

const plan: fc.Arbitrary<Plan> = fc.record({
  seed: fc.nat({ max: 1_000_000 }),
  workers: fc.constantFrom(2, 3),
  faults: fc.oneof(
    fc.constant({}),
    fc.record({
      delayed: percent(15),
      lostBefore: percent(12),
      lostAfter: percent(12),
      duplicated: percent(12),
      answeredLate: percent(4),
      lateLanding: percent(6),
      wokenEarly: percent(30),
      neverWoken: percent(30),
    }),
  ),
  latency: fc.constantFrom(0, 50),
  tools: fc.array(tool, { minLength: 1, maxLength: 3 }),
  steps,
});

function property(options: RunOptions = {}): fc.IAsyncProperty<[Plan]> {
  return fc.asyncProperty(plan, async (given) => {
    const wrong = await simulate(given, options);
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
  });
}

const runs = Number(process.env['MYCELIUM_PROPERTY_RUNS'] ?? 8_000);
const seed = process.env['MYCELIUM_PROPERTY_SEED'];

afterEach(() => {
  broken.rule = 'none';
});

describe('the engine over a store that loses, delays, repeats and reorders', () => {
  it(
    'keeps its promises, whatever workers, clocks, providers and operators do',
    async () => {
      const coverage = noCoverage();
      await fc.assert(property({ coverage }), { numRuns: runs, ...(seed === undefined ? {} : { seed: Number(seed) }) });
      // A simulation that never enters the interesting paths proves nothing.
      if (runs >= 100)
        for (const path of Object.keys(coverage) as (keyof Coverage)[])
          expect([path, coverage[path] > 0]).toEqual([path, true]);
    },
    60_000 + runs * 100,
  );
});

/** Completions overwrite whatever is there. */
function unconditionalWrites(store: Store): Store {
  return {
    ...overlay(store),
    async transact(transaction, nonce) {
      const [first, ...others] = transaction.expect;
      if (first === undefined || !transaction.write.some(({ value }) => value.includes('"phase":"committed"')))
        return store.transact(transaction, nonce);
      const { records } = await store.transact({ expect: [], write: [], read: [first.key] }, `${nonce}r`);
      return store.transact(
        { ...transaction, expect: [{ key: first.key, revision: records[0]?.revision }, ...others] },
        nonce,
      );
    },
  };
}

/** An error of the store is taken for "nobody has it". */
function errorsAreAbsence(store: Store): Store {
  return {
    ...overlay(store),
    async transact(transaction, nonce) {
      try {
        return await store.transact(transaction, nonce);
      } catch {
        const records = transaction.write.map(({ key, value, lease }) => ({
          key,
          value,
          revision: `1:${nonce}`,
          writtenAt: 0,
          ...(lease === undefined ? {} : { lease: { owner: lease.owner, fence: lease.fence, until: lease.ms } }),
        }));
        return { ok: true, records, now: 0 };
      }
    },
  };
}

function overlay(store: Store): Store {
  return {
    description: store.description,
    durability: store.durability,
    partitions: store.partitions,
    transact: (...given) => store.transact(...given),
    renew: (...given) => store.renew(...given),
    list: (...given) => store.list(...given),
    watch: (...given) => store.watch(...given),
    close: (...given) => store.close(...given),
  };
}

describe('the same property finds what is broken', () => {
  const rules: readonly [string, RunOptions][] = [
    ['complete without fence', {}],
    ['believe at once', {}],
    ['forget on throw', {}],
    ['take over on expiry', {}],
    ['unconditional completion', { between: unconditionalWrites }],
    ['store error read as absence', { between: errorsAreAbsence }],
  ];
  it.each(rules)('%s', async (rule, options) => {
    broken.rule = rule;
    const found = await fc.check(property(options), { numRuns: 1_500, seed: 7, endOnFailure: true });
    expect(found.failed).toBe(true);
    expect(found.counterexample).not.toBeNull();
    // It is a counterexample because of what is broken: mended, it is none.
    broken.rule = 'none';
    expect(await simulate((found.counterexample as [Plan])[0])).toEqual([]);
  });
});
