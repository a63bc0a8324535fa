/**
 * Who may settle a record, and how: pure rules for completions, throws, verdicts and releases.
 */
import { type CallRecord, type Resolution, without } from './record.js';
import type { StoredResult } from './stored-value.js';
import type { RecordedClass } from './transition.js';

/** The claim that wants to settle. */
export interface Claimant {
  readonly owner: string;
  readonly fence: number;
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
  const rest = without(record, 'aborted', 'resolver', 'error', 'leaseEndedAt', 'resolution', 'earlierUnsettled');
  return { ...rest, phase: 'committed', result, ...(resolution === undefined ? {} : { resolution }) };
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

/** The record, settled as not executed: the next call may run. */
export function notExecutedRecord(record: CallRecord, resolution: Resolution): CallRecord {
  const rest = without(record, 'resolver', 'firstClaimAt', 'keyUsed', 'leaseEndedAt', 'earlierUnsettled');
  return { ...rest, phase: 'aborted', aborted: 'not-executed', resolution };
}

/** Why a release is refused, or undefined when it is accepted. */
export function refuseRelease(record: CallRecord, as: 'completed' | 'not-executed', held: boolean, forced: boolean, evidence: boolean): string | undefined {
  if (record.phase === 'committed') return 'it is finished, and its result is recorded';
  if (record.phase === 'aborted' && record.aborted === 'not-executed') return 'it is settled as not executed, and may run again as it is';
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
export function believesNotExecuted(effect: { recorded: RecordedClass; current: RecordedClass }, leaseEndedAt: number, settleAfterMs: number, now: number): true | { readonly at: number } | 'never' {
  if (effect.recorded === 'irreversible' || effect.current === 'irreversible') return 'never';
  const at = leaseEndedAt + settleAfterMs;
  return now >= at ? true : { at };
}

/** When the provider's memory of the key ends, or undefined when that is not known. */
export function keyWindowEnd(record: CallRecord, writtenAt: number, keyValidForMs: number | undefined): number | undefined {
  if (keyValidForMs === undefined || record.keyUsed === false) return undefined;
  return (record.firstClaimAt ?? writtenAt) + keyValidForMs;
}

/** A RECLAIM needs a whole body deadline (without a timeout: one lease) left in the window. */
export function keyWindowOpen(end: number | undefined, now: number, deadlineMs: number): boolean {
  return end !== undefined && now + deadlineMs <= end;
}
