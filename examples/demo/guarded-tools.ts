/** The same tools, guarded in code. This is all that changes. */
import { ledger, taskLedger } from 'mycelium-runtime';
import { gateway } from './gateway-client.js';
import type { Invoice, ProcessInvoice } from './story.js';
import { verdictOn } from './verdict.js';

const lease = '1s'; // so that the demo is quick; leave it out for the default of 30 s

const sendPayment = ledger({
  name: 'send_payment',
  effect: 'non_idempotent_mutate',
  idFrom: ['invoiceId'],
  lease,
  settleAfter: '1s', // the gateway books a request within a second or never
  reconcile: ({ idempotencyKey }) => verdictOn(idempotencyKey),
})(async ({ invoiceId, amountCents }: Invoice, call) =>
  gateway.charge({ reference: call.idempotencyKey, invoiceId, amountCents }),
);

const fetchReceipt = ledger({ name: 'fetch_receipt', effect: 'read', lease })(
  async ({ chargeId }: { chargeId: string }) => gateway.receipt(chargeId),
);

export const processInvoice: ProcessInvoice = taskLedger({ name: 'process_invoice', idFrom: ['invoiceId'], lease })(
  async (invoice: Invoice) => {
    const { chargeId } = await sendPayment(invoice); // done before the crash? replayed, not repeated
    return { chargeId, receipt: await fetchReceipt({ chargeId }) };
  },
);
