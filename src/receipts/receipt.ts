import { canonicalJson } from '../encoding/canonical-json.js';
import { sha256Hex } from '../encoding/fingerprint.js';
import type { IssuedReceipt, ReceiptFacts, ReceiptValues } from '../tool/receipt.js';
import { base64url, type Signer } from './signer.js';

/** The format that receipts are written in. */
export const RECEIPT_FORMAT = 'mycelium-receipt/1';

/** A signed statement of what became of a call. Members that do not apply are absent. */
export interface Receipt extends Omit<ReceiptFacts, 'kind'> {
  readonly format: typeof RECEIPT_FORMAT;
  /** SHA-256, in hexadecimal, of the canonical JSON of the receipt without `id` and `signature`. */
  readonly id: string;
  /** Who acted. */
  readonly agent: string;
  readonly kind: ReceiptFacts['kind'] | 'denial';
  /** The values themselves, when the agent puts them in. */
  readonly values?: ReceiptValues;
  /** What of a budget was reserved for the call. */
  readonly reservation?: unknown;
  /** The RFC 7638 thumbprint of the public key. */
  readonly key: string;
  /** Ed25519 over the canonical JSON of the receipt without `signature`; base64url. */
  readonly signature: string;
}

/** A receipt that is to be issued: all but what follows from the rest. */
export type ReceiptBody = Omit<Receipt, 'format' | 'id' | 'key' | 'signature'>;

/** Names a receipt by its content, and signs it. */
export function signReceipt(body: ReceiptBody, signer: Signer): IssuedReceipt {
  const named = { ...body, format: RECEIPT_FORMAT, key: signer.keyId };
  const id = receiptId(named);
  const signature = base64url(signer.sign(signedBytes({ ...named, id })));
  return { id, text: canonicalJson({ ...named, id, signature }) };
}

/** What the id of a receipt must be. */
export function receiptId(receipt: object): string {
  return sha256Hex(canonicalJson({ ...receipt, id: undefined, signature: undefined }));
}

/** What the signature of a receipt is over. */
export function signedBytes(receipt: object): Uint8Array {
  return Buffer.from(canonicalJson({ ...receipt, signature: undefined }), 'utf8');
}
