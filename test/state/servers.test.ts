import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { StateNotSavedError, stateFlush } from '../../src/index.js';
import type { Store } from '../../src/store/contract.js';
import { backends, storeName } from '../ledger/servers/backends.js';
import { type FaultProxy, startProxy } from '../services/proxy.js';
import { failure } from './states.js';

describe.each(backends)('$name', (backend) => {
  const name = storeName();
  const stores: Store[] = [];
  let proxy: FaultProxy;

  beforeAll(async () => {
    proxy = await startProxy(backend.shared());
  });

  afterAll(async () => {
    for (const store of stores) await store.close();
    await proxy.close();
    await backend.remove(backend.shared(), name);
  });

  const opened = async (url = backend.shared()): Promise<Store> => {
    const store = await backend.open(url, name);
    stores.push(store);
    return store;
  };

  test('two workers record to one run, and nothing is lost', async () => {
    const workers = [stateFlush({ store: await opened(), durable: true }), stateFlush({ store: await opened() })];
    await Promise.all(
      workers.map((states, worker) =>
        states.run({ runId: 'shared' }, async (run) => {
          for (let step = 0; step < 10; step += 1) {
            await run.record({ [`${worker}.${step}`]: step });
            if (step % 3 === 0) await run.flush();
          }
        }),
      ),
    );
    const { status, state } = await (workers[0] as (typeof workers)[number]).resume('shared');
    expect(status).toBe('completed');
    expect(Object.keys(state)).toHaveLength(20);
  });

  test('runs are listed by how they stand', async () => {
    const states = stateFlush({ store: await opened(), name: 'listed' });
    for (const runId of ['a', 'b', 'c'])
      await states.run({ runId }, (run) => (runId === 'b' ? run.disconnect() : run.record({ runId })));
    expect((await states.list({ status: 'aborted' })).runs.map(({ runId }) => runId)).toEqual(['b']);
    expect((await states.list({ status: 'completed' })).runs.map(({ runId }) => runId).sort()).toEqual(['a', 'c']);
  });

  test.each(['cut-before', 'cut-after'] as const)('a record whose connection breaks (%s) is written', async (type) => {
    const states = stateFlush({ store: await opened(proxy.url), durable: true });
    await states.run({ runId: type }, async (run) => {
      await run.record({ step: 1 });
      const struck = proxy.strike(/EVALSHA|EVAL|update/i, { type });
      await run.record({ step: 2 });
      await struck;
    });
    expect(await states.resume(type)).toMatchObject({ status: 'completed', state: { step: 2 } });
  });

  test('a server that is away at the end: the error carries the state, and it is recorded later', async () => {
    const states = stateFlush({ store: await opened(proxy.url) });
    const error = await failure<StateNotSavedError>(
      states.run({ runId: 'away' }, async (run) => {
        await run.record({ step: 1 });
        await proxy.refuse();
        return 'done';
      }),
    );
    expect(error).toBeInstanceOf(StateNotSavedError);
    expect(error).toMatchObject({ state: { step: 1 }, result: 'done' });
    await proxy.accept();
    const again = (): Promise<void> => states.run({ runId: 'away' }, (run) => run.record(error.state));
    await vi.waitFor(again, { timeout: 20_000, interval: 200 });
    expect(await states.resume('away')).toMatchObject({ status: 'completed', state: { step: 1 } });
  });

  test('a server that is away for a moment at the end is waited for', async () => {
    const states = stateFlush({ store: await opened(proxy.url) });
    await states.run({ runId: 'moment' }, async (run) => {
      await run.record({ step: 1 });
      await proxy.refuse();
      setTimeout(() => void proxy.accept(), 1_000);
    });
    await vi.waitFor(async () => expect((await states.resume('moment')).state).toEqual({ step: 1 }), {
      timeout: 20_000,
    });
  });
});
