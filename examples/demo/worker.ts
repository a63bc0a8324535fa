/** A worker process: carries out one invoice at a time and reports back, unless it is killed before that. */
import { configure, LedgerBlockedError, openStore } from 'mycelium-runtime';
import type { Invoice } from './story.js';

/** What a worker says of an invoice. */
export type Report =
  | { readonly state: 'done'; readonly chargeId: string }
  | { readonly state: 'blocked'; readonly error: string }
  | { readonly state: 'failed'; readonly error: string };

const [mode, store = ''] = process.argv.slice(2);
if (mode === 'guarded') configure({ store: await openStore(store), strict: true });
const { processInvoice } = await (mode === 'guarded' ? import('./guarded-tools.js') : import('./bare-tools.js'));

async function carryOut(invoice: Invoice): Promise<Report> {
  try {
    const { chargeId } = await processInvoice(invoice);
    return { state: 'done', chargeId };
  } catch (error) {
    if (error instanceof LedgerBlockedError) {
      return { state: 'blocked', error: `${error.name} [${error.code}]: ${error.message}` };
    }
    return { state: 'failed', error: String(error) };
  }
}

process.on('message', async (invoice: Invoice) => process.send?.(await carryOut(invoice)));
process.on('disconnect', () => process.exit());
