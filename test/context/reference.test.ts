/** What went wrong in the library that this one follows, one after the other: none of it can happen here. */
import { AsyncResource } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bounded, ToolRegistry } from '../../src/boundary/index.js';
import { invalidate, protect, Session } from '../../src/context/index.js';
import { ActionLedger, compose, ledger, positional, run } from '../../src/index.js';
import { ToolRunner } from '../../src/runner/index.js';
import { memoryStore } from '../../src/store/memory.js';
import { currentScope } from '../../src/tool/scope.js';
import { failure, latch } from '../ledger/workers.js';

describe('protect', () => {
  it('a positional call is not answered with the record of somebody else', async () => {
    const fetch = positional(protect({ name: 'fetch', entity: (name: string) => name, ttl: '5m' }))(
      async (name: string) => `the record of ${name}`,
    );
    await run({}, async () => {
      expect(await fetch('alice')).toBe('the record of alice');
      expect(await fetch('bob')).toBe('the record of bob');
    });
  });

  it('an answer for some arguments is not served for others', async () => {
    const fetch = protect({ name: 'fetch', entity: 'id', ttl: '5m' })(
      async ({ id, fields }: { id: string; fields: string }) => `${fields} of ${id}`,
    );
    await run({}, async () => {
      expect(await fetch({ id: 'a', fields: 'x' })).toBe('x of a');
      expect(await fetch({ id: 'a', fields: 'y' })).toBe('y of a');
    });
  });

  it('1 and "1" share no key', async () => {
    const fetch = protect({ name: 'fetch', entity: 'id', ttl: '5m' })(
      async ({ id }: { id: number | string }) => typeof id,
    );
    await run({}, async () => {
      expect([await fetch({ id: 1 }), await fetch({ id: '1' })]).toEqual(['number', 'string']);
    });
  });

  it('tool a with b:c does not meet tool a:b with c', async () => {
    const made = (name: string) =>
      protect({ name, entity: 'id', ttl: '5m' })(async ({ id }: { id: string }) => `${name} ${id}`);
    const [one, other] = [made('a'), made('a:b')];
    await run({}, async () => {
      expect([await one({ id: 'b:c' }), await other({ id: 'c' })]).toEqual(['a b:c', 'a:b c']);
    });
  });

  it('two functions of one name share nothing', async () => {
    const made = (answer: string) =>
      protect({ entity: 'id', ttl: '5m' })(async function fetch(_: { id: string }) {
        return answer;
      });
    const [one, other] = [made('one'), made('other')];
    await run({}, async () => {
      expect([await one({ id: 'a' }), await other({ id: 'a' })]).toEqual(['one', 'other']);
    });
  });

  it('results that are nothing are remembered', async () => {
    let reads = 0;
    const find = protect({ name: 'find', entity: 'id', ttl: '5m' })(async ({ id }: { id: string }) => {
      reads += 1;
      return id === 'null' ? null : undefined;
    });
    await run({}, async () => {
      for (const id of ['null', 'undefined', 'null', 'undefined']) await find({ id });
    });
    expect(reads).toBe(2);
  });

  it('callers do not change what is remembered', async () => {
    const fetch = protect({ name: 'fetch', ttl: '5m' })(async (_: object) => ({ tags: ['a'], of: { city: 'Oslo' } }));
    await run({}, async () => {
      for (const _ of [1, 2, 3]) {
        const value = await fetch({});
        expect(value).toEqual({ tags: ['a'], of: { city: 'Oslo' } });
        value.tags.push('b');
        value.of.city = 'Rome';
      }
    });
  });

  it('10 concurrent misses are one execution', async () => {
    let reads = 0;
    const fetch = protect({ name: 'fetch', entity: 'id', ttl: '5m' })(async (_: { id: string }) => {
      await new Promise(setImmediate);
      return ++reads;
    });
    const values = await run({}, () => Promise.all(Array.from({ length: 10 }, () => fetch({ id: 'a' }))));
    expect([values, reads]).toEqual([Array(10).fill(1), 1]);
  });

  it('a call that fails does not wipe the good entry of another', async () => {
    const gate = latch();
    let reads = 0;
    const fetch = protect({ name: 'fetch', entity: 'id', ttl: '5m' })(async (_: { id: string }) => {
      reads += 1;
      if (reads === 1) await gate.promise;
      return reads;
    });
    await run({}, async () => {
      const slow = failure(fetch({ id: 'a' }));
      invalidate('a');
      expect(await fetch({ id: 'a' })).toBe(2);
      gate.fail(new Error('late'));
      await slow;
      expect(await fetch({ id: 'a' })).toBe(2);
    });
  });

  it('a function that gives a promise is remembered by its value, which never is spent', async () => {
    let reads = 0;
    const fetch = protect({ name: 'fetch', ttl: '5m' })((_: object) => Promise.resolve({ read: ++reads }));
    await run({}, async () => {
      expect([await fetch({}), await fetch({}), await fetch({})]).toEqual(Array(3).fill({ read: 1 }));
    });
  });

  it('a mutating tool is never answered from memory: what its ledger calls completed did happen', async () => {
    const sent: string[] = [];
    const home = new ActionLedger({ store: memoryStore() });
    const records = ledger({ name: 'send', effect: 'non_idempotent_mutate', idFrom: ['id'], ledger: home });
    expect(() => compose(protect({ ttl: '5m', key: ['to'] as never }), records)).toThrow(/does not happen/);
    const send = compose(
      protect({ invalidates: 'to' }),
      records,
    )(async ({ to, body }: { id: string; to: string; body: string }) => void sent.push(`${to} ${body}`));
    await run({ runId: 'r' }, async () => {
      await send({ id: '1', to: 'a', body: 'one' });
      await send({ id: '2', to: 'a', body: 'two' });
    });
    expect(sent).toEqual(['a one', 'a two']);
    const { calls } = await home.list();
    expect(calls.map(({ phase }) => phase)).toEqual(['committed', 'committed']);
    await home.close();
  });

  it('a bad output is not remembered, so that running again gives another one', async () => {
    let bodies = 0;
    const home = new ActionLedger({ store: memoryStore() });
    const list = compose(
      bounded({ name: 'list', output: z.object({ n: z.number().min(2) }) }),
      protect({ ttl: '5m' }),
      ledger({ effect: 'read', ledger: home }),
    )(async (_: object) => ({ n: ++bodies }));
    const runner = new ToolRunner({ tools: new ToolRegistry({ list }), backoff: 1 });
    const call = { id: 'c1', type: 'function', function: { name: 'list', arguments: '{}' } };
    const { answers } = await run({ runId: 'r' }, () =>
      runner.answer([
        { role: 'user', content: 'go' },
        { role: 'assistant', content: null, tool_calls: [call] },
      ]),
    );
    expect(answers).toMatchObject([{ status: 'completed', attempts: 2, value: { n: 2 } }]);
    await home.close();
  });

  it('is bounded: the oldest results go', async () => {
    let reads = 0;
    const fetch = protect({ name: 'fetch', entity: 'id', ttl: '5m', max: 3 })(async (_: { id: number }) => ++reads);
    await run({}, async () => {
      for (let id = 0; id < 10; id++) await fetch({ id });
      for (let id = 9; id > 6; id--) await fetch({ id });
      expect(reads).toBe(10);
      await fetch({ id: 6 });
      expect(reads).toBe(11);
    });
  });
});

describe('a session', () => {
  it('that is entered again inside of itself is over when it is over', async () => {
    const inside: unknown[] = [];
    await Session.run(() => Session.run(async () => inside.push(currentScope()?.session)));
    expect(inside[0]).toBeDefined();
    expect(currentScope()?.session).toBeUndefined();
    await failure(Session.run(async () => Promise.reject(new Error('inside'))));
    expect(currentScope()?.session).toBeUndefined();
  });

  it('of one tenant is not what a pool of workers answers another from', async () => {
    let reads = 0;
    const fetch = protect({ name: 'fetch', entity: 'id', ttl: '5m' })(
      async (_: { id: string }) => `${currentScope()?.run?.tenant} ${++reads}`,
    );
    // Made outside of every run, as pools are, and used by all of them.
    const pool = new AsyncResource('pool');
    const job = <T>(fn: () => T): T => pool.runInAsyncScope(fn);
    const ask = (tenant: string) =>
      run({ tenant }, async () => [
        await fetch({ id: 'a' }),
        await job(() => fetch({ id: 'a' })),
        await fetch({ id: 'a' }),
      ]);
    expect(await ask('one')).toEqual(['one 1', 'undefined 2', 'one 1']);
    expect(await ask('two')).toEqual(['two 3', 'undefined 4', 'two 3']);
  });
});
