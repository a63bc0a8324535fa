import diagnostics_channel from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import type { Mycelium } from '../../../src/index.js';
import { imported, runtime } from './surroundings.js';

const CONFIG = `
tools: { send_payment: { side_effect_class: non_idempotent_mutate, id_from: [invoice_id] } }
tasks: { process_invoice: { ledger: true } }
`;

interface Tools {
  readonly book: string[];
  sendPayment(input: { invoiceId: string }): Promise<string>;
  processInvoice(input: { invoiceId: string; attempt: number }): Promise<string>;
}

/** The task fails once behind its payment, as when a worker is lost there, and is run again. */
async function twice(process: (attempt: number) => Promise<string>): Promise<string> {
  await expect(process(1)).rejects.toThrow('lost behind the payment');
  return process(2);
}

const PAY = `async ({ invoiceId }) => { book.push(invoiceId); return 'paid ' + invoiceId; }`;

function bareCalls(mycelium: Mycelium): string[] {
  return mycelium.report().warnings.flatMap(({ id, problem }) => (id === 'MYC551' ? [problem] : []));
}

describe('a task that calls a tool of its own module', () => {
  it('calls the bare tool when the module is guarded from outside, and pays twice', async () => {
    const module = await imported<Tools>({
      'tools.mjs': `
        export const book = [];
        export const sendPayment = ${PAY};
        export async function processInvoice({ invoiceId, attempt }) {
          const paid = await sendPayment({ invoiceId });
          if (attempt === 1) throw new Error('lost behind the payment');
          return paid;
        }
      `,
    });
    const mycelium = await runtime(CONFIG);
    const tools = mycelium.instrument(module);
    await mycelium.run({ threadId: 't', runId: 'r' }, () =>
      twice((attempt) => tools.processInvoice({ invoiceId: 'inv-1', attempt })),
    );
    expect(module.book).toEqual(['inv-1', 'inv-1']);
    // Nothing can be done about it from outside, but it can be seen.
    expect(bareCalls(mycelium)).toEqual([
      'process_invoice calls sendPayment(…) by name, which is the bare function and not the guarded one',
    ]);
    const { calls } = await (await mycelium.ledger()).list({ kind: 'tool' });
    expect(calls).toEqual([]);
  });

  it('pays once when the guard stands at the definition', async () => {
    const mycelium = await runtime(CONFIG);
    const { make } = await imported<{ make(mycelium: Mycelium): Tools }>({
      'tools.mjs': `
        export function make(mycelium) {
          const book = [];
          const sendPayment = mycelium.guard('send_payment')(${PAY});
          async function processInvoice({ invoiceId, attempt }) {
            const paid = await sendPayment({ invoiceId });
            if (attempt === 1) throw new Error('lost behind the payment');
            return paid;
          }
          return { book, sendPayment, processInvoice };
        }
      `,
    });
    const module = make(mycelium);
    // A later instrument takes what is guarded at its definition as it is.
    const tools = mycelium.instrument(module);
    expect(tools.sendPayment).toBe(module.sendPayment);
    const paid = await mycelium.run({ threadId: 't', runId: 'r' }, () =>
      twice((attempt) => tools.processInvoice({ invoiceId: 'inv-1', attempt })),
    );
    expect(paid).toBe('paid inv-1');
    expect(module.book).toEqual(['inv-1']);
  });

  it('pays once when the guard stands at the definition of an export', async () => {
    const mycelium = await runtime(CONFIG);
    Object.assign(globalThis, { loadedMycelium: mycelium });
    try {
      const module = await imported<Tools>({
        'tools.mjs': `
          export const book = [];
          export const sendPayment = mycelium.guard('send_payment')(${PAY});
          export const processInvoice = mycelium.guard('process_invoice')(async ({ invoiceId, attempt }) => {
            const paid = await sendPayment({ invoiceId });
            if (attempt === 1) throw new Error('lost behind the payment');
            return paid;
          });
        `.replaceAll('mycelium.', 'globalThis.loadedMycelium.'),
      });
      await mycelium.run({ threadId: 't', runId: 'r' }, () =>
        twice((attempt) => module.processInvoice({ invoiceId: 'inv-1', attempt })),
      );
      expect(module.book).toEqual(['inv-1']);
      expect(mycelium.instrument(module).processInvoice).toBe(module.processInvoice);
      expect(mycelium.report()).toMatchObject({
        guarded: [{ name: 'send_payment' }, { name: 'process_invoice' }],
        unguarded: [],
        missing: [],
      });
    } finally {
      Reflect.deleteProperty(globalThis, 'loadedMycelium');
    }
  });

  it('pays once when the task is handed its tools', async () => {
    const module = await imported<{
      book: string[];
      tools: Pick<Tools, 'sendPayment'>;
      makeTask(tools: Pick<Tools, 'sendPayment'>): Pick<Tools, 'processInvoice'>;
    }>({
      'tools.mjs': `
        export const book = [];
        export const tools = { sendPayment: ${PAY} };
        export const makeTask = (tools) => ({
          async processInvoice({ invoiceId, attempt }) {
            const paid = await tools.sendPayment({ invoiceId });
            if (attempt === 1) throw new Error('lost behind the payment');
            return paid;
          },
        });
      `,
    });
    const mycelium = await runtime(CONFIG);
    const tools = mycelium.instrument(module.tools, {}, { partial: true });
    const { processInvoice } = mycelium.instrument(module.makeTask(tools));
    await mycelium.run({ threadId: 't', runId: 'r' }, () =>
      twice((attempt) => processInvoice({ invoiceId: 'inv-1', attempt })),
    );
    expect(module.book).toEqual(['inv-1']);
  });

  it('is warned of once, and only where it calls the function by its bare name', async () => {
    const heard: unknown[] = [];
    const listen = (message: unknown): number => heard.push(message);
    diagnostics_channel.subscribe('mycelium:warning', listen);
    try {
      const mycelium = await runtime(CONFIG);
      const sendPayment = async ({ invoiceId }: { invoiceId: string }): Promise<string> => invoiceId;
      const bare = { sendPayment, processInvoice: async (input: { invoiceId: string }) => sendPayment(input) };
      const own = {
        sendPayment,
        async processInvoice(input: { invoiceId: string }): Promise<string> {
          const resendPayment = (other: typeof input): Promise<string> => this.sendPayment(other);
          return resendPayment(input);
        },
      };
      mycelium.instrument(own);
      expect(bareCalls(mycelium)).toEqual([]);
      for (let request = 0; request < 3; request += 1) mycelium.instrument(bare);
      expect(bareCalls(mycelium)).toHaveLength(1);
      expect(heard).toMatchObject([{ tool: 'process_invoice', code: 'bare-call' }]);
    } finally {
      diagnostics_channel.unsubscribe('mycelium:warning', listen);
    }
  });
});
