/**
 * What users write must compile with full inference, and what is wrong must not: compiled, never run.
 * An unused `@ts-expect-error` is an error, so every refusal below is checked.
 */
import { tool } from 'ai';
import {
  ActionLedger,
  committed,
  compose,
  type Guard,
  idempotencyKey,
  inspectCall,
  ledger,
  NotExecutedError,
  notExecuted,
  openStore,
  positional,
  run,
  sideEffect,
  type ToolCall,
  taskLedger,
  unknown,
  withCall,
} from 'mycelium-runtime';
import { z } from 'zod';
import { type Equal, type IsAny, is } from './equal.js';

declare const gateway: {
  charge(what: { amount: number }, options: { idempotencyKey: string }): Promise<{ chargeId: string; amount: number }>;
};
declare const bank: {
  findByReference(reference: string): Promise<{ ref: string } | undefined>;
  send(order: { iban: string }, reference: string): Promise<{ ref: string }>;
};
interface Transfer {
  transferId: string;
  iban: string;
}

// One function.
const sendPayment = ledger({ name: 'send_payment', effect: 'keyed_mutate', keyValidFor: '24h', idFrom: ['invoiceId'] })(
  async ({ amount }: { invoiceId: string; amount: number }, call) =>
    gateway.charge({ amount }, { idempotencyKey: call.idempotencyKey }),
);
is<Equal<Parameters<typeof sendPayment>[0], { invoiceId: string; amount: number }>>();
is<Equal<Awaited<ReturnType<typeof sendPayment>>, { chargeId: string; amount: number }>>();
is<Equal<IsAny<Parameters<typeof sendPayment>[1]>, false>>();
const paid = sendPayment({ invoiceId: 'inv-42', amount: 100 });
const manual = withCall(sendPayment, { requestId: 'manual-7' })({ invoiceId: 'inv-42', amount: 100 });
is<Equal<typeof manual, Promise<{ chargeId: string; amount: number }>>>();
const second = withCall(sendPayment, { occurrence: 2 });
is<Equal<typeof second, typeof sendPayment>>();
const report = inspectCall(sendPayment, { invoiceId: 'inv-42', amount: 100 });
is<Equal<Awaited<typeof report>['value'], { chargeId: string; amount: number }>>();
is<Equal<Awaited<typeof report>['replayed'], boolean>>();

// @ts-expect-error a misspelt field of the input
ledger({ idFrom: ['nope'] })(async ({ invoiceId }: { invoiceId: string }) => invoiceId);
// @ts-expect-error a misspelt option
ledger({ efect: 'read' });
// @ts-expect-error a class that does not exist
ledger({ effect: 'sometimes' });
// @ts-expect-error a missing field of the call
void sendPayment({ invoiceId: 'inv-42' });
// @ts-expect-error a misspelt identity
withCall(sendPayment, { requestID: 'manual-7' });
// @ts-expect-error the input of another tool
void inspectCall(sendPayment, { id: 'inv-42' });
// @ts-expect-error a boundary that does not exist
ledger({ boundary: 'late' });
// @ts-expect-error tasks have no boundary of their own
taskLedger({ boundary: 'explicit' });

// The result of a guard is a bare function: generics and `this` survive.
const generic = ledger({ name: 'echo', effect: 'read', idFrom: ['id'] })(
  async <T extends { id: string }>(input: T) => input,
);
const echoed = generic({ id: 'a', extra: 1 });
is<Equal<Awaited<typeof echoed>['extra'], number>>();
const withThis = ledger({ name: 'with_this' })(async function (this: { prefix: string }, { q }: { q: string }) {
  return this.prefix + q;
});
is<Equal<ThisParameterType<typeof withThis>, { prefix: string }>>();
// A synchronous body becomes asynchronous, and keeps its output.
const sync = ledger({ name: 'sync' })(({ n }: { n: number }) => n + 1);
is<Equal<ReturnType<typeof sync>, Promise<number>>>();

// Decorators.
class Tools {
  readonly prefix = 'found ';
  @ledger({ effect: 'read' })
  async search(input: { q: string }): Promise<string> {
    return this.prefix + input.q;
  }

  @ledger({ effect: 'non_idempotent_mutate', idFrom: ['id'] })
  async send(input: { id: string }, call?: ToolCall): Promise<string> {
    return call?.idempotencyKey ?? input.id;
  }
}
const found = new Tools().search({ q: 'x' });
is<Equal<typeof found, Promise<string>>>();
class Wrong {
  // @ts-expect-error a misspelt field in a decorator
  @ledger({ idFrom: ['nope'] })
  async send(input: { id: string }): Promise<string> {
    return input.id;
  }
}
void Wrong;

// Positional functions.
const pay = positional(ledger({ name: 'pay', idFrom: (_amount, account) => account }))(
  async (amount: number, account: string) => `${amount} ${account}`,
);
is<Equal<typeof pay, (this: unknown, amount: number, account: string) => Promise<string>>>();
const payment = pay(5, 'a');
// @ts-expect-error arguments are checked
void pay('5', 'a');
// @ts-expect-error fields have no meaning for positional arguments
positional(ledger({ idFrom: ['account'] }));
const typedSelector = positional(
  ledger({ name: 'typed', idFrom: (amount: number, account: string) => `${amount}${account}` }),
);
typedSelector(async (amount: number, account: string) => amount + account.length);
// @ts-expect-error the selector reads other arguments than the tool has
typedSelector(async (account: string) => account);

// Selectors over one input.
const selected = ledger({ name: 'selected', idFrom: (input: Transfer) => input.transferId })(
  async (input: Transfer) => input.iban,
);
is<Equal<Parameters<typeof selected>[0], Transfer>>();
const byTransfer = ledger({ name: 'selected', idFrom: (input: Transfer) => input.transferId });
// @ts-expect-error the selector wants what the body's input does not have
byTransfer(async (input: { other: string }) => input.other);
// A selector may read the first of several arguments only.
const first = positional(ledger({ name: 'first', idFrom: (id: string) => id }))(
  async (id: string, n: number) => id + n,
);
is<Equal<typeof first, (this: unknown, id: string, n: number) => Promise<string>>>();

// The point of no return, and what happened at the provider.
const wire = ledger({
  name: 'wire',
  effect: 'non_idempotent_mutate',
  boundary: 'explicit',
  idFrom: ['transferId'],
  reconcile: async ({ idempotencyKey }) => {
    const found = await bank.findByReference(idempotencyKey);
    return found ? committed(found) : unknown('the bank indexes with a delay');
  },
})(async (input: Transfer, call) => {
  is<Equal<typeof call, ToolCall>>();
  return call.effect(() => bank.send({ iban: input.iban }, call.idempotencyKey));
});
is<Equal<Awaited<ReturnType<typeof wire>>, { ref: string }>>();
const otherResult = ledger({ name: 'wire', idFrom: ['transferId'], reconcile: async () => committed({ other: 1 }) });
// @ts-expect-error a reconciler that knows another result than the tool returns
otherResult(async (input: Transfer) => ({ ref: input.iban }));
// @ts-expect-error a reconciler that returns no verdict
ledger({ name: 'wire', reconcile: async () => 'done' });
ledger({ name: 'wire', reconcile: async () => notExecuted('the order book is closed') })(async (input: Transfer) => ({
  ref: input.iban,
}));
// @ts-expect-error evidence is a sentence
notExecuted(404);

// A task.
const processInvoice = taskLedger({ name: 'process_invoice', idFrom: ['invoiceId'] })(
  async ({ invoiceId }: { invoiceId: string }) => {
    const payment = await sendPayment({ invoiceId, amount: 1 });
    return { invoiceId, status: 'paid' as const, payment };
  },
);
is<Equal<Awaited<ReturnType<typeof processInvoice>>['status'], 'paid'>>();

// Several guards.
const composed = compose(ledger({ name: 'composed', effect: 'read', idFrom: ['customerId'] }))(
  async ({ customerId }: { customerId: string; limit: number }) => customerId,
);
is<Equal<Parameters<typeof composed>[0], { customerId: string; limit: number }>>();
// @ts-expect-error a field that the body does not have
compose(ledger({ idFrom: ['customerID'] }))(async ({ customerId }: { customerId: string }) => customerId);
// @ts-expect-error compose takes guards, not tools
compose(async () => 1);
// A guard that changes what the caller writes and sees, as a schema does; `compose` checks fields against it.
declare const schema: Guard<
  never,
  { customerId: string; limit: number },
  { id: string },
  { customerId: string; limit?: number },
  { id: string; checked: true }
>;
const checked = compose(
  schema,
  ledger({ idFrom: ['customerId'] }),
)(async ({ customerId, limit }) => ({ id: `${customerId}${limit.toFixed()}` }));
is<Equal<Parameters<typeof checked>[0], { customerId: string; limit?: number }>>();
is<Equal<Awaited<ReturnType<typeof checked>>, { id: string; checked: true }>>();
// @ts-expect-error a field that the schema does not have
compose(schema, ledger({ idFrom: ['customerid'] }));

// An inline `execute:` of the AI SDK gets its input from the schema.
const aiTool = tool({
  description: 'charges',
  inputSchema: z.object({ amount: z.number(), invoiceId: z.string() }),
  execute: ledger({ name: 'charge', idFrom: ['invoiceId'] })(async (input, call) => {
    is<Equal<typeof input, { amount: number; invoiceId: string }>>();
    is<Equal<typeof call, ToolCall>>();
    return input.amount;
  }),
});
const amountOnly = z.object({ amount: z.number() });
const misspelt = ledger({ name: 'charge', idFrom: ['nope'] });
// @ts-expect-error a field that the schema does not have
tool({ inputSchema: amountOnly, execute: misspelt(async (input) => input) });

// Owning the loop.
async function ownLoop(): Promise<string> {
  const actions = new ActionLedger({ store: await openStore('memory:') });
  await using begun = await actions.begin<{ ref: string }>(
    { name: 'wire', effect: 'irreversible' },
    { to: 'bob' },
    { requestId: 'w-1' },
  );
  if (begun.gate === 'RETURN') {
    is<Equal<typeof begun.result, { ref: string }>>();
    return begun.result.ref;
  }
  // @ts-expect-error another value than the call gives
  await begun.complete({ other: 1 });
  const value = await begun.complete({ ref: begun.call.idempotencyKey });
  await actions.release('7f3a', { as: 'completed', result: value, by: 'ada', reason: 'seen at the bank' });
  // @ts-expect-error a completed release needs its result
  await actions.release('7f3a', { as: 'completed', by: 'ada', reason: 'seen at the bank' });
  // @ts-expect-error nobody answers for it
  await actions.retire('7f3a', { reason: 'wrong amount' });
  await actions.close({ drain: '10s' });
  return value.ref;
}

// Ambient.
const ambient = run(
  { threadId: 't', runId: 'r' },
  async (current) => [current.id, await sideEffect(() => 1), idempotencyKey()] as const,
);
is<Equal<Awaited<typeof ambient>, readonly [string, number, string]>>();
// @ts-expect-error a misspelt run option
void run({ thread: 't' }, () => 1);

function refusal(): never {
  throw new NotExecutedError('declined before anything was sent', { llmMessage: 'The card was declined.' });
}

// Everything above is used.
void [paid, manual, second, report, echoed, found, payment, aiTool, ownLoop, ambient, refusal];
