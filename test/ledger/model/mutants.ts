/** Rules with one protection off, and what must come of it. If nothing does, the explorer is blind there. */
import type { CallRecord } from '../../../src/ledger/record.js';
import { keyWindowOpen } from '../../../src/ledger/resolution.js';
import { standingOf } from '../../../src/ledger/transition.js';
import { ENGINE, type Rules } from './rules.js';
import { named, reconcile, scenario, worker } from './scenarios.js';
import { type Scenario, TICK } from './world.js';

export interface Mutant {
  readonly name: string;
  readonly rules: Rules;
  readonly scenario: Scenario;
  readonly breaks: RegExp;
}

function mutant(name: string, change: Partial<Rules>, where: Scenario | string, breaks: RegExp): Mutant {
  return { name, rules: { ...ENGINE, ...change }, scenario: typeof where === 'string' ? named(where) : where, breaks };
}

const PAY = { effect: 'non_idempotent_mutate', reconcile } as const;
const TOO_MANY_EFFECTS = /effects, with/;
const REFUSED = /refused although no newer claim exists/;
const SUPERSEDED = /a superseded claim changed the record/;
const open = (record: CallRecord): boolean =>
  record.phase === 'intended' || record.phase === 'attempting' || record.phase === 'unknown';

function laggingProvider(settleAfter: number, more: Partial<Scenario>): Scenario {
  const workers = ['o1', 'o2'].map((owner) => worker({ ...PAY, settleAfter }, owner));
  return scenario('a lagging provider', workers, { budget: { ticks: 3 }, providerLag: 2 * TICK, claims: 2, ...more });
}

export const MUTANTS: readonly Mutant[] = [
  mutant(
    'completion without a fence',
    { answerCompletion: (record) => (record.phase === 'committed' ? 'recorded' : 'accept') },
    'a reconciler and late workers',
    SUPERSEDED,
  ),
  mutant('failure without a fence', { acceptsFailure: open }, 'explicit boundary, three workers', SUPERSEDED),
  mutant(
    'the fence is not raised by a reclaim',
    {
      claimedRecord: (seen, fresh) => {
        const record = ENGINE.claimedRecord(seen, fresh);
        return { ...record, fence: seen?.record.fence ?? record.fence };
      },
    },
    'one process, twice',
    /two claims have one fence/,
  ),
  mutant(
    'the lease is not judged inside the transaction',
    { expects: { ...ENGINE.expects, expired: false } },
    'explicit boundary, three workers',
    /lease that was held|holds its lease/,
  ),
  mutant(
    'a claim does not expect what was judged',
    { expects: { ...ENGINE.expects, revision: false } },
    'explicit boundary, three workers',
    /./,
  ),
  mutant(
    'a claim does not expect that no evidence came in',
    { expects: { ...ENGINE.expects, evidence: false } },
    'a reconciler and late workers',
    /passed over the proof/,
  ),
  mutant(
    'evidence is not looked at',
    { situationOf: (dispatch, view) => ({ ...ENGINE.situationOf(dispatch, view), evidence: false }) },
    'a reconciler and late workers',
    /passed over the proof|no way out/,
  ),
  mutant(
    'evidence of a retired life counts',
    {
      situationOf: (dispatch, view) => ({
        ...ENGINE.situationOf(dispatch, view),
        evidence: view.evidence !== undefined,
      }),
      evidenceFor: (_record, evidence) => evidence?.successes[0],
    },
    'retired and called again',
    /a result that nobody produced/,
  ),
  mutant(
    'a late completion is refused after a verdict',
    {
      answerCompletion: (record, claimant) =>
        record.phase === 'aborted' ? 'superseded' : ENGINE.answerCompletion(record, claimant),
    },
    'a reconciler and late workers',
    REFUSED,
  ),
  mutant(
    'asking raises the fence',
    { askedRecord: (...args) => ({ ...ENGINE.askedRecord(...args), fence: args[0].record.fence + 1 }) },
    'a reconciler and late workers',
    REFUSED,
  ),
  mutant(
    'a throw of a keyed tool counts as not executed',
    {
      classifyThrow: (thrown) =>
        thrown.effect === 'keyed_mutate' ? { phase: 'aborted', aborted: 'not-executed' } : ENGINE.classifyThrow(thrown),
    },
    'keyed, its window ends',
    TOO_MANY_EFFECTS,
  ),
  mutant(
    'an earlier unsettled attempt is forgotten',
    {
      claimedRecord: (seen, fresh) => {
        const { earlierUnsettled: _, ...record } = ENGINE.claimedRecord(seen, fresh);
        return record;
      },
    },
    'keyed, its window ends',
    TOO_MANY_EFFECTS,
  ),
  mutant(
    'the key window is ignored',
    {
      situationOf: (dispatch, view) => ({ ...ENGINE.situationOf(dispatch, view), windowOpen: true }),
      windowEnough: () => true,
    },
    'keyed, its window ends',
    TOO_MANY_EFFECTS,
  ),
  mutant(
    'a claim that lands after its window starts its body',
    { windowEnough: () => true },
    'keyed, its window ends',
    TOO_MANY_EFFECTS,
  ),
  mutant(
    'every write sets the window anew',
    { withFirstClaim: (record) => record },
    'keyed, its window ends',
    TOO_MANY_EFFECTS,
  ),
  mutant(
    'a window is granted to attempts that had no key',
    {
      situationOf: (dispatch, view) => {
        const end =
          view.seen === undefined
            ? undefined
            : (view.seen.record.firstClaimAt ?? view.seen.stored.writtenAt) + (dispatch.policy.keyValidForMs ?? 0);
        return {
          ...ENGINE.situationOf(dispatch, view),
          windowOpen: keyWindowOpen(end, view.now, dispatch.policy.leaseMs),
        };
      },
    },
    'a deploy makes it keyed',
    TOO_MANY_EFFECTS,
  ),
  mutant(
    'an unknown outcome is not waited for while its worker holds the lease',
    {
      situationOf: (dispatch, view) => {
        const record = view.seen?.record;
        const situation = ENGINE.situationOf(dispatch, view);
        return record?.phase === 'unknown' ? { ...situation, standing: standingOf(record, false) } : situation;
      },
    },
    'timeouts and a reconciler',
    /while a worker holds the lease/,
  ),
  mutant(
    'the attempt is not made durable',
    {
      startedRecord: (record, claimant) => (ENGINE.startedRecord(record, claimant) === undefined ? undefined : record),
    },
    'explicit boundary, three workers',
    TOO_MANY_EFFECTS,
  ),
  mutant(
    'a deploy that loosens the class decides alone',
    { decide: (situation) => ENGINE.decide({ ...situation, recorded: situation.current }) },
    'a deploy loosens the class',
    TOO_MANY_EFFECTS,
  ),
  mutant(
    'a "not executed" verdict re-opens what is irreversible',
    {
      believesNotExecuted: (_effect, ...times) =>
        ENGINE.believesNotExecuted({ recorded: 'read', current: 'read' }, ...times),
    },
    'irreversible, a reconciler and an operator',
    /re-opened an irreversible call/,
  ),
  mutant('a claim without an answer is taken for won', { unanswered: 'won' }, 'lost answers and delayed claims', /./),
  mutant('a provider is believed at once', {}, laggingProvider(0, {}), /believed, and it was false/),
  mutant(
    'when a lease ended is taken from before it was revived',
    {
      askedRecord: (...args) => {
        const { leaseJudgedAt: _, ...record } = ENGINE.askedRecord(...args);
        return record;
      },
    },
    'a provider that shows effects late',
    /believed, and it was false/,
  ),
  mutant(
    'a call whose attempts are used up cannot be released for more',
    {
      refuseRelease: (record, ...rest) =>
        record.aborted === 'not-executed' ? 'it may run again as it is' : ENGINE.refuseRelease(record, ...rest),
    },
    'maxAttempts',
    /no way out/,
  ),
];

/** What no rule can close, so that it is written down where it would be noticed if that changed. */
export const LIMITS: readonly Mutant[] = [
  mutant(
    'the store clock steps back by more than the margin of a key window',
    {},
    scenario(
      'keyed, the clock steps back',
      ['o1', 'o2'].map((owner) => worker({ effect: 'keyed_mutate', keyValidFor: 4 * TICK }, owner)),
      { budget: { ticks: 5, jumps: 1 }, jumpBy: -2 * TICK, claims: 2 },
    ),
    TOO_MANY_EFFECTS,
  ),
  mutant(
    'the store clock jumps over settleAfter while the provider does not show an effect yet',
    {},
    laggingProvider(2 * TICK, { budget: { ticks: 2, jumps: 1 }, jumpBy: 6 * TICK }),
    /believed, and it was false/,
  ),
];
