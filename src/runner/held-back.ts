import type { OpenCall } from '../transcript/calls.js';
import { dialects } from '../transcript/formats.js';
import type { CallPart, TranscriptFormat, Turn } from '../transcript/graph.js';
import { read } from '../transcript/read.js';
import { memberOf, textMember } from '../transcript/shape.js';

/** Why a call is not run although nothing answers it. */
export type HeldBack =
  /** Somebody was asked, and has not said yes. */
  | { readonly because: 'waits' }
  /** Somebody said no. */
  | { readonly because: 'denied'; readonly reason: string | undefined }
  /** The model had not finished writing it. */
  | { readonly because: 'incomplete' };

/**
 * Tells of each open call whether it must not run: because a person has to approve it first, or did not, or because its
 * arguments had not arrived whole.
 */
export function heldBack(
  messages: readonly unknown[],
  format: TranscriptFormat,
): (call: OpenCall) => HeldBack | undefined {
  const dialect = dialects.find((one) => one.format === format)!;
  const { turns } = read(dialect, messages);
  const spoken = turns.findLastIndex((turn) => !isOfTheModel(turn));
  const callIds = new Map<string, string>();
  const held = new Map<string, HeldBack>();
  const seen = new Map<string, number>();
  /** A no is not taken back by anything. */
  const hold = (callId: string, why: HeldBack): void => {
    if (held.get(callId)?.because !== 'denied') held.set(callId, why);
  };
  for (const part of turns.slice(spoken + 1).flatMap(({ parts }) => parts)) {
    if (part.kind === 'call' && part.id !== undefined) {
      seen.set(part.id, (seen.get(part.id) ?? 0) + 1);
      const why = saidByItself(part);
      if (why !== undefined) hold(part.id, why);
    } else if (part.kind === 'approval-request' && part.callId !== undefined) {
      if (part.approvalId !== undefined) callIds.set(part.approvalId, part.callId);
      hold(part.callId, { because: 'waits' });
    } else if (part.kind === 'approval-response' && part.approvalId !== undefined) {
      const callId = callIds.get(part.approvalId);
      if (callId === undefined) continue;
      if (!part.approved) hold(callId, { because: 'denied', reason: reasonOf(part.raw) });
      else if (held.get(callId)?.because === 'waits') held.delete(callId);
    }
  }
  // Which of several calls of one id was asked about nobody can tell, and all but one got another id since.
  const [unclear] = [...held].filter(([id]) => (seen.get(id) ?? 0) > 1).map(([, why]) => why);
  return ({ id }) => {
    if (id === undefined) return undefined;
    return held.get(id) ?? (seen.has(id) ? undefined : unclear);
  };
}

/** What was asked before somebody spoke again is over. */
function isOfTheModel({ role, parts }: Turn): boolean {
  return role === 'assistant' || role === 'tool' || (parts.length > 0 && parts.every(({ kind }) => kind === 'result'));
}

/** In formats in which a call has a state. What of it does not say yes plainly is no yes. */
function saidByItself({ raw }: CallPart): HeldBack | undefined {
  const state = textMember(raw, 'state') ?? textMember(memberOf(raw, 'toolInvocation'), 'state') ?? '';
  const status = textMember(raw, 'status') ?? '';
  if (state.startsWith('approval-') || memberOf(raw, 'approval') !== undefined) {
    const approved = memberOf(memberOf(raw, 'approval'), 'approved');
    if (approved === false) return { because: 'denied', reason: reasonOf(raw) };
    if (approved !== true) return { because: 'waits' };
  }
  if (['input-streaming', 'partial-call'].includes(state) || ['incomplete', 'in_progress'].includes(status))
    return { because: 'incomplete' };
  return undefined;
}

function reasonOf(raw: unknown): string | undefined {
  return textMember(raw, 'reason') ?? textMember(memberOf(raw, 'approval'), 'reason');
}
