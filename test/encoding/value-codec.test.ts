import assert from 'node:assert/strict';
import { types } from 'node:util';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeValue, encodeValue, VALUE_FORMAT } from '../../src/encoding/value-codec.js';
import { anyStorable, withMembers } from './arbitrary-values.js';
import { NEVER_ENCODABLE, nested, refusal } from './refusals.js';

function roundTrip(value: unknown): unknown {
  return decodeValue(encodeValue(value));
}

describe('what comes back', () => {
  const bytes = new Uint8Array([0, 1, 250, 255]);
  const values: readonly (readonly [string, unknown])[] = [
    ['plain data', { a: [1, 'two', null, true, { b: {} }], c: 1.5e300 }],
    ['undefined', undefined],
    ['an undefined member and item', { a: undefined, b: [undefined, 1] }],
    ['a Date', new Date('2025-01-31T10:00:00.123Z')],
    ['the last Date', new Date(8.64e15)],
    [
      'a Map with keys of every kind',
      new Map<unknown, unknown>([
        [{ a: 1 }, 1],
        [Number.NaN, undefined],
        ['x', new Map()],
      ]),
    ],
    ['a Set', new Set<unknown>([1, '1', undefined, new Set([1n])])],
    ['a bigint', [0n, -(2n ** 200n)]],
    ['numbers beyond JSON', [Number.NaN, Infinity, -Infinity, -0, 0]],
    ['a URL', new URL('https://user:secret@host.example:8443/a%20b?q=ü#h')],
    ['a RegExp with its cursor', Object.assign(/a[/\]"]+/giy, { lastIndex: 3 })],
    ['a RegExp with an odd cursor', Object.assign(/a/, { lastIndex: -0 })],
    ['bytes', bytes],
    ['a part of a buffer', new Uint8Array(bytes.buffer, 1, 2)],
    ['no bytes', new Uint8Array()],
    ['a Buffer', Buffer.from('grüße')],
    [
      'an object without a prototype',
      withMembers(Object.create(null) as object, [
        ['a', { b: 1 }],
        ['$', 2],
      ]),
    ],
    ['half a surrogate pair', ['\ud800', { '\udfff': 'a\udc00b' }]],
    ['U+0000', { '\0': '\0' }],
    ['members named like the tag', { $: 1, $$: { $: ['date', 0] }, $ref: '#/x', a$: 2 }],
    ['a member that looks like a tag', [{ $: 'undefined' }, undefined]],
    ['an array with holes', Object.assign([], { 2: 'c', 7: undefined, length: 12 })],
    ['an array of nothing but holes', Object.assign([], { length: 3 })],
    ['an array with far more holes than items', Object.assign([], { 4294967294: 'last' })],
    ['members named by numbers', { 10: 'a', 9: 'b', z: 'c', '-1': 'd' }],
  ];

  it.each(values)('%s', (_name, value) => {
    assert.deepStrictEqual(roundTrip(value), value);
    assert.deepStrictEqual(roundTrip({ in: [value] }), { in: [value] });
  });

  it('an invalid Date', () => {
    const [back] = roundTrip([new Date(Number.NaN)]) as [Date];
    expect(Object.getPrototypeOf(back)).toBe(Date.prototype);
    expect(back.getTime()).toBeNaN();
  });

  it('keeps the order of members, of Map entries and of Set items', () => {
    const value = {
      z: 1,
      a: { y: undefined, b: 2 },
      map: new Map([
        ['z', 1],
        ['a', 2],
      ]),
      set: new Set(['z', 'a']),
      $m: 0,
      k: 1,
    };
    const back = roundTrip(value) as typeof value;
    expect(Object.keys(back)).toEqual(['z', 'a', 'map', 'set', '$m', 'k']);
    expect(Object.keys(back.a)).toEqual(['y', 'b']);
    expect([...back.map.keys(), ...back.set]).toEqual(['z', 'a', 'z', 'a']);
  });

  it('tells a Buffer from a Uint8Array', () => {
    const [buffer, plain] = roundTrip([Buffer.from('a'), new Uint8Array([97])]) as Uint8Array[];
    expect(Buffer.isBuffer(buffer)).toBe(true);
    expect(Object.getPrototypeOf(plain)).toBe(Uint8Array.prototype);
  });

  it('keeps members named __proto__ as members', () => {
    for (const beside of [1, undefined]) {
      const value = withMembers({ beside }, [['__proto__', { polluted: true, deep: beside }]]);
      const back = roundTrip(value) as object;
      assert.deepStrictEqual(back, value);
      expect(Object.hasOwn(back, '__proto__')).toBe(true);
      expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
      expect((back as { polluted?: boolean }).polluted).toBeUndefined();
    }
  });

  it('keeps values below an escaped name next to __proto__', () => {
    const value = withMembers({ $: 1 }, [['__proto__', new Date(0)]]);
    assert.deepStrictEqual(roundTrip(value), value);
  });

  it('writes shared parts twice', () => {
    const shared = new Date(0);
    const [first, second] = roundTrip([shared, shared]) as Date[];
    assert.deepStrictEqual([first, second], [shared, shared]);
    expect(first).not.toBe(second);
  });
});

describe('errors', () => {
  it.each([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])(
    '%o comes back as its type',
    (kind) => {
      const cause = new RangeError('inner', { cause: { code: 7n } });
      const error = Object.assign(new kind('outer', { cause }), { code: 'E_OUTER', retryAfter: new Date(0) });
      const back = roundTrip(error) as Error & { cause: Error };
      assert.deepStrictEqual(back, error);
      expect(types.isNativeError(back)).toBe(true);
      assert.deepStrictEqual(back.cause, cause);
      assert.deepStrictEqual(back.cause.cause, { code: 7n });
      expect(Object.keys(back)).toEqual(['code', 'retryAfter']);
      expect(back.stack).toBe(`${kind.name}: outer`);
    },
  );

  it('an AggregateError brings its errors', () => {
    const error = new AggregateError([new TypeError('one'), 2], 'both');
    const back = roundTrip(error) as AggregateError;
    assert.deepStrictEqual(back, error);
    assert.deepStrictEqual(back.errors, error.errors);
    expect(Object.getOwnPropertyDescriptor(back, 'errors')?.enumerable).toBe(false);
  });

  it('what was set on an error stays as visible as it was', () => {
    const error = Object.assign(new Error('x'), { name: 'PaymentDeclined' });
    const back = roundTrip(error) as Error;
    assert.deepStrictEqual(back, error);
    expect(Object.keys(back)).toEqual(['name']);
    expect(back.stack).toBe('PaymentDeclined: x');
  });

  it('an error without a message has none of its own', () => {
    expect(Object.hasOwn(roundTrip(new Error()) as Error, 'message')).toBe(false);
  });

  it('no stack is written', () => {
    const error = new Error('x');
    error.stack = 'Error: x\n at secret-file.ts:1';
    expect(encodeValue({ error })).not.toContain('secret-file');
    Object.defineProperty(error, 'stack', { enumerable: true });
    expect(encodeValue({ error })).not.toContain('secret-file');
  });

  it('an error of the file system keeps its facts', () => {
    const error = Object.assign(new Error("ENOENT: no such file, open 'a'"), {
      errno: -2,
      code: 'ENOENT',
      syscall: 'open',
      path: 'a',
    });
    assert.deepStrictEqual(roundTrip(error), error);
  });
});

describe('values of another realm', () => {
  it('are kept, as values of this one', () => {
    const foreign = runInNewContext(`({
      list: [1, { a: undefined }], date: new Date(5), map: new Map([[1, new Set([2n])]]), expression: /x/g,
      bytes: new Uint8Array([1, 2]), error: new TypeError('far', { cause: 1 }), bare: Object.create(null), holes: [, 1],
    })`) as object;
    const back = roundTrip(foreign) as { error: Error };
    const local = {
      list: [1, { a: undefined }],
      date: new Date(5),
      map: new Map([[1, new Set([2n])]]),
      expression: /x/g,
      bytes: new Uint8Array([1, 2]),
      error: new TypeError('far', { cause: 1 }),
      bare: Object.create(null) as object,
      holes: Object.assign([], { 1: 1 }),
    };
    assert.deepStrictEqual(back, local);
    expect(back.error.cause).toBe(1);
  });

  it('are refused when they are class instances', () => {
    const foreign: unknown = runInNewContext('({ at: new (class Money extends Map {})() })');
    expect(refusal(() => encodeValue(foreign))).toMatchObject({ path: 'at', what: 'an instance of Money' });
  });
});

describe('what is refused', () => {
  it.each(NEVER_ENCODABLE)('%s', (_name, value, what) => {
    expect(refusal(() => encodeValue(value)).what).toBe(what);
    const error = refusal(() => encodeValue({ order: [new Map([['k', value]])] }));
    expect(error.path.startsWith('order[0].get("k")')).toBe(true);
    expect(error.what).toBe(what);
  });

  const dressed: readonly (readonly [string, unknown, string])[] = [
    ['a Date', Object.assign(new Date(), { note: 1 }), 'a Date with members of its own'],
    ['a Map', Object.assign(new Map(), { note: 1 }), 'a Map with members of its own'],
    ['a Set', Object.assign(new Set(), { [Symbol('s')]: 1 }), 'a Set with members of its own'],
    ['a URL', Object.assign(new URL('https://a.example'), { note: 1 }), 'a URL with members of its own'],
    ['a RegExp', Object.assign(/a/, { note: 1 }), 'a RegExp with members of its own'],
    ['a sparse array', Object.assign([], { length: 2, note: 1 }), 'an array with named members'],
    ['a sparse array', Object.assign([], { length: 2, '-1': 1 }), 'an array with named members'],
    [
      'a RegExp whose cursor is an object',
      Object.assign(/a/, { lastIndex: {} }),
      'a RegExp whose lastIndex is no number',
    ],
    [
      'an error with a symbol',
      Object.assign(new Error(), { [Symbol('s')]: 1 }),
      'an object with a member named by a symbol',
    ],
  ];
  it.each(dressed)('members hung on %s', (_name, value, what) => {
    expect(refusal(() => encodeValue({ value }))).toMatchObject({ path: 'value', what });
  });

  it('names the path through every container', () => {
    const offender = () => 1;
    const holes = Object.assign([], { 5: offender });
    expect(refusal(() => encodeValue({ a: new Set([1, { b: offender }]) })).path).toBe('a(item 1).b');
    expect(refusal(() => encodeValue(new Map([[{ k: offender }, 1]]))).path).toBe('(key of entry 0).k');
    expect(refusal(() => encodeValue([new Map([[1, offender]])])).path).toBe('[0](entry 0)');
    expect(refusal(() => encodeValue({ e: new Error('x', { cause: { f: offender } }) })).path).toBe('e.cause.f');
    expect(refusal(() => encodeValue({ e: new AggregateError([offender]) })).path).toBe('e.errors[0]');
    expect(refusal(() => encodeValue({ a: holes })).path).toBe('a[5]');
    expect(refusal(() => encodeValue(withMembers({}, [['__proto__', offender]]))).path).toBe('__proto__');
    expect(refusal(() => encodeValue(withMembers({}, [['then', offender]]))).path).toBe('then');
  });

  it('cycles through every container', () => {
    const map = new Map<string, unknown>();
    map.set('k', new Set([{ map }]));
    expect(refusal(() => encodeValue({ map }))).toMatchObject({
      path: 'map.get("k")(item 0).map',
      what: 'a reference back to map',
    });
    const error = new Error('x');
    error.cause = error;
    expect(refusal(() => encodeValue(error))).toMatchObject({
      path: 'cause',
      what: 'a reference back to (the value itself)',
    });
  });

  it('a getter that throws, with its error as the cause', () => {
    const cause = new RangeError('mine');
    const value = {
      get broken(): number {
        throw cause;
      },
    };
    const error = refusal(() => encodeValue([value]));
    expect(error.path).toBe('[0].broken');
    expect(error.cause).toBe(cause);
  });

  it('values nested 10,000 levels deep, in every kind of container', () => {
    let map = new Map<number, unknown>();
    for (let level = 0; level < 10_000; level++) map = new Map([[1, map]]);
    for (const value of [nested(10_000), map]) {
      expect(refusal(() => encodeValue(value)).what).toMatch(/^nested more than \d+ levels deep$/);
    }
  });

  it('and never runs code of the value other than getters', () => {
    const ran: string[] = [];
    const spy = (name: string) => () => ran.push(name);
    for (const name of ['toJSON', 'toString', 'valueOf', 'then', 'constructor']) {
      refusal(() => encodeValue(withMembers({}, [[name, spy(name)]])));
    }
    class Active {
      toJSON = spy('instance toJSON');
      get [Symbol.toStringTag](): string {
        ran.push('tag');
        return 'Active';
      }
    }
    refusal(() => encodeValue({ a: new Active() }));
    expect(ran).toEqual([]);
  });
});

describe('the text', () => {
  it('tells its form by its first character', () => {
    expect(VALUE_FORMAT).toBe(1);
    expect(encodeValue({ a: [1, 'x', null] })).toBe('j{"a":[1,"x",null]}');
    expect(encodeValue({ at: new Date(0), none: undefined })).toBe('t{"at":{"$":["date",0]},"none":{"$":"undefined"}}');
    expect(encodeValue({ $: 1, a$: 2 })).toBe('t{"$$":1,"a$":2}');
  });

  it('of the deepest value that is taken can be read back', () => {
    let map = new Map<unknown, unknown>();
    for (let level = 0; level < 400; level++) map = new Map([[new Error('x', { cause: level }), map]]);
    assert.deepStrictEqual(encodeValue(roundTrip(map)), encodeValue(map));
  });
});

describe('properties', () => {
  it('every storable value comes back deep-equal, and its text does not change', () => {
    fc.assert(
      fc.property(anyStorable, (value) => {
        const text = encodeValue(value);
        const back = decodeValue(text);
        assert.deepStrictEqual(back, value);
        expect(encodeValue(back)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('every JSON value is written as plain JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        fc.pre(!/"\$|-0/.test(JSON.stringify(value)) && !hasNegativeZero(value));
        expect(encodeValue(value)).toBe(`j${JSON.stringify(value)}`);
      }),
    );
  });
});

function hasNegativeZero(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0);
  return Object.values(value).some(hasNegativeZero);
}
