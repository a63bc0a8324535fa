import { describe, expect, test } from 'vitest';
import {
  type RecordedRun,
  type StateFlushOptions,
  StateNotFoundError,
  StateNotSavedError,
  StateNotStorableError,
  stateFlush,
} from '../../src/index.js';
import { memoryStore } from '../../src/store/memory.js';
import { bentStore, failure, latch } from './states.js';

const over = (options: Partial<StateFlushOptions> = {}) => stateFlush({ store: memoryStore(), ...options });

describe('a run that ends', () => {
  test('completed: with what it recorded, and its result', async () => {
    const states = over();
    const result = await states.run({ runId: 'r', threadId: 't', tenant: 'acme' }, async (run) => {
      await run.record({ step: 'planned', items: [1] });
      await run.record({ step: 'invoiced' });
      expect(run.state).toEqual({ step: 'invoiced', items: [1] });
      return { ...run }.id;
    });
    expect(result).toBe('r');
    expect(await states.load('r', { tenant: 'acme' })).toEqual({
      runId: 'r',
      threadId: 't',
      tenant: 'acme',
      status: 'completed',
      state: { step: 'invoiced', items: [1] },
      updatedAt: expect.any(Number),
    });
    expect(await states.load('r')).toBeUndefined();
  });

  test('by an error: status, reason and text, and the error is thrown as it is', async () => {
    const states = over();
    const error = new TypeError('no such model');
    const run = states.run({ runId: 'r' }, async (run) => {
      await run.record({ step: 1 });
      throw error;
    });
    expect(await failure(run)).toBe(error);
    expect(await states.resume('r')).toMatchObject({
      status: 'error',
      reason: 'error',
      error: 'TypeError: no such model',
      state: { step: 1 },
    });
  });

  test('by a cancel: written at the abort, while the function still goes on, and again at its end', async () => {
    const states = over();
    const [controller, going] = [new AbortController(), latch()];
    const run = states.run({ runId: 'r', signal: controller.signal }, async (run) => {
      await run.record({ step: 1 });
      controller.abort();
      await going.opened;
      await run.record({ cleaned: true });
      controller.signal.throwIfAborted();
    });
    await expect
      .poll(() => states.load('r'))
      .toMatchObject({ status: 'aborted', reason: 'cancel', state: { step: 1 } });
    going.open();
    expect(await failure(run)).toMatchObject({ name: 'AbortError' });
    expect(await states.resume('r')).toMatchObject({ status: 'aborted', state: { step: 1, cleaned: true } });
  });

  test('by a signal that had aborted before: it is not begun', async () => {
    let begun = false;
    const run = over().run({ signal: AbortSignal.abort() }, () => {
      begun = true;
    });
    expect(await failure(run)).toMatchObject({ name: 'AbortError' });
    expect(begun).toBe(false);
  });

  test('in spite of a cancel: it has completed', async () => {
    const states = over();
    const controller = new AbortController();
    await states.run({ runId: 'r', signal: controller.signal }, async (run) => {
      controller.abort();
      await run.record({ done: true });
    });
    expect(await states.resume('r')).toMatchObject({ status: 'completed', state: { done: true } });
  });

  test('after a disconnect: aborted, also when it returns', async () => {
    const states = over();
    await states.run({ runId: 'r' }, async (run) => {
      await run.record({ step: 1 });
      await run.disconnect();
      expect(await states.load('r')).toMatchObject({ status: 'aborted', reason: 'disconnect', state: { step: 1 } });
      await run.record({ step: 2 });
    });
    expect(await states.resume('r')).toMatchObject({ status: 'aborted', reason: 'disconnect', state: { step: 2 } });
  });

  test('takes no record any more, and says so', async () => {
    let kept: RecordedRun | undefined;
    await over().run({}, (run) => {
      kept = run;
    });
    expect(() => kept?.record({ late: true })).toThrow(/has ended, and nothing would write it/);
    expect(() => kept?.flush()).toThrow(/has ended/);
    await kept?.disconnect();
  });
});

describe('what is written when', () => {
  const ended = async (options: Partial<StateFlushOptions>, how: 'return' | 'throw' | 'cancel' | 'disconnect') => {
    const states = over(options);
    const controller = new AbortController();
    await states
      .run({ runId: 'r', signal: controller.signal }, async (run) => {
        await run.record({ step: 1 });
        if (how === 'disconnect') await run.disconnect();
        if (how === 'cancel') controller.abort();
        if (how === 'throw' || how === 'cancel') throw new Error(how);
      })
      .catch(() => undefined);
    return (await states.load('r'))?.reason ?? (await states.load('r'))?.status;
  };

  test.each([
    [{}, 'return', 'completed'],
    [{ flushOnComplete: false }, 'return', undefined],
    [{ flushOn: [] }, 'return', 'completed'],
    [{ flushOn: ['cancel', 'disconnect'] }, 'throw', undefined],
    [{ flushOn: ['error'] }, 'throw', 'error'],
    [{ flushOn: ['error', 'disconnect'] }, 'cancel', undefined],
    [{ flushOn: ['cancel'] }, 'cancel', 'cancel'],
    // Not `completed`, as the Python library has it.
    [{ flushOn: ['error', 'cancel'] }, 'disconnect', undefined],
    [{ flushOn: ['disconnect'] }, 'disconnect', 'disconnect'],
    [{ flushOn: [], durable: true }, 'throw', 'error'],
  ] as const)('%j, %s: %s', async (options, how, found) => {
    expect(await ended(options, how)).toBe(found);
  });

  test('nothing before the end without a reason, and every record with durable', async () => {
    const [lazy, durable] = [over(), over({ durable: true })];
    await lazy.run({ runId: 'r' }, async (run) => {
      await run.record({ step: 1 });
      expect(await lazy.load('r')).toBeUndefined();
    });
    await durable.run({ runId: 'r' }, async (run) => {
      expect(await durable.load('r')).toMatchObject({ status: 'in-progress', state: {} });
      await run.record({ step: 1 });
      expect(await durable.load('r')).toMatchObject({ status: 'in-progress', state: { step: 1 } });
      void run.record({ step: 2 });
      await run.record({ other: 2 });
      expect(await durable.load('r')).toMatchObject({ state: { step: 2, other: 2 } });
    });
  });

  test('a flush disarms nothing: later records are written by the next one and by the end', async () => {
    const states = over({ flushOnComplete: false });
    await states.run({ runId: 'r' }, async (run) => {
      await run.record({ step: 1 });
      await run.flush('checkpoint');
      expect(await states.load('r')).toMatchObject({ status: 'in-progress', reason: 'checkpoint', state: { step: 1 } });
      await run.record({ step: 2 });
      await run.flush();
      expect(await states.load('r')).toMatchObject({ state: { step: 2 } });
      await run.record({ step: 3 });
    });
    // It was written before, so its end is, too: it would look like one that was killed.
    const { reason, ...snapshot } = await states.resume('r');
    expect(snapshot).toMatchObject({ status: 'completed', state: { step: 3 } });
    expect(reason).toBeUndefined();
  });

  test('records that are made while another write is under way are not lost, and share one write', async () => {
    const bent = bentStore();
    const states = stateFlush({ store: bent.store, durable: true });
    await states.run({ runId: 'r' }, async (run) => {
      const [begun, go] = [latch(), latch()];
      bent.before = () => {
        begun.open();
        return go.opened;
      };
      const first = run.record({ step: 1 });
      await begun.opened;
      const writes = bent.writes;
      const others = [2, 3, 4].map((step) => run.record({ step, [`at${step}`]: true }));
      go.open();
      await Promise.all([first, ...others]);
      expect(bent.writes - writes).toBe(1);
      expect((await states.load('r'))?.state).toEqual({ step: 4, at2: true, at3: true, at4: true });
    });
  });
});

describe('a run id that is known', () => {
  test('goes on with its state, also after a crash, and is ended by its last end', async () => {
    const states = over();
    await failure(
      states.run({ runId: 'r' }, async (run) => {
        await run.record({ step: 1, paid: ['a'] });
        throw new Error('gone');
      }),
    );
    await states.run({ runId: 'r' }, async (run) => {
      expect(run.state).toEqual({ step: 1, paid: ['a'] });
      await run.record({ step: undefined, paid: ['a', 'b'] });
      expect(run.state).toEqual({ paid: ['a', 'b'] });
    });
    const { status, state, error } = await states.resume('r');
    expect({ status, state, error }).toEqual({ status: 'completed', state: { paid: ['a', 'b'] }, error: undefined });
  });

  test('is kept apart by tenant and by the name of the flush', async () => {
    const store = memoryStore();
    const [one, other] = [stateFlush({ store }), stateFlush({ store, name: 'other' })];
    await one.run({ runId: 'r', tenant: 'a' }, (run) => run.record({ of: 'a' }));
    await one.run({ runId: 'r', tenant: 'b' }, (run) => run.record({ of: 'b' }));
    await other.run({ runId: 'r', tenant: 'a' }, (run) => run.record({ of: 'other' }));
    expect((await one.resume('r', { tenant: 'a' })).state).toEqual({ of: 'a' });
    expect((await one.resume('r', { tenant: 'b' })).state).toEqual({ of: 'b' });
    expect((await other.resume('r', { tenant: 'a' })).state).toEqual({ of: 'other' });
    expect((await other.list()).runs).toHaveLength(1);
  });

  test('that is not there is undefined to load and an error with a remedy to resume', async () => {
    expect(await over().load('r')).toBeUndefined();
    const error = await failure<StateNotFoundError>(over().resume('r', { tenant: 'acme' }));
    expect(error).toBeInstanceOf(StateNotFoundError);
    expect(error.message).toMatch(/no state of run "r" of tenant "acme" in memory/);
    expect(error.remedy).toMatch(/run id, the tenant, and the store/);
  });

  test('of two at once: what either records is in the end there, the later one of a name', async () => {
    const store = memoryStore();
    const [one, other] = [stateFlush({ store, durable: true }), stateFlush({ store })];
    await one.run({ runId: 'r' }, async (first) => {
      await first.record({ a: 1, shared: 'one' });
      await other.run({ runId: 'r' }, async (second) => {
        expect(second.state).toEqual({ a: 1, shared: 'one' });
        await second.record({ b: 2, shared: 'other' });
        await first.record({ c: 3 });
        await second.flush();
        await first.record({ d: 4 });
        expect(first.state).toEqual({ a: 1, b: 2, c: 3, d: 4, shared: 'other' });
      });
    });
    expect((await one.resume('r')).state).toEqual({ a: 1, b: 2, c: 3, d: 4, shared: 'other' });
  });

  test('under many at once: no record is lost', async () => {
    const store = memoryStore();
    await Promise.all(
      Array.from({ length: 8 }, (_, worker) =>
        stateFlush({ store, durable: true }).run({ runId: 'r' }, async (run) => {
          for (let step = 0; step < 10; step += 1) await run.record({ [`${worker}.${step}`]: step });
        }),
      ),
    );
    expect(Object.keys((await stateFlush({ store }).resume('r')).state)).toHaveLength(80);
  });

  test('lists runs by how they stand', async () => {
    const states = over();
    for (const runId of ['a', 'b', 'c'])
      await states.run({ runId }, (run) => (runId === 'b' ? run.disconnect() : run.record({ runId })));
    expect((await states.list({ status: 'aborted' })).runs).toMatchObject([{ runId: 'b', reason: 'disconnect' }]);
    const page = await states.list({ limit: 2 });
    const rest = await states.list({ limit: 2, ...(page.next === undefined ? {} : { after: page.next }) });
    expect([...page.runs, ...rest.runs].map(({ runId }) => runId).sort()).toEqual(['a', 'b', 'c']);
  });
});

describe('values', () => {
  test('come back as they were, and are copied when they are recorded', async () => {
    const states = over();
    const at = new Date(0);
    const items = [1];
    await states.run({ runId: 'r' }, async (run) => {
      await run.record({ at, ids: new Map([[1n, new Set(['a'])]]), text: 'a\nb', items, ['__proto__']: 1, '': 2 });
      items.push(2);
      (run.state['items'] as number[]).push(3);
    });
    const { state } = await states.resume('r');
    expect(state).toEqual(
      Object.fromEntries([
        ['at', at],
        ['ids', new Map([[1n, new Set(['a'])]])],
        ['text', 'a\nb'],
        ['items', [1]],
        ['__proto__', 1],
        ['', 2],
      ]),
    );
  });

  test.each([
    [{ fine: 1, order: { lines: [{}, { send: () => 1 }] } }, 'order.lines[1].send', 'a function'],
    [{ 'odd name': Symbol('x') }, '["odd name"]', 'a symbol'],
    [[1], '(the value itself)', 'not an object of members'],
    [null, '(the value itself)', 'not an object of members'],
    [new Map(), '(the value itself)', 'not an object of members'],
    [new (class Order {})(), '(the value itself)', 'not an object of members'],
    [Object.defineProperty({}, 'x', { enumerable: true, get: () => { throw new Error('no'); } }), 'x', 'a value that throws when it is read'], // biome-ignore format: one row
  ])('that cannot be stored are refused at once (%#), and nothing of them is recorded', async (patch, path, what) => {
    const states = over({ durable: true });
    await states.run({ runId: 'r' }, async (run) => {
      await run.record({ step: 1 });
      let error: unknown;
      try {
        // Not awaited: it is thrown, so that nobody can overlook it.
        void run.record(patch as object);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(StateNotStorableError);
      expect((error as StateNotStorableError).details).toMatchObject({ runId: 'r', path, what });
    });
    expect((await states.resume('r')).state).toEqual({ step: 1 });
  });

  test('of a newer format are refused, before the function is called', async () => {
    const store = memoryStore();
    const states = stateFlush({ store });
    await states.run({ runId: 'r' }, (run) => run.record({ step: 1 }));
    const { records } = await store.list({ kind: 'state', limit: 1 });
    const [stored] = records;
    if (stored === undefined) throw new Error('nothing is stored');
    const value = stored.value.replace('"format":1', '"format":2');
    const { key, revision, index = {} } = stored;
    await store.transact({ expect: [{ key, revision }], write: [{ key, value, index }] }, 'newer');
    let called = false;
    const run = (durable: boolean) =>
      stateFlush({ store, durable }).run({ runId: 'r' }, () => {
        called = true;
      });
    for (const refused of [run(false), run(true), states.load('r'), states.list()])
      expect(await failure(refused)).toMatchObject({ code: 'STORE_FORMAT', details: { found: 2, expected: 1 } });
    expect(called).toBe(false);
    expect((await store.list({ kind: 'state', limit: 1 })).records[0]?.value).toBe(value);
  });

  test('can be encrypted, the texts of errors as well', async () => {
    const store = memoryStore();
    const contexts: unknown[] = [];
    const encryption = {
      encrypt: async (text: string, context: unknown) => {
        contexts.push(context);
        return Buffer.from(text).toString('base64');
      },
      decrypt: (text: string) => Buffer.from(text, 'base64').toString(),
    };
    const states = stateFlush({ store, encryption });
    await failure(
      states.run({ runId: 'r' }, async (run) => {
        await run.record({ card: '4242' });
        throw new Error('card 4242 was refused');
      }),
    );
    const [stored] = (await store.list({ kind: 'state', limit: 1 })).records;
    expect(stored?.value).not.toContain('4242');
    expect(contexts[0]).toEqual({ runId: 'r', id: stored?.key.id, field: 'state' });
    expect(await states.resume('r')).toMatchObject({ state: { card: '4242' }, error: 'Error: card 4242 was refused' });
    expect((await states.list()).runs).toEqual([
      { runId: 'r', status: 'error', reason: 'error', updatedAt: expect.any(Number) },
    ]);
    // Whoever has no key neither reads it nor writes over it.
    const without = stateFlush({ store });
    for (const refused of [without.resume('r'), without.run({ runId: 'r' }, () => 1)])
      expect(await failure(refused)).toMatchObject({ code: 'USAGE', details: { place: 'stateFlush({ encryption })' } });
    await states.run({ runId: 'r' }, (run) => run.record({ again: run.state['card'] }));
    expect((await states.resume('r')).state).toEqual({ card: '4242', again: '4242' });
  });
});

describe('a store that fails', { timeout: 40_000 }, () => {
  test('before the run: its function is not called', async () => {
    const bent = bentStore();
    bent.ill = true;
    let called = false;
    const run = stateFlush({ store: bent.store, durable: true }).run({}, () => {
      called = true;
    });
    expect(await failure(run)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(called).toBe(false);
  });

  test('for a while: a record that could not be written is written at the end, awaited or not', async () => {
    const bent = bentStore();
    const states = stateFlush({ store: bent.store, durable: true });
    await states.run({ runId: 'r' }, async (run) => {
      bent.ill = true;
      void run.record({ one: 1 });
      const refused = await failure<StateNotSavedError>(run.record({ two: 2 }));
      expect(refused).toBeInstanceOf(StateNotSavedError);
      expect(refused.state).toEqual({ one: 1, two: 2 });
      bent.ill = false;
    });
    expect(await states.resume('r')).toMatchObject({ status: 'completed', state: { one: 1, two: 2 } });
  });

  test('at the end of a run that returned: the error carries its state and its result', async () => {
    const bent = bentStore();
    const states = stateFlush({ store: bent.store });
    const error = await failure<StateNotSavedError>(
      states.run({ runId: 'r' }, async (run) => {
        await run.record({ step: 1 });
        bent.ill = true;
        return { paid: true };
      }),
    );
    expect(error).toBeInstanceOf(StateNotSavedError);
    expect(error).toMatchObject({ state: { step: 1 }, result: { paid: true }, cause: { code: 'STORE_UNAVAILABLE' } });
    expect(JSON.stringify(error)).not.toContain('"step"');
    bent.ill = false;
    await states.run({ runId: 'r' }, (run) => run.record(error.state));
    expect((await states.resume('r')).state).toEqual({ step: 1 });
  });

  test('at the end of a run that threw: that error is thrown, and the other one is at it', async () => {
    const bent = bentStore();
    const states = stateFlush({ store: bent.store });
    const thrown = (error: unknown) =>
      failure<Error & { suppressed?: StateNotSavedError }>(
        states.run({ runId: 'r' }, async (run) => {
          bent.ill = true;
          await run.record({ step: 1 });
          throw error;
        }),
      );
    const own = new RangeError('of the body');
    const error = await thrown(own);
    expect(error).toBe(own);
    expect(error.suppressed).toBeInstanceOf(StateNotSavedError);
    expect(error.suppressed?.state).toEqual({ step: 1 });
    bent.ill = false;
    // What takes no property becomes the cause.
    const other = await thrown('a text');
    expect(other).toBeInstanceOf(StateNotSavedError);
    expect(other.cause).toBe('a text');
  });
});

describe('options', () => {
  test.each([
    [{ store: undefined }, 'store'],
    [{ flushOn: ['cancle'] }, 'flushOn'],
    [{ flushOn: 'cancel' }, 'flushOn'],
    [{ signals: ['SIGKILL'] }, 'signals'],
    [{ durabel: true }, 'durabel'],
    [{ durable: 'yes' }, 'durable'],
    [{ name: ' ' }, 'name'],
    [{ encryption: {} }, 'encryption'],
    [{ durable: true, flushOnComplete: false }, 'flushOnComplete'],
  ])('that are none are refused: %j', (options, option) => {
    expect(() => over(options as unknown as StateFlushOptions)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        details: expect.objectContaining({ place: `stateFlush({ ${option} })` }),
      }),
    );
  });

  test('of a run that are none are refused', async () => {
    const run = over().run as (options: unknown, fn: unknown) => Promise<unknown>;
    const place = async (options: unknown, fn: unknown = () => 1) =>
      (await failure<StateNotFoundError>(run(options, fn))).details['place'];
    expect(await place(undefined)).toBe('run(options, fn)');
    expect(await place({}, 1)).toBe('run(options, fn)');
    expect(await place({ signal: {} })).toBe('run({ signal })');
    expect(await place({ runId: ' ' })).toBe('run({ runId })');
    expect(await place({ run: 'r' })).toBe('run({ run })');
    expect((await failure<StateNotFoundError>(over().load('')))?.details['place']).toBe('resume(runId)');
  });
});
