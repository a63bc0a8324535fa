import { MyceliumError } from '../errors/mycelium-error.js';

/** The log does not fit together, so nothing is added to it. What `verifyReceipts` finds says more. */
export class ReceiptLogDamagedError extends MyceliumError {
  static override readonly code = 'RECEIPT_LOG_DAMAGED';

  /** @param record - the kind and id of the record at fault. */
  constructor(facts: { store: string; ledger: string; record: string; what: string }) {
    super({
      message: `The receipt log of ledger ${facts.ledger} in ${facts.store} is damaged: ${facts.record} ${facts.what}. Nothing was added to it, and receipts that are not sealed yet keep their mark.`,
      remedy:
        'See what was changed with mycelium receipts verify (in code: verifyReceipts), and restore the log from a backup of the store.',
      details: facts,
    });
  }
}

/** There is nothing to prove: no such receipt, or none that a signed tree head covers. */
export class ReceiptNotProvableError extends MyceliumError {
  static override readonly code = 'RECEIPT_NOT_PROVABLE';

  /** @param why - `unknown`: no such receipt; `unsealed`: it is not in the log yet, or no head covers it. */
  constructor(facts: { store: string; ledger: string; id: string; why: 'unknown' | 'unsealed' }) {
    super(
      facts.why === 'unknown'
        ? {
            message: `There is no receipt ${facts.id} of ledger ${facts.ledger} in ${facts.store}.`,
            remedy:
              'Look at the id and the ledger; mycelium receipts verify (in code: verifyReceipts) tells whether a receipt was removed.',
            details: facts,
          }
        : {
            message: `The receipt ${facts.id} is not in the sealed log of ledger ${facts.ledger} yet.`,
            remedy: 'Seal it with mycelium receipts seal (in code: sealReceipts), then prove it.',
            details: facts,
          },
    );
  }
}

/** The file of an export has something in it that does not come from the log. It was left as it is. */
export class ReceiptExportRefusedError extends MyceliumError {
  static override readonly code = 'RECEIPT_EXPORT_REFUSED';

  constructor(facts: { store: string; ledger: string; file: string; what: string }) {
    super({
      message: `${facts.file} is not an export of the receipt log of ledger ${facts.ledger} in ${facts.store}: ${facts.what}. It was left as it is.`,
      remedy:
        'Move the file away: the next export writes the whole log. mycelium receipts verify tells whether the log is what was signed.',
      details: facts,
    });
  }
}

/** The file of an export cannot be written. What is sealed stays in the log, and the next export goes on. */
export class ReceiptExportFailedError extends MyceliumError {
  static override readonly code = 'RECEIPT_EXPORT_FAILED';
  static override readonly retryable = 'safe';

  constructor(facts: { store: string; ledger: string; file: string; what: string; cause?: unknown }) {
    const { cause, ...details } = facts;
    super({
      message: `The receipt log of ledger ${facts.ledger} in ${facts.store} is not exported to ${facts.file}: ${facts.what}. What is sealed stays in the log.`,
      remedy:
        'Name a file that can be written, on a disk with room for it; the next export goes on where this one ended (mycelium receipts seal; in code: exportReceipts).',
      details,
      cause,
    });
  }
}
