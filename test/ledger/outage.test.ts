import { describe, expect, it } from 'vitest';
import { ActionLedger, CompletionNotRecordedError, ledger, StoreUnavailableError } from '../../src/index.js';
import { memoryStore } from '../../src/store/memory.js';
import { failure, latch, listen, unreachable, type Worker, world, writtenRecord } from './workers.js';

interface Input {
  readonly id: string;
}

function setUp() {
  const w = world();
  let bodies = 0;
  const make = (worker: Worker, body: (count: number) => unknown = (count) => `body ${count}`) =>
    ledger({ name: 'pay', effect: 'irreversible', ledger: worker.home, idFrom: ['id'] })(async (_: Input) =>
      body(++bodies),
    );
  return { w, make, bodies: () => bodies };
}

describe('a store that cannot be reached before the body', () => {
  it('fails closed: nothing runs, and the error says that the call may be made again', async () => {
    const { w, make, bodies } = setUp();
    const worker = w.worker();
    worker.reach(false);
    const error = await w.clock.runUntil(failure(make(worker)({ id: 'a' })));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error).toMatchObject({ retryable: 'safe' });
    expect(error.message).toContain('Nothing ran on the strength of this call');
    expect(bodies()).toBe(0);
    expect(w.clock.monotonic()).toBeLessThanOrEqual(11_000);
    worker.reach(true);
    await w.clock.advance(10_000);
    expect(await make(worker)({ id: 'a' })).toBe('body 1');
  });

  it('fails at once when it says that nothing was written', async () => {
    const { w, make, bodies } = setUp();
    const worker = w.worker();
    worker.way.transact = () =>
      Promise.reject(new StoreUnavailableError({ store: 'x', during: 'transact', applied: 'no' }));
    expect(await failure(make(worker)({ id: 'a' }))).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(worker.sent.transact).toBe(1);
    expect(bodies()).toBe(0);
  });

  it.each([new Error('ECONNRESET'), new TypeError('undefined is not a function'), 'a string'])(
    'that throws %s is unavailable, and no other error reaches the caller',
    async (thrown) => {
      const { w, make, bodies } = setUp();
      const worker = w.worker();
      worker.way.transact = () => Promise.reject(thrown as Error);
      const error = await w.clock.runUntil(failure(make(worker)({ id: 'a' })));
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', cause: thrown });
      expect(bodies()).toBe(0);
    },
  );

  it('that throws before it answers with a promise is unavailable too', async () => {
    const { w, make, bodies } = setUp();
    const worker = w.worker();
    worker.way.transact = () => {
      throw new Error('not connected');
    };
    expect(await w.clock.runUntil(failure(make(worker)({ id: 'a' })))).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(bodies()).toBe(0);
  });

  it('that never answers does not hang the tool', async () => {
    const { w, make, bodies } = setUp();
    const worker = w.worker({ storeDeadlineMs: 2_000 });
    worker.way.transact = () => new Promise(() => undefined);
    expect(await w.clock.runUntil(failure(make(worker)({ id: 'a' })))).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(w.clock.monotonic()).toBeLessThanOrEqual(6_000);
    expect(bodies()).toBe(0);
  });

  it('for a moment costs that moment: the claim is sent again under its nonce, and runs once', async () => {
    for (const lose of ['before', 'after'] as const) {
      const { w, make, bodies } = setUp();
      const worker = w.worker();
      const nonces: string[] = [];
      worker.way.transact = async (transaction, nonce, pass) => {
        nonces.push(nonce);
        if (nonces.length > 2) return pass(transaction, nonce);
        if (lose === 'after') await pass(transaction, nonce);
        throw unreachable('transact');
      };
      expect(await w.clock.runUntil(make(worker)({ id: 'a' }))).toBe('body 1');
      expect(new Set(nonces.slice(0, 3)).size).toBe(1);
      expect(bodies()).toBe(1);
      expect(await w.record()).toMatchObject({ phase: 'committed', fence: 1, attempts: 1 });
    }
  });

  it('for one worker does not block the others: what it may have claimed is given back', async () => {
    const { w, make, bodies } = setUp();
    const [one, two] = [w.worker(), w.worker()];
    // Every claim of the first lands, and no answer comes back.
    one.way.transact = async (transaction, nonce, pass) => {
      const answer = await pass(transaction, nonce);
      if (w.clock.monotonic() < 15_000) throw unreachable('transact');
      return answer;
    };
    expect(await w.clock.runUntil(failure(make(one)({ id: 'a' })))).toBeInstanceOf(StoreUnavailableError);
    expect(await w.record()).toMatchObject({ phase: 'attempting', fence: 1 });
    expect(await w.clock.runUntil(make(two)({ id: 'a' }))).toBe('body 1');
    expect(w.clock.monotonic()).toBeLessThan(25_000);
    expect(bodies()).toBe(1);
  });

  it('gives back also what lands long after the caller was told', async () => {
    const { w, make, bodies } = setUp();
    const [one, two] = [w.worker(), w.worker()];
    let late: (() => Promise<unknown>) | undefined;
    one.way.transact = (transaction, nonce, pass) => {
      late ??= () => pass(transaction, nonce);
      return w.clock.monotonic() < 20_000 ? Promise.reject(unreachable('transact')) : pass(transaction, nonce);
    };
    await w.clock.runUntil(failure(make(one)({ id: 'a' })));
    await late!();
    expect(await w.record()).toMatchObject({ phase: 'attempting' });
    await w.clock.advance(20_000);
    expect(await w.record()).toMatchObject({ phase: 'aborted', aborted: 'not-executed' });
    expect(await make(two)({ id: 'a' })).toBe('body 1');
    // And once more, now against a record that moved on: it changes nothing.
    await late!();
    expect(await w.record()).toMatchObject({ phase: 'committed', fence: 2 });
    expect(bodies()).toBe(1);
  });

  it('whose claim is answered after the lease was over starts nothing under it', async () => {
    const { w, make, bodies } = setUp();
    const worker = w.worker({ storeDeadlineMs: 60_000 });
    let slow = true;
    worker.way.transact = async (transaction, nonce, pass) => {
      const answer = await pass(transaction, nonce);
      if (slow && transaction.write.length > 0) {
        slow = false;
        await w.sleep(31_000);
      }
      return answer;
    };
    const error = await w.clock.runUntil(failure(make(worker)({ id: 'a' })));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'no' } });
    expect(error.message).toContain('Raise lease');
    expect(bodies()).toBe(0);
    expect(await w.record()).toMatchObject({ phase: 'aborted', aborted: 'not-executed' });
    expect(await make(worker)({ id: 'a' })).toBe('body 1');
  });

  it('whose claim is answered after the wall clock jumped beyond the lease starts nothing under it either', async () => {
    const { w, make, bodies } = setUp();
    const worker = w.worker();
    let slept = false;
    worker.way.transact = async (transaction, nonce, pass) => {
      const answer = await pass(transaction, nonce);
      if (!slept) {
        slept = true;
        // A suspended machine: its monotonic clock stood still.
        w.clock.jump(40_000);
      }
      return answer;
    };
    await w.clock.runUntil(failure(make(worker)({ id: 'a' })));
    expect(bodies()).toBe(0);
    expect(await make(worker)({ id: 'a' })).toBe('body 1');
  });
});

describe('a store that cannot be reached after the body', () => {
  it('gives the result on the error, goes on recording, and later callers get it', async () => {
    const { w, make, bodies } = setUp();
    const worker = w.worker();
    const tool = make(worker, () => {
      worker.reach(false);
      return { charge: 'ch-1' };
    });
    const error = await w.clock.runUntil(failure(tool({ id: 'a' })));
    expect(error).toBeInstanceOf(CompletionNotRecordedError);
    expect(error['result']).toEqual({ charge: 'ch-1' });
    expect(error.message).toContain('in the background');
    expect(error.llmMessage).toContain('Do not call it again');
    expect(await w.record()).toMatchObject({ phase: 'attempting' });
    worker.reach(true);
    await w.clock.advance(2_000);
    expect(await w.record()).toMatchObject({ phase: 'committed' });
    expect(await make(w.worker())({ id: 'a' })).toEqual({ charge: 'ch-1' });
    expect(bodies()).toBe(1);
    await w.clock.advance(60_000);
    expect(w.clock.pending).toBe(0);
  });

  it('beyond the lease blocks others, and is settled by the worker when it can', async () => {
    const { w, make, bodies } = setUp();
    const [one, two] = [w.worker(), w.worker()];
    await w.clock.runUntil(
      failure(
        make(one, () => {
          one.reach(false);
          return 'mine';
        })({ id: 'a' }),
      ),
    );
    await w.clock.advance(60_000);
    expect(await failure(make(two)({ id: 'a' }))).toMatchObject({ code: 'LEDGER_BLOCKED' });
    one.reach(true);
    await w.clock.advance(2_000);
    expect(await make(two)({ id: 'a' })).toBe('mine');
    expect(bodies()).toBe(1);
  });

  it('for a moment is waited out within the call', async () => {
    for (const lose of ['before', 'after'] as const) {
      const { w, make } = setUp();
      const worker = w.worker();
      let losses = 0;
      worker.way.transact = async (transaction, nonce, pass) => {
        if (writtenRecord(transaction)?.phase !== 'committed' || ++losses > 3) return pass(transaction, nonce);
        if (lose === 'after') await pass(transaction, nonce);
        throw unreachable('transact');
      };
      expect(await w.clock.runUntil(make(worker)({ id: 'a' }))).toBe('body 1');
      expect(await w.record()).toMatchObject({ phase: 'committed' });
    }
  });

  it('ends the trying when the ledger is closed, and the call stays for people', async () => {
    const { w, make } = setUp();
    const worker = w.worker();
    await w.clock.runUntil(
      failure(
        make(worker, () => {
          worker.reach(false);
          return 'precious';
        })({ id: 'a' }),
      ),
    );
    await w.clock.runUntil(worker.home.close({ drain: 5_000 }));
    await w.clock.advance(60_000);
    expect(w.clock.pending).toBe(0);
    const other = w.worker();
    expect(await failure(make(other)({ id: 'a' }))).toMatchObject({ code: 'LEDGER_BLOCKED' });
    const { calls } = await other.home.list({ stuck: true });
    await other.home.release(calls[0]!.id, { as: 'completed', result: 'precious', by: 'ada', reason: 'from the log' });
    expect(await make(other)({ id: 'a' })).toBe('precious');
  });
});

describe('leases', () => {
  it('are renewed at a third, all of a process in one round trip, and a long body keeps its own', async () => {
    const w = world();
    const worker = w.worker();
    const gate = latch<string>();
    const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: worker.home, idFrom: ['id'] })(
      async (_: Input) => gate.promise,
    );
    const sizes: number[] = [];
    worker.way.renew = (renewals, pass) => {
      sizes.push(renewals.length);
      return pass(renewals);
    };
    const all = Promise.all(Array.from({ length: 20 }, (_, id) => tool({ id: String(id) })));
    await w.clock.advance(60_500);
    expect(sizes).toEqual([20, 20, 20, 20, 20, 20]);
    expect((await w.stored()).every((stored) => (stored.lease?.until ?? 0) > w.clock.wall())).toBe(true);
    gate.open('done');
    await all;
    const renewals = sizes.length;
    await w.clock.advance(60_000);
    expect(sizes).toHaveLength(renewals);
    expect(w.clock.pending).toBe(0);
  });

  it('do not end by renewals that fail for a while', async () => {
    const w = world();
    const worker = w.worker();
    let fails = 0;
    let aborted = false;
    worker.way.renew = (renewals, pass) => (++fails <= 2 ? Promise.reject(unreachable('renew')) : pass(renewals));
    const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: worker.home, idFrom: ['id'] })(
      async (_: Input, call) => {
        call.signal.addEventListener('abort', () => (aborted = true));
        await w.sleep(100_000);
        return call.effect(() => 'done');
      },
    );
    expect(await w.clock.runUntil(tool({ id: 'a' }))).toBe('done');
    expect(aborted).toBe(false);
    expect(fails).toBeGreaterThan(5);
  });

  it('of different lengths are each renewed in time', async () => {
    const w = world();
    const worker = w.worker();
    const gate = latch<string>();
    const make = (lease: number) =>
      ledger({ name: `tool ${lease}`, effect: 'irreversible', ledger: worker.home, idFrom: ['id'], lease })(
        async (_: Input) => gate.promise,
      );
    const running = [make(60_000)({ id: 'a' })];
    await w.clock.advance(15_000);
    running.push(make(300)({ id: 'a' }));
    for (let step = 0; step < 40; step++) {
      await w.clock.advance(250);
      expect((await w.stored()).every((stored) => (stored.lease?.until ?? 0) > w.clock.wall())).toBe(true);
    }
    gate.open('done');
    await Promise.all(running);
  });

  it('that were lost abort the signal with the reason, and what is left to record is evidence', async () => {
    using kept = listen('mycelium:evidence-kept');
    const w = world();
    const [one, two] = [w.worker(), w.worker()];
    const reasons: unknown[] = [];
    let bodies = 0;
    const make = (worker: Worker) =>
      ledger({
        name: 'tool',
        effect: 'idempotent_mutate',
        ledger: worker.home,
        idFrom: ['id'],
        lease: 3_000,
        waitFor: '1m',
      })(async (_: Input, call) => {
        bodies += 1;
        const { signal } = call;
        await w.sleep(bodies === 1 ? 20_000 : 1_000);
        if (signal.aborted) reasons.push(signal.reason);
        return bodies;
      });
    const first = make(one)({ id: 'a' });
    await w.clock.settle();
    one.way.renew = () => Promise.reject(unreachable('renew'));
    const second = make(two)({ id: 'a' });
    expect(await w.clock.runUntil(second)).toBe(2);
    delete one.way.renew;
    expect(await w.clock.runUntil(first)).toBe(2);
    expect(reasons).toMatchObject([{ code: 'LEASE_LOST', details: { requestId: 'a' } }]);
    expect(kept.events).toHaveLength(1);
  });

  it('leave no timer that keeps a process alive', async () => {
    const { ActionLedger } = await import('../../src/index.js');
    const { memoryStore } = await import('../../src/store/memory.js');
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const tool = ledger({
      name: 'tool',
      effect: 'irreversible',
      ledger: new ActionLedger({ store: memoryStore() }),
      idFrom: ['id'],
      timeout: '10s',
    })(async (_: Input, call) => call.signal.aborted);
    await Promise.all([tool({ id: 'a' }), tool({ id: 'a' }), tool({ id: 'b' })]);
    expect(timers()).toBe(before);
  });
});

describe('a listing', () => {
  it("tells a driver's error as what it means", async () => {
    const memory = memoryStore();
    const store = Object.assign(Object.create(memory) as typeof memory, {
      list: () => Promise.reject(new Error('ECONNRESET')),
    });
    const error = await failure(new ActionLedger({ store }).list());
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error.message).toContain('ECONNRESET');
  });
});
