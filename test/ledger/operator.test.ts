import { describe, expect, it } from 'vitest';
import {
  ActionLedger,
  CallNotFoundError,
  type EffectClass,
  ledger,
  ReleaseRefusedError,
  run,
  taskLedger,
  UsageError,
} from '../../src/index.js';
import type { memoryStore } from '../../src/store/memory.js';
import { failAt } from '../../src/testing/index.js';
import { failure, latch, listen, type Worker, world } from './workers.js';

interface Input {
  readonly id: string;
}

const ada = { by: 'ada', reason: 'looked at the gateway' };

/** A call that is blocked: its worker was lost, and its lease is over. */
async function blocked(effect: EffectClass = 'irreversible') {
  const w = world();
  const worker = w.worker();
  let bodies = 0;
  const make = (on: Worker) =>
    ledger({ name: 'pay', effect, ledger: on.home, idFrom: ['id'] })(async (_: Input) => ({ body: ++bodies }));
  const tool = make(worker);
  failAt('after-effect');
  await failure(tool({ id: 'a' }));
  await w.clock.advance(31_000);
  const { id } = (await worker.home.list()).calls[0]!;
  return { w, worker, home: worker.home, tool, make, id, bodies: () => bodies };
}

describe('release', () => {
  it('as completed gives later callers the result, with its types, and says who and why', async () => {
    const { w, home, tool, id, bodies } = await blocked();
    using events = listen('mycelium:call-committed');
    const view = await home.release(id, { ...ada, as: 'completed', result: { charge: 'ch-1', at: new Date(7) } });
    expect(view).toMatchObject({
      phase: 'committed',
      stuck: false,
      result: { charge: 'ch-1', at: new Date(7) },
      resolution: { by: 'operator', as: 'completed', who: 'ada', reason: 'looked at the gateway', at: w.clock.wall() },
    });
    expect(await tool({ id: 'a' })).toEqual({ charge: 'ch-1', at: new Date(7) });
    expect(bodies()).toBe(1);
    expect(events.events).toMatchObject([{ by: 'operator', requestId: 'a' }]);
  });

  it('as completed without a result tells later callers that it was carried out', async () => {
    const { home, tool, id, bodies } = await blocked();
    const view = await home.release(id, { ...ada, as: 'completed', withoutResult: true });
    expect(view).toMatchObject({ phase: 'committed', replayable: false });
    expect(await failure(tool({ id: 'a' }))).toMatchObject({
      code: 'RESULT_NOT_REPLAYABLE',
      message: expect.stringContaining('ada settled it without one'),
    });
    expect(bodies()).toBe(1);
  });

  it('keeps a result in the form in which the tool keeps its values: encrypted for the same record, or not at all', async () => {
    const w = world();
    const { home, store } = w.worker();
    // Bound to all that it is told, as associated data is.
    const encryption = {
      encrypt: (text: string, context: object) => `${JSON.stringify(context)}:${Buffer.from(text).toString('base64')}`,
      decrypt: (text: string, context: object) => {
        if (!text.startsWith(JSON.stringify(context))) throw new Error('of another record');
        return Buffer.from(text.slice(JSON.stringify(context).length + 1), 'base64').toString();
      },
    };
    const tool = ledger({ name: 'pay', effect: 'irreversible', ledger: home, idFrom: ['id'], store: { encryption } })(
      async (_: Input): Promise<string> => {
        throw new Error('connection reset');
      },
    );
    await failure(tool({ id: 'a' }));
    const { id } = (await home.list()).calls[0]!;
    const open = await failure(home.release(id, { ...ada, as: 'completed', result: 'secret' }));
    expect(open).toMatchObject({ code: 'USAGE', message: expect.stringContaining('keeps its values encrypted') });
    const knowing = new ActionLedger({ store, encryption });
    await knowing.release(id, { ...ada, as: 'completed', result: 'secret' });
    expect(await tool({ id: 'a' })).toBe('secret');
  });

  it('takes no result that later callers could not be given', async () => {
    const { home, id } = await blocked();
    const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as unknown;
    for (const result of [deep, () => 1, 'x'.repeat(5_000_000)]) {
      const error = await failure(home.release(id, { ...ada, as: 'completed', result }));
      expect(error).toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining('cannot be given to later callers'),
      });
    }
    expect(await home.get(id)).toMatchObject({ phase: 'attempting' });
  });

  it('as not executed gives one more attempt, and no second', async () => {
    const { home, tool, id, bodies } = await blocked();
    await home.release(id, { ...ada, as: 'not-executed' });
    failAt('after-effect');
    await failure(tool({ id: 'a' }));
    expect(bodies()).toBe(2);
    expect(await home.get(id)).toMatchObject({ phase: 'attempting', fence: 2 });
  });

  it('finds the call by any unique beginning of its id', async () => {
    const { home, id } = await blocked();
    expect(await home.get(id.slice(0, 4))).toMatchObject({ id });
    expect(await home.release(id.slice(0, 8), { ...ada, as: 'not-executed' })).toMatchObject({ id });
  });

  it('is refused while a worker holds the call, unless its owner is declared dead', async () => {
    const w = world();
    const gate = latch<string>();
    const worker = w.worker();
    const tool = ledger({ name: 'pay', effect: 'irreversible', ledger: worker.home, idFrom: ['id'] })(
      async (_: Input) => gate.promise,
    );
    const running = tool({ id: 'a' });
    await w.clock.settle();
    const { id, held } = (await worker.home.list()).calls[0]!;
    expect(held).toBe(true);
    const error = await failure(worker.home.release(id, { ...ada, as: 'completed', result: 1 }));
    expect(error).toBeInstanceOf(ReleaseRefusedError);
    expect(error.message).toContain('force');
    expect(await w.record()).toMatchObject({ phase: 'attempting' });
    await worker.home.release(id, { ...ada, as: 'completed', result: 'by hand', force: { ownerIsDead: true } });
    gate.open('alive after all');
    // What was recorded first is what every caller sees.
    expect(await running).toBe('by hand');
  });

  it('that declared a living worker dead loses to its success while nothing else was claimed', async () => {
    const w = world();
    const gate = latch<string>();
    const worker = w.worker();
    const tool = ledger({ name: 'pay', effect: 'irreversible', ledger: worker.home, idFrom: ['id'] })(
      async (_: Input) => gate.promise,
    );
    const running = tool({ id: 'a' });
    await w.clock.settle();
    const { id } = (await worker.home.list()).calls[0]!;
    await worker.home.release(id, { ...ada, as: 'not-executed', force: { ownerIsDead: true } });
    gate.open('alive');
    expect(await running).toBe('alive');
    expect(await worker.home.get(id)).toMatchObject({ phase: 'committed', result: 'alive' });
  });

  it('is refused on what is finished, with the reason and a way', async () => {
    const { home, tool, id } = await blocked();
    await home.release(id, { ...ada, as: 'completed', result: 1 });
    for (const as of [{ as: 'completed', result: 2 }, { as: 'not-executed' }] as const) {
      const error = await failure(home.release(id, { ...ada, ...as }));
      expect(error).toMatchObject({
        code: 'RELEASE_REFUSED',
        details: { id, tool: 'pay', requestId: 'a', why: expect.stringContaining('finished') },
      });
    }
    expect(await tool({ id: 'a' })).toBe(1);
  });

  it('as completed is refused after it was settled as not executed', async () => {
    const { home, id } = await blocked();
    await home.release(id, { ...ada, as: 'not-executed' });
    expect(await failure(home.release(id, { ...ada, as: 'completed', result: 1 }))).toBeInstanceOf(ReleaseRefusedError);
    expect(await failure(home.release(id, { ...ada, as: 'not-executed' }))).toBeInstanceOf(ReleaseRefusedError);
  });

  it('is won by one of two, whatever they say', async () => {
    for (const says of [
      ['not-executed', 'completed'],
      ['completed', 'not-executed'],
      ['completed', 'completed'],
      ['not-executed', 'not-executed'],
    ] as const) {
      const { w, id } = await blocked();
      const all = await Promise.allSettled(
        says.map((as) => w.worker().home.release(id, as === 'completed' ? { ...ada, as, result: 1 } : { ...ada, as })),
      );
      expect(all.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
      const refused = all.find((one) => one.status === 'rejected') as PromiseRejectedResult;
      expect(refused.reason).toBeInstanceOf(ReleaseRefusedError);
    }
  });

  it('loses to a worker that comes back while it is being written', async () => {
    const w = world();
    const gate = latch<string>();
    const [one, two] = [w.worker(), w.worker()];
    const tool = ledger({ name: 'pay', effect: 'irreversible', ledger: one.home, idFrom: ['id'] })(
      async (_: Input) => gate.promise,
    );
    const running = tool({ id: 'a' });
    await w.clock.settle();
    one.reach(false);
    await w.clock.advance(31_000);
    const { id } = (await two.home.list()).calls[0]!;
    two.way.transact = async (transaction, nonce, pass) => {
      if (transaction.write.length > 0) {
        delete two.way.transact;
        one.reach(true);
        gate.open('mine');
        await running;
      }
      return pass(transaction, nonce);
    };
    expect(await failure(two.home.release(id, { ...ada, as: 'not-executed' }))).toMatchObject({
      details: { why: expect.stringContaining('finished') },
    });
    expect(await two.home.get(id)).toMatchObject({ phase: 'committed', result: 'mine' });
  });

  it.each([
    { by: '', reason: 'x' },
    { by: 'ada', reason: '  ' },
    { by: undefined as unknown as string, reason: 'x' },
  ])('wants to know who and why: %j', async (settled) => {
    const { home, id } = await blocked();
    expect(await failure(home.release(id, { ...settled, as: 'not-executed' }))).toBeInstanceOf(UsageError);
    expect(await failure(home.retire(id, settled))).toBeInstanceOf(UsageError);
    expect(await home.get(id)).toMatchObject({ phase: 'attempting' });
  });

  it('of a call that is not there says so, and so does an id that is none', async () => {
    const { home, w } = await blocked();
    expect(await failure(home.release('0'.repeat(32), { ...ada, as: 'not-executed' }))).toBeInstanceOf(
      CallNotFoundError,
    );
    expect(await failure(home.release('0000', { ...ada, as: 'not-executed' }))).toMatchObject({
      code: 'CALL_NOT_FOUND',
      message: expect.stringContaining('"0000"'),
    });
    for (const id of ['', 'abc', 'XYZW', '../..', 'g'.repeat(32)])
      expect(await failure(home.get(id))).toBeInstanceOf(UsageError);
    expect(await home.get('0000')).toBeUndefined();
    // Another ledger in the same store has calls of its own.
    const [stored] = await w.stored();
    expect(await w.worker({ name: 'another' }).home.get(stored!.key.id)).toBeUndefined();
  });

  it('of a beginning that several ids share names them', async () => {
    const w = world();
    const { home } = w.worker();
    const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: home, idFrom: ['id'] })(
      async (_: { id: number }) => 1,
    );
    const ids = new Map<string, string>();
    let shared: string | undefined;
    for (let id = 0; shared === undefined; id++) {
      await tool({ id });
      const { calls } = await home.list({ limit: 1000 });
      ids.clear();
      for (const call of calls) {
        const beginning = call.id.slice(0, 4);
        if (ids.has(beginning)) shared = beginning;
        ids.set(beginning, call.id);
      }
      if (id > 900) break;
    }
    expect(shared).toBeDefined();
    const error = await failure(home.get(shared!));
    expect(error).toBeInstanceOf(CallNotFoundError);
    expect(error.message).toContain('more characters');
    expect(error.details).toMatchObject({
      candidates: expect.arrayContaining([expect.stringMatching(new RegExp(`^${shared}`))]),
    });
  });

  it('settles a reader of a task too', async () => {
    const w = world();
    const { home } = w.worker();
    const task = taskLedger({ name: 'task', ledger: home, idFrom: ['id'], effect: 'irreversible' })(
      async (_: Input): Promise<string> => {
        throw new Error('x');
      },
    );
    await failure(task({ id: 'a' }));
    const { id } = (await home.list({ kind: 'task' })).calls[0]!;
    await home.release(id.slice(0, 6), { ...ada, as: 'completed', result: 'done by hand' });
    expect(await task({ id: 'a' })).toBe('done by hand');
  });
});

describe('retire', () => {
  it('re-opens a finished identity, keeps the finished record, and counts on', async () => {
    const { w, home, tool, id, bodies } = await blocked();
    await home.release(id, { ...ada, as: 'completed', result: { body: 0 } });
    const view = await home.retire(id.slice(0, 8), { by: 'ada', reason: 'refunded' });
    expect(view).toMatchObject({
      phase: 'aborted',
      aborted: 'not-executed',
      attempts: 0,
      resolution: { as: 'retired', who: 'ada' },
    });
    expect(view).not.toHaveProperty('result');
    expect(await tool({ id: 'a' })).toEqual({ body: 2 });
    expect(await tool({ id: 'a' })).toEqual({ body: 2 });
    expect(bodies()).toBe(2);
    const { records } = await w.truth.list({ kind: 'retired', limit: 10 });
    expect(records).toHaveLength(1);
    expect(records[0]!.value).toContain('"phase":"committed"');
    // And again, for as long as people wish.
    await home.retire(id, ada);
    expect(await tool({ id: 'a' })).toEqual({ body: 3 });
    expect((await w.truth.list({ kind: 'retired', limit: 10 })).records).toHaveLength(2);
  });

  it('is refused on what is not finished', async () => {
    const { home, tool, id, bodies } = await blocked();
    expect(await failure(home.retire(id, ada))).toMatchObject({
      code: 'RELEASE_REFUSED',
      details: { why: expect.stringContaining('not finished') },
    });
    await home.release(id, { ...ada, as: 'not-executed' });
    expect(await failure(home.retire(id, ada))).toMatchObject({
      details: { why: expect.stringContaining('may run again') },
    });
    await tool({ id: 'a' });
    expect(bodies()).toBe(2);
  });

  it('is won by one of two', async () => {
    const { w, home, tool, id } = await blocked();
    await home.release(id, { ...ada, as: 'completed', result: 1 });
    const all = await Promise.allSettled([home.retire(id, ada), w.worker().home.retire(id, ada)]);
    expect(all.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await tool({ id: 'a' })).toEqual({ body: 2 });
  });

  it('voids what earlier lives left: a late worker changes nothing, its evidence counts no more', async () => {
    const w = world();
    const gate = latch<string>();
    const [one, two] = [w.worker(), w.worker()];
    let bodies = 0;
    const make = (on: Worker) =>
      ledger({ name: 'pay', effect: 'irreversible', ledger: on.home, idFrom: ['id'] })(async (_: Input) => {
        bodies += 1;
        return bodies === 1 ? gate.promise : `body ${bodies}`;
      });
    const first = make(one)({ id: 'a' });
    first.catch(() => undefined);
    await w.clock.settle();
    one.reach(false);
    await w.clock.advance(31_000);
    const { id } = (await two.home.list()).calls[0]!;
    await two.home.release(id, { ...ada, as: 'completed', result: 'by hand' });
    await two.home.retire(id, ada);
    expect(await make(two)({ id: 'a' })).toBe('body 2');
    one.reach(true);
    gate.open('of an earlier life');
    expect(await w.clock.runUntil(first)).toBe('body 2');
    await two.home.retire(id, ada);
    expect(await make(two)({ id: 'a' })).toBe('body 3');
  });
});

describe('list and get', () => {
  it('filter by tool, phase, run and kind, and by what is stuck', async () => {
    const w = world();
    const { home } = w.worker();
    const pay = ledger({ name: 'pay', effect: 'irreversible', ledger: home, idFrom: ['id'] })(async (_: Input) => 1);
    const lose = ledger({ name: 'lose', effect: 'irreversible', ledger: home, idFrom: ['id'] })(
      async (_: Input): Promise<number> => {
        throw new Error('x');
      },
    );
    const retry = ledger({ name: 'retry', effect: 'idempotent_mutate', ledger: home, idFrom: ['id'] })(
      async (_: Input): Promise<number> => {
        throw new Error('x');
      },
    );
    await run({ runId: 'r1', threadId: 't1', tenant: 'acme' }, () => pay({ id: 'a' }));
    await pay({ id: 'b' });
    await failure(lose({ id: 'a' }));
    await failure(retry({ id: 'a' }));
    await taskLedger({ name: 'task', ledger: home, idFrom: ['id'] })(async (_: Input) => 1)({ id: 'a' });
    const ids = async (query: Parameters<ActionLedger['list']>[0]): Promise<string[]> =>
      (await home.list(query)).calls.map((call) => `${call.tool} ${call.requestId}`);
    expect(await ids({})).toEqual(['pay a', 'pay b', 'lose a', 'retry a', 'task a']);
    expect(await ids({ kind: 'task' })).toEqual(['task a']);
    expect(await ids({ tool: 'pay' })).toEqual(['pay a', 'pay b']);
    expect(await ids({ phase: 'unknown' })).toEqual(['lose a']);
    expect(await ids({ run: 'r1' })).toEqual(['pay a']);
    expect(await ids({ stuck: true })).toEqual(['lose a']);
    expect(await ids({ tool: 'pay', phase: 'aborted' })).toEqual([]);
    expect((await home.list({ run: 'r1' })).calls[0]).toMatchObject({
      runId: 'r1',
      threadId: 't1',
      tenant: 'acme',
      replayable: true,
      held: false,
      attempts: 1,
    });
  });

  it('page through everything once, whatever the page size, also at the borders between kinds', async () => {
    const w = world();
    const { home } = w.worker();
    const pay = ledger({ name: 'pay', effect: 'irreversible', ledger: home, idFrom: ['id'] })(
      async (_: { id: number }) => 1,
    );
    const task = taskLedger({ name: 'task', ledger: home, idFrom: ['id'] })(async (_: { id: number }) => 1);
    for (let id = 0; id < 6; id++) await pay({ id });
    for (let id = 0; id < 4; id++) await task({ id });
    for (let limit = 1; limit <= 11; limit++) {
      const seen: string[] = [];
      let after: string | undefined;
      let pages = 0;
      do {
        const page = await home.list({ limit, ...(after === undefined ? {} : { after }) });
        expect(page.calls.length).toBeLessThanOrEqual(limit);
        seen.push(...page.calls.map((call) => call.id));
        after = page.next;
        pages += 1;
      } while (after !== undefined && pages < 20);
      expect([limit, new Set(seen).size, seen.length]).toEqual([limit, 10, 10]);
    }
  });

  it('page through what is stuck without losing any between pages', async () => {
    const w = world();
    const { home } = w.worker();
    const pay = ledger({ name: 'pay', effect: 'irreversible', ledger: home, idFrom: ['id'] })(
      async ({ id }: { id: number }) => {
        if (id % 3 === 0) throw new Error('x');
      },
    );
    for (let id = 0; id < 20; id++) await pay({ id }).catch(() => undefined);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await home.list({ stuck: true, limit: 2, ...(after === undefined ? {} : { after }) });
      seen.push(...page.calls.map((call) => call.requestId));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(['0', '3', '6', '9', '12', '15', '18']);
  });

  it.each([{ limit: 0 }, { limit: 1001 }, { limit: 1.5 }, { after: 'nonsense' }, { after: 'tool:nonsense' }])(
    'refuse %j',
    async (query) => {
      const { home } = world().worker();
      expect(await failure(home.list(query))).toBeInstanceOf(UsageError);
    },
  );

  it('show what a call was given and what it returned, and how old it is', async () => {
    const { w, home, id } = await blocked();
    await w.clock.advance(60_000);
    expect(await home.get(id)).toMatchObject({
      id,
      kind: 'tool',
      tool: 'pay',
      requestId: 'a',
      phase: 'attempting',
      effect: 'irreversible',
      held: false,
      stuck: true,
      attempts: 1,
      fence: 1,
      evidence: false,
      ageMs: 61_000,
      input: { id: 'a' },
    });
    expect((await home.list()).calls[0]).not.toHaveProperty('input');
  });

  it('do not show one ledger the calls of another in the same store', async () => {
    const w = world();
    const [one, two] = [w.worker({ name: 'one' }), w.worker({ name: 'two' })];
    await ledger({ name: 'pay', effect: 'irreversible', ledger: one.home, idFrom: ['id'] })(async (_: Input) => 1)({
      id: 'a',
    });
    expect((await one.home.list()).calls).toHaveLength(1);
    expect((await two.home.list()).calls).toHaveLength(0);
  });
});

describe('an ActionLedger', () => {
  it('is refused without a store', () => {
    expect(() => new ActionLedger({} as { store: ReturnType<typeof memoryStore> })).toThrow(UsageError);
  });

  it('refuses records of a newer format loudly, and runs nothing', async () => {
    const w = world();
    const worker = w.worker();
    let bodies = 0;
    const tool = ledger({ name: 'pay', effect: 'irreversible', ledger: worker.home, idFrom: ['id'] })(
      async (_: Input) => ++bodies,
    );
    await tool({ id: 'a' });
    const [stored] = await w.stored();
    await w.truth.transact(
      {
        expect: [{ key: stored!.key, revision: stored!.revision }],
        write: [{ key: stored!.key, value: stored!.value.replace('"format":1', '"format":2') }],
      },
      'newer',
    );
    const error = await failure(tool({ id: 'a' }));
    expect(error).toMatchObject({ code: 'STORE_FORMAT' });
    expect(error.message).toContain('2');
    expect(bodies).toBe(1);
  });
});
