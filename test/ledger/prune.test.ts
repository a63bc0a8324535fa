import { describe, expect, it } from 'vitest';
import {
  ActionLedger,
  type EffectClass,
  ledger,
  NotExecutedError,
  run,
  taskLedger,
  UsageError,
} from '../../src/index.js';
import { archiveKey, evidenceKey } from '../../src/ledger/identity.js';
import { REPLAY_EPOCH_KEY } from '../../src/ledger/replay-epoch.js';
import type { Store, StoredRecord } from '../../src/store/contract.js';
import { failAt } from '../../src/testing/index.js';
import { failure, latch, type Worker, type World, world } from './workers.js';

interface Input {
  readonly id: string;
}

const DAY = 86_400_000;
const ada = { by: 'ada', reason: 'looked at the gateway' };

/** A tool that counts its bodies by id. What fails is said by the id. */
function paying(worker: Worker, effect: EffectClass = 'irreversible', name = 'pay') {
  const bodies: Record<string, number> = {};
  const tool = ledger({ name, effect, ledger: worker.home, idFrom: ['id'] })(async ({ id }: Input) => {
    bodies[id] = (bodies[id] ?? 0) + 1;
    if (id.startsWith('lost')) throw new Error('connection reset');
    if (id.startsWith('refused')) throw new NotExecutedError('no such account');
    return `${id} ${bodies[id]}`;
  });
  return { tool, bodies };
}

/** Everything in the store, whatever it is. */
async function everything(store: Store): Promise<StoredRecord[]> {
  const kinds = ['tool', 'task', 'evidence', 'retired', 'pruned', 'replay'];
  const pages = await Promise.all(kinds.map((kind) => store.list({ kind, limit: 1_000 })));
  return pages.flatMap(({ records }) => records);
}

const kindsOf = (records: readonly StoredRecord[]): string[] => records.map(({ key }) => key.kind).sort();

async function requestsLeft(w: World): Promise<string[]> {
  return (await w.records()).map(({ tool, requestId }) => `${tool} ${requestId}`).sort();
}

describe('pruning', () => {
  it('forgets what was finished long ago: the same call runs again, and what was taken away is written down', async () => {
    const w = world();
    const worker = w.worker();
    const { tool, bodies } = paying(worker);
    await tool({ id: 'a' });
    await w.clock.advance(DAY);
    await failure(tool({ id: 'refused b' }));
    const between = w.clock.wall();
    await w.clock.advance(30 * DAY);
    await tool({ id: 'recent' });
    const report = await worker.home.prune({ olderThan: '30d', by: 'nightly' });
    expect(report).toEqual({
      dryRun: false,
      complete: true,
      examined: 3,
      pruned: 2,
      kept: { recent: 1 },
      olderThanMs: { tool: 30 * DAY, task: 30 * DAY },
      oldest: between - DAY,
      newest: between,
    });
    expect(await requestsLeft(w)).toEqual(['pay recent']);
    expect(await tool({ id: 'a' })).toBe('a 2');
    expect(await tool({ id: 'recent' })).toBe('recent 1');
    expect(bodies).toEqual({ a: 2, 'refused b': 1, recent: 1 });
    expect(await worker.home.prunings()).toEqual([
      {
        at: w.clock.wall(),
        kind: 'tool',
        by: 'nightly',
        olderThanMs: 30 * DAY,
        count: 2,
        oldest: between - DAY,
        newest: between,
      },
    ]);
  });

  it('changes nothing in a dry run, and tells what it would do', async () => {
    const w = world();
    const worker = w.worker();
    const { tool } = paying(worker);
    for (const id of ['a', 'b', 'c']) await tool({ id });
    await w.clock.advance(2 * DAY);
    const before = await everything(w.truth);
    const dry = await worker.home.prune({ olderThan: '1d', dryRun: true });
    expect(await everything(w.truth)).toEqual(before);
    const { dryRun, ...real } = await worker.home.prune({ olderThan: '1d' });
    expect([dryRun, dry.dryRun]).toEqual([false, true]);
    expect({ ...dry, dryRun: false }).toEqual({ ...real, dryRun: false });
    expect(await worker.home.prunings()).toHaveLength(1);
  });

  it('takes evidence and every retired life with the call, so that the next life begins with nothing', async () => {
    const w = world();
    const worker = w.worker();
    const { tool } = paying(worker);
    for (let life = 1; life <= 3; life++) {
      await tool({ id: 'a' });
      const { id } = (await worker.home.list()).calls[0]!;
      if (life < 3) await worker.home.retire(id, ada);
    }
    const [stored] = await w.stored();
    const key = evidenceKey(stored!.key);
    const value = JSON.stringify({
      format: 1,
      successes: [{ fence: 3, owner: 'late', result: { as: 'none', unreplayable: 'x' } }],
    });
    await w.truth.transact({ expect: [{ key, revision: undefined }], write: [{ key, value }] }, 'late');
    expect(kindsOf(await everything(w.truth))).toEqual(['evidence', 'replay', 'retired', 'retired', 'tool']);
    expect(archiveKey(stored!.key, 2).partition).toBe(stored!.key.partition);
    await w.clock.advance(31 * DAY);
    expect(await worker.home.prune({ olderThan: '1d' })).toMatchObject({ pruned: 1 });
    expect(kindsOf(await everything(w.truth))).toEqual(['pruned', 'replay']);
    expect(await tool({ id: 'a' })).toBe('a 4');
    expect(await w.record()).toMatchObject({ fence: 1, attempts: 1 });
  });

  it('keeps what is under way, unsettled, blocked, evident, or perhaps still known to the provider', async () => {
    const w = world();
    const worker = w.worker();
    const { tool } = paying(worker);
    const keyed = paying(worker, 'keyed_mutate', 'keyed').tool;
    await failure(tool({ id: 'lost' }));
    await keyed({ id: 'a' });
    const limited = ledger({
      name: 'limited',
      effect: 'irreversible',
      maxAttempts: 1,
      ledger: worker.home,
      idFrom: ['id'],
    })(async (_: Input): Promise<string> => {
      throw new NotExecutedError('not yet');
    });
    await failure(limited({ id: 'used up' }));
    await tool({ id: 'retired' });
    await worker.home.retire((await worker.home.list({ phase: 'committed', tool: 'pay' })).calls[0]!.id, ada);
    await failure(tool({ id: 'refused' }));
    const value = JSON.stringify({
      format: 1,
      successes: [{ fence: 9, owner: 'late', result: { as: 'none', unreplayable: 'x' } }],
    });
    for (const { key, index } of await w.stored()) {
      if (index?.['phase'] !== 'aborted' || index['tool'] !== 'pay') continue;
      const evidence = evidenceKey(key);
      await w.truth.transact(
        { expect: [{ key: evidence, revision: undefined }], write: [{ key: evidence, value }] },
        `e${key.id}`,
      );
    }
    await w.clock.advance(29 * DAY);
    const going = latch();
    const long = ledger({ name: 'long', effect: 'irreversible', ledger: worker.home, idFrom: ['id'] })(
      async (_: Input) => going.promise,
    )({ id: 'runs' });
    const before = await requestsLeft(w);
    const { kept, pruned } = await worker.home.prune({ olderThan: '1d' });
    expect(kept).toEqual({ unsettled: 1, 'key-window': 2, 'attempts-used-up': 1, evidence: 1, held: 1 });
    expect(pruned).toBe(0);
    expect(await requestsLeft(w)).toEqual(before);
    going.open();
    await long;
  });

  it('forgets reads of a period like everything else', async () => {
    const w = world();
    const { home } = w.worker();
    const read = ledger({ name: 'read', effect: 'read', replayFor: '1h', ledger: home })(async (_: Input) => 1);
    await read({ id: 'x' });
    await w.clock.advance(2 * DAY);
    await read({ id: 'x' });
    expect(await home.prune({ olderThan: '1d' })).toMatchObject({ pruned: 1, kept: { recent: 1 } });
  });

  it('keeps to its own ledger, and to the kinds that it was given a time for', async () => {
    const w = world();
    const worker = w.worker({ retention: { task: '2d' } });
    const other = new ActionLedger({ store: worker.store, name: 'other' });
    const tool = (home: ActionLedger) =>
      ledger({ name: 'pay', effect: 'irreversible', ledger: home, idFrom: ['id'] })(async (_: Input) => 1);
    await tool(worker.home)({ id: 'here' });
    await tool(other)({ id: 'there' });
    await taskLedger({ name: 'task', ledger: worker.home, idFrom: ['id'] })(async (_: Input) => 1)({ id: 'a' });
    await w.clock.advance(3 * DAY);
    expect(await worker.home.prune()).toMatchObject({ examined: 1, pruned: 1, olderThanMs: { task: 2 * DAY } });
    expect(await requestsLeft(w)).toEqual(['pay here', 'pay there']);
    expect(await worker.home.prune({ olderThan: { tool: '1d' } })).toMatchObject({ examined: 1, pruned: 1 });
    expect(await requestsLeft(w)).toEqual(['pay there']);
    expect((await worker.home.prunings()).map(({ kind, count }) => [kind, count])).toEqual(
      expect.arrayContaining([
        ['tool', 1],
        ['task', 1],
      ]),
    );
    expect(await other.prunings()).toEqual([]);
  });
});

describe('a task', () => {
  /** A task with a payment inside, that fails until told otherwise. */
  function paidTask(worker: Worker, tools: Worker = worker) {
    const { tool, bodies } = paying(tools);
    const state = { fails: true };
    const task = taskLedger({ name: 'task', ledger: worker.home, idFrom: ['id'] })(async ({ id }: Input) => {
      const paid = await tool({ id });
      if (state.fails) throw new Error('the agent gave up');
      return paid;
    });
    return { task, bodies, state };
  }

  it('that failed keeps the calls inside, and finds them when it is resumed a year later', async () => {
    const w = world();
    const worker = w.worker();
    const { task, bodies, state } = paidTask(worker);
    await failure(task({ id: 'a' }));
    await w.clock.advance(365 * DAY);
    expect((await worker.home.prune({ olderThan: '30d' })).kept).toEqual({ 'outer-call': 1, unsettled: 1 });
    state.fails = false;
    expect(await task({ id: 'a' })).toBe('a 1');
    expect(bodies).toEqual({ a: 1 });
    // Finished, it lets the calls inside go, and stays until its own time has come.
    expect(await worker.home.prune({ olderThan: '30d' })).toMatchObject({ pruned: 1, kept: { recent: 1 } });
    expect(await requestsLeft(w)).toEqual(['task a']);
    await w.clock.advance(31 * DAY);
    expect(await worker.home.prune({ olderThan: '30d' })).toMatchObject({ pruned: 1 });
    expect(await task({ id: 'a' })).toBe('a 2');
  });

  it('whose worker was lost keeps the calls inside', async () => {
    const w = world();
    const worker = w.worker();
    const { task, bodies, state } = paidTask(worker);
    failAt('before-complete', { tool: 'task' });
    state.fails = false;
    await failure(task({ id: 'a' }));
    await w.clock.advance(365 * DAY);
    expect((await worker.home.prune({ olderThan: '30d' })).pruned).toBe(0);
    expect(await task({ id: 'a' })).toBe('a 1');
    expect(bodies).toEqual({ a: 1 });
  });

  it('is never kept for less time than the calls inside', async () => {
    const w = world();
    const worker = w.worker();
    const { task, state } = paidTask(worker);
    state.fails = false;
    await task({ id: 'a' });
    await w.clock.advance(10 * DAY);
    expect(await worker.home.prune({ olderThan: { tool: '30d', task: '1d' } })).toMatchObject({
      pruned: 0,
      olderThanMs: { tool: 30 * DAY, task: 30 * DAY },
    });
  });

  it('in another store keeps the calls inside until it can be looked at there, and is finished', async () => {
    const w = world();
    const elsewhere = world(w.clock);
    const [tools, tasks] = [w.worker(), elsewhere.worker()];
    const { task, bodies, state } = paidTask(tasks, tools);
    await failure(task({ id: 'a' }));
    await w.clock.advance(60 * DAY);
    expect((await tools.home.prune({ olderThan: '30d' })).kept).toEqual({ 'outer-call': 1 });
    const outerLedgers = [tasks.home, tools.home];
    expect((await tools.home.prune({ olderThan: '30d', outerLedgers })).kept).toEqual({ 'outer-call': 1 });
    state.fails = false;
    expect(await task({ id: 'a' })).toBe('a 1');
    expect((await tools.home.prune({ olderThan: '30d' })).kept).toEqual({ 'outer-call': 1 });
    expect(await tools.home.prune({ olderThan: '30d', outerLedgers })).toMatchObject({ pruned: 1, kept: {} });
    expect(bodies).toEqual({ a: 1 });
  });

  it('goes by the nearest call around it, too: one that may run again still comes back to what it called', async () => {
    const w = world();
    const worker = w.worker();
    const { tool, bodies } = paying(worker);
    const order = ledger({
      name: 'order',
      effect: 'idempotent_mutate',
      ambient: true,
      ledger: worker.home,
      idFrom: ['id'],
    })(async ({ id }: Input) => tool({ id }));
    failAt('before-complete', { tool: 'order' });
    await failure(order({ id: 'a' }));
    await w.clock.advance(60 * DAY);
    expect((await worker.home.prune({ olderThan: '30d' })).kept).toEqual({ 'outer-call': 1, unsettled: 1 });
    expect(await order({ id: 'a' })).toBe('a 1');
    expect(bodies).toEqual({ a: 1 });
    expect(await worker.home.prune({ olderThan: '30d' })).toMatchObject({ pruned: 1, kept: { recent: 1 } });
  });
});

describe('a run', () => {
  it('is kept whole while a call of it is recent, and forgotten when all of it is old', async () => {
    const w = world();
    const worker = w.worker();
    const { tool, bodies } = paying(worker);
    const step = (id: string) => run({ runId: 'r1' }, () => tool({ id }));
    await step('first');
    await run({ runId: 'r2' }, () => tool({ id: 'other' }));
    await w.clock.advance(40 * DAY);
    await step('second');
    expect(await worker.home.prune({ olderThan: '30d' })).toMatchObject({ pruned: 1, kept: { recent: 1, run: 1 } });
    await step('first');
    expect(bodies['first']).toBe(1);
    await w.clock.advance(31 * DAY);
    expect(await worker.home.prune({ olderThan: '30d' })).toMatchObject({ pruned: 2, kept: {} });
  });

  it('is looked through whole: its recent call may be on any page, of any kind, in another ledger', async () => {
    const w = world();
    const worker = w.worker();
    const other = new ActionLedger({ store: worker.store, name: 'other' });
    const { tool } = paying(worker);
    for (let number = 0; number < 150; number++) {
      await run({ runId: number < 130 ? 'paged' : 'with task' }, () => tool({ id: `${number}` }));
    }
    await run({ runId: 'elsewhere' }, () => tool({ id: 'elsewhere' }));
    await w.clock.advance(40 * DAY);
    await run({ runId: 'paged' }, () => tool({ id: 'recent' }));
    const task = taskLedger({ name: 'task', ledger: worker.home, idFrom: ['id'] })(async (_: Input) => 1);
    await run({ runId: 'with task' }, () => task({ id: 'recent' }));
    const there = ledger({ name: 'there', ledger: other, idFrom: ['id'] })(async (_: Input) => 1);
    await run({ runId: 'elsewhere' }, () => there({ id: 'recent' }));
    expect((await worker.home.prune({ olderThan: '30d' })).kept).toEqual({ run: 151, recent: 2 });
  });

  it('is kept whole while a call of it is unfinished, however old', async () => {
    const w = world();
    const worker = w.worker();
    const { tool } = paying(worker);
    const step = (id: string) => run({ runId: 'r1' }, () => tool({ id }));
    await step('first');
    await failure(step('lost'));
    await w.clock.advance(400 * DAY);
    expect((await worker.home.prune({ olderThan: '30d' })).kept).toEqual({ run: 1, unsettled: 1 });
    const lost = (await worker.home.list({ phase: 'unknown' })).calls[0]!;
    await worker.home.release(lost.id, { ...ada, as: 'completed', withoutResult: true });
    await w.clock.advance(31 * DAY);
    expect(await worker.home.prune({ olderThan: '30d' })).toMatchObject({ pruned: 2, kept: {} });
  });
});

describe('beside what goes on', () => {
  it('a call that is claimed between the judgement and the removal is kept, and the others go', async () => {
    const w = world();
    const [pruner, worker] = [w.worker(), w.worker()];
    const { tool, bodies } = paying(worker, 'idempotent_mutate');
    for (let number = 0; number < 60; number++) await failure(tool({ id: `refused ${number}` }));
    await w.clock.advance(31 * DAY);
    const going = latch();
    const held = ledger({ name: 'pay', effect: 'idempotent_mutate', ledger: worker.home, idFrom: ['id'] })(
      async (_: Input) => {
        await going.promise;
        return 'done';
      },
    );
    let claimed: Promise<string> | undefined;
    pruner.way.transact = async (transaction, nonce, pass) => {
      if ((transaction.remove ?? []).length > 0 && claimed === undefined) {
        const target = transaction.remove![0]!;
        const { requestId } = (await worker.home.get(target.id))!;
        claimed = held({ id: requestId });
        while ((await worker.home.get(target.id))?.held !== true) await Promise.resolve();
      }
      return pass(transaction, nonce);
    };
    const report = await pruner.home.prune({ olderThan: '30d' });
    expect(report).toMatchObject({ examined: 60, pruned: 59, kept: { changed: 1 } });
    expect(await w.stored()).toHaveLength(1);
    going.open();
    expect(await claimed).toBe('done');
    expect(Object.values(bodies).every((count) => count === 1)).toBe(true);
    expect((await pruner.home.prunings()).map(({ count }) => count)).toEqual([59]);
  });

  it('a call whose evidence comes between the judgement and the removal is kept with it', async () => {
    const w = world();
    const worker = w.worker();
    const { tool } = paying(worker);
    await failure(tool({ id: 'refused' }));
    await w.clock.advance(31 * DAY);
    let came = false;
    worker.way.transact = async (transaction, nonce, pass) => {
      if ((transaction.remove ?? []).length > 0 && !came) {
        came = true;
        const key = evidenceKey(transaction.remove![0]!);
        const value = JSON.stringify({ format: 1, successes: [{ fence: 1, owner: 'late', result: { as: 'none' } }] });
        await w.truth.transact({ expect: [{ key, revision: undefined }], write: [{ key, value }] }, 'late');
      }
      return pass(transaction, nonce);
    };
    expect(await worker.home.prune({ olderThan: '30d' })).toMatchObject({ pruned: 0, kept: { changed: 1 } });
    expect(kindsOf(await everything(w.truth))).toEqual(['evidence', 'replay', 'tool']);
  });

  it('a lost answer is recognized when the removal is sent again, and counted once', async () => {
    const w = world();
    const worker = w.worker();
    const { tool } = paying(worker);
    for (const id of ['a', 'b']) await tool({ id });
    await w.clock.advance(31 * DAY);
    let lost = 0;
    worker.way.transact = async (transaction, nonce, pass) => {
      const answer = await pass(transaction, nonce);
      if ((transaction.remove ?? []).length > 0 && lost++ < 2) throw new Error('connection reset');
      return answer;
    };
    const report = await w.clock.runUntil(worker.home.prune({ olderThan: '30d' }));
    expect(lost).toBeGreaterThanOrEqual(3);
    expect(report).toMatchObject({ pruned: 2, kept: {} });
    expect((await worker.home.prunings()).map(({ count }) => count)).toEqual([2]);
  });

  it('two prunings at once take each call once', async () => {
    const w = world();
    const workers = [w.worker(), w.worker()];
    const { tool } = paying(workers[0]!);
    for (let number = 0; number < 230; number++) await tool({ id: `${number}` });
    await w.clock.advance(31 * DAY);
    const reports = await Promise.all(workers.map(({ home }) => home.prune({ olderThan: '30d' })));
    expect(reports.reduce((sum, { pruned }) => sum + pruned, 0)).toBe(230);
    const lines = await workers[0]!.home.prunings();
    expect(lines.reduce((sum, { count }) => sum + count, 0)).toBe(230);
    expect(await w.stored()).toEqual([]);
  });

  it('a worker that comes back to a pruned call hands its caller the result, and leaves nothing behind', async () => {
    const w = world();
    const [slow, other] = [w.worker(), w.worker()];
    const going = latch();
    const tool = (worker: Worker, body: (input: Input) => Promise<string>) =>
      ledger({ name: 'pay', effect: 'irreversible', lease: '1d', ledger: worker.home, idFrom: ['id'] })(body);
    const late = failure(tool(slow, async () => going.promise.then(() => 'late'))({ id: 'a' }));
    await w.clock.advance(1_000);
    slow.reach(false);
    await w.clock.advance(2 * DAY);
    const { id } = (await other.home.list()).calls[0]!;
    await other.home.release(id, { ...ada, as: 'completed', result: 'by hand' });
    await w.clock.advance(31 * DAY);
    expect(await other.home.prune({ olderThan: '30d' })).toMatchObject({ pruned: 1 });
    slow.reach(true);
    going.open();
    expect(await late).toMatchObject({ code: 'COMPLETION_NOT_RECORDED', result: 'late' });
    expect(kindsOf(await everything(w.truth))).toEqual(['pruned', 'replay']);
    expect(await tool(other, async () => 'anew')({ id: 'a' })).toBe('anew');
  });

  it('calls that go on all the time run at most once in each life, and every caller of a life sees its result', async () => {
    const w = world();
    const workers = [w.worker(), w.worker(), w.worker()];
    let body = 0;
    const make = (worker: Worker, effect: EffectClass) =>
      ledger({ name: effect, effect, ledger: worker.home, idFrom: ['id'] })(async ({ id }: Input) => {
        const mine = ++body;
        bodies[`${effect} ${id}`] = [...(bodies[`${effect} ${id}`] ?? []), mine];
        await w.sleep(5);
        return mine;
      });
    const bodies: Record<string, number[]> = {};
    const effects = ['irreversible', 'idempotent_mutate'] as const;
    const tools = workers.map((worker) => effects.map((effect) => make(worker, effect)));
    const ids = Array.from({ length: 40 }, (_, number) => `${number}`);
    const callAll = async (): Promise<void> => {
      const seen: Record<string, Set<unknown>> = {};
      await w.clock.runUntil(
        Promise.all(
          ids.flatMap((id) =>
            tools.flatMap((pair) =>
              pair.map(async (tool, at) => {
                const result = await tool({ id });
                const call = `${effects[at]} ${id}`;
                seen[call] = (seen[call] ?? new Set()).add(result);
              }),
            ),
          ),
        ),
      );
      for (const [call, results] of Object.entries(seen))
        for (const result of results) expect(bodies[call]).toContain(result);
    };
    await callAll();
    for (let life = 2; life <= 5; life++) {
      await w.clock.advance(31 * DAY);
      const pruning = Promise.all(workers.slice(0, 2).map(({ home }) => home.prune({ olderThan: '30d' })));
      await Promise.all([callAll(), w.clock.runUntil(pruning)]);
      // A call of this life was pruned before it or replayed what was there, and never both.
      for (const id of ids)
        for (const effect of effects) expect(bodies[`${effect} ${id}`]!.length).toBeLessThanOrEqual(life);
    }
    expect(body).toBeGreaterThan(ids.length * effects.length);
  });
});

describe('in good order', () => {
  it('goes through pages of bounded size, with a few calls in each transaction', async () => {
    const w = world();
    const worker = w.worker();
    const tool = ledger({ name: 'big', effect: 'irreversible', ledger: worker.home, idFrom: ['id'] })(
      async ({ id }: Input) => (Number(id) % 3 === 0 ? 'x'.repeat(200_000) : id),
    );
    for (let number = 0; number < 400; number++) await tool({ id: `${number}` });
    await w.clock.advance(31 * DAY);
    let most = 0;
    const list = worker.store.list.bind(worker.store);
    const pages: number[] = [];
    worker.store.list = async (query) => {
      const page = await list(query);
      pages.push(page.records.reduce((sum, { value }) => sum + value.length, 0));
      return page;
    };
    worker.way.transact = (transaction, nonce, pass) => {
      most = Math.max(most, transaction.expect.length);
      return pass(transaction, nonce);
    };
    const steps: string[] = [];
    const report = await worker.home.prune({
      olderThan: '30d',
      onProgress: ({ kind, examined, pruned }) => steps.push(`${kind} ${examined} ${pruned}`),
    });
    expect(report).toMatchObject({ examined: 400, pruned: 400 });
    expect(Math.max(...pages)).toBeLessThan(8 * 1024 * 1024);
    expect(pages.length).toBeGreaterThan(4);
    expect(most).toBeLessThanOrEqual(101);
    expect(steps.slice(-2)).toEqual(['tool 400 400', 'task 400 400']);
  });

  it('ends at its signal before the next batch, and the next pruning does the rest', async () => {
    const w = world();
    const worker = w.worker();
    const { tool } = paying(worker);
    for (let number = 0; number < 200; number++) await tool({ id: `${number}` });
    await w.clock.advance(31 * DAY);
    const stop = new AbortController();
    const first = await worker.home.prune({ olderThan: '30d', signal: stop.signal, onProgress: () => stop.abort() });
    expect(first).toMatchObject({ complete: false, examined: 50, pruned: 50 });
    const second = await worker.home.prune({ olderThan: '30d' });
    expect(second).toMatchObject({ complete: true, examined: 150, pruned: 150 });
    expect((await worker.home.prunings()).map(({ count }) => count).sort()).toEqual([150, 50]);
    const aborted = await worker.home.prune({ olderThan: '30d', signal: AbortSignal.abort() });
    expect(aborted).toMatchObject({ complete: false, examined: 0 });
  });

  it('tells every process that remembers results, after a removal and after a retirement, and only then', async () => {
    const w = world();
    const worker = w.worker();
    const { tool } = paying(worker);
    const epoch = async () =>
      (await w.truth.transact({ expect: [], write: [], read: [REPLAY_EPOCH_KEY] }, 'read')).records[0]?.value;
    await tool({ id: 'a' });
    await w.clock.advance(31 * DAY);
    await worker.home.prune({ olderThan: '30d', dryRun: true });
    await worker.home.prune({ olderThan: '90d' });
    expect(await epoch()).toBeUndefined();
    let before: readonly StoredRecord[] | undefined;
    worker.way.transact = async (transaction, nonce, pass) => {
      if (transaction.write.some(({ key }) => key.kind === 'replay')) before ??= await w.stored();
      return pass(transaction, nonce);
    };
    await worker.home.prune({ olderThan: '30d' });
    expect(await epoch()).toBe('{"epoch":1}');
    expect(before).toEqual([]);
    await tool({ id: 'a' });
    await worker.home.retire((await worker.home.list()).calls[0]!.id, ada);
    expect(await epoch()).toBe('{"epoch":2}');
  });

  it('says what is wrong with its options', async () => {
    const { home, store } = world().worker();
    const asked = await failure(home.prune());
    expect(asked).toBeInstanceOf(UsageError);
    expect(asked.message).toMatch(/prune\(\{ olderThan \}\).*retention/s);
    expect(await failure(home.prune({ olderThan: '59s' }))).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('"59s" is less than a minute'),
    });
    expect(await failure(home.prune({ olderThan: { tool: 'soon' } }))).toMatchObject({ code: 'USAGE' });
    expect(await failure(home.prune({ olderThan: {} }))).toMatchObject({ code: 'USAGE' });
    expect(() => new ActionLedger({ store, retention: '1s' })).toThrow(/new ActionLedger\(\{ retention \}\)/);
    const kept = new ActionLedger({ store, retention: '7d' });
    expect((await kept.prune()).olderThanMs).toEqual({ tool: 7 * DAY, task: 7 * DAY });
    expect((await kept.prune({ olderThan: '8d' })).olderThanMs).toEqual({ tool: 8 * DAY, task: 8 * DAY });
    await kept.close();
    expect(await failure(kept.prune())).toMatchObject({ code: 'LEDGER_CLOSED' });
  });
});
