import { mkdirSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { reconcileCalls } from '../../src/cli/ledger-reconcile.js';
import { ledgerStats } from '../../src/cli/ledger-stats.js';
import { loadConfig, type Mycelium } from '../../src/index.js';
import { fakeTerminal } from './fake-terminal.js';
import { Scratch } from './scratch.js';

const yaml = `action_ledger: { path: ./records }
tools:
  send_payment: { side_effect_class: non_idempotent_mutate, id_from: [invoice_id] }
`;
/** What a program has: its tools, with what asks the provider about them. */
const tools = `
import { committed, loadConfig, unknown } from 'mycelium-runtime';
const mycelium = await loadConfig(new URL('./mycelium.yaml', import.meta.url).pathname);
export const tools = mycelium.instrument(
  { sendPayment: async ({ invoiceId }) => 'paid ' + invoiceId },
  { sendPayment: { reconcile: ({ requestId }) => requestId === 'lost-2' ? unknown('the bank indexes with a delay') : committed({ found: requestId }) } },
);
`;

let scratch: Scratch;
let config: string;
let mycelium: Mycelium;

beforeEach(async () => {
  scratch = new Scratch();
  config = scratch.write('mycelium.yaml', yaml);
  scratch.write('tools.mjs', tools);
  // As it is installed beside the program.
  mkdirSync(scratch.path('node_modules'));
  symlinkSync(fileURLToPath(new URL('../..', import.meta.url)), scratch.path('node_modules/mycelium-runtime'));
  scratch.write('nothing.mjs', 'export const tool = async () => 1;');
  mycelium = await loadConfig(config);
});

afterEach(async () => {
  await mycelium.close();
  scratch.remove();
});

async function loses(...invoices: readonly string[]): Promise<void> {
  const pay = mycelium.guard('send_payment')(async (_: { invoiceId: string }) => {
    throw new Error('connection reset');
  });
  for (const invoiceId of invoices) await expect(pay({ invoiceId })).rejects.toThrow('connection reset');
}

describe('reconcile', () => {
  test('settles what the provider knows of, and names what is left', async () => {
    await loses('lost-1', 'lost-2');
    const { status, stdout } = scratch.mycelium('ledger', 'reconcile', '--import', 'tools.mjs');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^2 lost: 1 committed, 0 not executed, 1 left\.\n/);
    expect(stdout).toContain('the bank indexes with a delay');
    expect(stdout).toMatch(/mycelium ledger show [0-9a-f]{8}/);
    const pay = mycelium.guard('send_payment')(async (_: { invoiceId: string }) => 'again' as unknown);
    expect(await pay({ invoiceId: 'lost-1' })).toEqual({ found: 'lost-1' });
    const json = scratch.mycelium('ledger', 'reconcile', '--import', 'tools.mjs', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ examined: 1, committed: 0, unsettled: [{ requestId: 'lost-2' }] });
  });

  test('goes on while it watches, until it is interrupted', async () => {
    await loses('lost-1');
    const terminal = fakeTerminal();
    const watching = reconcileCalls({ config, import: scratch.path('tools.mjs'), watch: 50 }, terminal);
    await expect.poll(() => terminal.text()).toContain('1 lost: 1 committed');
    await loses('lost-3');
    await expect.poll(() => terminal.text().match(/1 committed/g)?.length).toBe(2);
    process.emit('SIGINT');
    expect(await watching).toBe(0);
  });

  test.each([
    ['nothing.mjs', 'exports no guarded tool that has a reconciler'],
    ['missing.mjs', 'cannot be loaded'],
  ])('says what is wrong with --import %s', async (file, says) => {
    await loses('lost-1');
    const { status, stderr } = scratch.mycelium('ledger', 'reconcile', '--import', file);
    expect(status).toBe(2);
    expect(stderr).toContain(says);
  });
});

test('stats say per tool what is recorded, for people and for programs', async () => {
  await loses('lost-1');
  const pay = mycelium.guard('send_payment')(async ({ invoiceId }: { invoiceId: string }) => invoiceId);
  await pay({ invoiceId: 'inv-1' });
  const { status, stdout } = scratch.mycelium('ledger', 'stats');
  expect(status).toBe(0);
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((row) => row.split(/ {2,}/));
  expect(rows.slice(1)).toEqual([
    ['TOOL', 'CALLS', 'COMMITTED', 'BLOCKED', 'DUPLICATES'],
    ['send_payment', '2', '1', '1', '0 (0 %)'],
  ]);
  const terminal = fakeTerminal();
  expect(await ledgerStats({ config, json: true }, terminal)).toBe(0);
  expect(JSON.parse(terminal.text())).toMatchObject({
    duplicates: 0,
    stores: [{ tools: [{ tool: 'send_payment', calls: 2, committed: 1, blocked: 1, takeovers: 0, reruns: {} }] }],
  });
});
