/**
 * The rules that the explorer plays by: the very functions of the engine, so that one of them can be broken on
 * purpose to see whether the invariants notice.
 */
import { evidenceFor, leaseHeld } from '../../../src/ledger/record.js';
import {
  acceptsFailure,
  answerCompletion,
  askedRecord,
  believesNotExecuted,
  claimedRecord,
  classifyThrow,
  committedRecord,
  endedWithoutStart,
  failedRecord,
  notExecutedRecord,
  refuseRelease,
  refuseRetirement,
  retiredRecord,
  startedRecord,
  unaskedRecord,
  withFirstClaim,
} from '../../../src/ledger/resolution.js';
import { decide } from '../../../src/ledger/transition.js';
import { situationOf, windowEnough, windowLeft } from '../../../src/ledger/view.js';

export interface Rules {
  readonly acceptsFailure: typeof acceptsFailure;
  readonly answerCompletion: typeof answerCompletion;
  readonly askedRecord: typeof askedRecord;
  readonly believesNotExecuted: typeof believesNotExecuted;
  readonly claimedRecord: typeof claimedRecord;
  readonly classifyThrow: typeof classifyThrow;
  readonly committedRecord: typeof committedRecord;
  readonly decide: typeof decide;
  readonly endedWithoutStart: typeof endedWithoutStart;
  readonly evidenceFor: typeof evidenceFor;
  readonly failedRecord: typeof failedRecord;
  readonly leaseHeld: typeof leaseHeld;
  readonly notExecutedRecord: typeof notExecutedRecord;
  readonly refuseRelease: typeof refuseRelease;
  readonly refuseRetirement: typeof refuseRetirement;
  readonly retiredRecord: typeof retiredRecord;
  readonly situationOf: typeof situationOf;
  readonly startedRecord: typeof startedRecord;
  readonly unaskedRecord: typeof unaskedRecord;
  readonly windowEnough: typeof windowEnough;
  readonly windowLeft: typeof windowLeft;
  readonly withFirstClaim: typeof withFirstClaim;
  /** What a transaction expects beside the revision of the call. */
  readonly expects: {
    /** That the call has not moved since it was judged. */
    readonly revision: boolean;
    /** That no lease is held, judged as the transaction applies. */
    readonly expired: boolean;
    /** That no evidence has come in since it was judged. */
    readonly evidence: boolean;
  };
  /** What a claim is taken for when sending it again does not show that it applied. */
  readonly unanswered: 'not won' | 'won';
}

/** The engine as it is. */
export const ENGINE: Rules = {
  acceptsFailure,
  answerCompletion,
  askedRecord,
  believesNotExecuted,
  claimedRecord,
  classifyThrow,
  committedRecord,
  decide,
  endedWithoutStart,
  evidenceFor,
  failedRecord,
  leaseHeld,
  notExecutedRecord,
  refuseRelease,
  refuseRetirement,
  retiredRecord,
  situationOf,
  startedRecord,
  unaskedRecord,
  windowEnough,
  windowLeft,
  withFirstClaim,
  expects: { revision: true, expired: true, evidence: true },
  unanswered: 'not won',
};
