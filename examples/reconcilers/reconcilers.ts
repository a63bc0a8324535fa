/**
 * Three ways to find out what became of a charge whose worker was lost, from the easiest to the hardest.
 *
 * What a reconciler throws, e.g. because the provider is away, is taken for `unknown`: the call stays blocked and is
 * asked about again at the next dispatch. So nothing here catches anything.
 *
 * A tool that can send the very same request again, under the same key, needs none of this for as long as the
 * provider remembers the key: declare it `keyed_mutate`, with `keyValidFor`.
 */
import { notExecuted, type Reconciler, unknown, type Verdict } from 'mycelium-runtime';
import { isOpen, type Payment, type PaymentIntent, verdictOn } from './payment-intent.js';
import { type Payments, paymentsAt } from './payments-client.js';

/**
 * The key of one claim. It has the fence in it because the provider remembers keys: an attempt that follows a
 * canceled one needs another key, or it would be given the canceled payment again.
 */
export function claimKey({ idempotencyKey, fence }: { idempotencyKey: string; fence: number }): string {
  return `${idempotencyKey}-${fence}`;
}

/**
 * (a) The attempt recorded the provider's own id before it charged. Reading by id is never behind, so one request
 * tells. A payment that is still open is canceled first: then a worker that was only slow cannot confirm it any more,
 * and "not executed" is true for good.
 */
export function byReference(url: string): Reconciler<Payment> {
  return async ({ externalRef, signal }) => {
    // Lost before it had an id to record, or before the provider heard of it: nobody can tell which.
    if (externalRef === undefined) return unknown('the attempt recorded no reference');
    const payments = paymentsAt(url, signal);
    return close(payments, await payments.retrieve(externalRef));
  };
}

/**
 * (b) Nothing was recorded, but the attempt wrote its key into the metadata. The search finds it there, later than
 * it happens: what it shows is true, what it does not show proves nothing.
 */
export function byKey(url: string): Reconciler<Payment> {
  return async (question) => {
    const payments = paymentsAt(url, question.signal);
    const found = await payments.search(claimKey(question));
    if (found === undefined) return unknown('the search shows nothing under its key yet, and it is behind');
    // The search may show an old status, too; the payment itself does not.
    return close(payments, await payments.retrieve(found.id));
  };
}

/**
 * (c) As (b), and where the search shows nothing, the key is burnt: used up by a request that charges nothing. The
 * provider lets one of the two in, and answers the other with a refusal. When it is ours, the lost request can no
 * longer be carried out, however late it arrives. When it is theirs, the charge is made or under way, and the search
 * will show it.
 *
 * This holds for as long as the provider remembers a key (Stripe: at least 24 hours), so the question must come
 * within that time of the attempt, and no request may be on its way for longer. A provider that takes no keys gives no such
 * proof. One that refuses requests after a time that the request names does: say `notExecuted` then, and set
 * `settleAfter` to that time.
 */
export function byProof(url: string): Reconciler<Payment> {
  const search = byKey(url);
  return async (question) => {
    const verdict = await search(question);
    if (verdict.outcome !== 'unknown') return verdict;
    const key = claimKey(question);
    const burnt = await paymentsAt(url, question.signal).burn(key);
    return burnt ? notExecuted(`the key ${key} is burnt: whatever comes under it is refused`) : verdict;
  };
}

/** Cancels what is still open, and says what became of it. */
async function close(payments: Payments, intent: PaymentIntent | undefined): Promise<Verdict<Payment>> {
  return verdictOn(intent !== undefined && isOpen(intent) ? await payments.cancel(intent.id) : intent);
}
