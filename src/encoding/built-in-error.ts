import { types } from 'node:util';
import { nativeName } from './native-name.js';

const CONSTRUCTORS: ReadonlyMap<string, ErrorConstructor> = new Map([
  ['Error', Error],
  ['EvalError', EvalError],
  ['RangeError', RangeError],
  ['ReferenceError', ReferenceError],
  ['SyntaxError', SyntaxError],
  ['TypeError', TypeError],
  ['URIError', URIError],
]);

/** The members of an error that its constructor makes, and makes non-enumerable. */
const FIELDS: readonly string[] = ['message', 'name', 'cause', 'errors'];

/** Which members of an error are kept: those its constructor hides, and those somebody added. Never the stack. */
interface ErrorMembers {
  readonly hidden: readonly string[];
  readonly shown: readonly string[];
}

/** The name of the built-in error type of some realm that the value is; undefined for anything else, subclasses included. */
export function errorKind(value: object): string | undefined {
  const prototype: object | null = Object.getPrototypeOf(value);
  const name = prototype === null ? undefined : nativeName(prototype);
  return name !== undefined && isErrorKind(name) && types.isNativeError(value) ? name : undefined;
}

export function isErrorKind(name: string): boolean {
  return name === 'AggregateError' || CONSTRUCTORS.has(name);
}

export function errorMembers(error: object): ErrorMembers {
  const shown = Object.keys(error).filter((name) => name !== 'stack');
  return { shown, hidden: FIELDS.filter((field) => Object.hasOwn(error, field) && !shown.includes(field)) };
}

/**
 * An error of a built-in type with just these members. Its stack says what it is and not where it came from,
 * which was another process or another moment.
 *
 * @returns undefined when `hidden` names a member that no constructor makes.
 */
export function buildError(
  kind: string,
  hidden: Readonly<Record<string, unknown>>,
  shown: Readonly<Record<string, unknown>>,
): Error | undefined {
  const error = emptyError(kind);
  for (const name of Object.keys(hidden)) {
    if (!FIELDS.includes(name)) return undefined;
    define(error, name, hidden[name], false);
  }
  for (const name of Object.keys(shown)) define(error, name, shown[name], true);
  setStack(error, kind);
  return error;
}

/** A genuine error of a built-in type, still without members. */
export function emptyError(kind: string): Error {
  const error = new (CONSTRUCTORS.get(kind) ?? Error)();
  return kind === 'AggregateError' ? Object.setPrototypeOf(error, AggregateError.prototype) : error;
}

/** Sets an own member whatever its name, so that `__proto__` is a member like any other. */
export function define(target: object, name: PropertyKey, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, name, { value, enumerable, configurable: true, writable: true });
}

/** Makes the stack say what the error is now. */
export function setStack(error: Error, kind: string): void {
  const name: unknown = error.name;
  const message: unknown = error.message;
  const title = typeof name === 'string' ? name : kind;
  define(error, 'stack', typeof message === 'string' && message !== '' ? `${title}: ${message}` : title, false);
}
