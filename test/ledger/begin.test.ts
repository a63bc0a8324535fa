import { describe, expect, it } from 'vitest';
import {
  type BeginOptions,
  type Begun,
  LedgerClosedError,
  ledger,
  NotExecutedError,
  UsageError,
} from '../../src/index.js';
import { failure, latch, listen, type Worker, world } from './workers.js';

const wire: BeginOptions<unknown> = { name: 'wire', effect: 'irreversible', boundary: 'explicit' };
const pay: BeginOptions<unknown> = { name: 'pay', effect: 'irreversible' };

async function open(worker: Worker, options: BeginOptions<unknown>, requestId = 'w-1'): Promise<Begun<unknown>> {
  const begun = await worker.home.begin(options, { to: 'bob' }, { requestId });
  if (begun.gate !== 'ALLOW') throw new Error(`expected to run, got ${begun.gate}`);
  return begun;
}

describe('begin', () => {
  it('claims durably before it returns, and completes with what later callers are given', async () => {
    const w = world();
    const worker = w.worker();
    const call = await open(worker, wire);
    expect(await w.record()).toMatchObject({ phase: 'intended', tool: 'wire', requestId: 'w-1', fence: 1 });
    await call.effectStarted();
    expect(await w.record()).toMatchObject({ phase: 'attempting' });
    expect(await call.complete({ at: new Date(3) })).toEqual({ at: new Date(3) });
    expect(await worker.home.begin(wire, { to: 'bob' }, { requestId: 'w-1' })).toMatchObject({
      gate: 'RETURN',
      requestId: 'w-1',
      result: { at: new Date(3) },
    });
  });

  it('gives the same call as a guarded tool of that name and identity', async () => {
    const w = world();
    const worker = w.worker();
    await (await open(worker, { ...pay, idFrom: ['to'] }, 'bob')).complete('by hand');
    const guarded = ledger({ name: 'pay', effect: 'irreversible', ledger: worker.home, idFrom: ['to'] })(
      async (_: { to: string }) => 'body',
    );
    expect(await guarded({ to: 'bob' })).toBe('by hand');
  });

  it('hands out what a body would be given', async () => {
    const w = world();
    const call = await open(w.worker(), pay);
    expect(call.call).toMatchObject({
      requestId: 'w-1',
      fence: 1,
      attempt: 1,
      idempotencyKey: expect.stringMatching(/^myc_/),
    });
    await call.call.recordExternalRef('ref-9');
    expect(await w.record()).toMatchObject({ externalRef: 'ref-9' });
    await call.complete(1);
  });

  it('records a failure as a throw would be', async () => {
    const w = world();
    const worker = w.worker();
    await (await open(worker, wire, 'a')).fail(new Error('before anything'));
    expect(await w.record()).toMatchObject({ phase: 'aborted', aborted: 'not-executed' });
    const again = await open(worker, wire, 'a');
    await again.effectStarted();
    await again.fail(new Error('socket hang up'));
    expect(await w.record()).toMatchObject({ phase: 'unknown' });
    expect(await failure(open(worker, wire, 'a'))).toMatchObject({ code: 'LEDGER_BLOCKED' });
    await (await open(worker, pay, 'b')).fail(new NotExecutedError('declined'));
    expect(await open(worker, pay, 'b').then((call) => call.complete(1))).toBe(1);
  });

  it('settles once', async () => {
    const w = world();
    const call = await open(w.worker(), pay);
    await call.complete(1);
    expect(await failure(call.complete(2))).toBeInstanceOf(UsageError);
    expect(await failure(call.fail(new Error('x')))).toBeInstanceOf(UsageError);
    await call[Symbol.asyncDispose]();
    expect(await w.record()).toMatchObject({ phase: 'committed' });
  });

  it('left by await using is not executed before the effect, and unknown after it', async () => {
    const w = world();
    const worker = w.worker();
    {
      await using call = await open(worker, wire, 'a');
      expect(call.gate).toBe('ALLOW');
    }
    expect(await w.record()).toMatchObject({ phase: 'aborted', aborted: 'not-executed' });
    {
      await using call = await open(worker, wire, 'a');
      await call.effectStarted();
    }
    expect(await w.record()).toMatchObject({ phase: 'unknown' });
    await using blocked = await worker.home.begin(wire, { to: 'x' }, { requestId: 'b' });
    if (blocked.gate === 'ALLOW') await blocked.complete('done');
    await using replayed = await worker.home.begin(wire, { to: 'x' }, { requestId: 'b' });
    expect(replayed).toMatchObject({ gate: 'RETURN', result: 'done' });
  });

  it('left by an implicit boundary is unknown: its effect may have begun at once', async () => {
    const w = world();
    {
      await using call = await open(w.worker(), pay);
      expect(call.requestId).toBe('w-1');
    }
    expect(await w.record()).toMatchObject({ phase: 'unknown' });
  });

  it('is refused as any call is, before it opens', async () => {
    const w = world();
    const worker = w.worker();
    await (await open(worker, pay)).complete(1);
    expect(await failure(worker.home.begin(pay, { to: 'eve' }, { requestId: 'w-1' }))).toMatchObject({
      code: 'IDENTITY_CONFLICT',
      details: { paths: ['to'] },
    });
    expect(await failure(worker.home.begin({ ...pay, idFrom: ['none'] }, { to: 'eve' }))).toMatchObject({
      code: 'IDENTITY_MISSING',
    });
    expect(await failure(worker.home.begin(pay, { to: () => 1 }, { requestId: 'x' }))).toMatchObject({
      code: 'INPUT_NOT_STORABLE',
      details: { path: 'to' },
    });
    expect(await failure(worker.home.begin({ ...pay, effct: 1 } as BeginOptions<unknown>, {}))).toBeInstanceOf(
      UsageError,
    );
    expect(await failure(worker.home.begin({ ...pay, name: ' ' }, {}))).toBeInstanceOf(UsageError);
    worker.reach(false);
    expect(await w.clock.runUntil(failure(worker.home.begin(pay, { to: 'bob' }, { requestId: 'y' })))).toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });

  it.each([{ requestId: '' }, { requestId: 7 as unknown as string }, { occurrence: 0 }])(
    'refuses the identity %j as withCall does',
    async (identity) => {
      const w = world();
      expect(await failure(w.worker().home.begin(pay, { to: 'bob' }, identity))).toBeInstanceOf(UsageError);
      expect(await w.stored()).toHaveLength(0);
    },
  );

  it('warns once of a call that nothing identifies', async () => {
    using warnings = listen('mycelium:warning');
    const w = world();
    const worker = w.worker();
    for (let time = 0; time < 2; time++) {
      const call = await worker.home.begin(pay, { to: 'bob' });
      if (call.gate === 'ALLOW') await call.complete(1);
    }
    expect(warnings.events).toMatchObject([{ tool: 'pay', code: 'random-identity' }]);
  });

  it('keeps its lease for as long as it is open, and waits for others as a tool does', async () => {
    const w = world();
    const [one, two] = [w.worker(), w.worker()];
    const call = await open(one, { ...pay, lease: 3_000 });
    const waiting = two.home.begin({ ...pay, waitFor: '1h' }, { to: 'bob' }, { requestId: 'w-1' });
    await w.clock.advance(60_000);
    expect(await w.record()).toMatchObject({ phase: 'attempting', fence: 1 });
    await call.complete('mine');
    expect(await w.clock.runUntil(waiting)).toMatchObject({ gate: 'RETURN', result: 'mine' });
  });

  it('hands its result back on the error when the store cannot take it', async () => {
    const w = world();
    const worker = w.worker();
    const call = await open(worker, pay);
    worker.reach(false);
    const error = await w.clock.runUntil(failure(call.complete('precious')));
    expect(error).toMatchObject({ code: 'COMPLETION_NOT_RECORDED', result: 'precious' });
    worker.reach(true);
    await w.clock.advance(30_000);
    expect(await worker.home.begin(pay, { to: 'bob' }, { requestId: 'w-1' })).toMatchObject({
      gate: 'RETURN',
      result: 'precious',
    });
  });
});

describe('close', () => {
  it('starts nothing more, and waits for what is under way', async () => {
    const w = world();
    const worker = w.worker();
    const gate = latch<string>();
    const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: worker.home, idFrom: ['id'] })(
      async (_: { id: string }) => gate.promise,
    );
    const running = tool({ id: 'a' });
    await w.clock.settle();
    let closed = false;
    const closing = worker.home.close({ drain: '10s' }).then(() => {
      closed = true;
    });
    await w.clock.advance(5_000);
    expect(closed).toBe(false);
    expect(await failure(tool({ id: 'b' }))).toBeInstanceOf(LedgerClosedError);
    expect(await failure(worker.home.begin(pay, {}, { requestId: 'x' }))).toBeInstanceOf(LedgerClosedError);
    gate.open('done');
    expect(await running).toBe('done');
    await closing;
    expect(await w.record()).toMatchObject({ phase: 'committed' });
    await w.clock.advance(20_000);
    expect(w.clock.pending).toBe(0);
  });

  it('gives up after drain: the call stays as it is, and its lease runs out', async () => {
    const w = world();
    const worker = w.worker();
    const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: worker.home, idFrom: ['id'], lease: 3_000 })(
      () => new Promise<string>(() => undefined),
    );
    void tool({ id: 'a' });
    await w.clock.settle();
    await w.clock.runUntil(worker.home.close({ drain: 8_000 }));
    expect(w.clock.monotonic()).toBe(8_000);
    await w.clock.advance(20_000);
    expect(w.clock.pending).toBe(0);
    expect(
      await failure(
        ledger({ name: 'tool', effect: 'irreversible', ledger: w.worker().home, idFrom: ['id'] })(
          async (_: { id: string }) => 'x',
        )({ id: 'a' }),
      ),
    ).toMatchObject({ code: 'LEDGER_BLOCKED' });
  });

  it('does not wait at all with drain: 0, and may be called again', async () => {
    const w = world();
    const worker = w.worker();
    await worker.home.close({ drain: 0 });
    await worker.home.close();
    await using other = w.worker().home;
    expect((await other.list()).calls).toEqual([]);
    await expect(worker.home.close({ drain: 'soon' })).rejects.toThrow(UsageError);
  });

  it('waits for completions that the store has not taken yet', async () => {
    const w = world();
    const worker = w.worker();
    const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: worker.home, idFrom: ['id'] })(
      async (_: { id: string }) => {
        worker.reach(false);
        return 'precious';
      },
    );
    await w.clock.runUntil(failure(tool({ id: 'a' })));
    const closing = worker.home.close({ drain: '60s' });
    await w.clock.advance(5_000);
    worker.reach(true);
    await w.clock.runUntil(closing);
    expect(await w.record()).toMatchObject({ phase: 'committed' });
  });
});
