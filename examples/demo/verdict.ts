/** What became of a payment whose worker was lost: the gateway is asked, and its answer is the verdict. */
import { committed, notExecuted, unknown, type Verdict } from 'mycelium-runtime';
import { type Charge, gateway } from './gateway-client.js';

export async function verdictOn(reference: string): Promise<Verdict<Charge>> {
  const answer = await gateway.find(reference);
  switch (answer.found) {
    case 'yes':
      return committed(answer.charge);
    case 'no':
      return notExecuted('the gateway has no charge with this reference');
    case 'cannot say':
      return unknown(answer.why);
  }
}
