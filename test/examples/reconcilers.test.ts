import { afterEach, describe, expect, test } from 'vitest';
import { type PaymentIntent, type Status, verdictOn } from '../../examples/reconcilers/payment-intent.js';
import { type Order, paymentsAt } from '../../examples/reconcilers/payments-client.js';
import { type Provider, type ProviderOptions, startProvider } from '../../examples/reconcilers/provider.js';
import { byKey, byProof, byReference, claimKey } from '../../examples/reconcilers/reconcilers.js';
import { paymentTools, type Way } from '../../examples/reconcilers/tools.js';
import { ActionLedger, configure, type ReconcileQuestion } from '../../src/index.js';
import { testStore } from '../../src/testing/index.js';
import { start } from './programs.js';

const question: ReconcileQuestion = {
  requestId: 'INV-1',
  idempotencyKey: 'myc_1',
  input: {},
  fence: 1,
  attempts: 1,
  signal: new AbortController().signal,
};
const key = claimKey(question);
const order: Order = { invoiceId: 'INV-1', amountCents: 100, paymentMethod: 'pm_card' };

const providers: Provider[] = [];
afterEach(async () => {
  await Promise.all(providers.splice(0).map((provider) => provider.close()));
});

async function provide(options: Partial<ProviderOptions> = {}) {
  const provider = await startProvider({ searchLagMs: 0, ...options });
  providers.push(provider);
  return { provider, url: provider.url, payments: paymentsAt(provider.url) };
}

describe('the table', () => {
  const intent = (status: Status): PaymentIntent => ({ id: 'pi_1', status, amount: 100, metadata: {} });
  test.each<[Status | 'missing', object]>([
    ['succeeded', { outcome: 'committed', value: { intent: 'pi_1', amountCents: 100 } }],
    ['canceled', { outcome: 'not-executed', evidence: 'pi_1 is canceled, which is final' }],
    ['processing', { outcome: 'unknown' }],
    ['requires_payment_method', { outcome: 'unknown' }],
    ['requires_confirmation', { outcome: 'unknown' }],
    ['missing', { outcome: 'unknown' }],
  ])('%s', (status, verdict) => {
    expect(verdictOn(status === 'missing' ? undefined : intent(status))).toMatchObject(verdict);
  });
});

/** Makes a payment that is in the given state at the provider. */
async function payment(url: string, status: Status): Promise<PaymentIntent> {
  const payments = paymentsAt(url);
  const method = { processing: 'pm_bank_debit', requires_payment_method: 'pm_card_declined' }[status as string];
  const open = status === 'canceled' || status === 'requires_confirmation';
  const made = await payments.create({ ...order, paymentMethod: method ?? 'pm_card' }, key, { confirm: !open });
  const is = status === 'canceled' ? await payments.cancel(made.id) : made;
  expect(is?.status).toBe(status);
  return made;
}

describe('a reconciler at the provider', () => {
  test.each<[Status, string]>([
    ['succeeded', 'committed'],
    ['processing', 'unknown'],
    // Both are canceled first, so that it stays true.
    ['requires_payment_method', 'not-executed'],
    ['requires_confirmation', 'not-executed'],
    ['canceled', 'not-executed'],
  ])('says of %s: %s, whichever way it was found', async (status, outcome) => {
    for (const reconciler of [byReference, byKey, byProof]) {
      const { url, provider } = await provide();
      const { id } = await payment(url, status);
      expect(await reconciler(url)({ ...question, externalRef: id })).toMatchObject({ outcome });
      // Whoever confirms late is refused, so that "not executed" stays true.
      if (outcome === 'not-executed')
        await expect(paymentsAt(url).confirm(id)).rejects.toThrow('invalid_request_error');
      expect(provider.intents().filter((one) => one.status === 'succeeded')).toHaveLength(
        status === 'succeeded' ? 1 : 0,
      );
    }
  });

  test('has nothing to say of what it cannot find by a reference, or without one', async () => {
    const { url } = await provide();
    expect(await byReference(url)({ ...question, externalRef: 'pi_9' })).toMatchObject({ outcome: 'unknown' });
    expect(await byReference(url)(question)).toMatchObject({ outcome: 'unknown' });
  });

  test('takes a search that shows nothing yet for unknown, and never for not executed', async () => {
    const { url, payments } = await provide({ searchLagMs: 400 });
    expect(await byKey(url)(question)).toMatchObject({ outcome: 'unknown' });
    await payments.create(order, key, { confirm: true });
    // With the proof, too: the key cannot be burnt any more.
    for (const reconciler of [byKey, byProof])
      expect(await reconciler(url)(question)).toMatchObject({ outcome: 'unknown' });
    await expect.poll(() => byKey(url)(question)).toMatchObject({ outcome: 'committed', value: { intent: 'pi_1' } });
    expect(await byProof(url)(question)).toMatchObject({ outcome: 'committed' });
  });

  test('proves by a burnt key that nothing happens any more, as often as it is asked', async () => {
    const { url, payments, provider } = await provide();
    for (const _ of [1, 2, 3]) expect(await byProof(url)(question)).toMatchObject({ outcome: 'not-executed' });
    await expect(payments.create(order, key, { confirm: true })).rejects.toThrow('idempotency_error');
    expect(provider.intents().map(({ status }) => status)).toEqual(['canceled']);
    // The next claim has a key of its own.
    expect(await payments.create(order, claimKey({ ...question, fence: 2 }), { confirm: true })).toMatchObject({
      status: 'succeeded',
    });
  });

  test('cannot burn the key of a request that is being carried out', async () => {
    let answer: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { url, payments } = await provide({ searchLagMs: 60_000, onCharged: () => held });
    const first = payments.create(order, key, { confirm: true });
    await expect.poll(() => byProof(url)(question)).toMatchObject({ outcome: 'unknown' });
    answer();
    expect(await first).toMatchObject({ status: 'succeeded' });
    expect(await byProof(url)(question)).toMatchObject({ outcome: 'unknown' });
  });

  test('waits for what is processing, and then says how it ended', async () => {
    const { url, provider } = await provide();
    const { id } = await payment(url, 'processing');
    provider.finish(id, 'requires_payment_method');
    expect(await byKey(url)(question)).toMatchObject({ outcome: 'not-executed' });
  });
});

test.each<Way>(['reference', 'key', 'proof'])(
  'a tool that was declined by way of its %s is settled by its reconciler, and runs again under another key',
  async (way) => {
    const { url, provider } = await provide();
    const store = testStore();
    configure({ store });
    const pay = paymentTools(url)[way];
    await expect(pay({ ...order, paymentMethod: 'pm_card_declined' })).rejects.toThrow('requires_payment_method');
    await store.advance('5s');
    await expect(pay({ ...order, paymentMethod: 'pm_card_declined' })).rejects.toThrow('requires_payment_method');
    expect(provider.intents().map(({ status }) => status)).toEqual(['canceled', 'requires_payment_method']);
    expect((await new ActionLedger({ store }).list()).calls).toMatchObject([{ fence: 2, phase: 'unknown' }]);
  },
);

test('the program tells it, and charges once each', { timeout: 120_000 }, async () => {
  const { exitCode, stdout, stderr, leftBehind } = await start('reconcilers/main.js').ended;
  expect({ exitCode, stderr, leftBehind }).toEqual({ exitCode: 0, stderr: '', leftBehind: [] });
  const charges = Object.fromEntries(
    [...stdout.matchAll(/^ {2}(pi_\d) {2}succeeded {2}(INV-\d+)$/gm)].map(([, id, invoice]) => [invoice, id]),
  );
  expect(charges).toEqual({ 'INV-71': 'pi_1', 'INV-72': 'pi_2', 'INV-73': 'pi_4' });
  // The charge that was made before the kill is the one that is given.
  expect(stdout).toMatch(/worker killed: pi_1 is charged.*\n.*paid, pi_1 \(the same charge\)/);
  expect(stdout).toMatch(
    /worker killed: pi_2 is charged.*\n.*blocked\n.*cannot say: .*behind\n.*paid, pi_2 \(the same/,
  );
  expect(stdout).toMatch(/its request was on the way\n.*paid, pi_4 .*\n.*arrives after all: refused/);
  expect(stdout).toMatch(/pi_3 {2}canceled {3}a key that was burnt\n/);
  expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
});
