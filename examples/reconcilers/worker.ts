/** A worker process: makes one call, reports, and leaves. Unless it is killed before that. */
import { configure, LedgerBlockedError, openStore } from 'mycelium-runtime';
import type { Payment } from './payment-intent.js';
import type { Order } from './payments-client.js';
import { paymentTools, type Way } from './tools.js';

/** What a worker says of its call. */
export type Report =
  | { readonly state: 'paid'; readonly payment: Payment }
  | { readonly state: 'blocked'; readonly why: string };

const [storeUrl = '', providerUrl = '', way, order = ''] = process.argv.slice(2);
const store = await openStore(storeUrl);
configure({ store, strict: true });

async function report(): Promise<Report> {
  try {
    return { state: 'paid', payment: await paymentTools(providerUrl)[way as Way](JSON.parse(order) as Order) };
  } catch (error) {
    if (!(error instanceof LedgerBlockedError)) throw error;
    return { state: 'blocked', why: error.message };
  }
}

process.on('disconnect', () => process.exit());
process.send?.(await report());
await store.close();
process.disconnect();
