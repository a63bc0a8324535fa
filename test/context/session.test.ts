import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { invalidate, protect, Session } from '../../src/context/index.js';
import { ActionLedger, compose, ledger, run, taskLedger } from '../../src/index.js';
import { memoryStore } from '../../src/store/memory.js';
import { currentScope } from '../../src/tool/scope.js';
import { failure, latch, listen } from '../ledger/workers.js';

/** A protected read that answers with how often it ran. */
function counter(name = 'count') {
  let reads = 0;
  const tool = protect({ name, entity: 'id', ttl: '60s', tags: ['counts', name] })(
    async ({ id }: { id: string | number }) => {
      await Promise.resolve();
      reads += 1;
      return `${id} ${reads}`;
    },
  );
  return { tool, reads: () => reads };
}

describe('a session', () => {
  it('ends with its run, and knows nothing of the one beside it', async () => {
    const { tool } = counter();
    const both = await Promise.all(
      [1, 2].map((place) =>
        run({ runId: `run-${place}` }, async () => {
          const first = await tool({ id: 'a' });
          await wait(2);
          return [first, await tool({ id: 'a' })];
        }),
      ),
    );
    expect(both).toEqual([
      ['a 1', 'a 1'],
      ['a 2', 'a 2'],
    ]);
    expect(await run({}, () => tool({ id: 'a' }))).toBe('a 3');
    expect(await Session.run(() => tool({ id: 'a' }))).toBe('a 4');
    expect(await tool({ id: 'a' })).toBe('a 5');
  });

  it('keeps 50 tenants apart, however they interleave', async () => {
    let reads = 0;
    const tool = protect({ name: 'whose', entity: 'id', ttl: '60s' })(async ({ id }: { id: string }) => {
      reads += 1;
      const tenant = currentScope()?.run?.tenant;
      await wait(Math.random() * 5);
      return { id, tenant };
    });
    const tenants = Array.from({ length: 50 }, (_, place) => `tenant-${place}`);
    // All of them within one session, too, as where one process serves them all.
    const interleaved = () =>
      Promise.all(
        tenants.map((tenant) =>
          run({ tenant }, async () => {
            for (let turn = 0; turn < 20; turn++) {
              await wait(Math.random() * 2);
              const id = `c${turn % 4}`;
              expect(await tool({ id })).toEqual({ id, tenant });
            }
          }),
        ),
      );
    await interleaved();
    expect(reads).toBe(200);
    await Session.run(interleaved);
    expect(reads).toBe(400);
    await run({ tenant: 'outermost' }, async () => {
      await Promise.all([0, 1, 2, 3].map((place) => tool({ id: `c${place}` })));
      await interleaved();
    });
    expect(reads).toBe(604);
  });

  it('is inherited by the runs in it, which keep what they read to themselves', async () => {
    const { tool } = counter();
    await run({ tenant: 't' }, async () => {
      expect(await tool({ id: 'a' })).toBe('a 1');
      const inner = await Promise.all(
        [1, 2].map(() =>
          run({ tenant: 't' }, async () => [
            await tool({ id: 'a' }),
            await Session.run(() => tool({ id: 'a' })),
            await tool({ id: 'b' }),
          ]),
        ),
      );
      expect(inner).toEqual([
        ['a 1', 'a 1', 'b 2'],
        ['a 1', 'a 1', 'b 3'],
      ]);
      expect(await tool({ id: 'b' })).toBe('b 4');
      expect(await run({ tenant: 'other' }, () => tool({ id: 'a' }))).toBe('a 5');
    });
  });

  it('joins what runs in the session around it', async () => {
    const gate = latch<string>();
    let reads = 0;
    const tool = protect({ name: 'slow', ttl: '60s' })(async (_: { id: string }) => {
      reads += 1;
      return gate.promise;
    });
    await run({}, async () => {
      const calls = [tool({ id: 'a' }), run({}, () => tool({ id: 'a' })), Session.run(() => tool({ id: 'a' }))];
      gate.open('it');
      expect(await Promise.all(calls)).toEqual(['it', 'it', 'it']);
    });
    expect(reads).toBe(1);
  });

  it('goes through timers, streams, events and async generators', async () => {
    const { tool, reads } = counter();
    await run({}, async () => {
      await tool({ id: 'a' });
      await new Promise<void>((resolve, reject) => {
        setTimeout(() => {
          tool({ id: 'a' }).then(() => resolve(), reject);
        }, 1);
      });
      async function* pages(): AsyncGenerator<string> {
        for (let page = 0; page < 3; page++) {
          await wait(1);
          yield await tool({ id: 'a' });
        }
      }
      for await (const page of pages()) expect(page).toBe('a 1');
      const stream = new ReadableStream<string>({
        async pull(controller) {
          controller.enqueue(await tool({ id: 'a' }));
          await wait(1);
          controller.enqueue(await tool({ id: 'a' }));
          controller.close();
        },
      });
      for await (const chunk of stream as unknown as AsyncIterable<string>) expect(chunk).toBe('a 1');
      await new Promise<void>((resolve) => {
        const target = new EventTarget();
        target.addEventListener('read', () => void tool({ id: 'a' }).then(() => resolve()));
        setImmediate(() => target.dispatchEvent(new Event('read')));
      });
    });
    expect(reads()).toBe(1);
  });

  it('stays with a generator that is read outside of it', async () => {
    const { tool, reads } = counter();
    using warnings = listen('mycelium:warning');
    let cleaned = false;
    const pages = Session.run(async function* () {
      try {
        yield await tool({ id: 'a' });
        await wait(1);
        const said: unknown = yield await tool({ id: 'a' });
        yield `${await tool({ id: 'a' })} ${String(said)}`;
      } finally {
        await tool({ id: 'a' });
        cleaned = true;
      }
    });
    expect((await pages.next()).value).toBe('a 1');
    expect((await pages.next()).value).toBe('a 1');
    expect((await pages.next('heard' as never)).value).toBe('a 1 heard');
    expect(await pages.return(undefined as never)).toEqual({ value: undefined, done: true });
    expect(cleaned).toBe(true);
    expect(reads()).toBe(1);
    const plain = Session.run(function* () {
      yield tool({ id: 'a' });
      yield tool({ id: 'a' });
    });
    const found: string[] = [];
    for (const call of plain) found.push(await call);
    expect(found).toEqual(['a 2', 'a 2']);
    expect(warnings.events).toEqual([]);
  });

  it('stays with a generator that a run gives back, whose calls are then those of the run', async () => {
    const { tool, reads } = counter();
    const home = new ActionLedger({ store: memoryStore() });
    const pay = ledger({ name: 'pay', effect: 'non_idempotent_mutate', ledger: home })(
      async ({ to }: { to: string }) => `paid ${to}`,
    );
    const steps = await run({ runId: 'run-1', tenant: 'acme' }, async function* () {
      yield await tool({ id: 'a' });
      yield await pay({ to: 'Ada' }, { toolCallId: 'c1' });
      yield `${await tool({ id: 'a' })} in ${currentScope()?.run?.id}`;
    });
    const seen: string[] = [];
    for await (const step of steps) seen.push(step);
    expect(seen).toEqual(['a 1', 'paid Ada', 'a 1 in run-1']);
    expect(reads()).toBe(1);
    expect((await home.list()).calls).toMatchObject([{ tenant: 'acme', phase: 'committed' }]);
  });

  it('gives what the function gives, and throws what it throws', async () => {
    expect(Session.run(() => 5)).toBe(5);
    expect(() =>
      Session.run(() => {
        throw new Error('it');
      }),
    ).toThrow('it');
    const ids: unknown[] = [];
    await run({ runId: 'r', tenant: 't' }, () =>
      Session.run(() => ids.push(currentScope()?.run?.id, currentScope()?.run?.tenant)),
    );
    expect(ids).toEqual(['r', 't']);
  });

  it('is not entered by a task or a tool that is in none', async () => {
    const { tool } = counter();
    const actions = new ActionLedger({ store: memoryStore() });
    const task = taskLedger({ name: 'task', idFrom: ['id'], ledger: actions })(async (_: { id: string }) => [
      await tool({ id: 'a' }),
      await tool({ id: 'a' }),
    ]);
    expect(await task({ id: '1' })).toEqual(['a 1', 'a 2']);
    expect(await run({}, () => task({ id: '2' }))).toEqual(['a 3', 'a 3']);
    await actions.close();
  });

  it('is collected when its run is over: nothing holds 10,000 of them', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { tool } = counter();
    const sessions: WeakRef<object>[] = [];
    const results: WeakRef<object>[] = [];
    const big = protect({ name: 'big', ttl: '60s' })(async (_: { id: number }) => {
      const value = { text: 'x'.repeat(100) };
      results.push(new WeakRef(value));
      return value;
    });
    for (let place = 0; place < 10_000; place++) {
      await run({ tenant: `t${place % 7}` }, async () => {
        sessions.push(new WeakRef(currentScope()?.session as object));
        await Promise.all([tool({ id: 'a' }), big({ id: place })]);
        if (place % 100 === 0) await Session.run(() => tool({ id: place }));
        if (place % 10 === 0) invalidate('a');
      });
    }
    await wait(5);
    collect();
    await wait(5);
    collect();
    const alive = (refs: readonly WeakRef<object>[]): number => refs.filter((ref) => ref.deref() !== undefined).length;
    expect(sessions).toHaveLength(10_000);
    expect(alive(sessions)).toBeLessThanOrEqual(2);
    expect(alive(results)).toBeLessThanOrEqual(2);
  });
});

describe('invalidate', () => {
  const both = async (tool: (input: { id: string }) => Promise<string>) => [
    await tool({ id: 'a' }),
    await tool({ id: 'b' }),
  ];

  it('drops an entity, a tool, a tag, or everything', async () => {
    const { tool } = counter('count');
    const other = counter('other').tool;
    await run({}, async () => {
      expect([...(await both(tool)), ...(await both(other))]).toEqual(['a 1', 'b 2', 'a 1', 'b 2']);
      invalidate('a');
      expect([...(await both(tool)), ...(await both(other))]).toEqual(['a 3', 'b 2', 'a 3', 'b 2']);
      invalidate({ tool });
      expect([...(await both(tool)), ...(await both(other))]).toEqual(['a 4', 'b 5', 'a 3', 'b 2']);
      invalidate({ tool: 'other' });
      expect([...(await both(tool)), ...(await both(other))]).toEqual(['a 4', 'b 5', 'a 4', 'b 5']);
      invalidate({ tag: 'count' });
      expect([...(await both(tool)), ...(await both(other))]).toEqual(['a 6', 'b 7', 'a 4', 'b 5']);
      invalidate({ tag: 'counts' });
      expect([...(await both(tool)), ...(await both(other))]).toEqual(['a 8', 'b 9', 'a 6', 'b 7']);
      invalidate({ all: true });
      expect([...(await both(tool)), ...(await both(other))]).toEqual(['a 10', 'b 11', 'a 8', 'b 9']);
      invalidate({ tag: 'unknown' });
      invalidate('unknown');
      expect([...(await both(tool)), ...(await both(other))]).toEqual(['a 10', 'b 11', 'a 8', 'b 9']);
    });
  });

  it('takes an entity for the same however it is spelt, and one of several for the read', async () => {
    const { tool } = counter();
    let compared = 0;
    const compare = protect({ name: 'compare', entity: ['left', 'right'], ttl: '60s' })(
      async (_: { left: string; right: string }) => ++compared,
    );
    let listed = 0;
    const list = protect({ name: 'list', entity: 'ids', ttl: '60s' })(async (_: { ids: number[] }) => ++listed);
    await run({}, async () => {
      expect(await tool({ id: 7 })).toBe('7 1');
      expect(await compare({ left: '7', right: '8' })).toBe(1);
      expect(await list({ ids: [7, 8] })).toBe(1);
      invalidate('8');
      expect([await tool({ id: 7 }), await compare({ left: '7', right: '8' }), await list({ ids: [7, 8] })]).toEqual([
        '7 1',
        2,
        2,
      ]);
      invalidate(7n);
      expect([await tool({ id: 7 }), await compare({ left: '7', right: '8' }), await list({ ids: [7, 8] })]).toEqual([
        '7 2',
        3,
        3,
      ]);
    });
  });

  it('drops reads that name no entity together with any entity', async () => {
    let listed = 0;
    const list = protect({ name: 'list', ttl: '60s' })(async (_: { page: number }) => ++listed);
    const search = protect({ name: 'search', entity: ({ id }: { id?: string }) => id, ttl: '60s' })(
      async (_) => ++listed,
    );
    await run({}, async () => {
      expect([await list({ page: 1 }), await search({}), await search({ id: 'a' })]).toEqual([1, 2, 3]);
      invalidate({ tag: 'other' });
      expect([await list({ page: 1 }), await search({}), await search({ id: 'a' })]).toEqual([1, 2, 3]);
      invalidate('b');
      expect([await list({ page: 1 }), await search({}), await search({ id: 'a' })]).toEqual([4, 5, 3]);
    });
  });

  it('holds for the runs around and inside, and not for those beside', async () => {
    const { tool } = counter();
    const [read, written] = [latch(), latch()];
    const beside = run({}, async () => {
      const first = await tool({ id: 'a' });
      read.open();
      await written.promise;
      return [first, await tool({ id: 'a' })];
    });
    await read.promise;
    await run({ tenant: 'one' }, async () => {
      expect(await tool({ id: 'a' })).toBe('a 2');
      const [cached, outdated] = [latch(), latch()];
      const inner = run({ tenant: 'two' }, async () => {
        const first = await tool({ id: 'a' });
        cached.open();
        await outdated.promise;
        return [first, await tool({ id: 'a' })];
      });
      await cached.promise;
      await Session.run(async () => invalidate('a'));
      outdated.open();
      expect(await inner).toEqual(['a 3', 'a 4']);
      expect(await tool({ id: 'a' })).toBe('a 5');
    });
    written.open();
    expect(await beside).toEqual(['a 1', 'a 1']);
  });

  it('forgets nothing when there are more marks than it keeps', async () => {
    const { tool } = counter();
    await run({}, async () => {
      expect(await tool({ id: 'a' })).toBe('a 1');
      invalidate('a');
      for (let place = 0; place < 10_001; place++) invalidate(`other ${place}`);
      expect(await tool({ id: 'a' })).toBe('a 2');
      invalidate('x');
      expect(await tool({ id: 'a' })).toBe('a 2');
    });
  });
});

describe('a read that is made of others', () => {
  it('is outdated with any of them, whether they ran for it, were remembered or were running', async () => {
    const { tool } = counter();
    let summaries = 0;
    const order = protect({ name: 'order', entity: 'order', ttl: '60s' })(async ({ order }: { order: string }) => ({
      order,
      parts: await Promise.all([tool({ id: 'ran' }), tool({ id: 'remembered' }), tool({ id: 'running' })]),
    }));
    const summary = protect({ name: 'summary', entity: 'of', ttl: '60s' })(async (_: { of: string }) => {
      await order({ order: 'o1' });
      return ++summaries;
    });
    await run({}, async () => {
      await tool({ id: 'remembered' });
      const running = tool({ id: 'running' });
      expect(await summary({ of: 's' })).toBe(1);
      await running;
      for (const [place, entity] of ['ran', 'remembered', 'running', 'o1', 's'].entries()) {
        invalidate('other');
        expect(await summary({ of: 's' })).toBe(place + 1);
        invalidate(entity);
        expect(await summary({ of: 's' }), entity).toBe(place + 2);
      }
    });
  });
});

describe('a write', () => {
  /** A customer in a database, read and written by tools. */
  function customers(actions?: ActionLedger) {
    const rows = new Map([
      ['a', 1],
      ['b', 1],
    ]);
    let reads = 0;
    const fetchCustomer = protect({ name: 'fetch', entity: 'id', ttl: '60s', tags: ['customers'] })(
      async ({ id }: { id: string }) => {
        reads += 1;
        return rows.get(id);
      },
    );
    type Written = { customerId?: string; fail?: boolean; hold?: Promise<void> };
    const body = async ({ customerId = 'a', fail, hold }: Written): Promise<number | undefined> => {
      rows.set(customerId, (rows.get(customerId) ?? 0) + 1);
      await hold;
      if (fail === true) throw new Error('the answer was lost');
      return fetchCustomer({ id: customerId });
    };
    const guard = protect({ name: 'update', invalidates: ({ customerId }: Written) => customerId });
    const update = guard(body);
    const recorded = compose(
      guard,
      ledger({
        effect: 'non_idempotent_mutate',
        ledger: actions as ActionLedger,
        timeout: 20,
        fingerprint: { omit: ['hold'] },
      }),
    )(body);
    return { rows, fetchCustomer, update, recorded, reads: () => reads };
  }

  it('drops the reads it outdates, for its own body too, and leaves the others', async () => {
    using events = listen('mycelium:reads-outdated');
    const { fetchCustomer, update, reads } = customers();
    await run({}, async () => {
      expect([await fetchCustomer({ id: 'a' }), await fetchCustomer({ id: 'b' })]).toEqual([1, 1]);
      expect(await update({ customerId: 'a' })).toBe(2);
      expect([await fetchCustomer({ id: 'a' }), await fetchCustomer({ id: 'b' })]).toEqual([2, 1]);
    });
    expect(reads()).toBe(4);
    expect(events.events).toEqual([{ by: 'update', entities: 1, tools: [], tags: [] }]);
  });

  it('drops them when it fails, because it may have happened', async () => {
    const { fetchCustomer, update } = customers();
    await run({}, async () => {
      await fetchCustomer({ id: 'a' });
      await failure(update({ customerId: 'a', fail: true }));
      expect(await fetchCustomer({ id: 'a' })).toBe(2);
    });
  });

  it('drops what was read while it ran, and what is read at its end', async () => {
    const { fetchCustomer, update, rows } = customers();
    const gate = latch();
    await run({}, async () => {
      const writing = update({ customerId: 'a', hold: gate.promise });
      expect(await fetchCustomer({ id: 'a' })).toBe(2);
      rows.set('a', 9);
      gate.open();
      await writing;
      expect(await fetchCustomer({ id: 'a' })).toBe(9);
    });
  });

  it('drops them again when a body ends that outlived its caller, or was blocked', async () => {
    const actions = new ActionLedger({ store: memoryStore() });
    const { fetchCustomer, recorded, rows } = customers(actions);
    const gate = latch();
    await run({ runId: 'r' }, async () => {
      expect((await failure(recorded({ customerId: 'a', hold: gate.promise }))).name).toBe('CallTimeoutError');
      expect(await fetchCustomer({ id: 'a' })).toBe(2);
      rows.set('a', 9);
      gate.open();
      await wait(20);
      expect(await fetchCustomer({ id: 'a' })).toBe(9);
      await failure(recorded({ customerId: 'b', fail: true }));
      await fetchCustomer({ id: 'b' });
      rows.set('b', 7);
      expect((await failure(recorded({ customerId: 'b', fail: true }))).name).toBe('LedgerBlockedError');
      expect(await fetchCustomer({ id: 'b' })).toBe(7);
    });
    await actions.close();
  });

  it('drops everything when it does not say which entity', async () => {
    const { fetchCustomer, update } = customers();
    await run({}, async () => {
      await fetchCustomer({ id: 'a' });
      await update({});
      expect(await fetchCustomer({ id: 'a' })).toBe(2);
    });
  });

  it('drops by tool and by tag, and then no others', async () => {
    const { tool } = counter('count');
    const other = counter('other').tool;
    const byTool = protect({ invalidates: { tools: ['count'] } })(async (_: object) => 1);
    const byTag = protect({ invalidates: { tags: ['other'] } })(async (_: object) => 1);
    const byNothing = protect({ invalidates: { entity: ({ id }: { id: unknown }) => id } })(async (_) => 1);
    await run({}, async () => {
      const values = async () => [await tool({ id: 'a' }), await other({ id: 'a' })];
      expect(await values()).toEqual(['a 1', 'a 1']);
      await byTool({});
      expect(await values()).toEqual(['a 2', 'a 1']);
      await byTag({});
      expect(await values()).toEqual(['a 2', 'a 2']);
      await byNothing({ id: () => 1 });
      expect(await values()).toEqual(['a 3', 'a 3']);
    });
  });

  it('outside of a session is just a write', async () => {
    const { update, rows } = customers();
    await update({ customerId: 'a' });
    expect(rows.get('a')).toBe(2);
  });
});
