import { describe, expect, it } from 'vitest';
import {
  compose,
  IdentityMissingError,
  inspectCall,
  type LedgerOptions,
  ledger,
  positional,
  ReentrantCallError,
  run,
  taskLedger,
  UsageError,
  withCall,
} from '../../src/index.js';
import { failure, listen, world } from './workers.js';

/** A tool that counts its bodies. */
function counted(options: LedgerOptions) {
  const seen: unknown[] = [];
  const tool = ledger({ name: 'pay', effect: 'non_idempotent_mutate', ...options })(
    async (input: Record<string, unknown>) => {
      seen.push(input);
      return { body: seen.length };
    },
  );
  return { tool, seen };
}

describe('the request id of a call', () => {
  it('comes from withCall before anything else', async () => {
    const home = world().worker().home;
    const { tool, seen } = counted({ ledger: home, idFrom: ['id'] });
    await run({ threadId: 't', runId: 'r' }, () =>
      withCall(tool, { requestId: 'explicit' })({ id: 'a' }, { toolCallId: 'c1' }),
    );
    await withCall(tool, { requestId: 'explicit' })({ id: 'a' });
    expect(seen).toHaveLength(1);
    expect((await home.list()).calls.map((call) => call.requestId)).toEqual(['explicit']);
  });

  it('comes from the named fields, whose values count and not their spelling', async () => {
    const home = world().worker().home;
    const one = counted({ ledger: home, idFrom: ['id'] });
    const renamed = counted({ ledger: home, idFrom: ['invoiceId'], fingerprint: { omit: ['id', 'invoiceId'] } });
    await one.tool({ id: 'inv-1' });
    const before = one.seen.length;
    expect(await failure(renamed.tool({ invoiceId: 'inv-1' }))).toMatchObject({ code: 'IDENTITY_CONFLICT' });
    expect(before).toBe(1);
    expect(renamed.seen).toHaveLength(0);
  });

  it('comes from a selector, of one value or several', async () => {
    const home = world().worker().home;
    const { tool, seen } = counted({
      ledger: home,
      idFrom: (input: unknown) => [(input as { a: string }).a, (input as { b: number }).b],
    });
    await tool({ a: 'x', b: 1 });
    await tool({ a: 'x', b: 1 });
    await tool({ a: 'x', b: 2 });
    expect(seen).toHaveLength(2);
  });

  it('does not let values meet that only look alike when joined', async () => {
    const home = world().worker().home;
    const { tool, seen } = counted({ ledger: home, idFrom: ['a', 'b'] });
    for (const input of [
      { a: 'x', b: 'y z' },
      { a: 'x y', b: 'z' },
      { a: '1', b: 2 },
      { a: 1, b: '2' },
      { a: '["x"', b: 'y]' },
    ])
      await tool(input);
    expect(seen).toHaveLength(5);
    const single = counted({ name: 'other', ledger: home, idFrom: ['a'] });
    for (const a of ['7', 7, '["7"]', ['7'], { a: '7' }]) await single.tool({ a });
    expect(single.seen).toHaveLength(5);
  });

  it.each([undefined, null, '', '  ', Number.NaN])(
    'is refused when the field is %j, before anything is claimed',
    async (id) => {
      const w = world();
      const { tool, seen } = counted({ ledger: w.worker().home, idFrom: ['id'] });
      const error = await failure(tool({ id }));
      expect(error).toBeInstanceOf(IdentityMissingError);
      expect(error).toMatchObject({ details: { tool: 'pay', field: 'id' } });
      expect(error.llmMessage).toContain('id');
      expect(seen).toHaveLength(0);
      expect(await w.stored()).toHaveLength(0);
    },
  );

  it.each([[[]], [['']], [['x', undefined]], [Promise.resolve('a')], [() => 1]])(
    'is refused when a selector gives %j',
    async (selected) => {
      const w = world();
      const { tool, seen } = counted({ ledger: w.worker().home, idFrom: () => selected });
      const error = await failure(tool({ id: 'a' }));
      expect(error).toBeInstanceOf(IdentityMissingError);
      expect(error.message).toContain('idFrom');
      expect(seen).toHaveLength(0);
      expect(await w.stored()).toHaveLength(0);
    },
  );

  it('may come from a Date, a bigint or any other plain data', async () => {
    const { tool, seen } = counted({ ledger: world().worker().home, idFrom: ['id'] });
    for (const id of [new Date(0), new Date(0), new Date(1), 1n, 1n, 1, new Map([[1, 2]]), { a: [1] }])
      await tool({ id });
    expect(seen).toHaveLength(6);
  });

  it.each(['', '   ', 7, null])('cannot be %j in withCall', (requestId) => {
    const { tool } = counted({ ledger: world().worker().home });
    expect(() => withCall(tool, { requestId: requestId as string })).toThrow(UsageError);
  });

  it.each([0, -1, 1.5, Number.NaN])('cannot have occurrence %j', (occurrence) => {
    const { tool } = counted({ ledger: world().worker().home });
    expect(() => withCall(tool, { occurrence })).toThrow('occurrence');
  });

  it('means the same across runs and threads', async () => {
    const home = world().worker().home;
    const { tool, seen } = counted({ ledger: home, idFrom: ['id'] });
    await run({ runId: 'r1', threadId: 't1' }, () => tool({ id: 'a' }));
    await run({ runId: 'r2', threadId: 't2' }, () => tool({ id: 'a' }));
    await tool({ id: 'a' });
    expect(seen).toHaveLength(1);
  });

  it('is the task around it, where the model numbers its calls anew at every attempt', async () => {
    const w = world();
    const home = w.worker().home;
    const { tool, seen } = counted({ ledger: home });
    let attempt = 0;
    const task = taskLedger({ name: 'task', ledger: home, idFrom: ['job'] })(async ({ job }: { job: string }) => {
      attempt += 1;
      const result = await tool({ to: 'ada' }, { toolCallId: `call-${attempt}` });
      if (attempt === 1) throw new Error('the first attempt stops here');
      return { job, result };
    });
    await expect(task({ job: 'j' })).rejects.toThrow('stops here');
    expect(await task({ job: 'j' })).toEqual({ job: 'j', result: { body: 1 } });
    expect(seen).toHaveLength(1);
    const { calls } = await home.list({ kind: 'tool' });
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ toolCallId: 'call-1', task: (await home.list({ kind: 'task' })).calls[0]!.id });
    // Another task is another scope.
    await task({ job: 'other' });
    expect(seen).toHaveLength(2);
  });

  it('is the call id the model gave, within its thread, else within the run the caller named', async () => {
    const { tool, seen } = counted({ ledger: world().worker().home });
    const inThread = (threadId: string, toolCallId: string, runId?: string): Promise<unknown> =>
      run({ threadId, ...(runId === undefined ? {} : { runId }) }, () => tool({ same: true }, { toolCallId }));
    await inThread('t1', 'c1', 'r1');
    await inThread('t1', 'c1', 'r2');
    expect(seen).toHaveLength(1);
    await inThread('t2', 'c1');
    await inThread('t1', 'c2');
    expect(seen).toHaveLength(3);
    await run({ runId: 'r' }, () => tool({ same: true }, { toolCallId: 'c1' }));
    await run({ runId: 'r' }, () => tool({ same: true }, { toolCallId: 'c1' }));
    expect(seen).toHaveLength(4);
  });

  it('is never the bare call id: frameworks count from 1 in every conversation', async () => {
    const { tool, seen } = counted({ ledger: world().worker().home });
    await tool({ same: true }, { toolCallId: 'call_1' });
    await tool({ same: true }, { toolCallId: 'call_1' });
    await run({}, () => tool({ same: true }, { toolCallId: 'call_1' }));
    expect(seen).toHaveLength(3);
  });

  it('is never a request id of the framework', async () => {
    const { tool, seen } = counted({ ledger: world().worker().home });
    await tool({ a: 1 }, { requestId: 1 } as object);
    await tool({ b: 1 }, { requestId: 1 } as object);
    expect(seen).toHaveLength(2);
  });

  it('is the arguments within a run that the caller named', async () => {
    const { tool, seen } = counted({ ledger: world().worker().home });
    const inRun = (runId: string | undefined, input: object): Promise<unknown> =>
      run(runId === undefined ? {} : { runId }, () => tool(input as Record<string, unknown>));
    await inRun('r1', { a: 1, b: undefined });
    await inRun('r1', { b: undefined, a: 1 });
    await inRun('r1', { a: 1 });
    expect(seen).toHaveLength(1);
    await inRun('r1', { a: 2 });
    await inRun('r2', { a: 1 });
    expect(seen).toHaveLength(3);
    // A run id that we drew finds nothing again.
    await inRun(undefined, { a: 1 });
    await inRun(undefined, { a: 1 });
    expect(seen).toHaveLength(5);
  });

  it('is otherwise random: recorded, not deduplicated, and said once per tool', async () => {
    const w = world();
    const { tool, seen } = counted({ ledger: w.worker().home });
    using warnings = listen('mycelium:warning');
    await tool({ a: 1 });
    await tool({ a: 1 });
    expect(seen).toHaveLength(2);
    expect(await w.records()).toHaveLength(2);
    expect(warnings.events).toHaveLength(1);
    expect(warnings.events[0]).toMatchObject({ tool: 'pay', code: 'random-identity' });
    const read = ledger({ name: 'look', effect: 'read', ledger: w.worker().home })(async () => 1);
    await read({});
    expect(warnings.events).toHaveLength(1);
  });
});

describe('what is part of an identity', () => {
  it('keeps ledgers, tenants, tools and kinds apart, and nothing else', async () => {
    const w = world();
    const worker = w.worker();
    const bodies: string[] = [];
    const make = (
      name: string,
      home: ReturnType<typeof w.worker>['home'],
      effect: 'irreversible' | 'keyed_mutate' = 'irreversible',
    ) =>
      ledger({ name, effect, ledger: home, idFrom: ['id'] })(
        async ({ id }: { id: string }) => void bodies.push(`${name} ${id}`),
      );
    await make('pay', worker.home)({ id: '1' });
    await make('send', worker.home)({ id: '1' });
    await make('pay', w.worker({ name: 'second ledger' }).home)({ id: '1' });
    await make('pay', w.worker({ tenant: 'acme' }).home)({ id: '1' });
    await run({ tenant: 'globex' }, () => make('pay', worker.home)({ id: '1' }));
    await taskLedger({ name: 'pay', ledger: worker.home, idFrom: ['id'] })(
      async (_: { id: string }) => void bodies.push('task'),
    )({ id: '1' });
    expect(bodies).toHaveLength(6);
    // The class is recorded, and no part of the key: a deploy re-opens nothing.
    await make('pay', worker.home, 'keyed_mutate')({ id: '1' });
    await make('pay', w.worker().home)({ id: '1' });
    expect(bodies).toHaveLength(6);
    expect((await w.records()).map((record) => record.tenant)).toEqual([
      undefined,
      undefined,
      undefined,
      'acme',
      'globex',
      undefined,
    ]);
  });

  it('tells intended repetitions apart by occurrence', async () => {
    const home = world().worker().home;
    const { tool, seen } = counted({ ledger: home, idFrom: ['id'] });
    for (const occurrence of [1, 2, 2, 3, 1]) await withCall(tool, { occurrence })({ id: 'a' });
    await tool({ id: 'a' });
    expect(seen).toHaveLength(3);
    expect((await home.list()).calls.map((call) => call.requestId).sort()).toEqual(['a', 'a #2', 'a #3']);
  });

  it('is not inherited by nested calls', async () => {
    const home = world().worker().home;
    const inner = counted({ name: 'inner', ledger: home });
    const outer = ledger({ name: 'outer', effect: 'irreversible', ledger: home, ambient: true })(async () =>
      inner.tool({ x: 1 }),
    );
    await withCall(outer, { requestId: 'o' })({});
    const { calls } = await home.list({ tool: 'inner' });
    expect(calls).toHaveLength(1);
    expect(calls[0]!.requestId).toMatch(/^random-/);
  });

  it('is reported by inspectCall and shown to the body, whose own arguments stay as they are', async () => {
    const home = world().worker().home;
    const framework = { toolCallId: 'c1', messages: ['hi'], requestId: 'theirs' };
    const given: unknown[] = [];
    const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: home, idFrom: ['id'] })(
      async (input: { id: string }, call) => {
        given.push(input, call.requestId, (call as unknown as typeof framework).messages, Object.keys(framework));
        return 1;
      },
    );
    await tool({ id: 'a' }, framework);
    expect(given).toEqual([{ id: 'a' }, 'a', ['hi'], ['toolCallId', 'messages', 'requestId']]);
    expect(framework.requestId).toBe('theirs');
    expect(await inspectCall(tool, { id: 'a' })).toEqual({ value: 1, replayed: true, requestId: 'a' });
    expect(await inspectCall(tool, { id: 'b' }, { occurrence: 2 })).toEqual({
      value: 1,
      replayed: false,
      requestId: 'b #2',
    });
  });

  it('of a positional tool is what the selector makes of its arguments', async () => {
    const home = world().worker().home;
    let bodies = 0;
    const pay = positional(
      ledger({
        name: 'pay',
        effect: 'irreversible',
        ledger: home,
        idFrom: (_amount: number, account: string) => account,
      }),
    )(async (amount: number, account: string) => `${amount} to ${account} (${++bodies})`);
    expect(await pay(5, 'acc-1')).toBe('5 to acc-1 (1)');
    expect(await pay(5, 'acc-1')).toBe('5 to acc-1 (1)');
    expect(await failure(pay(6, 'acc-1'))).toMatchObject({ code: 'IDENTITY_CONFLICT', details: { paths: ['[0]'] } });
    expect(await withCall(pay, { requestId: 'x' })(6, 'acc-1')).toBe('6 to acc-1 (2)');
  });

  it('a tool that is called with several arguments is refused: its body would get the first only', async () => {
    const home = world().worker().home;
    const bodies: unknown[] = [];
    const pay = ledger({ name: 'pay', effect: 'read', ledger: home })(async (amount: number) => bodies.push(amount));
    const call = pay as unknown as (...args: unknown[]) => Promise<unknown>;
    for (const second of ['acc-1', 7, true])
      expect(await failure(call(5, second))).toMatchObject({ code: 'USAGE', message: expect.stringContaining('pay') });
    expect(bodies).toEqual([]);
    // What frameworks pass, and what map passes, says nothing of the input.
    await Promise.all([[5, 6].map(call), call(7, { toolCallId: 't' }), call(8, null), call(9, undefined)].flat());
    expect(bodies.sort()).toEqual([5, 6, 7, 8, 9]);
  });
});

describe('reads', () => {
  it('are remembered for their run, even with idFrom, and not beyond', async () => {
    const home = world().worker().home;
    let bodies = 0;
    const look = ledger({ name: 'look', effect: 'read', ledger: home, idFrom: ['q'] })(
      async (_: { q: string }) => ++bodies,
    );
    await run({ runId: 'r1' }, async () => {
      expect(await look({ q: 'x' })).toBe(1);
      expect(await look({ q: 'x' })).toBe(1);
    });
    expect(await run({ runId: 'r1' }, () => look({ q: 'x' }))).toBe(1);
    expect(await run({ runId: 'r2' }, () => look({ q: 'x' }))).toBe(2);
    await run({}, async () => {
      expect(await look({ q: 'x' })).toBe(3);
      expect(await look({ q: 'x' })).toBe(3);
    });
    expect(await look({ q: 'x' })).toBe(4);
    expect(await look({ q: 'x' })).toBe(5);
  });

  it('are shared for replayFor, whatever the run', async () => {
    const w = world();
    const home = w.worker().home;
    let bodies = 0;
    const look = ledger({ name: 'look', effect: 'read', ledger: home, replayFor: '1h' })(
      async (_: { q: string }) => ++bodies,
    );
    await w.clock.advance(3_600_000 - (w.clock.wall() % 3_600_000));
    expect(await run({ runId: 'r1' }, () => look({ q: 'x' }))).toBe(1);
    expect(await run({ runId: 'r2' }, () => look({ q: 'x' }))).toBe(1);
    expect(await look({ q: 'x' })).toBe(1);
    await w.clock.advance(3_600_000);
    expect(await look({ q: 'x' })).toBe(2);
  });
});

describe('a call inside itself', () => {
  it('is refused where the scope is known, at any depth', async () => {
    const home = world().worker().home;
    const tools: { outer?: (input: { id: string }) => Promise<unknown> } = {};
    const middle = ledger({ name: 'middle', effect: 'idempotent_mutate', ledger: home, idFrom: ['id'] })(
      async ({ id }: { id: string }) => tools.outer?.({ id }),
    );
    tools.outer = ledger({ name: 'outer', effect: 'idempotent_mutate', ledger: home, idFrom: ['id'], ambient: true })(
      async ({ id }: { id: string }) => middle({ id }),
    );
    const error = await failure(tools.outer({ id: 'a' }));
    expect(error).toBeInstanceOf(ReentrantCallError);
    expect(error.details).toMatchObject({ tool: 'outer', requestId: 'a' });
  });

  it('may be meant: another occurrence runs', async () => {
    const home = world().worker().home;
    let depth = 0;
    const down = ledger({ name: 'down', effect: 'idempotent_mutate', ledger: home, idFrom: ['id'], ambient: true })(
      async ({ id }: { id: string }): Promise<number> => {
        depth += 1;
        return depth === 3
          ? depth
          : withCall(down as (input: { id: string }) => Promise<number>, { occurrence: depth + 1 })({ id });
      },
    );
    expect(await down({ id: 'a' })).toBe(3);
  });
});

describe('strict', () => {
  const refusals: readonly [string, LedgerOptions, string][] = [
    ['an undeclared effect', { name: 'tool', idFrom: ['id'] }, 'effect'],
    ['a name from the function', { effect: 'irreversible', idFrom: ['id'] }, 'minifier'],
    ['no identity', { name: 'tool', effect: 'irreversible' }, 'identity'],
  ];
  it.each(refusals)('refuses %s before anything is claimed', async (_, options, word) => {
    const w = world();
    let bodies = 0;
    const tool = ledger({ ...options, ledger: w.worker({ strict: true }).home })(async function named(_input: {
      id: string;
    }) {
      bodies += 1;
    });
    const error = await failure(tool({ id: 'a' }));
    expect(error).toMatchObject({ code: 'IDENTITY_MISSING' });
    expect(error.message).toContain(word);
    expect(bodies).toBe(0);
    expect(await w.stored()).toHaveLength(0);
  });

  it('does not take a call id of the model alone for an identity, and exempts reads', async () => {
    const w = world();
    const home = w.worker({ strict: true }).home;
    const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: home })(async (_: object) => 1);
    expect(await failure(tool({}, { toolCallId: 'c1' }))).toMatchObject({ code: 'IDENTITY_MISSING' });
    expect(await run({ threadId: 't' }, () => tool({}, { toolCallId: 'c1' }))).toBe(1);
    const read = ledger({ name: 'look', effect: 'read', ledger: home })(async (_: object) => 2);
    expect(await read({})).toBe(2);
  });

  it('wants idFrom on what has consequences inside a task', async () => {
    const w = world();
    const home = w.worker({ strict: true }).home;
    const loose = ledger({ name: 'loose', effect: 'irreversible', ledger: home })(async (_: { id: string }) => 'loose');
    const firm = ledger({ name: 'firm', effect: 'irreversible', ledger: home, idFrom: ['id'] })(
      async (_: { id: string }) => 'firm',
    );
    const look = ledger({ name: 'look', effect: 'read', ledger: home })(async (_: { id: string }) => 'look');
    const task = taskLedger({ name: 'task', ledger: home, idFrom: ['id'] })(async (input: { id: string }) => [
      await look(input),
      await firm(input),
      await loose(input),
    ]);
    const error = await failure(task({ id: 'a' }));
    expect(error).toMatchObject({ code: 'IDENTITY_MISSING', details: { tool: 'loose' } });
    expect((await home.list({ tool: 'firm' })).calls).toHaveLength(1);
    expect((await home.list({ tool: 'loose' })).calls).toHaveLength(0);
  });
});

describe('names', () => {
  it('come from options, a sibling guard, and only then from the function', async () => {
    const home = world().worker().home;
    const guard = compose(ledger({ name: 'given', effect: 'irreversible', ledger: home, idFrom: ['id'] }));
    await guard(async function fromFunction(_: { id: string }) {
      return 1;
    })({ id: 'a' });
    await ledger({ effect: 'irreversible', ledger: home, idFrom: ['id'] })(async function fromFunction(_: {
      id: string;
    }) {
      return 1;
    })({ id: 'a' });
    expect((await home.list()).calls.map((call) => call.tool)).toEqual(['given', 'fromFunction']);
  });

  it('are refused when there is none', () => {
    expect(() =>
      ledger({ effect: 'read' })(
        (
          () => async (_: object) =>
            1
        )(),
      ),
    ).toThrow('has no name');
    expect(() => ledger({ name: '  ' })).toThrow('blank');
  });
});
