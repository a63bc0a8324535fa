import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { UndecodableValueError } from '../../src/encoding/undecodable-value-error.js';
import { decodeValue, encodeValue } from '../../src/encoding/value-codec.js';
import { StoreFormatError } from '../../src/errors/store.js';
import { anyStorable, anyText } from './arbitrary-values.js';

const prototypes = [Object, Array, Map, Set, Error, TypeError, RegExp, Date, Function].map(
  (kind) => kind.prototype as object,
);
const untouched = prototypes.map((prototype) => Reflect.ownKeys(prototype));

afterEach(() => {
  expect(prototypes.map((prototype) => Reflect.ownKeys(prototype))).toEqual(untouched);
});

/** The error a text gives, or undefined when it is read. Anything but the two typed errors fails. */
function decodingError(text: string): UndecodableValueError | StoreFormatError | undefined {
  try {
    decodeValue(text);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof UndecodableValueError || thrown instanceof StoreFormatError) return thrown;
    throw new Error(`crashed on ${JSON.stringify(text)}`, { cause: thrown });
  }
}

describe('texts that nobody wrote', () => {
  it.each(['', 'j', 't', 'j{', 't[1', 'jundefined', 'j1 2'])('%j is not readable', (text) => {
    expect(decodingError(text)).toBeInstanceOf(UndecodableValueError);
  });

  it.each([
    'x{}',
    '{"a":1}',
    ' j1',
    '\u{1f600}',
    't{"$":"later"}',
    't{"$":["later",1]}',
    't{"$":[]}',
    't{"$":["error","LaterError",{},{}]}',
  ])('%j is of a newer version', (text) => {
    expect(decodingError(text)).toBeInstanceOf(StoreFormatError);
  });

  it.each([
    't{"$":["date","today"]}',
    't{"$":["bigint","0x10"]}',
    't{"$":["bigint",""]}',
    't{"$":["url","no url"]}',
    't{"$":["regexp","(","g"]}',
    't{"$":["regexp","a","gg"]}',
    't{"$":["regexp","a","g","x"]}',
    't{"$":["map",[1]]}',
    't{"$":["map",{}]}',
    't{"$":["set"]}',
    't{"$":["bare",[1]]}',
    't{"$":["bare",{"$":"undefined"}]}',
    't{"$":["bytes",5]}',
    't{"$":["sparse",-1,[]]}',
    't{"$":["sparse",4294967296,[]]}',
    't{"$":["sparse",2,[[2,1]]]}',
    't{"$":["sparse",2,[[0.5,1]]]}',
    't{"$":["error","Error",{"stack":"x"},{}]}',
    't{"$":["error","Error",{}]}',
    't{"$":"undefined","a":1}',
    't{"$a":1}',
    't{"$":null}',
    't{"$":{}}',
  ])('%s does not fit its tag', (text) => {
    expect(decodingError(text)).toBeInstanceOf(UndecodableValueError);
  });

  it('nested beyond what the stack holds are an error and no crash', () => {
    const text = `t${'{"$":["set",['.repeat(50_000)}1${']]}'.repeat(50_000)}`;
    expect(decodingError(text)).toBeInstanceOf(UndecodableValueError);
  });

  it('never appear in the error', () => {
    for (const text of [
      'j{"card":"4111111111111111"',
      't{"$":["url","4111111111111111"]}',
      't{"$":["regexp","(4111111111111111","g"]}',
    ]) {
      const error = decodingError(text);
      expect(error).toBeInstanceOf(UndecodableValueError);
      expect(error?.message).not.toContain('4111');
      expect(error?.cause).toBeUndefined();
    }
  });

  it('set no prototype', () => {
    const text =
      't{"__proto__":{"polluted":{"$":"undefined"}},"$$x":{"__proto__":{"polluted":1}},"constructor":{"prototype":{"polluted":1}}}';
    const value = decodeValue(text) as Record<string, Record<string, unknown>>;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(value['$x'])).toBe(Object.prototype);
    expect(value['$x']?.['polluted']).toBeUndefined();
    const error = decodeValue('t{"$":["error","Error",{},{"__proto__":{"polluted":1}}]}') as Error & {
      polluted?: unknown;
    };
    expect(Object.getPrototypeOf(error)).toBe(Error.prototype);
    expect(error.polluted).toBeUndefined();
  });
});

describe('fuzzing', () => {
  it('random text', () => {
    fc.assert(
      fc.property(fc.constantFrom('', 'j', 't', 'x'), anyText, (form, text) => void decodingError(form + text)),
      { numRuns: 3000 },
    );
  });

  it('random JSON in which every tag turns up with any content', () => {
    const kinds = [
      'date',
      'map',
      'set',
      'bigint',
      'url',
      'regexp',
      'bytes',
      'buffer',
      'error',
      'bare',
      'sparse',
      'undefined',
      '-0',
      'later',
    ];
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(
          null,
          true,
          '',
          'g',
          'TypeError',
          'AggregateError',
          '12',
          'https://a.example',
          'AA==',
          ...kinds,
        ),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: -2, max: 5 }),
        fc.array(tie('value'), { maxLength: 4 }),
        fc
          .tuple(fc.constantFrom(...kinds), fc.array(tie('value'), { maxLength: 3 }))
          .map(([kind, rest]) => ({ $: [kind, ...rest] })),
        fc.constantFrom(...kinds).map((kind) => ({ $: kind })),
        fc.dictionary(fc.constantFrom('a', '$$', '$$a', '$a', 'message', 'cause', '__proto__', 'stack'), tie('value'), {
          maxKeys: 3,
        }),
      ),
    }));
    let read = 0;
    fc.assert(
      fc.property(value, (parsed) => {
        if (decodingError(`t${JSON.stringify(parsed)}`) === undefined) read++;
      }),
      { numRuns: 5000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  it('written text with characters changed, lost or doubled', () => {
    const change = fc.tuple(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat({ max: 2 }),
      fc.constantFrom(...'{}[]",:$0-jt\\e'),
    );
    fc.assert(
      fc.property(anyStorable, fc.array(change, { minLength: 1, maxLength: 4 }), (value, changes) => {
        let text = encodeValue(value);
        for (const [where, how, character] of changes) {
          const at = Math.floor(where * text.length);
          const kept = how === 0 ? text.slice(at + 1) : text.slice(at);
          text = text.slice(0, at) + (how === 1 ? character : '') + (how === 2 ? text.slice(at, at + 1) : '') + kept;
        }
        decodingError(text);
      }),
      { numRuns: 3000 },
    );
  });
});
