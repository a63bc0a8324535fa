import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ActionLedger, CompletionNotRecordedError, ledger } from '../../../src/index.js';
import type { Store } from '../../../src/store/contract.js';
import { setUpEngine } from '../../../src/testing/index.js';
import { type FaultProxy, startProxy } from '../../services/proxy.js';
import type { ServerHandle } from '../../services/server-process.js';
import { type Backend, backends, storeName } from './backends.js';

const STORE_DEADLINE_MS = 1_500;

/** A worker over a server of its own that can be killed, with a proxy between them. */
async function worker(backend: Backend, url: string, name: string): Promise<{ store: Store; home: ActionLedger }> {
  const store = await backend.open(url, name);
  setUpEngine(store, { storeDeadlineMs: STORE_DEADLINE_MS });
  return { store, home: new ActionLedger({ store }) };
}

function failureOf(call: Promise<unknown>): Promise<{ code: string; details: Record<string, unknown> }> {
  return call.then(
    () => Promise.reject(new Error('expected a failure')),
    (error: { code: string; details: Record<string, unknown> }) => error,
  );
}

describe.each(backends)('$name', (backend) => {
  let server: ServerHandle;
  let proxy: FaultProxy;
  const name = storeName();
  const open: { store: Store; home: ActionLedger }[] = [];

  beforeAll(async () => {
    server = await backend.start();
    proxy = await startProxy(server.url);
  });

  afterAll(async () => {
    for (const { home, store } of open) {
      await home.close({ drain: 0 });
      await store.close();
    }
    await proxy.close();
    await server.stop();
  });

  const opened = async (): Promise<ActionLedger> => {
    const one = await worker(backend, proxy.url, name);
    open.push(one);
    return one.home;
  };

  test('a server that is away before a call: no body, a store error, and all is well when it is back', async () => {
    const home = await opened();
    let ran = 0;
    const pay = ledger({ name: 'pay_before', effect: 'irreversible', idFrom: ['id'], ledger: home })(
      async ({ id }: { id: string }) => `${id} ${++ran}`,
    );
    await proxy.refuse();
    const started = performance.now();
    expect(await failureOf(pay({ id: 'a' }))).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    // What cannot be known is told in time: within the deadlines, not when the server is back.
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(ran).toBe(0);
    await proxy.accept();
    await vi.waitFor(async () => expect(await pay({ id: 'a' })).toBe('a 1'), { timeout: 20_000, interval: 100 });
  });

  test('a server that is killed under a body: the caller has the result, and it is recorded when the server is back', async () => {
    const [home, other] = [await opened(), await opened()];
    let ran = 0;
    const tool = (of: ActionLedger) =>
      ledger({ name: 'pay_during', effect: 'irreversible', idFrom: ['id'], waitFor: '20s', ledger: of })(
        async ({ id }: { id: string }) => {
          ran += 1;
          await server.kill('SIGKILL');
          return { id, receipt: 'r-1' };
        },
      );
    const failed = await failureOf(tool(home)({ id: 'a' }));
    expect(failed).toBeInstanceOf(CompletionNotRecordedError);
    expect(failed).toMatchObject({ result: { id: 'a', receipt: 'r-1' } });
    await server.restart();
    // Another worker waits for the lease, which is kept while the recording goes on, and is given what was recorded.
    const second = tool(other);
    const given = vi.waitFor(() => second({ id: 'a' }), { timeout: 30_000, interval: 200 });
    expect(await given).toEqual({ id: 'a', receipt: 'r-1' });
    expect(ran).toBe(1);
  });

  test('a claim whose answer is lost for longer than the deadline is given back, and the call runs once later', async () => {
    const home = await opened();
    let ran = 0;
    const pay = ledger({ name: 'pay_unanswered', effect: 'irreversible', idFrom: ['id'], ledger: home })(
      async ({ id }: { id: string }) => `${id} ${++ran}`,
    );
    await pay({ id: 'first' });
    const applied = proxy.strike(/EVALSHA|EVAL|insert/i, { type: 'swallow-reply' });
    const call = failureOf(pay({ id: 'a' }));
    await applied;
    // It has landed; from here on the server cannot be reached any more.
    await proxy.refuse();
    expect(await call).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'unknown' } });
    expect(ran).toBe(1);
    await proxy.accept();
    // Not blocked, although the claim said that its body may have run: it was given back as one that did not.
    await vi.waitFor(async () => expect(await pay({ id: 'a' })).toBe('a 2'), { timeout: 25_000, interval: 250 });
  });

  test.each(['cut-before', 'cut-after', 'cut-reply'] as const)(
    'a claim whose connection breaks (%s) is resolved by its nonce: the body runs once, nobody is locked out',
    async (type) => {
      const home = await opened();
      let ran = 0;
      const pay = ledger({ name: `pay_${type}`, effect: 'irreversible', idFrom: ['id'], ledger: home })(
        async ({ id }: { id: string }) => `${id} ${++ran}`,
      );
      await pay({ id: 'first' });
      for (const [at, statement] of [/EVALSHA|EVAL|insert/i, /EVALSHA|EVAL|update/i].entries()) {
        const fault = type === 'cut-reply' ? { type, bytes: 5 } : { type };
        const struck = proxy.strike(statement, fault);
        expect(await pay({ id: `call ${at}` })).toBe(`call ${at} ${at + 2}`);
        await struck;
        expect(await pay({ id: `call ${at}` })).toBe(`call ${at} ${at + 2}`);
      }
      expect(ran).toBe(3);
    },
  );

  test('close waits for a recording that goes on only as long as it was told to', async () => {
    const { store, home } = await worker(backend, proxy.url, name);
    const pay = ledger({ name: 'pay_closing', effect: 'irreversible', idFrom: ['id'], ledger: home })(
      async ({ id }: { id: string }) => {
        await proxy.refuse();
        return id;
      },
    );
    expect(await failureOf(pay({ id: 'a' }))).toBeInstanceOf(CompletionNotRecordedError);
    const started = performance.now();
    await home.close({ drain: 300 });
    await store.close();
    expect(performance.now() - started).toBeLessThan(5_000);
    await proxy.accept();
    const later = await opened();
    const [call] = (await later.list({ tool: 'pay_closing' })).calls;
    expect(call).toMatchObject({ phase: 'attempting' });
  });
});
