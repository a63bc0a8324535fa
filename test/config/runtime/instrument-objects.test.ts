import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ledger, type ToolCall, UsageError, withCall } from '../../../src/index.js';
import { failure } from '../../ledger/workers.js';
import { runtime } from './surroundings.js';

const PAYMENT = 'tools: { send_payment: { side_effect_class: irreversible, id_from: [invoice_id] } }';

/** A tool that counts its effects. */
function payments() {
  const book: string[] = [];
  return {
    book,
    sendPayment: async ({ invoiceId }: { invoiceId: string; amount: number }) => {
      book.push(invoiceId);
      return { paid: invoiceId };
    },
  };
}

describe('instrument: a plain object', () => {
  it('guards what the file names, and pays once', async () => {
    const mycelium = await runtime(PAYMENT);
    const { book, sendPayment } = payments();
    const tools = mycelium.instrument({ sendPayment });
    expect(await tools.sendPayment({ invoiceId: 'inv-1', amount: 5 })).toEqual({ paid: 'inv-1' });
    expect(await tools.sendPayment({ invoiceId: 'inv-1', amount: 5 })).toEqual({ paid: 'inv-1' });
    expect(book).toEqual(['inv-1']);
    expect((await (await mycelium.ledger('send_payment')).list()).calls).toMatchObject([
      { tool: 'send_payment', requestId: 'inv-1', phase: 'committed', effect: 'irreversible' },
    ]);
  });

  it('leaves the original as it was', async () => {
    const mycelium = await runtime(PAYMENT);
    const { book, sendPayment } = payments();
    const original = { sendPayment };
    const tools = mycelium.instrument(original);
    expect(original.sendPayment).toBe(sendPayment);
    expect(tools).not.toBe(original);
    await original.sendPayment({ invoiceId: 'inv-1', amount: 5 });
    await original.sendPayment({ invoiceId: 'inv-1', amount: 5 });
    expect(book).toHaveLength(2);
  });

  it('hands the body its call, and passes on what a framework gives', async () => {
    const mycelium = await runtime(PAYMENT);
    const tools = mycelium.instrument({
      async sendPayment({ invoiceId }: { invoiceId: string }, call: ToolCall & { extra?: string }) {
        return [invoiceId, call.requestId, call.idempotencyKey.slice(0, 4), call.toolCallId, call.extra];
      },
    });
    const options = { toolCallId: 'call-1', extra: 'of the framework' };
    expect(await tools.sendPayment({ invoiceId: 'inv-1' }, options)).toEqual([
      'inv-1',
      'inv-1',
      'myc_',
      'call-1',
      'of the framework',
    ]);
    expect(options).toEqual({ toolCallId: 'call-1', extra: 'of the framework' });
  });

  it('works with withCall', async () => {
    const mycelium = await runtime(PAYMENT);
    const { book, sendPayment } = payments();
    const tools = mycelium.instrument({ sendPayment });
    const again = withCall(tools.sendPayment, { occurrence: 2 });
    await tools.sendPayment({ invoiceId: 'inv-1', amount: 5 });
    await again({ invoiceId: 'inv-1', amount: 5 });
    await again({ invoiceId: 'inv-1', amount: 5 });
    expect(book).toEqual(['inv-1', 'inv-1']);
  });

  it('keeps `this`, so that calls through it are guarded, too', async () => {
    const mycelium = await runtime(PAYMENT);
    const book: string[] = [];
    const tools = mycelium.instrument({
      currency: 'EUR',
      async sendPayment({ invoiceId }: { invoiceId: string }) {
        book.push(`${invoiceId} ${this.currency}`);
        return book.length;
      },
      async payTwice(invoiceId: string): Promise<number[]> {
        return [await this.sendPayment({ invoiceId }), await this.sendPayment({ invoiceId })];
      },
    });
    expect(await tools.payTwice('inv-1')).toEqual([1, 1]);
    expect(book).toEqual(['inv-1 EUR']);
  });

  it('keeps what is written on a function', async () => {
    const mycelium = await runtime(PAYMENT);
    const described = Object.assign(async (input: { invoice_id: string }) => input.invoice_id, {
      description: 'pays',
      schema: { type: 'object' },
    });
    const tools = mycelium.instrument({ send_payment: described });
    expect(tools.send_payment.description).toBe('pays');
    expect(tools.send_payment.schema).toBe(described.schema);
    expect(await tools.send_payment({ invoice_id: 'inv-1' })).toBe('inv-1');
  });

  it('leaves no way around the guard on the function itself', async () => {
    const mycelium = await runtime(PAYMENT);
    const { book, sendPayment } = payments();
    const callable = Object.assign(sendPayment, { invoke: sendPayment });
    const tools = mycelium.instrument({ sendPayment: callable });
    await tools.sendPayment({ invoiceId: 'inv-1', amount: 5 });
    await tools.sendPayment.invoke({ invoiceId: 'inv-1', amount: 5 });
    expect(book).toEqual(['inv-1']);
  });

  it('leaves the name that the guarded tool has', async () => {
    const mycelium = await runtime(PAYMENT);
    const named = async (input: { invoice_id: string }): Promise<string> => input.invoice_id;
    Object.defineProperty(named, 'name', { value: 'other', enumerable: true });
    expect(mycelium.instrument({ send_payment: named }).send_payment.name).toBe('send_payment');
  });

  it('refuses a function, and a list: neither has tools under names', async () => {
    const mycelium = await runtime(PAYMENT);
    async function sendPayment(): Promise<void> {}
    function plain(): void {}
    for (const tools of [sendPayment, plain, () => 1, [sendPayment], new Map([['sendPayment', sendPayment]])])
      expect(() => mycelium.instrument(tools, {}, { partial: true })).toThrow('mycelium.guard(name)(fn)');
  });

  it('does not call what is guarded in code unguarded, though the file leaves it alone', async () => {
    const mycelium = await runtime('tools: { send_payment: { ledger: false } }');
    const sendPayment = ledger({ name: 'send_payment', effect: 'irreversible' })(async (_: { id: string }) => 1);
    mycelium.instrument({ sendPayment });
    expect(mycelium.report()).toMatchObject({ guarded: [], unguarded: [], missing: [] });
  });

  it('tells of the methods of a class, and not of all it inherits', async () => {
    class Tools extends EventEmitter {
      async sendPayment(_: { invoice_id: string }): Promise<number> {
        return 1;
      }
      async search(): Promise<number> {
        return 2;
      }
    }
    const mycelium = await runtime(PAYMENT);
    mycelium.instrument(new Tools());
    mycelium.instrument(Tools);
    expect(mycelium.report().unguarded).toEqual(['search']);
  });

  it('gives two runtimes each their own, of the same object', async () => {
    const { book, sendPayment } = payments();
    const original = { sendPayment };
    const [one, other] = [await runtime(PAYMENT), await runtime(PAYMENT)];
    const [first, second] = [one.instrument(original), other.instrument(original)];
    for (const tools of [first, second, first, second]) await tools.sendPayment({ invoiceId: 'inv-1', amount: 5 });
    expect(book).toEqual(['inv-1', 'inv-1']);
    for (const mycelium of [one, other]) expect((await (await mycelium.ledger()).list()).calls).toHaveLength(1);
  });

  it('is the same tool however often it is instrumented, and nothing grows', async () => {
    const mycelium = await runtime(PAYMENT);
    const { book, sendPayment } = payments();
    const helper = (): number => 1;
    for (let request = 0; request < 500; request += 1) {
      const tools = mycelium.instrument({ sendPayment, helper });
      if (request % 100 === 0) await tools.sendPayment({ invoiceId: 'inv-1', amount: 5 });
    }
    expect(book).toEqual(['inv-1']);
    const report = mycelium.report();
    expect(report.guarded).toHaveLength(1);
    expect(report.unguarded).toEqual(['helper']);
  });

  it('leaves what it guarded itself as it is', async () => {
    const mycelium = await runtime(PAYMENT);
    const { book, sendPayment } = payments();
    const once = mycelium.instrument({ sendPayment });
    const twice = mycelium.instrument(once);
    expect(twice.sendPayment).toBe(once.sendPayment);
    await twice.sendPayment({ invoiceId: 'inv-1', amount: 5 });
    await once.sendPayment({ invoiceId: 'inv-1', amount: 5 });
    expect(book).toHaveLength(1);
  });

  it('takes no tools, where the file has none', async () => {
    const mycelium = await runtime('');
    expect(mycelium.instrument({}, {}, { partial: true })).toEqual({});
    expect(mycelium.instrument({ a: 1 }, {}, { partial: true })).toEqual({ a: 1 });
  });
});

describe('instrument: the same shape', () => {
  it('keeps the order of keys, symbols, and every descriptor', async () => {
    const mycelium = await runtime(PAYMENT);
    const mark = Symbol('mark');
    let read = 0;
    const original = Object.defineProperties({} as { sendPayment(input: { invoiceId: string }): Promise<string> }, {
      zebra: { value: 1, enumerable: true, writable: true, configurable: true },
      sendPayment: { value: async () => 'paid', enumerable: false, writable: false, configurable: true },
      hidden: { value: 2, enumerable: false, writable: false, configurable: false },
      computed: {
        get: () => {
          read += 1;
          return read;
        },
        enumerable: true,
        configurable: true,
      },
      [mark]: { value: async () => 'of a symbol', enumerable: true, writable: true, configurable: true },
      alpha: { value: null, enumerable: true, writable: true, configurable: true },
    });
    const tools = mycelium.instrument(original);
    expect(read).toBe(0);
    expect(Reflect.ownKeys(tools)).toEqual(Reflect.ownKeys(original));
    const { sendPayment: before, ...rest } = Object.getOwnPropertyDescriptors(original);
    const { sendPayment: after, ...same } = Object.getOwnPropertyDescriptors(tools);
    expect(same).toEqual(rest);
    expect(after).toEqual({ ...before, value: tools.sendPayment });
    expect(Reflect.get(tools, mark)).toBe(Reflect.get(original, mark));
    expect([Reflect.get(tools, 'computed'), Reflect.get(tools, 'computed')]).toEqual([1, 2]);
  });

  it.each([
    ['plain', {}, Object.prototype],
    ['without a prototype', Object.create(null), null],
  ])('keeps the prototype of an object that is %s', async (_, empty, prototype) => {
    const mycelium = await runtime(PAYMENT);
    const tools = mycelium.instrument(Object.assign(empty as object, { sendPayment: async () => 'paid' }));
    expect(Object.getPrototypeOf(tools)).toBe(prototype);
  });

  it('guards a frozen object, and freezes what it gives', async () => {
    const mycelium = await runtime(PAYMENT);
    const { book, sendPayment } = payments();
    const original = Object.freeze({ sendPayment, other: { deep: 1 } });
    const tools = mycelium.instrument(original);
    await tools.sendPayment({ invoiceId: 'inv-1', amount: 5 });
    await tools.sendPayment({ invoiceId: 'inv-1', amount: 5 });
    expect(book).toHaveLength(1);
    expect(Object.isFrozen(tools)).toBe(true);
    expect(tools.other).toBe(original.other);
  });

  it.each([['sealed'], ['closed for more']] as const)('keeps an object %s', async (how) => {
    const mycelium = await runtime(PAYMENT);
    const original = { sendPayment: async (_: { invoiceId: string }) => 'paid' };
    const tools = mycelium.instrument(how === 'sealed' ? Object.seal(original) : Object.preventExtensions(original));
    expect([Object.isSealed(tools), Object.isExtensible(tools)]).toEqual([how === 'sealed', false]);
    expect(await tools.sendPayment({ invoiceId: 'a' })).toBe('paid');
  });

  it('passes everything that is no function', async () => {
    const mycelium = await runtime(PAYMENT);
    const values = {
      text: 'a',
      count: 1,
      nothing: null,
      missing: undefined,
      list: [1],
      nested: { execute: async () => 1 },
      when: new Date(0),
      TheClass: class {},
    };
    const tools = mycelium.instrument({ ...values, sendPayment: async () => 'paid' });
    // Functions further inside are not looked for by name, and are not guarded.
    for (const [name, value] of Object.entries(values)) expect(Reflect.get(tools, name)).toBe(value);
    expect(mycelium.report().unguarded).toEqual(['nested.*']);
  });
});

describe('instrument: names', () => {
  it.each([
    ['send_payment', 'send_payment'],
    ['send_payment', 'sendPayment'],
    ['sendPayment', 'sendPayment'],
    ['fetch', 'fetch'],
    ['"gmail.send"', 'gmail.send'],
    ['_private_tool', '_privateTool'],
    ['zahlung_öffnen', 'zahlungÖffnen'],
    ['to_string', 'toString'],
    ['valueOf', 'valueOf'],
  ])('finds %s as %s', async (name, key) => {
    const mycelium = await runtime(`tools: { ${name}: { side_effect_class: read, ledger: true } }`);
    const durable = name.replaceAll('"', '');
    const tools = mycelium.instrument({ [key]: async (_: { a: number }) => 'found' } as Record<
      string,
      (input: { a: number }) => Promise<string>
    >);
    expect(await tools[key]?.({ a: 1 })).toBe('found');
    expect((await (await mycelium.ledger()).list()).calls).toMatchObject([{ tool: durable }]);
  });

  it('does not find what is spelt otherwise', async () => {
    const mycelium = await runtime(PAYMENT);
    for (const key of ['SendPayment', 'sendpayment', 'send-payment', 'SEND_PAYMENT'])
      expect(() => mycelium.instrument({ [key]: async () => 1 })).toThrow(`did you mean ${key}?`);
  });
});

describe('instrument: what is no shape', () => {
  it.each([
    ['null', null, 'got null'],
    ['undefined', undefined, 'got undefined'],
    ['a text', 'tools.js', 'got a text'],
    ['a number', 5, 'got a number'],
    ['an arrow function', async () => 1, 'got a function'],
  ])('refuses %s', async (_, tools, problem) => {
    const mycelium = await runtime(PAYMENT);
    const error = await failure((async () => mycelium.instrument(tools as unknown as object))());
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(problem);
    expect(error.message).toContain('mycelium.guard(name)(fn)');
  });
});
