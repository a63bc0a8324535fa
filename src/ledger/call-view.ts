import type { Encryption } from '../encoding/encryption.js';
import { idempotencyKeyOf } from './identity.js';
import {
  type CallRecord,
  type EvidenceRecord,
  evidenceFor,
  leaseEndedAt,
  leaseHeld,
  type Resolution,
  type Seen,
  subjectOf,
} from './record.js';
import { readKept, type StoredText } from './stored-value.js';
import { type Aborted, type Phase, type RecordedClass, stricterClass } from './transition.js';

/** A call or task as people and programs look at it. Instants are milliseconds of the store's clock. */
export interface CallView {
  /** Its id in the store; any unique beginning of it will do for `get`, `release` and `retire`. */
  readonly id: string;
  readonly kind: 'tool' | 'task';
  readonly tool: string;
  readonly requestId: string;
  readonly tenant?: string;
  readonly phase: Phase;
  readonly aborted?: Aborted;
  readonly effect: RecordedClass;
  /** Whether a worker holds it right now. */
  readonly held: boolean;
  /** Whether it waits for somebody to settle it: unfinished, perhaps happened, and nobody is at it. */
  readonly stuck: boolean;
  readonly attempts: number;
  readonly fence: number;
  /** What its attempts give a provider that honours idempotency keys: look there for it. */
  readonly idempotencyKey: string;
  readonly owner: string;
  readonly leaseUntil?: number;
  /** When it was last written. */
  readonly writtenAt: number;
  /** How long ago its lease ended, or it was settled, in milliseconds; 0 while it is held. */
  readonly ageMs: number;
  readonly error?: { readonly name: string; readonly message: string };
  readonly externalRef?: string;
  readonly resolution?: Resolution;
  /** On whose word its values were taken out. */
  readonly erased?: { readonly who: string; readonly reason: string; readonly at: number };
  /** The id of the receipt of its latest outcome. */
  readonly receipt?: string;
  /** Whether a later caller can be given the result. Present when committed. */
  readonly replayable?: boolean;
  /** Whether a superseded worker left proof of a success. */
  readonly evidence: boolean;
  readonly runId?: string;
  readonly threadId?: string;
  readonly toolCallId?: string;
  /** The id of the task around it. */
  readonly task?: string;
  /** The arguments, as they were kept; absent when only their digest was, or without the key to them. */
  readonly input?: unknown;
  /** The result, when it is committed and was kept. */
  readonly result?: unknown;
}

/** Which calls to list. */
export interface CallQuery {
  readonly kind?: 'tool' | 'task';
  readonly tool?: string;
  readonly phase?: Phase;
  /** The run id that the caller gave. */
  readonly run?: string;
  /** Only calls that wait for somebody to settle them. */
  readonly stuck?: boolean;
  /** The `next` of the page before. */
  readonly after?: string;
  /** At most this many, 1 to 1000. @default 100 */
  readonly limit?: number;
}

/** A page of calls. */
export interface CallPage {
  readonly calls: readonly CallView[];
  /** Present when there is more. */
  readonly next?: string;
}

const OF_RECORD = ['aborted', 'error', 'externalRef', 'resolution', 'erased', 'receipt'] as const;
const OF_SUBJECT = ['tenant', 'runId', 'threadId', 'toolCallId', 'task'] as const;

/** Whether a record waits for somebody to settle it. */
export function isStuck(record: Pick<CallRecord, 'phase' | 'aborted' | 'effect'>, held: boolean): boolean {
  const { phase, aborted, effect } = record;
  if (held || effect === 'read' || effect === 'idempotent_mutate') return false;
  if (phase === 'attempting' || phase === 'unknown') return true;
  return aborted === 'may-rerun' && effect !== 'unclassified';
}

/** Whether a call is stuck for a tool of this class now: the stricter of it and the recorded one decides. */
export function isStuckAs(call: CallView, current: RecordedClass): boolean {
  return isStuck({ ...call, effect: stricterClass(call.effect, current) }, call.held);
}

/** The view without values: what a listing shows. */
export function summary(seen: Seen, evidence: EvidenceRecord | undefined, now: number): CallView {
  const { stored, record } = seen;
  const subject = subjectOf(seen);
  const held = record.phase !== 'committed' && record.phase !== 'aborted' && leaseHeld(stored, now);
  const view: Record<string, unknown> = {
    id: stored.key.id,
    kind: subject.kind,
    tool: subject.tool,
    requestId: subject.requestId,
    phase: record.phase,
    effect: record.effect,
    held,
    stuck: isStuck(record, held),
    attempts: record.attempts,
    fence: record.fence,
    idempotencyKey: idempotencyKeyOf(stored.key, record.retiredThrough),
    owner: record.owner,
    writtenAt: stored.writtenAt,
    ageMs: held ? 0 : Math.max(0, now - leaseEndedAt(stored, record)),
    evidence: evidenceFor(record, evidence) !== undefined,
  };
  if (stored.lease !== undefined) view['leaseUntil'] = stored.lease.until;
  if (record.phase === 'committed')
    view['replayable'] = record.result !== undefined && record.result.unreplayable === undefined;
  for (const name of OF_RECORD) if (record[name] !== undefined) view[name] = record[name];
  for (const name of OF_SUBJECT) if (subject[name] !== undefined) view[name] = subject[name];
  return view as unknown as CallView;
}

/** The view with the arguments and the result, as far as they were kept and can be read. */
export async function detailed(
  seen: Seen,
  evidence: EvidenceRecord | undefined,
  now: number,
  encryption: Encryption | undefined,
): Promise<CallView> {
  const { record, stored } = seen;
  const { tool, input } = subjectOf(seen);
  const context = { tool, id: stored.key.id };
  const { result } = record;
  return {
    ...summary(seen, evidence, now),
    ...(await readable('input', input, encryption, context)),
    ...(result !== undefined && 'text' in result ? await readable('result', result, encryption, context) : {}),
  };
}

/** A kept value under its name, or nothing where only its digest was kept or the key to it is not at hand. */
async function readable(
  field: 'input' | 'result',
  kept: StoredText,
  encryption: Encryption | undefined,
  context: { tool: string; id: string },
): Promise<Partial<CallView>> {
  if (kept.as === 'digest' || (kept.encrypted === true && encryption === undefined)) return {};
  try {
    return { [field]: await readKept(kept, encryption, { ...context, field }) };
  } catch (error) {
    if (kept.encrypted === true) return {};
    throw error;
  }
}
