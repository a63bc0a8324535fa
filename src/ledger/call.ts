import { randomUUID } from 'node:crypto';
import { ParentLostError } from '../errors/call.js';
import { elapsed } from '../store/process-clock.js';
import { emit } from '../tool/events.js';
import type { Body, CallFrame } from '../tool/guard.js';
import { type Ancestor, currentScope, enterScope } from '../tool/scope.js';
import { attempt } from './attempt.js';
import type { Claim } from './claim.js';
import { homeWithoutAWord, openedHome } from './default-home.js';
import { type Dispatch, dispatchOf } from './dispatch.js';
import { heedEarlierClass } from './earlier-class.js';
import { type Engine, engineFor } from './engine.js';
import type { LiveCall } from './live-call.js';
import { notePlace } from './outer-place.js';
import { perform } from './perform.js';
import type { Policy } from './policy.js';
import type { Seen } from './record.js';
import { replay } from './replay.js';
import type { EffectClass } from './transition.js';

const warned = new WeakMap<object, Set<string>>();

/** One call through `ledger` or `taskLedger`: dispatch, perform, and the recorded value where there is one. */
export async function callThroughLedger(policy: Policy, frame: CallFrame, next: Body): Promise<unknown> {
  const chosen = openedHome(policy.ledger ?? currentScope()?.run?.home ?? homeWithoutAWord());
  const home = chosen instanceof Promise ? await chosen : chosen;
  const engine = engineFor(home.store);
  const meant = dispatchOf(policy, home, frame, home.store.partitions, {
    wallMs: engine.clock.wall(),
    random: randomUUID,
  });
  const dispatch = meant.unscoped === undefined ? meant : await heedEarlierClass(engine, meant);
  frame.requestId = dispatch.reference.requestId;
  if (dispatch.identity.source === 'random') warnOfRandom(policy, engine);
  const answer = await perform(engine, dispatch, (claim, windowLeftMs) =>
    attempt(
      engine,
      dispatch,
      claim,
      windowLeftMs,
      (live) => startBody(engine, dispatch, live, frame, next),
      () => frame.entered,
    ),
  );
  if (answer.replayed) {
    engine.tally(home.name, policy.tool).replays += 1;
    return await replayed(dispatch, answer.seen, frame);
  }
  dispatch.scope?.ancestor?.finished.add(dispatch.reference.id);
  return answer.value;
}

/** The recorded value, and what is told of it. */
function replayed(dispatch: Dispatch, seen: Seen, frame: { replayed: boolean }): Promise<unknown> {
  frame.replayed = true;
  const repeated = dispatch.scope?.ancestor?.finished.has(dispatch.reference.id) === true;
  emit('mycelium:call-replayed', () => ({ ...dispatch.reference, repeated }));
  if (repeated) {
    emit('mycelium:warning', () => ({
      tool: dispatch.policy.tool,
      code: 'repeated-call',
      message: `the same attempt called ${dispatch.policy.tool} twice with the same arguments and got one result; withCall(tool, { occurrence: 2 }) says that a second one is meant`,
    }));
  }
  return replay(dispatch, seen);
}

/** Nothing will ever find a random identity again, so nothing protects such a call from a second dispatch: said once. */
export function warnOfRandom(policy: Policy, whose: object): void {
  const tools = warned.get(whose) ?? new Set();
  if (policy.effect === 'read' || tools.has(policy.tool)) return;
  warned.set(whose, tools.add(policy.tool));
  emit('mycelium:warning', () => ({
    tool: policy.tool,
    code: 'random-identity',
    message: `calls of ${policy.tool} are recorded but not deduplicated: give it idFrom, or call it inside run({ runId })`,
  }));
}

function startBody(engine: Engine, dispatch: Dispatch, live: LiveCall, frame: CallFrame, next: Body): unknown {
  frame.call = live.toolCall(frame.options);
  // Once a scope is on, every guarded tool enters it; before that, only what asks for it pays for it.
  const outer = currentScope();
  if (outer === undefined && !dispatch.policy.ambient) return next(frame);
  const ancestor = ancestorOf(engine, live.claim, dispatch.policy.kind, outer?.ancestor);
  return enterScope({ run: outer?.run, call: frame.call, ancestor }, () => next(frame));
}

function ancestorOf(engine: Engine, claim: Claim, kind: 'tool' | 'task', parent: Ancestor | undefined): Ancestor {
  const title = `${claim.reference.tool} ${JSON.stringify(claim.reference.requestId)}`;
  const ancestor: Ancestor = {
    kind,
    id: claim.reference.id,
    title,
    parent,
    finished: new Set(),
    async confirm(tool, effect) {
      const consequential = (effect as EffectClass) !== 'read' && (effect as EffectClass) !== 'idempotent_mutate';
      const fresh = claim.lostBecause === undefined && elapsed(engine.clock, claim.confirmedAt) < claim.leaseMs / 2;
      if (fresh || (!consequential && claim.lostBecause === undefined)) return;
      if (claim.lostBecause === undefined && (await engine.leases.confirm(claim))) return;
      throw new ParentLostError({ tool, parent: title });
    },
  };
  notePlace(ancestor, engine.client.store);
  return ancestor;
}
