/** What a worker can do next: each move is one transaction, one step of its body, or its end. */
import type { CallRecord, Seen } from '../../../src/ledger/record.js';
import type { View } from '../../../src/ledger/record.js';
import { writtenBy } from '../../../src/store/contract.js';
import * as invariants from './invariants.js';
import type { Rules } from './rules.js';
import { currentLife, type Effect, type Flight, type HeldClaim, look, now, put, putProof, type Scenario, setLife, setWorker, spend, type Worker, type WorkerPlan, type World } from './world.js';

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

const IDLE: Worker = { at: 'idle' };
const DEAD: Worker = { at: 'dead' };
export const ERROR: { readonly name: string; readonly message: string } = { name: 'Error', message: 'socket hang up' };

function place(turn: Turn, world: World, worker: Worker): World {
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
  const record = rules.claimedRecord(seen, { effect: policy.effect, boundary: policy.boundary, leaseMs: policy.leaseMs, owner: plan.owner, fingerprint: 'f' });
  invariants.keepsWhatIsCommitted(world, record);
  const after = put(world, record, { owner: record.owner, fence: record.fence, ms: policy.leaseMs }, nonce);
  return invariants.claimed(world, after, policy.effect);
}

function claimOf({ rules, plan }: Pick<Turn, 'rules' | 'plan'>, world: World, view: View, sentAt: number): HeldClaim {
  const { stored, record } = world.call as Seen;
  const windowLeft = rules.windowLeft({ policy: plan.policy }, view, stored.writtenAt);
  return {
    windowLeft, owner: record.owner, fence: record.fence, claimedAt: stored.writtenAt, sentAt, confirmedAt: sentAt, crossed: record.phase === 'attempting', life: currentLife(world) };
}

/** Changes the record under a claim, against whatever it has become. */
export function amend(turn: Turn, claim: HeldClaim, change: (record: CallRecord) => CallRecord | undefined, keep: boolean): World | undefined {
  const { rules, world, plan } = turn;
  if (world.call === undefined) return undefined;
  const changed = change(world.call.record);
  if (changed === undefined) return undefined;
  const record = rules.withFirstClaim(changed, claim.claimedAt);
  invariants.mayWrite(world, claim);
  invariants.keepsWhatIsCommitted(world, record);
  return put(world, record, keep ? { owner: claim.owner, fence: claim.fence, ms: plan.policy.leaseMs } : undefined);
}

function judge(turn: Turn): Move[] {
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
      return (world.last?.fence ?? 0) >= scenario.claims ? [] : [{ label: `judges: ${gate}`, to: place(turn, world, { at: 'claiming', view }) }];
    case 'RECONCILE':
      return [{ label: 'judges: RECONCILE', to: place(turn, world, { at: 'turning', view }) }];
    case 'POLL':
    case 'HARD_BLOCK':
      return [];
  }
}

function claiming(turn: Turn): Move[] {
  const { world, worker } = turn;
  const view = worker.view as View;
  const nonce = `n${world.writes}`;
  const after = applyClaim(turn, world, view, nonce);
  const won = (applied: World): Worker => ({ at: 'claimed', claim: claimOf(turn, applied, view, world.real) });
  const moves: Move[] = [after === undefined ? { label: 'does not get the claim', to: place(turn, world, IDLE) } : { label: `claims fence ${after.last?.fence}`, to: place(turn, after, won(after)) }];
  if (world.budget.lost > 0 && after !== undefined) {
    const unanswered: Worker = { at: 'unanswered', view, nonce, claim: claimOf(turn, after, view, world.real) };
    moves.push({ label: `claims fence ${after.last?.fence}, and the answer is lost`, to: place(turn, spend(after, 'lost'), unanswered) });
    const sent: World = { ...spend(world, 'lost'), writes: world.writes + 1, flights: [...world.flights, { nonce, worker: turn.position, view }] };
    moves.push({ label: 'sends a claim that is delayed', to: place(turn, sent, unanswered) });
  }
  return moves;
}

/** A delayed claim arrives, long after anybody waited for it. */
export function land(scenario: Scenario, rules: Rules, world: World, flight: Flight): Move {
  const rest = { ...world, flights: world.flights.filter((one) => one !== flight) };
  const plan = scenario.workers[flight.worker] as WorkerPlan;
  const after = writtenBy(world.call?.stored, flight.nonce) ? undefined : applyClaim({ rules, plan }, rest, flight.view, flight.nonce);
  return { label: `the delayed claim of w${flight.worker + 1} ${after === undefined ? 'arrives for nothing' : 'applies'}`, to: after ?? rest };
}

/** The same transaction again, under the same nonce: taken for a win in time, given back when that is over. */
function unanswered(turn: Turn): Move[] {
  const { world, worker, rules } = turn;
  const nonce = worker.nonce as string;
  const sentAt = (worker.claim as HeldClaim).sentAt;
  const mine = writtenBy(world.call?.stored, nonce);
  const after = mine ? world : applyClaim(turn, world, worker.view as View, nonce);
  if (after === undefined && rules.unanswered === 'won') return [{ label: 'takes the claim for won', to: place(turn, world, { at: 'claimed', claim: worker.claim as HeldClaim }) }];
  if (after === undefined) return [{ label: 'sends the claim again: not won', to: place(turn, world, IDLE) }];
  const claim = claimOf(turn, after, worker.view as View, sentAt);
  const returned = endedUnstarted({ ...turn, world: after }, claim);
  return [
    { label: `sends the claim again: fence ${claim.fence} is its own`, to: place(turn, after, { at: 'claimed', claim }) },
    { label: `sends the claim again, too late: gives fence ${claim.fence} back`, to: place(turn, returned, IDLE) },
  ];
}

function endedUnstarted(turn: Turn, claim: HeldClaim): World {
  const { rules, world } = turn;
  const after = amend(turn, claim, (record) => (rules.acceptsFailure(record, claim) ? rules.endedWithoutStart(record) : undefined), false);
  return after === undefined ? world : ended(after);
}

/** What the record says of how the attempt ended is what the invariants go by. */
function ended(world: World): World {
  const record = world.call?.record as CallRecord;
  if (record.phase === 'aborted' && record.aborted === 'not-executed') return invariants.settledAsNotExecuted(world, false);
  return record.phase === 'aborted' ? setLife(world, currentLife(world), { threw: true }) : world;
}

function claimedMoves(turn: Turn): Move[] {
  const { world, worker, plan } = turn;
  const claim = worker.claim as HeldClaim;
  const back = { label: 'gives the claim back unstarted', to: place(turn, endedUnstarted(turn, claim), IDLE) };
  const inTime = world.real - claim.sentAt < plan.policy.leaseMs && turn.rules.windowEnough({ policy: plan.policy }, claim.windowLeft);
  if (!inTime) return [back];
  return [back, { label: 'starts the body', to: place(turn, world, { at: 'running', claim }) }];
}

function thrown(turn: Turn, label: string, proven: boolean, keyRead: boolean): Move {
  const { rules, world, worker, plan } = turn;
  const claim = worker.claim as HeldClaim;
  const keyUsed = plan.policy.effect === 'keyed_mutate' ? keyRead : undefined;
  const after = amend(
    turn,
    claim,
    (record) => {
      if (!rules.acceptsFailure(record, claim)) return undefined;
      const earlierUnsettled = record.earlierUnsettled === true;
      const ending = rules.classifyThrow({ provenNotExecuted: proven, controlFlow: false, suspends: false, crossed: claim.crossed, earlierUnsettled, effect: record.effect });
      return rules.failedRecord(record, ending, ERROR, keyUsed);
    },
    false,
  );
  return { label, to: place(turn, spend(after === undefined ? world : ended(after), 'throws'), IDLE) };
}

function perform(turn: Turn): Move {
  const { world, worker, plan, scenario } = turn;
  const claim = worker.claim as HeldClaim;
  const keyed = plan.policy.effect === 'keyed_mutate';
  const known = keyed ? world.effects.find((effect) => effect.life === claim.life && effect.keyed) : undefined;
  if (known !== undefined && world.real - known.at < scenario.providerKeeps) {
    return { label: `calls a provider that knows the key, and has ${known.value}`, to: place(turn, world, { ...worker, at: 'returned', value: known.value }) };
  }
  const lease = world.call?.stored.lease;
  const late = !(lease !== undefined && lease.fence === claim.fence && lease.owner === claim.owner && now(world) < lease.until);
  const overdue = world.real - claim.sentAt >= plan.policy.leaseMs;
  const value = `e${world.effects.length + 1}`;
  const effect: Effect = { life: claim.life, fence: claim.fence, value, at: scenario.timed ? world.real : 0, keyed, late, forgotten: known !== undefined && overdue };
  const to = { ...world, effects: [...world.effects, effect] };
  invariants.effectsAllowed(to, claim.life);
  return { label: `has its effect ${value}${late ? ', late' : ''}`, to: place(turn, to, { ...worker, at: 'returned', value }) };
}

function renew(turn: Turn): Move[] {
  const { world, worker, plan } = turn;
  const claim = worker.claim as HeldClaim;
  const lease = world.call?.stored.lease;
  const until = now(world) + plan.policy.leaseMs;
  if (world.call === undefined || lease === undefined || lease.fence !== claim.fence || lease.owner !== claim.owner || lease.until === until) return [];
  const stored = { ...world.call.stored, lease: { ...lease, until } };
  const to = { ...world, call: { ...world.call, stored } };
  return [{ label: 'renews its lease', to: place(turn, to, { ...worker, claim: { ...claim, confirmedAt: world.real } }) }];
}

function running(turn: Turn): Move[] {
  const { rules, world, worker, plan } = turn;
  const claim = worker.claim as HeldClaim;
  const moves = renew(turn);
  if (claim.crossed) {
    moves.push(perform(turn));
  } else if (world.real - claim.confirmedAt < plan.policy.leaseMs) {
    const begun = amend(turn, claim, (record) => rules.startedRecord(record, claim), true);
    moves.push(
      begun === undefined
        ? { label: 'may not start its effect', to: place(turn, world, IDLE) }
        : { label: 'makes its attempt durable', to: place(turn, begun, { ...worker, claim: { ...claim, crossed: true } }) },
    );
  }
  if (world.budget.throws > 0) moves.push(thrown(turn, 'throws NotExecutedError', true, false), thrown(turn, 'throws before its effect', false, false));
  if (world.budget.timeouts > 0 && worker.timedOut !== true) {
    const marked = amend(turn, claim, (record) => (rules.acceptsFailure(record, claim) ? { ...record, phase: 'unknown' } : undefined), true);
    moves.push({ label: 'times out; the body goes on', to: place(turn, spend(marked ?? world, 'timeouts'), { ...worker, timedOut: true }) });
  }
  return moves;
}

function returned(turn: Turn): Move[] {
  const { rules, world, worker } = turn;
  const claim = worker.claim as HeldClaim;
  const value = worker.value as string;
  const moves = renew(turn);
  if (world.budget.throws > 0) moves.push(thrown(turn, 'throws after its effect', false, true));
  const outcome = world.call === undefined ? 'superseded' : rules.answerCompletion(world.call.record, claim);
  if (outcome === 'accept') {
    const committed = amend(turn, claim, (record) => rules.committedRecord(record, { as: 'full', text: value }), false) as World;
    const told = worker.timedOut === true ? committed : invariants.answered(committed, claim.life, value);
    moves.push({ label: `completes with ${value}`, to: place(turn, told, IDLE) });
    if (world.budget.lost > 0) moves.push({ label: `completes with ${value}, and the answer is lost`, to: place(turn, spend(committed, 'lost'), worker) });
  } else if (outcome === 'recorded') {
    const record = world.call?.record as CallRecord;
    const result = record.result;
    invariants.demand(record.phase === 'committed' || currentLife(world) > claim.life, 'a success is neither recorded nor kept');
    const told = worker.timedOut === true || result === undefined || !('text' in result) ? world : invariants.answered(world, currentLife(world), result.text);
    moves.push({ label: 'completes: settled already', to: place(turn, told, IDLE) });
  } else {
    invariants.supersededByClaim(world, claim);
    moves.push({ label: 'completes: superseded', to: place(turn, world, { ...worker, at: 'superseded' }) });
  }
  return moves;
}

function superseded(turn: Turn): Move[] {
  const { world, worker } = turn;
  const claim = worker.claim as HeldClaim;
  const successes = world.proof?.record.successes ?? [];
  const kept = putProof(world, [...successes, { fence: claim.fence, owner: claim.owner, result: { as: 'full', text: worker.value as string } }]);
  return [{ label: 'keeps its success as evidence', to: place(turn, kept, IDLE) }];
}

/** Every move of one worker that is not about reconciling. */
export function workerMoves(turn: Turn): Move[] {
  const { world, worker } = turn;
  if (worker.at === 'dead') return [];
  const moves = stepsAt(turn);
  // A worker that never moves again is as good as dead; that it is known to be matters only to an operator.
  if (world.budget.crashes > 0 && worker.claim !== undefined) moves.push({ label: 'crashes', to: place(turn, spend(world, 'crashes'), DEAD) });
  return moves;
}

function stepsAt(turn: Turn): Move[] {
  switch (turn.worker.at) {
    case 'idle':
      return judge(turn);
    case 'claiming':
      return claiming(turn);
    case 'unanswered':
      return unanswered(turn);
    case 'claimed':
      return claimedMoves(turn);
    case 'running':
      return running(turn);
    case 'returned':
      return returned(turn);
    case 'superseded':
      return superseded(turn);
    default:
      return [];
  }
}
