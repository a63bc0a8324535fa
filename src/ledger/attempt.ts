import { CallTimeoutError, CompletionNotRecordedError, NotExecutedError } from '../errors/call.js';
import { MyceliumError } from '../errors/mycelium-error.js';
import { StoreUnavailableError } from '../errors/store.js';
import { emit } from '../tool/events.js';
import { noteOutcome, type Outcome } from '../tool/outcomes.js';
import type { Claim, Completion } from './claim.js';
import { giveBack } from './claiming.js';
import type { Dispatch } from './dispatch.js';
import type { Engine } from './engine.js';
import { fault, faultsInUse, WorkerLostError } from './fault-points.js';
import { GivenBack } from './given-back.js';
import { LiveCall } from './live-call.js';
import type { Policy } from './policy.js';
import type { CallRecord, Seen, View } from './record.js';
import { classifyThrow, type Ending, failedRecord, type Throw } from './resolution.js';
import { keepResult, type StoredResult } from './stored-value.js';
import type { RecordedClass } from './transition.js';
import { windowEnough } from './view.js';

/** How a body is started; the caller decides what surrounds it. */
export type StartBody = (live: LiveCall) => unknown;

/** What an attempt gave: the body's own value, or, when the record was settled by others, what stands there. */
export type Attempt = { readonly value: unknown; readonly view: View } | { readonly recorded: Seen };

/**
 * Runs the body under a claim and records how it ended.
 *
 * @throws GivenBack when the body was not started; CallTimeoutError; CompletionNotRecordedError with the result;
 *   and what the body throws.
 */
export function attempt(
  engine: Engine,
  dispatch: Dispatch,
  claim: Claim,
  windowLeftMs: number | undefined,
  start: StartBody,
  entered: () => boolean,
): Promise<Attempt> {
  const live = new LiveCall(engine, dispatch, claim, windowLeftMs);
  const mayStart = claim.timeLeft && windowEnough(dispatch, live.windowLeftMs) && dispatch.signal?.aborted !== true;
  if (!mayStart) return refuseLateStart(engine, dispatch, claim);
  engine.leases.keep(claim);
  live.watchWindow();
  const running = runToTheEnd(engine, dispatch, live, start, entered);
  return dispatch.policy.timeoutMs === undefined
    ? running
    : withTimeout(engine, live, running, dispatch.policy.timeoutMs);
}

/** An answer that came after the lease was over, too late for the key's window, or after the caller gave up, starts nothing. */
async function refuseLateStart(engine: Engine, dispatch: Dispatch, claim: Claim): Promise<never> {
  const aborted = dispatch.signal?.aborted === true;
  try {
    await giveBack(claim);
  } catch (error) {
    engine.persist(() => giveBack(claim));
    if (!aborted) throw error;
  }
  if (aborted) throw dispatch.signal?.reason;
  throw new GivenBack();
}

async function runToTheEnd(
  engine: Engine,
  dispatch: Dispatch,
  live: LiveCall,
  start: StartBody,
  entered: () => boolean,
): Promise<Attempt> {
  let value: unknown;
  try {
    try {
      const watched = dispatch.policy.boundary === 'implicit' && faultsInUse();
      if (watched) await fault('before-effect', live.context);
      value = await start(live);
      live.bodyEnded();
      if (watched) await fault('after-effect', live.context);
    } catch (error) {
      live.bodyEnded();
      if (!(error instanceof WorkerLostError)) await recordThrow(engine, dispatch, live, error, entered());
      throw error;
    }
    return await recordSuccess(engine, dispatch, live, value);
  } finally {
    if (!live.recordingGoesOn) engine.leases.drop(live.claim);
    live.end();
  }
}

/** Completes; when that fails the caller gets the result all the same, and we go on trying where trying can help. */
async function recordSuccess(engine: Engine, dispatch: Dispatch, live: LiveCall, value: unknown): Promise<Attempt> {
  const { claim } = live;
  let result: StoredResult | undefined;
  try {
    const kept = keepResult(value, dispatch.policy.form, {
      tool: dispatch.policy.tool,
      id: dispatch.key.id,
      field: 'result',
    });
    result = kept instanceof Promise ? await kept : kept;
    if (faultsInUse()) await fault('before-complete', live.context);
    const completion = await claim.complete(result, value);
    if (faultsInUse()) await fault('after-complete', live.context);
    return answer(dispatch, live, value, completion);
  } catch (error) {
    if (error instanceof WorkerLostError || error instanceof CompletionNotRecordedError) throw error;
    throw notRecorded(engine, live, value, result, error);
  }
}

function notRecorded(
  engine: Engine,
  live: LiveCall,
  value: unknown,
  result: StoredResult | undefined,
  error: unknown,
): CompletionNotRecordedError {
  const { claim } = live;
  const goesOn = error instanceof StoreUnavailableError && result !== undefined;
  if (goesOn) {
    live.recordingGoesOn = true;
    engine.persist(async () => {
      await claim.complete(result, value);
      engine.leases.drop(claim);
    });
  }
  const why =
    error instanceof MyceliumError
      ? (error.message.split('\n')[0] ?? error.code)
      : `recording it failed with ${describeError(error).name}`;
  const remedy = goesOn
    ? 'The result is on this error. Recording goes on in the background until close(); without it the call stays blocked until it is released or reconciled.'
    : 'The result is on this error. The call stays blocked until it is released or reconciled.';
  return claim.notRecorded(value, why, remedy, error);
}

function answer(dispatch: Dispatch, live: LiveCall, value: unknown, completion: Completion): Attempt {
  const { claim } = live;
  switch (completion.outcome) {
    case 'committed':
      emit('mycelium:call-committed', () => ({ ...claim.reference, fence: claim.fence, by: 'worker' as const }));
      if (dispatch.policy.effect === 'keyed_mutate' && !live.keyUsed) {
        emit('mycelium:warning', () => ({
          tool: dispatch.policy.tool,
          code: 'key-not-used',
          message: 'a keyed_mutate body never read call.idempotencyKey',
        }));
      }
      return { value, view: { seen: completion.seen, evidence: undefined, now: completion.seen.stored.writtenAt } };
    case 'recorded':
      return { recorded: completion.seen };
    case 'superseded':
      // What is recorded is what every caller sees, this one included.
      if (completion.seen?.record.phase === 'committed') return { recorded: completion.seen };
      throw claim.notRecorded(
        value,
        completion.seen === undefined
          ? 'its record is gone from the store'
          : `a newer claim (fence ${completion.seen.record.fence}) has taken over`,
        completion.seen === undefined
          ? 'The result is on this error. The record was pruned, or something deleted it; the call is no longer protected by it.'
          : 'The result is on this error, and kept as evidence: the call is settled by it and will not run again.',
      );
  }
}

async function recordThrow(
  engine: Engine,
  dispatch: Dispatch,
  live: LiveCall,
  error: unknown,
  entered: boolean,
): Promise<void> {
  const ending = classifyThrow(thrown(dispatch, live, error, entered));
  noteOutcome(outcomeOf(ending, live.claim.record.effect), error, dispatch.options, live.startedAt);
  const keyUsed = dispatch.policy.effect === 'keyed_mutate' ? live.keyUsed : undefined;
  const change = (record: CallRecord): CallRecord =>
    failedRecord(record, ending, keptError(dispatch.policy, error), keyUsed);
  try {
    await live.claim.fail(change);
    engine.emit('mycelium:call-failed', () => ({
      ...live.claim.reference,
      fence: live.claim.fence,
      phase: ending.phase,
    }));
  } catch {
    // The tool's own error is what the caller must see; the record says at worst that nobody knows.
    engine.persist(() => live.claim.fail(change));
  }
}

/** For who has to tell what became of the call. What a class that nobody declared may have done, nobody knows. */
function outcomeOf({ phase, aborted }: Ending, effect: RecordedClass): Outcome {
  if (aborted === 'not-executed') return aborted;
  if (phase === 'unknown' || effect === 'unclassified') return 'unknown';
  return effect === 'read' ? 'not-executed' : 'may-rerun';
}

/** When an error was last taken as a call's proof that it did not execute. */
const proofs = new WeakMap<object, number>();

/** A nested call's proof that comes through this body speaks of the nested call, and of nothing this body did itself. */
function isOwnProof(live: LiveCall, error: unknown): boolean {
  if (!(error instanceof NotExecutedError)) return false;
  const takenAt = proofs.get(error);
  proofs.set(error, performance.now());
  return takenAt === undefined || takenAt < live.startedAt;
}

function thrown(dispatch: Dispatch, live: LiveCall, error: unknown, entered: boolean): Throw {
  const { policy } = dispatch;
  return {
    provenNotExecuted: !entered || isOwnProof(live, error) || saysNotExecuted(policy.notExecuted, error),
    controlFlow: isControlFlow(error),
    suspends: policy.suspends,
    crossed: live.crossed,
    earlierUnsettled: live.claim.record.earlierUnsettled === true,
    effect: live.claim.record.effect,
  };
}

/** A predicate of the user's that throws has proven nothing. */
function saysNotExecuted(predicate: ((error: unknown) => boolean) | undefined, error: unknown): boolean {
  try {
    return predicate?.(error) === true;
  } catch {
    return false;
  }
}

/** LangGraph marks the errors by which a graph is interrupted; they are not failures. */
function isControlFlow(error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as { is_bubble_up?: unknown }).is_bubble_up === true;
}

/** An error's message quotes what it was called with, so it is kept in the open only where the arguments are. */
function keptError({ form }: Policy, error: unknown): { name: string; message: string } {
  const described = describeError(error);
  return form.input === 'full' && form.encryption === undefined
    ? described
    : { ...described, message: 'not kept, as the arguments are not kept in the open' };
}

function describeError(error: unknown): { name: string; message: string } {
  if (error instanceof Error) return { name: error.name, message: error.message.slice(0, 500) };
  return { name: 'thrown value', message: typeof error === 'string' ? error.slice(0, 500) : typeof error };
}

/** A timeout ends the wait, not the work: the lease is kept while the body lives, and its late result is recorded. */
async function withTimeout(
  engine: Engine,
  live: LiveCall,
  running: Promise<Attempt>,
  timeoutMs: number,
): Promise<Attempt> {
  const { claim } = live;
  return new Promise((resolve, reject) => {
    let over = false;
    const timer = engine.clock.after(timeoutMs, () => {
      over = true;
      engine.inBackground(running);
      const error = new CallTimeoutError({ ...claim.reference, timeoutMs });
      live.stop(error);
      // Without an answer the record stays as it is: an attempt that is held, which says as much.
      claim
        .fail((record) => ({ ...record, phase: 'unknown' }), 'keep')
        .then(
          () => reject(error),
          () => reject(error),
        );
    });
    running.then(
      (value) => {
        timer.cancel();
        if (!over) resolve(value);
      },
      (error: unknown) => {
        timer.cancel();
        if (!over) reject(error as Error);
      },
    );
  });
}
