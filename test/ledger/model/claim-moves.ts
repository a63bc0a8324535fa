/** How a worker comes to its claim: judging, claiming, claims whose answer is lost. Each move is one transaction. */
import type { CallRecord, Seen, View } from '../../../src/ledger/record.js';
import { writtenBy } from '../../../src/store/contract.js';
import * as invariants from './invariants.js';
import type { Rules } from './rules.js';
import {
  currentLife,
  type Flight,
  type HeldClaim,
  look,
  put,
  type Scenario,
  setLife,
  setWorker,
  spend,
  type Worker,
  type WorkerPlan,
  type World,
} from './world.js';

export interface Move {
  readonly label: string;
  /** @throws Violation */
  readonly to: World;
}

/** Who moves, in what, by which rules. */
export interface Turn {
  readonly scenario: Scenario;
  readonly rules: Rules;
  readonly world: World;
  readonly position: number;
  readonly plan: WorkerPlan;
  readonly worker: Worker;
}

export const IDLE: Worker = { at: 'idle' };

export function place(turn: Turn, world: World, worker: Worker): World {
  return setWorker(world, turn.position, worker);
}

/** Whether the record and the evidence are still what was judged, as a transaction expects them. */
export function holds(rules: Rules, world: World, view: View, withLease: boolean, withEvidence: boolean): boolean {
  const { expects } = rules;
  if (expects.revision && view.seen?.stored.revision !== world.call?.stored.revision) return false;
  if (withLease && expects.expired && invariants.held(world)) return false;
  return !withEvidence || !expects.evidence || view.evidence?.stored.revision === world.proof?.stored.revision;
}

/** Applies a claim if what it expects holds. */
function applyClaim(turn: Pick<Turn, 'rules' | 'plan'>, world: World, view: View, nonce: string): World | undefined {
  const { rules, plan } = turn;
  const { policy } = plan;
  const { seen } = view;
  if (!holds(rules, world, view, seen?.stored.lease !== undefined, seen !== undefined)) return undefined;
  const record = rules.claimedRecord(seen, {
    effect: policy.effect,
    boundary: policy.boundary,
    leaseMs: policy.leaseMs,
    owner: plan.owner,
    fingerprint: 'f',
  });
  invariants.keepsWhatIsCommitted(world, record);
  const after = put(world, record, { owner: record.owner, fence: record.fence, ms: policy.leaseMs }, nonce);
  return invariants.claimed(world, after, policy.effect);
}

function claimOf({ rules, plan }: Pick<Turn, 'rules' | 'plan'>, world: World, view: View, sentAt: number): HeldClaim {
  const { stored, record } = world.call as Seen;
  const windowLeft = rules.windowLeft({ policy: plan.policy }, view, stored.writtenAt);
  return {
    windowLeft,
    owner: record.owner,
    fence: record.fence,
    claimedAt: stored.writtenAt,
    sentAt,
    confirmedAt: sentAt,
    crossed: record.phase === 'attempting',
    life: currentLife(world),
  };
}

/** Changes the record under a claim, against whatever it has become. */
export function amend(
  turn: Turn,
  claim: HeldClaim,
  change: (record: CallRecord) => CallRecord | undefined,
  keep: boolean,
): World | undefined {
  const { rules, world, plan } = turn;
  if (world.call === undefined) return undefined;
  const changed = change(world.call.record);
  if (changed === undefined) return undefined;
  const record = rules.withFirstClaim(changed, claim.claimedAt);
  invariants.mayWrite(world, claim);
  invariants.keepsWhatIsCommitted(world, record);
  return put(world, record, keep ? { owner: claim.owner, fence: claim.fence, ms: plan.policy.leaseMs } : undefined);
}

export function judge(turn: Turn): Move[] {
  const { rules, world, plan, scenario } = turn;
  const view = look(world);
  const gate = view.seen === undefined ? 'ALLOW' : rules.decide(rules.situationOf({ policy: plan.policy }, view));
  if (view.seen !== undefined) invariants.gateAllowed(world, gate);
  switch (gate) {
    case 'RETURN': {
      const result = view.seen?.record.result;
      const text = result !== undefined && 'text' in result ? result.text : 'nothing';
      const to = invariants.answered(world, currentLife(world), text);
      return to === world ? [] : [{ label: `is given ${text}`, to }];
    }
    case 'ALLOW':
    case 'RECLAIM':
      return (world.last?.fence ?? 0) >= scenario.claims
        ? []
        : [{ label: `judges: ${gate}`, to: place(turn, world, { at: 'claiming', view }) }];
    case 'RECONCILE':
      return [{ label: 'judges: RECONCILE', to: place(turn, world, { at: 'turning', view }) }];
    case 'POLL':
    case 'HARD_BLOCK':
      return [];
  }
}

export function claiming(turn: Turn): Move[] {
  const { world, worker } = turn;
  const view = worker.view as View;
  const nonce = `n${world.writes}`;
  const after = applyClaim(turn, world, view, nonce);
  const won = (applied: World): Worker => ({ at: 'claimed', claim: claimOf(turn, applied, view, world.real) });
  const moves: Move[] = [
    after === undefined
      ? { label: 'does not get the claim', to: place(turn, world, IDLE) }
      : { label: `claims fence ${after.last?.fence}`, to: place(turn, after, won(after)) },
  ];
  if (world.budget.lost > 0 && after !== undefined) {
    const unanswered: Worker = { at: 'unanswered', view, nonce, claim: claimOf(turn, after, view, world.real) };
    moves.push({
      label: `claims fence ${after.last?.fence}, and the answer is lost`,
      to: place(turn, spend(after, 'lost'), unanswered),
    });
    const sent: World = {
      ...spend(world, 'lost'),
      writes: world.writes + 1,
      flights: [...world.flights, { nonce, worker: turn.position, view }],
    };
    moves.push({ label: 'sends a claim that is delayed', to: place(turn, sent, unanswered) });
  }
  return moves;
}

/** A delayed claim arrives, long after anybody waited for it. */
export function land(scenario: Scenario, rules: Rules, world: World, flight: Flight): Move {
  const rest = { ...world, flights: world.flights.filter((one) => one !== flight) };
  const plan = scenario.workers[flight.worker] as WorkerPlan;
  const after = writtenBy(world.call?.stored, flight.nonce)
    ? undefined
    : applyClaim({ rules, plan }, rest, flight.view, flight.nonce);
  return {
    label: `the delayed claim of w${flight.worker + 1} ${after === undefined ? 'arrives for nothing' : 'applies'}`,
    to: after ?? rest,
  };
}

/** The same transaction again, under the same nonce: taken for a win in time, given back when that is over. */
export function unanswered(turn: Turn): Move[] {
  const { world, worker, rules } = turn;
  const nonce = worker.nonce as string;
  const sentAt = (worker.claim as HeldClaim).sentAt;
  const mine = writtenBy(world.call?.stored, nonce);
  const after = mine ? world : applyClaim(turn, world, worker.view as View, nonce);
  if (after === undefined && rules.unanswered === 'won')
    return [
      { label: 'takes the claim for won', to: place(turn, world, { at: 'claimed', claim: worker.claim as HeldClaim }) },
    ];
  if (after === undefined) return [{ label: 'sends the claim again: not won', to: place(turn, world, IDLE) }];
  const claim = claimOf(turn, after, worker.view as View, sentAt);
  const returned = endedUnstarted({ ...turn, world: after }, claim);
  return [
    {
      label: `sends the claim again: fence ${claim.fence} is its own`,
      to: place(turn, after, { at: 'claimed', claim }),
    },
    { label: `sends the claim again, too late: gives fence ${claim.fence} back`, to: place(turn, returned, IDLE) },
  ];
}

export function endedUnstarted(turn: Turn, claim: HeldClaim): World {
  const { rules, world } = turn;
  const after = amend(
    turn,
    claim,
    (record) => (rules.acceptsFailure(record, claim) ? rules.endedWithoutStart(record) : undefined),
    false,
  );
  return after === undefined ? world : ended(after);
}

/** What the record says of how the attempt ended is what the invariants go by. */
export function ended(world: World): World {
  const record = world.call?.record as CallRecord;
  if (record.phase === 'aborted' && record.aborted === 'not-executed')
    return invariants.settledAsNotExecuted(world, false);
  return record.phase === 'aborted' ? setLife(world, currentLife(world), { threw: true }) : world;
}
