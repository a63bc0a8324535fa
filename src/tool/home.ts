import type { Store } from '../store/contract.js';
import type { ReceiptIssuer } from './receipt.js';

/** Where calls are recorded, and under which rules. An `ActionLedger` is one. */
export interface LedgerHome {
  readonly store: Store;
  /** Keeps several ledgers in one store apart. */
  readonly name: string;
  /** Part of every identity, unless the run says otherwise. */
  readonly tenant?: string | undefined;
  /** Refuses undeclared effects, names that minifiers change, and calls that nothing identifies. */
  readonly strict: boolean;
  /** Signs a receipt for every outcome, where that is wanted. */
  readonly receipts?: ReceiptIssuer | undefined;
}

/** A home whose store is opened with the first call that needs it. */
export interface DeferredHome<Home extends LedgerHome = LedgerHome> {
  /** The home, once it is open. */
  current(): Home | undefined;
  /** Opens it, once for all who ask; a failed opening is tried again by the next. */
  open(): Promise<Home>;
}
