import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  compose,
  IdentityMissingError,
  inspectCall,
  ledger,
  loadConfig,
  positional,
  type ToolCall,
  UsageError,
} from '../../../src/index.js';
import { failure } from '../../ledger/workers.js';
import { folder, issuesOf, refusal, runtime } from './surroundings.js';

const PAYMENT = `tools:
  send_payment: { side_effect_class: irreversible, id_from: [invoice_id] }
  search: { side_effect_class: read, ledger: true }
  pay: { side_effect_class: irreversible, ledger: true }
  free: { ledger: false }
tasks:
  process: { id_from: [invoice_id] }`;

describe('mycelium.guard', () => {
  it('guards a function under the name of the file', async () => {
    const mycelium = await runtime(PAYMENT);
    const book: string[] = [];
    const sendPayment = mycelium.guard('send_payment')(async ({ invoiceId }: { invoiceId: string }, call) => {
      book.push(`${invoiceId} ${call.requestId} ${call.attempt}`);
      return book.length;
    });
    expect([await sendPayment({ invoiceId: 'inv-1' }), await sendPayment({ invoiceId: 'inv-1' })]).toEqual([1, 1]);
    expect(book).toEqual(['inv-1 inv-1 1']);
    expect(sendPayment.name).toBe('send_payment');
    expect(await inspectCall(sendPayment, { invoiceId: 'inv-1' })).toEqual({
      value: 1,
      replayed: true,
      requestId: 'inv-1',
    });
  });

  it('decorates methods, static ones too, under the name of the file', async () => {
    const mycelium = await runtime(PAYMENT);
    class Tools {
      static fee = 1;
      runs = 0;
      #prefix = 'paid';
      @mycelium.guard('send_payment')
      async sendPayment({ invoiceId }: { invoiceId: string }, _call?: ToolCall): Promise<string> {
        this.runs += 1;
        return `${this.#prefix} ${invoiceId}`;
      }
      @mycelium.guard('pay')
      static async pay({ id }: { id: string }): Promise<string> {
        return `${id} ${this.fee}`;
      }
      async twice(invoiceId: string): Promise<string> {
        return (await this.sendPayment({ invoiceId })) + (await this.sendPayment({ invoiceId }));
      }
    }
    const tools = new Tools();
    expect(await tools.twice('a')).toBe('paid apaid a');
    expect(tools.runs).toBe(1);
    expect(await Tools.pay({ id: 'b' })).toBe('b 1');
    const { calls } = await (await mycelium.ledger()).list();
    expect(calls.map(({ tool }) => tool).sort()).toEqual(['pay', 'send_payment']);
    // Instrumenting the class takes them as they are, and the file has more tools than this class.
    const Guarded = mycelium.instrument(Tools, {}, { partial: true });
    expect(Object.hasOwn(Guarded, 'pay')).toBe(false);
    expect(await new Guarded().twice('a')).toBe('paid apaid a');
    expect(mycelium.report().missing).toEqual(['search', 'free', 'process']);
  });

  it('stands in compose, and refuses a second ledger beside it', async () => {
    const mycelium = await runtime(PAYMENT);
    let runs = 0;
    const composed = compose(mycelium.guard('send_payment'))(async (_: { invoiceId: string }) => {
      runs += 1;
    });
    await composed({ invoiceId: 'a' });
    await composed({ invoiceId: 'a' });
    expect(runs).toBe(1);
    expect(() => compose(mycelium.guard('send_payment'), ledger({ name: 'send_payment' }))).toThrow(UsageError);
    expect(() => mycelium.guard('search')(composed)).toThrow(/guarded already/);
    expect(mycelium.instrument({ sendPayment: composed }, {}, { partial: true }).sendPayment).toBe(composed);
  });

  it('guards positional functions with a selector, and refuses fields for them', async () => {
    const mycelium = await runtime(PAYMENT);
    const book: unknown[] = [];
    const pay = positional(mycelium.guard('pay', { idFrom: (_amount, account) => account }))(
      async (amount: number, account: string) => book.push([amount, account]),
    );
    expect([await pay(5, 'acc-1'), await pay(5, 'acc-1'), await pay(5, 'acc-2')]).toEqual([1, 1, 2]);
    expect(book).toEqual([
      [5, 'acc-1'],
      [5, 'acc-2'],
    ]);
    expect(() => positional(mycelium.guard('send_payment'))(async (amount: number) => amount)).toThrow(
      'names fields, and a positional tool has none',
    );
  });

  it('guards a task, whose tools are replayed when it is run again', async () => {
    const mycelium = await runtime(PAYMENT);
    const book: string[] = [];
    const sendPayment = mycelium.guard('send_payment')(async ({ invoiceId }: { invoiceId: string }) => {
      book.push(invoiceId);
    });
    let attempts = 0;
    const process = mycelium.guard('process')(async ({ invoice_id: invoiceId }: { invoice_id: string }) => {
      await sendPayment({ invoiceId });
      attempts += 1;
      if (attempts === 1) throw new Error('the mail server is away');
      return attempts;
    });
    await expect(process({ invoice_id: 'a' })).rejects.toThrow('the mail server is away');
    expect([await process({ invoice_id: 'a' }), await process({ invoice_id: 'a' })]).toEqual([2, 2]);
    expect(book).toEqual(['a']);
    const { calls } = await (await mycelium.ledger('process')).list({ kind: 'task' });
    expect(calls).toMatchObject([{ kind: 'task', tool: 'process', effect: 'idempotent_mutate', attempts: 2 }]);
  });

  it('passes the function itself through when nothing records it', async () => {
    const mycelium = await runtime(PAYMENT);
    const search = async ({ q }: { q: string }): Promise<string> => q;
    expect(mycelium.guard('free')(search)).toBe(search);
    expect(mycelium.report()).toMatchObject({ guarded: [], unguarded: ['free'] });
    expect(issuesOf(() => mycelium.guard('free', { suspends: true }))).toMatchObject([{ id: 'MYC502', line: 6 }]);
  });

  it('refuses a name that the file does not have, and says what was probably meant', async () => {
    const mycelium = await runtime(PAYMENT);
    const error = refusal(() => mycelium.guard('send_paymnet'));
    expect(error.issues).toMatchObject([
      { id: 'MYC501', problem: 'there is no tool or task send_paymnet', suggestion: 'send_payment' },
    ]);
    expect(error.message).toContain('did you mean send_payment?');
    expect(issuesOf(() => mycelium.guard('sendPayment'))).toMatchObject([{ suggestion: 'send_payment' }]);
    const [issue] = issuesOf(() => mycelium.guard('weather'));
    expect(issue).not.toHaveProperty('suggestion');
    expect(issue?.remedy).toBe('Add it to mycelium.yaml: tools.weather.');
    expect(issuesOf(() => mycelium.guard('constructor'))).toMatchObject([{ id: 'MYC501' }]);
    expect(await failure(mycelium.ledger('weather'))).toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('says that there is no file where there is none', async () => {
    const at = await folder();
    const before = process.cwd();
    process.chdir(at);
    try {
      const mycelium = await loadConfig();
      expect(mycelium.file).toBe(undefined);
      expect(issuesOf(() => mycelium.guard('send_payment'))).toMatchObject([
        {
          id: 'MYC501',
          problem: expect.stringMatching(/^there is no mycelium.yaml in \/.*, and so no tool send_payment$/),
          remedy: expect.stringContaining('init'),
        },
      ]);
      // What is guarded in code is recorded under ./.mycelium, from the first call on.
      const pay = ledger({ name: 'pay', effect: 'irreversible', idFrom: ['id'] })(async ({ id }: { id: string }) => id);
      expect(existsSync(join(at, '.mycelium'))).toBe(false);
      await mycelium.run({ threadId: 't' }, () => pay({ id: 'a' }));
      expect(existsSync(join(at, '.mycelium'))).toBe(true);
      expect((await (await mycelium.ledger()).list()).calls).toMatchObject([{ tool: 'pay', requestId: 'a' }]);
      const tools = { search: async () => 1 };
      expect(mycelium.instrument(tools, {}, { partial: true })).toEqual(tools);
      expect(mycelium.report()).toMatchObject({ guarded: [], unguarded: ['search'], missing: [] });
      await mycelium.close();
    } finally {
      process.chdir(before);
    }
  });

  it('refuses what is no function, and what has a guard', async () => {
    const mycelium = await runtime(PAYMENT);
    const guard = mycelium.guard('send_payment') as unknown as (tool: unknown) => unknown;
    for (const tool of [null, 'pay', {}, function* pay() {}]) expect(() => guard(tool)).toThrow(UsageError);
    expect(mycelium.report().guarded).toEqual([]);
  });
});

describe('id_from', () => {
  const tool = async (idFrom: string) => {
    const mycelium = await runtime(`tools: { pay: { side_effect_class: irreversible, id_from: ${idFrom} } }`);
    let runs = 0;
    const pay = mycelium.guard('pay')(async (_: Readonly<Record<string, unknown>>) => {
      runs += 1;
      return runs;
    });
    const ids = async (): Promise<string[]> =>
      (await (await mycelium.ledger()).list()).calls.map(({ requestId }) => requestId);
    return { pay, ids };
  };

  it.each([
    ['[invoice_id]', { invoice_id: 'a' }],
    ['[invoice_id]', { invoiceId: 'a' }],
    ['[invoiceId]', { invoiceId: 'a' }],
    ['[id]', { id: 'a' }],
    ['[_row_id]', { _rowId: 'a' }],
  ])('%s finds %o', async (idFrom, input) => {
    const { pay, ids } = await tool(idFrom);
    expect([await pay(input), await pay(input)]).toEqual([1, 1]);
    expect(await ids()).toEqual(['a']);
  });

  it('refuses both spellings, and neither', async () => {
    const { pay, ids } = await tool('[invoice_id]');
    const both = await failure(pay({ invoice_id: 'a', invoiceId: 'a' }));
    expect(both).toBeInstanceOf(IdentityMissingError);
    expect(both.message).toContain('the input has both invoice_id and invoiceId');
    for (const input of [{}, { invoiceID: 'a' }, { invoiceId: undefined }, { nested: { invoiceId: 'a' } }]) {
      const neither = await failure(pay(input));
      expect(neither).toMatchObject({ code: 'IDENTITY_MISSING', details: { field: 'invoice_id (or invoiceId)' } });
    }
    for (const input of [{ invoiceId: null }, { invoiceId: ' ' }, { invoiceId: Number.NaN }])
      expect(await failure(pay(input))).toMatchObject({ code: 'IDENTITY_MISSING' });
    for (const input of [null, 'inv-1', undefined])
      expect(await failure(pay(input as never))).toMatchObject({ code: 'IDENTITY_MISSING' });
    expect(await ids()).toEqual([]);
  });

  it('takes the spelling that has a value', async () => {
    const { pay } = await tool('[invoice_id]');
    expect(await pay({ invoice_id: undefined, invoiceId: 'a' })).toBe(1);
  });

  it('identifies by several fields, by numbers, dates, and by what is nested', async () => {
    const { pay, ids } = await tool('[order, line_number]');
    const calls = [
      { order: 'a', lineNumber: 1 },
      { order: 'a', lineNumber: 2 },
      { order: { id: 'a', at: new Date(0) }, lineNumber: 1 },
      { order: ['a', 'b'], lineNumber: 1n },
    ];
    for (const [index, input] of calls.entries()) {
      expect(await pay(input)).toBe(index + 1);
      expect(await pay(structuredClone(input))).toBe(index + 1);
    }
    expect(await ids()).toHaveLength(4);
  });

  it('tells a list from its elements', async () => {
    const { pay } = await tool('[to]');
    expect([await pay({ to: ['a'] }), await pay({ to: 'a' }), await pay({ to: ['a', 'b'] })]).toEqual([1, 2, 3]);
    expect(await pay({ to: ['a'] })).toBe(1);
  });

  it('re-opens nothing when the file is rewritten in the other spelling', async () => {
    const at = await folder();
    let runs = 0;
    for (const spelling of ['invoice_id', 'invoiceId']) {
      const mycelium = await runtime(
        `action_ledger: { storage: file }\ntools: { pay: { side_effect_class: irreversible, id_from: [${spelling}] } }`,
        at,
      );
      const pay = mycelium.guard('pay')(async (_: { invoiceId: string }) => {
        runs += 1;
        return runs;
      });
      expect(await pay({ invoiceId: 'inv-1' })).toBe(1);
      await mycelium.close();
    }
  });
});
