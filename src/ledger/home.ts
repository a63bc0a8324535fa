import type { Store } from '../store/contract.js';

/** Where calls are recorded, and under which rules. An `ActionLedger` is one. */
export interface LedgerHome {
  readonly store: Store;
  /** Keeps several ledgers in one store apart. */
  readonly name: string;
  /** Part of every identity, unless the run says otherwise. */
  readonly tenant?: string | undefined;
  /** Refuses undeclared effects, names that minifiers change, and calls that nothing identifies. */
  readonly strict: boolean;
}
