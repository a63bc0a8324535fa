import type { Finding, RuleCore } from '../rule.js';
import type { Transcript } from '../transcript.js';
import { unansweredCall } from './pairing.js';

interface Approvals {
  /** Call ids by approval id. */
  readonly requested: ReadonlyMap<string, string>;
  /** Ids of calls that were asked about and not decided. */
  readonly pending: ReadonlySet<string>;
  /** Ids of calls that were decided in the last turn: the SDK runs or denies them before it asks the model. */
  readonly decidedNow: ReadonlySet<string>;
}

function approvalsOf({ turns }: Transcript): Approvals {
  const requested = new Map<string, string>();
  const pending = new Set<string>();
  const decidedNow = new Set<string>();
  turns.forEach((turn, at) => {
    for (const part of turn.parts) {
      if (part.kind === 'approval-request' && part.approvalId !== undefined && part.callId !== undefined) {
        requested.set(part.approvalId, part.callId);
        pending.add(part.callId);
      }
      if (part.kind !== 'approval-response' || part.approvalId === undefined) continue;
      const callId = requested.get(part.approvalId);
      if (callId === undefined) continue;
      pending.delete(callId);
      if (at === turns.length - 1) decidedNow.add(callId);
    }
  });
  return { requested, pending, decidedNow };
}

/** As `unansweredCall`, without what was decided just now or is still to be decided. */
export const unansweredDecidedCall: RuleCore = {
  ...unansweredCall,
  find(transcript) {
    const { pending, decidedNow } = approvalsOf(transcript);
    return unansweredCall
      .find(transcript)
      .filter(({ callId }) => callId === undefined || !(pending.has(callId) || decidedNow.has(callId)));
  },
};

/** A call that waits for somebody's yes or no: it must be decided before the conversation goes on. */
export const pendingApproval: RuleCore = {
  ...unansweredCall,
  code: 'pending-approval',
  find(transcript) {
    const { pending } = approvalsOf(transcript);
    return unansweredCall
      .find(transcript)
      .filter(({ callId }) => callId !== undefined && pending.has(callId))
      .map((finding) => ({ ...finding, hint: 'the call waits for approval: answer it, or give it a result' }));
  },
};

/** An answer to a question that nobody asked. */
export const unknownApproval: RuleCore = {
  code: 'unknown-approval',
  find(transcript) {
    const findings: Finding[] = [];
    const asked = new Set<string>();
    transcript.turns.forEach((turn, turnAt) => {
      turn.parts.forEach((part, partAt) => {
        if (part.kind === 'approval-request' && part.approvalId !== undefined) asked.add(part.approvalId);
        if (part.kind !== 'approval-response') return;
        if (part.approvalId !== undefined && asked.has(part.approvalId)) return;
        findings.push({
          turn: turnAt,
          part: partAt,
          at: 'approvalId',
          hint: 'no approval with this id was requested before',
        });
      });
    });
    return findings;
  },
  repair(findings, draft) {
    for (const finding of findings) draft.dropPart(finding, 'removed, nothing was asked');
  },
};
