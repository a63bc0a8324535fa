import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/index.js';
import { node, root } from '../../package/package-files.js';
import { folder } from './surroundings.js';

const entry = pathToFileURL(join(root, 'dist/index.js')).href;
const worker = fileURLToPath(new URL('./fixtures/worker.mjs', import.meta.url));

/** A folder with a configuration. */
async function project(lease = '30s'): Promise<{ at: string; book(): Promise<string[]> }> {
  const at = await folder();
  await writeFile(
    join(at, 'mycelium.yaml'),
    `tools:\n  send_payment: { side_effect_class: irreversible, id_from: [invoice_id], lease: ${lease} }\n`,
  );
  return {
    at,
    book: async () => (await readFile(join(at, 'book.txt'), 'utf8')).split('\n').filter((line) => line !== ''),
  };
}

function start(at: string, words: readonly string[]): ChildProcess {
  const environment = Object.entries(process.env).filter(([name]) => !/^(NODE_|VITEST|TEST$|npm_)/.test(name));
  return spawn(process.execPath, [worker, entry, ...words], { cwd: at, env: Object.fromEntries(environment) });
}

/** Waits until a process has printed a text. */
async function printed(child: ChildProcess, text: string): Promise<void> {
  let seen = '';
  for await (const chunk of child.stdout ?? []) {
    seen += String(chunk);
    if (seen.includes(text)) return;
  }
  throw new Error(`ended without ${text}: ${seen}`);
}

describe('several processes on one configuration', () => {
  it('block what one of them was killed in, until a person settles it', async () => {
    const { at, book } = await project('1s');
    const child = start(at, ['hang', 'inv-1']);
    await printed(child, 'effect inv-1');
    child.kill('SIGKILL');
    await once(child, 'exit');

    // The next one does not pay again, and neither does the one after it.
    for (let life = 0; life < 2; life += 1) {
      const next = node([worker, entry, 'pay', 'inv-1'], at);
      expect(next.stderr).toBe('');
      expect(next.stdout).toBe('refused LEDGER_BLOCKED\nend\n');
    }
    expect(await book()).toEqual(['inv-1']);

    const mycelium = await loadConfig(join(at, 'mycelium.yaml'));
    const actions = await mycelium.ledger('send_payment');
    const { calls } = await actions.list({ stuck: true });
    expect(calls).toMatchObject([
      { tool: 'send_payment', requestId: 'inv-1', phase: 'attempting', stuck: true, attempts: 1 },
    ]);
    await actions.release(calls[0]?.id ?? '', {
      as: 'not-executed',
      by: 'ada',
      reason: 'the bank has never heard of it',
    });
    await mycelium.close();

    for (let life = 0; life < 2; life += 1)
      expect(node([worker, entry, 'pay', 'inv-1'], at).stdout).toContain('answer paid inv-1');
    expect(await book()).toEqual(['inv-1', 'inv-1']);
  });

  it('give the result of one to the others', async () => {
    const { at, book } = await project();
    expect(node([worker, entry, 'pay', 'inv-1'], at).stdout).toBe('effect inv-1\nanswer paid inv-1\nend\n');
    expect(node([worker, entry, 'pay', 'inv-1'], at).stdout).toBe('answer paid inv-1\nend\n');
    expect(await book()).toEqual(['inv-1']);
  });

  it('pay each invoice once, all at the same time', async () => {
    const { at, book } = await project();
    const children = Array.from({ length: 3 }, () => start(at, ['many', '']));
    await Promise.all(children.map((child) => printed(child, 'answer all')));
    await Promise.all(children.map(async (child) => child.exitCode ?? (await once(child, 'exit'))));
    expect((await book()).sort()).toEqual(Array.from({ length: 20 }, (_, call) => `inv-${call}`).sort());
  });

  it('end by themselves when all is done, also without close', async () => {
    const { at } = await project();
    const script = join(at, 'worker.mjs');
    await copyFile(worker, script);
    await writeFile(script, (await readFile(script, 'utf8')).replace('await mycelium.close();', ''));
    expect(node([script, entry, 'pay', 'inv-1'], at)).toMatchObject({ status: 0, stderr: '' });
  });
});
