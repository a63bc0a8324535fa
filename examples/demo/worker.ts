/** A worker process: carries out one invoice at a time and reports back, unless it is killed before that. */
import { configure, LedgerBlockedError, openStore } from 'mycelium-runtime';
import type { Invoice, Mode, ProcessInvoice } from './story.js';

/** What a worker says of an invoice. */
export type Report =
  | { readonly state: 'done'; readonly chargeId: string }
  | { readonly state: 'blocked'; readonly error: string }
  | { readonly state: 'failed'; readonly error: string };

const [mode, store] = process.argv.slice(2) as [Mode, string];
const processInvoice = await taskOf(mode);

async function taskOf(mode: Mode): Promise<ProcessInvoice> {
  switch (mode) {
    case 'bare':
      return (await import('./bare-tools.js')).processInvoice;
    case 'guarded':
      configure({ store: await openStore(store), strict: true });
      return (await import('./guarded-tools.js')).processInvoice;
    case 'yaml':
      return (await import('./yaml-tools.js')).processInvoice; // its file says where, and strict
  }
}

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
