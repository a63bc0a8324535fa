import { StoreUnavailableError } from '../errors/store.js';
import type { Transaction } from '../store/contract.js';
import { type Instant, instant } from '../store/process-clock.js';
import { Claim } from './claim.js';
import type { Dispatch } from './dispatch.js';
import type { Engine } from './engine.js';
import { fault } from './fault-points.js';
import { evidenceKey } from './identity.js';
import { type CallRecord, RECORD_FORMAT, type Seen, decodeCall, encodeRecord, indexOf, mayHaveHappened } from './record.js';
import { classifyThrow } from './resolution.js';
import { keepInput } from './stored-value.js';
import { stricterClass } from './transition.js';
import { type View, look } from './view.js';

/** Claims: compare-and-swap against exactly what was judged. @returns the claim, or what stands there instead. */
export async function claim(engine: Engine, dispatch: Dispatch, view: View | undefined, gate: 'ALLOW' | 'RECLAIM'): Promise<Claim | View> {
  await dispatch.task?.confirm(dispatch.policy.tool, dispatch.policy.effect);
  const { policy, key } = dispatch;
  const seen = view?.seen;
  const record = await claimRecord(engine, dispatch, seen);
  const expect = [{ key, revision: seen?.stored.revision, ...(seen?.stored.lease === undefined ? {} : { lease: 'expired' as const }) }];
  // A claim over a record counts only while no superseded worker has left proof of its success.
  if (seen !== undefined) expect.push({ key: evidenceKey(key), revision: view?.evidence?.stored.revision });
  const write = [{ key, value: encodeRecord(record), index: indexOf(record), lease: { owner: record.owner, fence: record.fence, ms: policy.leaseMs } }];
  const context = { tool: policy.tool, id: key.id, fence: record.fence };
  await fault('before-claim', context);
  const nonce = engine.nonce();
  const sentAt = instant(engine.clock);
  try {
    const answer = await engine.client.transact({ expect, write }, nonce);
    const [stored] = answer.records;
    if (answer.ok && stored !== undefined) {
      engine.emit('mycelium:call-claimed', () => ({ ...dispatch.reference, gate, fence: record.fence, attempt: record.attempts }));
      await fault('after-claim', context);
      return new Claim(engine, { stored, record }, sentAt);
    }
    // A first claim met a record: when it is finished, that is the whole answer, in one round trip.
    if (seen === undefined && stored !== undefined) {
      const met = decodeCall(stored, engine.description);
      if (met.record.phase === 'committed') return { seen: met, evidence: undefined, now: answer.now };
    }
    return await look(engine, dispatch);
  } catch (error) {
    if (error instanceof StoreUnavailableError && error.details['applied'] !== 'no') giveBackUnanswered(engine, { expect, write }, nonce, record, sentAt);
    throw error;
  }
}

/** The claim may have landed, or land later. Its body did not start, so the slot is fenced by a record that says so. */
function giveBackUnanswered(engine: Engine, transaction: Transaction, nonce: string, record: CallRecord, sentAt: Instant): void {
  engine.persist(async () => {
    const answer = await engine.client.transact(transaction, nonce);
    const [stored] = answer.records;
    if (answer.ok && stored !== undefined) await giveBack(new Claim(engine, { stored, record }, sentAt));
  });
}

/** Writes that the body of this claim did not start. */
export async function giveBack(claim: Claim): Promise<void> {
  await claim.fail((record) => endedWithoutStart(record));
}

function endedWithoutStart(record: CallRecord): CallRecord {
  const { effect } = record;
  const earlierUnsettled = record.earlierUnsettled === true;
  return { ...record, ...classifyThrow({ provenNotExecuted: true, controlFlow: false, suspends: false, crossed: false, earlierUnsettled, effect }) };
}

async function claimRecord(engine: Engine, dispatch: Dispatch, seen: Seen | undefined): Promise<CallRecord> {
  const { policy, home, scope } = dispatch;
  const before = seen?.record;
  const unsettled = before !== undefined && mayHaveHappened(before);
  const input = keepInput(dispatch.input, policy.form, { tool: policy.tool, id: dispatch.key.id, field: 'input' });
  return {
    format: RECORD_FORMAT,
    kind: policy.kind,
    ledger: home.name,
    tool: policy.tool,
    requestId: dispatch.identity.requestId,
    // A deploy that loosens the class does not loosen what an earlier attempt may have done.
    effect: unsettled ? stricterClass(before.effect, policy.effect) : policy.effect,
    boundary: policy.boundary,
    // An attempt over an unsettled one is ambiguous from its first moment, whatever its own boundary says.
    phase: policy.boundary === 'explicit' && !unsettled ? 'intended' : 'attempting',
    fence: (before?.fence ?? 0) + 1,
    owner: engine.owner,
    attempts: (before?.attempts ?? 0) + 1,
    fingerprint: dispatch.fingerprint,
    input: input instanceof Promise ? await input : input,
    leaseMs: policy.leaseMs,
    ...(seen === undefined ? {} : carried(seen, unsettled)),
    ...described(dispatch, scope),
  };
}

function carried({ record, stored }: Seen, unsettled: boolean): Partial<CallRecord> {
  const { retiredThrough, keyUsed, externalRef } = record;
  const retired = retiredThrough === undefined ? {} : { retiredThrough };
  if (!unsettled) return retired;
  return {
    ...retired,
    earlierUnsettled: true,
    firstClaimAt: record.firstClaimAt ?? stored.writtenAt,
    ...(keyUsed === undefined ? {} : { keyUsed }),
    ...(externalRef === undefined ? {} : { externalRef }),
  };
}

function described(dispatch: Dispatch, scope: Dispatch['scope']): Partial<CallRecord> {
  const tenant = scope?.run?.tenant ?? dispatch.home.tenant;
  return {
    ...(tenant === undefined ? {} : { tenant }),
    ...(scope?.run?.given === true ? { runId: scope.run.id } : {}),
    ...(scope?.run?.threadId === undefined ? {} : { threadId: scope.run.threadId }),
    ...(dispatch.toolCallId === undefined ? {} : { toolCallId: dispatch.toolCallId }),
    ...(dispatch.task === undefined ? {} : { task: dispatch.task.id }),
  };
}
