import { UsageError } from '../errors/usage.js';
import type { Store } from '../store/contract.js';
import { openStore } from '../store/open.js';
import type { DeferredHome, LedgerHome } from '../tool/home.js';
import type { ReceiptIssuer } from '../tool/receipt.js';

/** What `configure` takes. */
export interface Configuration {
  /** Where guards record that were not told otherwise. */
  readonly store: Store;
  /** Keeps several ledgers in one store apart. @default 'default' */
  readonly name?: string;
  /** Part of every identity, unless the run says otherwise. */
  readonly tenant?: string;
  /** Refuses undeclared effects, names that minifiers change, and calls that nothing identifies. @default false */
  readonly strict?: boolean;
  /** Signs a receipt for every outcome of a call: `auditReceipts(…)` of `mycelium-runtime/receipts`. @default none */
  readonly receipts?: ReceiptIssuer;
}

const DEFAULT_STORE = 'file:./.mycelium';
const chosen: { home: LedgerHome | undefined } = { home: undefined };

/**
 * Says once, at the start of a program, where guards record that have no `ledger` of their own.
 *
 * @throws UsageError without a store.
 * @example
 * ```ts
 * configure({ store: await openStore('memory:'), strict: true });
 * ```
 */
export function configure(configuration: Configuration): void {
  const { store, name = 'default', tenant, strict = false, receipts } = configuration;
  if (typeof (store as Partial<Store> | undefined)?.transact !== 'function') {
    throw new UsageError({
      place: 'configure({ store })',
      problem: 'is no store',
      remedy: 'Open one: await openStore("file:./.mycelium").',
    });
  }
  chosen.home = { store, name, tenant, strict, receipts };
}

/** What `configure` said, and otherwise the file store in `./.mycelium`, opened at the first call that gets here. */
export function homeWithoutAWord(): LedgerHome | DeferredHome {
  return chosen.home ?? defaultHome;
}

const defaultHome = deferredHome(async (): Promise<LedgerHome> => {
  const [store, { emit }] = await Promise.all([openStore(DEFAULT_STORE), import('../tool/events.js')]);
  emit('mycelium:default-store', () => ({ store: store.description }));
  chosen.home ??= { store, name: 'default', strict: false };
  return chosen.home;
});

/** A home that `open` opens when it is first needed. */
export function deferredHome<Home extends LedgerHome>(open: () => Promise<Home>): DeferredHome<Home> {
  let home: Home | undefined;
  let opening: Promise<Home> | undefined;
  return {
    current: () => home,
    async open() {
      opening ??= open();
      try {
        home = await opening;
        return home;
      } catch (error) {
        opening = undefined;
        throw error;
      }
    },
  };
}

/** The home itself, opened if it was not. */
export function openedHome(home: LedgerHome | DeferredHome): LedgerHome | Promise<LedgerHome> {
  if (!('open' in home)) return home;
  return home.current() ?? home.open();
}
