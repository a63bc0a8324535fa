/** A payment at the provider, as its API gives it, and what its status says of a charge. */
import { committed, notExecuted, unknown, type Verdict } from 'mycelium-runtime';

export type Status = 'requires_payment_method' | 'requires_confirmation' | 'processing' | 'succeeded' | 'canceled';

export interface PaymentIntent {
  readonly id: string;
  readonly status: Status;
  readonly amount: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What the tool returns, and so what a reconciler has to give: later callers must not see a difference. */
export interface Payment {
  readonly intent: string;
  readonly amountCents: number;
}

export function paymentOf({ id, amount }: PaymentIntent): Payment {
  return { intent: id, amountCents: amount };
}

/**
 * The table that every reconciler here goes by. Two statuses are final; of everything else, and of nothing at all,
 * the only true word is `unknown`.
 */
export function verdictOn(intent: PaymentIntent | undefined): Verdict<Payment> {
  if (intent === undefined)
    return unknown('the provider shows no such payment, which does not prove that none is made');
  switch (intent.status) {
    case 'succeeded':
      return committed(paymentOf(intent));
    case 'canceled':
      return notExecuted(`${intent.id} is canceled, which is final`);
    case 'processing':
      return unknown(`${intent.id} is processing, and can still go either way`);
    case 'requires_payment_method':
    case 'requires_confirmation':
      return unknown(`${intent.id} ${intent.status.replace('_', ' ')}, and can still be confirmed`);
  }
}

/** Nothing is charged yet, and canceling keeps it so. */
export function isOpen({ status }: PaymentIntent): boolean {
  return status === 'requires_payment_method' || status === 'requires_confirmation';
}
