import type { Write } from '../store/contract.js';
import { elapsed, type Instant } from '../store/process-clock.js';
import type { ReceiptValues } from '../tool/receipt.js';
import { type BlockReason, blocked, unsigned } from './blocked.js';
import type { Dispatch } from './dispatch.js';
import type { Engine } from './engine.js';
import { fault, faultsInUse } from './fault-points.js';
import { evidenceKey, idempotencyKeyOf } from './identity.js';
import { inProgress } from './in-progress.js';
import { absent, claimedAtOf, paid, unpayable } from './receipts-due.js';
import type { View } from './record.js';
import { type CallRecord, evidenceFor, leaseEndedAt, leaseHeld, type Seen, writeOver } from './record.js';
import { askedRecord, believesNotExecuted, committedRecord, notExecutedRecord, unaskedRecord } from './resolution.js';
import { keepResult } from './stored-value.js';
import type { Verdict } from './verdicts.js';
import { look } from './view.js';
import { waitAtMost } from './waiting.js';

type Open = View & { readonly seen: Seen };

/**
 * Settles an ambiguous call by what a superseded worker proved, or by asking the provider. The question is asked
 * under a field of its own, which moves neither fence nor phase: a worker that was only slow can still complete.
 *
 * @returns what stands afterwards, to be judged anew.
 * @throws LedgerBlockedError when nobody can say, CallInProgressError when it is too early to believe.
 */
export async function reconcile(engine: Engine, dispatch: Dispatch, view: Open, started: Instant): Promise<View> {
  if (unpayable(view.seen.record, dispatch.home.receipts)) throw unsigned(engine, dispatch, view);
  const proof = evidenceFor(view.seen.record, view.evidence?.record);
  if (proof !== undefined) {
    const adopted = committedRecord(view.seen.record, proof.result, {
      by: 'evidence',
      as: 'completed',
      reason: `the worker of fence ${proof.fence} finished late`,
      at: view.now,
    });
    return settle(engine, dispatch, view, adopted);
  }
  const asking = await takeTurn(engine, dispatch, view);
  if (asking === undefined) return look(engine, dispatch);
  return ask(engine, dispatch, asking, started);
}

/** Writes on top of what was judged, while no lease is held and no evidence has come in. */
async function write(
  engine: Engine,
  view: Open,
  record: CallRecord,
  beside: readonly Write[] = [],
): Promise<Open | undefined> {
  const { stored } = view.seen;
  const { key, lease } = stored;
  // The expired lease stays with its worker, which may still revive it until somebody claims.
  const kept =
    lease === undefined || record.phase === 'committed' || record.phase === 'aborted'
      ? undefined
      : { owner: lease.owner, fence: lease.fence, ms: 0 };
  const answer = await engine.client.transact(
    {
      expect: [
        { key, revision: stored.revision, lease: 'expired' },
        { key: evidenceKey(key), revision: view.evidence?.stored.revision },
        ...absent(beside),
      ],
      write: [writeOver(view.seen, record, kept), ...beside],
    },
    engine.nonce(),
  );
  const [written] = answer.records;
  return answer.ok && written !== undefined
    ? { seen: { stored: written, record, subject: view.seen.subject }, evidence: view.evidence, now: answer.now }
    : undefined;
}

async function settle(
  engine: Engine,
  dispatch: Dispatch,
  view: Open,
  settled: CallRecord,
  values: ReceiptValues = {},
): Promise<View> {
  if (faultsInUse())
    await fault('after-verdict', { tool: dispatch.policy.tool, id: dispatch.key.id, fence: settled.fence });
  const { record, beside } = paid(dispatch.home.receipts, view.seen, settled, {
    claimedAt: claimedAtOf(view.seen.record, view.seen.stored),
    at: view.now,
    values: () => ({ arguments: dispatch.input, ...values }),
  });
  const written = await write(engine, view, record, beside);
  if (written === undefined) return look(engine, dispatch);
  const by = record.resolution?.by ?? 'reconciler';
  if (record.phase === 'committed')
    engine.emit('mycelium:call-committed', () => ({ ...dispatch.reference, fence: record.fence, by }));
  return written;
}

async function takeTurn(engine: Engine, dispatch: Dispatch, view: Open): Promise<Open | undefined> {
  if (faultsInUse())
    await fault('before-resolve', { tool: dispatch.policy.tool, id: dispatch.key.id, fence: view.seen.record.fence });
  return write(
    engine,
    view,
    askedRecord(view.seen, { owner: engine.owner, until: view.now + dispatch.policy.leaseMs }, view.now),
  );
}

async function ask(engine: Engine, dispatch: Dispatch, view: Open, started: Instant): Promise<View> {
  const { policy } = dispatch;
  const { record, stored } = view.seen;
  const { verdict, cause } = await consult(engine, dispatch, record);
  if (verdict.outcome === 'committed') {
    const kept = await keepResult(verdict.value, policy.form, {
      tool: policy.tool,
      id: dispatch.key.id,
      field: 'result',
    });
    return settle(
      engine,
      dispatch,
      view,
      committedRecord(record, kept, { by: 'reconciler', as: 'completed', reason: 'the provider has it', at: view.now }),
      { result: verdict.value },
    );
  }
  if (verdict.outcome === 'not-executed') {
    // Judged by the time of asking: what the provider did not know then may have arrived since.
    const believed = believesNotExecuted(
      { recorded: record.effect, current: policy.effect },
      leaseEndedAt(stored, record),
      policy.settleAfterMs,
      view.now,
    );
    if (believed === true) {
      return settle(
        engine,
        dispatch,
        view,
        notExecutedRecord(record, { by: 'reconciler', as: 'not-executed', reason: verdict.evidence, at: view.now }),
      );
    }
    if (believed !== 'never') return waitToBelieve(engine, dispatch, view, started, believed.at);
    return refuse(
      engine,
      dispatch,
      view,
      'verdict-refused',
      `the reconciler says it did not run (${verdict.evidence}), which is not enough for an irreversible tool`,
    );
  }
  return refuse(engine, dispatch, view, 'reconciler-unsure', `the reconciler cannot say: ${verdict.why}`, cause);
}

/** A first attempt may still be on its way to the provider; its word is believed once the lease is long over. */
async function waitToBelieve(
  engine: Engine,
  dispatch: Dispatch,
  view: Open,
  started: Instant,
  at: number,
): Promise<View> {
  const freed = await endTurn(engine, view);
  const wait = at - view.now;
  if (freed === undefined) return look(engine, dispatch);
  if (wait > dispatch.policy.waitForMs - elapsed(engine.clock, started)) {
    throw inProgress(
      dispatch,
      `its reconciler says that it did not run, which is believed in ${Math.ceil(wait / 1_000)} s, when a late arrival is out of the question`,
    );
  }
  let latest: Open = freed;
  for (;;) {
    await waitAtMost(engine, dispatch, latest.seen.stored, Math.max(at - latest.now, 1));
    const view = await look(engine, dispatch);
    // Others who ask in the meantime move the record too; asking again for that would have both ask without end.
    if (view.seen === undefined || view.now >= at || saysMore(view as Open, freed)) return view;
    latest = view as Open;
  }
}

/** Whether anything but a question has changed the record. */
function saysMore(view: Open, before: Open): boolean {
  const [now, then] = [view.seen.record, before.seen.record];
  const alive = leaseHeld(view.seen.stored, view.now);
  return (
    alive ||
    now.phase !== then.phase ||
    now.fence !== then.fence ||
    view.evidence?.stored.revision !== before.evidence?.stored.revision
  );
}

async function endTurn(engine: Engine, view: Open): Promise<Open | undefined> {
  return write(engine, view, unaskedRecord(view.seen, view.now));
}

async function refuse(
  engine: Engine,
  dispatch: Dispatch,
  view: Open,
  reason: BlockReason,
  why: string,
  cause?: unknown,
): Promise<View> {
  const freed = await endTurn(engine, view);
  // Somebody else moved it meanwhile, perhaps the worker itself: that is better news than ours.
  if (freed === undefined) return look(engine, dispatch);
  throw blocked(engine, dispatch, freed, { reason, why, cause });
}

/** Asks user code, for at most one lease. What it throws, or returns in no known form, is "cannot say". */
async function consult(
  engine: Engine,
  dispatch: Dispatch,
  record: CallRecord,
): Promise<{ verdict: Verdict<unknown>; cause?: unknown }> {
  const { policy, reference } = dispatch;
  const stop = new AbortController();
  const timer = engine.clock.after(policy.leaseMs, () =>
    stop.abort(new Error(`no verdict within ${policy.leaseMs} ms`)),
  );
  const late = new Promise<never>((_, reject) =>
    stop.signal.addEventListener('abort', () => reject(stop.signal.reason as Error), { once: true }),
  );
  try {
    const question = {
      requestId: reference.requestId,
      idempotencyKey: idempotencyKeyOf(dispatch.key, record.retiredThrough),
      input: dispatch.input,
      fence: record.fence,
      attempts: record.attempts,
      signal: stop.signal,
      ...(record.externalRef === undefined ? {} : { externalRef: record.externalRef }),
    };
    const verdict: unknown = await Promise.race([policy.reconcile?.(question), late]);
    if (isVerdict(verdict)) return { verdict };
    return {
      verdict: { outcome: 'unknown', why: 'it returned no verdict; return committed(…), notExecuted(…) or unknown(…)' },
    };
  } catch (cause) {
    return {
      verdict: {
        outcome: 'unknown',
        why: `it threw ${cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)}`,
      },
      cause,
    };
  } finally {
    timer.cancel();
  }
}

function isVerdict(value: unknown): value is Verdict<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const { outcome } = value as { outcome?: unknown };
  if (outcome === 'committed') return 'value' in value;
  if (outcome === 'not-executed') return typeof (value as { evidence?: unknown }).evidence === 'string';
  return outcome === 'unknown' && typeof (value as { why?: unknown }).why === 'string';
}
