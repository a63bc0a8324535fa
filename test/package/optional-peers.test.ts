import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { manifest, node } from './package-files.js';
import { installPacked } from './packed-project.js';

/** A project without the drivers, and without what is there for stores on servers alone. */
let project = '';
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'no-peers-'));
  installPacked(project, { type: 'module' });
  rmSync(join(project, 'node_modules/lru-cache'), { recursive: true });
}, 120_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** Runs a program there; what it prints is JSON. */
function run(program: string): unknown {
  writeFileSync(join(project, 'program.js'), program);
  const { status, stdout, stderr } = node(['program.js'], project);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

test('the drivers are peers that nobody has to install', () => {
  const installed = readdirSync(join(project, 'node_modules'));
  expect(installed).toContain(manifest.name);
  for (const name of ['ioredis', 'postgres', 'lru-cache']) expect(installed).not.toContain(name);
});

test('calls are guarded in memory and in files without loading any of them', () => {
  const answer = run(`
    import { ActionLedger, ledger, openStore } from '${manifest.name}';
    import { openRedisStore } from '${manifest.name}/redis';
    import { openPostgresStore } from '${manifest.name}/postgres';
    const results = [typeof openRedisStore, typeof openPostgresStore];
    for (const url of ['memory:', 'file:./records']) {
      const store = await openStore(url);
      const actions = new ActionLedger({ store });
      let runs = 0;
      const pay = ledger({ name: 'pay', effect: 'irreversible', idFrom: ['id'], ledger: actions })(async ({ id }) => {
        runs += 1;
        return id;
      });
      results.push(await pay({ id: 'a' }), await pay({ id: 'a' }), runs);
      await actions.close();
      await store.close();
    }
    console.log(JSON.stringify(results));
  `);
  expect(answer).toEqual(['function', 'function', 'a', 'a', 1, 'a', 'a', 1]);
});

test.each([
  ['ioredis', 'redis://ada:hunter2@127.0.0.1:1'],
  ['ioredis', 'rediss://ada:hunter2@127.0.0.1:1?cluster=true'],
  ['postgres', 'postgres://ada:hunter2@127.0.0.1:1/agents'],
])('without %s, %s is refused with what to install', (peer, url) => {
  const answer = run(`
    import { openStore, UsageError } from '${manifest.name}';
    const error = await openStore('${url}').catch((thrown) => thrown);
    console.log(JSON.stringify({ typed: error instanceof UsageError, code: error.code, text: error.stack }));
  `) as { readonly text: string };
  expect(answer).toMatchObject({ typed: true, code: 'USAGE' });
  expect(answer.text).toContain(`npm install ${peer}`);
  expect(answer.text).not.toContain('hunter2');
});

test.each([
  ['ioredis', 'storage: redis, url: "redis://127.0.0.1:1"'],
  ['postgres', 'storage: postgres, dsn: "postgres://127.0.0.1:1/agents"'],
])('the command line says so, too: %s', (peer, yaml) => {
  writeFileSync(join(project, 'mycelium.yaml'), `action_ledger: { ${yaml} }\n`);
  const command = join(project, 'node_modules', manifest.name, 'bin/mycelium.js');
  const { status, stdout, stderr } = node([command, 'ledger', 'list'], project);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(`npm install ${peer}`);
  expect(node([command, 'check'], project).status).toBe(1);
});
