import { describe, expect, it } from 'vitest';
import {
  type Aborted,
  decide,
  EFFECT_CLASSES,
  type Phase,
  runsBody,
  type Situation,
  standingOf,
  stricterClass,
  TRANSITIONS,
} from '../../../src/ledger/transition.js';
import { COLUMNS, type Column, cell, ROWS } from './table.js';

interface Stand {
  readonly row: string;
  readonly phase: Phase | undefined;
  readonly aborted?: Aborted;
  readonly held: boolean;
}

const OPEN = ['intended', 'attempting', 'unknown'] as const;

/** Every phase with every lease. A lease that is held says nothing about what is finished. */
const STANDS: readonly Stand[] = [
  { row: 'no record', phase: undefined, held: false },
  ...[false, true].flatMap((held): Stand[] => [
    { row: 'committed', phase: 'committed', held },
    { row: 'aborted: not executed', phase: 'aborted', aborted: 'not-executed', held },
    { row: 'aborted: may re-run', phase: 'aborted', aborted: 'may-rerun', held },
  ]),
  ...OPEN.map((phase): Stand => ({ row: 'open, held', phase, held: true })),
  { row: 'intended, expired', phase: 'intended', held: false },
  { row: 'attempting or unknown, expired', phase: 'attempting', held: false },
  { row: 'attempting or unknown, expired', phase: 'unknown', held: false },
];

const BOTH = [false, true] as const;
/** What happens to the gate that lets more happen, when the classes disagree: it gives way. */
const MOST_FIRST = ['RETURN', 'ALLOW', 'RECLAIM', 'POLL', 'RECONCILE', 'HARD_BLOCK'];

interface Case {
  readonly stand: Stand;
  readonly recorded: Column | undefined;
  readonly current: Column;
  readonly situation: Situation;
}

function* cases(): Generator<Case> {
  for (const stand of STANDS) {
    for (const recorded of stand.phase === undefined ? [undefined] : COLUMNS) {
      for (const current of COLUMNS) {
        for (const windowOpen of BOTH)
          for (const evidence of BOTH)
            for (const reconciler of BOTH)
              for (const resolving of BOTH)
                for (const attemptsLeft of BOTH) {
                  const record =
                    stand.phase === undefined
                      ? undefined
                      : { phase: stand.phase, ...(stand.aborted === undefined ? {} : { aborted: stand.aborted }) };
                  const standing = standingOf(record, stand.held);
                  yield {
                    stand,
                    recorded,
                    current,
                    situation: {
                      standing,
                      recorded,
                      current,
                      windowOpen,
                      evidence,
                      reconciler,
                      resolving,
                      attemptsLeft,
                    },
                  };
                }
      }
    }
  }
}

/** The design's words, one after the other. */
function oracle({ stand, recorded, current, situation }: Case): string {
  const { windowOpen, evidence, reconciler, resolving, attemptsLeft } = situation;
  const gates = [current, recorded ?? current].map((column) => cell(stand.row, column, windowOpen, reconciler));
  const [gate] = gates.sort((one, other) => MOST_FIRST.indexOf(other) - MOST_FIRST.indexOf(one)) as [string, string];
  if (stand.row === 'no record' || stand.row === 'committed' || stand.row === 'open, held') return gate;
  if (evidence) return 'RECONCILE';
  if (gate === 'RECONCILE') return resolving ? 'POLL' : 'RECONCILE';
  if (gate === 'HARD_BLOCK') return gate;
  return attemptsLeft ? gate : 'HARD_BLOCK';
}

const ALL = [...cases()];

function say({ stand, situation }: Case): string {
  return JSON.stringify({ ...stand, ...situation });
}

describe('the decision', () => {
  it('is walked in every combination', () => {
    // 12 stands of a record in 36 pairs of classes, and no record under 6, each under 2^5 conditions.
    expect(ALL).toHaveLength((12 * 36 + 6) * 32);
    expect(new Set(ALL.map(say)).size).toBe(14_016);
    expect(COLUMNS).toEqual(EFFECT_CLASSES);
    expect(Object.values(ROWS).every((row) => row.length === COLUMNS.length)).toBe(true);
    expect(Object.keys(TRANSITIONS)).toHaveLength(Object.keys(ROWS).length);
  });

  it('is what the table says', () => {
    const wrong = ALL.filter((one) => decide(one.situation) !== oracle(one)).map(
      (one) => `${say(one)}: ${decide(one.situation)}, not ${oracle(one)}`,
    );
    expect(wrong).toEqual([]);
  });

  it('is exactly one of six gates, each of which occurs', () => {
    expect(new Set(ALL.map(({ situation }) => decide(situation)))).toEqual(new Set(MOST_FIRST));
  });

  it('is RETURN if and only if the call is committed', () => {
    const wrong = ALL.filter(
      ({ stand, situation }) => (decide(situation) === 'RETURN') !== (stand.phase === 'committed'),
    );
    expect(wrong.map(say)).toEqual([]);
  });

  it('is POLL while a lease on an open record is held, whatever else is known', () => {
    const held = ALL.filter(({ stand }) => stand.row === 'open, held');
    expect(held).toHaveLength(3 * 36 * 32);
    expect(held.filter(({ situation }) => decide(situation) !== 'POLL').map(say)).toEqual([]);
  });

  it('never starts a body over a record when there is evidence of success', () => {
    const proven = ALL.filter(({ stand, situation }) => situation.evidence && stand.phase !== undefined);
    expect(proven.filter(({ situation }) => runsBody(decide(situation))).map(say)).toEqual([]);
  });

  it('never starts a body when no attempts are left', () => {
    const over = ALL.filter(({ stand, situation }) => !situation.attemptsLeft && stand.phase !== undefined);
    expect(over.filter(({ situation }) => runsBody(decide(situation))).map(say)).toEqual([]);
  });

  it('is as strict as that of the stricter of both classes', () => {
    const judged = ALL.filter(
      ({ situation, stand }) => stand.phase !== undefined && situation.attemptsLeft && !situation.resolving,
    );
    const wrong = judged.filter(({ recorded, current, situation }) => {
      const alone = [current, recorded ?? current].map((one) =>
        MOST_FIRST.indexOf(decide({ ...situation, recorded: one, current: one })),
      );
      return MOST_FIRST.indexOf(decide(situation)) !== Math.max(...alone);
    });
    expect(judged).toHaveLength(12 * 36 * 8);
    expect(wrong.map(say)).toEqual([]);
  });

  it('does not depend on which of both classes is the recorded one', () => {
    const wrong = ALL.filter(
      ({ recorded, current, situation }) =>
        recorded !== undefined && decide(situation) !== decide({ ...situation, recorded: current, current: recorded }),
    );
    expect(wrong.map(say)).toEqual([]);
  });

  it('lets nothing more happen when a reconciler, a window or attempts go away', () => {
    const rank = (situation: Situation): number => (runsBody(decide(situation)) ? 1 : 0);
    const worse = ALL.filter(
      ({ situation }) =>
        rank({ ...situation, windowOpen: false }) > rank(situation) ||
        rank({ ...situation, attemptsLeft: false }) > rank(situation) ||
        (rank({ ...situation, evidence: true }) > rank(situation) && situation.standing !== 'absent'),
    );
    expect(worse.map(say)).toEqual([]);
  });
});

describe('the standing of a record', () => {
  it('takes an abortion that says nothing for one that may have had its effect', () => {
    expect(standingOf({ phase: 'aborted' }, false)).toBe('may-rerun');
  });

  it.each(STANDS)('$phase $aborted, held: $held', ({ phase, aborted, held, row }) => {
    const names: Readonly<Record<string, string>> = {
      'no record': 'absent',
      committed: 'committed',
      'aborted: not executed': 'not-executed',
      'aborted: may re-run': 'may-rerun',
      'open, held': 'held',
      'intended, expired': 'intended-expired',
      'attempting or unknown, expired': 'ambiguous-expired',
    };
    expect(
      standingOf(phase === undefined ? undefined : { phase, ...(aborted === undefined ? {} : { aborted }) }, held),
    ).toBe(names[row]);
  });
});

describe('the stricter class', () => {
  const ORDER: readonly Column[] = [
    'read',
    'idempotent_mutate',
    'unclassified',
    'keyed_mutate',
    'non_idempotent_mutate',
    'irreversible',
  ];

  it('is one of both, the same from either side, and later in the order', () => {
    for (const one of COLUMNS) {
      for (const other of COLUMNS) {
        expect(stricterClass(one, other)).toBe(ORDER[Math.max(ORDER.indexOf(one), ORDER.indexOf(other))]);
      }
    }
  });
});
