import { StoreFormatError } from '../errors/store.js';
import type { IndexFields, StoredRecord, Write } from '../store/contract.js';
import type { Reruns } from './reruns.js';
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

/** What a call is about: written with a claim and unchanged until the next, so it is encoded and read apart. */
export interface CallSubject {
  readonly kind: 'tool' | 'task';
  readonly ledger: string;
  readonly tenant?: string;
  readonly tool: string;
  readonly requestId: string;
  readonly input: StoredText;
  readonly runId?: string;
  readonly threadId?: string;
  readonly toolCallId?: string;
  /** The record id of the task around it. */
  readonly task?: string;
  /** The record id of the tool call around it, where that is nearer than the task. */
  readonly caller?: string;
  /** What is around it is recorded in another store: that it is not found here says nothing. */
  readonly outerElsewhere?: true;
}

/** How a call stands. Its lease is kept beside it by the store. */
export interface CallRecord {
  readonly format: typeof RECORD_FORMAT;
  readonly effect: RecordedClass;
  readonly boundary: 'implicit' | 'explicit';
  readonly phase: Phase;
  /** With phase `aborted`. */
  readonly aborted?: Aborted;
  readonly fence: number;
  readonly owner: string;
  readonly attempts: number;
  readonly fingerprint: string;
  readonly leaseMs: number;
  /** How long the provider honours the key, as the tool declared it; for retention, which knows no tools. */
  readonly keyValidForMs?: number;
  /** After how many claims the tool is blocked, where it says so; for retention too. */
  readonly maxAttempts?: number;
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
  /** The store's time when that was judged. */
  readonly leaseJudgedAt?: number;
  readonly externalRef?: string;
  readonly error?: { readonly name: string; readonly message: string };
  /** Who is asking its reconciler, and until when others leave it to them. Moves neither fence nor phase. */
  readonly resolver?: { readonly owner: string; readonly until: number };
  readonly resolution?: Resolution;
  readonly result?: StoredResult;
  /** Every outcome is to have a receipt, in the transaction that records it. */
  readonly owesReceipt?: true;
  /** The id of the receipt of the latest outcome. */
  readonly receipt?: string;
  /** Why it was claimed more than once, how often. */
  readonly reruns?: Reruns;
  /** Its values were taken out, on whose word. */
  readonly erased?: { readonly who: string; readonly reason: string; readonly at: number };
  /** Fences up to this one belong to a retired life of the identity. */
  readonly retiredThrough?: number;
}

/** What a superseded worker proved: its body returned. */
export interface EvidenceRecord {
  readonly format: typeof RECORD_FORMAT;
  readonly successes: readonly { readonly fence: number; readonly owner: string; readonly result: StoredResult }[];
}

/** A call as it stands in the store. */
export interface Seen {
  readonly stored: StoredRecord;
  readonly record: CallRecord;
  /** JSON of its {@link CallSubject}: most callers never read it. */
  readonly subject: string;
}

/** Evidence as it stands in the store. */
export interface SeenEvidence {
  readonly stored: StoredRecord;
  readonly record: EvidenceRecord;
}

/** What the store said of an identity, and when. */
export interface View {
  readonly seen: Seen | undefined;
  readonly evidence: SeenEvidence | undefined;
  /** The store's clock. */
  readonly now: number;
}

// JSON carries no line break outside of its texts, and none inside them: what stands before the first is the record.
const SUBJECT = '\n';

/** The stored text of a call. */
export function encodeCall(record: CallRecord, subject: string): string {
  return [JSON.stringify(record), subject].join(SUBJECT);
}

/** What a call is about. */
export function subjectOf(seen: Pick<Seen, 'subject'>): CallSubject {
  return JSON.parse(seen.subject) as CallSubject;
}

function decode(stored: StoredRecord, text: string, store: string): unknown {
  const record = JSON.parse(text) as { format?: unknown };
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
  const end = stored.value.indexOf(SUBJECT);
  return {
    stored,
    record: decode(stored, stored.value.slice(0, end), store) as CallRecord,
    subject: stored.value.slice(end + 1),
  };
}

/** Reads an evidence record. @throws StoreFormatError for a format this version does not know. */
export function decodeEvidence(stored: StoredRecord, store: string): SeenEvidence {
  return { stored, record: decode(stored, stored.value, store) as EvidenceRecord };
}

/** The fields a store indexes: what listings ask for. */
export function indexOf(subject: Pick<CallSubject, 'tool' | 'ledger' | 'runId'>, phase: Phase): IndexFields {
  const { tool, ledger, runId } = subject;
  return runId === undefined ? { phase, tool, ledger } : { phase, tool, ledger, run: runId };
}

/** The write that puts the next state of a call over the one that was seen. */
export function writeOver(seen: Seen, record: CallRecord, lease?: Write['lease']): Write {
  const { key, index = {} } = seen.stored;
  const { run } = index;
  const [tool, ledger] = [index['tool'] as string, index['ledger'] as string];
  const value = encodeCall(record, seen.subject);
  const next = indexOf(run === undefined ? { tool, ledger } : { tool, ledger, runId: run }, record.phase);
  return lease === undefined ? { key, value, index: next } : { key, value, index: next, lease };
}

/** Whether the lease on the record is held at `now`. */
export function leaseHeld(stored: StoredRecord, now: number): boolean {
  return stored.lease !== undefined && now < stored.lease.until;
}

/** Evidence that counts: not from a life of the identity that was retired. */
export function evidenceFor(
  record: CallRecord,
  evidence: EvidenceRecord | undefined,
): EvidenceRecord['successes'][number] | undefined {
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
  // Judged a whole lease before it was written: its worker may have come back meanwhile, and been lost again.
  const outdated = record.leaseJudgedAt !== undefined && writtenAt - record.leaseJudgedAt >= record.leaseMs;
  return (outdated ? undefined : record.leaseEndedAt) ?? lease?.until ?? writtenAt;
}
