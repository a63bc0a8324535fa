import { StoreUnavailableError } from '../errors/store.js';
import type { Expectation, RecordKey, StoredRecord, Transaction } from '../store/contract.js';
import { instant } from '../store/process-clock.js';
import { unsigned } from './blocked.js';
import { Claim } from './claim.js';
import { type Dispatch, notStorable, withoutOmitted } from './dispatch.js';
import type { Engine } from './engine.js';
import { fault, faultsInUse } from './fault-points.js';
import { evidenceKey } from './identity.js';
import { isRecordedIn } from './outer-place.js';
import { leavesUnpaid } from './receipts-due.js';
import type { Seen, View } from './record.js';
import { type CallSubject, decodeCall, encodeCall, indexOf, leaseHeld } from './record.js';
import { claimedRecord, endedWithoutStart } from './resolution.js';
import { keepInput, type StoredText } from './stored-value.js';
import { look } from './view.js';

/** Claims: compare-and-swap against exactly what was judged. @returns the claim, or what stands there instead. */
export async function claim(
  engine: Engine,
  dispatch: Dispatch,
  view: View | undefined,
  gate: 'ALLOW' | 'RECLAIM',
): Promise<Claim | View> {
  if (dispatch.task !== undefined) await dispatch.task.confirm(dispatch.policy.tool, dispatch.policy.effect);
  const { policy, key } = dispatch;
  const seen = view?.seen;
  if (leavesUnpaid(seen?.record, dispatch.home.receipts))
    throw unsigned(engine, dispatch, view as View & { seen: Seen });
  const { effect, boundary, leaseMs } = policy;
  const record = claimedRecord(seen, {
    effect,
    boundary,
    leaseMs,
    owner: engine.owner,
    fingerprint: dispatch.fingerprint,
    ...(policy.keyValidForMs === undefined ? {} : { keyValidForMs: policy.keyValidForMs }),
    ...(policy.maxAttempts === Number.POSITIVE_INFINITY ? {} : { maxAttempts: policy.maxAttempts }),
    ...(policy.receipt && dispatch.home.receipts !== undefined ? { owesReceipt: true as const } : {}),
  });
  const kept = keepArguments(dispatch);
  const subject = subjectOfClaim(engine, dispatch, kept instanceof Promise ? await kept : kept);
  const text = JSON.stringify(subject);
  const expect = expectations(key, view);
  const write = [
    {
      key,
      value: encodeCall(record, text),
      index: indexOf(subject, record.phase),
      lease: { owner: record.owner, fence: record.fence, ms: policy.leaseMs },
    },
  ];
  if (faultsInUse()) await fault('before-claim', { tool: policy.tool, id: key.id, fence: record.fence });
  const nonce = engine.nonce();
  const sentAt = instant(engine.clock);
  try {
    const answer = await engine.client.transact({ expect, write }, nonce);
    const [stored] = answer.records;
    if (answer.ok && stored !== undefined) {
      engine.emit('mycelium:call-claimed', () => ({
        ...dispatch.reference,
        gate,
        fence: record.fence,
        attempt: record.attempts,
      }));
      if (faultsInUse()) await fault('after-claim', { tool: policy.tool, id: key.id, fence: record.fence });
      return new Claim(engine, { stored, record, subject: text }, dispatch, sentAt);
    }
    // A first claim met a record: when it is finished or held, that is the whole answer, in one round trip. What a
    // superseded worker proved counts only where nothing is held.
    if (seen === undefined && stored !== undefined) {
      const met = decodeCall(stored, engine.description);
      if (met.record.phase === 'committed' || leaseHeld(stored, answer.now))
        return { seen: met, evidence: undefined, now: answer.now };
    }
    return await look(engine, dispatch);
  } catch (error) {
    if (error instanceof StoreUnavailableError && error.details['applied'] !== 'no')
      giveBackUnanswered(
        engine,
        { expect, write },
        nonce,
        (stored) => new Claim(engine, { stored, record, subject: text }, dispatch, sentAt),
      );
    throw error;
  }
}

/** The claim may have landed, or land later. Its body did not start, so the slot is fenced by a record that says so. */
function giveBackUnanswered(
  engine: Engine,
  transaction: Transaction,
  nonce: string,
  claimed: (stored: StoredRecord) => Claim,
): void {
  engine.persist(async () => {
    const answer = await engine.client.transact(transaction, nonce);
    const [stored] = answer.records;
    if (answer.ok && stored !== undefined) await giveBack(claimed(stored));
  });
}

/** Writes that the body of this claim did not start. */
export async function giveBack(claim: Claim): Promise<void> {
  await claim.fail(endedWithoutStart);
}

/** The arguments as they are kept. What the fingerprint leaves out need not be storable. @throws InputNotStorableError */
function keepArguments({ policy, input, key }: Dispatch): ReturnType<typeof keepInput> {
  const context = { tool: policy.tool, id: key.id, field: 'input' as const };
  try {
    return keepInput(input, policy.form, context);
  } catch {
    try {
      return keepInput(withoutOmitted(policy, input), policy.form, context);
    } catch (error) {
      throw notStorable(policy, error);
    }
  }
}

function subjectOfClaim(
  engine: Engine,
  { policy, scope, home, reference, toolCallId, task }: Dispatch,
  input: StoredText,
): CallSubject {
  const subject: { -readonly [Field in keyof CallSubject]: CallSubject[Field] } = {
    kind: policy.kind,
    ledger: home.name,
    tool: policy.tool,
    requestId: reference.requestId,
    input,
  };
  const tenant = scope?.run?.tenant ?? home.tenant;
  if (tenant !== undefined) subject.tenant = tenant;
  if (scope?.run?.given === true) subject.runId = scope.run.id;
  if (scope?.run?.threadId !== undefined) subject.threadId = scope.run.threadId;
  if (toolCallId !== undefined) subject.toolCallId = toolCallId;
  if (task !== undefined) subject.task = task.id;
  const caller = scope?.ancestor;
  if (caller !== undefined) {
    if (caller !== task) subject.caller = caller.id;
    const elsewhere = [caller, task].some((outer) => outer !== undefined && !isRecordedIn(outer, engine.client.store));
    if (elsewhere) subject.outerElsewhere = true;
  }
  return subject;
}

/** Exactly what was judged: the record, that no lease is held, and that no superseded worker has left proof of its success. */
function expectations(key: RecordKey, view: View | undefined): Expectation[] {
  const stored = view?.seen?.stored;
  if (stored === undefined) return [{ key, revision: undefined }];
  const { revision } = stored;
  return [
    stored.lease === undefined ? { key, revision } : { key, revision, lease: 'expired' },
    { key: evidenceKey(key), revision: view?.evidence?.stored.revision },
  ];
}
