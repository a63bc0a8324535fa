import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/index.js';
import { failure } from '../../ledger/workers.js';
import { issuesOf, runtime } from './surroundings.js';

const PAYMENT = 'tools: { send_payment: { side_effect_class: irreversible, id_from: [invoice_id] } }';

interface Invoice {
  readonly invoiceId: string;
}

class Account {
  readonly book: string[] = [];
  readonly owner: string;
  #balance: number;

  constructor(owner: string, balance = 100) {
    this.owner = owner;
    this.#balance = balance;
  }

  get balance(): number {
    return this.#balance;
  }

  set balance(value: number) {
    this.#balance = value;
  }

  async describe(): Promise<string> {
    return `${this.owner}: ${this.balance}`;
  }
}

class Payments extends Account {
  static opened = 0;
  static #secret = 'of the class';
  #sent = 0;

  static async openFor(owner: string): Promise<Payments> {
    Payments.opened += 1;
    return new this(owner);
  }

  static secret(): string {
    return Payments.#secret;
  }

  async sendPayment({ invoiceId }: Invoice): Promise<number> {
    this.#sent += 1;
    this.book.push(invoiceId);
    this.balance -= 1;
    return this.#sent;
  }

  async payTwice(invoiceId: string): Promise<number[]> {
    return [await this.sendPayment({ invoiceId }), await this.sendPayment({ invoiceId })];
  }

  override async describe(): Promise<string> {
    return `${await super.describe()}, ${this.#sent} sent`;
  }
}

describe('instrument: a class', () => {
  it('gives a class whose instances pay once, also through `this`', async () => {
    const Guarded = (await runtime(PAYMENT)).instrument(Payments);
    const payments = new Guarded('Ada');
    expect(await payments.sendPayment({ invoiceId: 'inv-1' })).toBe(1);
    expect(await payments.payTwice('inv-1')).toEqual([1, 1]);
    expect(payments.book).toEqual(['inv-1']);
  });

  it('leaves the class itself as it was', async () => {
    const before = Payments.prototype.sendPayment;
    (await runtime(PAYMENT)).instrument(Payments);
    expect(Payments.prototype.sendPayment).toBe(before);
    expect(await new Payments('Ada').payTwice('inv-1')).toEqual([1, 2]);
  });

  it('takes the same arguments, has the same name, and its instances are instances', async () => {
    const Guarded = (await runtime(PAYMENT)).instrument(Payments);
    const payments = new Guarded('Ada', 7);
    expect([payments.owner, payments.balance]).toEqual(['Ada', 7]);
    expect([Guarded.name, payments.constructor]).toEqual(['Payments', Guarded]);
    expect([payments instanceof Guarded, payments instanceof Payments, payments instanceof Account]).toEqual([
      true,
      true,
      true,
    ]);
    expect(Object.keys(payments)).toEqual(Object.keys(new Payments('Ada')));
  });

  it('keeps private fields, accessors, inherited methods, `super` and statics', async () => {
    const mycelium = await runtime(PAYMENT);
    const Guarded = mycelium.instrument(Payments);
    const payments = await Guarded.openFor('Ada');
    expect(payments).toBeInstanceOf(Guarded);
    await payments.sendPayment({ invoiceId: 'inv-1' });
    expect(payments.balance).toBe(99);
    expect(await payments.describe()).toBe('Ada: 99, 1 sent');
    expect(Guarded.secret()).toBe('of the class');
    expect(Guarded.opened).toBe(Payments.opened);
    expect(mycelium.report().unguarded).toEqual(['openFor', 'secret', 'payTwice', 'describe']);
  });

  it('guards methods that are inherited, and static ones with `this`', async () => {
    const mycelium = await runtime(`tools:
  describe: { side_effect_class: irreversible, id_from: [id] }
  charge: { side_effect_class: irreversible, id_from: [id] }`);
    class Base {
      runs = 0;
      static fee = 2;
      async describe({ id }: { id: string }): Promise<string> {
        this.runs += 1;
        return `${id} ${this.runs}`;
      }
      static async charge({ id }: { id: string }): Promise<string> {
        this.fee += 1;
        return `${id} ${this.fee}`;
      }
    }
    class Sub extends Base {}
    const Guarded = mycelium.instrument(Sub);
    const sub = new Guarded();
    expect([await sub.describe({ id: 'a' }), await sub.describe({ id: 'a' })]).toEqual(['a 1', 'a 1']);
    expect([await Guarded.charge({ id: 'a' }), await Guarded.charge({ id: 'a' })]).toEqual(['a 3', 'a 3']);
    expect([Base.fee, Guarded.fee]).toEqual([2, 3]);
  });

  it('can be extended, and an override that calls super is guarded below', async () => {
    const Guarded = (await runtime(PAYMENT)).instrument(Payments);
    class Logged extends Guarded {
      calls = 0;
      override sendPayment(input: Invoice): Promise<number> {
        this.calls += 1;
        return super.sendPayment(input);
      }
    }
    const logged = new Logged('Ada');
    expect(await logged.payTwice('inv-1')).toEqual([1, 1]);
    expect([logged.calls, logged.book]).toEqual([2, ['inv-1']]);
  });

  it('refuses an object in which something stands in front of a guarded method', async () => {
    class Fields {
      sendPayment = async (_: { invoiceId: string }): Promise<number> => 1;
    }
    class Shadowed extends Fields {}
    Object.defineProperty(Shadowed.prototype, 'sendPayment', { value: async () => 2, configurable: true });
    class Other {
      constructor() {
        // biome-ignore lint/correctness/noConstructorReturn: what some classes do
        return new Fields() as unknown as Other;
      }
      async sendPayment(_: { invoiceId: string }): Promise<number> {
        return 3;
      }
    }
    for (const Tools of [Shadowed, Other]) {
      const Guarded = (await runtime(PAYMENT)).instrument(Tools);
      expect(() => new Guarded()).toThrow('so its guard would not be in the way');
    }
  });

  it('takes a static member for what it is, whatever it is called', async () => {
    class Named {
      static override(): string {
        return 'of the class';
      }
      async sendPayment(_: { invoiceId: string }): Promise<number> {
        return 1;
      }
    }
    Object.defineProperty(Named, 'name', { value: () => '(', configurable: true });
    const mycelium = await runtime(PAYMENT);
    const Guarded = mycelium.instrument(Named);
    expect(await new Guarded().sendPayment({ invoiceId: 'inv-1' })).toBe(1);
    expect(Guarded.override()).toBe('of the class');
    expect((Guarded.name as unknown as () => string)()).toBe('(');
  });

  it('warns of a class that makes objects of itself by name, which are bare', async () => {
    class Maker {
      static make(): Maker {
        return new Maker();
      }
      async sendPayment(_: { invoiceId: string }): Promise<number> {
        return 1;
      }
    }
    const mycelium = await runtime(PAYMENT);
    mycelium.instrument(Maker);
    expect(mycelium.report().warnings.filter(({ id }) => id === 'MYC551')).toMatchObject([
      { problem: 'Maker makes objects of itself by name, whose send_payment is bare' },
    ]);
  });

  it('guards a method that the constructor binds', async () => {
    class Bound {
      book: string[] = [];
      constructor() {
        this.sendPayment = this.sendPayment.bind(this);
      }
      async sendPayment({ invoiceId }: Invoice): Promise<string> {
        this.book.push(invoiceId);
        return invoiceId;
      }
    }
    const Guarded = (await runtime(PAYMENT)).instrument(Bound);
    const bound = new Guarded();
    const { sendPayment } = bound;
    await sendPayment({ invoiceId: 'inv-1' });
    await sendPayment({ invoiceId: 'inv-1' });
    expect(bound.book).toEqual(['inv-1']);
  });

  it('is told apart from its instances: a function in a field is not there yet', async () => {
    class Fields {
      sendPayment = async ({ invoiceId }: Invoice): Promise<string> => invoiceId;
    }
    const mycelium = await runtime(PAYMENT);
    expect(issuesOf(() => mycelium.instrument(Fields))).toMatchObject([{ id: 'MYC504' }]);
    const tools = mycelium.instrument(new Fields());
    expect(await tools.sendPayment({ invoiceId: 'a' })).toBe('a');
  });

  it('refuses a name that is static and not', async () => {
    class Twice {
      static async sendPayment(input: Invoice): Promise<string> {
        return input.invoiceId;
      }
      async sendPayment(input: Invoice): Promise<string> {
        return input.invoiceId;
      }
    }
    const mycelium = await runtime(PAYMENT);
    expect(issuesOf(() => mycelium.instrument(Twice))).toMatchObject([
      { id: 'MYC506', problem: 'sendPayment is a static method and a method' },
    ]);
  });

  it('takes what a compiler makes of a class', async () => {
    const Old = new Function(`
      function Payments(owner) { this.owner = owner; this.book = []; }
      Payments.prototype.sendPayment = function (input) {
        this.book.push(input.invoiceId);
        return Promise.resolve(this.owner);
      };
      return Payments;
    `)() as new (
      owner: string,
    ) => { book: string[]; sendPayment(input: Invoice): Promise<string> };
    const Guarded = (await runtime(PAYMENT)).instrument(Old);
    const payments = new Guarded('Ada');
    expect([
      await payments.sendPayment({ invoiceId: 'a' }),
      await payments.sendPayment({ invoiceId: 'a' }),
      payments.book,
    ]).toEqual(['Ada', 'Ada', ['a']]);
  });
});

describe('instrument: an object of a class', () => {
  it('gets the guarded methods itself, so that calls through `this` pay once', async () => {
    const payments = new Payments('Ada');
    const tools = (await runtime(PAYMENT)).instrument(payments);
    expect(tools).toBe(payments);
    expect(await tools.payTwice('inv-1')).toEqual([1, 1]);
    expect(await tools.describe()).toBe('Ada: 99, 1 sent');
    expect(payments.book).toEqual(['inv-1']);
    expect(Object.keys(payments)).toEqual(Object.keys(new Payments('Ada')));
    expect(Payments.prototype.sendPayment).not.toBe(tools.sendPayment);
  });

  it('keeps a function in a field as visible as it was', async () => {
    class Fields {
      before = 1;
      sendPayment = async ({ invoiceId }: Invoice): Promise<string> => invoiceId;
      after = 2;
    }
    const tools = (await runtime(PAYMENT)).instrument(new Fields());
    expect(Object.keys(tools)).toEqual(['before', 'sendPayment', 'after']);
    expect(await tools.sendPayment({ invoiceId: 'a' })).toBe('a');
  });

  it('is guarded once by a runtime, however often it is instrumented', async () => {
    const mycelium = await runtime(PAYMENT);
    const payments = new Payments('Ada');
    const { sendPayment } = mycelium.instrument(payments);
    for (let request = 0; request < 100; request += 1)
      expect(mycelium.instrument(payments).sendPayment).toBe(sendPayment);
    expect(await payments.payTwice('inv-1')).toEqual([1, 1]);
  });

  it('is refused by a second runtime, whose guard would stand around the first', async () => {
    const payments = new Payments('Ada');
    (await runtime(PAYMENT)).instrument(payments);
    const other = await runtime(PAYMENT);
    expect(issuesOf(() => other.instrument(payments))).toMatchObject([
      { id: 'MYC507', problem: 'sendPayment is guarded in code already' },
    ]);
    expect(await payments.payTwice('inv-1')).toEqual([1, 1]);
  });

  it.each([
    ['frozen', Object.freeze],
    ['sealed', Object.seal],
    ['closed for more', Object.preventExtensions],
  ])('is refused when it is %s, and says what to do', async (_, close) => {
    const mycelium = await runtime(PAYMENT);
    const error = await failure((async () => mycelium.instrument(close(new Payments('Ada')) as Payments))());
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain('a frozen object of a class, which cannot get guarded methods');
    expect(error.message).toContain('a class');
    expect(mycelium.report().guarded).toEqual([]);
  });

  it('is refused with nothing half done when one of its methods cannot be replaced', async () => {
    const mycelium = await runtime(`tools:
  first: { side_effect_class: read, ledger: true }
  fixed: { side_effect_class: read, ledger: true }`);
    class Tools {
      async first(): Promise<number> {
        return 1;
      }
    }
    const tools = Object.defineProperty(new Tools(), 'fixed', { value: async () => 2 });
    expect(issuesOf(() => mycelium.instrument(tools))).toMatchObject([
      { id: 'MYC506', problem: 'fixed cannot be replaced on this object' },
    ]);
    expect(Object.hasOwn(tools, 'first')).toBe(false);
    expect(mycelium.report().guarded).toEqual([]);
  });

  it('does not run getters, and takes the nearest of a name', async () => {
    class Base {
      async sendPayment(_: Invoice): Promise<string> {
        return 'base';
      }
    }
    const shadowed = Object.defineProperty(new Base(), 'sendPayment', {
      get: () => {
        throw new Error('a getter was run');
      },
      configurable: true,
    });
    const mycelium = await runtime(PAYMENT);
    expect(issuesOf(() => mycelium.instrument(shadowed))).toMatchObject([
      { id: 'MYC506', problem: expect.stringContaining('sendPayment is a getter') },
    ]);
  });
});
