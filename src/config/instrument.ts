import { UsageError } from '../errors/usage.js';
import { guardsAround } from '../tool/guard.js';
import type { AnyGuard } from '../tool/types.js';
import type { GuardConfig } from './config.js';
import type { Issues } from './issues.js';
import { spellings, spelt } from './names.js';
import { nearest } from './suggestion.js';
import type { ToolCode } from './tool-code.js';

/** How `instrument` is to be taken. */
export interface InstrumentOptions {
  /** Tools of the file that are not here are guarded elsewhere, and are no error. @default false */
  readonly partial?: boolean;
}

/** What instrumenting needs to know of the runtime around it. */
export interface Finder {
  readonly configured: readonly GuardConfig[];
  /** Whether a guard of this name was applied before. */
  applied(name: string): boolean;
  /** The guard for it; undefined when what is code does not go with the file, which is then told. */
  guard(config: GuardConfig, code: ToolCode): AnyGuard | undefined;
  /** Whether the function is guarded under this name by the same configuration, where it is defined. */
  madeHere(tool: unknown, name: string): boolean;
  unguarded(name: string): void;
  readonly issues: Issues;
}

type Members = ReadonlyMap<string, unknown>;
type AnyFunction = (...args: never[]) => unknown;

/**
 * Finds what is to be guarded, and tells everything that is wrong at once.
 *
 * @returns what makes the instrumented shape, to be called when nothing was wrong.
 */
export function instrumented(
  tools: object,
  code: Readonly<Record<string, ToolCode>>,
  options: InstrumentOptions,
  finder: Finder,
): () => object {
  const shape = shapeOf(tools);
  const replacements = new Map<string, AnyGuard | undefined>();
  for (const config of finder.configured) {
    const key = keyOf(config, shape.members, options, finder);
    if (key === undefined) continue;
    const settled = finder.madeHere(shape.members.get(key), config.name);
    replacements.set(key, settled ? undefined : finder.guard(config, code[key] ?? {}));
  }
  for (const key of Object.keys(code)) {
    if (!replacements.has(key)) refuseCode(key, shape.members, replacements, finder);
  }
  return () => {
    for (const [key, value] of shape.members) {
      const passes = typeof value === 'function' && !replacements.has(key) && guardsAround(value) === undefined;
      if (passes && !isClass(value)) finder.unguarded(key);
    }
    const guarded = new Map<string, AnyFunction>();
    for (const [key, guard] of replacements) {
      if (guard !== undefined) guarded.set(key, applied(guard, shape.members.get(key) as AnyFunction));
    }
    return shape.rebuild(guarded);
  };
}

function applied(guard: AnyGuard, body: AnyFunction): AnyFunction {
  return (guard as unknown as (tool: AnyFunction) => AnyFunction)(body);
}

/** Under which name the function of a tool stands; undefined when it cannot be guarded, which is then told. */
function keyOf(config: GuardConfig, members: Members, options: InstrumentOptions, finder: Finder): string | undefined {
  const { name, at, path } = config;
  const refuse = (id: string, problem: string, remedy: string, suggestion?: string): undefined => {
    finder.issues.add({ id, at, path, problem, remedy, suggestion });
    return undefined;
  };
  const there = spellings(name).filter((key) => members.has(key));
  if (there.length > 1)
    return refuse(
      'MYC505',
      `${there.join(' and ')} are both there`,
      'Keep one of them, so that it is clear which is guarded.',
    );
  const [key] = there;
  if (key === undefined) {
    if (options.partial === true || finder.applied(name)) return undefined;
    return refuse(
      'MYC504',
      `there is no function ${spelt(name)}`,
      'Export it, guard it where it is defined (mycelium.guard), take it out of the file, or pass { partial: true } when it is guarded elsewhere.',
      nearest(
        name,
        [...members.keys()].filter((other) => typeof members.get(other) === 'function'),
      ),
    );
  }
  const value = members.get(key);
  const problem = whyNoTool(value);
  if (problem !== undefined) return refuse('MYC506', `${key} ${problem[0]}`, problem[1]);
  if (guardsAround(value) !== undefined && !finder.madeHere(value, name))
    return refuse(
      'MYC507',
      `${key} is guarded in code already`,
      'Keep one of the two: the guard in code, or the entry in the file.',
    );
  return key;
}

const AsyncGenerator = Object.getPrototypeOf(async function* () {}) as object;
const Generator = Object.getPrototypeOf(function* () {}) as object;

function whyNoTool(value: unknown): readonly [problem: string, remedy: string] | undefined {
  if (typeof value !== 'function') {
    const kind =
      value === null
        ? 'null'
        : Array.isArray(value)
          ? 'a list'
          : `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
    return [
      `is ${kind}, not a function`,
      'Guard the function in it: execute: mycelium.guard(name)(async (input) => …).',
    ];
  }
  if (isClass(value)) return ['is a class', 'Instrument the class itself: mycelium.instrument(TheClass).'];
  const prototype = Object.getPrototypeOf(value) as object;
  if (prototype === Generator || prototype === AsyncGenerator)
    return [
      'is a generator, whose result is a stream',
      'Guard the function that performs the effect and returns a value.',
    ];
  if (value.length > 2)
    return [
      `takes ${value.length} arguments, and a tool has one input and the call`,
      'Take one object, or guard it in code: positional(mycelium.guard(name))(fn).',
    ];
  return undefined;
}

function isClass(value: unknown): boolean {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

function refuseCode(key: string, members: Members, replacements: ReadonlyMap<string, unknown>, finder: Finder): void {
  finder.issues.add({
    id: 'MYC508',
    at: undefined,
    path: [],
    problem: members.has(key)
      ? `code for ${key}, which the file does not name`
      : `code for ${key}, which is no function here`,
    suggestion: nearest(key, replacements.keys()),
    remedy: 'Add it to the file, or take the code out.',
  });
}

/** What was passed, as its members and a way to put others in their place. */
interface Shape {
  readonly members: Members;
  rebuild(guarded: ReadonlyMap<string, AnyFunction>): object;
}

/** @throws UsageError for what has no members to guard. */
function shapeOf(tools: object): Shape {
  if (typeof tools === 'function' && 'prototype' in tools) return classShape(tools as unknown as Constructor);
  if (
    typeof tools !== 'object' ||
    tools === null ||
    (!Object.isExtensible(tools) && !isModule(tools) && isInstance(tools))
  ) {
    throw new UsageError({
      place: 'instrument(tools)',
      problem:
        typeof tools === 'object' && tools !== null
          ? 'got a frozen object of a class, which cannot get guarded methods'
          : `got ${tools === null ? 'null' : `a ${typeof tools}`}`,
      remedy:
        'Pass an object, a module namespace or a class; a single function is guarded by mycelium.guard(name)(fn).',
    });
  }
  return isInstance(tools) ? instanceShape(tools) : recordShape(tools);
}

function isInstance(tools: object): boolean {
  const prototype = Object.getPrototypeOf(tools) as object | null;
  return prototype !== null && prototype !== Object.prototype;
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
  const names = Object.getOwnPropertyNames(tools);
  const module = isModule(tools);
  return {
    members: new Map(names.flatMap((name) => readable(tools, name, module))),
    rebuild(guarded) {
      const result = Object.create(Object.getPrototypeOf(tools)) as object;
      for (const key of Reflect.ownKeys(tools)) {
        const own = Object.getOwnPropertyDescriptor(tools, key) as PropertyDescriptor;
        const replaced = typeof key === 'string' ? guarded.get(key) : undefined;
        const { enumerable = false } = own;
        if (replaced !== undefined) Object.defineProperty(result, key, { ...data(own), value: replaced });
        else if (module && typeof key === 'string')
          Object.defineProperty(result, key, { enumerable, get: () => (tools as Record<string, unknown>)[key] });
        else Object.defineProperty(result, key, own);
      }
      return result;
    },
  };
}

function data({ enumerable = true, writable = true, configurable = true }: PropertyDescriptor): PropertyDescriptor {
  return { enumerable, writable, configurable };
}

/** Getters of an object are not run to see what is behind them; a binding that is not initialized is not there yet. */
function readable(owner: object, name: string, through = false): [string, unknown][] {
  try {
    if (through) return [[name, (owner as Record<string, unknown>)[name]]];
    const own = Object.getOwnPropertyDescriptor(owner, name);
    return own === undefined || !('value' in own) ? [] : [[name, own.value]];
  } catch (error) {
    if (error instanceof ReferenceError) return [];
    throw error;
  }
}

/** Members from the object up to, and without, the end of the chain; the nearest of a name counts. */
function membersAlong(start: object | null, end: object): Map<string, unknown> {
  const members = new Map<string, unknown>();
  for (let owner = start; owner !== null && owner !== end; owner = Object.getPrototypeOf(owner) as object | null) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (name === 'constructor' || members.has(name)) continue;
      for (const [key, value] of readable(owner, name)) members.set(key, value);
    }
  }
  return members;
}

/** An object of a class keeps its private parts only as itself, so it gets the guarded methods itself. */
function instanceShape(tools: object): Shape {
  return {
    members: membersAlong(tools, Object.prototype),
    rebuild(guarded) {
      for (const [key, value] of guarded)
        Object.defineProperty(tools, key, {
          value,
          writable: true,
          configurable: true,
          enumerable: Object.hasOwn(tools, key),
        });
      return tools;
    },
  };
}

type Constructor = new (...args: never[]) => object;

/** A class: a subclass that overrides what is guarded, so that calls through `this` are guarded, too. */
function classShape(Tools: Constructor): Shape {
  const ofInstances = membersAlong(Tools.prototype as object, Object.prototype);
  const statics = membersAlong(Tools, Function.prototype);
  for (const name of ['length', 'name', 'prototype']) statics.delete(name);
  return {
    members: new Map([...statics, ...ofInstances]),
    rebuild(guarded) {
      const Guarded = class extends Tools {};
      Object.defineProperty(Guarded, 'name', { value: Tools.name, configurable: true });
      for (const [key, value] of guarded) {
        const owner = ofInstances.has(key) ? Guarded.prototype : Guarded;
        Object.defineProperty(owner, key, { value, writable: true, configurable: true, enumerable: false });
      }
      return Guarded;
    },
  };
}
