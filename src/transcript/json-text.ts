/** Deeper than anybody reads, and not so deep that looking at it ends the stack. */
const DEEPEST = 200;
/** In a value that holds itself in many ways, there is no end of ways through it. */
const MOST = 10_000;

/**
 * JSON text of a value; text stays as it is. What JSON has no word for is told: digits of a bigint, the message of an
 * error, the members of maps and sets. A value that holds itself, or that is too deep, ends
 * where it does so.
 */
export function asJsonText(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value, (_, member: unknown) => told(member)) ?? '{}';
  } catch {
    return JSON.stringify(new Copy().of(value, [])) ?? '{}';
  }
}

/** As JSON can have it, one level down. */
function told(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) {
    const named = [...value.keys()].every((key) => typeof key === 'string');
    return named ? Object.fromEntries(value) : [...value];
  }
  if (value instanceof Set) return [...value];
  if (!(value instanceof Error)) return value;
  const { name, message } = value;
  return { name, message, ...(value as object) };
}

/** A copy that JSON can write, of what it cannot. */
class Copy {
  #left = MOST;

  of(given: unknown, around: readonly object[]): unknown {
    try {
      return this.#copied(given, around);
    } catch {
      // A getter or a proxy of the caller's.
      return '[unreadable]';
    }
  }

  #copied(given: unknown, around: readonly object[]): unknown {
    if (typeof given !== 'object' || given === null) return told(given);
    if (around.includes(given)) return '[circular]';
    this.#left -= 1;
    if (around.length >= DEEPEST || this.#left < 0) return '[and more]';
    const inside = [...around, given];
    const value = told(ofItself(given));
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return Array.from(value, (one: unknown) => this.of(one, inside));
    const names = Object.keys(value);
    return Object.fromEntries(names.map((name) => [name, this.#member(value as Members, name, inside)]));
  }

  #member(value: Members, name: string, around: readonly object[]): unknown {
    try {
      return this.of(value[name], around);
    } catch {
      return '[unreadable]';
    }
  }
}

type Members = Readonly<Record<string, unknown>>;

function ofItself(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' ? (toJSON as () => unknown).call(value) : value;
}
