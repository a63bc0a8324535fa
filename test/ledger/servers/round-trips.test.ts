import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ActionLedger, ledger } from '../../../src/index.js';
import { engineFor } from '../../../src/ledger/engine.js';
import type { Store } from '../../../src/store/contract.js';
import { type FaultProxy, startProxy } from '../../services/proxy.js';
import { backends, storeName } from './backends.js';

describe.each(backends)('$name, counted at a proxy', (backend) => {
  const name = storeName();
  let proxy: FaultProxy;
  let stores: Store[];
  let homes: ActionLedger[];

  beforeAll(async () => {
    proxy = await startProxy(backend.shared());
    stores = [await backend.open(proxy.url, name), await backend.open(proxy.url, name)];
    homes = stores.map((store) => new ActionLedger({ store }));
    // From here on each process knows its epoch, and remembers what it has seen finished.
    for (const home of homes) {
      await tool(home)({ id: 'warm' });
      await vi.waitFor(() => expect(engineFor(home.store).replays?.generation).toBeDefined());
    }
    await quiet();
  });

  afterAll(async () => {
    for (const home of homes) await home.close({ drain: 0 });
    for (const store of stores) await store.close();
    await proxy.close();
    await backend.remove(backend.shared(), name);
  });

  /** Until nobody has asked anything for a while: the first watch of an epoch has its own answer to wait for. */
  const quiet = async (): Promise<void> => {
    do {
      proxy.counter.reset();
      await new Promise((resolve) => setTimeout(resolve, 300));
    } while (backend.asked(proxy.counter.snapshot()) > 0);
  };

  const tool = (home: ActionLedger) =>
    ledger({ name: 'pay', effect: 'irreversible', idFrom: ['id'], ledger: home })(
      async ({ id }: { id: string }) => `paid ${id}`,
    );

  const counted = async (work: () => Promise<unknown>): Promise<number> => {
    proxy.counter.reset();
    await work();
    return backend.asked(proxy.counter.snapshot());
  };

  test('a fresh call is two, its replay in another process one, and every further replay none', async () => {
    const [first, second] = homes.map(tool) as [ReturnType<typeof tool>, ReturnType<typeof tool>];
    expect(await counted(() => first({ id: 'a' }))).toBe(2);
    expect(await counted(() => second({ id: 'a' }))).toBe(1);
    expect(await counted(() => second({ id: 'a' }))).toBe(0);
    expect(await counted(() => first({ id: 'a' }))).toBe(0);
  });

  test('64 duplicates in one process are the two of the first', async () => {
    const [first] = homes.map(tool) as [ReturnType<typeof tool>];
    expect(await counted(() => Promise.all(Array.from({ length: 64 }, () => first({ id: 'many' }))))).toBe(2);
  });

  test('100 live leases are renewed in one', async () => {
    const [home] = homes as [ActionLedger];
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let running = 0;
    const long = ledger({ name: 'long', effect: 'irreversible', idFrom: ['id'], lease: '3s', ledger: home })(
      async ({ id }: { id: number }) => {
        running += 1;
        await finished;
        return id;
      },
    );
    const calls = Array.from({ length: 100 }, (_, id) => long({ id }));
    await vi.waitFor(() => expect(running).toBe(100), 10_000);
    // The first time a server may have to be sent the script; the next one is what every later one is.
    for (const time of ['first', 'next']) {
      proxy.counter.reset();
      await vi.waitFor(() => expect(backend.asked(proxy.counter.snapshot()), time).toBeGreaterThan(0), 10_000);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(backend.asked(proxy.counter.snapshot())).toBe(1);
    finish();
    expect(await Promise.all(calls)).toHaveLength(100);
  });
});
