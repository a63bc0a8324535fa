/**
 * What may be forgotten: pure rules over a call, what stands beside it, and what is around it. A call that is pruned
 * is forgotten: the same call would run again. So a call is kept for as long as anybody may still come back to it.
 */
import type { StoredRecord } from '../store/contract.js';
import { type CallRecord, type EvidenceRecord, evidenceFor, leaseHeld, mayHaveHappened } from './record.js';

/** Why a call is not pruned. */
export type KeptReason =
  /** A worker holds it. */
  | 'held'
  /** Somebody is asking its reconciler. */
  | 'being-settled'
  /** It is not finished, or may have happened although it failed: nobody has settled it. */
  | 'unsettled'
  /** A worker that was superseded has left proof of a success, which the next call adopts. */
  | 'evidence'
  /** It is blocked because its attempts are used up. */
  | 'attempts-used-up'
  /** It finished less long ago than that. */
  | 'recent'
  /** The provider may still know its idempotency key. */
  | 'key-window'
  /** The task or call around it is not finished, and comes back to it when it is resumed. */
  | 'outer-call'
  /** The run that it belongs to goes on: some call of it is unfinished or recent. */
  | 'run'
  /** It changed while it was being pruned. */
  | 'changed';

/** Every reason, in the order in which people read them. */
export const KEPT_REASONS: readonly KeptReason[] = [
  'recent',
  'held',
  'unsettled',
  'being-settled',
  'evidence',
  'attempts-used-up',
  'key-window',
  'outer-call',
  'run',
  'changed',
];

/** How long providers keep idempotency keys at most, where nobody has declared it. In milliseconds. */
export const LONGEST_KEY_MEMORY_MS: number = 30 * 86_400_000;

/** By what the age of a call is judged. */
export interface Cutoff {
  /** The store's clock, in milliseconds. */
  readonly now: number;
  /** How long ago it must have been finished, in milliseconds. */
  readonly olderThanMs: number;
}

/** What the records of the task and the call around a call say; `unknown`: they are in a store out of reach here. */
export type OuterStanding = 'none' | 'absent' | 'committed' | 'unfinished' | 'unknown';

/** Why a call is kept by what its own record says; undefined when it may be pruned as far as that goes. */
export function keptByItself(record: CallRecord, stored: StoredRecord, cutoff: Cutoff): KeptReason | undefined {
  const { now } = cutoff;
  const { kind } = stored.key;
  if (leaseHeld(stored, now)) return 'held';
  if (record.resolver !== undefined && now < record.resolver.until) return 'being-settled';
  if (guards(record, kind)) return 'unsettled';
  if (record.phase === 'aborted' && record.attempts >= (record.maxAttempts ?? Number.POSITIVE_INFINITY))
    return 'attempts-used-up';
  if (isRecent(stored, cutoff)) return 'recent';
  if (now < keyMemoryEnd(record, stored.writtenAt)) return 'key-window';
  return undefined;
}

/** Why a call that its own record lets go is kept all the same. */
export function keptBySurroundings(
  record: CallRecord,
  around: {
    readonly evidence: EvidenceRecord | undefined;
    readonly outer: OuterStanding;
    /** Whether a call of its run is unfinished or recent. */
    readonly runGoesOn: boolean;
  },
): KeptReason | undefined {
  if (record.phase !== 'committed' && evidenceFor(record, around.evidence) !== undefined) return 'evidence';
  // What is gone was pruned, and its next call begins with nothing.
  if (around.outer === 'unfinished' || around.outer === 'unknown') return 'outer-call';
  return around.runGoesOn ? 'run' : undefined;
}

/** Whether a call shows that its run goes on. */
export function keepsRunGoing({ phase }: CallRecord, stored: StoredRecord, cutoff: Cutoff): boolean {
  return (phase !== 'committed' && phase !== 'aborted') || isRecent(stored, cutoff);
}

/** Whether the record stands between a call and its body, or between a person and what happened. */
function guards(record: CallRecord, kind: string): boolean {
  const { phase, effect } = record;
  if (phase === 'committed') return false;
  // A task that failed or was interrupted is resumed some day, and what it has done by then is found through it.
  if (phase !== 'aborted' || kind === 'task') return true;
  // What failed and was not declared is run again as long as nobody declares it, which may still come.
  return mayHaveHappened(record) && effect !== 'read' && effect !== 'idempotent_mutate';
}

function isRecent({ writtenAt }: StoredRecord, { now, olderThanMs }: Cutoff): boolean {
  return now - writtenAt < olderThanMs;
}

/**
 * Until when the provider may know the key of a call. A key says nothing new after a finished call; but after a
 * retirement the next attempt is given another key, and a forgotten retirement would bring the first one back.
 */
function keyMemoryEnd({ effect, keyValidForMs, retiredThrough }: CallRecord, writtenAt: number): number {
  if (effect === 'keyed_mutate') return writtenAt + (keyValidForMs ?? LONGEST_KEY_MEMORY_MS);
  return retiredThrough === undefined ? Number.NEGATIVE_INFINITY : writtenAt + LONGEST_KEY_MEMORY_MS;
}
