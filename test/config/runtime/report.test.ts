import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { committed } from '../../../src/index.js';
import { runtime } from './surroundings.js';

const CONFIG = `
action_ledger: { storage: memory }
tools:
  send_payment: { side_effect_class: irreversible, id_from: [invoice_id, line] }
  search: { side_effect_class: read, ledger: true }
  undeclared: { ledger: true }
  free: { ledger: false }
  elsewhere: { side_effect_class: read, ledger: true }
tasks:
  process: { id_from: [id] }
`;

const body = async (input: object): Promise<object> => input;
const tools = {
  sendPayment: body,
  search: body,
  undeclared: body,
  free: body,
  process: body,
  helper: (): number => 1,
  VERSION: '1',
  Helper: class {},
};

describe('report', () => {
  it('tells what is guarded and how, what passed through, and what is missing', async () => {
    const mycelium = await runtime(CONFIG);
    mycelium.instrument(tools, { sendPayment: { reconcile: () => committed({}), suspends: true } }, { partial: true });
    expect(mycelium.report()).toEqual({
      guarded: [
        {
          name: 'send_payment',
          kind: 'tool',
          effect: 'irreversible',
          identity: 'invoice_id, line',
          store: 'memory',
          checks: [],
          code: ['reconcile', 'suspends'],
        },
        {
          name: 'search',
          kind: 'tool',
          effect: 'read',
          identity: 'the call, task or run',
          store: 'memory',
          checks: [],
          code: [],
        },
        {
          name: 'undeclared',
          kind: 'tool',
          effect: 'unclassified',
          identity: 'the call, task or run',
          store: 'memory',
          checks: [],
          code: [],
        },
        {
          name: 'process',
          kind: 'task',
          effect: 'idempotent_mutate',
          identity: 'id',
          store: 'memory',
          checks: [],
          code: [],
        },
      ],
      unguarded: ['free', 'helper'],
      missing: ['elsewhere'],
      warnings: [
        expect.objectContaining({ id: 'MYC355', severity: 'warning', path: 'tools.send_payment' }),
        expect.objectContaining({ id: 'MYC353', severity: 'warning', path: 'tools.undeclared' }),
      ],
    });
  });

  it('is a table for people', async () => {
    const mycelium = await runtime(CONFIG);
    mycelium.instrument(tools, { sendPayment: { reconcile: () => committed({}) } }, { partial: true });
    const report = mycelium.report();
    expect(`${report}`).toBe(
      `GUARDED       EFFECT        IDENTITY               CODE
send_payment  irreversible  invoice_id, line       reconcile
search        read          the call, task or run
undeclared    unclassified  the call, task or run
process       task          id
Recorded in memory
Passed through unguarded: free, helper
In the file, and applied to no function so far: elsewhere
Warning MYC355: send_payment is irreversible, and its records end with the process. Write storage: file, redis or postgres.
Warning MYC353: undeclared does not say what it does. Add side_effect_class; without it a crash blocks the call, and a throw lets it run again.`,
    );
    expect(inspect(report)).toBe(report.toString());
  });

  it('is plain data for programs', async () => {
    const mycelium = await runtime(CONFIG);
    mycelium.guard('search')(body);
    const report = mycelium.report();
    expect(Object.keys(report)).toEqual(['guarded', 'unguarded', 'missing', 'warnings']);
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({
      guarded: [
        {
          name: 'search',
          kind: 'tool',
          effect: 'read',
          identity: 'the call, task or run',
          store: 'memory',
          checks: [],
          code: [],
        },
      ],
      unguarded: [],
      missing: ['send_payment', 'undeclared', 'free', 'elsewhere', 'process'],
    });
  });

  it('names the store of each where they are several', async () => {
    const mycelium = await runtime(`
tools:
  a: { side_effect_class: read, ledger: true }
  b: { side_effect_class: read, ledger: { storage: file, path: /b } }
`);
    mycelium.instrument({ a: body, b: body });
    expect(mycelium.report().toString()).toMatch(/^GUARDED .* STORE\na .* memory\nb .* file \/b$/);
  });

  it('says so when there is nothing', async () => {
    const mycelium = await runtime('');
    expect(mycelium.report()).toMatchObject({ guarded: [], unguarded: [], missing: [], warnings: [{ id: 'MYC350' }] });
    expect(mycelium.report().toString()).toMatch(/^Nothing is guarded\.\nWarning MYC350: it names no tool/);
  });

  it('is a picture of its moment', async () => {
    const mycelium = await runtime(CONFIG);
    const before = mycelium.report();
    mycelium.guard('search')(body);
    expect(before.guarded).toEqual([]);
    expect(before.missing).toContain('search');
    expect(mycelium.report().missing).not.toContain('search');
  });
});
