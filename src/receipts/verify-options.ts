/** What a verification is asked, and what it answers. */
import type { TreeHead } from './head.js';
import type { Keyring } from './keyring.js';
import type { LogPlace } from './log.js';

/** What a verification needs of a receipt that was checked. */
export interface CheckedReceipt {
  readonly id: string;
  readonly ledger: string;
  /** The record id of the call. */
  readonly call: string;
  readonly tool: string;
  readonly requestId: string;
  readonly fence: number;
  readonly at: number;
}

/** What was found out about a receipt by itself: `checkReceipt` with a keyring answers so. */
export type CheckVerdict<Receipt extends CheckedReceipt = CheckedReceipt> =
  | { readonly ok: true; readonly receipt: Receipt }
  | { readonly ok: false; readonly why: string; readonly detail: string };

/** Judges one receipt. @param text - as it is stored. */
export type ReceiptCheck = (text: string) => CheckVerdict;

/**
 * What the ledger says of the call that a receipt names. `missing`: there is no such call and none was pruned that it
 * could have been. `fence` and `receipt` are those of the latest outcome: earlier ones have receipts of their own.
 */
export type CallAccount =
  | { readonly state: 'missing' }
  | { readonly state: 'pruned' }
  | { readonly state: 'known'; readonly fence: number; readonly receipt?: string };

/** A call whose latest outcome owes a receipt. What is said of that outcome, the receipt must say too. */
export interface OwingCall {
  readonly call: string;
  readonly tool: string;
  readonly requestId: string;
  /** In which a receipt of it lies. */
  readonly partition: number;
  /** The id of the receipt that the call names; absent when it names none. */
  readonly receipt?: string;
  readonly fence?: number;
  readonly outcome?: string;
  /** SHA-256 of the result as it is stored; absent when none is. Compared where there is an `outcome`. */
  readonly result?: string;
  /** Its result was erased, and is not there for that reason. */
  readonly erased?: true;
}

/** The other side of the receipts. */
export interface CallsOfLedger {
  /** In the order asked; a few hundred at a time. */
  accountsOf(receipts: readonly CheckedReceipt[]): Promise<readonly CallAccount[]>;
  /** Every call whose latest outcome owes a receipt, some at a time. */
  owing(): AsyncIterable<readonly OwingCall[]>;
}

/**
 * What was found. Of a position in the log: `changed`: the receipt is not the one that was sealed; `invalid`: it is,
 * and does not hold by itself; `removed`, `inserted`, `reordered`; `truncated`: the log ends before a signed head or
 * its own count. `not-logged`: a receipt that claims to be sealed and is not. Of heads: `head-invalid`: it cannot be
 * believed, or is gone; `head-mismatch`: the log is not what was signed. Of the ledger: `no-call`: a receipt of
 * something that never was; `no-receipt`: a call without the receipt it owes.
 */
export type FindingKind =
  | 'changed'
  | 'invalid'
  | 'removed'
  | 'inserted'
  | 'reordered'
  | 'truncated'
  | 'not-logged'
  | 'head-invalid'
  | 'head-mismatch'
  | 'no-call'
  | 'no-receipt';

/** Something that is not as it was signed. */
export interface ReceiptFinding {
  readonly kind: FindingKind;
  /** For people: half a sentence. */
  readonly detail: string;
  /** Counted from 0. With `through`: up to that one. */
  readonly position?: number;
  readonly through?: number;
  /** The id of the receipt. */
  readonly id?: string;
  /** The record id of the call. */
  readonly call?: string;
  /** With `invalid` and `head-invalid`. */
  readonly why?: string;
}

/** Where a verification is. */
export interface VerifyProgress {
  readonly stage: 'log' | 'marks' | 'receipts' | 'calls';
  /** Of this stage. */
  readonly done: number;
  /** Of this stage, where it is known. */
  readonly total?: number;
  readonly findings: number;
}

/** What is to be verified. */
export interface VerifyOptions extends LogPlace {
  readonly check: ReceiptCheck;
  /** For the tree heads. */
  readonly keys: Keyring;
  /** @default receipts are not compared with calls */
  readonly calls?: CallsOfLedger;
  /** Tree heads that were kept elsewhere: the log must still begin with what they say. JSON, as text or parsed. */
  readonly heads?: readonly unknown[];
  /**
   * Checks the receipts after this head only: the one of this size, or the last that was signed by this time (in
   * milliseconds). The log before it is still compared with every head; what is in the store beside the log, and calls
   * without receipts, are only looked for in a whole verification.
   */
  readonly since?: { readonly size: number } | { readonly at: number };
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** Told every finding, also those the report leaves out. */
  readonly onFinding?: (finding: ReceiptFinding) => void;
  /** How many findings the report keeps. @default 1_000 */
  readonly mostFindings?: number;
}

/** What a verification came to. */
export interface VerifyReport {
  /** True when nothing was found and everything was looked at. */
  readonly ok: boolean;
  /** False when the signal ended it before. */
  readonly complete: boolean;
  readonly ledger: string;
  /** How many receipts the log has. */
  readonly size: number;
  /** Its root, recomputed, in hexadecimal; absent when it was not read to its end. */
  readonly root?: string;
  /** Receipts that were checked by themselves. */
  readonly checked: number;
  /** Receipts that are not sealed yet. No finding: the next sealing takes them. */
  readonly unsealed: number;
  /** Receipts in the log that no head covers yet. No finding either. */
  readonly unsigned: number;
  /** Receipts whose call was pruned. */
  readonly pruned: number;
  /** Heads that the log agrees with, those from elsewhere included. */
  readonly heads: number;
  /** The latest of those in the store that holds. */
  readonly head?: TreeHead;
  /** The position from which receipts were checked. */
  readonly since: number;
  /** The first findings. */
  readonly findings: readonly ReceiptFinding[];
  /** All of them, by kind. */
  readonly counts: Readonly<Partial<Record<FindingKind, number>>>;
}
