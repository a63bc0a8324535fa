import { describe, expect, it } from 'vitest';
import { protect } from '../../src/context/index.js';
import { positional, run } from '../../src/index.js';
import { failure, listen } from '../ledger/workers.js';

describe('values', () => {
  class Account {
    readonly id = 'a';
  }
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  const kept: readonly (readonly [string, () => unknown])[] = [
    ['a Map of Sets', () => new Map([['a', new Set([1])]])],
    ['a Date', () => new Date(7)],
    ['bytes', () => new Uint8Array([1, 2])],
    ['a Buffer', () => Buffer.from('abc')],
    ['an error', () => Object.assign(new RangeError('far'), { code: 'E' })],
    ['a frozen object', () => Object.freeze({ a: Object.freeze([1]) })],
    ['an own __proto__', () => JSON.parse('{"__proto__":{"admin":true}}') as unknown],
    ['no prototype', () => Object.assign(Object.create(null) as object, { a: 1 })],
    ['a list with holes', () => Object.assign([], { 0: 1, 2: 3, length: 3 }) as unknown],
    ['half a character', () => 'a\ud800'],
  ];
  it.each(kept)('that are %s are remembered as they are', async (_, make) => {
    let reads = 0;
    const tool = protect({ name: 'value', ttl: '60s' })(async (_: object) => {
      reads += 1;
      return make();
    });
    await run({}, async () => {
      await tool({});
      const again = await tool({});
      expect(again).toStrictEqual(make());
      expect(again === (await tool({}))).toBe(typeof again === 'string');
    });
    expect(reads).toBe(1);
  });

  const single: readonly (readonly [string, () => unknown])[] = [
    ['an instance', () => new Account()],
    ['a circle', () => circle],
    ['a function', () => ({ next: () => 1 })],
    ['a typed array', () => new Float64Array([1])],
    ['a stream', () => new ReadableStream()],
    ['an async iterable', () => ({ async *[Symbol.asyncIterator]() {} })],
    ['a generator', () => (function* () {})()],
    ['a symbol', () => Symbol('s')],
    ['a promise inside', () => ({ later: Promise.resolve(1) })],
    [
      'a getter that throws',
      () => ({
        get a() {
          throw new Error('x');
        },
      }),
    ],
    ['a response', () => new Response('x')],
  ];
  it.each(single)('with %s are for one caller only', async (_, make) => {
    using warnings = listen('mycelium:warning');
    let reads = 0;
    const tool = protect({ name: 'value', ttl: '60s' })(async (_: object) => {
      reads += 1;
      return make();
    });
    await run({}, async () => {
      await Promise.all([tool({}), tool({}), tool({})]);
      await tool({});
    });
    expect(reads).toBe(4);
    expect(warnings.events).toMatchObject([{ code: 'result-not-remembered' }]);
  });

  it('of 50 million characters are shared with nobody, and given to each', async () => {
    let reads = 0;
    const tool = protect({ name: 'huge', ttl: '60s' })(async (_: object) => {
      reads += 1;
      return { text: 'x'.repeat(50_000_000) };
    });
    await run({}, async () => {
      const [one, two] = await Promise.all([tool({}), tool({})]);
      expect([one.text.length, two.text.length]).toEqual([50_000_000, 50_000_000]);
    });
    expect(reads).toBe(2);
  });

  it('come from sync functions, and from what only has a then', async () => {
    let reads = 0;
    const sync = protect({ name: 'sync', ttl: '60s' })((_: object) => ++reads);
    const thenable = protect({ name: 'then', ttl: '60s' })((_: object): PromiseLike<number> => {
      reads += 1;
      const value = reads;
      // biome-ignore lint/suspicious/noThenProperty: that is what it is about
      return { then: (resolve?: ((value: number) => never) | null) => resolve?.(value) as never };
    });
    const throws = protect({ name: 'throws', ttl: '60s' })((_: object): number => {
      throw new Error('at once');
    });
    await run({}, async () => {
      expect([await sync({}), await sync({}), await thenable({}), await thenable({})]).toEqual([1, 1, 2, 2]);
      expect((await failure(throws({}))).message).toBe('at once');
    });
  });
});

describe('keys', () => {
  it('tell apart what a tool may, and take for one what it may not', async () => {
    let reads = 0;
    const tool = positional(protect({ name: 'keys', ttl: '60s' }))(async (..._: unknown[]) => ++reads);
    const different: unknown[][] = [
      [],
      [undefined],
      [null],
      [undefined, undefined],
      [0],
      ['0'],
      [0n],
      [Number.NaN],
      ['NaN'],
      [Number.POSITIVE_INFINITY],
      ['é'],
      ['e\u0301'],
      [new Uint8Array([1])],
      [Buffer.from([1])],
      [new Date(Number.NaN)],
      [JSON.parse('{"__proto__":{"a":1}}')],
      [{}],
      [{ a: 1 }],
      [[{ a: 1 }]],
      [new Error('a')],
      [new TypeError('a')],
      ['x'.repeat(3_000_000)],
      [`${'x'.repeat(3_000_000)}y`],
      ['\n='],
      [{ b: { d: 1, c: 2 }, a: 1 }],
    ];
    await run({}, async () => {
      for (const input of different) await tool(...input);
      expect(reads).toBe(different.length);
      for (const input of different) await tool(...input);
      await tool({ a: 1, b: { c: 2, d: 1 } });
      await tool({ undefined });
      expect(reads).toBe(different.length);
    });
  });

  it('that nobody can write run each time', async () => {
    const circle: unknown[] = [];
    circle.push(circle);
    let deep: unknown[] = [];
    for (let level = 0; level < 10_000; level++) deep = [deep];
    let reads = 0;
    const tool = positional(protect({ name: 'odd', ttl: '60s' }))(async (_: unknown) => ++reads);
    await run({}, async () => {
      for (const odd of [Symbol('s'), circle, deep, { [Symbol('a')]: 1 }, Promise.resolve()]) {
        await tool(odd);
        await tool(odd);
      }
    });
    expect(reads).toBe(10);
  });
});
