import { describe, expect, it } from 'vitest';
import { CallInProgressError, ledger, taskLedger } from '../../src/index.js';
import { failAt, WorkerLostError } from '../../src/testing/index.js';
import { failure, latch, type Worker, world } from './workers.js';

interface Input {
  readonly id: string;
}

/** Two workers over the same tool, whose body waits for the test. */
function pair(options: { waitFor?: number; lease?: number } = {}) {
  const w = world();
  const gate = latch<string>();
  const bodies: string[] = [];
  const make = (worker: Worker, name: string) =>
    ledger({ name: 'pay', effect: 'non_idempotent_mutate', ledger: worker.home, idFrom: ['id'], ...options })(
      async (_: Input) => {
        bodies.push(name);
        return gate.promise;
      },
    );
  const [one, two] = [w.worker(), w.worker()];
  return { w, gate, bodies, one, two, first: make(one, 'one'), second: make(two, 'two') };
}

describe('a call that another worker is carrying out', () => {
  it('is waited for, and its result given when it comes', async () => {
    const { w, gate, bodies, first, second } = pair();
    const running = first({ id: 'a' });
    await w.clock.settle();
    const waiting = second({ id: 'a' });
    await w.clock.advance(5_000);
    gate.open('done');
    expect(await running).toBe('done');
    // No time passes: the store told.
    expect(await waiting).toBe('done');
    expect(bodies).toEqual(['one']);
  });

  it('is waited for as long as waitFor, beyond leases that are renewed, and is not touched by it', async () => {
    const { w, gate, bodies, first, second } = pair({ lease: 3_000, waitFor: 10_000 });
    const running = first({ id: 'a' });
    await w.clock.settle();
    const before = (await w.stored())[0]!;
    const started = w.clock.monotonic();
    const error = await w.clock.runUntil(failure(second({ id: 'a' })));
    expect(error).toBeInstanceOf(CallInProgressError);
    expect(error).toMatchObject({ retryable: 'safe', details: { tool: 'pay', requestId: 'a', waitedMs: 10_000 } });
    expect(w.clock.monotonic() - started).toBe(10_000);
    const after = (await w.stored())[0]!;
    expect(after.revision).toBe(before.revision);
    expect(after.lease!.until).toBeGreaterThan(before.lease!.until);
    gate.open('done');
    expect(await running).toBe('done');
    expect(await second({ id: 'a' })).toBe('done');
    expect(bodies).toEqual(['one']);
  });

  it('is not waited for at all with waitFor: 0', async () => {
    const { w, gate, first, second } = pair({ waitFor: 0 });
    const running = first({ id: 'a' });
    await w.clock.settle();
    expect(await failure(second({ id: 'a' }))).toBeInstanceOf(CallInProgressError);
    gate.open('done');
    await running;
  });

  it('is no longer waited for when the caller aborts, whose reason is what it gets', async () => {
    const { w, gate, one, first, second } = pair();
    const running = first({ id: 'a' });
    await w.clock.settle();
    for (const tool of [first, second]) {
      const stop = new AbortController();
      const waiting = failure(tool({ id: 'a' }, { signal: stop.signal }));
      await w.clock.advance(1_000);
      const reason = new Error('the user left');
      stop.abort(reason);
      expect(await waiting).toBe(reason);
    }
    expect(one.engine.underWay.size).toBe(1);
    gate.open('done');
    expect(await running).toBe('done');
  });

  it('is not begun for a caller who has aborted already', async () => {
    const { w, bodies, first } = pair();
    const reason = new Error('gone');
    expect(await failure(first({ id: 'a' }, { abortSignal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(bodies).toEqual([]);
    expect(await w.stored()).toHaveLength(0);
  });

  it('is looked at again when its lease ends, without anybody telling', async () => {
    const { w, two, first, second } = pair();
    failAt('after-claim');
    expect(await failure(first({ id: 'a' }))).toBeInstanceOf(WorkerLostError);
    const error = await w.clock.runUntil(failure(second({ id: 'a' })));
    expect(error).toMatchObject({ code: 'LEDGER_BLOCKED', details: { reason: 'worker-lost' } });
    expect(w.clock.monotonic()).toBe(30_000);
    expect(two.sent.watch).toBe(1);
  });

  it('is looked at again although the store never tells: at the end of waitFor at the latest', async () => {
    const { w, gate, two, first, second } = pair({ waitFor: 40_000, lease: 60_000 });
    two.way.watch = (_key, _revision, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    const running = first({ id: 'a' });
    await w.clock.settle();
    const waiting = second({ id: 'a' });
    await w.clock.advance(1_000);
    gate.open('done');
    await running;
    expect(await w.clock.runUntil(waiting)).toBe('done');
    expect(w.clock.monotonic()).toBe(30_000);
  });

  it('is waited for although watching fails, or ends early again and again', async () => {
    for (const wakes of [false, true]) {
      const w = world();
      const watch = (): Promise<void> => (wakes ? w.sleep(100) : Promise.reject(new Error('no subscriptions here')));
      const gate = latch<string>();
      const [one, two] = [w.worker(), w.worker()];
      two.way.watch = watch;
      const make = (worker: Worker) =>
        ledger({ name: 'pay', effect: 'irreversible', ledger: worker.home, idFrom: ['id'] })(
          async (_: Input) => gate.promise,
        );
      const running = make(one)({ id: 'a' });
      await w.clock.settle();
      const waiting = make(two)({ id: 'a' });
      await w.clock.advance(2_000);
      // Early wake-ups cost a read each, and no more than that.
      expect(two.sent.transact).toBeLessThan(30);
      gate.open('done');
      await running;
      expect(await w.clock.runUntil(waiting)).toBe('done');
    }
  });

  it('that ends as not executed is taken over by exactly one of those who wait', async () => {
    const w = world();
    const gate = latch<string>();
    let bodies = 0;
    const workers = Array.from({ length: 4 }, () => w.worker());
    const tools = workers.map((worker) =>
      ledger({ name: 'pay', effect: 'irreversible', ledger: worker.home, idFrom: ['id'], notExecuted: () => true })(
        async (_: Input) => {
          bodies += 1;
          if (bodies === 1) return gate.promise;
          await w.sleep(500);
          return `body ${bodies}`;
        },
      ),
    );
    const first = failure(tools[0]!({ id: 'a' }));
    await w.clock.settle();
    const others = tools.slice(1).map((tool) => tool({ id: 'a' }));
    await w.clock.advance(100);
    gate.fail(new Error('declined'));
    expect((await first).message).toBe('declined');
    expect(await w.clock.runUntil(Promise.all(others))).toEqual(['body 2', 'body 2', 'body 2']);
    expect(bodies).toBe(2);
  });

  it('keeps a task to one worker while its lease is held', async () => {
    const w = world();
    let at = 0;
    let most = 0;
    const tasks = [w.worker(), w.worker()].map((worker) =>
      taskLedger({ name: 'task', ledger: worker.home, idFrom: ['id'], waitFor: '10m' })(async (_: Input) => {
        most = Math.max(most, ++at);
        await w.sleep(100_000);
        at -= 1;
        return 'done';
      }),
    );
    const all = Promise.all(tasks.map((task) => task({ id: 'a' })));
    expect(await w.clock.runUntil(all)).toEqual(['done', 'done']);
    expect(most).toBe(1);
  });
});

describe('duplicates within a process', () => {
  it('wait for the first and cost the store nothing', async () => {
    const { w, gate, bodies, one, first } = pair();
    const all = Array.from({ length: 200 }, () => first({ id: 'a' }));
    await w.clock.settle();
    expect(one.sent).toEqual({ transact: 1, renew: 0, list: 0, watch: 0 });
    gate.open('done');
    expect(await Promise.all(all)).toEqual(Array.from({ length: 200 }, () => 'done'));
    // The claim and the completion; nobody asked again.
    expect(one.sent).toEqual({ transact: 2, renew: 0, list: 0, watch: 0 });
    expect(bodies).toEqual(['one']);
  });

  it('get results of their own, which nobody else can change', async () => {
    const w = world();
    const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: w.worker().home, idFrom: ['id'] })(
      async (_: Input) => ({ list: [1] }),
    );
    const [one, two, three] = await Promise.all([tool({ id: 'a' }), tool({ id: 'a' }), tool({ id: 'a' })]);
    one!.list.push(2);
    two!.list.push(3);
    expect(three).toEqual({ list: [1] });
    expect(await tool({ id: 'a' })).toEqual({ list: [1] });
  });

  it('wait for no longer than waitFor', async () => {
    const { w, gate, first } = pair({ waitFor: 4_000 });
    const running = first({ id: 'a' });
    expect(await w.clock.runUntil(failure(first({ id: 'a' })))).toBeInstanceOf(CallInProgressError);
    expect(w.clock.monotonic()).toBe(4_000);
    gate.open('done');
    await running;
  });

  it('go on one by one when the first fails, and one of them runs', async () => {
    const w = world();
    let bodies = 0;
    const tool = ledger({
      name: 'tool',
      effect: 'irreversible',
      ledger: w.worker().home,
      idFrom: ['id'],
      notExecuted: () => true,
    })(async (_: Input) => {
      bodies += 1;
      await w.sleep(10);
      if (bodies < 3) throw new Error(`declined ${bodies}`);
      return bodies;
    });
    const all = await w.clock.runUntil(
      Promise.allSettled([tool({ id: 'a' }), tool({ id: 'a' }), tool({ id: 'a' }), tool({ id: 'a' })]),
    );
    expect(all.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error).message))).toEqual([
      'declined 1',
      'declined 2',
      3,
      3,
    ]);
    expect(bodies).toBe(3);
  });

  it('cost a fresh call two round trips and a replay one', async () => {
    const w = world();
    const worker = w.worker();
    const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: worker.home, idFrom: ['id'] })(
      async (_: Input) => 1,
    );
    await tool({ id: 'a' });
    expect(worker.sent.transact).toBe(2);
    await tool({ id: 'a' });
    expect(worker.sent.transact).toBe(3);
    await ledger({ name: 'tool', effect: 'irreversible', ledger: w.worker().home, idFrom: ['id'] })(
      async (_: Input) => 2,
    )({ id: 'a' });
    expect(worker.sent).toEqual({ transact: 3, renew: 0, list: 0, watch: 0 });
  });
});

describe('when nothing is left to do', () => {
  it('no timer is left', async () => {
    const { w, gate, first, second } = pair({ lease: 3_000 });
    const both = Promise.all([first({ id: 'a' }), second({ id: 'a' }), first({ id: 'a' })]);
    await w.clock.advance(10_000);
    gate.open('done');
    await both;
    await w.clock.advance(10_000);
    expect(w.clock.pending).toBe(0);
  });
});
