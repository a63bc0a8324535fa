import { describe, expect, it } from 'vitest';
import {
  committed,
  type LedgerOptions,
  ledger,
  notExecuted,
  type ReconcileQuestion,
  unknown,
  type Verdict,
} from '../../src/index.js';
import { failAt, onFaultPoint, WorkerLostError } from '../../src/testing/index.js';
import { failure, latch, listen, type Worker, world } from './workers.js';

interface Input {
  readonly id: string;
}

type Ask = (question: ReconcileQuestion<Input>) => Verdict<unknown> | PromiseLike<Verdict<unknown>>;

/** A tool whose first worker is lost with its effect done, and whose reconciler the test writes. */
async function lost(ask: Ask | undefined, options: Partial<LedgerOptions<'id'>> = {}) {
  const w = world();
  let bodies = 0;
  const make = (worker: Worker) =>
    ledger({
      name: 'pay',
      effect: 'non_idempotent_mutate',
      ledger: worker.home,
      idFrom: ['id'],
      ...(ask === undefined ? {} : { reconcile: ask as LedgerOptions['reconcile'] & object }),
      ...options,
    })(async (_: Input, call) => {
      bodies += 1;
      if (bodies === 1) {
        await call.recordExternalRef('ref-1');
        throw new WorkerLostError('after-effect');
      }
      return `body ${bodies}` as unknown;
    });
  await failure(make(w.worker())({ id: 'a' }));
  return { w, make, bodies: () => bodies };
}

describe('a reconciler', () => {
  it('is asked with what it needs, once the lease is over', async () => {
    const questions: ReconcileQuestion<Input>[] = [];
    const { w, make, bodies } = await lost((question) => {
      questions.push(question);
      return committed({ charge: 'ch-1' });
    });
    const worker = w.worker();
    const waiting = make(worker)({ id: 'a' });
    await w.clock.advance(29_000);
    expect(questions).toHaveLength(0);
    expect(await w.clock.runUntil(waiting)).toEqual({ charge: 'ch-1' });
    const { id } = (await worker.home.list()).calls[0]!;
    expect(questions).toMatchObject([
      {
        requestId: 'a',
        idempotencyKey: `myc_${id}`,
        externalRef: 'ref-1',
        input: { id: 'a' },
        attempts: 1,
        signal: expect.any(AbortSignal),
      },
    ]);
    expect(bodies()).toBe(1);
  });

  it('that says committed settles the call, for this caller and all later ones', async () => {
    using events = listen('mycelium:call-committed');
    const { w, make, bodies } = await lost(() => committed({ charge: 'ch-1', at: new Date(5) }));
    await w.clock.advance(31_000);
    expect(await make(w.worker())({ id: 'a' })).toEqual({ charge: 'ch-1', at: new Date(5) });
    expect(await make(w.worker())({ id: 'a' })).toEqual({ charge: 'ch-1', at: new Date(5) });
    expect(bodies()).toBe(1);
    expect(await w.record()).toMatchObject({
      phase: 'committed',
      fence: 1,
      resolution: { by: 'reconciler', as: 'completed' },
    });
    expect(await w.record()).not.toHaveProperty('resolver');
    expect(events.events).toMatchObject([{ by: 'reconciler', fence: 1 }]);
  });

  it('may say committed without a value that can be kept', async () => {
    const { w, make } = await lost(() => committed(() => 'a function'));
    await w.clock.advance(31_000);
    expect(await failure(make(w.worker())({ id: 'a' }))).toMatchObject({ code: 'RESULT_NOT_REPLAYABLE' });
    expect(await w.record()).toMatchObject({ phase: 'committed' });
  });

  it('that says not executed is believed only when a late arrival is out of the question', async () => {
    let asked = 0;
    const { w, make, bodies } = await lost(() => {
      asked += 1;
      return notExecuted('no such reference');
    });
    await w.clock.advance(31_000);
    const second = make(w.worker())({ id: 'a' });
    await w.clock.advance(28_000);
    expect([asked, bodies()]).toEqual([1, 1]);
    expect(await w.clock.runUntil(second)).toBe('body 2');
    // One lease past the end of the lost one, and asked again then.
    expect(w.clock.monotonic()).toBe(60_000);
    expect(asked).toBe(2);
    expect(await w.record()).toMatchObject({ phase: 'committed', fence: 2 });
  });

  it('that is not believed yet is not asked again and again by workers who wake each other', async () => {
    let asked = 0;
    const { w, make, bodies } = await lost(() => {
      asked += 1;
      return notExecuted('no such reference');
    });
    await w.clock.advance(31_000);
    const workers = [w.worker(), w.worker(), w.worker()];
    // A way that takes time: without it, two who wake each other would never let time pass.
    for (const worker of workers) {
      worker.way.transact = async (transaction, nonce, pass) => {
        await w.sleep(5);
        return pass(transaction, nonce);
      };
    }
    const all = Promise.all(workers.map((worker) => make(worker)({ id: 'a' })));
    await w.clock.advance(20_000);
    expect(asked).toBe(3);
    for (const worker of workers) expect(worker.sent.transact).toBeLessThan(20);
    expect(await w.clock.runUntil(all)).toEqual(['body 2', 'body 2', 'body 2']);
    expect(bodies()).toBe(2);
    expect(asked).toBeLessThanOrEqual(6);
  });

  it('is believed by settleAfter, where that is given', async () => {
    const { w, make } = await lost(() => notExecuted('none'), { settleAfter: 0 });
    expect(await w.clock.runUntil(make(w.worker())({ id: 'a' }))).toBe('body 2');
    expect(w.clock.monotonic()).toBe(30_000);
  });

  it('that says not executed too early for waitFor is an error that may be tried again', async () => {
    const { w, make, bodies } = await lost(() => notExecuted('none'), { settleAfter: '10m' });
    await w.clock.advance(31_000);
    const error = await w.clock.runUntil(failure(make(w.worker())({ id: 'a' })));
    expect(error).toMatchObject({ code: 'CALL_IN_PROGRESS', retryable: 'safe' });
    expect(error.message).toContain('believed in 599 s');
    await w.clock.advance(600_000);
    expect(await make(w.worker())({ id: 'a' })).toBe('body 2');
    expect(bodies()).toBe(2);
  });

  it('that says not executed of an irreversible tool is not enough', async () => {
    const { w, make, bodies } = await lost(() => notExecuted('none'), { effect: 'irreversible' });
    await w.clock.advance(600_000);
    const error = await failure(make(w.worker())({ id: 'a' }));
    expect(error).toMatchObject({ code: 'LEDGER_BLOCKED', details: { reason: 'verdict-refused' } });
    expect(error.message).toContain('none');
    expect(bodies()).toBe(1);
  });

  it('of an irreversible tool may prove that it happened', async () => {
    const { w, make } = await lost(() => committed('found'), { effect: 'irreversible' });
    await w.clock.advance(31_000);
    expect(await make(w.worker())({ id: 'a' })).toBe('found');
  });

  const unsure: readonly [string, Ask, string][] = [
    ['says unknown', () => unknown('the bank indexes with a delay'), 'the bank indexes with a delay'],
    ['throws', () => Promise.reject(new TypeError('HTTP 500')), 'TypeError: HTTP 500'],
    [
      'throws at once',
      () => {
        throw new Error('no credentials');
      },
      'no credentials',
    ],
    ['returns nothing', () => undefined as unknown as Verdict<unknown>, 'returned no verdict'],
    ['returns a value of its own', () => ({ paid: true }) as unknown as Verdict<unknown>, 'returned no verdict'],
    [
      'returns a verdict without evidence',
      () => ({ outcome: 'not-executed' }) as unknown as Verdict<unknown>,
      'returned no verdict',
    ],
    [
      'returns committed without a value',
      () => ({ outcome: 'committed' }) as unknown as Verdict<unknown>,
      'returned no verdict',
    ],
    ['returns true', () => true as unknown as Verdict<unknown>, 'returned no verdict'],
  ];
  it.each(unsure)('that %s leaves the call blocked, and is asked again at the next dispatch', async (_, ask, words) => {
    let asked = 0;
    const { w, make, bodies } = await lost((question) => {
      asked += 1;
      return ask(question);
    });
    await w.clock.advance(31_000);
    const error = await failure(make(w.worker())({ id: 'a' }));
    expect(error).toMatchObject({
      code: 'LEDGER_BLOCKED',
      details: { reason: 'reconciler-unsure', externalRef: 'ref-1' },
    });
    expect(error.message).toContain(words);
    await failure(make(w.worker())({ id: 'a' }));
    expect([asked, bodies()]).toEqual([2, 1]);
    expect(await w.record()).toMatchObject({ phase: 'attempting', fence: 1 });
  });

  it('keeps the cause when it threw', async () => {
    const cause = new Error('HTTP 500');
    const { w, make } = await lost(() => Promise.reject(cause));
    await w.clock.advance(31_000);
    expect((await failure(make(w.worker())({ id: 'a' }))).cause).toBe(cause);
  });

  it('that is slow gets one lease, an aborted signal, and is then taken for unsure', async () => {
    let aborted: unknown;
    const { w, make } = await lost(
      ({ signal }) => new Promise(() => signal.addEventListener('abort', () => (aborted = signal.reason))),
    );
    await w.clock.advance(31_000);
    const error = await w.clock.runUntil(failure(make(w.worker())({ id: 'a' })));
    expect(w.clock.monotonic()).toBe(61_000);
    expect(error).toMatchObject({ code: 'LEDGER_BLOCKED', details: { reason: 'reconciler-unsure' } });
    expect(aborted).toBeInstanceOf(Error);
    await w.clock.advance(10_000);
    expect(w.clock.pending).toBe(0);
  });

  it('is asked by one worker at a time: the other waits and is given what it found', async () => {
    const answer = latch<Verdict<unknown>>();
    let asked = 0;
    const { w, make } = await lost(() => {
      asked += 1;
      return answer.promise;
    });
    await w.clock.advance(31_000);
    const both = Promise.all([make(w.worker())({ id: 'a' }), make(w.worker())({ id: 'a' })]);
    await w.clock.advance(5_000);
    expect(asked).toBe(1);
    answer.open(committed('found'));
    expect(await w.clock.runUntil(both)).toEqual(['found', 'found']);
  });

  it('whose worker is lost while asking leaves its turn to others after a lease', async () => {
    let asked = 0;
    const { w, make } = await lost(() => {
      asked += 1;
      return committed('found');
    });
    await w.clock.advance(31_000);
    failAt('after-verdict');
    await failure(make(w.worker())({ id: 'a' }));
    expect(await w.record()).toMatchObject({ phase: 'attempting', resolver: { owner: expect.any(String) } });
    expect(await w.clock.runUntil(make(w.worker())({ id: 'a' }))).toBe('found');
    expect(w.clock.monotonic()).toBe(61_000);
    expect(asked).toBe(2);
  });

  it('of one worker does not answer for another that has none', async () => {
    const { w, make } = await lost(() => committed('found'));
    await w.clock.advance(31_000);
    const without = ledger({ name: 'pay', effect: 'non_idempotent_mutate', ledger: w.worker().home, idFrom: ['id'] })(
      async (_: Input) => 'body',
    );
    expect(await failure(without({ id: 'a' }))).toMatchObject({
      code: 'LEDGER_BLOCKED',
      details: { reason: 'worker-lost' },
    });
    expect(await make(w.worker())({ id: 'a' })).toBe('found');
    expect(await without({ id: 'a' })).toBe('found');
  });

  it('is asked too after a throw, at once', async () => {
    const w = world();
    const pay = ledger({
      name: 'pay',
      effect: 'non_idempotent_mutate',
      ledger: w.worker().home,
      idFrom: ['id'],
      reconcile: () => committed('found'),
    })(async (_: Input): Promise<string> => {
      throw new Error('socket hang up');
    });
    await failure(pay({ id: 'a' }));
    expect(await pay({ id: 'a' })).toBe('found');
  });

  it('cannot be asked when the store is away, and nothing runs', async () => {
    const { w, make, bodies } = await lost(() => notExecuted('none'), { settleAfter: 0 });
    await w.clock.advance(31_000);
    const worker = w.worker();
    worker.way.transact = (transaction, nonce, pass) =>
      transaction.write.length === 0 ? pass(transaction, nonce) : Promise.reject(new Error('ECONNRESET'));
    expect(await w.clock.runUntil(failure(make(worker)({ id: 'a' })))).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(bodies()).toBe(1);
  });
});

describe('a worker that was only slow', () => {
  /** One worker stalls, cut off from the store, with its lease over; the other asks. */
  async function stalled(ask: Ask, options: Partial<LedgerOptions<'id'>> = {}) {
    const w = world();
    const gate = latch<string>();
    let bodies = 0;
    const make = (worker: Worker) =>
      ledger({
        name: 'pay',
        effect: 'non_idempotent_mutate',
        ledger: worker.home,
        idFrom: ['id'],
        reconcile: ask as LedgerOptions['reconcile'] & object,
        waitFor: '10m',
        ...options,
      })(async (_: Input) => {
        bodies += 1;
        return (bodies === 1 ? gate.promise : Promise.resolve(`body ${bodies}`)) as Promise<unknown>;
      });
    const [one, two] = [w.worker(), w.worker()];
    const first = make(one)({ id: 'a' });
    first.catch(() => undefined);
    await w.clock.settle();
    one.reach(false);
    await w.clock.advance(31_000);
    return { w, gate, one, two, first, second: () => make(two)({ id: 'a' }), bodies: () => bodies };
  }

  it('completes while it is being asked about: what it did is what everybody sees', async () => {
    const answer = latch<Verdict<unknown>>();
    const { w, gate, one, first, second, bodies } = await stalled(() => answer.promise);
    const waiting = second();
    await w.clock.advance(1_000);
    one.reach(true);
    gate.open('mine');
    expect(await first).toBe('mine');
    answer.open(notExecuted('too early'));
    expect(await w.clock.runUntil(waiting)).toBe('mine');
    expect(bodies()).toBe(1);
  });

  it('may still complete after a verdict, while no newer claim exists', async () => {
    const { w, gate, one, first, second } = await stalled(() => notExecuted('none'), { settleAfter: 0 });
    onFaultPoint((point, { fence }) => {
      if (point === 'before-claim' && fence === 2) throw new WorkerLostError(point);
    });
    await failure(second());
    onFaultPoint(undefined);
    expect(await w.record()).toMatchObject({ phase: 'aborted', aborted: 'not-executed', fence: 1 });
    one.reach(true);
    gate.open('mine');
    expect(await first).toBe('mine');
    expect(await w.record()).toMatchObject({ phase: 'committed' });
    expect(await second()).toBe('mine');
  });

  it('that was settled as committed meanwhile gives its caller what is recorded', async () => {
    const { w, gate, one, first, second } = await stalled(() => committed('found'));
    expect(await second()).toBe('found');
    one.reach(true);
    gate.open('mine');
    expect(await w.clock.runUntil(first)).toBe('found');
  });

  it('and comes back to life takes its lease back, and the verdict has to wait for it', async () => {
    const answer = latch<Verdict<unknown>>();
    const { w, gate, one, first, second, bodies } = await stalled(() => answer.promise, { settleAfter: 0 });
    const waiting = second();
    await w.clock.settle();
    one.reach(true);
    await w.clock.advance(10_000);
    answer.open(notExecuted('none'));
    await w.clock.advance(60_000);
    expect(bodies()).toBe(1);
    gate.open('mine');
    expect(await first).toBe('mine');
    expect(await w.clock.runUntil(waiting)).toBe('mine');
    expect(bodies()).toBe(1);
  });

  it('counts as alive until its last word: not executed is believed one lease after that', async () => {
    let asked = 0;
    const { w, gate, one, first, second, bodies } = await stalled(() => {
      asked += 1;
      return asked === 1 ? unknown('a moment') : notExecuted('none');
    });
    expect(await failure(second())).toMatchObject({ code: 'LEDGER_BLOCKED' });
    one.reach(true);
    await w.clock.advance(40_000);
    gate.fail(new Error('socket hang up'));
    await failure(first);
    const ended = w.clock.monotonic();
    expect(await w.record()).toMatchObject({ phase: 'unknown' });
    const waiting = second();
    await w.clock.advance(29_000);
    expect(bodies()).toBe(1);
    expect(await w.clock.runUntil(waiting)).toBe('body 2');
    expect(w.clock.monotonic() - ended).toBe(30_000);
  });
});

describe('the success of a superseded worker', () => {
  async function superseded(options: Partial<LedgerOptions<'id'>> = {}) {
    const w = world();
    const gate = latch<string>();
    const later = latch<string>();
    let bodies = 0;
    const make = (worker: Worker) =>
      ledger({
        name: 'pay',
        effect: 'non_idempotent_mutate',
        ledger: worker.home,
        idFrom: ['id'],
        reconcile: () => notExecuted('none'),
        settleAfter: 0,
        waitFor: '10m',
        ...options,
      })(async (_: Input) => {
        bodies += 1;
        return (bodies === 1 ? gate.promise : later.promise) as Promise<unknown>;
      });
    const [one, two] = [w.worker(), w.worker()];
    const first = make(one)({ id: 'a' });
    first.catch(() => undefined);
    await w.clock.settle();
    one.reach(false);
    await w.clock.advance(31_000);
    const second = make(two)({ id: 'a' });
    second.catch(() => undefined);
    await w.clock.settle();
    expect(bodies).toBe(2);
    one.reach(true);
    return { w, gate, later, one, two, make, first, second, bodies: () => bodies };
  }

  it('is kept as evidence, told of, and handed to its caller on an error', async () => {
    using events = listen('mycelium:evidence-kept');
    const { w, gate, two, first } = await superseded();
    gate.open('mine');
    const error = await failure(first);
    expect(error).toMatchObject({ code: 'COMPLETION_NOT_RECORDED', result: 'mine' });
    expect(events.events).toMatchObject([{ tool: 'pay', requestId: 'a', fence: 1 }]);
    expect(await w.record()).toMatchObject({ phase: 'attempting', fence: 2 });
    const { id } = (await two.home.list()).calls[0]!;
    expect(await two.home.get(id)).toMatchObject({ evidence: true });
  });

  it('settles the call when the newer worker is lost: nothing runs a third time', async () => {
    const { w, gate, later, make, first, second, bodies } = await superseded();
    gate.open('mine');
    await failure(first);
    later.fail(new WorkerLostError('after-effect'));
    await failure(second);
    await w.clock.advance(31_000);
    expect(await make(w.worker())({ id: 'a' })).toBe('mine');
    expect(bodies()).toBe(2);
    expect(await w.record()).toMatchObject({ phase: 'committed', resolution: { by: 'evidence' } });
  });

  it('settles it although the newer worker proved that it did nothing', async () => {
    const { w, gate, later, make, first, second, bodies } = await superseded({ notExecuted: () => true });
    gate.open('mine');
    await failure(first);
    later.fail(new Error('declined'));
    await failure(second);
    expect(await w.record()).toMatchObject({ phase: 'aborted', aborted: 'not-executed' });
    expect(await make(w.worker())({ id: 'a' })).toBe('mine');
    expect(bodies()).toBe(2);
  });

  it('gives way to the success of the newer one, which all see', async () => {
    const { w, gate, later, make, first, second } = await superseded();
    later.open('theirs');
    expect(await second).toBe('theirs');
    gate.open('mine');
    expect(await w.clock.runUntil(first)).toBe('theirs');
    expect(await make(w.worker())({ id: 'a' })).toBe('theirs');
  });

  it('forbids a release as not executed', async () => {
    const { w, gate, later, two, first, second } = await superseded();
    gate.open('mine');
    await failure(first);
    later.fail(new Error('socket hang up'));
    await failure(second);
    const { id } = (await two.home.list()).calls[0]!;
    expect(await failure(two.home.release(id, { as: 'not-executed', by: 'ada', reason: 'x' }))).toMatchObject({
      code: 'RELEASE_REFUSED',
      details: { why: expect.stringContaining('evidence') },
    });
    expect(await w.record()).toMatchObject({ phase: 'unknown' });
  });

  it('that comes in while somebody claims stops the claim', async () => {
    const { w, gate, later, make, first, second, bodies } = await superseded({ notExecuted: () => true });
    later.fail(new Error('declined'));
    await failure(second);
    const third = w.worker();
    let held = false;
    third.way.transact = async (transaction, nonce, pass) => {
      if (!held && transaction.write[0]?.value.includes('"fence":3') === true) {
        held = true;
        gate.open('mine');
        await failure(first);
      }
      return pass(transaction, nonce);
    };
    expect(await make(third)({ id: 'a' })).toBe('mine');
    expect(held).toBe(true);
    expect(bodies()).toBe(2);
  });
});
