import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startRedis } from '../../services/redis-server.js';
import { freshPrefix, until } from './scratch.js';

const program = fileURLToPath(new URL('./process-life.mjs', import.meta.url));
const built = fileURLToPath(new URL('../../../dist', import.meta.url));
const ENTRY = join('store', 'redis', 'index.js');

interface Life {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly errors: () => string;
  readonly ended: Promise<number | null>;
}

function live(url: string, what: string, entry: string = join(built, ENTRY)): Life {
  expect(inject('buildComplaints')).toBe('');
  const child = spawn(process.execPath, [program, entry, url, freshPrefix(), what], { stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [output, errors] = ['', ''];
  child.stdout?.on('data', (text) => {
    output += text;
  });
  child.stderr?.on('data', (text) => {
    errors += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, output: () => output, errors: () => errors, ended };
}

test.each(['close', 'drain', 'lanes'])(
  '%s: a process ends by itself when its store is closed, and prints nothing',
  async (what) => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const life = live(server.url, what);
    await until(() => life.output() === 'open\n', 'it is open');
    life.child.stdin?.write('go\n');
    expect(await life.ended).toBe(0);
    expect(life.output()).toBe('open\nclosed\n');
    expect(life.errors()).toBe('');
  },
);

test.each(['silent', 'away'])('it ends soon when the server is %s', async (how) => {
  const server = await startRedis();
  onTestFinished(async () => {
    if (how === 'silent') server.resume();
    await server.stop();
  });
  const life = live(server.url, 'close');
  await until(() => life.output() === 'open\n', 'it is open');
  if (how === 'silent') server.suspend();
  else await server.kill('SIGKILL');
  const since = performance.now();
  life.child.stdin?.write('go\n');
  expect(await life.ended).toBe(0);
  expect(performance.now() - since).toBeLessThan(4_000);
  expect(life.output()).toBe('open\nclosed\n');
  expect(life.errors()).toBe('');
});

test.each(['redis://127.0.0.1:1', 'redis://127.0.0.1:1,127.0.0.1:2?cluster=true', 'redis://nowhere.invalid'])(
  '%s: a process whose server is not there is told, prints nothing and ends',
  async (url) => {
    const life = live(url, 'refused');
    expect(await life.ended).toBe(0);
    expect(life.output()).toBe('STORE_UNAVAILABLE\n');
    expect(life.errors()).toBe('');
  },
);

test('without ioredis it is said what to install', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mycelium-alone-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(built, folder, { recursive: true });
  const life = live('redis://127.0.0.1:1', 'refused', join(folder, ENTRY));
  expect(await life.ended).toBe(0);
  expect(life.errors()).toBe('');
  expect(life.output()).toBe('USAGE\n');
});
