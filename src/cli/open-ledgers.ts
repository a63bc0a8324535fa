import type { Config, StoreLocation } from '../config/loader/config.js';
import { locationText, openLocation } from '../config/runtime/homes.js';
import { CallNotFoundError } from '../errors/call.js';
import { StoreNotFoundError } from '../errors/store.js';
import { ActionLedger } from '../ledger/action-ledger.js';
import type { CallView } from '../ledger/call-view.js';

/**
 * Opens the ledgers of a configuration that are there, for one command: looking creates none.
 *
 * @throws StoreNotFoundError when there is none at all. StoreUnavailableError, StoreDamagedError, StoreFormatError.
 */
export async function withLedgers<T>(
  config: Config,
  use: (ledgers: readonly ActionLedger[]) => Promise<T>,
): Promise<T> {
  const ledgers: ActionLedger[] = [];
  const missing: string[] = [];
  try {
    for (const location of locationsOf(config)) {
      const ledger = await existing(location);
      if (ledger === undefined) missing.push(locationText(location));
      else ledgers.push(ledger);
    }
    if (ledgers.length === 0) throw new StoreNotFoundError({ store: missing.map(explained).join(', ') });
    return await use(ledgers);
  } finally {
    for (const ledger of ledgers) await ledger.store.close();
  }
}

function explained(store: string): string {
  return store === 'memory' ? 'memory, which ends with its process and cannot be looked at from here' : store;
}

async function existing(location: StoreLocation): Promise<ActionLedger | undefined> {
  try {
    return new ActionLedger({ store: await openLocation(location, false) });
  } catch (error) {
    if (error instanceof StoreNotFoundError) return undefined;
    throw error;
  }
}

/** Every place in which something of the configuration is recorded, each once. */
function locationsOf({ locations, guards }: Config): readonly StoreLocation[] {
  const all = [locations.tool, locations.task, ...guards.flatMap(({ ledger }) => ledger?.location ?? [])];
  return [...new Map(all.map((location) => [locationText(location), location])).values()];
}

/** A call and the ledger it is in. @throws CallNotFoundError for none or several. */
export async function findCall(
  ledgers: readonly ActionLedger[],
  id: string,
): Promise<{ readonly ledger: ActionLedger; readonly call: CallView }> {
  const found: { ledger: ActionLedger; call: CallView }[] = [];
  for (const ledger of ledgers) {
    const call = await ledger.get(id);
    if (call !== undefined) found.push({ ledger, call });
  }
  const [first] = found;
  const store = ledgers.map((ledger) => ledger.store.description).join(', ');
  if (first === undefined) throw new CallNotFoundError({ id, store });
  if (found.length > 1) throw new CallNotFoundError({ id, store, candidates: found.map(({ call }) => call.id) });
  return first;
}
