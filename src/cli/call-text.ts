import type { CallView } from '../ledger/call-view.js';
import { roughly } from './durations.js';

/** A phase in a word or two. */
export function stateOf({ phase, aborted, held }: CallView): string {
  if (phase === 'aborted') return aborted === 'not-executed' ? 'aborted, not executed' : 'aborted';
  if (held) return `${phase}, running`;
  return phase === 'attempting' || phase === 'intended' ? `${phase}, lost` : phase;
}

function moment(ms: number): string {
  return new Date(ms).toISOString();
}

/** Values as people read them in a terminal; long ones are cut. */
function valueText(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 2_000 ? `${text.slice(0, 2_000)}… (${text.length} characters; --json has all)` : text;
}

/** Everything known of a call, a line each. */
export function callLines(call: CallView): readonly (readonly [name: string, value: string])[] {
  const { resolution, error } = call;
  const age = roughly(call.ageMs);
  const heard = call.held ? 'running now' : `last heard of ${age === 'now' ? 'just now' : `${age} ago`}`;
  const lines: (readonly [string, string | undefined])[] = [
    ['id', call.id],
    ['state', `${stateOf(call)}; ${heard}`],
    ['effect', call.effect],
    ['attempts', `${call.attempts}, fence ${call.fence}, owner ${call.owner}`],
    ['idempotency key', call.idempotencyKey],
    ['external reference', call.externalRef],
    ['written', moment(call.writtenAt)],
    ['lease until', call.leaseUntil === undefined ? undefined : moment(call.leaseUntil)],
    ['error', error === undefined ? undefined : `${error.name}: ${error.message}`],
    ['evidence', call.evidence ? 'a superseded worker finished late; the next call adopts its result' : undefined],
    ['settled', resolution === undefined ? undefined : settledText(resolution)],
    ['tenant', call.tenant],
    ['run', call.runId],
    ['thread', call.threadId],
    ['tool call id', call.toolCallId],
    ['task', call.task],
    ['input', 'input' in call ? valueText(call.input) : 'not kept in full, or encrypted'],
    [
      'result',
      'result' in call ? valueText(call.result) : call.replayable === false ? 'cannot be given again' : undefined,
    ],
  ];
  return lines.filter((line): line is readonly [string, string] => line[1] !== undefined);
}

function settledText({ by, as, who, reason, at }: NonNullable<CallView['resolution']>): string {
  return `${as} by ${who ?? by}, ${moment(at)}: ${reason}`;
}
