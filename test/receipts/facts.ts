import type { ReceiptFacts } from '../../src/tool/receipt.js';

/** What a ledger says of a payment that went well. */
export const PAID: ReceiptFacts = {
  kind: 'tool',
  ledger: 'default',
  call: 'c0ffee',
  tool: 'send_payment',
  requestId: 'inv-42',
  fence: 1,
  attempt: 1,
  effect: 'irreversible',
  outcome: 'committed',
  arguments: 'a'.repeat(64),
  result: 'b'.repeat(64),
  externalRef: 'ch_1',
  claimedAt: Date.UTC(2027, 0, 1, 12),
  at: Date.UTC(2027, 0, 1, 12, 0, 1),
};
