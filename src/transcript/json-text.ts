/** Deeper than anybody reads, and not so deep that looking at it ends the stack. */
const DEEPEST = 200;

/**
 * JSON text of a value; text stays as it is. What JSON has no word for is told: digits of a bigint, the message of an
 * error, the members of maps and sets. A value that holds itself, or that is too deep, ends where it does so.
 */
export function asJsonText(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value, (_, member: unknown) => told(member)) ?? '{}';
  } catch {
    return JSON.stringify(readable(value, [])) ?? '{}';
  }
}

/** As JSON can have it, one level down. */
function told(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value];
  if (!(value instanceof Error)) return value;
  const { name, message } = value;
  return { name, message, ...(value as object) };
}

function readable(value: unknown, around: readonly object[]): unknown {
  try {
    return copied(value, around);
  } catch {
    // A getter or a proxy of the caller's.
    return '[unreadable]';
  }
}

/** A copy that JSON can write, of what it cannot. */
function copied(given: unknown, around: readonly object[]): unknown {
  const value = told(ofItself(given));
  if (typeof value !== 'object' || value === null) return value;
  if (around.includes(value)) return '[circular]';
  if (around.length >= DEEPEST) return '[too deep]';
  const inside = [...around, value];
  if (Array.isArray(value)) return Array.from(value, (one: unknown) => readable(one, inside));
  return Object.fromEntries(Object.keys(value).map((name) => [name, member(value as Record<string, unknown>, name, inside)]));
}

function member(value: Readonly<Record<string, unknown>>, name: string, around: readonly object[]): unknown {
  try {
    return copied(value[name], around);
  } catch {
    return '[unreadable]';
  }
}

function ofItself(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' ? (toJSON as () => unknown).call(value) : value;
}
