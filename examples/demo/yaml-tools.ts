/** The plain tools as they are, guarded as mycelium.yaml says. This is all the code of it. */
import { loadConfig, type Mycelium } from 'mycelium-runtime';
import { fetchReceipt, sendPayment } from './bare-tools.js';
import { type Invoice, type ProcessInvoice, sourcePath } from './story.js';
import { verdictOn } from './verdict.js';

// Just loadConfig() when the file lies in the folder that the program is started in.
export const mycelium: Mycelium = await loadConfig(sourcePath('demo/mycelium.yaml'));

const tools = mycelium.instrument(
  { sendPayment, fetchReceipt },
  { sendPayment: { reconcile: ({ input }) => verdictOn(input.invoiceId) } }, // by the reference that the tool gives
  { partial: ['process_invoice'] }, // it follows below
);

// Not the task of bare-tools.ts: that one calls the functions beside it, and so the bare ones. This one calls `tools`.
export const processInvoice: ProcessInvoice = mycelium.guard('process_invoice')(async (invoice: Invoice) => {
  const { chargeId } = await tools.sendPayment(invoice); // done before the crash? replayed, not repeated
  return { chargeId, receipt: await tools.fetchReceipt({ chargeId }) };
});
