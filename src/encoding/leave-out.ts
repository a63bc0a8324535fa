import { nativeName } from './native-name.js';
import { within } from './refusal.js';

/**
 * A value without the member that the path names (`meta.traceId`), or whose whole name is the path. Copies only
 * the objects along the path and reads only the members on it; the value itself when the path names nothing.
 */
export function leaveOut(value: unknown, path: string): unknown {
  if (!isPlainObject(value)) return value;
  const kept = Object.hasOwn(value, path) ? copyWithout(value, path) : value;
  const dot = path.indexOf('.');
  const name = path.slice(0, dot);
  if (dot === -1 || !Object.hasOwn(kept, name)) return kept;
  try {
    const member = (kept as Readonly<Record<string, unknown>>)[name];
    const changed = leaveOut(member, path.slice(dot + 1));
    if (changed === member) return kept;
    const descriptor = { value: changed, enumerable: true, configurable: true };
    return Object.defineProperty(copyWithout(kept, name), name, descriptor);
  } catch (thrown) {
    throw within(thrown, kept, name);
  }
}

function copyWithout(value: object, name: string): object {
  const descriptors: Record<string, PropertyDescriptor> = Object.getOwnPropertyDescriptors(value);
  delete descriptors[name];
  return Object.defineProperties({}, descriptors);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || nativeName(prototype) === 'Object';
}
