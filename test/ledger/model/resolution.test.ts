import { describe, expect, it } from 'vitest';
import { type CallRecord, leaseEndedAt, mayHaveHappened } from '../../../src/ledger/record.js';
import {
  acceptsFailure,
  answerCompletion,
  askedRecord,
  believesNotExecuted,
  claimedRecord,
  classifyThrow,
  committedRecord,
  endedWithoutStart,
  failedRecord,
  keyWindowEnd,
  keyWindowOpen,
  notExecutedRecord,
  refuseRelease,
  refuseRetirement,
  retiredRecord,
  startedRecord,
  unaskedRecord,
  withFirstClaim,
} from '../../../src/ledger/resolution.js';
import { type Aborted, EFFECT_CLASSES, type Phase } from '../../../src/ledger/transition.js';
import type { StoredRecord } from '../../../src/store/contract.js';
import { recordWith } from './record-fixture.js';
import { KEY } from './world.js';

const BOTH = [false, true] as const;
const PHASES: readonly { readonly phase: Phase; readonly aborted?: Aborted }[] = [
  { phase: 'intended' },
  { phase: 'attempting' },
  { phase: 'unknown' },
  { phase: 'committed' },
  { phase: 'aborted', aborted: 'not-executed' },
  { phase: 'aborted', aborted: 'may-rerun' },
];
const OPEN: readonly Phase[] = ['intended', 'attempting', 'unknown'];
const CLAIMANTS = [2, 3, 4].flatMap((fence) => ['me', 'another'].map((owner) => ({ fence, owner })));
const GROUNDS = { by: 'operator', as: 'not-executed', reason: 'looked', at: 1 } as const;

function stored(writtenAt: number, until?: number): StoredRecord {
  return {
    key: KEY,
    revision: '1:n',
    value: '',
    writtenAt,
    ...(until === undefined ? {} : { lease: { owner: 'me', fence: 3, until } }),
  };
}

describe('a completion', () => {
  const cases = PHASES.flatMap((phase) =>
    CLAIMANTS.flatMap((claimant) =>
      [undefined, 2, 3, 4].map((retiredThrough) => ({ phase, claimant, retiredThrough })),
    ),
  );

  it('is accepted from the very claim, until that is settled or retired', () => {
    expect(cases).toHaveLength(6 * 6 * 4);
    for (const { phase, claimant, retiredThrough } of cases) {
      const record = recordWith({ ...phase, ...(retiredThrough === undefined ? {} : { retiredThrough }) });
      const mine = claimant.fence === 3 && claimant.owner === 'me';
      const over = phase.phase === 'committed' || (retiredThrough !== undefined && retiredThrough >= 3);
      expect(answerCompletion(record, claimant), JSON.stringify({ phase, claimant, retiredThrough })).toBe(
        !mine ? 'superseded' : over ? 'recorded' : 'accept',
      );
    }
  });

  it('leaves nothing of what went wrong on the way', () => {
    const before = recordWith({
      phase: 'aborted',
      aborted: 'may-rerun',
      resolver: { owner: 'x', until: 1 },
      error: { name: 'E', message: 'm' },
      leaseEndedAt: 1,
      leaseJudgedAt: 1,
      earlierUnsettled: true,
      resolution: GROUNDS,
      externalRef: 'ref',
      retiredThrough: 1,
    });
    const after = committedRecord(before, { as: 'full', text: '1' });
    expect(after).toMatchObject({
      phase: 'committed',
      fence: 3,
      owner: 'me',
      externalRef: 'ref',
      retiredThrough: 1,
      result: { as: 'full', text: '1' },
    });
    for (const gone of [
      'aborted',
      'resolver',
      'error',
      'leaseEndedAt',
      'leaseJudgedAt',
      'earlierUnsettled',
      'resolution',
    ])
      expect(after).not.toHaveProperty(gone);
    expect(committedRecord(before, { as: 'full', text: '1' }, GROUNDS).resolution).toEqual(GROUNDS);
  });
});

describe('a failure', () => {
  it('is accepted from the very claim while the record is open', () => {
    for (const phase of PHASES) {
      for (const claimant of CLAIMANTS) {
        const expected = OPEN.includes(phase.phase) && claimant.fence === 3 && claimant.owner === 'me';
        expect(acceptsFailure(recordWith(phase), claimant), JSON.stringify({ phase, claimant })).toBe(expected);
      }
    }
  });

  it('is what the design says of a throw, in every combination', () => {
    let walked = 0;
    for (const effect of EFFECT_CLASSES)
      for (const provenNotExecuted of BOTH)
        for (const controlFlow of BOTH)
          for (const suspends of BOTH)
            for (const crossed of BOTH)
              for (const earlierUnsettled of BOTH) {
                walked += 1;
                const proven = provenNotExecuted || !crossed || (controlFlow && suspends);
                const harmless = effect === 'read' || effect === 'idempotent_mutate' || effect === 'unclassified';
                let expected: string;
                if (proven && !earlierUnsettled) expected = 'aborted not-executed';
                else if (controlFlow && !proven) expected = 'unknown';
                else expected = harmless ? 'aborted may-rerun' : 'unknown';
                const { phase, aborted } = classifyThrow({
                  effect,
                  provenNotExecuted,
                  controlFlow,
                  suspends,
                  crossed,
                  earlierUnsettled,
                });
                expect(
                  [phase, aborted].filter((word) => word !== undefined).join(' '),
                  JSON.stringify({ effect, provenNotExecuted, controlFlow, suspends, crossed, earlierUnsettled }),
                ).toBe(expected);
              }
    expect(walked).toBe(6 * 32);
  });

  it('of a body that did not start settles the call only when nothing before it is open', () => {
    expect(endedWithoutStart(recordWith())).toMatchObject({ phase: 'aborted', aborted: 'not-executed' });
    expect(endedWithoutStart(recordWith({ earlierUnsettled: true }))).toMatchObject({ phase: 'unknown' });
    expect(endedWithoutStart(recordWith({ earlierUnsettled: true, effect: 'idempotent_mutate' }))).toMatchObject({
      phase: 'aborted',
      aborted: 'may-rerun',
    });
  });

  it('says whether the key was used, where that matters', () => {
    const error = { name: 'Error', message: 'm' };
    const unknown = { phase: 'unknown' } as const;
    expect(failedRecord(recordWith(), unknown, error, undefined)).not.toHaveProperty('keyUsed');
    expect(failedRecord(recordWith(), unknown, error, false).keyUsed).toBe(false);
    expect(failedRecord(recordWith(), unknown, error, true).keyUsed).toBe(true);
    expect(failedRecord(recordWith({ keyUsed: true }), unknown, error, false).keyUsed).toBe(true);
    expect(
      failedRecord(recordWith({ keyUsed: true }), { phase: 'aborted', aborted: 'not-executed' }, error, false).keyUsed,
    ).toBe(true);
    expect(failedRecord(recordWith(), { phase: 'aborted', aborted: 'not-executed' }, error, false)).not.toHaveProperty(
      'keyUsed',
    );
  });
});

describe('a claim', () => {
  const fresh = {
    effect: 'idempotent_mutate',
    boundary: 'explicit',
    owner: 'new',
    fingerprint: 'g',
    leaseMs: 5,
  } as const;

  it('over nothing is the first, and intends where the boundary is explicit', () => {
    expect(claimedRecord(undefined, fresh)).toEqual({ ...fresh, format: 1, phase: 'intended', fence: 1, attempts: 1 });
    expect(claimedRecord(undefined, { ...fresh, boundary: 'implicit' }).phase).toBe('attempting');
  });

  it.each(PHASES)('over $phase $aborted carries what is unsettled, and only that', (phase) => {
    const record = recordWith({
      ...phase,
      attempts: 4,
      keyUsed: true,
      externalRef: 'ref',
      retiredThrough: 1,
      error: { name: 'E', message: 'm' },
    });
    const after = claimedRecord({ stored: stored(77), record }, fresh);
    expect(after).toMatchObject({
      fence: 4,
      attempts: 5,
      owner: 'new',
      fingerprint: 'g',
      leaseMs: 5,
      retiredThrough: 1,
    });
    expect(after).not.toHaveProperty('error');
    if (mayHaveHappened(record))
      expect(after).toMatchObject({
        phase: 'attempting',
        effect: 'non_idempotent_mutate',
        earlierUnsettled: true,
        firstClaimAt: 77,
        keyUsed: true,
        externalRef: 'ref',
      });
    else {
      expect(after).toMatchObject({ phase: 'intended', effect: 'idempotent_mutate' });
      for (const gone of ['earlierUnsettled', 'firstClaimAt', 'keyUsed', 'externalRef'])
        expect(after).not.toHaveProperty(gone);
    }
  });

  it('keeps the time of the first attempt', () => {
    expect(claimedRecord({ stored: stored(77), record: recordWith({ firstClaimAt: 5 }) }, fresh).firstClaimAt).toBe(5);
    expect(withFirstClaim(recordWith(), 9).firstClaimAt).toBe(9);
    expect(withFirstClaim(recordWith({ firstClaimAt: 5 }), 9).firstClaimAt).toBe(5);
    expect(withFirstClaim(recordWith({ phase: 'aborted', aborted: 'not-executed' }), 9)).not.toHaveProperty(
      'firstClaimAt',
    );
    expect(withFirstClaim(recordWith({ leaseEndedAt: 1, leaseJudgedAt: 1 }), 9)).not.toHaveProperty('leaseEndedAt');
  });

  it('starts its effect only while it intends to, under its own fence', () => {
    for (const phase of PHASES)
      for (const claimant of CLAIMANTS) {
        const expected =
          phase.phase === 'intended' && claimant.fence === 3 && claimant.owner === 'me' ? 'attempting' : undefined;
        expect(startedRecord(recordWith(phase), claimant)?.phase).toBe(expected);
      }
  });

  it.each(PHASES)('$phase $aborted may have had its effect, or not', (phase) => {
    const settled = phase.phase === 'intended' || phase.aborted === 'not-executed';
    expect(mayHaveHappened(recordWith(phase))).toBe(!settled);
    expect(mayHaveHappened(recordWith({ ...phase, earlierUnsettled: true }))).toBe(true);
  });
});

describe('a release', () => {
  it('is refused on what is finished, held or proven otherwise, in every combination', () => {
    let walked = 0;
    for (const phase of PHASES)
      for (const as of ['completed', 'not-executed'] as const)
        for (const held of BOTH)
          for (const forced of BOTH)
            for (const evidence of BOTH)
              for (const attempts of [0, 2]) {
                walked += 1;
                const moreAttempts = as === 'not-executed' && attempts > 0;
                let expected: RegExp | undefined;
                if (phase.phase === 'committed') expected = /it is finished/;
                else if (phase.aborted === 'not-executed' && !moreAttempts) expected = /settled as not executed/;
                else if (held && !forced) expected = /holds its lease/;
                else if (evidence && as === 'not-executed') expected = /superseded/;
                const why = refuseRelease(recordWith({ ...phase, attempts }), as, held, forced, evidence);
                const told = JSON.stringify({ phase, as, held, forced, evidence, attempts });
                if (expected === undefined) expect(why, told).toBeUndefined();
                else expect(why, told).toMatch(expected);
              }
    expect(walked).toBe(6 * 2 * 8 * 2);
  });

  it('as not executed settles everything before it', () => {
    const before = recordWith({
      phase: 'unknown',
      earlierUnsettled: true,
      firstClaimAt: 1,
      keyUsed: true,
      leaseEndedAt: 1,
      leaseJudgedAt: 1,
      resolver: { owner: 'x', until: 1 },
      externalRef: 'ref',
    });
    const after = notExecutedRecord(before, GROUNDS);
    expect(after).toMatchObject({
      phase: 'aborted',
      aborted: 'not-executed',
      fence: 3,
      owner: 'me',
      resolution: GROUNDS,
    });
    for (const gone of ['earlierUnsettled', 'firstClaimAt', 'keyUsed', 'leaseEndedAt', 'leaseJudgedAt', 'resolver'])
      expect(after).not.toHaveProperty(gone);
    expect(mayHaveHappened(after)).toBe(false);
  });
});

describe('a retirement', () => {
  it.each(PHASES)('of $phase $aborted', (phase) => {
    const why = refuseRetirement(recordWith(phase));
    if (phase.phase === 'committed') expect(why).toBeUndefined();
    else expect(why).toMatch(phase.aborted === 'not-executed' ? /may run again as it is/ : /not finished/);
  });

  it('starts a life of its own, in which nothing of the old one counts but its fences', () => {
    const before: CallRecord = {
      ...committedRecord(recordWith({ attempts: 4, externalRef: 'ref' }), { as: 'full', text: '1' }),
      keyUsed: true,
      firstClaimAt: 1,
    };
    const after = retiredRecord(before, { ...GROUNDS, as: 'retired' });
    expect(after).toMatchObject({
      phase: 'aborted',
      aborted: 'not-executed',
      retiredThrough: 3,
      attempts: 0,
      fence: 3,
    });
    for (const gone of [
      'result',
      'error',
      'externalRef',
      'firstClaimAt',
      'keyUsed',
      'earlierUnsettled',
      'leaseEndedAt',
    ])
      expect(after).not.toHaveProperty(gone);
    expect(answerCompletion(after, { fence: 3, owner: 'me' })).toBe('recorded');
  });
});

describe('a "not executed" verdict', () => {
  it('is believed from settleAfter past the end of the lease, and never of what is irreversible', () => {
    for (const recorded of EFFECT_CLASSES)
      for (const current of EFFECT_CLASSES)
        for (const now of [1_000, 1_049, 1_050, 1_051]) {
          const irreversible = recorded === 'irreversible' || current === 'irreversible';
          expect(believesNotExecuted({ recorded, current }, 1_000, 50, now)).toEqual(
            irreversible ? 'never' : now >= 1_050 ? true : { at: 1_050 },
          );
        }
  });

  it('is measured from when the lease really ended, however often somebody asked', () => {
    const record = recordWith({ leaseMs: 100 });
    const asked = askedRecord({ record, stored: stored(0, 100) }, { owner: 'asker', until: 250 }, 150);
    expect(asked).toMatchObject({
      leaseEndedAt: 100,
      leaseJudgedAt: 150,
      firstClaimAt: 0,
      resolver: { owner: 'asker', until: 250 },
    });
    // Asking leaves the lease with its worker, at no length.
    expect(leaseEndedAt(stored(160, 160), asked)).toBe(100);
    const unasked = unaskedRecord({ record: asked, stored: stored(160, 160) }, 160);
    expect(unasked).not.toHaveProperty('resolver');
    expect(leaseEndedAt(stored(170, 170), unasked)).toBe(100);
    // The worker came back in between.
    expect(leaseEndedAt(stored(170, 300), unasked)).toBe(300);
  });

  it('is not measured from a lease that was looked at a whole lease ago', () => {
    const asked = askedRecord(
      { record: recordWith({ leaseMs: 100 }), stored: stored(0, 100) },
      { owner: 'asker', until: 250 },
      150,
    );
    expect(leaseEndedAt(stored(249, 249), asked)).toBe(100);
    expect(leaseEndedAt(stored(250, 250), asked)).toBe(250);
  });

  it('is measured from the last write where there is no lease', () => {
    expect(leaseEndedAt(stored(70), recordWith({ phase: 'unknown' }))).toBe(70);
    expect(leaseEndedAt(stored(70, 90), recordWith())).toBe(90);
  });
});

describe('the window of a key', () => {
  it('ends keyValidFor after the first claim, if that is declared and a key was given', () => {
    for (const effect of EFFECT_CLASSES)
      for (const keyUsed of [undefined, false, true])
        for (const firstClaimAt of [undefined, 5])
          for (const keyValidFor of [undefined, 100]) {
            const record = recordWith({
              effect,
              ...(keyUsed === undefined ? {} : { keyUsed }),
              ...(firstClaimAt === undefined ? {} : { firstClaimAt }),
            });
            const given = keyUsed === true || (keyUsed === undefined && effect === 'keyed_mutate');
            const expected = given && keyValidFor !== undefined ? (firstClaimAt ?? 7) + 100 : undefined;
            expect(
              keyWindowEnd(record, 7, keyValidFor),
              JSON.stringify({ effect, keyUsed, firstClaimAt, keyValidFor }),
            ).toBe(expected);
          }
  });

  it('is open while a whole body fits', () => {
    expect(keyWindowOpen(undefined, 0, 0)).toBe(false);
    expect(keyWindowOpen(100, 70, 30)).toBe(true);
    expect(keyWindowOpen(100, 71, 30)).toBe(false);
  });
});
