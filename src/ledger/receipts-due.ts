/** Receipts: what a claim owes for its outcome, and how whoever settles the call pays it in the same transaction. */
import { sha256Hex } from '../encoding/fingerprint.js';
import type { Expectation, StoredRecord, Write } from '../store/contract.js';
import type { ReceiptFacts, ReceiptIssuer, ReceiptValues } from '../tool/receipt.js';
import { type CallRecord, mayHaveHappened, type Seen, subjectOf } from './record.js';

/** What a receipt needs to know beside the record. */
export interface Settling {
  /** When the attempt was claimed, by the store's clock. */
  readonly claimedAt: number;
  /** When it ended, by the store's clock as far as it is known. */
  readonly at: number;
  readonly values?: () => ReceiptValues;
  /** A person settles it, which is signed wherever there is a key, also for calls that owe nothing. */
  readonly byPerson?: true;
}

/** The next state of a call, and what is written beside it. */
export interface Paid {
  readonly record: CallRecord;
  readonly beside: readonly Write[];
}

/** The next state with its receipt, when it owes one. Whoever has no issuer has asked {@link unpayable} before. */
export function paid(
  issuer: ReceiptIssuer | undefined,
  seen: Pick<Seen, 'stored' | 'subject'>,
  next: CallRecord,
  settling: Settling,
): Paid {
  if (issuer === undefined || (next.owesReceipt !== true && settling.byPerson !== true))
    return { record: next, beside: [] };
  const { key } = seen.stored;
  const { id, text } = issuer.issue(factsOf(seen, next, settling), settling.values);
  return {
    record: { ...next, receipt: id },
    beside: [
      {
        key: { partition: key.partition, kind: RECEIPT, id },
        value: text,
        index: { ledger: subjectOf(seen).ledger, call: key.id, unsealed: 'yes' },
      },
    ],
  };
}

/** The kind of records that receipts are. */
const RECEIPT = 'receipt';

/** That what is written beside a call is not there yet. */
export function absent(beside: readonly Write[]): Expectation[] {
  return beside.map(({ key }) => ({ key, revision: undefined }));
}

/** Whether the call owes a receipt that nobody here can sign. */
export function unpayable(record: CallRecord, issuer: ReceiptIssuer | undefined): boolean {
  return record.owesReceipt === true && issuer === undefined;
}

/** Whether an earlier attempt, which nobody has settled, owes a receipt that nobody here can sign. */
export function leavesUnpaid(record: CallRecord | undefined, issuer: ReceiptIssuer | undefined): boolean {
  return record !== undefined && unpayable(record, issuer) && mayHaveHappened(record) && record.phase !== 'committed';
}

/** For people who settle a call: when its attempt was claimed, as far as the record still says it. */
export function claimedAtOf(record: CallRecord, stored: StoredRecord): number {
  return record.firstClaimAt ?? stored.writtenAt;
}

type MutableFacts = { -readonly [Field in keyof ReceiptFacts]: ReceiptFacts[Field] };

function factsOf(seen: Pick<Seen, 'stored' | 'subject'>, next: CallRecord, { claimedAt, at }: Settling): ReceiptFacts {
  const { kind, ledger, tenant, tool, requestId } = subjectOf(seen);
  const { resolution, result, externalRef, aborted } = next;
  const facts: MutableFacts = {
    kind: resolution === undefined ? kind : resolution.by === 'operator' ? 'release' : 'reconciliation',
    ledger,
    call: seen.stored.key.id,
    tool,
    requestId,
    fence: next.fence,
    attempt: next.attempts,
    effect: next.effect,
    outcome: outcomeOf(next),
    arguments: next.fingerprint,
    claimedAt,
    at,
  };
  if (tenant !== undefined) facts.tenant = tenant;
  if (aborted !== undefined && facts.outcome === 'aborted') facts.aborted = aborted;
  if (result !== undefined && 'text' in result) facts.result = sha256Hex(result.text);
  if (externalRef !== undefined) facts.externalRef = externalRef;
  if (resolution !== undefined) {
    const { by, as, who, reason } = resolution;
    facts.settled = who === undefined ? { by, as, reason } : { by, as, who, reason };
  }
  return facts;
}

function outcomeOf({ phase }: CallRecord): ReceiptFacts['outcome'] {
  // What is intended or attempting has no outcome, and is never paid for.
  return phase === 'committed' || phase === 'aborted' ? phase : 'unknown';
}
