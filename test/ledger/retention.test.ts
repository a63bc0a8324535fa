import { describe, expect, test } from 'vitest';
import type { CallRecord, EvidenceRecord } from '../../src/ledger/record.js';
import {
  KEPT_REASONS,
  type KeptReason,
  keepsRunGoing,
  keptByItself,
  keptBySurroundings,
  LONGEST_KEY_MEMORY_MS,
  type OuterStanding,
} from '../../src/ledger/retention.js';
import { EFFECT_CLASSES, type RecordedClass } from '../../src/ledger/transition.js';
import type { StoredRecord } from '../../src/store/contract.js';
import { recordWith } from './model/record-fixture.js';

const DAY = 86_400_000;
const NOW = 1_000 * DAY;
const OLDER_THAN = 30 * DAY;
const cutoff = { now: NOW, olderThanMs: OLDER_THAN };

interface Facts {
  readonly kind: 'tool' | 'task';
  readonly record: CallRecord;
  readonly age: number;
  readonly lease: 'none' | 'held' | 'expired';
  readonly evidence: EvidenceRecord | undefined;
  readonly outer: OuterStanding;
  readonly runGoesOn: boolean;
}

function storedOf({ kind, age, lease }: Facts): StoredRecord {
  return {
    key: { partition: 0, kind, id: 'x' },
    revision: '2:n',
    value: '',
    writtenAt: NOW - age,
    ...(lease === 'none' ? {} : { lease: { owner: 'me', fence: 3, until: lease === 'held' ? NOW + 1 : NOW } }),
  };
}

function reasonOf(facts: Facts): KeptReason | undefined {
  return keptByItself(facts.record, storedOf(facts), cutoff) ?? keptBySurroundings(facts.record, facts);
}

function factsWith(record: Partial<CallRecord>, more: Partial<Omit<Facts, 'record'>> = {}): Facts {
  return {
    kind: 'tool',
    record: recordWith({ phase: 'committed', ...record }),
    age: 400 * DAY,
    lease: 'none',
    evidence: undefined,
    outer: 'none',
    runGoesOn: false,
    ...more,
  };
}

const states: readonly Partial<CallRecord>[] = [
  { phase: 'intended' },
  { phase: 'attempting' },
  { phase: 'unknown' },
  { phase: 'committed' },
  { phase: 'aborted', aborted: 'not-executed' },
  { phase: 'aborted', aborted: 'not-executed', earlierUnsettled: true },
  { phase: 'aborted', aborted: 'may-rerun' },
  { phase: 'aborted' },
];

const nameOf = ({ phase, aborted, earlierUnsettled }: Partial<CallRecord>): string =>
  [phase, aborted, earlierUnsettled === true ? 'over an unsettled one' : undefined].filter(Boolean).join(', ');

/** What may go when it is old and nothing else speaks for it; `-` is kept as unsettled. */
const TABLE: Readonly<Record<string, readonly ('go' | '-')[]>> = {
  //                                              read  idem  keyed non   irrev uncl  task
  intended: ['-', '-', '-', '-', '-', '-', '-'],
  attempting: ['-', '-', '-', '-', '-', '-', '-'],
  unknown: ['-', '-', '-', '-', '-', '-', '-'],
  committed: ['go', 'go', 'go', 'go', 'go', 'go', 'go'],
  'aborted, not-executed': ['go', 'go', 'go', 'go', 'go', 'go', '-'],
  'aborted, not-executed, over an unsettled one': ['go', 'go', '-', '-', '-', '-', '-'],
  'aborted, may-rerun': ['go', 'go', '-', '-', '-', '-', '-'],
  aborted: ['go', 'go', '-', '-', '-', '-', '-'],
};

describe('a call of long ago', () => {
  test.each(states.map((state) => [nameOf(state), state] as const))('%s', (name, state) => {
    const columns: [RecordedClass, 'tool' | 'task'][] = [
      ...EFFECT_CLASSES.map((effect): [RecordedClass, 'tool'] => [effect, 'tool']),
      ['idempotent_mutate', 'task'],
    ];
    const cells = columns.map(([effect, kind]) =>
      reasonOf(factsWith({ ...state, effect }, { kind })) === undefined ? 'go' : '-',
    );
    expect(cells).toEqual(TABLE[name]);
  });
});

/** Each speaks for keeping a call, whatever else is so; the order is that of the answer. */
const vetoes: readonly (readonly [KeptReason, (facts: Facts) => boolean])[] = [
  ['held', ({ lease }) => lease === 'held'],
  ['being-settled', ({ record }) => record.resolver !== undefined && record.resolver.until > NOW],
  [
    'unsettled',
    ({ kind, record: { phase, aborted, effect, earlierUnsettled } }) => {
      if (phase === 'committed') return false;
      if (phase !== 'aborted' || kind === 'task') return true;
      const harmless = effect === 'read' || effect === 'idempotent_mutate';
      return !harmless && (aborted !== 'not-executed' || earlierUnsettled === true);
    },
  ],
  [
    'attempts-used-up',
    ({ record: { phase, attempts, maxAttempts } }) =>
      phase === 'aborted' && maxAttempts !== undefined && attempts >= maxAttempts,
  ],
  ['recent', ({ age }) => age < OLDER_THAN],
  [
    'key-window',
    ({ age, record: { effect, keyValidForMs, retiredThrough } }) =>
      effect === 'keyed_mutate' ? age < (keyValidForMs ?? 30 * DAY) : retiredThrough !== undefined && age < 30 * DAY,
  ],
  [
    'evidence',
    ({ record, evidence }) =>
      record.phase !== 'committed' &&
      evidence?.successes.some(({ fence }) => fence > (record.retiredThrough ?? 0)) === true,
  ],
  ['outer-call', ({ outer }) => outer === 'unfinished' || outer === 'unknown'],
  ['run', ({ runGoesOn }) => runGoesOn],
];

function* everything(): Generator<Facts> {
  const proof = (fence: number): EvidenceRecord => ({
    format: 1,
    successes: [{ fence, owner: 'late', result: { as: 'none', unreplayable: 'x' } }],
  });
  const over = <const Value>(...values: readonly Value[]): readonly Value[] => values;
  for (const state of states)
    for (const effect of EFFECT_CLASSES)
      for (const kind of over('tool', 'task'))
        for (const age of over(OLDER_THAN - 1, OLDER_THAN, 400 * DAY))
          for (const lease of over('none', 'held', 'expired'))
            for (const resolver of over({ owner: 'o', until: NOW }, { owner: 'o', until: NOW + 1 }))
              for (const attempts of over({ attempts: 2, maxAttempts: 3 }, { attempts: 3, maxAttempts: 3 }))
                for (const key of over({}, { keyValidForMs: DAY }, { keyValidForMs: 365 * DAY }))
                  for (const retired of over({}, { retiredThrough: 2 }))
                    for (const evidence of over(undefined, proof(2), proof(3)))
                      for (const [outer, runGoesOn] of over(['none', false], ['committed', true], ['unfinished', true]))
                        yield {
                          kind,
                          record: recordWith({
                            ...state,
                            effect,
                            resolver,
                            ...attempts,
                            ...key,
                            ...retired,
                          }),
                          age,
                          lease,
                          evidence,
                          outer,
                          runGoesOn,
                        };
}

test('every call under every condition is kept for the first reason that holds, and goes when none does', () => {
  let tried = 0;
  const met = new Map<KeptReason | undefined, number>();
  for (const facts of everything()) {
    tried += 1;
    const expected = vetoes.find(([, holds]) => holds(facts))?.[0];
    const found = reasonOf(facts);
    if (found !== expected) expect({ facts, reason: found }).toEqual({ facts, reason: expected });
    met.set(found, (met.get(found) ?? 0) + 1);
  }
  expect(tried).toBe(8 * 6 * 2 * 3 * 3 * 2 * 2 * 3 * 2 * 3 * 3);
  expect([...met.keys()].sort()).toEqual([undefined, ...vetoes.map(([reason]) => reason)].sort());
  expect([...KEPT_REASONS].sort()).toEqual([...vetoes.map(([reason]) => reason), 'changed'].sort());
});

describe('the memory of the provider', () => {
  test('is taken for 30 days where nobody has declared it, and as declared where somebody has', () => {
    const at = (age: number, keyed: Partial<CallRecord>): KeptReason | undefined =>
      keptByItself(
        recordWith({ phase: 'committed', effect: 'keyed_mutate', ...keyed }),
        storedOf(factsWith({}, { age })),
        {
          now: NOW,
          olderThanMs: DAY,
        },
      );
    expect(at(LONGEST_KEY_MEMORY_MS - 1, {})).toBe('key-window');
    expect(at(LONGEST_KEY_MEMORY_MS, {})).toBeUndefined();
    expect(at(2 * DAY, { keyValidForMs: 2 * DAY })).toBeUndefined();
    expect(at(2 * DAY - 1, { keyValidForMs: 2 * DAY })).toBe('key-window');
    expect(at(2 * DAY, { effect: 'irreversible' })).toBeUndefined();
    // A forgotten retirement would bring the first key back.
    expect(at(2 * DAY, { effect: 'irreversible', retiredThrough: 1 })).toBe('key-window');
  });
});

test('what is around a call keeps it until it is known to be finished, or gone from where it was recorded', () => {
  const kept = (outer: OuterStanding): KeptReason | undefined => reasonOf(factsWith({}, { outer }));
  expect(['none', 'absent', 'committed'].map((outer) => kept(outer as OuterStanding))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect([kept('unfinished'), kept('unknown')]).toEqual(['outer-call', 'outer-call']);
  // Nobody is asking, and nothing limits its attempts.
  expect(reasonOf(factsWith({ phase: 'aborted', aborted: 'not-executed', attempts: 90 }))).toBeUndefined();
});

test('a run goes on while a call of it is unfinished, however old, or finished lately', () => {
  const goesOn = (record: Partial<CallRecord>, age: number): boolean =>
    keepsRunGoing(recordWith(record), storedOf(factsWith({}, { age })), cutoff);
  for (const phase of ['intended', 'attempting', 'unknown'] as const) expect(goesOn({ phase }, 900 * DAY)).toBe(true);
  for (const phase of ['committed', 'aborted'] as const) {
    expect(goesOn({ phase }, OLDER_THAN - 1)).toBe(true);
    expect(goesOn({ phase }, OLDER_THAN)).toBe(false);
  }
});
