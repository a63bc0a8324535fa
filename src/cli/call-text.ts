import { ago } from '../encoding/duration.js';
import { onOneLine } from '../encoding/printable.js';
import { valueAsJson } from '../encoding/value-json.js';
import type { CallView } from '../ledger/call-view.js';
import { moment } from './wording.js';

/** A phase in a word or two. */
export function stateOf({ phase, aborted, held }: CallView): string {
  if (phase === 'aborted') return aborted === 'not-executed' ? 'aborted, not executed' : 'aborted';
  if (held) return `${phase}, running`;
  return phase === 'attempting' || phase === 'intended' ? `${phase}, lost` : phase;
}

/** Which call it is, on one line: names and ids are somebody's text. */
export function titleOf({ tool, requestId }: CallView): string {
  return onOneLine(`${tool} ${JSON.stringify(requestId)}`);
}

function sinceWhen({ phase, held, ageMs, leaseUntil }: CallView): string {
  if (held) return `its lease ends at ${moment(leaseUntil ?? 0)} unless it is renewed`;
  return phase === 'committed' || phase === 'aborted' ? ago(ageMs) : `its lease ended ${ago(ageMs)}`;
}

/** A call for programs: plain JSON, whatever its values are. */
export function callAsJson(call: CallView): Record<string, unknown> {
  const { input, result, ...rest } = call;
  return {
    ...rest,
    ...('input' in call ? { input: valueAsJson(input) } : {}),
    ...('result' in call ? { result: valueAsJson(result) } : {}),
  };
}

/** Values as people read them in a terminal; long ones are cut. */
function valueText(value: unknown): string {
  const text = JSON.stringify(valueAsJson(value));
  return text.length > 2_000 ? `${text.slice(0, 2_000)}… (${text.length} characters; --json has all)` : text;
}

/** Everything known of a call, a line each. */
export function callLines(call: CallView): readonly (readonly [name: string, value: string])[] {
  const { resolution, error, erased } = call;
  const lines: (readonly [string, string | undefined])[] = [
    ['id', call.id],
    ['state', `${stateOf(call)}; ${sinceWhen(call)}`],
    ['effect', call.effect],
    ['attempts', `${call.attempts}, fence ${call.fence}, owner ${call.owner}`],
    ['idempotency key', call.idempotencyKey],
    ['external reference', call.externalRef],
    ['written', moment(call.writtenAt)],
    ['error', error === undefined ? undefined : `${error.name}: ${error.message}`],
    [
      'evidence',
      call.evidence && call.phase !== 'committed'
        ? 'a superseded worker finished late; the next call adopts its result'
        : undefined,
    ],
    ['settled', resolution === undefined ? undefined : settledText(resolution)],
    ['receipt', call.receipt],
    ['erased', erased === undefined ? undefined : `by ${erased.who}, ${moment(erased.at)}: ${erased.reason}`],
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
  return lines.flatMap(([name, value]) => (value === undefined ? [] : [[name, onOneLine(value)] as const]));
}

function settledText({ by, as, who, reason, at }: NonNullable<CallView['resolution']>): string {
  return `${as} by ${who ?? by}, ${moment(at)}: ${reason}`;
}
