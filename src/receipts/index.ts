/** `mycelium-runtime/receipts`: signed receipts of calls, their keys, and how strangers verify them. */
export { UsageError } from '../errors/usage.js';
export type { IssuedReceipt, ReceiptFacts, ReceiptIssuer, ReceiptValues } from '../tool/receipt.js';
export {
  checkReceipt,
  type ReadReceipt,
  type ReceiptFault,
  type ReceiptVerdict,
  readReceipt,
} from './check-receipt.js';
export { didKey } from './did-key.js';
export { type ExportOptions, type ExportReport, exportReceipts } from './export.js';
export { checkHead, type HeadProblem, type HeadVerdict, type TreeHead } from './head.js';
export { type AuditOptions, auditReceipts } from './issuer.js';
export { type JwkSet, type PublicJwk, publicJwk, type Validity } from './jwk.js';
export { type GeneratedKey, generateSigningKey, readSigningKey, type SigningKeySource } from './key-source.js';
export { type Keyring, type KeySource, keyring, type TrustedKey } from './keyring.js';
export type { LogPlace } from './log.js';
export {
  ReceiptExportFailedError,
  ReceiptExportRefusedError,
  ReceiptLogDamagedError,
  ReceiptNotProvableError,
} from './log-error.js';
export {
  type ConsistencyProof,
  type ProofProblem,
  type ProofVerdict,
  type ProveOptions,
  proveConsistency,
  proveReceipt,
  type ReceiptProof,
  verifyConsistency,
  verifyProof,
} from './prove.js';
export { RECEIPT_FORMAT, type Receipt } from './receipt.js';
export type { ValueOptions } from './receipt-values.js';
export { type SealOptions, type SealProgress, type SealReport, sealReceipts } from './seal.js';
export type { Signer } from './signer.js';
export { verifyReceipts } from './verify.js';
export type {
  CallAccount,
  CallsOfLedger,
  CheckedReceipt,
  CheckVerdict,
  FindingKind,
  OwingCall,
  ReceiptCheck,
  ReceiptFinding,
  VerifyOptions,
  VerifyProgress,
  VerifyReport,
} from './verify-options.js';
