/** The same payment as a tool, three times: what differs is what an attempt leaves behind for its reconciler. */
import { ledger } from 'mycelium-runtime';
import { type Payment, paymentOf } from './payment-intent.js';
import { type Order, paymentsAt } from './payments-client.js';
import { byKey, byProof, byReference, claimKey } from './reconcilers.js';

/** A tool of this example. */
export type Pay = (order: Order) => Promise<Payment>;

/** How the lost attempt is found again. */
export type Way = 'reference' | 'key' | 'proof';

/** @param url - of the provider. */
export function paymentTools(url: string): Readonly<Record<Way, Pay>> {
  const shared = {
    effect: 'non_idempotent_mutate',
    idFrom: ['invoiceId'],
    lease: '1s', // so that the example is quick; leave it out for the default of 30 s
  } as const;

  /** Two requests, and the id is on record before anything is charged. */
  const reference = ledger({ ...shared, name: 'pay_by_reference', reconcile: byReference(url) })(
    async (order: Order, call) => {
      const payments = paymentsAt(url, call.signal);
      const { id } = await payments.create(order, claimKey(call), { confirm: false });
      await call.recordExternalRef(id);
      return paymentOf(charged(await payments.confirm(id)));
    },
  );

  /** One request, which leaves nothing behind but its key in the metadata. */
  const charge = async (order: Order, call: { idempotencyKey: string; fence: number; signal: AbortSignal }) =>
    paymentOf(charged(await paymentsAt(url, call.signal).create(order, claimKey(call), { confirm: true })));
  const key = ledger({ ...shared, name: 'pay_by_key', reconcile: byKey(url) })(charge);
  const proof = ledger({ ...shared, name: 'pay_with_proof', reconcile: byProof(url) })(charge);

  return { reference, key, proof };
}

/** A payment that is not through is no result: thrown, so that it is reconciled and not recorded as paid. */
function charged<Intent extends { readonly id: string; readonly status: string }>(intent: Intent): Intent {
  if (intent.status === 'succeeded') return intent;
  throw new Error(`${intent.id} is ${intent.status}`);
}
