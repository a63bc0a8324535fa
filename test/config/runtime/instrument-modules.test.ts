import { describe, expect, it } from 'vitest';
import { imported, issuesOf, required, runtime } from './surroundings.js';

const PAYMENT = 'tools: { send_payment: { side_effect_class: irreversible, id_from: [invoice_id] } }';

interface Payments {
  sendPayment(input: { invoiceId: string }): Promise<string>;
  readonly book: string[];
}

const TOOLS = `
  export const book = [];
  export const VERSION = '1';
  export let mode = 'test';
  export function setMode(next) { mode = next; }
  export async function sendPayment({ invoiceId }) { book.push(invoiceId); return 'paid ' + invoiceId; }
  export default async function fallback() { return 'default'; }
`;

describe('instrument: an ES module', () => {
  it('guards its exports, and pays once', async () => {
    const namespace = await imported<Payments>({ 'tools.mjs': TOOLS });
    expect(Object.prototype.toString.call(namespace)).toBe('[object Module]');
    const mycelium = await runtime(PAYMENT);
    const tools = mycelium.instrument(namespace);
    expect(await tools.sendPayment({ invoiceId: 'inv-1' })).toBe('paid inv-1');
    expect(await tools.sendPayment({ invoiceId: 'inv-1' })).toBe('paid inv-1');
    expect(namespace.book).toEqual(['inv-1']);
  });

  it('has the same shape: names in their order, no prototype, closed, and its tag', async () => {
    const namespace = await imported<Payments>({ 'tools.mjs': TOOLS });
    const tools = (await runtime(PAYMENT)).instrument(namespace);
    expect(Reflect.ownKeys(tools)).toEqual(Reflect.ownKeys(namespace));
    expect(Object.keys(tools)).toEqual(Object.keys(namespace));
    expect(Object.getPrototypeOf(tools)).toBe(null);
    expect(Object.isExtensible(tools)).toBe(false);
    expect(Object.prototype.toString.call(tools)).toBe('[object Module]');
    expect(Object.getOwnPropertyDescriptor(tools, 'sendPayment')).toEqual({
      ...Object.getOwnPropertyDescriptor(namespace, 'sendPayment'),
      value: tools.sendPayment,
    });
    expect({ ...tools }).toMatchObject({ VERSION: '1', mode: 'test', book: [] });
  });

  it('keeps the bindings live that the file does not name', async () => {
    const namespace = await imported<Payments & { mode: string; setMode(next: string): void }>({ 'tools.mjs': TOOLS });
    const tools = (await runtime(PAYMENT)).instrument(namespace);
    expect(tools.mode).toBe('test');
    tools.setMode('live');
    expect([namespace.mode, tools.mode]).toEqual(['live', 'live']);
    expect(tools.book).toBe(namespace.book);
  });

  it('can be instrumented for each request, and again', async () => {
    const namespace = await imported<Payments>({ 'tools.mjs': TOOLS });
    const mycelium = await runtime(PAYMENT);
    const once = mycelium.instrument(namespace);
    const twice = mycelium.instrument(once);
    expect(twice.sendPayment).toBe(once.sendPayment);
    for (const tools of [once, twice, mycelium.instrument(namespace)]) await tools.sendPayment({ invoiceId: 'inv-1' });
    expect(namespace.book).toEqual(['inv-1']);
    expect(mycelium.report().unguarded).toEqual(['default', 'setMode']);
  });

  it('passes through what is re-exported, and guards it under its name', async () => {
    const namespace = await imported<Payments>({
      'index.mjs': `export * from './tools.mjs'; export { VERSION as version } from './tools.mjs';`,
      'tools.mjs': TOOLS,
    });
    const tools = (await runtime(PAYMENT)).instrument(namespace);
    expect(tools).toMatchObject({ version: '1', VERSION: '1' });
    await tools.sendPayment({ invoiceId: 'a' });
    await tools.sendPayment({ invoiceId: 'a' });
    expect(namespace.book).toEqual(['a']);
  });

  it('can be guarded while it is still being loaded, as far as it is there', async () => {
    // Two modules that import each other: when the second runs, the first has no more than its hoisted functions.
    const partly: { instrument?: unknown; namespace?: object; run(): void; issues?: unknown; tools?: object } = {
      run: () => undefined,
    };
    const [withPayment, withOther] = [
      await runtime(PAYMENT),
      await runtime('tools: { hoisted: { side_effect_class: read, id_from: [id] } }'),
    ];
    partly.run = () => {
      partly.issues = issuesOf(() => withPayment.instrument(partly.namespace as object));
      partly.tools = withOther.instrument(partly.namespace as object);
    };
    Object.assign(globalThis, { partly });
    try {
      const first = await imported<{ sendPayment(): Promise<string> }>({
        'first.mjs': `
          import './second.mjs';
          export const sendPayment = async () => 'paid';
          export async function hoisted({ id }) { return 'hoisted ' + id; }
        `,
        'second.mjs': `
          import * as first from './first.mjs';
          globalThis.partly.namespace = first;
          globalThis.partly.run();
        `,
      });
      expect(partly.issues).toMatchObject([
        { id: 'MYC506', problem: expect.stringContaining('sendPayment is not there yet') },
      ]);
      // What was not initialized then is a live binding now.
      const tools = partly.tools as { sendPayment(): Promise<string>; hoisted(input: { id: string }): Promise<string> };
      expect(Object.keys(tools)).toEqual(['hoisted', 'sendPayment']);
      expect(tools.sendPayment).toBe(first.sendPayment);
      expect(await tools.hoisted({ id: 'a' })).toBe('hoisted a');
    } finally {
      Reflect.deleteProperty(globalThis, 'partly');
    }
  });
});

describe('instrument: what a compiler makes of a module', () => {
  const COMPILED = `
    'use strict';
    Object.defineProperty(exports, '__esModule', { value: true });
    let mode = 'test';
    const book = [];
    const real = { sendPayment: async ({ invoiceId }) => { book.push(invoiceId); return 'paid ' + invoiceId; } };
    Object.defineProperty(exports, 'sendPayment', { enumerable: true, get: () => real.sendPayment });
    Object.defineProperty(exports, 'mode', { enumerable: true, get: () => mode });
    exports.setMode = (next) => { mode = next; };
    exports.book = book;
  `;

  it('guards exports that are getters, and leaves the others live', async () => {
    const compiled = await required<Payments & { mode: string; setMode(next: string): void }>({
      'tools.cjs': COMPILED,
    });
    const mycelium = await runtime(PAYMENT);
    const tools = mycelium.instrument(compiled);
    await tools.sendPayment({ invoiceId: 'inv-1' });
    await tools.sendPayment({ invoiceId: 'inv-1' });
    expect(compiled.book).toEqual(['inv-1']);
    tools.setMode('live');
    expect(tools.mode).toBe('live');
    expect(Object.keys(tools)).toEqual(Object.keys(compiled));
    expect(Reflect.ownKeys(tools)).toContain('__esModule');
    expect(mycelium.report().unguarded).toEqual(['setMode']);
  });

  it('does not mind an export that cannot be read, unless the file names it', async () => {
    const compiled = await required<Payments & { mail: unknown }>({
      'tools.cjs': `${COMPILED}
        Object.defineProperty(exports, 'sendMail', { enumerable: true, get: () => require('not-installed') });`,
    });
    expect((await runtime(PAYMENT)).instrument(compiled).book).toBe(compiled.book);
    const mails = await runtime('tools: { send_mail: { side_effect_class: irreversible, id_from: [to] } }');
    expect(issuesOf(() => mails.instrument(compiled))).toMatchObject([
      { id: 'MYC506', problem: expect.stringContaining('sendMail cannot be read: Cannot find module') },
    ]);
  });

  it('takes it through import, too: the exports as they are', async () => {
    const namespace = await imported<{ default: Payments }>({ 'tools.cjs': COMPILED });
    const mycelium = await runtime(PAYMENT);
    const tools = mycelium.instrument(namespace.default);
    await tools.sendPayment({ invoiceId: 'inv-1' });
    await tools.sendPayment({ invoiceId: 'inv-1' });
    expect(namespace.default.book).toEqual(['inv-1']);
  });
});
