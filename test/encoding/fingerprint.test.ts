import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/encoding/canonical-json.js';
import { differingPaths, fingerprint, fingerprintText, sha256Hex } from '../../src/encoding/fingerprint.js';
import { decodeValue, encodeValue } from '../../src/encoding/value-codec.js';
import { anyStorable, withMembers } from './arbitrary-values.js';
import { NEVER_ENCODABLE, nested, refusal } from './refusals.js';

describe('the hash', () => {
  it('is SHA-256 of the UTF-8 bytes', () => {
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256Hex('grüße 😀')).toBe(createHash('sha256').update('grüße 😀', 'utf8').digest('hex'));
    expect(fingerprint({ b: 1, a: 2 })).toBe(sha256Hex('{"a":2,"b":1}'));
  });

  it('comes without a warning from Node', () => {
    const script =
      "const { hash } = require('node:crypto'); process.stdout.write(hash('sha256', 'abc', 'hex').slice(0, 8));";
    const { stdout, stderr } = spawnSync(process.execPath, ['--pending-deprecation', '-e', script], {
      encoding: 'utf8',
    });
    expect({ stdout, stderr }).toEqual({ stdout: 'ba7816bf', stderr: '' });
  });
});

describe('what is the same call', () => {
  const same: readonly (readonly [string, unknown, unknown])[] = [
    ['members in another order', { a: 1, b: { c: 1, d: 2 } }, { b: { d: 2, c: 1 }, a: 1 }],
    ['an undefined member and none', { a: 1, b: undefined }, { a: 1 }],
    ['an undefined item and null', [undefined], [null]],
    ['a hole and null', Object.assign([], { length: 1 }), [null]],
    ['-0 and 0', { a: -0 }, { a: 0 }],
    ['a Date and its text', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['a URL and its text', new URL('https://a.example/b'), 'https://a.example/b'],
    ['a Buffer and its bytes', Buffer.from('ab'), new Uint8Array([97, 98])],
    [
      'Maps filled in another order',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
    ],
    ['Sets filled in another order', new Set([1, { b: 1, a: 2 }]), new Set([{ a: 2, b: 1 }, 1])],
    ['an object without a prototype and one with', withMembers(Object.create(null) as object, [['a', 1]]), { a: 1 }],
    ['a RegExp before and after its use', Object.assign(/a/g, { lastIndex: 0 }), Object.assign(/a/g, { lastIndex: 4 })],
    ['errors raised at different places', new Error('x'), ((): Error => new Error('x'))()],
    [
      'a value and the same one of another realm',
      { a: [1n, new Map([[1, new Date(5)]])] },
      runInNewContext('({ a: [1n, new Map([[1, new Date(5)]])] })'),
    ],
  ];
  it.each(same)('%s', (_name, left, right) => {
    expect(fingerprintText(left)).toBe(fingerprintText(right));
    expect(differingPaths(left, right)).toEqual([]);
  });
});

describe('what is another call', () => {
  const others: readonly (readonly [string, unknown, unknown])[] = [
    ['a bigint and its tag as data', 1n, { $: ['bigint', '1'] }],
    ['a bigint and its text', 1n, '1'],
    ['a bigint and a number', 1n, 1],
    ['NaN and null', Number.NaN, null],
    ['NaN and its tag as data', Number.NaN, { $: 'NaN' }],
    ['the infinities', Infinity, -Infinity],
    ['undefined and null', undefined, null],
    ['undefined and its tag as data', undefined, { $: 'undefined' }],
    ['a Map and its entries', new Map([['a', 1]]), [['a', 1]]],
    ['a Map and an object', new Map([['a', 1]]), { a: 1 }],
    ['a Map and its tag as data', new Map([['a', 1]]), { $: ['map', [['a', 1]]] }],
    ['a Set and an array', new Set([1]), [1]],
    ['an escaped name and its escape', { $: 1 }, { $$: 1 }],
    ['two RegExp flags', /a/g, /a/i],
    ['a RegExp and its text', /a/, '/a/'],
    ['bytes and their base64', new Uint8Array([1]), 'AQ=='],
    ['two kinds of error', new Error('x'), new TypeError('x')],
    ['two causes', new Error('x', { cause: 1 }), new Error('x', { cause: 2 })],
    ['an error and its members', new Error('x'), { message: 'x' }],
    ['text and number', '1', 1],
    ['an empty object and an empty array', {}, []],
  ];
  it.each(others)('%s', (_name, left, right) => {
    expect(fingerprintText(left)).not.toBe(fingerprintText(right));
    expect(differingPaths(left, right)).not.toEqual([]);
  });
});

describe('omit', () => {
  const value = { a: 1, meta: { traceId: 'x', deep: { stamp: 1, keep: 2 } }, 'odd.name': 3 };

  it('drops members by name, by path, and by a name with dots', () => {
    const text = fingerprintText(value, ['a', 'meta.traceId', 'meta.deep.stamp', 'odd.name']);
    expect(text).toBe('{"meta":{"deep":{"keep":2}}}');
  });

  it('changes nothing in the value, and nothing when a path names nothing', () => {
    const copy = structuredClone(value);
    fingerprintText(value, ['a', 'meta.deep.stamp']);
    expect(value).toEqual(copy);
    expect(fingerprintText(value, ['b', 'meta.none', 'a.b', 'meta.traceId.x', '', '.', 'meta.'])).toBe(
      fingerprintText(value),
    );
    expect(fingerprintText([1], ['0', 'length'])).toBe('[1]');
    expect(fingerprintText('text', ['length'])).toBe('"text"');
  });

  it('makes a value that cannot be encoded encodable, and does not read it', () => {
    const odd = {
      a: 1,
      client: () => 1,
      get broken(): number {
        throw new Error('read');
      },
    };
    expect(fingerprintText(odd, ['client', 'broken'])).toBe('{"a":1}');
    expect(refusal(() => fingerprintText(odd, ['client'])).path).toBe('broken');
    expect(refusal(() => fingerprintText(odd, ['broken', 'broken.deeper'])).path).toBe('client');
    expect(refusal(() => fingerprintText({ in: odd }, ['in.broken.deeper'])).path).toBe('in.broken');
  });

  it('does not reach through inherited members, and keeps __proto__ a member', () => {
    expect(fingerprintText({ a: 1 }, ['toString', '__proto__', '__proto__.toString', 'constructor.name'])).toBe(
      '{"a":1}',
    );
    const odd = withMembers({ a: 1 }, [['__proto__', { b: 2, c: 3 }]]);
    expect(fingerprintText(odd, ['a'])).toBe('{"__proto__":{"b":2,"c":3}}');
    expect(fingerprintText(odd, ['__proto__.b'])).toBe('{"__proto__":{"c":3},"a":1}');
    expect(fingerprintText(odd, ['__proto__'])).toBe('{"a":1}');
  });
});

describe('what is refused', () => {
  it.each(NEVER_ENCODABLE)('%s', (_name, value, what) => {
    const error = refusal(() => fingerprint({ order: { lines: [0, value] } }));
    expect(error.path.startsWith('order.lines[1]')).toBe(true);
    expect(error.what).toBe(what);
  });

  it('an invalid Date, half a surrogate pair, depth, cycles', () => {
    expect(refusal(() => fingerprint({ at: new Date(Number.NaN) }))).toMatchObject({
      path: 'at',
      what: 'an invalid Date',
    });
    expect(refusal(() => fingerprint({ m: new Map([['a', '\ud800']]) })).path).toBe('m.get("a")');
    expect(refusal(() => fingerprint(nested(10_000))).what).toMatch(/^nested/);
    const loop: { set: Set<unknown> } = { set: new Set() };
    loop.set.add(loop);
    expect(refusal(() => fingerprint({ loop }))).toMatchObject({
      path: 'loop.set(item 0)',
      what: 'a reference back to loop',
    });
  });
});

describe('differing paths', () => {
  it('names members, items and what is missing, and no values', () => {
    const before = { a: 1, lines: [{ price: 1 }, { price: 2 }], gone: 1, same: 'x', 'odd name': 1 };
    const after = { a: 2, lines: [{ price: 1 }, { price: 3 }, { price: 4 }], same: 'x', 'odd name': 2, $new: 1 };
    expect(differingPaths(before, after, 10)).toEqual([
      'a',
      'gone',
      'lines[1].price',
      'lines[2]',
      '["odd name"]',
      '$new',
    ]);
  });

  it('stops at the number asked for, five by default', () => {
    const before = Array.from({ length: 20 }, () => 0);
    const after = Array.from({ length: 20 }, () => 1);
    expect(differingPaths(before, after)).toEqual(['[0]', '[1]', '[2]', '[3]', '[4]']);
    expect(differingPaths(before, after, 2)).toHaveLength(2);
  });

  it('names the value itself, and a tagged value as a whole', () => {
    expect(differingPaths(1, 2)).toEqual(['(the value itself)']);
    expect(differingPaths({ m: new Map([['a', 1]]) }, { m: new Map([['a', 2]]) })).toEqual(['m']);
    expect(differingPaths({ m: new Map() }, { m: {} })).toEqual(['m']);
    expect(differingPaths({ m: null }, { m: undefined })).toEqual(['m']);
    expect(differingPaths(withMembers({}, [['__proto__', 1]]), {})).toEqual(['__proto__']);
    expect(differingPaths({}, withMembers({}, [['__proto__', {}]]))).toEqual(['__proto__']);
    expect(differingPaths({}, { toString: 1 })).toEqual(['toString']);
  });
});

describe('properties', () => {
  const storable = anyStorable.filter((value) => {
    try {
      fingerprintText(value);
      return true;
    } catch {
      return false;
    }
  });

  it('plain data without names in `$` has its canonical JSON as text', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(!JSON.stringify(value).includes('"$'));
        expect(fingerprintText(value)).toBe(canonicalJson(value));
      }),
    );
  });

  it('two JSON values have one fingerprint exactly when they are equal', () => {
    const small = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'xsmall', maxDepth: 3 },
        fc.constantFrom(null, 0, 1, '', '$', 'a'),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom('a', '$', '$$'), tie('value'), { maxKeys: 2, noNullPrototype: true }),
      ),
    })).value;
    let equal = 0;
    fc.assert(
      fc.property(small, small, (left, right) => {
        const isEqual = deepEqual(left, right);
        if (isEqual) equal++;
        expect(fingerprint(left) === fingerprint(right)).toBe(isEqual);
        expect(differingPaths(left, right).length === 0).toBe(isEqual);
      }),
      { numRuns: 5000 },
    );
    expect(equal).toBeGreaterThan(50);
  });

  it('the text parses, is canonical, and paths differ exactly when texts do', () => {
    fc.assert(
      fc.property(storable, storable, (left, right) => {
        const text = fingerprintText(left);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(differingPaths(left, left)).toEqual([]);
        expect(differingPaths(left, right).length === 0).toBe(text === fingerprintText(right));
      }),
      { numRuns: 1000 },
    );
  });

  it('a value that was stored and read back is the same call', () => {
    fc.assert(
      fc.property(storable, (value) => {
        const before = encodeValue(value);
        const text = fingerprintText(value);
        expect(encodeValue(value)).toBe(before);
        expect(fingerprintText(decodeValue(before))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});

function deepEqual(left: unknown, right: unknown): boolean {
  try {
    assert.deepStrictEqual(left, right);
    return true;
  } catch {
    return false;
  }
}
