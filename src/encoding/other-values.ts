import { types } from 'node:util';
import { type Form, writeItems, writeMembers } from './json-writer.js';
import { instanceText, nativeName } from './native-name.js';
import { refuse } from './refusal.js';

/** Plain data that is not of this realm's `Object` and `Array`; undefined when the value is no plain data at all. */
export function writeForeignPlain(value: object, form: Form, depth: number): string | undefined {
  const prototype: object | null = Object.getPrototypeOf(value);
  const name = prototype === null ? undefined : nativeName(prototype);
  if (Array.isArray(value)) return name === 'Array' ? writeItems(value, form, depth) : undefined;
  if (name !== 'Object') return undefined;
  return writeMembers(value, Object.keys(value), form, depth);
}

/** Says what a value is that no form has a text for. */
export function refuseOther(value: unknown): never {
  switch (typeof value) {
    case 'undefined':
      return refuse('undefined');
    case 'number':
      return refuse(`${value}`);
    case 'bigint':
      return refuse('a bigint');
    case 'function':
      return refuse('a function');
    case 'symbol':
      return refuse('a symbol');
    default:
      return refuse(objectText(value as object));
  }
}

function objectText(value: object): string {
  if (types.isPromise(value)) return 'a promise (await it first)';
  const text = instanceText(value);
  return types.isProxy(value) ? `a proxy around ${text}` : text;
}
