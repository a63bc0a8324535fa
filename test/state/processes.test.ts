import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type OpenStoreOptions, openStore, type StateFlush, stateFlush } from '../../src/index.js';
import { backends, storeName } from '../ledger/servers/backends.js';

const program = new URL('./run-process.mjs', import.meta.url);
const dist = new URL('../../dist/', import.meta.url).href;

const STEPS = Array.from({ length: 20 }, (_, step) => ({ [`step ${step}`]: { done: true } }));
const ALL_STEPS = Object.assign({ step: 19 }, ...STEPS) as object;

/** A store that processes share. */
interface Shared {
  readonly states: StateFlush;
  /** Starts a process with a run, and waits until that has recorded its steps. */
  start(options: { readonly flush?: object; readonly how?: string; readonly runId?: string }): Promise<ChildProcess>;
}

async function shared(kind: 'file' | 'redis' | 'postgres'): Promise<Shared> {
  const name = storeName();
  const folder = await mkdtemp(join(tmpdir(), 'mycelium-states-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const backend = backends.find((one) => one.name === kind);
  const url = backend?.shared() ?? pathToFileURL(join(folder, 'store')).href;
  const options: OpenStoreOptions = kind === 'redis' ? { prefix: name } : kind === 'postgres' ? { schema: name } : {};
  if (backend !== undefined) onTestFinished(() => backend.remove(url, name));
  const store = await openStore(url, options);
  onTestFinished(() => store.close());
  return {
    states: stateFlush({ store }),
    async start({ flush = {}, how, runId = 'r' }) {
      const given = JSON.stringify({ dist, url, options, flush, runId, steps: STEPS, how });
      const child = fork(program, [given], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      onTestFinished(() => void child.kill('SIGKILL'));
      expect(await once(child, 'message')).toEqual(['recorded', undefined]);
      return child;
    },
  };
}

async function ended(child: ChildProcess): Promise<unknown> {
  const [code, signal] = await once(child, 'exit');
  return signal ?? code;
}

describe.each(['file', 'redis', 'postgres'] as const)('a process that is ended (%s)', (kind) => {
  test('by SIGKILL, durable: nothing that was recorded is lost', async () => {
    const { states, start } = await shared(kind);
    const child = await start({ flush: { durable: true } });
    child.kill('SIGKILL');
    expect(await ended(child)).toBe('SIGKILL');
    expect(await states.resume('r')).toMatchObject({ status: 'in-progress', state: ALL_STEPS });
    expect((await states.list({ status: 'in-progress' })).runs.map(({ runId }) => runId)).toEqual(['r']);
  });

  test('by SIGTERM, by choice: its state is written, and it ends by the signal', async () => {
    const { states, start } = await shared(kind);
    const child = await start({ flush: { signals: ['SIGTERM', 'SIGINT'] } });
    child.kill('SIGTERM');
    expect(await ended(child)).toBe('SIGTERM');
    expect(await states.resume('r')).toMatchObject({ status: 'aborted', reason: 'SIGTERM', state: ALL_STEPS });
  });
});

describe('a process that is ended', () => {
  test('by SIGKILL, not durable: nothing was written, and nobody claims otherwise', async () => {
    const { states, start } = await shared('file');
    const child = await start({});
    child.kill('SIGKILL');
    await ended(child);
    expect(await states.load('r')).toBeUndefined();
  });

  test('by a signal that was not chosen: it ends at once, and nothing is written', async () => {
    const { states, start } = await shared('file');
    const child = await start({ flush: { signals: ['SIGINT'] } });
    child.kill('SIGTERM');
    expect(await ended(child)).toBe('SIGTERM');
    expect(await states.load('r')).toBeUndefined();
  });

  test('by SIGINT, by choice', async () => {
    const { states, start } = await shared('file');
    const child = await start({ flush: { signals: ['SIGINT'] } });
    child.kill('SIGINT');
    expect(await ended(child)).toBe('SIGINT');
    expect(await states.resume('r')).toMatchObject({ status: 'aborted', reason: 'SIGINT', state: ALL_STEPS });
  });

  test('by SIGTERM, with a handler of its own: that one ends it, in its time', async () => {
    const { states, start } = await shared('file');
    const child = await start({ flush: { signals: ['SIGTERM'] }, how: 'drain' });
    const said: unknown[] = [];
    child.on('message', (message) => said.push(message));
    child.kill('SIGTERM');
    expect(await ended(child)).toBe(7);
    expect(said).toEqual(['draining', 'drained']);
    expect(await states.resume('r')).toMatchObject({ status: 'aborted', reason: 'SIGTERM', state: ALL_STEPS });
  });

  test('by SIGTERM, with a listener of signal-exit: it ends', async () => {
    const { states, start } = await shared('file');
    const child = await start({ flush: { signals: ['SIGTERM'] }, how: 'signal-exit' });
    child.kill('SIGTERM');
    expect(await ended(child)).toBe('SIGTERM');
    expect(await states.resume('r')).toMatchObject({ status: 'aborted', state: ALL_STEPS });
  });

  test('by a second SIGTERM, while it still writes: at once', async () => {
    const { states, start } = await shared('file');
    const child = await start({ flush: { signals: ['SIGTERM'] }, how: 'stuck' });
    child.kill('SIGTERM');
    expect(await once(child, 'message')).toEqual(['writing', undefined]);
    child.kill('SIGTERM');
    expect(await ended(child)).toBe('SIGTERM');
    expect(await states.load('r')).toBeUndefined();
  });

  test('and another process goes on with its run', async () => {
    const { states, start } = await shared('file');
    const child = await start({ flush: { durable: true } });
    child.kill('SIGKILL');
    await ended(child);
    await states.run({ runId: 'r' }, async (run) => {
      expect(run.state).toEqual(ALL_STEPS);
      await run.record({ step: 20 });
    });
    expect(await states.resume('r')).toMatchObject({ status: 'completed', state: { ...ALL_STEPS, step: 20 } });
  });
});
