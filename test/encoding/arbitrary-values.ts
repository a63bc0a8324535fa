import fc from 'fast-check';

/** Text of every kind: halves of surrogate pairs, U+0000, quotes, and what the encodings themselves use. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    '',
    '$',
    '$$',
    '__proto__',
    'constructor',
    'toString',
    'then',
    'length',
    '0',
    '\0',
    '"\\\n',
    '\ud800',
    'jt',
  ),
);

const anyBytes = fc.uint8Array({ maxLength: 20 });

const anyRegExp = fc
  .tuple(
    fc.constantFrom('a', '[/\\]]+', '(?:)', '\\u{1F600}', '"\n$'),
    fc.constantFrom('', 'g', 'giy', 'dms'),
    fc.nat({ max: 9 }),
  )
  .map(([source, flags, lastIndex]) => Object.assign(new RegExp(source, flags), { lastIndex }));

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  anyText,
  fc.constantFrom(null, undefined, true, false, -0, 0, Number.NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  // No invalid dates: for Node 20 two of them are never deep-equal.
  fc.date({ noInvalidDate: true }),
  fc.webUrl({ withQueryParameters: true, withFragments: true }).map((url) => new URL(url)),
  anyRegExp,
  anyBytes,
  anyBytes.map((bytes) => Buffer.from(bytes)),
);

const anyError = fc.constantFrom<(message: string, cause: unknown) => Error>(
  (message) => new Error(message),
  (message, cause) => new TypeError(message, { cause }),
  (message, cause) => new AggregateError([cause, new RangeError(message)], message),
  (message) => Object.assign(new SyntaxError(message), { name: 'Renamed', code: 'E_CODE' }),
  () => new URIError(),
);

/** Everything that the value codec keeps, nested in every way. */
export const anyStorable: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => {
  const value = tie('value');
  const members = fc.array(fc.tuple(anyText, value), { maxLength: 5 });
  return {
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(value, { maxLength: 5 }),
      fc.sparseArray(value, { maxNumElements: 4, maxLength: 50 }),
      members.map((entries) => withMembers({}, entries)),
      members.map((entries) => withMembers(Object.create(null) as object, entries)),
      fc.array(fc.tuple(value, value), { maxLength: 4 }).map((entries) => new Map(entries)),
      fc.array(value, { maxLength: 4 }).map((items) => new Set(items)),
      fc.tuple(anyError, anyText, fc.option(value), members).map(([make, message, cause, entries]) => {
        const own = entries.filter(([name]) => !['stack', 'message', 'name', 'cause', 'errors'].includes(name));
        return withMembers(make(message, cause), own);
      }),
    ),
  };
}).value;

/** Sets own members whatever their names, `__proto__` included. */
export function withMembers<Target extends object>(
  target: Target,
  entries: readonly (readonly [string, unknown])[],
): Target {
  for (const [name, value] of entries) {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return target;
}
