import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, vi } from 'vitest';
import {
  AmbientScopeError,
  compose,
  idempotencyKey,
  inspectCall,
  ledger,
  ParentLostError,
  positional,
  run,
  sideEffect,
  type ToolCall,
  taskLedger,
  UsageError,
  withCall,
} from '../../src/index.js';
import { failAt } from '../../src/testing/index.js';
import { currentScope } from '../../src/tool/scope.js';
import { failure, listen, unreachable, type Worker, world } from './workers.js';

interface Input {
  readonly id: string;
}

describe('a task', () => {
  it('resumes after a crash: what finished is replayed, the rest runs', async () => {
    const w = world();
    const ran: string[] = [];
    const make = (worker: Worker) => {
      const step = (name: string) =>
        ledger({ name, effect: 'irreversible', ledger: worker.home, idFrom: ['id'] })(async ({ id }: Input) => {
          ran.push(name);
          return `${name} ${id}`;
        });
      const [first, second] = [step('first'), step('second')];
      return taskLedger({ name: 'task', ledger: worker.home, idFrom: ['id'] })(async ({ id }: Input) => [
        await first({ id }),
        await second({ id }),
      ]);
    };
    failAt('before-claim', { tool: 'second' });
    await failure(make(w.worker())({ id: 'a' }));
    expect(ran).toEqual(['first']);
    expect(await w.clock.runUntil(make(w.worker())({ id: 'a' }))).toEqual(['first a', 'second a']);
    expect(w.clock.monotonic()).toBe(30_000);
    expect(ran).toEqual(['first', 'second']);
    expect(await make(w.worker())({ id: 'a' })).toEqual(['first a', 'second a']);
    expect(ran).toHaveLength(2);
  });

  it('runs again after a throw, and replays for good when it is done', async () => {
    const w = world();
    let attempts = 0;
    const task = taskLedger({ name: 'task', ledger: w.worker().home, idFrom: ['id'] })(async (_: Input) => {
      attempts += 1;
      if (attempts < 3) throw new Error(`attempt ${attempts}`);
      return attempts;
    });
    await failure(task({ id: 'a' }));
    await failure(task({ id: 'a' }));
    expect(await task({ id: 'a' })).toBe(3);
    expect(await task({ id: 'a' })).toBe(3);
    expect(await w.record()).toMatchObject({
      kind: 'task',
      phase: 'committed',
      effect: 'idempotent_mutate',
      attempts: 3,
    });
  });

  it('that lost its lease to another worker starts nothing more with consequences', async () => {
    const w = world();
    const [one, two] = [w.worker(), w.worker()];
    const sent: string[] = [];
    const errors: Error[] = [];
    const make = (worker: Worker, name: string) => {
      const send = ledger({ name: 'send', effect: 'irreversible', ledger: worker.home, idFrom: ['to'] })(
        async ({ to }: { to: string }) => sent.push(`${name} ${to}`),
      );
      return taskLedger({ name: 'task', ledger: worker.home, idFrom: ['id'], lease: 3_000, waitFor: '10m' })(
        async (_: Input) => {
          await send({ to: 'first' });
          await w.sleep(20_000);
          try {
            await send({ to: 'second' });
          } catch (error) {
            errors.push(error as Error);
            throw error;
          }
          return name;
        },
      );
    };
    const first = failure(make(one, 'one')({ id: 'a' }));
    await w.clock.settle();
    one.way.renew = () => Promise.reject(unreachable('renew'));
    const second = make(two, 'two')({ id: 'a' });
    expect(await w.clock.runUntil(second)).toBe('two');
    await w.clock.runUntil(first);
    expect(sent).toEqual(['one first', 'two second']);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(ParentLostError);
    expect(errors[0]).toMatchObject({ retryable: 'safe', details: { tool: 'send', parent: 'task "a"' } });
  });

  it('confirms its lease before an inner claim when it has not been heard of for a while', async () => {
    const w = world();
    const worker = w.worker();
    let confirmations = 0;
    let away = true;
    worker.way.renew = (renewals, pass) => {
      confirmations += 1;
      return away ? Promise.reject(unreachable('renew')) : pass(renewals);
    };
    const send = ledger({ name: 'send', effect: 'irreversible', ledger: worker.home, idFrom: ['to'] })(
      async ({ to }: { to: string }) => to,
    );
    const look = ledger({ name: 'look', effect: 'read', ledger: worker.home })(async (_: { q: string }) => 1);
    const task = taskLedger({ name: 'task', ledger: worker.home, idFrom: ['id'] })(async (_: Input) => {
      await w.sleep(16_000);
      away = false;
      const before = confirmations;
      await look({ q: 'x' });
      expect(confirmations).toBe(before);
      await send({ to: 'bob' });
      expect(confirmations).toBe(before + 1);
      await send({ to: 'eve' });
      expect(confirmations).toBe(before + 1);
      return 'done';
    });
    expect(await w.clock.runUntil(task({ id: 'a' }))).toBe('done');
  });

  it('tells of a call that it repeats within one attempt, and not of what it replays after a crash', async () => {
    using warnings = listen('mycelium:warning');
    using replays = listen('mycelium:call-replayed');
    const w = world();
    const make = (worker: Worker) => {
      const send = ledger({ name: 'send', effect: 'irreversible', ledger: worker.home })(
        async ({ to }: { to: string }) => to,
      );
      return taskLedger({ name: 'task', ledger: worker.home, idFrom: ['id'] })(async (_: Input) => [
        await send({ to: 'bob' }),
        await send({ to: 'bob' }),
        await withCall(send, { occurrence: 2 })({ to: 'bob' }),
      ]);
    };
    failAt('after-effect', { tool: 'task' });
    await failure(make(w.worker())({ id: 'a' }));
    expect(warnings.events).toMatchObject([{ tool: 'send', code: 'repeated-call' }]);
    expect(warnings.events[0]!.message).toContain('occurrence: 2');
    expect(replays.events.map((one) => one.repeated)).toEqual([true]);
    expect((await w.records()).filter((record) => record.kind === 'tool')).toHaveLength(2);
    await w.clock.runUntil(make(w.worker())({ id: 'a' }));
    expect(replays.events.map((one) => one.repeated)).toEqual([true, false, false, false]);
  });

  it('in a task has a record of its own, within the outer one', async () => {
    const w = world();
    const { home } = w.worker();
    const inner = taskLedger({ name: 'inner', ledger: home })(async (_: { part: number }) => 'inner');
    const outer = taskLedger({ name: 'outer', ledger: home, idFrom: ['id'] })(async (_: Input) => [
      await inner({ part: 1 }),
      await inner({ part: 2 }),
      await inner({ part: 1 }),
    ]);
    await outer({ id: 'a' });
    expect((await w.records()).map((record) => record.tool).sort()).toEqual(['inner', 'inner', 'outer']);
  });

  it('identifies tools below a tool by the task, too', async () => {
    const w = world();
    const { home } = w.worker();
    let bodies = 0;
    const deep = ledger({ name: 'deep', effect: 'irreversible', ledger: home })(async (_: object) => ++bodies);
    const middle = ledger({ name: 'middle', effect: 'idempotent_mutate', ledger: home, notExecuted: () => true })(
      async (_: object) => deep({ x: 1 }),
    );
    const task = taskLedger({ name: 'task', ledger: home, idFrom: ['id'] })(async (_: Input) => [
      await middle({ y: 1 }),
      await deep({ x: 1 }),
    ]);
    expect(await task({ id: 'a' })).toEqual([1, 1]);
  });
});

describe('ambient scope', () => {
  it('is not entered unless somebody asks: no AsyncLocalStorage around a body', async () => {
    const w = world();
    const { home } = w.worker();
    const scopes: unknown[] = [];
    const entered = [vi.spyOn(AsyncLocalStorage.prototype, 'run'), vi.spyOn(AsyncLocalStorage.prototype, 'enterWith')];
    const plain = ledger({ name: 'plain', effect: 'irreversible', ledger: home, idFrom: ['id'] })(async (_: Input) => {
      scopes.push(currentScope());
    });
    await plain({ id: 'a' });
    expect(scopes).toEqual([undefined]);
    for (const spy of entered) expect(spy).not.toHaveBeenCalled();
    const asked = ledger({ name: 'asked', effect: 'irreversible', ledger: home, idFrom: ['id'], ambient: true })(
      async (_: Input) => plain({ id: 'b' }),
    );
    await asked({ id: 'a' });
    // Once on, every guarded tool enters it.
    expect(scopes[1]).toMatchObject({ ancestor: { title: 'plain "b"', parent: { title: 'asked "a"' } } });
    expect(entered[0]).toHaveBeenCalledTimes(2);
    for (const spy of entered) spy.mockRestore();
  });

  it('makes sideEffect and idempotencyKey those of the innermost call', async () => {
    const w = world();
    const { home } = w.worker();
    const keys: string[] = [];
    const inner = ledger({
      name: 'inner',
      effect: 'keyed_mutate',
      keyValidFor: '1h',
      boundary: 'explicit',
      ledger: home,
      idFrom: ['id'],
    })(async (_: Input, call) => {
      keys.push(idempotencyKey());
      return sideEffect(() => `sent under ${String(idempotencyKey() === call.idempotencyKey)}`);
    });
    const outer = ledger({
      name: 'outer',
      effect: 'keyed_mutate',
      keyValidFor: '1h',
      ledger: home,
      idFrom: ['id'],
      ambient: true,
    })(async ({ id }: Input) => {
      keys.push(idempotencyKey());
      const result = await inner({ id });
      keys.push(idempotencyKey());
      return result;
    });
    expect(await outer({ id: 'a' })).toBe('sent under true');
    expect(keys[0]).toBe(keys[2]);
    expect(keys[0]).not.toBe(keys[1]);
    expect(await run({ runId: 'r' }, () => inner({ id: 'b' }))).toBe('sent under true');
    expect(
      await taskLedger({ name: 'task', ledger: home, idFrom: ['id'] })(async ({ id }: Input) => inner({ id }))({
        id: 'c',
      }),
    ).toBe('sent under true');
  });

  it('missing is an error that names what to use instead', async () => {
    const w = world();
    const plain = ledger({ name: 'plain', effect: 'irreversible', ledger: w.worker().home, idFrom: ['id'] })(
      async (_: Input) => [
        await failure((async () => sideEffect(() => 1))()),
        await failure((async () => idempotencyKey())()),
      ],
    );
    const [effect, key] = await plain({ id: 'a' });
    expect(effect).toBeInstanceOf(AmbientScopeError);
    expect(effect!.message).toContain('call.effect');
    expect(key!.message).toContain('call.idempotencyKey');
    expect(() => idempotencyKey()).toThrow('call.idempotencyKey');
    // A run has no call of its own.
    expect(await run({}, () => failure((async () => sideEffect(() => 1))()))).toBeInstanceOf(AmbientScopeError);
  });

  it.each([{ threadId: '' }, { runId: ' ' }, { tenant: 7 as unknown as string }])(
    'cannot be a run of %j',
    async (options) => {
      expect(await failure(run(options, () => 1))).toBeInstanceOf(UsageError);
    },
  );
});

describe('a guard', () => {
  it('decorates methods, keeps this, and takes the method’s name', async () => {
    const w = world();
    const { home } = w.worker();
    class Bank {
      charges = 0;
      readonly currency: string;
      constructor(currency: string) {
        this.currency = currency;
      }

      @ledger({ effect: 'irreversible', ledger: home, idFrom: ['id'] })
      async charge(input: Input): Promise<string> {
        this.charges += 1;
        return `${input.id} in ${this.currency}`;
      }
    }
    const bank = new Bank('EUR');
    expect(await bank.charge({ id: 'a' })).toBe('a in EUR');
    expect(await bank.charge({ id: 'a' })).toBe('a in EUR');
    expect(bank.charges).toBe(1);
    expect((await home.list()).calls[0]!.tool).toBe('charge');
    const strict = w.worker({ strict: true, name: 'strict' }).home;
    class Strict {
      @ledger({ effect: 'irreversible', ledger: strict, idFrom: ['id'] })
      async pay(input: Input): Promise<string> {
        return input.id;
      }
    }
    expect(await new Strict().pay({ id: 'a' })).toBe('a');
  });

  it('keeps this also of functions, positional ones and calls with an identity', async () => {
    const { home } = world().worker();
    const guard = ledger({
      name: 'tool',
      effect: 'irreversible',
      ledger: home,
      idFrom: (...input: readonly unknown[]) => input,
    });
    const shop = {
      name: 'shop',
      plain: guard(async function (this: { name: string }, _: Input) {
        return this.name;
      }),
      spread: positional(guard)(async function (this: { name: string }, first: number, second: string) {
        return `${this.name} ${first} ${second}`;
      }),
    };
    expect(await shop.plain({ id: 'a' })).toBe('shop');
    expect(await shop.spread(1, 'x')).toBe('shop 1 x');
    expect(await withCall(shop.plain, { requestId: 'y' }).call({ name: 'other' }, { id: 'a' })).toBe('other');
  });

  it('of a positional tool hands it no call, and its ambient one where asked', async () => {
    const { home } = world().worker();
    const lengths: number[] = [];
    const tool = positional(
      ledger({
        name: 'tool',
        effect: 'keyed_mutate',
        keyValidFor: '1h',
        ledger: home,
        idFrom: (id) => id,
        ambient: true,
      }),
    )(async (...input: [string, ...unknown[]]) => {
      lengths.push(input.length);
      return idempotencyKey().startsWith('myc_');
    });
    expect(await tool('a')).toBe(true);
    expect(await tool('b', 2, 3)).toBe(true);
    expect(lengths).toEqual([1, 3]);
    expect(
      await inspectCall(tool as unknown as (input: [string], call?: object) => Promise<boolean>, ['a']),
    ).toMatchObject({ replayed: true });
  });

  it('refuses generator functions, with a remedy', () => {
    const guard = ledger({ name: 'tool', effect: 'read' });
    for (const body of [
      async function* stream(_: object) {
        yield 1;
      },
      function* stream(_: object) {
        yield 1;
      },
    ]) {
      expect(() => guard(body as unknown as (input: object) => Promise<number>)).toThrow(
        /generator function \(stream\).*\n.*yield outside/s,
      );
    }
  });

  it('refuses what is no function, and what is guarded already', () => {
    const guard = ledger({ name: 'tool', effect: 'read' });
    for (const body of [undefined, null, 7, {}, 'tool'])
      expect(() => guard(body as unknown as (input: object) => Promise<number>)).toThrow(UsageError);
    const guarded = guard(async (_: object) => 1);
    expect(() => guard(guarded as (input: object) => Promise<number>)).toThrow('compose');
    expect(() => withCall(async () => 1, { requestId: 'x' })).toThrow(UsageError);
    expect(() => compose((() => 1) as unknown as typeof guard)).toThrow(UsageError);
  });

  it('is composed in one order and under one name only', () => {
    const [tool, task] = [ledger({ name: 'a', effect: 'read' }), taskLedger({ name: 'a' })];
    expect(() => compose(tool, task)).toThrow('one record');
    expect(() => compose(tool, ledger({ name: 'a' }))).toThrow('one record');
    expect(compose(compose(tool))(async (_: object) => 1)).toBeInstanceOf(Function);
  });

  const wrong: readonly [string, () => unknown, string][] = [
    ['an option that is none', () => ledger({ efect: 'read' } as object), 'efect'],
    ['a class that is none', () => ledger({ effect: 'write' as 'read' }), '"write"'],
    ['a class that nobody declares', () => ledger({ effect: 'unclassified' as 'read' }), 'unclassified'],
    ['a boundary that is none', () => ledger({ boundary: 'none' as 'explicit' }), 'boundary'],
    ['a lease too short to renew', () => ledger({ lease: 5 }), 'lease'],
    ['a duration that is none', () => ledger({ waitFor: '5 minutes' }), 'waitFor'],
    ['a negative duration', () => ledger({ timeout: -1 }), 'timeout'],
    ['attempts that are no count', () => ledger({ maxAttempts: 0 }), 'maxAttempts'],
    ['fields that are none', () => ledger({ idFrom: [] }), 'idFrom'],
    ['replayFor of what is no read', () => ledger({ effect: 'irreversible', replayFor: '1h' }), 'replayFor'],
    ['replayFor of no length', () => ledger({ effect: 'read', replayFor: 0 }), 'replayFor'],
    ['timeout of no length', () => ledger({ timeout: '0s' }), 'timeout'],
    ['keyValidFor of no length', () => ledger({ effect: 'keyed_mutate', keyValidFor: 0 }), 'keyValidFor'],
    [
      'fields of a positional tool',
      () =>
        positional(ledger({ name: 'x', idFrom: ['id'] }) as unknown as ReturnType<typeof ledger<never>>)(async () => 1),
      'idFrom',
    ],
    ['an option of tools on a task', () => taskLedger({ keyValidFor: '1h' } as object), 'keyValidFor'],
  ];
  it.each(wrong)('refuses %s when it is made', (_, make, word) => {
    expect(make).toThrow(UsageError);
    expect(make).toThrow(word);
  });
});

describe('events', () => {
  it('tell what happens to a call, and never its values', async () => {
    const w = world();
    using claimed = listen('mycelium:call-claimed');
    using done = listen('mycelium:call-committed');
    using replayed = listen('mycelium:call-replayed');
    const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: w.worker().home, idFrom: ['id'] })(
      async (input: Input & { secret: string }, _call: ToolCall) => input.secret,
    );
    await tool({ id: 'a', secret: 'swordfish' });
    await tool({ id: 'a', secret: 'swordfish' });
    const { key } = (await w.stored())[0]!;
    const call = { tool: 'tool', requestId: 'a', id: key.id };
    expect(claimed.events).toEqual([{ ...call, gate: 'ALLOW', fence: 1, attempt: 1 }]);
    expect(done.events).toEqual([{ ...call, fence: 1, by: 'worker' }]);
    expect(replayed.events).toEqual([{ ...call, repeated: false }]);
    expect(JSON.stringify([claimed.events, done.events, replayed.events])).not.toContain('swordfish');
  });
});
