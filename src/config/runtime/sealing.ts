import { join, parse } from 'node:path';
import { sha256Hex } from '../../encoding/fingerprint.js';
import { MyceliumError } from '../../errors/mycelium-error.js';
import type { ActionLedger } from '../../ledger/action-ledger.js';
import type { Signer } from '../../receipts/signer.js';
import { emit } from '../../tool/events.js';
import type { Config } from '../loader/config.js';
import { locationKey, locationText, type StoreLocation } from '../loader/storage.js';
import type { LedgerLife } from './homes.js';

/** Seals the receipts of what is open, every so often and at the end. Undefined when nobody wants that. */
export function sealingOf(config: Config, signer: Signer | undefined): LedgerLife | undefined {
  const every = config.audit?.sealEvery;
  return signer === undefined || every === undefined ? undefined : new Sealing(config, signer, every);
}

class Sealing implements LedgerLife {
  readonly #config: Config;
  readonly #signer: Signer;
  readonly #every: number;
  readonly #timers = new Map<ActionLedger, NodeJS.Timeout>();
  readonly #files = new Map<ActionLedger, string | undefined>();
  readonly #underWay = new Map<ActionLedger, Promise<void>>();

  constructor(config: Config, signer: Signer, every: number) {
    this.#config = config;
    this.#signer = signer;
    this.#every = every;
  }

  opened(ledger: ActionLedger, location: StoreLocation): void {
    this.#files.set(ledger, exportFile(this.#config, location));
    const timer = setInterval(() => void this.#once(ledger), this.#every);
    timer.unref();
    this.#timers.set(ledger, timer);
  }

  async closing(ledger: ActionLedger): Promise<void> {
    clearInterval(this.#timers.get(ledger));
    // One that is under way may have begun before the last receipt was there.
    await this.#underWay.get(ledger);
    await this.#once(ledger);
  }

  /** One at a time: a slow sealing is not overtaken by the next. */
  #once(ledger: ActionLedger): Promise<void> {
    let sealing = this.#underWay.get(ledger);
    if (sealing === undefined) {
      sealing = this.#seal(ledger).finally(() => this.#underWay.delete(ledger));
      this.#underWay.set(ledger, sealing);
    }
    return sealing;
  }

  async #seal(ledger: ActionLedger): Promise<void> {
    const { store, name } = ledger;
    const place = { store: store.description, ledger: name };
    try {
      const { sealReceipts } = await import('../../receipts/seal.js');
      const { added, size } = await sealReceipts({ store, ledger: name, signer: this.#signer });
      const file = this.#files.get(ledger);
      // A store that has no receipts, as one of states only, gets no file.
      if (file !== undefined && size > 0) {
        const { exportReceipts } = await import('../../receipts/export.js');
        await exportReceipts({ store, ledger: name, file });
      }
      if (added > 0) emit('mycelium:receipts-sealed', () => ({ ...place, added, size }));
    } catch (error) {
      // Nothing is lost: receipts keep their mark, and the next sealing takes them.
      const code = error instanceof MyceliumError ? error.code : 'UNEXPECTED';
      const message = error instanceof Error ? error.message : String(error);
      emit('mycelium:receipts-not-sealed', () => ({ ...place, code, message }));
    }
  }
}

/**
 * The file to which the receipts of a store are exported. A line is a position in the log of one store, so each store
 * beside that of the tools has a file of its own, named after it.
 */
export function exportFile({ audit, locations }: Config, location: StoreLocation): string | undefined {
  const file = audit?.exportTo;
  if (file === undefined || locationKey(location) === locationKey(locations.tool)) return file;
  const { dir, name, ext } = parse(file);
  return join(dir, `${name}-${sha256Hex(locationText(location)).slice(0, 8)}${ext}`);
}
