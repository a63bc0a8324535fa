/** What a worker can do next: each move is one transaction, one step of its body, or its end. */
import type { CallRecord } from '../../../src/ledger/record.js';
import {
  amend,
  claiming,
  ended,
  endedUnstarted,
  IDLE,
  judge,
  type Move,
  place,
  type Turn,
  unanswered,
} from './claim-moves.js';
import * as invariants from './invariants.js';
import { currentLife, type Effect, type HeldClaim, now, putProof, spend, type Worker, type World } from './world.js';

const DEAD: Worker = { at: 'dead' };
const ERROR: { readonly name: string; readonly message: string } = { name: 'Error', message: 'socket hang up' };

function claimedMoves(turn: Turn): Move[] {
  const { world, worker, plan } = turn;
  const claim = worker.claim as HeldClaim;
  const back = { label: 'gives the claim back unstarted', to: place(turn, endedUnstarted(turn, claim), IDLE) };
  const inTime =
    world.real - claim.sentAt < plan.policy.leaseMs &&
    turn.rules.windowEnough({ policy: plan.policy }, claim.windowLeft);
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
      const ending = rules.classifyThrow({
        provenNotExecuted: proven,
        controlFlow: false,
        suspends: false,
        crossed: claim.crossed,
        earlierUnsettled,
        effect: record.effect,
      });
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
    return {
      label: `calls a provider that knows the key, and has ${known.value}`,
      to: place(turn, world, { ...worker, at: 'returned', value: known.value }),
    };
  }
  const lease = world.call?.stored.lease;
  const late = !(
    lease !== undefined &&
    lease.fence === claim.fence &&
    lease.owner === claim.owner &&
    now(world) < lease.until
  );
  const overdue = world.real - claim.sentAt >= plan.policy.leaseMs;
  const value = `e${world.effects.length + 1}`;
  const effect: Effect = {
    life: claim.life,
    fence: claim.fence,
    value,
    at: scenario.timed ? world.real : 0,
    keyed,
    late,
    forgotten: known !== undefined && overdue,
  };
  const to = { ...world, effects: [...world.effects, effect] };
  invariants.effectsAllowed(to, claim.life);
  return {
    label: `has its effect ${value}${late ? ', late' : ''}`,
    to: place(turn, to, { ...worker, at: 'returned', value }),
  };
}

function renew(turn: Turn): Move[] {
  const { world, worker, plan } = turn;
  const claim = worker.claim as HeldClaim;
  const lease = world.call?.stored.lease;
  const until = now(world) + plan.policy.leaseMs;
  if (
    world.call === undefined ||
    lease === undefined ||
    lease.fence !== claim.fence ||
    lease.owner !== claim.owner ||
    lease.until === until
  )
    return [];
  const stored = { ...world.call.stored, lease: { ...lease, until } };
  const to = { ...world, call: { ...world.call, stored } };
  return [
    { label: 'renews its lease', to: place(turn, to, { ...worker, claim: { ...claim, confirmedAt: world.real } }) },
  ];
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
        : {
            label: 'makes its attempt durable',
            to: place(turn, begun, { ...worker, claim: { ...claim, crossed: true } }),
          },
    );
  }
  if (world.budget.throws > 0)
    moves.push(
      thrown(turn, 'throws NotExecutedError', true, false),
      thrown(turn, 'throws before its effect', false, false),
    );
  if (world.budget.timeouts > 0 && worker.timedOut !== true) {
    const marked = amend(
      turn,
      claim,
      (record) => (rules.acceptsFailure(record, claim) ? { ...record, phase: 'unknown' } : undefined),
      true,
    );
    moves.push({
      label: 'times out; the body goes on',
      to: place(turn, spend(marked ?? world, 'timeouts'), { ...worker, timedOut: true }),
    });
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
    const committed = amend(
      turn,
      claim,
      (record) => rules.committedRecord(record, { as: 'full', text: value }),
      false,
    ) as World;
    const told = worker.timedOut === true ? committed : invariants.answered(committed, claim.life, value);
    moves.push({ label: `completes with ${value}`, to: place(turn, told, IDLE) });
    if (world.budget.lost > 0)
      moves.push({
        label: `completes with ${value}, and the answer is lost`,
        to: place(turn, spend(committed, 'lost'), worker),
      });
  } else if (outcome === 'recorded') {
    const record = world.call?.record as CallRecord;
    const result = record.result;
    invariants.demand(
      record.phase === 'committed' || currentLife(world) > claim.life,
      'a success is neither recorded nor kept',
    );
    const told =
      worker.timedOut === true || result === undefined || !('text' in result)
        ? world
        : invariants.answered(world, currentLife(world), result.text);
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
  const kept = putProof(world, [
    ...successes,
    { fence: claim.fence, owner: claim.owner, result: { as: 'full', text: worker.value as string } },
  ]);
  return [{ label: 'keeps its success as evidence', to: place(turn, kept, IDLE) }];
}

/** Every move of one worker that is not about reconciling. */
export function workerMoves(turn: Turn): Move[] {
  const { world, worker } = turn;
  if (worker.at === 'dead') return [];
  const moves = stepsAt(turn);
  // A worker that never moves again is as good as dead; that it is known to be matters only to an operator.
  if (world.budget.crashes > 0 && worker.claim !== undefined)
    moves.push({ label: 'crashes', to: place(turn, spend(world, 'crashes'), DEAD) });
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
