import { type OpenStoreOptions, openStore, type Store, StoreUnavailableError } from 'mycelium-runtime/store';

const TRIES = 4;

/**
 * Opens a store on a server while nothing is wrong with it. The timeout of the store is short, and a machine that
 * starts many processes at once may need more: that is no fault that a plan has, so it is tried again.
 */
export async function openServerStore(url: string, options: OpenStoreOptions): Promise<Store> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await openStore(url, options);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || tried === TRIES) throw error;
    }
  }
}
