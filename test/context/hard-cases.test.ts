import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { invalidate, protect, Session } from '../../src/context/index.js';
import type { ProtectOptions } from '../../src/context/options.js';
import { protectBy } from '../../src/context/protection.js';
import { loadConfigFromString, run } from '../../src/index.js';
import { manualClock } from '../../src/testing/index.js';
import type { Guard } from '../../src/tool/types.js';
import { failure, latch, listen } from '../ledger/workers.js';

const turns = async (count = 5): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

describe('arguments that change while a read runs', () => {
  it('are not what its body gets, nor what others are told', async () => {
    const gate = latch();
    const seen: unknown[] = [];
    const fetchCustomer = protect({ name: 'fetch', entity: 'id', ttl: '60s' })(
      async (input: { id: string; of?: string[] }) => {
        await gate.promise;
        seen.push(input.id);
        return `the record of ${input.id} ${String(input.of)}`;
      },
    );
    await run({}, async () => {
      const input = { id: 'alice', of: ['name'] };
      const first = fetchCustomer(input);
      const joined = fetchCustomer({ id: 'alice', of: ['name'] });
      input.id = 'bob';
      input.of.push('card');
      gate.open();
      expect(await Promise.all([first, joined])).toEqual(Array(2).fill('the record of alice name'));
      expect(await fetchCustomer({ id: 'alice', of: ['name'] })).toBe('the record of alice name');
      expect(await fetchCustomer({ id: 'bob' })).toBe('the record of bob undefined');
    });
    expect(seen).toEqual(['alice', 'bob']);
  });

  it("are the caller's own again when the body changes what it got", async () => {
    let reads = 0;
    const search = protect({ name: 'search', ttl: '60s' })(async (input: { q: string; limit?: number }) => {
      input.limit ??= 10;
      return ++reads;
    });
    await run({}, async () => {
      const input = { q: 'a' };
      expect([await search(input), await search(input)]).toEqual([1, 1]);
      expect(input).toEqual({ q: 'a' });
    });
  });

  it('keep their types on the way to the body', async () => {
    const given = {
      at: new Date(5),
      map: new Map([[1, new Set([2n])]]),
      bytes: Buffer.from('x'),
      none: undefined,
      minus: -0,
    };
    let seen: unknown;
    const tool = protect({ name: 'typed', ttl: '60s' })(async (input: typeof given) => {
      seen = input;
    });
    await run({}, () => tool(given));
    expect(seen).toStrictEqual(given);
    expect(Buffer.isBuffer((seen as typeof given).bytes)).toBe(true);
  });

  it('are not shared where nobody can copy them', async () => {
    using warnings = listen('mycelium:warning');
    const gate = latch();
    let reads = 0;
    const tool = protect({ name: 'partly', key: ['id'], ttl: '60s' })(
      async (input: { id: string; progress: () => void }) => {
        reads += 1;
        await gate.promise;
        return input.id;
      },
    );
    const progress = (): void => {};
    await run({}, async () => {
      const input = { id: 'alice', progress };
      const first = tool(input);
      const joined = tool({ id: 'alice', progress });
      input.id = 'bob';
      gate.open();
      expect([await first, await joined]).toEqual(['bob', 'alice']);
      expect(await tool({ id: 'alice', progress })).toBe('alice');
      expect(await tool({ id: 'alice', progress })).toBe('alice');
    });
    expect(reads).toBe(3);
    expect(warnings.events).toMatchObject([{ tool: 'partly', code: 'arguments-changed' }]);
  });

  it('by themselves are not shared at all', async () => {
    let [reads, looks] = [0, 0];
    const tool = protect({ name: 'clock', ttl: '60s' })(async ({ at }: { at: number }) => {
      reads += 1;
      return at;
    });
    const input = {
      get at() {
        looks += 1;
        return looks % 2 === 1 ? 0 : looks;
      },
    };
    await run({}, async () => {
      await tool(input);
      looks = 0;
      await tool(input);
      expect(await tool({ at: 0 })).toBe(0);
    });
    expect(reads).toBe(3);
  });

  it('name what a write outdates as they were and as they are', async () => {
    let reads = 0;
    const fetchCustomer = protect({ name: 'fetch', entity: 'id', ttl: '60s' })(async (_: { id: string }) => ++reads);
    const gate = latch();
    const write = protect({ name: 'write', invalidates: ({ id }: { id?: string }) => id })(async (input) => {
      await gate.promise;
      return input.id;
    });
    await run({}, async () => {
      for (const id of ['a', 'b', 'c']) await fetchCustomer({ id });
      const input = { id: 'a' };
      const writing = write(input);
      input.id = 'b';
      gate.open();
      expect(await writing).toBe('b');
      const values = [];
      for (const id of ['a', 'b', 'c']) values.push(await fetchCustomer({ id }));
      expect(values).toEqual([4, 5, 3]);
    });
  });
});

describe('a read and a write at the same time', () => {
  it('that began before the write is neither kept nor given to who asks after it', async () => {
    const gates = [latch<string>(), latch<string>(), latch<string>()];
    let reads = 0;
    const read = protect({ name: 'read', entity: 'id', ttl: '60s' })(
      async (_: { id: string }) => gates[reads++]?.promise,
    );
    const wrote = latch();
    const write = protect({ name: 'write', invalidates: 'id' })(async (_: { id: string }) => wrote.promise);
    await run({}, async () => {
      const before = read({ id: 'a' });
      const writing = write({ id: 'a' });
      const during = read({ id: 'a' });
      wrote.open();
      await writing;
      const after = read({ id: 'a' });
      expect(reads).toBe(3);
      gates[0]?.open('before');
      gates[2]?.open('after');
      gates[1]?.open('during');
      expect(await Promise.all([before, during, after])).toEqual(['before', 'during', 'after']);
      expect(await read({ id: 'a' })).toBe('after');
      expect(await Session.run(() => read({ id: 'a' }))).toBe('after');
    });
    expect(reads).toBe(3);
  });
});

describe('reads that wait for each other', () => {
  const mutual = () => {
    const calls: string[] = [];
    type Read = (input: { depth: number }) => Promise<string>;
    const others: Record<string, Read> = {};
    const made = (name: string, other: string): Read => {
      const tool = protect({ name, ttl: '60s' })(async ({ depth }: { depth: number }): Promise<string> => {
        calls.push(name);
        await turns(2);
        const inner = calls.filter((call) => call === name).length > 2 ? '' : await (others[other] as Read)({ depth });
        return `${name}(${inner})`;
      });
      others[name] = tool;
      return tool;
    };
    return { made, calls };
  };

  it('from two sides come to an end', async () => {
    const { made } = mutual();
    const [a, b] = [made('a', 'b'), made('b', 'a')];
    await run({}, async () => {
      const both = await Promise.all([a({ depth: 1 }), b({ depth: 1 })]);
      expect(both[0]).toMatch(/^a\(b\(/);
      expect(both[1]).toMatch(/^b\(a\(/);
      invalidate('whatever');
      expect(await Promise.all([a({ depth: 1 }), b({ depth: 1 })])).toHaveLength(2);
    });
  }, 5_000);

  it('in a ring of three, in sessions within each other, come to an end', async () => {
    const { made } = mutual();
    const [a, b, c] = [made('a', 'b'), made('b', 'c'), made('c', 'a')];
    await run({}, async () => {
      const all = await Promise.all([
        a({ depth: 1 }),
        Session.run(() => b({ depth: 1 })),
        run({}, () => c({ depth: 1 })),
      ]);
      expect(all).toHaveLength(3);
    });
  }, 5_000);

  it('are shared all the same where nobody waits in a circle', async () => {
    const gate = latch();
    let [inner, outer] = [0, 0];
    const part = protect({ name: 'part', ttl: '60s' })(async (_: { id: string }) => {
      inner += 1;
      await gate.promise;
      return inner;
    });
    const whole = protect({ name: 'whole', ttl: '60s' })(async ({ id }: { id: string }) => {
      outer += 1;
      return (await Promise.all([part({ id: 'x' }), part({ id: 'x' })])).join() + id;
    });
    await run({}, async () => {
      const calls = ['a', 'b', 'a', 'c'].map((id) => whole({ id }));
      await turns();
      gate.open();
      expect(await Promise.all(calls)).toEqual(['1,1a', '1,1b', '1,1a', '1,1c']);
    });
    expect([inner, outer]).toEqual([1, 3]);
  });

  it('from inside of their own beginning, in another context, come to an end', async () => {
    let depth = 0;
    let outside!: <T>(fn: () => T) => T;
    const tool: (input: { id: string }) => Promise<number> = protect({ name: 'emits', ttl: '60s' })(async (input) => {
      depth += 1;
      // As an emitter does whose listeners were bound elsewhere.
      if (depth === 1) joined = outside(() => tool(input));
      return depth;
    });
    let joined: Promise<number> | undefined;
    await run({}, async () => {
      outside = AsyncLocalStorage.snapshot() as typeof outside;
      expect(await tool({ id: 'a' })).toBe(1);
      expect(await joined).toBe(1);
    });
  });
});

describe('what a read is made of', () => {
  it('includes reads that are shared with nobody', async () => {
    let reads = 0;
    const stream = protect({ name: 'stream', entity: 'id', ttl: '60s' })(
      async (_: { id: string; progress: () => void }) => ++reads,
    );
    const about = protect({ name: 'about', entity: () => [() => 1], ttl: '60s' })(async (_: { id: string }) => ++reads);
    const summary = protect({ name: 'summary', entity: 'of', ttl: '60s' })(async ({ of }: { of: string }) =>
      of === 's' ? stream({ id: 'a', progress: () => {} }) : about({ id: 'a' }),
    );
    await run({}, async () => {
      expect([await summary({ of: 's' }), await summary({ of: 't' })]).toEqual([1, 2]);
      invalidate({ tag: 'other' });
      expect([await summary({ of: 's' }), await summary({ of: 't' })]).toEqual([1, 2]);
      invalidate('other');
      expect([await summary({ of: 's' }), await summary({ of: 't' })]).toEqual([1, 3]);
      invalidate('a');
      expect(await summary({ of: 's' })).toBe(4);
    });
  });

  it('is looked through in no time, however it hangs together', async () => {
    let reads = 0;
    const layer: (input: { level: number; side: number }) => Promise<number> = protect({
      name: 'layer',
      entity: ({ level }: { level: number }) => `l${level}`,
      ttl: '60s',
    })(async ({ level }: { level: number; side: number }) => {
      reads += 1;
      if (level === 0) return 1;
      const below = await Promise.all([0, 1].map((side) => layer({ level: level - 1, side })));
      return below.reduce((a, b) => a + b);
    });
    await run({}, async () => {
      expect(await layer({ level: 30, side: 0 })).toBe(2 ** 30);
      expect(reads).toBe(61);
      const began = performance.now();
      for (let mark = 0; mark < 20; mark++) {
        invalidate(`other ${mark}`);
        await layer({ level: 30, side: 0 });
      }
      expect(performance.now() - began).toBeLessThan(2_000);
      expect(reads).toBe(61);
      invalidate('l0');
      await layer({ level: 30, side: 0 });
      expect(reads).toBe(122);
    });
  });
});

describe('a key that names what is not there', () => {
  it('tells calls apart by all of their arguments, and is told of once', async () => {
    using warnings = listen('mycelium:warning');
    const fetchBy = (key: unknown) =>
      protect({ name: 'fetch', ttl: '60s', key } as ProtectOptions)(
        async ({ customerId }: { customerId: string }) => customerId,
      );
    const byField = fetchBy(['customer_id']);
    const bySelector = fetchBy(({ customer_id }: { customer_id?: string }) => customer_id);
    await run({}, async () => {
      for (const tool of [byField, bySelector])
        for (const customerId of ['alice', 'bob', 'alice']) expect(await tool({ customerId })).toBe(customerId);
    });
    expect(warnings.events.map(({ code }) => code)).toEqual(['key-says-nothing', 'key-says-nothing']);
  });

  it('in a file, too', async () => {
    const config = await loadConfigFromString(
      'tools:\n  fetch_customer: { protect: { key: [custmer_id], ttl: 60s } }\n',
    );
    const fetchCustomer = config.guard('fetch_customer')(async ({ customerId }: { customerId: string }) => customerId);
    await config.run({}, async () => {
      for (const customerId of ['alice', 'bob']) expect(await fetchCustomer({ customerId })).toBe(customerId);
    });
    await config.close();
  });
});

describe('an entity', () => {
  it('is the same in a Set, and however its accents are written', async () => {
    let reads = 0;
    const list = protect({ name: 'list', entity: 'ids', ttl: '60s' })(async (_: { ids: Set<string> }) => ++reads);
    const city = protect({ name: 'city', entity: 'name', ttl: '60s' })(async (_: { name: string }) => ++reads);
    await run({}, async () => {
      await list({ ids: new Set(['a', 'b']) });
      await city({ name: 'Zu\u0308rich' });
      invalidate('b');
      invalidate('Z\u00fcrich');
      expect([await list({ ids: new Set(['a', 'b']) }), await city({ name: 'Zu\u0308rich' })]).toEqual([3, 4]);
    });
  });

  it('that is a promise is told, and its failure ends nothing', async () => {
    using warnings = listen('mycelium:warning');
    let reads = 0;
    const late = async (): Promise<never> => {
      throw new Error('late');
    };
    const about = protect({ name: 'about', entity: late, ttl: '60s' })(async (_: { id: string }) => ++reads);
    const keyed = protect({ name: 'keyed', key: late, ttl: '60s' })(async (_: { id: string }) => ++reads);
    const write = protect({ name: 'write', invalidates: late })(async (_: { id: string }) => ++reads);
    const other = protect({ name: 'other', entity: 'id', ttl: '60s' })(async (_: { id: string }) => ++reads);
    await run({}, async () => {
      await other({ id: 'x' });
      for (const tool of [about, keyed, write]) await tool({ id: 'a' });
      expect(await other({ id: 'x' })).toBe(5);
      await turns();
    });
    expect(warnings.events.map(({ message }) => message)).toEqual([
      'about runs each time: its entity is a promise (await it first)',
      'keyed runs each time: its key is a promise (await it first)',
    ]);
  });
});

describe('signals', () => {
  it('of a hundred who wait: one goes, the others stay, and one listener is enough for all', async () => {
    const warned: Error[] = [];
    const onWarning = (warning: Error): unknown => /listeners/.test(warning.message) && warned.push(warning);
    process.on('warning', onWarning);
    const gate = latch<string>();
    let reads = 0;
    const tool = protect({ name: 'slow', ttl: '60s' })(async (_: { id: number }) => {
      reads += 1;
      return gate.promise;
    });
    const [all, one] = [new AbortController(), new AbortController()];
    await run({}, async () => {
      const calls = Array.from({ length: 100 }, (_, at) => tool({ id: at % 20 }, { signal: all.signal }));
      const gone = failure(tool({ id: 0 }, { signal: one.signal }));
      expect(getEventListeners(all.signal, 'abort')).toHaveLength(1);
      one.abort(new Error('gone'));
      expect((await gone).message).toBe('gone');
      gate.open('it');
      expect(await Promise.all(calls)).toEqual(Array(100).fill('it'));
    });
    await turns();
    process.off('warning', onWarning);
    expect([reads, warned, getEventListeners(all.signal, 'abort')]).toEqual([20, [], []]);
  });

  it('of all who wait end the execution, and each hears the reason of its own', async () => {
    let aborted: unknown;
    const tool = protect({ name: 'slow', ttl: '60s' })(async (_: { id: string }) => new Promise(() => undefined));
    const outer = [new AbortController(), new AbortController()];
    await run({}, async () => {
      const calls = outer.map(({ signal }) => failure(tool({ id: 'a' }, { abortSignal: signal })));
      for (const [place, controller] of outer.entries()) controller.abort(new Error(`gone ${place}`));
      expect((await Promise.all(calls)).map(({ message }) => message)).toEqual(['gone 0', 'gone 1']);
      aborted = await failure(tool({ id: 'a' }, { signal: AbortSignal.abort('before') }) as Promise<unknown>);
    });
    expect(aborted).toBe('before');
    expect(outer.map(({ signal }) => getEventListeners(signal, 'abort').length)).toEqual([0, 0]);
  });

  it('are not needed for a rejection with nothing', async () => {
    let reads = 0;
    const tool = protect({ name: 'nothing', ttl: '60s' })(async (_: { id: string }) => {
      reads += 1;
      return Promise.reject();
    });
    await run({}, async () => {
      const calls = [tool({ id: 'a' }), tool({ id: 'a' })].map((call) =>
        call.then(
          () => 'value',
          (error: unknown) => [error],
        ),
      );
      expect(await Promise.all(calls)).toEqual([[undefined], [undefined]]);
      await failure(tool({ id: 'a' }));
    });
    expect(reads).toBe(2);
  });
});

describe('time', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('that is none is refused', () => {
    for (const ttl of [0, -1, Number.POSITIVE_INFINITY, Number.NaN, '0s', '-1s', 'forever', ''])
      expect(() => protect({ ttl }), String(ttl)).toThrow(/protect\(\{ ttl \}\)/);
  });

  it('that goes back makes nothing live longer', async () => {
    const clock = manualClock();
    let reads = 0;
    const tool = protectBy<Guard>(clock, { ttl: '60s' })(async (_: object) => ++reads);
    await run({}, async () => {
      await tool({});
      clock.jump(-3_600_000);
      await clock.advance(59_999);
      expect(await tool({})).toBe(1);
      await clock.advance(1);
      expect(await tool({})).toBe(2);
    });
  });

  it('that a test fakes counts', async () => {
    vi.useFakeTimers();
    let reads = 0;
    const tool = protect({ ttl: '60s' })(async (_: object) => ++reads);
    await run({}, async () => {
      expect([await tool({}), await tool({})]).toEqual([1, 1]);
      vi.advanceTimersByTime(60_000);
      expect(await tool({})).toBe(2);
    });
  });
});

describe('a session', () => {
  it('keeps a generator that is promised, whoever reads it, and leaves other promises as they are', async () => {
    let reads = 0;
    const tool = protect({ name: 'page', ttl: '60s' })(async (_: { id: string }) => ++reads);
    const pages = await Session.run(async () => {
      await tool({ id: 'a' });
      return (async function* () {
        yield await tool({ id: 'a' });
        yield await tool({ id: 'a' });
      })();
    });
    await Session.run(async () => {
      expect(await tool({ id: 'a' })).toBe(2);
      for await (const page of pages) expect(page).toBe(1);
    });
    class Request extends Promise<number> {
      readonly raw = 'raw';
    }
    const request = Request.resolve(1) as Request;
    expect(Session.run(() => request)).toBe(request);
    expect((await failure(Session.run(() => Promise.reject(new Error('it'))))).message).toBe('it');
  });

  it('that ends while it reads leaves every caller its answer, and nobody else', async () => {
    const gate = latch<string>();
    let reads = 0;
    const tool = protect({ name: 'slow', ttl: '60s' })(async (_: { id: string }) => {
      reads += 1;
      return gate.promise;
    });
    const left: Promise<unknown>[] = [];
    await run({}, async () => {
      left.push(tool({ id: 'a' }), tool({ id: 'a' }));
    });
    const other = run({}, () => tool({ id: 'a' }));
    expect(reads).toBe(2);
    gate.open('it');
    expect(await Promise.all([left[0], left[1], other])).toEqual(['it', 'it', 'it']);
  });

  it('holds on to no tool that is gone', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const tools: WeakRef<object>[] = [];
    await run({}, async () => {
      for (let request = 0; request < 200; request++) {
        const entity = (): string => `e${request}`;
        const tool = protect({ name: 'made', entity, ttl: '60s' })(async (_: object) => 'x'.repeat(1_000));
        tools.push(new WeakRef(entity));
        await tool({});
      }
      await turns();
      collect();
      await turns();
      collect();
      expect(tools.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(5);
    });
  });
});
