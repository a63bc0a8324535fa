import { differingPaths } from '../encoding/fingerprint.js';
import { IdentityConflictError, ReentrantCallError } from '../errors/call.js';
import { StoreUnavailableError } from '../errors/store.js';
import { elapsed, type Instant, instant } from '../store/process-clock.js';
import type { Ancestor } from '../tool/scope.js';
import type { Attempt } from './attempt.js';
import { blocked } from './blocked.js';
import { Claim } from './claim.js';
import { claim } from './claiming.js';
import { compared, type Dispatch } from './dispatch.js';
import type { Engine, Leader } from './engine.js';
import { GivenBack } from './given-back.js';
import { inProgress } from './in-progress.js';
import { reconcile } from './reconcile.js';
import type { View } from './record.js';
import { type Seen, subjectOf } from './record.js';
import { readKept, type StoredText } from './stored-value.js';
import { decide, type Gate, runsBody } from './transition.js';
import { look, situationOf, windowLeft } from './view.js';
import { waitForMove } from './waiting.js';

/** Runs a body under a won claim. */
export type RunBody = (claim: Claim, windowLeftMs: number | undefined) => Promise<Attempt>;

/** The answer to a call: a body's own value, or a recorded one. */
export type Answer =
  | { readonly replayed: false; readonly value: unknown }
  | { readonly replayed: true; readonly seen: Seen };

/**
 * Judges, waits, claims, asks and runs until the call is answered.
 *
 * @throws LedgerBlockedError, IdentityConflictError, CallInProgressError, ReentrantCallError, StoreUnavailableError,
 *   and whatever the body throws.
 */
export function perform(engine: Engine, dispatch: Dispatch, run: RunBody): Promise<Answer> {
  engine.assertOpen();
  refuseReentrance(dispatch);
  const started = instant(engine.clock);
  const leader = engine.underWay.get(dispatch.reference.id);
  return leader === undefined ? lead(engine, dispatch, run, started) : follow(engine, dispatch, run, started, leader);
}

/** A later call of an identity in this process: what the first one has just recorded is answered from memory. */
async function follow(
  engine: Engine,
  dispatch: Dispatch,
  run: RunBody,
  started: Instant,
  first: Leader,
): Promise<Answer> {
  for (
    let leader: Leader | undefined = first;
    leader !== undefined;
    leader = engine.underWay.get(dispatch.reference.id)
  ) {
    const view = await inProcess(engine, dispatch, leader, started);
    if (view?.seen?.record.phase === 'committed') return judge(engine, dispatch, run, started, view, undefined);
  }
  return lead(engine, dispatch, run, started);
}

/** The first call of an identity in this process: later ones wait for it. */
function lead(engine: Engine, dispatch: Dispatch, run: RunBody, started: Instant): Promise<Answer> {
  const leader: Leader = { settled: undefined, followers: [] };
  engine.underWay.set(dispatch.reference.id, leader);
  engine.enter();
  return judge(engine, dispatch, run, started, undefined, leader);
}

/** One function for the whole way of a call: each function that awaits another costs about as much as a hash. */
async function judge(
  engine: Engine,
  dispatch: Dispatch,
  run: RunBody,
  started: Instant,
  first: View | undefined,
  leader: Leader | undefined,
): Promise<Answer> {
  const { id } = dispatch.reference;
  const { replays } = engine;
  const asked = replays?.generation;
  try {
    let view = first ?? replays?.get(id) ?? (engine.wasFinished(id) ? await look(engine, dispatch) : undefined);
    for (;;) {
      dispatch.signal?.throwIfAborted();
      const gate = view === undefined ? 'ALLOW' : decide(situationOf(dispatch, view));
      if (view?.seen !== undefined) refuseConflict(dispatch, view.seen, gate);
      switch (gate) {
        case 'RETURN': {
          const { seen } = view as { seen: Seen };
          engine.noteFinished(id);
          // Whoever followed was given this view: it is older than what this call took for its moment.
          if (leader !== undefined) {
            leader.settled = view;
            replays?.put(id, view as View, asked);
          }
          return { replayed: true, seen };
        }
        case 'POLL': {
          engine.tally(dispatch.home.name, dispatch.policy.tool).waits += 1;
          await waitForMove(engine, dispatch, view as View & { seen: Seen }, started);
          view = await look(engine, dispatch);
          break;
        }
        case 'RECONCILE':
          view = await reconcile(engine, dispatch, view as View & { seen: Seen }, started);
          break;
        case 'HARD_BLOCK':
          throw blocked(engine, dispatch, view as View & { seen: Seen });
        case 'ALLOW':
        case 'RECLAIM': {
          const claimed = await claim(engine, dispatch, view, gate);
          if (!(claimed instanceof Claim)) {
            view = claimed;
            break;
          }
          try {
            const ended = await run(claimed, windowLeft(dispatch, view, claimed.stored.writtenAt));
            if ('recorded' in ended) return { replayed: true, seen: ended.recorded };
            if (leader !== undefined) leader.settled = ended.view;
            engine.noteFinished(id);
            replays?.put(id, ended.view, asked);
            return { replayed: false, value: ended.value };
          } catch (error) {
            if (!(error instanceof GivenBack)) throw error;
            view = await look(engine, dispatch);
            // What is blocked or answered by now is told so; only what would be claimed again and again ends here.
            if (
              elapsed(engine.clock, started) > dispatch.policy.waitForMs &&
              runsBody(decide(situationOf(dispatch, view)))
            ) {
              throw new StoreUnavailableError({
                store: engine.description,
                during: `the claim of ${dispatch.policy.tool}, whose answers come after its lease of ${dispatch.policy.leaseMs} ms is over`,
                applied: 'no',
                remedy: 'The tool did not run. Raise lease, or look at why the store answers so late.',
              });
            }
          }
        }
      }
    }
  } finally {
    if (leader !== undefined) {
      engine.leave();
      engine.underWay.delete(id);
      for (const told of leader.followers) told(leader.settled);
    }
  }
}

/** A duplicate within the process waits for the first, as long as it would wait for another worker. */
async function inProcess(
  engine: Engine,
  dispatch: Dispatch,
  leader: Leader,
  started: Instant,
): Promise<View | undefined> {
  const left = dispatch.policy.waitForMs - elapsed(engine.clock, started);
  dispatch.signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const done = (act: () => void): void => {
      timer.cancel();
      dispatch.signal?.removeEventListener('abort', aborted);
      act();
    };
    const timer = engine.clock.after(Math.max(left, 0), () =>
      done(() => reject(inProgress(dispatch, 'this process is carrying it out'))),
    );
    const aborted = (): void => done(() => reject(dispatch.signal?.reason as Error));
    dispatch.signal?.addEventListener('abort', aborted, { once: true });
    leader.followers.push((view) => done(() => resolve(view)));
  });
}

function refuseReentrance(dispatch: Dispatch): void {
  for (
    let ancestor: Ancestor | undefined = dispatch.scope?.ancestor;
    ancestor !== undefined;
    ancestor = ancestor.parent
  ) {
    if (ancestor.id === dispatch.reference.id) throw new ReentrantCallError(dispatch.reference);
  }
}

/** The fingerprint guards what may have happened; corrected arguments are welcome where nothing did. */
function refuseConflict(dispatch: Dispatch, seen: Seen, gate: Gate): void {
  const { record } = seen;
  if (record.fingerprint === dispatch.fingerprint) return;
  if (record.phase === 'aborted' && runsBody(gate)) return;
  const { input } = subjectOf(seen);
  throw new IdentityConflictError({
    ...dispatch.reference,
    phase: record.phase,
    paths: conflictingPaths(dispatch, input),
  });
}

/** Where the arguments differ, as far as the fingerprint looks; none when the recorded ones were not kept in full. */
function conflictingPaths(dispatch: Dispatch, input: StoredText): readonly string[] {
  if (input.as !== 'full' || input.encrypted === true) return [];
  const { policy, key } = dispatch;
  const before = readKept(input, undefined, { tool: policy.tool, id: key.id, field: 'input' });
  try {
    return differingPaths(compared(policy, before), compared(policy, dispatch.input));
  } catch {
    // A selector of the user's may not cope with arguments that another version of the code recorded.
    return [];
  }
}
