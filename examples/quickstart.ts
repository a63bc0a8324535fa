// The smallest guarded tool. In a clone: npm run build:tools && node .build/examples/quickstart.js
import { configure, IdentityConflictError, ledger, openStore } from 'mycelium-runtime';

// 'memory:' ends with the process. With 'file:./.mycelium' the records survive it, and kill -9, too.
const store = await openStore('memory:');
configure({ store });

let charges = 0;

const sendPayment = ledger({ name: 'send_payment', effect: 'non_idempotent_mutate', idFrom: ['invoiceId'] })(
  async ({ invoiceId, amount }: { invoiceId: string; amount: number }) => {
    charges += 1; // the payment provider would be called here
    return { invoiceId, amount, chargeId: `ch-${charges}` };
  },
);

console.log(await sendPayment({ invoiceId: 'INV-42', amount: 100 })); // charges
console.log(await sendPayment({ invoiceId: 'INV-42', amount: 100 })); // returns the recorded result

try {
  await sendPayment({ invoiceId: 'INV-42', amount: 999 }); // the same invoice with another amount
} catch (error) {
  if (!(error instanceof IdentityConflictError)) throw error;
  console.log(error.message);
}

console.log(`charges: ${charges}`);
await store.close();
