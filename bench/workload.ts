import { ActionLedger, ledger } from 'mycelium-runtime';
import type { Store } from 'mycelium-runtime/store';
import { setUpEngine } from 'mycelium-runtime/testing';

/** About 100 bytes as JSON. */
export interface Payment {
  readonly invoiceId: string;
  readonly amount: number;
  readonly currency: string;
  readonly recipient: string;
  readonly note: string;
}

/** What every body returns. */
export interface Receipt {
  readonly charge: string;
  readonly ok: boolean;
}

/** How large the numbers are, and which random numbers the inputs come from. */
export interface Scale {
  readonly quick: boolean;
  readonly rounds: number;
  readonly seed: number;
  /** How many keys a large store has. */
  readonly many: number;
  readonly some: number;
}

let made = 0;

/** Payments that nobody has made before; only the seed and the count decide what stands in them. */
export function freshPayments(count: number, seed: number): Payment[] {
  return Array.from({ length: count }, () => {
    made += 1;
    const drawn = Math.imul(made ^ seed, 0x9e3779b1) >>> 0;
    return {
      invoiceId: `inv-${seed}-${made.toString().padStart(8, '0')}`,
      amount: drawn % 100_000,
      currency: 'EUR',
      recipient: 'ada@example.com',
      note: `order ${drawn % 997}`,
    };
  });
}

/** The body of every tool here: what is left is the price of guarding it. */
export async function pay(payment: Payment): Promise<Receipt> {
  return { charge: payment.invoiceId, ok: true };
}

/** The guarded tool, recording in this store. */
export function guardedPay(
  store: Store,
  body: (payment: Payment) => Promise<Receipt> = pay,
): (payment: Payment) => Promise<Receipt> {
  // On a busy disk a call may wait longer than a program would put up with; that is to be measured, not to end it.
  setUpEngine(store, { storeDeadlineMs: 120_000 });
  const home = new ActionLedger({ store });
  return ledger({ name: 'send_payment', effect: 'non_idempotent_mutate', idFrom: ['invoiceId'], ledger: home })(body);
}

/**
 * The least that could be called a ledger within one process: a claim in a map, the body, its result as JSON.
 * No hash, no lease, no fence, no other worker.
 */
export function bareLedger(): (payment: Payment) => Promise<Receipt> {
  const records = new Map<string, { phase: string; result: string }>();
  return async (payment) => {
    const found = records.get(payment.invoiceId);
    if (found !== undefined) return JSON.parse(found.result) as Receipt;
    const record = { phase: 'attempting', result: '' };
    records.set(payment.invoiceId, record);
    const receipt = await pay(payment);
    record.result = JSON.stringify(receipt);
    record.phase = 'committed';
    return receipt;
  };
}

/** Calls the tool once for each payment, one after the other. */
export async function payAll(
  tool: (payment: Payment) => Promise<Receipt>,
  payments: readonly Payment[],
): Promise<void> {
  for (const payment of payments) await tool(payment);
}

/** Leaves this many completed records behind, 64 at a time. */
export async function fill(tool: (payment: Payment) => Promise<Receipt>, count: number, seed: number): Promise<void> {
  await payTogether(tool, freshPayments(count, seed));
}

/** Calls the tool once for each payment, 64 at a time. */
export async function payTogether(
  tool: (payment: Payment) => Promise<Receipt>,
  payments: readonly Payment[],
): Promise<void> {
  await eachTogether(payments, tool);
}

/** Does something with each item, 64 at a time. */
export async function eachTogether<Item>(items: readonly Item[], one: (item: Item) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await one(items[next++] as Item);
  };
  await Promise.all(Array.from({ length: 64 }, worker));
}
