import { describe, expect, it } from 'vitest';
import { LeaseLostError, ledger, NotExecutedError, type ToolCall } from '../../src/index.js';
import { failAt, onFaultPoint, WorkerLostError } from '../../src/testing/index.js';
import { failure, type Worker, world } from './workers.js';

interface Input {
  readonly id: string;
}

function explicit(
  body: (input: Input, call: ToolCall) => Promise<unknown>,
  worker: Worker,
  options: { lease?: number } = {},
) {
  return ledger({
    name: 'wire',
    effect: 'irreversible',
    boundary: 'explicit',
    ledger: worker.home,
    idFrom: ['id'],
    ...options,
  })(body);
}

describe('an explicit boundary', () => {
  it('makes the attempt durable before the effect, and not earlier', async () => {
    const w = world();
    const phases: string[] = [];
    const wire = explicit(async (_input, call) => {
      phases.push((await w.record()).phase);
      return call.effect(async () => {
        phases.push((await w.record()).phase);
        return 'sent';
      });
    }, w.worker());
    expect(await wire({ id: 'a' })).toBe('sent');
    expect(phases).toEqual(['intended', 'attempting']);
    expect(await w.record()).toMatchObject({ phase: 'committed', boundary: 'explicit' });
  });

  it('lets the next worker run what was lost before the effect, in every class', async () => {
    for (const effect of ['keyed_mutate', 'non_idempotent_mutate', 'irreversible', undefined] as const) {
      const w = world();
      let effects = 0;
      let bodies = 0;
      const make = (worker: Worker) =>
        ledger({
          name: 'wire',
          ...(effect === undefined ? {} : { effect }),
          boundary: 'explicit',
          ledger: worker.home,
          idFrom: ['id'],
        })(async (_: Input, call) => {
          bodies += 1;
          if (bodies === 1) throw new WorkerLostError('before-effect');
          return call.effect(() => ++effects);
        });
      await failure(make(w.worker())({ id: 'a' }));
      expect(await w.record()).toMatchObject({ phase: 'intended' });
      const next = make(w.worker())({ id: 'a' });
      expect(await w.clock.runUntil(next)).toBe(1);
      expect([bodies, effects]).toEqual([2, 1]);
      expect(w.clock.monotonic()).toBe(30_000);
      expect(await w.record()).toMatchObject({ phase: 'committed', fence: 2 });
    }
  });

  it('blocks what was lost after the effect may have begun', async () => {
    for (const point of ['before-effect', 'after-effect', 'before-complete'] as const) {
      const w = world();
      let effects = 0;
      const body = async (_: Input, call: ToolCall): Promise<number> => call.effect(() => ++effects);
      failAt(point);
      expect(await failure(explicit(body, w.worker())({ id: 'a' }))).toBeInstanceOf(WorkerLostError);
      await w.clock.advance(31_000);
      expect(await failure(explicit(body, w.worker())({ id: 'a' }))).toMatchObject({
        code: 'LEDGER_BLOCKED',
        details: { reason: 'worker-lost' },
      });
      expect(effects).toBe(point === 'before-effect' ? 0 : 1);
    }
  });

  it('takes a throw before the effect for proof that nothing happened, and after it for none', async () => {
    const w = world();
    let effects = 0;
    let bodies = 0;
    const wire = explicit(async (_input, call) => {
      bodies += 1;
      if (bodies === 1) throw new Error('the form is incomplete');
      return call.effect(() => {
        effects += 1;
        throw new Error('socket hang up');
      });
    }, w.worker());
    await failure(wire({ id: 'a' }));
    expect(await w.record()).toMatchObject({ phase: 'aborted', aborted: 'not-executed' });
    await failure(wire({ id: 'a' }));
    expect(await w.record()).toMatchObject({ phase: 'unknown' });
    expect(await failure(wire({ id: 'a' }))).toMatchObject({ code: 'LEDGER_BLOCKED' });
    expect([bodies, effects]).toEqual([2, 1]);
  });

  it('takes a control-flow signal before the effect for no failure, undeclared', async () => {
    const w = world();
    let bodies = 0;
    const wire = explicit(async (_input, call) => {
      bodies += 1;
      if (bodies === 1) throw Object.assign(new Error('ask the user first'), { is_bubble_up: true });
      return call.effect(() => 'sent');
    }, w.worker());
    await failure(wire({ id: 'a' }));
    expect(await w.record()).toMatchObject({ phase: 'aborted', aborted: 'not-executed' });
    expect(await wire({ id: 'a' })).toBe('sent');
  });

  it('is crossed once: a second effect of the same body is part of the same attempt', async () => {
    const w = world();
    const worker = w.worker();
    const wire = explicit(async (_input, call) => [await call.effect(() => 1), await call.effect(() => 2)], worker);
    expect(await wire({ id: 'a' })).toEqual([1, 2]);
    // Claim, boundary, completion.
    expect(worker.sent.transact).toBe(3);
  });

  it('is crossed once also by two effects at the same time', async () => {
    const w = world();
    const wire = explicit(
      async (_input, call) => Promise.all([call.effect(() => 1), call.effect(() => 2)]),
      w.worker(),
    );
    expect(await wire({ id: 'a' })).toEqual([1, 2]);
    expect(await w.record()).toMatchObject({ phase: 'committed' });
  });

  it('refuses an effect that a body left behind: it was recorded as one that did nothing', async () => {
    const w = world();
    let effects = 0;
    const late: Promise<unknown>[] = [];
    let bodies = 0;
    const wire = explicit(async (_input, call) => {
      bodies += 1;
      const pay = async (): Promise<number> => {
        await w.sleep(bodies === 1 ? 5_000 : 0);
        return call.effect(() => ++effects);
      };
      const paying = pay();
      late.push(failure(paying).catch(() => undefined));
      const limit = w.sleep(1_000).then(() => {
        throw new Error('my own time limit');
      });
      return Promise.race([paying, limit]);
    }, w.worker());
    expect((await w.clock.runUntil(failure(wire({ id: 'a' })))).message).toBe('my own time limit');
    expect(await w.record()).toMatchObject({ phase: 'aborted', aborted: 'not-executed' });
    expect(await w.clock.runUntil(wire({ id: 'a' }))).toBe(1);
    await w.clock.advance(10_000);
    expect(effects).toBe(1);
    expect(await late[0]).toBeInstanceOf(LeaseLostError);
  });

  it('takes an effect that was about to start when the body threw for one that may have happened', async () => {
    const w = world();
    const worker = w.worker();
    let effects = 0;
    worker.way.transact = async (transaction, nonce, pass) => {
      const answer = await pass(transaction, nonce);
      if (transaction.write[0]?.value.includes('"attempting"') === true) await w.sleep(1_000);
      return answer;
    };
    const wire = explicit(async (_input, call) => {
      call.effect(() => ++effects).catch(() => undefined);
      await w.sleep(500);
      throw new Error('another part failed');
    }, worker);
    await w.clock.runUntil(failure(wire({ id: 'a' })));
    await w.clock.advance(5_000);
    expect(await w.record()).toMatchObject({ phase: 'unknown' });
    expect(effects).toBe(0);
  });

  it('commits also a body that never came to its effect', async () => {
    const w = world();
    const wire = explicit(async () => 'nothing to send', w.worker());
    expect(await wire({ id: 'a' })).toBe('nothing to send');
    expect(await wire({ id: 'a' })).toBe('nothing to send');
  });
});

describe('an effect after the lease was lost', () => {
  it('is refused, at the boundary and inside an implicit one, and the signal says why', async () => {
    for (const boundary of ['explicit', 'implicit'] as const) {
      const w = world();
      const [one, two] = [w.worker(), w.worker()];
      const effects: string[] = [];
      const seen: unknown[] = [];
      const make = (worker: Worker, name: string, wait: number) =>
        ledger({
          name: 'tool',
          effect: 'idempotent_mutate',
          boundary,
          ledger: worker.home,
          idFrom: ['id'],
          lease: 3_000,
          waitFor: '10m',
        })(async (_: Input, call) => {
          call.signal.addEventListener('abort', () => seen.push(call.signal.reason));
          await w.sleep(wait);
          return call.effect(() => effects.push(name));
        });
      const first = failure(make(one, 'one', 20_000)({ id: 'a' }));
      await w.clock.settle();
      one.reach(false);
      const second = make(two, 'two', 1_000)({ id: 'a' });
      await w.clock.advance(10_000);
      one.reach(true);
      const error = await w.clock.runUntil(first);
      await second;
      expect(error).toBeInstanceOf(LeaseLostError);
      expect(effects).toEqual(['two']);
      expect(seen).toEqual([expect.any(LeaseLostError)]);
      expect(await w.record()).toMatchObject({ phase: 'committed', fence: 2 });
    }
  });

  it('is refused when the lease ran out and the store cannot confirm it', async () => {
    const w = world();
    const one = w.worker();
    let effects = 0;
    const wire = explicit(
      async (_input, call) => {
        one.reach(false);
        await w.sleep(5_000);
        return call.effect(() => ++effects);
      },
      one,
      { lease: 3_000 },
    );
    expect(await w.clock.runUntil(failure(wire({ id: 'a' })))).toBeInstanceOf(LeaseLostError);
    expect(effects).toBe(0);
  });

  it('is allowed when the lease ran out, nobody took it, and the store revives it', async () => {
    const w = world();
    const one = w.worker();
    const wire = explicit(
      async (_input, call) => {
        one.reach(false);
        await w.sleep(5_000);
        one.reach(true);
        return call.effect(() => 'sent');
      },
      one,
      { lease: 3_000 },
    );
    expect(await w.clock.runUntil(wire({ id: 'a' }))).toBe('sent');
  });

  it('is never durable and then not started in silence: an answer that takes longer than the lease refuses it', async () => {
    const w = world();
    const [one, two] = [w.worker(), w.worker()];
    const effects: string[] = [];
    one.way.transact = async (transaction, nonce, pass) => {
      const answer = await pass(transaction, nonce);
      if (transaction.write[0]?.value.includes('"attempting"') === true) {
        one.reach(false);
        await w.sleep(4_000);
      }
      return answer;
    };
    const make = (worker: Worker, name: string) =>
      ledger({
        name: 'tool',
        effect: 'idempotent_mutate',
        boundary: 'explicit',
        ledger: worker.home,
        idFrom: ['id'],
        lease: 3_000,
        waitFor: '10m',
      })(async (_: Input, call) => call.effect(() => effects.push(name)));
    const first = failure(make(one, 'one')({ id: 'a' }));
    await w.clock.settle();
    const second = make(two, 'two')({ id: 'a' });
    await w.clock.runUntil(second);
    expect(await w.clock.runUntil(first)).toBeInstanceOf(LeaseLostError);
    expect(effects).toEqual(['two']);
  });
});

describe('just before a body starts', () => {
  it('the worker checks that its lease has not run out, gives the claim back and claims anew', async () => {
    const w = world();
    const worker = w.worker();
    let stalls = 0;
    let bodies = 0;
    onFaultPoint((point) => {
      if (point !== 'after-claim' || ++stalls > 1) return;
      return w.sleep(31_000);
    });
    try {
      const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: worker.home, idFrom: ['id'], waitFor: '5m' })(
        async (_: Input, call) => {
          bodies += 1;
          return call.fence;
        },
      );
      expect(await w.clock.runUntil(tool({ id: 'a' }))).toBe(2);
    } finally {
      onFaultPoint(undefined);
    }
    expect(bodies).toBe(1);
    expect(await w.record()).toMatchObject({ phase: 'committed', attempts: 2 });
  });

  it('an abort starts nothing and gives the claim back', async () => {
    const w = world();
    const worker = w.worker();
    let bodies = 0;
    const stop = new AbortController();
    onFaultPoint((point) => {
      if (point === 'after-claim') stop.abort(new Error('never mind'));
    });
    try {
      const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: worker.home, idFrom: ['id'] })(
        async (_: Input) => ++bodies,
      );
      expect((await failure(tool({ id: 'a' }, { signal: stop.signal }))).message).toBe('never mind');
      expect(bodies).toBe(0);
      expect(await w.record()).toMatchObject({ phase: 'aborted', aborted: 'not-executed' });
      expect(await tool({ id: 'a' })).toBe(1);
    } finally {
      onFaultPoint(undefined);
    }
  });
});

describe('call.recordExternalRef', () => {
  it('is durable before it returns, shown when the call is blocked, and no part of a settled record’s way', async () => {
    const w = world();
    const worker = w.worker();
    const wire = explicit(async (_input, call) => {
      await call.recordExternalRef('ch_123');
      expect(await w.record()).toMatchObject({ externalRef: 'ch_123', phase: 'intended' });
      return call.effect(() => {
        throw new Error('socket hang up');
      });
    }, worker);
    await failure(wire({ id: 'a' }));
    expect(await failure(wire({ id: 'a' }))).toMatchObject({ details: { externalRef: 'ch_123' } });
    expect((await worker.home.list()).calls[0]).toMatchObject({ externalRef: 'ch_123', phase: 'unknown' });
  });

  it('does not reach another attempt after nothing happened in the first', async () => {
    const w = world();
    let bodies = 0;
    const wire = explicit(async (_input, call) => {
      bodies += 1;
      if (bodies === 1) {
        await call.recordExternalRef('ch_1');
        throw new NotExecutedError('declined');
      }
      throw new Error('lost');
    }, w.worker());
    await failure(wire({ id: 'a' }));
    await failure(wire({ id: 'a' }));
    expect(await w.record()).not.toHaveProperty('externalRef');
  });
});

describe('call', () => {
  it('counts attempts and fences, and keeps its idempotency key', async () => {
    const w = world();
    const seen: unknown[] = [];
    const tool = ledger({
      name: 'tool',
      effect: 'irreversible',
      ledger: w.worker().home,
      idFrom: ['id'],
      notExecuted: () => true,
    })(async (_: Input, call) => {
      seen.push([call.attempt, call.fence, call.idempotencyKey]);
      if (seen.length < 3) throw new Error('declined');
      return seen.length;
    });
    await failure(tool({ id: 'a' }));
    await failure(tool({ id: 'a' }));
    await tool({ id: 'a' });
    const [[, , key]] = seen as [[number, number, string]];
    expect(seen).toEqual([
      [1, 1, key],
      [2, 2, key],
      [3, 3, key],
    ]);
    expect(key).toMatch(/^myc_[0-9a-f]{32}$/);
  });

  it('passes the caller’s abort on to the body, with its reason', async () => {
    const w = world();
    const stop = new AbortController();
    const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: w.worker().home, idFrom: ['id'] })(
      (_: Input, call) =>
        new Promise((_resolve, reject) =>
          call.signal.addEventListener('abort', () => reject(call.signal.reason as Error)),
        ),
    );
    const running = failure(tool({ id: 'a' }, { abortSignal: stop.signal }));
    await w.clock.settle();
    const reason = new Error('stop');
    stop.abort(reason);
    expect(await running).toBe(reason);
    expect(await w.record()).toMatchObject({ phase: 'unknown' });
  });
});
