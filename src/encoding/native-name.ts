const sourceOf = Function.prototype.toString;
const names = new WeakMap<object, string | false>();

/**
 * The name of the built-in whose own prototype this is (`Object`, `Map`, `TypeError`), of any realm;
 * undefined for the prototype of a class somebody wrote. Runs no code of theirs.
 */
export function nativeName(prototype: object): string | undefined {
  let name = names.get(prototype);
  if (name === undefined) {
    name = findName(prototype);
    names.set(prototype, name);
  }
  return name === false ? undefined : name;
}

/** What a refused object is called in a message: `an instance of Invoice`. */
export function instanceText(value: object): string {
  const prototype: object | null = Object.getPrototypeOf(value);
  const name = prototype === null ? undefined : nameOf(makerOf(prototype));
  return name === undefined || name === '' ? 'an instance of an unnamed class' : `an instance of ${name}`;
}

function findName(prototype: object): string | false {
  const maker = makerOf(prototype);
  const name = nameOf(maker);
  if (maker === undefined || name === undefined) return false;
  if (Object.getOwnPropertyDescriptor(maker, 'prototype')?.value !== prototype) return false;
  // Nobody can write a function whose source reads like this, and every realm's built-ins do.
  return sourceOf.call(maker) === `function ${name}() { [native code] }` ? name : false;
}

function makerOf(prototype: object): object | undefined {
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof maker === 'function' ? maker : undefined;
}

function nameOf(maker: object | undefined): string | undefined {
  if (maker === undefined) return undefined;
  const name: unknown = Object.getOwnPropertyDescriptor(maker, 'name')?.value;
  return typeof name === 'string' ? name : undefined;
}
