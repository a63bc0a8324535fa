import { UsageError } from '../../errors/usage.js';
import { isClass } from '../../tool/guard.js';

/** Why something cannot be guarded, and what to do about it. */
export interface Refusal {
  readonly problem: string;
  readonly remedy: string;
}

/** What stands under a name, as far as it can be seen. */
export interface Member {
  readonly value: unknown;
  /** Why nothing can be put in its place. */
  readonly refusal?: Refusal;
  /** From a class above the one that was passed. */
  readonly inherited?: true;
}

export type Members = ReadonlyMap<string, Member>;
export type AnyFunction = (...args: never[]) => unknown;

/** What was passed to `instrument`, as its members and a way to put others in their place. */
export interface Shape {
  readonly members: Members;
  /** Cannot fail for members that have no refusal. */
  rebuild(guarded: ReadonlyMap<string, AnyFunction>): object;
}

const GETTER: Refusal = {
  problem: 'is a getter, which is not run to see what it gives',
  remedy: 'Guard the function where it is defined: mycelium.guard(name)(async (input) => …).',
};
const UNINITIALIZED: Refusal = {
  problem: 'is not there yet: its module is still being loaded, perhaps because two modules import each other',
  remedy: 'Instrument when all is loaded, or guard it where it is defined (mycelium.guard).',
};
const FIXED: Refusal = {
  problem: 'cannot be replaced on this object',
  remedy: 'Guard it where it is defined (mycelium.guard), or instrument the class.',
};
const TWICE: Refusal = {
  problem: 'is a static method and a method',
  remedy: 'Rename one of them, so that it is clear which is guarded.',
};

/** @throws UsageError for what has no members to guard. */
export function shapeOf(tools: object): Shape {
  if (typeof tools === 'function' && isConstructor(tools)) return classShape(tools as unknown as Constructor);
  const refuse = (problem: string): UsageError =>
    new UsageError({
      place: 'instrument(tools)',
      problem,
      remedy:
        'Pass an object, a module namespace or a class; a single function is guarded by mycelium.guard(name)(fn).',
    });
  if (typeof tools !== 'object' || tools === null || Array.isArray(tools)) throw refuse(`got ${kindOf(tools)}`);
  if (!isInstance(tools)) return recordShape(tools);
  if (isBuiltIn(tools)) throw refuse(`got ${Object.prototype.toString.call(tools).slice(1, -1)}`);
  if (!Object.isExtensible(tools)) throw refuse('got a frozen object of a class, which cannot get guarded methods');
  return instanceShape(tools);
}

/** `null`, `a list`, `an object`, `a text`: for messages. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value === 'string' ? 'text' : typeof value}`;
}

/** A class, or a function with methods, which is what older compilers make of one; not just any function. */
function isConstructor(tools: object): boolean {
  const { prototype } = tools as { readonly prototype?: unknown };
  if (typeof prototype !== 'object' || prototype === null) return false;
  return isClass(tools) || Object.getOwnPropertyNames(prototype).some((name) => name !== 'constructor');
}

function isInstance(tools: object): boolean {
  const prototype = Object.getPrototypeOf(tools) as object | null;
  return prototype !== null && prototype !== Object.prototype;
}

/** A Map, a Date: what has no tools of the user's under names. */
function isBuiltIn(tools: object): boolean {
  const { constructor: made } = Object.getPrototypeOf(tools) as { readonly constructor?: unknown };
  return typeof made === 'function' && /\[native code\]/.test(Function.prototype.toString.call(made));
}

/** A namespace, or what a compiler makes of one: its members may be getters, and are live. */
function isModule(tools: object): boolean {
  const { [Symbol.toStringTag]: tag, __esModule: compiled } = tools as {
    [Symbol.toStringTag]?: unknown;
    __esModule?: unknown;
  };
  return tag === 'Module' || compiled === true;
}

/** A plain object or a module namespace: a new object, with what is not replaced as it is, live bindings included. */
function recordShape(tools: object): Shape {
  const module = isModule(tools);
  const names = Object.getOwnPropertyNames(tools);
  return {
    members: new Map(names.map((name) => [name, module ? exported(tools, name) : property(tools, name)])),
    rebuild(guarded) {
      const result = Object.create(Object.getPrototypeOf(tools)) as object;
      for (const key of Reflect.ownKeys(tools)) {
        const own = descriptor(tools, key);
        const replaced = typeof key === 'string' ? guarded.get(key) : undefined;
        if (replaced !== undefined) Object.defineProperty(result, key, asValue(replaced, own));
        else if (module && typeof key === 'string')
          Object.defineProperty(result, key, {
            enumerable: own.enumerable === true,
            get: () => (tools as Record<string, unknown>)[key],
          });
        else Object.defineProperty(result, key, own);
      }
      return Object.isExtensible(tools) ? result : Object.preventExtensions(result);
    },
  };
}

function exported(tools: object, name: string): Member {
  try {
    return { value: (tools as Record<string, unknown>)[name] };
  } catch (error) {
    if (error instanceof ReferenceError) return { value: undefined, refusal: UNINITIALIZED };
    // A compiler can make an export load its module when it is read, which concerns nobody who does not use it.
    const problem = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { value: undefined, refusal: { problem, remedy: GETTER.remedy } };
  }
}

function property(owner: object, name: string): Member {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  return own !== undefined && 'value' in own ? { value: own.value } : { value: undefined, refusal: GETTER };
}

/** A namespace cannot describe a binding that is not initialized; it is as the others are. */
function descriptor(owner: object, key: string | symbol): PropertyDescriptor {
  try {
    return Object.getOwnPropertyDescriptor(owner, key) ?? {};
  } catch (error) {
    if (error instanceof ReferenceError) return { enumerable: true };
    throw error;
  }
}

/** A value in the place of what was there, as visible and as changeable. */
function asValue(
  value: AnyFunction,
  { enumerable = true, writable = true, configurable = true }: PropertyDescriptor,
): PropertyDescriptor {
  return { value, enumerable, writable, configurable };
}

/**
 * Members from the object up to, and without, the end of the chain; the nearest of a name counts.
 *
 * @param own - the objects of the chain that are the user's, and not inherited from somebody else.
 */
function membersAlong(start: object, end: object, own: readonly object[]): Map<string, Member> {
  const members = new Map<string, Member>();
  for (
    let owner: object | null = start;
    owner !== null && owner !== end;
    owner = Object.getPrototypeOf(owner) as object | null
  ) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (name === 'constructor' || members.has(name)) continue;
      members.set(name, { ...property(owner, name), ...(own.includes(owner) ? {} : { inherited: true }) });
    }
  }
  return members;
}

/** An object of a class keeps its private parts only as itself, so it gets the guarded methods itself. */
function instanceShape(tools: object): Shape {
  const members = membersAlong(tools, Object.prototype, [tools, Object.getPrototypeOf(tools) as object]);
  for (const [name, member] of members) {
    if (Object.getOwnPropertyDescriptor(tools, name)?.configurable === false)
      members.set(name, { refusal: FIXED, ...member });
  }
  return {
    members,
    rebuild(guarded) {
      for (const [key, value] of guarded) {
        const own = Object.getOwnPropertyDescriptor(tools, key) ?? { enumerable: false };
        Object.defineProperty(tools, key, asValue(value, own));
      }
      return tools;
    },
  };
}

type Constructor = new (...args: unknown[]) => object;

/** A class: a subclass that overrides what is guarded, so that calls through `this` are guarded, too. */
function classShape(Tools: Constructor): Shape {
  const { prototype } = Tools as { readonly prototype: object };
  const ofInstances = membersAlong(prototype, Object.prototype, [prototype]);
  const statics = membersAlong(Tools, Function.prototype, [Tools]);
  for (const name of ['length', 'name', 'prototype', 'arguments', 'caller']) statics.delete(name);
  const members = new Map([...statics, ...ofInstances]);
  for (const [name, member] of ofInstances) {
    if (typeof statics.get(name)?.value === 'function') members.set(name, { ...member, refusal: TWICE });
  }
  return {
    members,
    rebuild(guarded) {
      const methods = [...guarded.keys()].filter((key) => ofInstances.has(key));
      const Guarded = class extends Tools {
        constructor(...args: unknown[]) {
          super(...args);
          checkGuarded(this, Guarded, methods);
        }
      };
      Object.defineProperty(Guarded, 'name', { value: Tools.name, configurable: true });
      for (const [key, value] of guarded) {
        const owner = ofInstances.has(key) ? Guarded.prototype : Guarded;
        Object.defineProperty(owner, key, asValue(value, { enumerable: false }));
      }
      return Guarded;
    },
  };
}

/** @throws UsageError when something stands in front of the guarded methods of a new object. */
function checkGuarded(made: object, Guarded: Constructor, methods: readonly string[]): void {
  const hidden = methods.find((key) => !(made instanceof Guarded) || (Object.hasOwn(made, key) && !isBound(made, key)));
  if (hidden === undefined) return;
  throw new UsageError({
    place: `new ${Guarded.name}`,
    problem: `${hidden} is set on the object itself, or the constructor gives another object, so its guard would not be in the way`,
    remedy: 'Make it a method, or guard it where it is defined (mycelium.guard).',
  });
}

/** `this.pay = this.pay.bind(this)`, which binds the guarded method. */
function isBound(made: object, key: string): boolean {
  const [own, method] = [made, Object.getPrototypeOf(made) as object].map(
    (owner) => (owner as Record<string, unknown>)[key] as { readonly name?: unknown } | undefined,
  );
  return typeof own === 'function' && own.name === `bound ${String(method?.name)}`;
}
