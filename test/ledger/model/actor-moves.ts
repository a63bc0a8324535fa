/** What else can happen: reconcilers at work, an operator, delayed claims, clocks. */
import type { CallRecord, Resolution, Seen, View } from '../../../src/ledger/record.js';
import { leaseEndedAt } from '../../../src/ledger/record.js';
import { holds, land, type Move, type Turn } from './claim-moves.js';
import * as invariants from './invariants.js';
import type { Rules } from './rules.js';
import { workerMoves } from './worker-moves.js';
import {
  currentLife,
  type Finding,
  type Life,
  look,
  NEW_LIFE,
  now,
  put,
  type Scenario,
  setLife,
  setWorker,
  spend,
  TICK,
  type Worker,
  type World,
} from './world.js';

type Open = View & { readonly seen: Seen };

const IDLE: Worker = { at: 'idle' };

function resolution(by: Resolution['by'], as: Resolution['as']): Resolution {
  return { by, as, reason: 'looked', at: 0 };
}

/** Writes on top of what was judged, while no lease is held and no evidence has come in. */
function write(rules: Rules, world: World, view: Open, record: CallRecord): World | undefined {
  if (!holds(rules, world, view, true, true)) return undefined;
  invariants.demand(!invariants.held(world), 'a record was settled or asked about while a worker holds its lease');
  invariants.keepsWhatIsCommitted(world, record);
  const { lease } = view.seen.stored;
  const kept =
    lease === undefined || record.phase === 'committed' || record.phase === 'aborted'
      ? undefined
      : { owner: lease.owner, fence: lease.fence, ms: 0 };
  return put(world, record, kept);
}

function takeTurn({ rules, world, plan, worker, position }: Turn): Move[] {
  const view = worker.view as Open;
  const { record } = view.seen;
  const proof = rules.evidenceFor(record, view.evidence?.record);
  if (proof !== undefined) {
    const adopted = write(
      rules,
      world,
      view,
      rules.committedRecord(record, proof.result, resolution('evidence', 'completed')),
    );
    return [
      {
        label: adopted === undefined ? 'cannot adopt the evidence' : 'adopts the evidence',
        to: setWorker(adopted ?? world, position, IDLE),
      },
    ];
  }
  const asked = write(
    rules,
    world,
    view,
    rules.askedRecord(view.seen, { owner: plan.owner, until: view.now + plan.policy.leaseMs }, view.now),
  );
  if (asked === undefined) return [{ label: 'does not get the turn to ask', to: setWorker(world, position, IDLE) }];
  return [
    {
      label: 'takes the turn to ask',
      to: setWorker(asked, position, { at: 'asking', view: look(asked), effects: world.effects.length }),
    },
  ];
}

function ask({ world, worker, position, scenario }: Turn): Move[] {
  const [value] = invariants.visible(world, scenario);
  const found: Finding = value === undefined ? { outcome: 'not-executed' } : { outcome: 'committed', value };
  const hears = (finding: Finding): Move => ({
    label: `hears: ${finding.outcome}`,
    to: setWorker(world, position, { ...worker, at: 'ruling', asked: finding }),
  });
  return scenario.unsure ? [hears(found), hears({ outcome: 'unknown' })] : [hears(found)];
}

function rule({ rules, world, worker, position, plan }: Turn): Move[] {
  const view = worker.view as Open;
  const { record, stored } = view.seen;
  const finding = worker.asked as Finding;
  const ends = (label: string, to: World | undefined): Move[] => [
    { label: to === undefined ? `${label}: it has moved` : label, to: setWorker(to ?? world, position, IDLE) },
  ];
  if (finding.outcome === 'committed') {
    return ends(
      'settles it as committed',
      write(
        rules,
        world,
        view,
        rules.committedRecord(record, { as: 'full', text: finding.value }, resolution('reconciler', 'completed')),
      ),
    );
  }
  if (finding.outcome === 'not-executed') {
    const believed = rules.believesNotExecuted(
      { recorded: record.effect, current: plan.policy.effect },
      leaseEndedAt(stored, record),
      plan.policy.settleAfterMs,
      view.now,
    );
    if (believed === true) {
      const settled = write(
        rules,
        world,
        view,
        rules.notExecutedRecord(record, resolution('reconciler', 'not-executed')),
      );
      if (settled === undefined) return ends('settles it as not executed', undefined);
      const strict = (world.lives[currentLife(world)] as Life).strictest;
      invariants.demand(strict !== 'irreversible', 'a reconciler re-opened an irreversible call');
      invariants.verdictTrue(world, worker.effects ?? 0);
      return ends('settles it as not executed', invariants.settledAsNotExecuted(settled, true));
    }
  }
  return ends('gives the turn back', write(rules, world, view, rules.unaskedRecord(view.seen, view.now)));
}

function operatorMoves(scenario: Scenario, rules: Rules, world: World): Move[] {
  const { operator, budget } = world;
  if (operator !== undefined) return [release(rules, world, operator)];
  const view = look(world);
  if (view.seen === undefined) return [];
  const moves: Move[] = [];
  const { record, stored } = view.seen;
  if (budget.operator > 0) {
    const [value] = invariants.visible(world, { ...scenario, providerLag: 0 });
    const as = value === undefined ? 'not-executed' : 'completed';
    const ownerIsDead = scenario.workers.every(
      ({ owner }, position) => owner !== record.owner || world.workers[position]?.at === 'dead',
    );
    const held = rules.leaseHeld(stored, view.now);
    const forced = held && ownerIsDead;
    const evidence = rules.evidenceFor(record, view.evidence?.record) !== undefined;
    if (rules.refuseRelease(record, as, held, forced, evidence) === undefined) {
      const looked: World = {
        ...spend(world, 'operator'),
        operator: { view: { ...view, seen: view.seen }, as, value: value ?? '', forced },
      };
      moves.push({ label: `operator looks, and will release it as ${as}${forced ? ', by force' : ''}`, to: looked });
    }
  }
  if (budget.retires > 0 && rules.refuseRetirement(record) === undefined) {
    const retired = rules.retiredRecord(record, resolution('operator', 'retired'));
    invariants.keepsWhatIsCommitted(world, retired);
    const after = put(spend(world, 'retires'), retired, undefined);
    moves.push({ label: 'operator retires it', to: { ...after, lives: [...after.lives, NEW_LIFE] } });
  }
  return moves;
}

function release(rules: Rules, world: World, { view, as, value, forced }: NonNullable<World['operator']>): Move {
  const { operator: _, ...rest } = world;
  const { record } = view.seen;
  if (!holds(rules, world, view, !forced, true)) return { label: 'operator cannot release it: it has moved', to: rest };
  invariants.demand(forced || !invariants.held(world), 'a record was released while a worker holds its lease');
  if (as === 'completed') {
    const next = rules.committedRecord(record, { as: 'full', text: value }, resolution('operator', 'completed'));
    invariants.keepsWhatIsCommitted(world, next);
    const life = currentLife(world);
    const told = (world.lives[life] as Life).told;
    return {
      label: 'operator releases it as completed',
      to: setLife(put(rest, next, undefined), life, { told: [...told, value] }),
    };
  }
  const next = rules.notExecutedRecord(record, resolution('operator', 'not-executed'));
  invariants.keepsWhatIsCommitted(world, next);
  return {
    label: 'operator releases it as not executed',
    to: invariants.settledAsNotExecuted(put(rest, next, undefined), true),
  };
}

function clockMoves(scenario: Scenario, world: World): Move[] {
  const { budget } = world;
  const moves: Move[] = [];
  if (budget.ticks > 0) moves.push({ label: 'time passes', to: { ...spend(world, 'ticks'), real: world.real + TICK } });
  if (budget.jumps > 0 && scenario.jumpBy !== 0) {
    const way = scenario.jumpBy > 0 ? 'forward' : 'back';
    moves.push({
      label: `the store's clock jumps ${way}`,
      to: { ...spend(world, 'jumps'), skew: world.skew + scenario.jumpBy },
    });
  }
  return moves;
}

/** Everything that can happen next. A move that breaks an invariant throws while it is made, with its actor named. */
export function* moves(scenario: Scenario, rules: Rules, world: World): Generator<() => readonly Move[], void, void> {
  for (const [position, worker] of world.workers.entries()) {
    const plan = scenario.workers[position] as Turn['plan'];
    const twin =
      worker.untouched === true &&
      world.workers.some(
        (other, at) => at < position && other.untouched === true && scenario.workers[at]?.policy === plan.policy,
      );
    if (twin) continue;
    const turn: Turn = { scenario, rules, world, position, plan, worker };
    const name = `w${position + 1}`;
    yield () => {
      const made = [
        ...workerMoves(turn),
        ...(worker.at === 'turning'
          ? takeTurn(turn)
          : worker.at === 'asking'
            ? ask(turn)
            : worker.at === 'ruling'
              ? rule(turn)
              : []),
      ];
      return made.map(({ label, to }) => ({ label: `${name} ${label}`, to }));
    };
  }
  yield () => operatorMoves(scenario, rules, world);
  yield () => world.flights.map((flight) => land(scenario, rules, world, flight));
  yield () => clockMoves(scenario, world);
}

/** The latest instant that anything on the record still waits for. */
export function everythingOver(world: World): number {
  const { seen } = look(world);
  return Math.max(now(world), seen?.stored.lease?.until ?? 0, seen?.record.resolver?.until ?? 0);
}
