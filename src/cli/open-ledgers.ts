import { realpathSync } from 'node:fs';
import type { Config, GuardConfig } from '../config/loader/config.js';
import { locationKey, locationText, type StoreLocation } from '../config/loader/storage.js';
import { openLocation } from '../config/runtime/homes.js';
import { CallNotFoundError } from '../errors/call.js';
import { StoreNotFoundError } from '../errors/store.js';
import { ActionLedger } from '../ledger/action-ledger.js';
import { type CallView, isStuckAs } from '../ledger/call-view.js';
import type { ReceiptIssuer } from '../tool/receipt.js';

/** A call and the ledger it is in. */
export interface FoundCall {
  readonly ledger: ActionLedger;
  readonly call: CallView;
}

/** A ledger that is there, and where. */
interface Placed {
  readonly ledger: ActionLedger;
  readonly location: StoreLocation;
  /** As {@link placeOf} has it. */
  readonly place: string;
}

/** The ledgers of a configuration that are there. */
export class Ledgers {
  readonly all: readonly ActionLedger[];
  /** Places of the configuration that could not be looked at: nothing is there yet, or it is memory. */
  readonly missing: readonly string[];
  readonly places: readonly Placed[];
  readonly #config: Config;

  constructor(placed: readonly Placed[], missing: readonly string[], config: Config) {
    this.all = placed.map(({ ledger }) => ledger);
    this.places = placed;
    this.missing = missing;
    this.#config = config;
  }

  /** A call by its id or the beginning of it. @throws CallNotFoundError for none or several. */
  async find(text: string): Promise<FoundCall> {
    // As a listing shows it, in whatever case.
    const id = text.toLowerCase().replace(/(…|\.\.\.)$/, '');
    const found: (FoundCall & Placed)[] = [];
    for (const placed of this.places) {
      const call = await placed.ledger.get(id);
      if (call !== undefined) found.push({ ...placed, call });
    }
    const store = this.all.map((ledger) => ledger.store.description).join(', ');
    const [first] = found;
    if (first === undefined) throw new CallNotFoundError({ id, store });
    const different = new Set(found.map(({ call }) => call.id));
    if (different.size > 1) throw new CallNotFoundError({ id, store, candidates: [...different] });
    // A tool that is recorded elsewhere now has its older calls where it was: the place of the file counts.
    const { ledger, call } = found.find(({ place, call }) => place === this.#placeOf(call)) ?? first;
    return { ledger, call: this.asDeclared(call) };
  }

  /** A call as the tools are declared now: one that was made stricter since may be stuck by that alone. */
  asDeclared(call: CallView): CallView {
    const declared = this.#guardOf(call)?.ledger?.options.effect;
    return declared === undefined ? call : { ...call, stuck: isStuckAs(call, declared) };
  }

  /** The shortest beginnings by which {@link find} finds these calls again. */
  async shortIds(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const short = new Map<string, string>();
    for (const ledger of this.all) {
      for (const [id, beginning] of await ledger.shortIds(ids)) {
        if (beginning.length > (short.get(id)?.length ?? 0)) short.set(id, beginning);
      }
    }
    return short;
  }

  #guardOf({ kind, tool }: CallView): GuardConfig | undefined {
    return this.#config.guards.find((one) => one.kind === kind && one.name === tool);
  }

  #placeOf(call: CallView): string {
    return placeOf(this.#guardOf(call)?.ledger?.location ?? this.#config.locations[call.kind]);
  }
}

/**
 * Opens the ledgers of a configuration that are there, for one command: looking creates none.
 *
 * @param receipts - signs what the command settles.
 * @throws StoreNotFoundError when there is none at all. StoreUnavailableError, StoreDamagedError, StoreFormatError.
 */
export async function withLedgers<T>(
  config: Config,
  use: (ledgers: Ledgers) => Promise<T>,
  receipts?: ReceiptIssuer,
): Promise<T> {
  const open: Placed[] = [];
  const missing: string[] = [];
  try {
    for (const location of locationsOf(config)) {
      const ledger = await existing(location, receipts);
      if (ledger === undefined) missing.push(explained(location));
      else open.push({ ledger, location, place: placeOf(location) });
    }
    if (open.length === 0) throw new StoreNotFoundError({ store: missing.join(', ') });
    return await use(new Ledgers(open, missing, config));
  } finally {
    await Promise.allSettled(open.map(({ ledger }) => ledger.store.close()));
  }
}

function explained(location: StoreLocation): string {
  return location.storage === 'memory'
    ? 'memory, which ends with its process and cannot be looked at from here'
    : locationText(location);
}

async function existing(
  location: StoreLocation,
  receipts: ReceiptIssuer | undefined,
): Promise<ActionLedger | undefined> {
  try {
    const store = await openLocation(location, { create: false });
    return new ActionLedger(receipts === undefined ? { store } : { store, receipts });
  } catch (error) {
    if (error instanceof StoreNotFoundError) return undefined;
    throw error;
  }
}

/** Every place in which calls of the configuration are recorded, each once, by whatever path. */
export function locationsOf({ locations, guards }: Config): readonly StoreLocation[] {
  return eachOnce([locations.tool, locations.task, ...guards.flatMap(({ ledger }) => ledger?.location ?? [])]);
}

/** Every store of the configuration, that of its states included. */
export function storesOf(config: Config): readonly StoreLocation[] {
  const { stateFlush } = config;
  return stateFlush === undefined ? locationsOf(config) : eachOnce([...locationsOf(config), stateFlush.location]);
}

function eachOnce(all: readonly StoreLocation[]): readonly StoreLocation[] {
  const places = all.map(placeOf);
  return all.filter((_, index) => places.indexOf(places[index] as string) === index);
}

/** One text for each place, by whatever path it is named. */
function placeOf(location: StoreLocation): string {
  if (location.storage !== 'file') return locationKey(location);
  try {
    return locationKey({ ...location, directory: realpathSync(location.directory) });
  } catch {
    // It is not there, or cannot be reached, which opening it will tell.
    return locationKey(location);
  }
}
