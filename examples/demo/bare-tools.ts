/** The tools as one writes them first: plain async functions. */
import { type Charge, gateway } from './gateway-client.js';
import type { Invoice, ProcessInvoice } from './story.js';

export async function sendPayment({ invoiceId, amountCents }: Invoice): Promise<Charge> {
  return gateway.charge({ reference: invoiceId, invoiceId, amountCents });
}

export async function fetchReceipt({ chargeId }: { chargeId: string }): Promise<string> {
  return gateway.receipt(chargeId);
}

export const processInvoice: ProcessInvoice = async (invoice) => {
  const { chargeId } = await sendPayment(invoice);
  return { chargeId, receipt: await fetchReceipt({ chargeId }) };
};
