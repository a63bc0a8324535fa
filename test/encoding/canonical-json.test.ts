import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/encoding/canonical-json.js';
import { DOCUMENT_VECTORS, fromBits, NUMBER_VECTORS, REFUSED_NUMBERS } from './canonical-vectors.js';
import { NEVER_ENCODABLE, nested, refusal } from './refusals.js';

describe('RFC 8785', () => {
  it.each(NUMBER_VECTORS)('prints the number with bits %s as %s', (bits, text) => {
    expect(canonicalJson(fromBits(bits))).toBe(text);
  });

  it.each(REFUSED_NUMBERS)('refuses the number with bits %s', (bits) => {
    expect(refusal(() => canonicalJson([fromBits(bits)])).path).toBe('[0]');
  });

  it.each(DOCUMENT_VECTORS)('$name', ({ input, output }) => {
    expect(canonicalJson(JSON.parse(input))).toBe(output);
  });

  it('sorts objects with many members the same way', () => {
    const names = Array.from({ length: 60 }, (_, index) => String.fromCodePoint(0xffff - index, 0x1f600 + index));
    const value = Object.fromEntries(names.map((name) => [name, 1]));
    expect(Object.keys(JSON.parse(canonicalJson(value)) as object)).toEqual([...names].sort());
  });
});

describe('what canonical JSON takes', () => {
  it('leaves out undefined members', () => {
    expect(canonicalJson({ b: undefined, a: 1, c: { d: undefined } })).toBe('{"a":1,"c":{}}');
  });

  it('takes plain objects and arrays of another realm, without a prototype, and behind a proxy', () => {
    const foreign: unknown = runInNewContext('({ b: [1, { c: null }], a: "x" })');
    const bare: unknown = Object.assign(Object.create(null), { a: 1 });
    expect(canonicalJson(foreign)).toBe('{"a":"x","b":[1,{"c":null}]}');
    expect(canonicalJson(bare)).toBe('{"a":1}');
    expect(canonicalJson(new Proxy({ list: new Proxy([1], {}) }, {}))).toBe('{"list":[1]}');
  });

  it('reads getters and never calls toJSON', () => {
    const value = {
      get price() {
        return 5;
      },
    };
    expect(canonicalJson(value)).toBe('{"price":5}');
    expect(refusal(() => canonicalJson({ a: { toJSON: () => 'no' } })).path).toBe('a.toJSON');
  });

  it('writes shared parts twice', () => {
    const shared = { x: 1 };
    expect(canonicalJson([shared, shared])).toBe('[{"x":1},{"x":1}]');
  });
});

describe('what canonical JSON refuses', () => {
  const alsoRefused: readonly (readonly [string, unknown, string])[] = [
    ['a bigint', 1n, 'a bigint'],
    ['NaN', Number.NaN, 'NaN'],
    ['a Date', new Date(0), 'an instance of Date'],
    ['a Map', new Map(), 'an instance of Map'],
    ['bytes', new Uint8Array(1), 'an instance of Uint8Array'],
    ['an Error', new Error('x'), 'an instance of Error'],
    ['half a surrogate pair', 'a\ud800b', 'text with half a surrogate pair'],
    ['a name with half a surrogate pair', { '\udc00': 1 }, 'text with half a surrogate pair'],
  ];

  it.each([...NEVER_ENCODABLE, ...alsoRefused])('%s', (_name, value, what) => {
    expect(refusal(() => canonicalJson(value)).what).toBe(what);
    const error = refusal(() => canonicalJson({ order: { lines: [0, value] } }));
    expect(error.path.startsWith('order.lines[1]')).toBe(true);
    expect(error.what).toBe(what);
    expect(error.details).toEqual({ path: error.path, what });
  });

  it('undefined as the value itself and as an item', () => {
    expect(refusal(() => canonicalJson(undefined))).toMatchObject({ path: '(the value itself)', what: 'undefined' });
    expect(refusal(() => canonicalJson({ a: [1, undefined] }))).toMatchObject({
      path: 'a[1]',
      what: 'an undefined array item',
    });
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested.
    expect(refusal(() => canonicalJson([1, , 2])).path).toBe('[1]');
  });

  it('cycles, naming both ends', () => {
    const order: Record<string, unknown> = { lines: [{}] };
    (order['lines'] as Record<string, unknown>[])[0]!['order'] = order;
    expect(refusal(() => canonicalJson({ order }))).toMatchObject({
      path: 'order.lines[0].order',
      what: 'a reference back to order',
    });
  });

  it('values nested too deep, and takes what is less deep', () => {
    expect(refusal(() => canonicalJson(nested(10_000))).what).toMatch(/^nested more than \d+ levels deep$/);
    expect(canonicalJson(nested(400)).length).toBeGreaterThan(800);
  });

  it('a value whose shared parts make its text enormous', () => {
    let value: unknown = { x: 1 };
    for (let level = 0; level < 60; level++) value = [value, value];
    expect(refusal(() => canonicalJson(value))).toMatchObject({
      path: '(the value itself)',
      what: expect.stringMatching(/^larger than \d+ characters as text$/),
    });
  });

  it('a getter that throws, with its error as the cause', () => {
    const cause = new Error('no price today');
    const value = {
      order: {
        get price(): number {
          throw cause;
        },
      },
    };
    const error = refusal(() => canonicalJson(value));
    expect(error).toMatchObject({ path: 'order.price', what: 'a value that throws when it is read' });
    expect(error.cause).toBe(cause);
  });

  it('and says where, also for names that are no identifiers', () => {
    const value = { 'odd name': { '': [{ größe: 1n }] } };
    expect(refusal(() => canonicalJson(value)).path).toBe('["odd name"][""][0].größe');
  });
});

describe('properties', () => {
  it('the order of members does not matter', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.infiniteStream(fc.nat()), (value, order) => {
        expect(canonicalJson(shuffled(value, order))).toBe(canonicalJson(value));
      }),
      { numRuns: 500 },
    );
  });

  it('parsing and writing again changes nothing, and the text is the JSON that the platform would write', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(JSON.stringify(JSON.parse(text))).toHaveLength(text.length);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 500 },
    );
  });
});

function shuffled(value: unknown, order: Iterator<number>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => shuffled(item, order));
  const ranked = Object.entries(value).map(([name, member]) => ({ name, member, rank: order.next().value as number }));
  ranked.sort((left, right) => left.rank - right.rank);
  return Object.fromEntries(ranked.map(({ name, member }) => [name, shuffled(member, order)]));
}
