import { isPlain } from './describe.js';

/**
 * Lists and plain objects anew, each member read once: what is checked is what the tool gets, whatever the caller or a
 * getter does meanwhile. However deep it nests: whether that is too deep is for the schema to say.
 *
 * @param leaf - what becomes of everything else.
 */
export function copyPlain(value: unknown, leaf: (value: unknown) => unknown = (same) => same): unknown {
  const copies = new Map<unknown, object>();
  const pending: (readonly [source: object, target: object])[] = [];
  const copied = (one: unknown): unknown => {
    if (!Array.isArray(one) && !isPlain(one)) return leaf(one);
    let target = copies.get(one);
    if (target === undefined) {
      target = Array.isArray(one) ? [] : Object.getPrototypeOf(one) === null ? Object.create(null) : {};
      copies.set(one, target as object);
      pending.push([one, target as object]);
    }
    return target;
  };
  const root = copied(value);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [source, target] = next;
    if (Array.isArray(source)) for (const item of source) (target as unknown[]).push(copied(item));
    else for (const name of Object.keys(source)) define(target, name, copied((source as never)[name]));
  }
  return root;
}

/** `__proto__` is a name like any other, and would set the prototype. */
function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
