import { expect, test } from 'vitest';
import { sourcePath } from '../../examples/demo/story.js';
import { readConfig } from '../../src/config/loader/read-config.js';
import { start } from './programs.js';

const timeout = 120_000;

test.each([
  { form: 'code', options: [] },
  { form: 'yaml', options: ['--yaml'] },
])(
  'bare, invoices are charged twice; guarded in $form, none is, and one waits for a person',
  { timeout },
  async ({ form, options }) => {
    const { exitCode, stdout, stderr, leftBehind } = await start('demo/main.js', '--json', ...options).ended;
    expect({ exitCode, stderr, leftBehind }).toEqual({ exitCode: 0, stderr: '', leftBehind: [] });

    const result = JSON.parse(stdout);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(result).toMatchObject({
      form,
      invoices: 10,
      bare: { charges: 17, duplicates: 7, kills: 9 },
      guarded: { charges: 10, duplicates: 0, blocked: 1, kills: 9 },
    });
    expect(result.perInvoice.map((line: { guarded: number }) => line.guarded)).toEqual(Array(10).fill(1));
    expect(result.seconds).toBeLessThan(60);
  },
);

test('people see both books, what is blocked and why', { timeout }, async () => {
  const { exitCode, stdout, stderr, leftBehind } = await start('demo/main.js').ended;
  expect({ exitCode, stderr, leftBehind }).toEqual({ exitCode: 0, stderr: '', leftBehind: [] });

  for (const moment of ['before the charge', 'between charge and record', 'after the record']) {
    expect(stdout).toMatch(new RegExp(`INV-\\d+ {2}worker \\d+ killed ${moment}; dispatched again`));
  }
  expect(stdout).toMatch(/INV-2048 +Quill Translators +912\.20 +between, after +3 +ch-\d+ ch-\d+ ch-\d+ +1 +ch-\d+\n/);
  expect(stdout).toMatch(/INV-2047 +Marlowe Security +3,125\.00 +between +2 +ch-\d+ ch-\d+ +1 +ch-\d+ blocked\n/);
  expect(stdout).toMatch(/INV-2047 {2}blocked; dispatched again all the same\n(.*\n)*.*INV-2047 {2}still blocked/);
  expect(stdout).toContain('LedgerBlockedError [LEDGER_BLOCKED]: send_payment "INV-2047" may already have run');
  expect(stdout.replace(/\s+/g, ' ')).toContain("the reconciler cannot say: the gateway's index is behind");
  expect(stdout).toContain('Bare:    6 of 10 invoices charged more than once, 7 charges too many.');
  expect(stdout).toContain('Guarded: every invoice charged exactly once; 1 of them waits for a person to confirm it.');

  expect(stdout).toContain('The code: examples/demo/bare-tools.ts and examples/demo/guarded-tools.ts');

  expect(stdout).not.toContain('\u001b');
  expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
});

test('in its YAML form it comes out the same, and people see what is guarded', { timeout }, async () => {
  const { exitCode, stdout, stderr, leftBehind } = await start('demo/main.js', '--yaml').ended;
  expect({ exitCode, stderr, leftBehind }).toEqual({ exitCode: 0, stderr: '', leftBehind: [] });

  expect(stdout).toContain('Guarded: the same tools, as mycelium.yaml says');
  expect(stdout).toMatch(/ charges +17 +10\n/);
  expect(stdout).toMatch(/INV-2047 +Marlowe Security +3,125\.00 +between +2 +ch-\d+ ch-\d+ +1 +ch-\d+ blocked\n/);
  expect(stdout).toMatch(/send_payment +non_idempotent_mutate +invoice_id +reconcile\n/);
  expect(stdout).toMatch(/fetch_receipt +read .*\nprocess_invoice +task +invoice_id\nRecorded in file .*ledger\n/);
  expect(stdout).not.toContain('applied to no function');
  expect(stdout).toContain('18 workers killed: 9 bare, 9 guarded.');
  expect(stdout).toContain('Bare:    6 of 10 invoices charged more than once, 7 charges too many.');
  expect(stdout).toContain('Guarded: every invoice charged exactly once; 1 of them waits for a person to confirm it.');
  for (const name of ['bare-tools.ts', 'mycelium.yaml', 'yaml-tools.ts']) {
    expect(stdout).toMatch(new RegExp(`The code: .*examples/demo/${name}`));
  }
});

test('its YAML file has nothing to warn of, and records where the demo says', () => {
  const { config, issues } = readConfig(sourcePath('demo/mycelium.yaml'), process.cwd(), { DEMO_LEDGER: '/demo' });
  expect(issues.all).toEqual([]);
  expect(config).toMatchObject({ strict: true, locations: { tool: { directory: '/demo' } } });
  expect(config.guards.map(({ name, ledger }) => [name, ledger !== undefined])).toEqual([
    ['send_payment', true],
    ['fetch_receipt', true],
    ['process_invoice', true],
  ]);
});

test.each([
  { signal: 'SIGINT', during: 'Bare:', exitCode: 130 },
  { signal: 'SIGTERM', during: 'Guarded:', exitCode: 143 },
] as const)('$signal ends it, and nothing is left behind', { timeout }, async ({ signal, during, exitCode }) => {
  const demo = start('demo/main.js');
  await demo.printed(during);
  const already = demo.output().stdout.split(' killed ').length;
  while (demo.output().stdout.split(' killed ').length === already) {
    await new Promise((resolve) => demo.child.stdout?.once('data', resolve));
  }
  demo.child.kill(signal);
  expect(await demo.ended).toMatchObject({ exitCode, stderr: `Stopped by ${signal}.\n`, leftBehind: [] });
});

test('it ends when nobody reads it any more', { timeout }, async () => {
  const demo = start('demo/main.js');
  await demo.printed('Bare:');
  demo.child.stdout?.destroy();
  const { exitCode, stderr, leftBehind } = await demo.ended;
  expect({ exitCode, leftBehind }).toEqual({ exitCode: 1, leftBehind: [] });
  expect(stderr).toContain('Nobody reads the output');
});

test('an option that there is not is refused before anything starts', { timeout }, async () => {
  const { exitCode, stdout, stderr, leftBehind } = await start('demo/main.js', '--jsno').ended;
  expect({ exitCode, stdout, leftBehind }).toEqual({ exitCode: 1, stdout: '', leftBehind: [] });
  expect(stderr).toContain('--jsno');
});
