import { describe, expect, it } from 'vitest';
import { invalidate, protect } from '../../src/context/index.js';
import type { ProtectOptions } from '../../src/context/options.js';
import { protectBy } from '../../src/context/protection.js';
import { ActionLedger, compose, ledger, positional, run, withCall } from '../../src/index.js';
import { memoryStore } from '../../src/store/memory.js';
import { type ManualClock, manualClock } from '../../src/testing/index.js';
import type { Guard } from '../../src/tool/types.js';
import { failure, latch, listen } from '../ledger/workers.js';

interface Asked {
  readonly customerId: string;
  readonly limit?: number;
}

/** A protected read that counts its executions, by a clock that stands still. */
function counted(options: Partial<ProtectOptions> = {}) {
  const clock = manualClock();
  const reads: unknown[] = [];
  const fetchCustomer = protectBy<Guard>(clock, {
    name: 'fetch_customer',
    entity: 'customerId',
    ttl: '60s',
    ...options,
  } as ProtectOptions)(async (input: Asked) => {
    reads.push(input);
    return { ...input, read: reads.length };
  });
  return { clock, reads, fetchCustomer };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
};

describe('what a call is answered with', () => {
  it('is what an earlier call of the run was given, until it is too old', async () => {
    const { clock, reads, fetchCustomer } = counted();
    await run({}, async () => {
      expect(await fetchCustomer({ customerId: 'c1' })).toEqual({ customerId: 'c1', read: 1 });
      await clock.advance(59_999);
      expect(await fetchCustomer({ customerId: 'c1' })).toEqual({ customerId: 'c1', read: 1 });
      await clock.advance(1);
      expect(await fetchCustomer({ customerId: 'c1' })).toEqual({ customerId: 'c1', read: 2 });
    });
    expect(reads).toHaveLength(2);
  });

  it('is as old as its execution: the time from its beginning counts, and a suspended machine ages it', async () => {
    const { clock, fetchCustomer } = counted();
    const slow = protectBy<Guard>(clock, { ttl: '60s' })(async ({ id }: { id: number }) => {
      await new Promise<void>((resolve) => clock.schedule(resolve, 50_000));
      return id;
    });
    await run({}, async () => {
      using reused = listen('mycelium:read-reused');
      await clock.runUntil(slow({ id: 1 }));
      await clock.advance(9_999);
      expect(await slow({ id: 1 })).toBe(1);
      expect(reused.events).toEqual(
        [{ tool: 'guarded', from: 'memory', ageMs: 59_999 }].map((event) => ({
          ...event,
          tool: expect.any(String) as string,
        })),
      );
      await clock.advance(1);
      const again = slow({ id: 1 });
      await clock.runUntil(again);
      expect(reused.events).toHaveLength(1);
      await fetchCustomer({ customerId: 'c1' });
      clock.jump(60_000);
      expect(await fetchCustomer({ customerId: 'c1' })).toMatchObject({ read: 2 });
    });
  });

  it('belongs to all arguments, and to the kind of each', async () => {
    const seen: unknown[] = [];
    const tool = protect({ name: 'any', ttl: '60s' })(async (input: Record<string, unknown>) => seen.push(input));
    const different: Record<string, unknown>[] = [
      { id: 1 },
      { id: '1' },
      { id: [1] },
      { id: [null] },
      { id: [undefined] },
      { id: null },
      {},
      { id: new Date(0) },
      { id: new Date(0).toISOString() },
      { id: 1n },
      { id: Number.NaN },
      { id: new Map([['a', 1]]) },
      { id: { a: 1 } },
      { id: { a: { b: 1 } } },
      { id: { $: ['bigint', '1'] } },
      { id: new Uint8Array([1]) },
      { id: 'a', b: 1 },
      { id: '1"', x: '' },
    ];
    await run({}, async () => {
      for (const input of different) await tool(input);
      expect(seen).toHaveLength(different.length);
      for (const input of different) await tool({ ...input });
      await tool({ b: 1, id: 'a' });
      await tool({ id: undefined });
      await tool({ id: -0 + 1 });
    });
    expect(seen).toHaveLength(different.length);
  });

  it('belongs to every position of a positional tool', async () => {
    const asked: unknown[][] = [];
    const guard = protect({ name: 'lookup', entity: (name: string) => name, ttl: '60s' });
    const lookup = positional(guard)(async (name: string, fields: string | null = 'all') => {
      asked.push([name, fields]);
      return `${name}: ${fields}`;
    });
    await run({}, async () => {
      expect(await lookup('alice', 'x')).toBe('alice: x');
      expect(await lookup('bob', 'x')).toBe('bob: x');
      expect(await lookup('alice', 'y')).toBe('alice: y');
      expect(await lookup('alice', null)).toBe('alice: null');
      expect(await lookup('alice')).toBe('alice: all');
      expect(await lookup('alice', undefined)).toBe('alice: all');
      expect(await lookup('alice', 'x')).toBe('alice: x');
      invalidate('alice');
      expect(await lookup('bob', 'x')).toBe('bob: x');
      expect(await lookup('alice', 'x')).toBe('alice: x');
    });
    expect(asked).toHaveLength(7);
  });

  it('belongs to one tool, whatever another is called, and to one instance', async () => {
    const named = (answer: string) => protect({ name: 'same', ttl: '60s' })(async (_: { id: string }) => answer);
    const [first, second] = [named('first'), named('second')];
    class Repository {
      readonly #answer: string;
      constructor(answer: string) {
        this.#answer = answer;
      }
      @protect({ ttl: '60s' })
      async fetch(_: { id: string }): Promise<string> {
        return this.#answer;
      }
    }
    const [a, b] = [new Repository('a'), new Repository('b')];
    await run({}, async () => {
      expect([await first({ id: 'x' }), await second({ id: 'x' })]).toEqual(['first', 'second']);
      expect([await a.fetch({ id: 'x' }), await b.fetch({ id: 'x' }), await a.fetch({ id: 'x' })]).toEqual([
        'a',
        'b',
        'a',
      ]);
    });
  });

  it('belongs to the call that withCall identifies', async () => {
    const { reads, fetchCustomer } = counted();
    await run({}, async () => {
      await fetchCustomer({ customerId: 'c1' });
      await withCall(fetchCustomer, { occurrence: 2 })({ customerId: 'c1' });
      await withCall(fetchCustomer, { occurrence: 2 })({ customerId: 'c1' });
      await withCall(fetchCustomer, { requestId: 'r' })({ customerId: 'c1' });
    });
    expect(reads).toHaveLength(3);
  });

  it('is chosen by key, where one is given', async () => {
    const byFields = counted({ key: ['customerId'] });
    const bySelector = counted({ key: ({ customerId }: Asked) => customerId.toLowerCase() } as Partial<ProtectOptions>);
    await run({}, async () => {
      for (const limit of [1, 2, 3]) await byFields.fetchCustomer({ customerId: 'c1', limit });
      for (const customerId of ['C1', 'c1', 'c2']) await bySelector.fetchCustomer({ customerId });
    });
    expect(byFields.reads).toHaveLength(1);
    expect(bySelector.reads).toHaveLength(2);
  });

  it('is a copy of its own for everyone, of the same types', async () => {
    const answer = () => ({ at: new Date(0), tags: new Set(['a']), list: [{ n: 1 }], none: undefined });
    const gate = latch();
    const tool = protect({ name: 'typed', ttl: '60s' })(async (_: { id: number }) => {
      await gate.promise;
      return answer();
    });
    await run({}, async () => {
      const calls = [tool({ id: 1 }), tool({ id: 1 })];
      gate.open();
      for (const call of [...calls, tool({ id: 1 }), tool({ id: 1 })]) {
        const value = await call;
        expect(value).toStrictEqual(answer());
        value.at.setTime(9);
        value.tags.clear();
        value.list[0] = { n: 2 };
      }
    });
  });

  it('can be null, undefined, false, nothing or empty', async () => {
    const answers = [null, undefined, false, 0, '', Number.NaN, [], 5n];
    let reads = 0;
    const tool = protect({ name: 'answers', ttl: '60s' })(async ({ at }: { at: number }) => {
      reads += 1;
      return answers[at];
    });
    await run({}, async () => {
      for (const _ of [1, 2]) for (const [at, answer] of answers.entries()) expect(await tool({ at })).toEqual(answer);
    });
    expect(reads).toBe(answers.length);
  });

  it('is found missing for as long as negativeTtl says', async () => {
    const clock = manualClock();
    const asked: string[] = [];
    const find = (negativeTtl: string | number) =>
      protectBy<Guard>(clock, { ttl: '60s', negativeTtl })(async ({ id }: { id: string }) => {
        asked.push(id);
        return id === 'there' ? id : null;
      });
    await run({}, async () => {
      const tool = find('5s');
      const both = async () => [await tool({ id: 'there' }), await tool({ id: 'gone' })];
      await both();
      await clock.advance(4_999);
      await both();
      expect(asked).toEqual(['there', 'gone']);
      await clock.advance(1);
      await both();
      expect(asked).toEqual(['there', 'gone', 'gone']);
      const never = find(0);
      await never({ id: 'gone' });
      await never({ id: 'gone' });
      expect(asked).toHaveLength(5);
    });
  });

  it('is never an error, and a failure leaves what is remembered alone', async () => {
    let reads = 0;
    const tool = protect({ name: 'fails', ttl: '60s' })(async ({ bad }: { bad?: boolean }) => {
      reads += 1;
      if (bad === true || reads === 1) throw new Error(`failure ${reads}`);
      return reads;
    });
    await run({}, async () => {
      expect((await failure(tool({}))).message).toBe('failure 1');
      expect(await tool({})).toBe(2);
      expect((await failure(tool({ bad: true }))).message).toBe('failure 3');
      expect((await failure(tool({ bad: true }))).message).toBe('failure 4');
      expect(await tool({})).toBe(2);
    });
  });

  it('is at most max results; the least recently used go first', async () => {
    const { reads, fetchCustomer } = counted({ max: 2 });
    await run({}, async () => {
      for (const customerId of ['a', 'b', 'a', 'c', 'a']) await fetchCustomer({ customerId });
      expect(reads).toHaveLength(3);
      await fetchCustomer({ customerId: 'b' });
      expect(reads).toHaveLength(4);
    });
  });

  it('is pushed out by nothing that counts no longer', async () => {
    let reads = 0;
    const tool = protect({ name: 'full', ttl: '60s', max: 1, negativeTtl: 0 })(async ({ id }: { id: string }) => {
      reads += 1;
      return id === 'gone' ? null : id;
    });
    await run({}, async () => {
      for (const id of ['there', 'gone', 'gone', 'there']) await tool({ id });
    });
    expect(reads).toBe(3);
  });
});

describe('calls at the same time', () => {
  it('a hundred misses are one execution', async () => {
    const gate = latch<string>();
    let reads = 0;
    const tool = protect({ name: 'slow', entity: 'id', ttl: '60s' })(async (_: { id: string }) => {
      reads += 1;
      return { got: await gate.promise };
    });
    await run({}, async () => {
      const calls = Array.from({ length: 100 }, () => tool({ id: 'c1' }));
      await turns();
      gate.open('it');
      const values = await Promise.all(calls);
      expect(values).toEqual(Array.from({ length: 100 }, () => ({ got: 'it' })));
      expect(new Set(values).size).toBe(100);
    });
    expect(reads).toBe(1);
  });

  it('share a failure, and the next call runs again', async () => {
    const gate = latch<number>();
    let reads = 0;
    const tool = protect({ name: 'slow', ttl: '60s' })(async (_: { id: string }) => {
      reads += 1;
      return reads === 1 ? gate.promise : reads;
    });
    await run({}, async () => {
      const calls = Array.from({ length: 10 }, () => failure(tool({ id: 'c1' })));
      gate.fail(new Error('down'));
      expect((await Promise.all(calls)).map(({ message }) => message)).toEqual(Array(10).fill('down'));
      expect(await tool({ id: 'c1' })).toBe(2);
    });
  });

  it('can go one by one; the execution is aborted when the last has gone', async () => {
    const actions = new ActionLedger({ store: memoryStore() });
    const gate = latch<string>();
    let signal: AbortSignal | undefined;
    let reads = 0;
    const tool = compose(
      protect({ name: 'abortable', ttl: '60s' }),
      ledger({ effect: 'read', ledger: actions }),
    )(async (_: { id: string }, call) => {
      reads += 1;
      signal = call.signal;
      return gate.promise;
    });
    await run({}, async () => {
      const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
      const options = { toolCallId: 'call-1', abortSignal: first.signal };
      const one = failure(tool({ id: 'c1' }, options));
      const two = failure(tool({ id: 'c1' }, { signal: second.signal }));
      await turns();
      first.abort(new Error('first gone'));
      expect((await one).message).toBe('first gone');
      expect(signal?.aborted).toBe(false);
      expect(options.abortSignal).toBe(first.signal);
      second.abort(new Error('second gone'));
      expect((await two).message).toBe('second gone');
      await turns();
      expect(signal?.aborted).toBe(true);
      // Whoever comes now does not join what is given up.
      const three = withCall(tool, { signal: third.signal })({ id: 'c1' });
      await turns();
      expect(reads).toBe(2);
      expect(signal?.aborted).toBe(false);
      gate.open('it');
      expect(await three).toBe('it');
      expect(await tool({ id: 'c1' })).toBe('it');
      expect((await failure(tool({ id: 'c2' }, { signal: AbortSignal.abort(new Error('before')) }))).message).toBe(
        'before',
      );
      expect(reads).toBe(2);
    });
    await actions.close();
  });

  it('keep it running for one who cannot go', async () => {
    const gate = latch<string>();
    let reads = 0;
    const tool = protect({ name: 'kept', ttl: '60s' })(async (_: { id: string }) => {
      reads += 1;
      return gate.promise;
    });
    await run({}, async () => {
      const first = new AbortController();
      const one = failure(tool({ id: 'c1' }, { signal: first.signal }));
      const two = tool({ id: 'c1' });
      first.abort(new Error('gone'));
      await one;
      const late = tool({ id: 'c1' });
      gate.open('it');
      expect(await Promise.all([two, late])).toEqual(['it', 'it']);
    });
    expect(reads).toBe(1);
  });

  it('do not share what has no faithful copy, which is told once', async () => {
    class Connection {}
    using warnings = listen('mycelium:warning');
    let reads = 0;
    const tool = protect({ name: 'connect', ttl: '60s' })(async (_: { id: string }) => {
      reads += 1;
      return new Connection();
    });
    await run({}, async () => {
      const values = await Promise.all([tool({ id: 'a' }), tool({ id: 'a' }), tool({ id: 'a' })]);
      expect(new Set(values).size).toBe(3);
      expect(await tool({ id: 'a' })).toBeInstanceOf(Connection);
    });
    expect(reads).toBe(4);
    expect(warnings.events).toEqual([
      {
        tool: 'connect',
        code: 'result-not-remembered',
        message: expect.stringContaining('an instance of Connection') as string,
      },
    ]);
  });

  it('that come from inside of their own execution do not wait for it', async () => {
    let depth = 0;
    const tool: (input: { id: string }) => Promise<string> = protect({ name: 'recursive', ttl: '60s' })(
      async (input: { id: string }): Promise<string> => {
        depth += 1;
        return depth === 1 ? `around ${await run({}, () => tool(input))}` : 'inner';
      },
    );
    await run({}, async () => {
      expect(await tool({ id: 'a' })).toBe('around inner');
      expect(await tool({ id: 'a' })).toBe('around inner');
    });
    expect(depth).toBe(2);
  });
});

describe('an execution that ends late', () => {
  const late = () => {
    const gates = [latch<string>(), latch<string>(), latch<string>()];
    let reads = 0;
    const clock: ManualClock = manualClock();
    const tool = protectBy<Guard>(clock, { name: 'late', entity: 'id', ttl: '60s' })(async (_: { id: string }) => {
      reads += 1;
      return gates[reads - 1]?.promise ?? `read ${reads}`;
    });
    return { gates, tool, clock, reads: () => reads };
  };

  it('with a result overwrites nothing newer', async () => {
    const { gates, tool } = late();
    await run({}, async () => {
      const old = tool({ id: 'a' });
      invalidate('a');
      const fresh = tool({ id: 'a' });
      gates[1]?.open('new');
      expect(await fresh).toBe('new');
      gates[0]?.open('old');
      expect(await old).toBe('old');
      expect(await tool({ id: 'a' })).toBe('new');
    });
  });

  it('with a result that was outdated meanwhile is not remembered', async () => {
    const { gates, tool, reads } = late();
    await run({}, async () => {
      const old = tool({ id: 'a' });
      invalidate('a');
      gates[0]?.open('old');
      expect(await old).toBe('old');
      gates[1]?.open('new');
      expect(await tool({ id: 'a' })).toBe('new');
      expect(reads()).toBe(2);
    });
  });

  it('with a failure forgets nothing newer', async () => {
    const { gates, tool, reads } = late();
    await run({}, async () => {
      const old = failure(tool({ id: 'a' }));
      invalidate('a');
      const fresh = tool({ id: 'a' });
      gates[0]?.fail(new Error('late'));
      expect((await old).message).toBe('late');
      // The newer one is still the one to join.
      const joined = tool({ id: 'a' });
      gates[1]?.open('new');
      expect(await Promise.all([fresh, joined, tool({ id: 'a' })])).toEqual(['new', 'new', 'new']);
      expect(reads()).toBe(2);
    });
  });

  it('is too old to be joined when its result would be', async () => {
    const { gates, tool, clock, reads } = late();
    await run({}, async () => {
      const old = tool({ id: 'a' });
      await clock.advance(60_000);
      const fresh = tool({ id: 'a' });
      expect(reads()).toBe(2);
      gates[1]?.open('new');
      await fresh;
      gates[0]?.open('old');
      expect(await old).toBe('old');
      expect(await tool({ id: 'a' })).toBe('new');
    });
  });

  it('after everybody left is remembered by nobody', async () => {
    const { gates, tool, reads } = late();
    await run({}, async () => {
      const gone = new AbortController();
      const old = failure(tool({ id: 'a' }, { signal: gone.signal }));
      gone.abort(new Error('gone'));
      await old;
      const fresh = tool({ id: 'a' });
      gates[1]?.open('new');
      await fresh;
      gates[0]?.open('old');
      await turns();
      expect(await tool({ id: 'a' })).toBe('new');
      expect(reads()).toBe(2);
    });
  });
});

describe('arguments without a text', () => {
  it('are not remembered, which is told once', async () => {
    using warnings = listen('mycelium:warning');
    let reads = 0;
    const tool = protect({ name: 'callback', ttl: '60s' })(async (_: { id: string; done: () => void }) => ++reads);
    const odd = protect({ name: 'odd', ttl: '60s', entity: ({ id }: { id: string }) => [() => id] })(
      async (_) => ++reads,
    );
    await run({}, async () => {
      const done = (): void => {};
      for (const _ of [1, 2, 3]) await tool({ id: 'a', done });
      for (const _ of [1, 2]) await odd({ id: 'a' });
    });
    expect(reads).toBe(5);
    expect(warnings.events.map(({ tool, code }) => [tool, code])).toEqual([
      ['callback', 'arguments-not-comparable'],
      ['odd', 'arguments-not-comparable'],
    ]);
    expect(warnings.events[0]?.message).toBe('callback runs each time: the argument at done is a function');
  });

  it('of a selector that throws fail the call before the body', async () => {
    let bodies = 0;
    const broken = (): never => {
      throw new TypeError('no such member');
    };
    const read = protect({ name: 'r', ttl: '60s', key: broken })(async (_: { id: string }) => ++bodies);
    const about = protect({ name: 'r', ttl: '60s', entity: broken })(async (_: { id: string }) => ++bodies);
    const write = protect({ name: 'w', invalidates: broken })(async (_: { id: string }) => ++bodies);
    await run({}, async () => {
      for (const tool of [read, about, write])
        expect((await failure(tool({ id: 'a' }))).message).toBe('no such member');
    });
    expect(bodies).toBe(0);
  });
});

describe('outside of a session', () => {
  it('every call runs, which is told once for each tool', async () => {
    using warnings = listen('mycelium:warning');
    const one = counted();
    const other = counted({ name: 'other' });
    await Promise.all([one.fetchCustomer({ customerId: 'a' }), one.fetchCustomer({ customerId: 'a' })]);
    await one.fetchCustomer({ customerId: 'a' });
    await other.fetchCustomer({ customerId: 'a' });
    expect(one.reads).toHaveLength(3);
    expect(warnings.events.map(({ tool, code }) => [tool, code])).toEqual([
      ['fetch_customer', 'no-session'],
      ['other', 'no-session'],
    ]);
    invalidate('a');
  });
});
