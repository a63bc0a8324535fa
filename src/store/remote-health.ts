import diagnostics_channel from 'node:diagnostics_channel';
import { StoreUnsafeError } from '../errors/store.js';
import type { StoreHealth } from './contract.js';

const channel: diagnostics_channel.Channel = diagnostics_channel.channel('mycelium:store-health');

/**
 * Tells what a store has found out about its server.
 *
 * @throws StoreUnsafeError for production, when acknowledged records can be lost.
 */
export function heedHealth({ store, server, concerns }: StoreHealth, profile: string | undefined): void {
  if (channel.hasSubscribers) channel.publish({ store, server, concerns });
  const unsafe = concerns.filter(({ severity }) => severity === 'unsafe');
  if (profile === 'production' && unsafe.length > 0) throw new StoreUnsafeError({ store, concerns: unsafe });
}
