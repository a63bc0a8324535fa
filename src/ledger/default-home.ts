import { UsageError } from '../errors/usage.js';
import type { Store } from '../store/contract.js';
import { openStore } from '../store/open.js';
import type { LedgerHome } from './home.js';

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
}

const DEFAULT_STORE = 'file:./.mycelium';
const chosen: { home: LedgerHome | undefined; opening: Promise<LedgerHome> | undefined } = {
  home: undefined,
  opening: undefined,
};

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
  const { store, name = 'default', tenant, strict = false } = configuration;
  if (typeof (store as Partial<Store> | undefined)?.transact !== 'function') {
    throw new UsageError({
      place: 'configure({ store })',
      problem: 'is no store',
      remedy: 'Open one: await openStore("file:./.mycelium").',
    });
  }
  chosen.home = { store, name, tenant, strict };
}

/** What `configure` said, or undefined: then a home is still to be opened. */
export function configuredHome(): LedgerHome | undefined {
  return chosen.home;
}

/** Opens the file store in `./.mycelium`, at the first call that has nowhere else to go. */
export async function openDefaultHome(): Promise<LedgerHome> {
  chosen.opening ??= open();
  try {
    return await chosen.opening;
  } catch (error) {
    chosen.opening = undefined;
    throw error;
  }
}

async function open(): Promise<LedgerHome> {
  const [store, { emit }] = await Promise.all([openStore(DEFAULT_STORE), import('../tool/events.js')]);
  emit('mycelium:default-store', () => ({ store: store.description }));
  chosen.home ??= { store, name: 'default', strict: false };
  return chosen.home;
}
