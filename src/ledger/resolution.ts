/**
 * Who may settle a record, and how: pure rules for completions, throws, verdicts and releases.
 */
import {
  type CallRecord,
  leaseEndedAt,
  mayHaveHappened,
  RECORD_FORMAT,
  type Resolution,
  type Seen,
  without,
} from './record.js';
import { countedRerun } from './reruns.js';
import type { StoredResult } from './stored-value.js';
import { type RecordedClass, stricterClass } from './transition.js';

/** The claim that wants to settle. */
export interface Claimant {
  readonly owner: string;
  readonly fence: number;
}

/** Built member by member: these records are made at every call. */
type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

/** What a claim brings of its own; the rest follows from the record that was judged. */
export type FreshClaim = Pick<
  CallRecord,
  'effect' | 'boundary' | 'owner' | 'fingerprint' | 'leaseMs' | 'keyValidForMs' | 'maxAttempts' | 'owesReceipt'
>;

/** The record that a claim puts in place of what it judged. */
export function claimedRecord(seen: Pick<Seen, 'record' | 'stored'> | undefined, fresh: FreshClaim): CallRecord {
  const before = seen?.record;
  const unsettled = before !== undefined && mayHaveHappened(before);
  const claimed: Mutable<CallRecord> = {
    format: RECORD_FORMAT,
    // A deploy that loosens the class does not loosen what an earlier attempt may have done.
    effect: unsettled ? stricterClass(before.effect, fresh.effect) : fresh.effect,
    boundary: fresh.boundary,
    // An attempt over an unsettled one is ambiguous from its first moment, whatever its own boundary says.
    phase: fresh.boundary === 'explicit' && !unsettled ? 'intended' : 'attempting',
    fence: (before?.fence ?? 0) + 1,
    owner: fresh.owner,
    attempts: (before?.attempts ?? 0) + 1,
    fingerprint: fresh.fingerprint,
    leaseMs: fresh.leaseMs,
  };
  if (fresh.keyValidForMs !== undefined) claimed.keyValidForMs = fresh.keyValidForMs;
  if (fresh.maxAttempts !== undefined) claimed.maxAttempts = fresh.maxAttempts;
  if (fresh.owesReceipt === true) claimed.owesReceipt = true;
  return seen === undefined ? claimed : { ...claimed, ...carried(seen, unsettled), reruns: countedRerun(seen.record) };
}

function carried({ record, stored }: Pick<Seen, 'record' | 'stored'>, unsettled: boolean): Partial<CallRecord> {
  const { retiredThrough, keyUsed, externalRef, owesReceipt } = record;
  const retired = retiredThrough === undefined ? {} : { retiredThrough };
  if (!unsettled) return retired;
  return {
    ...retired,
    earlierUnsettled: true,
    firstClaimAt: record.firstClaimAt ?? stored.writtenAt,
    ...(keyUsed === undefined ? {} : { keyUsed }),
    ...(externalRef === undefined ? {} : { externalRef }),
    ...(owesReceipt === undefined ? {} : { owesReceipt }),
  };
}

/**
 * What every write under a claim brings up to date: the time of the first claim, which that claim did not know yet,
 * and that its worker is alive: an end of its lease that somebody noted while asking about it was none.
 */
export function withFirstClaim(record: CallRecord, claimedAt: number): CallRecord {
  const alive = record.leaseEndedAt === undefined ? record : without(record, 'leaseEndedAt', 'leaseJudgedAt');
  const settled = alive.phase === 'committed' || alive.aborted === 'not-executed';
  return alive.firstClaimAt === undefined && !settled ? { ...alive, firstClaimAt: claimedAt } : alive;
}

/** The record at its point of no return, or undefined when the claim has no say any more. */
export function startedRecord(record: CallRecord, claimant: Claimant): CallRecord | undefined {
  const mine = record.fence === claimant.fence && record.owner === claimant.owner;
  return mine && record.phase === 'intended' ? { ...record, phase: 'attempting' } : undefined;
}

/**
 * What a worker's success meets: `accept` it, `recorded` (this claim is settled already, and what is recorded
 * stands), or `superseded` (a newer claim exists, or the record is not ours: keep the success as evidence).
 */
export type CompletionAnswer = 'accept' | 'recorded' | 'superseded';

/**
 * Completion is accepted from the fence that claimed while no newer claim exists: from intended, attempting and
 * unknown, and from aborted, which can only be a verdict that this worker did not know of.
 */
export function answerCompletion(record: CallRecord, claimant: Claimant): CompletionAnswer {
  if (record.fence !== claimant.fence || record.owner !== claimant.owner) return 'superseded';
  if (record.phase === 'committed' || (record.retiredThrough ?? 0) >= claimant.fence) return 'recorded';
  return 'accept';
}

/** A failure changes a record only while the claim that failed is the last word on it. */
export function acceptsFailure(record: CallRecord, claimant: Claimant): boolean {
  const open = record.phase === 'intended' || record.phase === 'attempting' || record.phase === 'unknown';
  return open && record.fence === claimant.fence && record.owner === claimant.owner;
}

/** The record, committed. The lease goes, and with it who was asking and what went wrong on the way. */
export function committedRecord(record: CallRecord, result: StoredResult, resolution?: Resolution): CallRecord {
  const { format, effect, boundary, fence, owner, attempts, fingerprint, leaseMs } = record;
  const { keyValidForMs, externalRef, retiredThrough, owesReceipt, reruns } = record;
  const settled: Mutable<CallRecord> = {
    format,
    effect,
    boundary,
    phase: 'committed',
    fence,
    owner,
    attempts,
    fingerprint,
    leaseMs,
    result,
  };
  if (keyValidForMs !== undefined) settled.keyValidForMs = keyValidForMs;
  if (externalRef !== undefined) settled.externalRef = externalRef;
  if (retiredThrough !== undefined) settled.retiredThrough = retiredThrough;
  if (owesReceipt !== undefined) settled.owesReceipt = owesReceipt;
  if (reruns !== undefined) settled.reruns = reruns;
  if (resolution !== undefined) settled.resolution = resolution;
  return settled;
}

/** How a body ended without a value. */
export interface Ending {
  readonly phase: 'aborted' | 'unknown';
  readonly aborted?: 'not-executed' | 'may-rerun';
}

/** What is known of a throw. */
export interface Throw {
  /** True when the error is proof that the effect did not happen. */
  readonly provenNotExecuted: boolean;
  /** True for interrupts and suspensions, which are no failures. */
  readonly controlFlow: boolean;
  readonly suspends: boolean;
  /** Whether the point of no return was passed. */
  readonly crossed: boolean;
  /** Whether an attempt before this one may have had its effect. */
  readonly earlierUnsettled: boolean;
  readonly effect: RecordedClass;
}

/** Not executed where that is proven for the call; may re-run for what may be re-run; otherwise unknown. */
export function classifyThrow(thrown: Throw): Ending {
  const rerun = thrown.effect === 'read' || thrown.effect === 'idempotent_mutate' || thrown.effect === 'unclassified';
  const notExecuted = !thrown.crossed || thrown.provenNotExecuted || (thrown.controlFlow && thrown.suspends);
  // This attempt did nothing; the one before it may have.
  if (notExecuted && !thrown.earlierUnsettled) return { phase: 'aborted', aborted: 'not-executed' };
  if (thrown.controlFlow && !notExecuted) return { phase: 'unknown' };
  return rerun ? { phase: 'aborted', aborted: 'may-rerun' } : { phase: 'unknown' };
}

/** The record of a claim whose body did not start. */
export function endedWithoutStart(record: CallRecord): CallRecord {
  const { effect } = record;
  const earlierUnsettled = record.earlierUnsettled === true;
  return {
    ...record,
    ...classifyThrow({
      provenNotExecuted: true,
      controlFlow: false,
      suspends: false,
      crossed: false,
      earlierUnsettled,
      effect,
    }),
  };
}

/** The record after a throw. `keyUsed`: whether the body read its idempotency key; undefined when it needs none. */
export function failedRecord(
  record: CallRecord,
  ending: Ending,
  error: NonNullable<CallRecord['error']>,
  keyUsed: boolean | undefined,
): CallRecord {
  // Only an attempt that may have had its effect says whether it used the key.
  const key =
    keyUsed === undefined || ending.aborted === 'not-executed' ? {} : { keyUsed: keyUsed || record.keyUsed === true };
  return { ...record, ...ending, error, ...key };
}

/** The record while somebody asks what became of it. `judgedAt`: the store's time when its lease was seen to be over. */
export function askedRecord(
  seen: Pick<Seen, 'record' | 'stored'>,
  resolver: NonNullable<CallRecord['resolver']>,
  judgedAt: number,
): CallRecord {
  // Any other write would otherwise set the clock of the key's window anew.
  const firstClaimAt = seen.record.firstClaimAt ?? seen.stored.writtenAt;
  return { ...seen.record, firstClaimAt, ...leaseOver(seen, judgedAt), resolver };
}

/** The record after asking in vain. */
export function unaskedRecord(seen: Pick<Seen, 'record' | 'stored'>, judgedAt: number): CallRecord {
  return { ...without(seen.record, 'resolver'), ...leaseOver(seen, judgedAt) };
}

function leaseOver(
  { record, stored }: Pick<Seen, 'record' | 'stored'>,
  judgedAt: number,
): Pick<CallRecord, 'leaseEndedAt' | 'leaseJudgedAt'> {
  return { leaseEndedAt: leaseEndedAt(stored, record), leaseJudgedAt: judgedAt };
}

/** The record of a finished identity, opened anew. */
export function retiredRecord(record: CallRecord, resolution: Resolution): CallRecord {
  const rest = without(
    record,
    'result',
    'error',
    'externalRef',
    'firstClaimAt',
    'keyUsed',
    'earlierUnsettled',
    'leaseEndedAt',
    'leaseJudgedAt',
  );
  return { ...rest, phase: 'aborted', aborted: 'not-executed', retiredThrough: record.fence, attempts: 0, resolution };
}

/** The record, settled as not executed: the next call may run. */
export function notExecutedRecord(record: CallRecord, resolution: Resolution): CallRecord {
  const rest = without(
    record,
    'resolver',
    'firstClaimAt',
    'keyUsed',
    'leaseEndedAt',
    'leaseJudgedAt',
    'earlierUnsettled',
  );
  // A person who looked lets it be tried again, however often it was before.
  const attempts = resolution.by === 'operator' ? 0 : record.attempts;
  return { ...rest, phase: 'aborted', aborted: 'not-executed', attempts, resolution };
}

/** Why a release is refused, or undefined when it is accepted. */
export function refuseRelease(
  record: CallRecord,
  as: 'completed' | 'not-executed',
  held: boolean,
  forced: boolean,
  evidence: boolean,
): string | undefined {
  if (record.phase === 'committed') return 'it is finished, and its result is recorded';
  // With its attempts used up it is blocked all the same: then a release for more of them is accepted, once, and so is
  // the word of a person that it is completed.
  const usedUp = record.maxAttempts !== undefined && record.attempts >= record.maxAttempts;
  const blockedAllTheSame = as === 'not-executed' ? record.attempts > 0 : usedUp;
  if (record.phase === 'aborted' && record.aborted === 'not-executed' && !blockedAllTheSame)
    return 'it is settled as not executed, and may run again as it is';
  if (held && !forced) return 'a worker holds its lease';
  if (as === 'not-executed' && evidence) return 'a worker that was superseded has left its success as evidence';
  return undefined;
}

/** Why a retirement is refused, or undefined when it is accepted. Only a finished identity is re-opened. */
export function refuseRetirement(record: CallRecord): string | undefined {
  if (record.phase === 'committed') return undefined;
  if (record.phase === 'aborted' && record.aborted === 'not-executed') return 'it may run again as it is';
  return 'it is not finished, so whether it ran is what has to be settled first';
}

/** Whether a "not executed" verdict is believed at `now`, and otherwise when it will be. */
export function believesNotExecuted(
  effect: { recorded: RecordedClass; current: RecordedClass },
  leaseEndedAt: number,
  settleAfterMs: number,
  now: number,
): true | { readonly at: number } | 'never' {
  if (effect.recorded === 'irreversible' || effect.current === 'irreversible') return 'never';
  const at = leaseEndedAt + settleAfterMs;
  return now >= at ? true : { at };
}

/** When the provider's memory of the key ends, or undefined when that is not known. */
export function keyWindowEnd(
  record: CallRecord,
  writtenAt: number,
  keyValidForMs: number | undefined,
): number | undefined {
  // What ran before a deploy made the tool keyed gave the provider no key to remember.
  const keyed = record.keyUsed ?? record.effect === 'keyed_mutate';
  if (keyValidForMs === undefined || !keyed) return undefined;
  return (record.firstClaimAt ?? writtenAt) + keyValidForMs;
}

/** A RECLAIM needs a whole body deadline (without a timeout: one lease) left in the window. */
export function keyWindowOpen(end: number | undefined, now: number, deadlineMs: number): boolean {
  return end !== undefined && now + deadlineMs <= end;
}
