/**
 * What users of a configuration write must compile with full inference, and what is wrong must not: compiled,
 * never run. An unused `@ts-expect-error` is an error, so every refusal below is checked.
 */
import {
  type CallOptions,
  committed,
  compose,
  type InstrumentCode,
  type Instrumented,
  loadConfig,
  loadConfigFromString,
  type Mycelium,
  notExecuted,
  openStore,
  positional,
  type ReconcileQuestion,
  type Report,
  type ToolCall,
  type ToolCode,
  unknown,
  withCall,
} from 'mycelium-runtime';
import { type Equal, type IsAny, is } from './equal.js';

/** How a guarded tool is called. */
type Called<Input> = Parameters<(input: Input, call?: CallOptions) => void>;

const mycelium = await loadConfig('mycelium.yaml');
is<Equal<typeof mycelium, Mycelium>>();
const inText = loadConfigFromString('tools: {}', { folder: '.', name: 'other.yaml', environment: { A: '1' } });
is<Equal<typeof inText, Promise<Mycelium>>>();
// @ts-expect-error a misspelt option
void loadConfigFromString('', { directory: '.' });

// What a store is opened with: each option says which store it is for, and a misspelt one does not compile.
void openStore('redis://h', { prefix: 'a', durability: { replicas: 1 }, profile: 'production', tls: { ca: 'PEM' } });
void openStore('postgres://h/d', { schema: 'a', connections: 2, pooled: true, tls: true, timeoutMs: 100 });
// @ts-expect-error a misspelt option
void openStore('redis://h', { prefx: 'a' });
// @ts-expect-error no number of replicas
void openStore('redis://h', { durability: {} });
// @ts-expect-error a profile that there is not
void openStore('redis://h', { profile: 'prod' });

// An object of functions.
const plain = {
  VERSION: '1' as const,
  async sendPayment({ invoiceId }: { invoiceId: string; amount: number }, call: ToolCall) {
    return { id: invoiceId + call.idempotencyKey };
  },
  async generic<T extends { id: string }>(input: T) {
    return input;
  },
  sync(n: number) {
    return n;
  },
  async none() {
    return 1;
  },
  async optional({ q }: { q: string }, call?: ToolCall) {
    return q + (call?.requestId ?? '');
  },
  async framework({ q }: { q: string }, options?: CallOptions) {
    return q + (options?.toolCallId ?? '');
  },
  withKey({ id }: { id: string }, call: ToolCall): string {
    return id + call.idempotencyKey;
  },
  async onThis(this: { prefix: string }, { id }: { id: string }, _call: ToolCall) {
    return this.prefix + id;
  },
};
const tools = mycelium.instrument(plain, {
  sendPayment: {
    reconcile: async ({ input, idempotencyKey, externalRef, signal }) => {
      is<Equal<typeof input, { invoiceId: string; amount: number }>>();
      is<Equal<typeof idempotencyKey, string>>();
      is<Equal<typeof externalRef, string | undefined>>();
      is<Equal<typeof signal, AbortSignal>>();
      if (input.amount < 0) return unknown('the bank indexes with a delay');
      return input.amount === 0 ? notExecuted('nothing to pay') : committed({ id: input.invoiceId });
    },
    idFrom: (input) => {
      is<Equal<typeof input, { invoiceId: string; amount: number }>>();
      return [input.invoiceId, input.amount];
    },
    fingerprint: ({ invoiceId }) => invoiceId.toUpperCase(),
    notExecuted: (error) => {
      is<Equal<typeof error, unknown>>();
      return error instanceof RangeError;
    },
    encryption: { encrypt: (text) => text, decrypt: async (text, { tool, id, field }) => text + tool + id + field },
    suspends: true,
    ambient: true,
  },
  none: { fingerprint: { omit: ['now'] } },
});
is<Equal<IsAny<typeof tools>, false>>();
is<Equal<keyof typeof tools, keyof typeof plain>>();
is<Equal<Parameters<typeof tools.sendPayment>[0], { invoiceId: string; amount: number }>>();
is<Equal<Parameters<typeof tools.sendPayment>[1], CallOptions | undefined>>();
is<Equal<Awaited<ReturnType<typeof tools.sendPayment>>, { id: string }>>();
is<Equal<typeof tools.VERSION, '1'>>();
is<Equal<typeof tools.sync, (n: number) => number>>();
is<Equal<typeof tools.none, () => Promise<number>>>();
is<Equal<typeof tools.framework, typeof plain.framework>>();
// The guard brings an optional call, too; callers pass what their framework has.
is<Equal<Parameters<typeof tools.optional>, Called<{ q: string }>>>();
// What takes a call is guarded, and so it is a promise.
is<Equal<ReturnType<typeof tools.withKey>, Promise<string>>>();
is<Equal<ThisParameterType<typeof tools.onThis>, { prefix: string }>>();
const generic = tools.generic({ id: 'a', extra: 1 });
is<Equal<Awaited<typeof generic>['extra'], number>>();
const paid = tools.sendPayment({ invoiceId: 'a', amount: 1 });
const ofFramework = tools.sendPayment({ invoiceId: 'a', amount: 1 }, { toolCallId: 'call-1' });
const identified = withCall(tools.sendPayment, { requestId: 'manual-7' })({ invoiceId: 'a', amount: 1 });
is<Equal<typeof identified, Promise<{ id: string }>>>();
// @ts-expect-error the bare one wants its call
void plain.sendPayment({ invoiceId: 'a', amount: 1 });
// @ts-expect-error a missing field of the call
void tools.sendPayment({ invoiceId: 'a' });
// @ts-expect-error no such tool
void tools.sendPaymnet;
// @ts-expect-error nobody puts another function there
tools.sendPayment = plain.sendPayment;

// Where nobody takes a call, it is the same type.
const uncalled = { async search({ q }: { q: string }) { return [q]; }, limit: 5 }; // biome-ignore format: one line
is<Equal<Instrumented<typeof uncalled>, typeof uncalled>>();

// What is code.
// @ts-expect-error no such tool
mycelium.instrument(plain, { nope: {} });
// @ts-expect-error what is no function has no code
mycelium.instrument(plain, { VERSION: {} });
// @ts-expect-error a reconciler that knows another result than the tool returns
mycelium.instrument(plain, { sendPayment: { reconcile: async () => committed({ no: 1 }) } });
// @ts-expect-error a reconciler that returns no verdict
mycelium.instrument(plain, { sendPayment: { reconcile: async () => ({ id: 'a' }) } });
// @ts-expect-error a misspelt option
mycelium.instrument(plain, { sendPayment: { reconsile: async () => unknown('x') } });
// @ts-expect-error what stands in the file
mycelium.instrument(plain, { sendPayment: { lease: '1s' } });
// @ts-expect-error a selector of what the input does not have
mycelium.instrument(plain, { sendPayment: { idFrom: ({ invoice }) => invoice } });
// @ts-expect-error a fingerprint of what the input does not have
mycelium.instrument(plain, { sendPayment: { fingerprint: ({ invoice }) => invoice } });
// @ts-expect-error a verdict on errors is yes or no
mycelium.instrument(plain, { sendPayment: { notExecuted: () => 'no' } });
// @ts-expect-error both ways, or nobody can read it
mycelium.instrument(plain, { sendPayment: { encryption: { encrypt: (text: string) => text } } });
// @ts-expect-error a misspelt option of instrument
mycelium.instrument(plain, {}, { parts: true });
// @ts-expect-error a function is guarded, not instrumented
mycelium.instrument('tools.js');
is<Equal<keyof InstrumentCode<{ pay(input: { id: string }): Promise<string>; n: number; s(): string }>, 'pay'>>();
const inPart = mycelium.instrument({ none: plain.none }, undefined, { partial: true });
is<Equal<Awaited<ReturnType<typeof inPart.none>>, number>>();

// A module namespace.
const namespace = await import('../../src/encoding/duration.js');
const instrumentedNamespace = mycelium.instrument(namespace);
is<Equal<typeof instrumentedNamespace.parseDuration, typeof namespace.parseDuration>>();
const ownNamespace = mycelium.instrument(await import('./config-tools.js'), {
  sendPayment: { reconcile: async ({ input }) => committed({ paid: input.invoiceId }) },
});
is<Equal<Parameters<typeof ownNamespace.sendPayment>, Called<{ invoiceId: string }>>>();
is<Equal<Awaited<ReturnType<typeof ownNamespace.sendPayment>>, { paid: string }>>();
is<Equal<typeof ownNamespace.VERSION, '1'>>();

// A class.
class Payments {
  static readonly currency = 'EUR';
  readonly owner: string;
  #sent = 0;
  constructor(owner: string, limit?: number) {
    this.owner = owner + String(limit);
  }
  static async open({ name }: { name: string }, call: ToolCall): Promise<string> {
    return name + call.requestId;
  }
  get sent(): number {
    return this.#sent;
  }
  async sendPayment({ invoiceId }: { invoiceId: string }, call: ToolCall): Promise<{ id: string }> {
    this.#sent += 1;
    return { id: invoiceId + call.idempotencyKey };
  }
  describe(): string {
    return this.owner;
  }
}
const Guarded = mycelium.instrument(Payments, {
  sendPayment: { reconcile: async ({ input }) => committed({ id: input.invoiceId }) },
  open: { reconcile: async ({ input }) => committed(input.name) },
});
const payments = new Guarded('Ada', 5);
is<Equal<Parameters<typeof payments.sendPayment>, Called<{ invoiceId: string }>>>();
is<Equal<Awaited<ReturnType<typeof payments.sendPayment>>, { id: string }>>();
is<Equal<typeof payments.sent, number>>();
is<Equal<typeof payments.describe, () => string>>();
is<Equal<typeof Guarded.currency, 'EUR'>>();
is<Equal<Parameters<typeof Guarded.open>, Called<{ name: string }>>>();
is<Equal<IsAny<typeof payments>, false>>();
// @ts-expect-error the arguments of the constructor are checked
void new Guarded(5);
// @ts-expect-error another result than the method returns
mycelium.instrument(Payments, { sendPayment: { reconcile: async () => committed(1) } });
// @ts-expect-error no such method
mycelium.instrument(Payments, { nope: {} });
const object = mycelium.instrument(new Payments('Ada'), {
  sendPayment: { idFrom: ({ invoiceId }) => invoiceId },
});
is<Equal<Parameters<typeof object.sendPayment>, Called<{ invoiceId: string }>>>();

// A class whose methods take no call stays itself: its instances go where the class is asked for.
class Private {
  #count = 0;
  async pay({ id }: { id: string }): Promise<string> {
    this.#count += 1;
    return `${id} ${this.#count}`;
  }
}
const GuardedPrivate = mycelium.instrument(Private, { pay: { idFrom: ({ id }) => id } });
is<Equal<typeof GuardedPrivate, typeof Private>>();
const wanted: Private = new GuardedPrivate();
class Extended extends GuardedPrivate {
  override async pay(input: { id: string }): Promise<string> {
    return super.pay(input);
  }
}

// A guard where the function is defined.
const sendPayment = mycelium.guard('send_payment')(async ({ amount }: { invoiceId: string; amount: number }, call) => {
  is<Equal<typeof call, ToolCall>>();
  return { amount, key: call.idempotencyKey };
});
is<Equal<Parameters<typeof sendPayment>[0], { invoiceId: string; amount: number }>>();
is<Equal<Parameters<typeof sendPayment>[1], CallOptions | undefined>>();
is<Equal<Awaited<ReturnType<typeof sendPayment>>, { amount: number; key: string }>>();
is<Equal<IsAny<Parameters<typeof sendPayment>[0]>, false>>();
const echo = mycelium.guard('echo')(async <T extends { id: string }>(input: T) => input);
const echoed = echo({ id: 'a', extra: 1 });
is<Equal<Awaited<typeof echoed>['extra'], number>>();
const settled = mycelium.guard('settled', {
  reconcile: async ({ idempotencyKey }) => committed({ ref: idempotencyKey }),
  idFrom: (input: { transferId: string }) => input.transferId,
})(async ({ transferId }: { transferId: string; iban: string }) => ({ ref: transferId }));
is<Equal<Parameters<typeof settled>[0], { transferId: string; iban: string }>>();
const asked = mycelium.guard('settled', {
  reconcile: async ({ input }: ReconcileQuestion<{ transferId: string }>) => committed({ ref: input.transferId }),
});
const settledByInput = asked(async ({ transferId }: { transferId: string; iban: string }) => ({ ref: transferId }));
is<Equal<Parameters<typeof settledByInput>[0], { transferId: string; iban: string }>>();
// @ts-expect-error the reconciler reads what the input does not have
asked(async (input: { id: string }) => ({ ref: input.id }));
mycelium.guard('settled', {
  reconcile: async ({ input }) => {
    is<Equal<typeof input, unknown>>();
    return unknown('nobody said what the input is');
  },
});
const other = mycelium.guard('settled', { reconcile: async () => committed({ other: 1 }) });
// @ts-expect-error a reconciler that knows another result than the tool returns
other(async (input: { id: string }) => ({ ref: input.id }));
const selecting = mycelium.guard('settled', { idFrom: (input: { transferId: string }) => input.transferId });
// @ts-expect-error the selector wants what the input does not have
selecting(async (input: { id: string }) => input.id);
// @ts-expect-error what stands in the file
mycelium.guard('send_payment', { keyValidFor: '24h' });
const code: ToolCode<[{ id: string }], string> = { reconcile: ({ input }) => committed(input.id) };
const typed = mycelium.guard('typed', code)(async ({ id }: { id: string }) => id);
is<Equal<Parameters<typeof typed>[0], { id: string }>>();

const composed = compose(mycelium.guard('composed'))(async ({ id }: { id: string }) => id.length);
is<Equal<Parameters<typeof composed>[0], { id: string }>>();
const many = positional(mycelium.guard('many', { idFrom: (_amount, account) => account }))(
  async (amount: number, account: string) => `${amount} ${account}`,
);
is<Equal<typeof many, (this: unknown, amount: number, account: string) => Promise<string>>>();
class Decorated {
  readonly prefix = 'found ';
  @mycelium.guard('search')
  async search(input: { q: string }, _call?: ToolCall): Promise<string> {
    return this.prefix + input.q;
  }
}
const found = new Decorated().search({ q: 'x' });
is<Equal<typeof found, Promise<string>>>();

// A run, and the end.
const inRun = mycelium.run({ threadId: 't', runId: 'r', tenant: 'a' }, async (run) => {
  is<Equal<typeof run.id, string>>();
  return run.threadId;
});
is<Equal<typeof inRun, Promise<string | undefined>>>();
// @ts-expect-error a misspelt run option
void mycelium.run({ thread: 't' }, () => 1);
const report: Report = mycelium.report();
is<Equal<(typeof report.guarded)[number]['kind'], 'tool' | 'task'>>();
// @ts-expect-error what is reported is not changed
report.unguarded.push('x');
const closed = mycelium.close({ drain: '10s' });
// @ts-expect-error a misspelt option
void mycelium.close({ wait: 1 });
async function used(): Promise<string | undefined> {
  await using own = await loadConfig();
  return own.file;
}

// Everything above is used.
void [inText, paid, ofFramework, generic, echoed, wanted, Extended, Guarded, object, other, typed];
void [composed, many, found, inRun, closed, used, instrumentedNamespace];
