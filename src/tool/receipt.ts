/** What a receipt says of the end of an attempt, or of a settlement; who issues it adds itself, and signs. */
export interface ReceiptFacts {
  readonly kind: 'tool' | 'task' | 'release' | 'reconciliation';
  readonly ledger: string;
  readonly tenant?: string;
  /** The record id of the call. */
  readonly call: string;
  readonly tool: string;
  readonly requestId: string;
  readonly fence: number;
  readonly attempt: number;
  /** The effect class the attempt was claimed under. */
  readonly effect: string;
  readonly outcome: 'committed' | 'aborted' | 'unknown';
  /** With outcome `aborted`. */
  readonly aborted?: 'not-executed' | 'may-rerun';
  /** The fingerprint of the arguments. */
  readonly arguments: string;
  /** SHA-256, in hexadecimal, of the result as it is stored; absent when there is none. */
  readonly result?: string;
  readonly externalRef?: string;
  /** Who settled it when it was not its worker, and on what grounds. */
  readonly settled?: {
    readonly by: 'operator' | 'reconciler' | 'evidence';
    readonly as: 'completed' | 'not-executed' | 'retired';
    readonly who?: string;
    readonly reason: string;
  };
  /** When the attempt was claimed, in milliseconds of the store's clock. */
  readonly claimedAt: number;
  /** When it ended or was settled, in milliseconds of the store's clock as far as its issuer knows it. */
  readonly at: number;
}

/** The values themselves, for who chose to have them in receipts. */
export interface ReceiptValues {
  readonly arguments?: unknown;
  readonly result?: unknown;
}

/** A signed receipt, as it is stored. */
export interface IssuedReceipt {
  /** The hash of its content. */
  readonly id: string;
  /** Its canonical JSON. */
  readonly text: string;
}

/** Signs receipts; what a ledger needs of whoever does. */
export interface ReceiptIssuer {
  /** The key it signs with: kept with a claim, as what its outcome owes. */
  readonly keyId: string;
  /** @param values - asked only when this issuer puts values into its receipts. */
  issue(facts: ReceiptFacts, values?: () => ReceiptValues): IssuedReceipt;
}
