import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compilers, node } from '../package/package-files.js';
import { installPacked, linkNodeTypes } from '../package/packed-project.js';
import { Project } from './project.js';

/** The same agent in the three ways in which projects are written. */
interface Form {
  readonly name: string;
  readonly type: 'module' | 'commonjs';
  readonly files: Readonly<Record<string, string>>;
  readonly start: string;
  readonly compiled?: true;
}

const body = (types: { input: string; call: string }): string => `
  async ({ invoiceId, amount }${types.input}, call${types.call}) => {
    appendFileSync('payments.txt', \`\${invoiceId} \${amount} \${call.attempt}\\n\`);
    if (process.env['CRASH']) process.kill(process.pid, 'SIGKILL');
    return { invoiceId, status: 'paid' };
  }`;

const forms: readonly Form[] = [
  {
    name: 'JavaScript, ES modules',
    type: 'module',
    files: {
      'tools.js': `import { appendFileSync } from 'node:fs';\nexport const sendPayment = ${body({ input: '', call: '' })};\n`,
      'app.js': `import { loadConfig } from 'mycelium-runtime';
        const mycelium = await loadConfig();
        const tools = mycelium.instrument(await import('./tools.js'));
        console.log(JSON.stringify(await tools.sendPayment({ invoiceId: 'inv-1', amount: 5 })));
        await mycelium.close();
      `,
    },
    start: 'node app.js',
  },
  {
    name: 'TypeScript',
    type: 'module',
    files: {
      'tools.ts': `import { appendFileSync } from 'node:fs';
        import type { ToolCall } from 'mycelium-runtime';
        export const sendPayment = ${body({ input: ': { invoiceId: string; amount: number }', call: ': ToolCall' })};
      `,
      'app.ts': `import { committed, loadConfig } from 'mycelium-runtime';
        import * as plain from './tools.js';
        const mycelium = await loadConfig();
        const tools = mycelium.instrument(plain);
        const paid: { invoiceId: string; status: string } = await tools.sendPayment({ invoiceId: 'inv-1', amount: 5 });
        console.log(JSON.stringify(paid));
        // @ts-expect-error the amount is a number
        void (() => tools.sendPayment({ invoiceId: 'inv-1', amount: '5' }));
        // @ts-expect-error the reconciler knows another result than the tool gives
        void (() => mycelium.instrument(plain, { sendPayment: { reconcile: async () => committed({ other: 1 }) } }));
        await mycelium.close();
      `,
      'tsconfig.json': JSON.stringify({
        compilerOptions: { module: 'nodenext', target: 'es2022', strict: true, outDir: 'out', types: ['node'] },
        files: ['app.ts'],
      }),
    },
    start: 'node out/app.js',
    compiled: true,
  },
  {
    name: 'require() of the package',
    type: 'commonjs',
    files: {
      'app.js': `
        const { appendFileSync } = require('node:fs');
        const { loadConfig } = require('mycelium-runtime');
        async function main() {
          const mycelium = await loadConfig();
          const sendPayment = mycelium.guard('send_payment')(${body({ input: '', call: '' })});
          console.log(JSON.stringify(await sendPayment({ invoiceId: 'inv-1', amount: 5 })));
          await mycelium.close();
        }
        main();
      `,
    },
    start: 'node app.js',
  },
];

describe.each(forms)('$name', ({ type, files, start, compiled }) => {
  const project = new Project();
  afterAll(() => project.remove());

  beforeAll(async () => {
    installPacked(project.folder, { type });
    for (const [name, text] of Object.entries(files)) project.write(name, text);
    if (compiled !== true) return;
    linkNodeTypes(project.folder);
    const compiler = compilers[0]?.path ?? '';
    expect(node([compiler, '-p', join(project.folder, 'tsconfig.json')], project.folder)).toMatchObject({
      status: 0,
      stdout: '',
    });
  }, 120_000);

  test('install, init, check, run, kill, run, list, release, run', { timeout: 60_000 }, async () => {
    await project.done('npx mycelium init --minimal');
    // Half a minute is a long time for a test.
    project.write('mycelium.yaml', `${project.read('mycelium.yaml')}    lease: 2s\n`);
    expect(await project.sh('npx mycelium check')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(await project.done('npx mycelium explain send_payment')).toMatch(/lease +2s +mycelium\.yaml:\d+:5\n/);
    expect((await project.sh('npx mycelium ledger list')).status).toBe(4);

    expect((await project.sh(`CRASH=1 ${start}`)).status).toBe(137);
    const again = await project.sh(start);
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('LedgerBlockedError');
    expect(project.read('payments.txt')).toBe('inv-1 5 1\n');

    const { calls } = JSON.parse(await project.done('npx mycelium ledger list --stuck --json'));
    expect(calls).toMatchObject([{ tool: 'send_payment', requestId: 'inv-1', stuck: true, attempts: 1 }]);
    const id = calls[0].id.slice(0, 6);
    const result = '{"invoiceId":"inv-1","status":"found"}';
    await project.done(
      `npx mycelium ledger release ${id} --as completed --result '${result}' --by ada --reason 'seen in the book'`,
    );
    expect(await project.done(start)).toBe(`${result}\n`);
    expect(project.read('payments.txt')).toBe('inv-1 5 1\n');

    const shown = JSON.parse(await project.done(`npx mycelium ledger show ${id} --json`));
    expect(shown).toMatchObject({
      phase: 'committed',
      result: JSON.parse(result),
      resolution: { by: 'operator', who: 'ada', as: 'completed', reason: 'seen in the book' },
    });
  });
});
