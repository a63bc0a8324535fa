import { StoreFormatError } from '../errors/store.js';
import type { StoredRecord } from '../store/contract.js';
import type { StoredResult, StoredText } from './stored-value.js';
import type { Aborted, Phase, RecordedClass } from './transition.js';

/** The format of call and evidence records. A newer one in the store is refused, never guessed at. */
export const RECORD_FORMAT = 1;

/** Who settled a record, and on what grounds. */
export interface Resolution {
  readonly by: 'operator' | 'reconciler' | 'evidence';
  readonly as: 'completed' | 'not-executed' | 'retired';
  /** The person, for an operator. */
  readonly who?: string;
  readonly reason: string;
  /** Milliseconds of the store's clock. */
  readonly at: number;
}

/** Everything the store knows of one call or task. Its lease stands beside it, kept by the store. */
export interface CallRecord {
  readonly format: typeof RECORD_FORMAT;
  readonly kind: 'tool' | 'task';
  readonly ledger: string;
  readonly tenant?: string;
  readonly tool: string;
  readonly requestId: string;
  readonly effect: RecordedClass;
  readonly boundary: 'implicit' | 'explicit';
  readonly phase: Phase;
  /** With phase `aborted`. */
  readonly aborted?: Aborted;
  readonly fence: number;
  readonly owner: string;
  readonly attempts: number;
  readonly fingerprint: string;
  readonly input: StoredText;
  readonly leaseMs: number;
  /** When the first attempt that may have had an effect was claimed; absent while that claim stands untouched. */
  readonly firstClaimAt?: number;
  /**
   * An attempt before this one may have had its effect, and nothing has settled that: proof that *this* attempt
   * did not execute is then no proof for the call.
   */
  readonly earlierUnsettled?: true;
  /** Whether that body asked for the idempotency key; absent when its worker was lost before it could say. */
  readonly keyUsed?: boolean;
  /** When the lease of the lost attempt ended, kept while other writes take the lease away. */
  readonly leaseEndedAt?: number;
  readonly externalRef?: string;
  readonly error?: { readonly name: string; readonly message: string };
  /** Who is asking its reconciler, and until when others leave it to them. Moves neither fence nor phase. */
  readonly resolver?: { readonly owner: string; readonly until: number };
  readonly resolution?: Resolution;
  readonly result?: StoredResult;
  /** Fences up to this one belong to a retired life of the identity. */
  readonly retiredThrough?: number;
  readonly runId?: string;
  readonly threadId?: string;
  readonly toolCallId?: string;
  /** The record id of the task around it. */
  readonly task?: string;
}

/** What a superseded worker proved: its body returned. */
export interface EvidenceRecord {
  readonly format: typeof RECORD_FORMAT;
  readonly successes: readonly { readonly fence: number; readonly owner: string; readonly result: StoredResult }[];
}

/** A record together with where and how it stands. */
export interface Seen<R = CallRecord> {
  readonly stored: StoredRecord;
  readonly record: R;
}

export function encodeRecord(record: CallRecord | EvidenceRecord): string {
  return JSON.stringify(record);
}

function decode(stored: StoredRecord, store: string): unknown {
  const record = JSON.parse(stored.value) as { format?: unknown };
  if (record.format === RECORD_FORMAT) return record;
  throw new StoreFormatError({
    store,
    field: `a ${stored.key.kind} record (${stored.key.id}) of format`,
    found: record.format,
    expected: RECORD_FORMAT,
    remedy: 'Run the version of mycelium-runtime that wrote it, or a newer one. Nothing ran.',
  });
}

/** Reads a call record. @throws StoreFormatError for a format this version does not know. */
export function decodeCall(stored: StoredRecord, store: string): Seen {
  return { stored, record: decode(stored, store) as CallRecord };
}

/** Reads an evidence record. @throws StoreFormatError for a format this version does not know. */
export function decodeEvidence(stored: StoredRecord, store: string): Seen<EvidenceRecord> {
  return { stored, record: decode(stored, store) as EvidenceRecord };
}

/** The fields a store indexes: what listings ask for. */
export function indexOf(record: CallRecord): Record<string, string> {
  return {
    phase: record.phase,
    tool: record.tool,
    ledger: record.ledger,
    ...(record.runId === undefined ? {} : { run: record.runId }),
  };
}

/** Whether the lease on the record is held at `now`. */
export function leaseHeld(stored: StoredRecord, now: number): boolean {
  return stored.lease !== undefined && now < stored.lease.until;
}

/** Evidence that counts: not from a life of the identity that was retired. */
export function evidenceFor(record: CallRecord, evidence: EvidenceRecord | undefined): EvidenceRecord['successes'][number] | undefined {
  return evidence?.successes.find((success) => success.fence > (record.retiredThrough ?? 0));
}

/** The record without the named members; `undefined` members would not be the same record when read back. */
export function without<K extends keyof CallRecord>(record: CallRecord, ...names: readonly K[]): Omit<CallRecord, K> {
  const rest: Partial<CallRecord> = { ...record };
  for (const name of names) delete rest[name];
  return rest as Omit<CallRecord, K>;
}

/** Whether some attempt may have had its effect. */
export function mayHaveHappened(record: CallRecord): boolean {
  if (record.earlierUnsettled === true) return true;
  return record.phase !== 'intended' && record.aborted !== 'not-executed';
}

/** When the lost attempt's lease ended. A write that keeps an expired lease alive for its worker moves the stored end. */
export function leaseEndedAt(stored: StoredRecord, record: CallRecord): number {
  const { lease, writtenAt } = stored;
  if (lease !== undefined && lease.until > writtenAt) return lease.until;
  return record.leaseEndedAt ?? lease?.until ?? writtenAt;
}
