import { UnencodableValueError } from '../../src/encoding/unencodable-value-error.js';

/** The error that a refused value must give. Fails when nothing, or something else, is thrown. */
export function refusal(run: () => unknown): UnencodableValueError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof UnencodableValueError) return thrown;
    throw new Error('refused with the wrong error', { cause: thrown });
  }
  throw new Error('nothing was refused');
}

export function nested(levels: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { in: value };
  return value;
}

export class Invoice {
  amount = 5;
}

/** What no form takes, and what the error must call it. */
export const NEVER_ENCODABLE: readonly (readonly [name: string, value: unknown, what: string])[] = [
  ['a function', () => 1, 'a function'],
  ['a symbol', Symbol('s'), 'a symbol'],
  ['a class instance', new Invoice(), 'an instance of Invoice'],
  ['an instance of an unnamed class', new (class {})(), 'an instance of an unnamed class'],
  ['a promise', Promise.resolve(1), 'a promise (await it first)'],
  ['a WeakMap', new WeakMap(), 'an instance of WeakMap'],
  ['a WeakRef', new WeakRef({}), 'an instance of WeakRef'],
  ['an ArrayBuffer', new ArrayBuffer(2), 'an instance of ArrayBuffer'],
  ['another typed array', new Float64Array(2), 'an instance of Float64Array'],
  ['a boxed string', Object('text'), 'an instance of String'],
  ['a subclass of Map', new (class Book extends Map {})(), 'an instance of Book'],
  ['a subclass of Array', new (class List extends Array {})(), 'an instance of List'],
  ['a subclass of Error', new (class Declined extends Error {})(), 'an instance of Declined'],
  ['a subclass of Date', new (class Day extends Date {})(), 'an instance of Day'],
  ['a class that calls itself Map', new (named('Map'))(), 'an instance of Map'],
  ['a subclass of Map that calls itself Map', new (named('Map', Map))(), 'an instance of Map'],
  ['a class that calls itself Object', new (named('Object'))(), 'an instance of Object'],
  [
    'an object whose prototype only claims to be that of Object',
    Object.create({ constructor: Object }),
    'an instance of Object',
  ],
  ['an object that only inherits from Map', Object.create(Map.prototype), 'an instance of Map'],
  ['an object that only inherits from Error', Object.create(Error.prototype), 'an instance of Error'],
  ['an object that only inherits from Date', Object.create(Date.prototype), 'an instance of Date'],
  ['a proxy around a Map', new Proxy(new Map(), {}), 'a proxy around an instance of Map'],
  ['a member named by a symbol', { [Symbol('s')]: 1 }, 'an object with a member named by a symbol'],
  [
    'an array with a member named by a symbol',
    Object.assign([1], { [Symbol('s')]: 1 }),
    'an object with a member named by a symbol',
  ],
  ['an array with named members', 'abc'.match(/b/), 'an array with named members'],
  ['a revoked proxy', revoked(), 'a value that throws when it is read'],
];

function named(name: string, base: new () => object = Object): new () => object {
  const made = class extends base {};
  Object.defineProperty(made, 'name', { value: name });
  return made;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
