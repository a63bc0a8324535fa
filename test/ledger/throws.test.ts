import { describe, expect, it } from 'vitest';
import {
  CallTimeoutError,
  compose,
  type EffectClass,
  LedgerBlockedError,
  type LedgerOptions,
  ledger,
  NotExecutedError,
} from '../../src/index.js';
import type { GuardDefinition } from '../../src/tool/guard.js';
import { makeGuard } from '../../src/tool/guard.js';
import type { Guard } from '../../src/tool/types.js';
import { failure, latch, listen, unreachable, world } from './workers.js';

interface Input {
  readonly id: string;
}

type Options = Partial<LedgerOptions<'id'>>;

/** A tool that throws at its first body, and returns at later ones. */
function throwing(error: unknown, effect: EffectClass | undefined, options: Options = {}) {
  const w = world();
  const worker = w.worker();
  let bodies = 0;
  const tool = ledger({
    name: 'tool',
    ...(effect === undefined ? {} : { effect }),
    ledger: worker.home,
    idFrom: ['id'],
    ...options,
  })(async (_: Input) => {
    bodies += 1;
    if (bodies === 1) throw error;
    return bodies;
  });
  return { w, worker, tool, bodies: () => bodies };
}

const interrupt = Object.assign(new Error('interrupted'), { is_bubble_up: true });

describe('a body that throws', () => {
  const cases: readonly [string, EffectClass | undefined, string, string | undefined, boolean][] = [
    ['read', 'read', 'aborted', 'may-rerun', true],
    ['idempotent_mutate', 'idempotent_mutate', 'aborted', 'may-rerun', true],
    ['keyed_mutate', 'keyed_mutate', 'unknown', undefined, false],
    ['non_idempotent_mutate', 'non_idempotent_mutate', 'unknown', undefined, false],
    ['irreversible', 'irreversible', 'unknown', undefined, false],
    ['unclassified', undefined, 'aborted', 'may-rerun', true],
  ];
  it.each(cases)(
    '%s: the error is the caller’s, and the record says what may follow',
    async (_, effect, phase, aborted, again) => {
      const error = new TypeError('socket hang up');
      // A read belongs to its run or period, so that the second call meets the first.
      const { w, tool, bodies } = throwing(error, effect, effect === 'read' ? { replayFor: '1d' } : {});
      expect(await failure(tool({ id: 'a' }))).toBe(error);
      const record = await w.record();
      expect(record).toMatchObject({
        phase,
        ...(aborted === undefined ? {} : { aborted }),
        error: { name: 'TypeError', message: 'socket hang up' },
      });
      // The lease ends with the body: nobody waits for a worker that has finished.
      expect((await w.stored())[0]!.lease).toBeUndefined();
      if (again) expect(await tool({ id: 'a' })).toBe(2);
      else expect(await failure(tool({ id: 'a' }))).toBeInstanceOf(LedgerBlockedError);
      expect(bodies()).toBe(again ? 2 : 1);
    },
  );

  const proofs: readonly [string, unknown, Options][] = [
    ['NotExecutedError', new NotExecutedError('declined'), {}],
    [
      'what the tool calls not executed',
      new Error('HTTP 402'),
      { notExecuted: (error) => (error as Error).message === 'HTTP 402' },
    ],
    ['a suspend of a tool that declares it', interrupt, { suspends: true }],
  ];
  it.each(proofs)('with %s may run again, whatever its class', async (_, error, options) => {
    for (const effect of ['keyed_mutate', 'non_idempotent_mutate', 'irreversible'] as const) {
      const { w, tool } = throwing(error, effect, options);
      expect(await failure(tool({ id: 'a' }))).toBe(error);
      expect(await w.record()).toMatchObject({ phase: 'aborted', aborted: 'not-executed' });
      expect(await tool({ id: 'a' })).toBe(2);
      expect(await w.record()).toMatchObject({ phase: 'committed', attempts: 2, fence: 2 });
    }
  });

  it('with a control-flow signal is unknown unless it is known to come before the effect', async () => {
    const { w, tool } = throwing(interrupt, 'irreversible');
    expect(await failure(tool({ id: 'a' }))).toBe(interrupt);
    expect(await w.record()).toMatchObject({ phase: 'unknown' });
    expect(await failure(tool({ id: 'a' }))).toBeInstanceOf(LedgerBlockedError);
  });

  it('has proven nothing when notExecuted itself throws or answers in another way', async () => {
    for (const notExecuted of [
      () => JSON.parse('{') as boolean,
      () => 1 as unknown as boolean,
      () => Promise.resolve(true) as unknown as boolean,
    ]) {
      const { w, tool } = throwing(new Error('x'), 'irreversible', { notExecuted });
      await failure(tool({ id: 'a' }));
      expect(await w.record()).toMatchObject({ phase: 'unknown' });
    }
  });

  it.each([undefined, null, 'text', 7, { code: 1 }])(
    'may throw %j, which reaches the caller as it is',
    async (thrown) => {
      const { w, tool } = throwing(thrown, 'irreversible');
      let caught: unknown = 'nothing';
      await tool({ id: 'a' }).catch((error: unknown) => {
        caught = error;
      });
      expect(caught).toBe(thrown);
      expect(await w.record()).toMatchObject({ phase: 'unknown', error: { name: 'thrown value' } });
    },
  );

  it('keeps its error although the record of it cannot be written, which is done later', async () => {
    const error = new NotExecutedError('declined');
    const { w, worker, tool } = throwing(error, 'irreversible');
    worker.way.transact = (transaction, nonce, pass) =>
      w.clock.monotonic() < 20_000 && transaction.write[0]?.value.includes('"aborted"') === true
        ? Promise.reject(unreachable('transact'))
        : pass(transaction, nonce);
    expect(await w.clock.runUntil(failure(tool({ id: 'a' })))).toBe(error);
    expect(await w.record()).toMatchObject({ phase: 'attempting' });
    await w.clock.advance(30_000);
    expect(await w.record()).toMatchObject({ phase: 'aborted', aborted: 'not-executed' });
    expect(await tool({ id: 'a' })).toBe(2);
  });

  it('may throw synchronously', async () => {
    const w = world();
    const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: w.worker().home, idFrom: ['id'] })(
      (_: Input): number => {
        throw new NotExecutedError('at once');
      },
    );
    expect(await failure(tool({ id: 'a' }))).toMatchObject({ code: 'NOT_EXECUTED' });
    expect(await w.record()).toMatchObject({ aborted: 'not-executed' });
  });

  it('is told of, with its phase', async () => {
    using failed = listen('mycelium:call-failed');
    const { tool } = throwing(new Error('x'), 'irreversible');
    await failure(tool({ id: 'a' }));
    expect(failed.events).toEqual([
      { tool: 'tool', requestId: 'a', id: expect.any(String), fence: 1, phase: 'unknown' },
    ]);
  });

  it('blocks with a message that names the tool, the id, why, and what to do', async () => {
    using blocked = listen('mycelium:call-blocked');
    const { w, tool } = throwing(new TypeError('socket hang up'), 'irreversible');
    await failure(tool({ id: 'a' }));
    await w.clock.advance(12 * 60_000);
    const error = await failure(tool({ id: 'a' }));
    const { key } = (await w.stored())[0]!;
    expect(error.message).toBe(
      `tool "a" may already have run (it threw TypeError after its effect may have begun, 12 min ago).\n  It will not run again until that is settled: look at the provider, then release ${key.id.slice(0, 8)} as completed or as not executed (ActionLedger.release).`,
    );
    expect(error).toMatchObject({
      retryable: 'never',
      details: { reason: 'ended-unknown', phase: 'unknown', attempts: 1, id: key.id },
    });
    expect(error.llmMessage).toContain('Do not call it again');
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: 'LEDGER_BLOCKED' });
    expect(blocked.events).toMatchObject([{ tool: 'tool', requestId: 'a', reason: 'ended-unknown' }]);
  });
});

describe('a guard inside the ledger that refuses', () => {
  it('is proof that the body did not start', async () => {
    const w = world();
    let refusals = 0;
    let bodies = 0;
    const budget: GuardDefinition = {
      kind: 'budgeted',
      place: 4,
      name: undefined,
      bind: (_info, next) => async (frame) => {
        refusals += 1;
        if (refusals === 1) throw new Error('over budget');
        return next(frame);
      },
    };
    const tool = compose(
      ledger({ name: 'tool', effect: 'irreversible', ledger: w.worker().home, idFrom: ['id'] }),
      makeGuard<Guard>([budget]),
    )(async (_: Input) => ++bodies);
    expect((await failure(tool({ id: 'a' }))).message).toBe('over budget');
    expect(await w.record()).toMatchObject({ phase: 'aborted', aborted: 'not-executed' });
    expect(await tool({ id: 'a' })).toBe(1);
  });
});

describe('attempts', () => {
  it('end at maxAttempts: people look before more are made', async () => {
    const { w, tool } = throwing(new Error('x'), 'idempotent_mutate', { maxAttempts: 1 });
    await failure(tool({ id: 'a' }));
    const error = await failure(tool({ id: 'a' }));
    expect(error).toMatchObject({ code: 'LEDGER_BLOCKED', details: { reason: 'attempts-used-up' } });
    expect(error.message).toContain('maxAttempts is 1');
    expect(await w.record()).toMatchObject({ attempts: 1 });
  });

  it('that are used up can be released for one more, as the message says', async () => {
    for (const error of [new Error('x'), new NotExecutedError('declined')]) {
      const { w, worker, tool, bodies } = throwing(error, 'idempotent_mutate', { maxAttempts: 1 });
      await failure(tool({ id: 'a' }));
      const blocked = await failure(tool({ id: 'a' }));
      expect(blocked.message).toContain('release');
      const { key } = (await w.stored())[0]!;
      await worker.home.release(key.id, { as: 'not-executed', by: 'ada', reason: 'looked' });
      // Once is enough, and a second release is told so.
      expect(
        await failure(worker.home.release(key.id, { as: 'not-executed', by: 'ada', reason: 'looked' })),
      ).toMatchObject({ code: 'RELEASE_REFUSED' });
      expect(await tool({ id: 'a' })).toBe(2);
      expect(bodies()).toBe(2);
    }
  });
});

describe('a limit of attempts that a deploy has lowered below what a call had', () => {
  it.each([
    ['declined', new NotExecutedError('declined'), 'not-executed'],
    ['perhaps done', new Error('reset'), 'may-rerun'],
  ])('offers what a release accepts: %s', async (_, error, aborted) => {
    const { w, worker, tool } = throwing(error, 'idempotent_mutate', { maxAttempts: 5 });
    await failure(tool({ id: 'a' }));
    expect(await w.record()).toMatchObject({ aborted, attempts: 1, maxAttempts: 5 });
    const lowered = ledger({
      name: 'tool',
      effect: 'idempotent_mutate',
      ledger: worker.home,
      idFrom: ['id'],
      maxAttempts: 1,
    })(async (_: Input) => 1);
    const blocked = await failure(lowered({ id: 'a' }));
    expect(blocked).toMatchObject({ code: 'LEDGER_BLOCKED', details: { reason: 'attempts-used-up' } });
    const { key } = (await w.stored())[0]!;
    const completed = { as: 'completed', result: 7, by: 'ada', reason: 'looked' } as const;
    if (blocked.message.includes('as completed')) {
      await worker.home.release(key.id, completed);
      expect(await lowered({ id: 'a' })).toBe(7);
    } else {
      expect(blocked.message).toContain('It did not happen');
      expect(await failure(worker.home.release(key.id, completed))).toMatchObject({ code: 'RELEASE_REFUSED' });
      await worker.home.release(key.id, { as: 'not-executed', by: 'ada', reason: 'looked' });
      expect(await lowered({ id: 'a' })).toBe(1);
    }
  });
});

describe('a body that takes too long', () => {
  function slow(effect: EffectClass = 'irreversible') {
    const w = world();
    const gate = latch<string>();
    const reasons: unknown[] = [];
    let bodies = 0;
    const make = (worker: ReturnType<typeof w.worker>) =>
      ledger({ name: 'tool', effect, ledger: worker.home, idFrom: ['id'], timeout: '5s' })(async (_: Input, call) => {
        bodies += 1;
        call.signal.addEventListener('abort', () => reasons.push(call.signal.reason));
        return gate.promise;
      });
    const [one, two] = [w.worker(), w.worker()];
    return { w, one, gate, reasons, bodies: () => bodies, tool: make(one), other: make(two) };
  }

  it('is a CallTimeoutError for its caller, and unknown with the lease kept', async () => {
    const { w, reasons, tool, bodies } = slow();
    const error = await w.clock.runUntil(failure(tool({ id: 'a' })));
    expect(error).toBeInstanceOf(CallTimeoutError);
    expect(error.details).toMatchObject({ tool: 'tool', requestId: 'a', timeoutMs: 5_000 });
    expect(w.clock.monotonic()).toBe(5_000);
    expect(await w.record()).toMatchObject({ phase: 'unknown' });
    expect(reasons).toEqual([error]);
    // The body lives: its lease is renewed for as long as that.
    await w.clock.advance(300_000);
    const [stored] = await w.stored();
    expect(stored!.lease!.until).toBeGreaterThan(w.clock.wall());
    expect(bodies()).toBe(1);
  });

  it('is waited for by later callers, and its late result recorded and replayed', async () => {
    const { w, gate, tool, other, bodies } = slow();
    await w.clock.runUntil(failure(tool({ id: 'a' })));
    const [same, elsewhere] = [tool({ id: 'a' }), other({ id: 'a' })];
    await w.clock.advance(2_000);
    gate.open('late');
    expect(await w.clock.runUntil(Promise.all([same, elsewhere]))).toEqual(['late', 'late']);
    expect(await w.record()).toMatchObject({ phase: 'committed' });
    expect(bodies()).toBe(1);
  });

  it('and then throws is recorded as any throw', async () => {
    const { w, gate, tool } = slow();
    await w.clock.runUntil(failure(tool({ id: 'a' })));
    gate.fail(new NotExecutedError('refused in the end'));
    await w.clock.settle();
    expect(await w.record()).toMatchObject({ phase: 'aborted', aborted: 'not-executed' });
  });

  it('is recorded as unknown although the class may re-run, because it still runs', async () => {
    const { w, gate, tool, other, bodies } = slow('idempotent_mutate');
    await w.clock.runUntil(failure(tool({ id: 'a' })));
    const waiting = other({ id: 'a' });
    await w.clock.advance(3_000);
    expect(bodies()).toBe(1);
    gate.open('late');
    expect(await w.clock.runUntil(waiting)).toBe('late');
  });

  it('answers its caller although the store cannot be told, and keeps the late result for when it can', async () => {
    const { w, one, gate, tool, other } = slow();
    const running = failure(tool({ id: 'a' }));
    await w.clock.settle();
    one.reach(false);
    expect(await w.clock.runUntil(running)).toBeInstanceOf(CallTimeoutError);
    expect(await w.record()).toMatchObject({ phase: 'attempting' });
    gate.open('late');
    await w.clock.advance(12_000);
    one.reach(true);
    expect(await w.clock.runUntil(other({ id: 'a' }))).toBe('late');
  });
});

describe("a nested call's proof that it did not execute", () => {
  it('says nothing of the call around it, which may have had its effect', async () => {
    const w = world();
    const { home } = w.worker();
    let charges = 0;
    const mail = ledger({ name: 'mail', effect: 'non_idempotent_mutate', ledger: home, idFrom: ['id'] })(
      async (_: Input): Promise<string> => {
        throw new NotExecutedError('no such address');
      },
    );
    const pay = ledger({ name: 'pay', effect: 'non_idempotent_mutate', ledger: home, idFrom: ['id'] })(
      async ({ id }: Input) => {
        charges += 1;
        await w.clock.advance(1);
        return mail({ id });
      },
    );
    expect(await failure(pay({ id: 'a' }))).toBeInstanceOf(NotExecutedError);
    expect(await failure(pay({ id: 'a' }))).toMatchObject({ code: 'LEDGER_BLOCKED' });
    expect(charges).toBe(1);
    const phases = (await home.list()).calls.map(({ tool, phase, aborted }) => [tool, phase, aborted]);
    expect(phases.sort()).toEqual([
      ['mail', 'aborted', 'not-executed'],
      ['pay', 'unknown', undefined],
    ]);
  });

  it('is taken from an error that is thrown again and again', async () => {
    const w = world();
    const { home } = w.worker();
    const declined = new NotExecutedError('declined');
    const pay = ledger({ name: 'pay', effect: 'irreversible', ledger: home, idFrom: ['id'] })(
      async (_: Input): Promise<string> => {
        throw declined;
      },
    );
    for (const id of ['a', 'b', 'a']) {
      expect(await failure(pay({ id }))).toBe(declined);
      await w.clock.advance(1);
    }
    expect((await home.list()).calls.map(({ aborted }) => aborted)).toEqual(['not-executed', 'not-executed']);
  });
});

describe('the message of an error', () => {
  it('is kept in the open only where the arguments are', async () => {
    const identity = { encrypt: (text: string) => text, decrypt: (text: string) => text };
    for (const [store, message] of [
      [{}, 'card 4111 refused'],
      [{ result: 'digest' }, 'card 4111 refused'],
      [{ input: 'redacted' }, 'not kept, as the arguments are not kept in the open'],
      [{ encryption: identity }, 'not kept, as the arguments are not kept in the open'],
    ] as const) {
      const { home } = world().worker();
      const pay = ledger({ name: 'pay', effect: 'irreversible', ledger: home, idFrom: ['id'], store })(
        async (_: Input): Promise<string> => {
          throw new RangeError('card 4111 refused');
        },
      );
      expect(await failure(pay({ id: 'a' }))).toMatchObject({ message: 'card 4111 refused' });
      expect((await home.list()).calls[0]?.error).toEqual({ name: 'RangeError', message });
    }
  });
});
