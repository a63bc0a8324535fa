/** Far beyond what a model reads; a value that goes on for ever ends here. */
const DEEPEST = 200;

/**
 * What a tool gave back, as data that every format can carry and a model can read: JSON, in which nothing disappears that
 * JSON has no word for. A copy: what becomes of the value later does not change the conversation.
 */
export function shown(value: unknown): unknown {
  if (value === undefined) return 'It was carried out, and gives nothing back.';
  try {
    const data = dataOf(value, '', []);
    return data === undefined ? `It was carried out. It gave back a ${typeof value}, which cannot be shown.` : data;
  } catch {
    return 'It was carried out. What it gave back cannot be shown.';
  }
}

/** Undefined for what is left out, as JSON has it. */
function dataOf(given: unknown, key: string, around: readonly object[]): unknown {
  const value = ofItself(given, key);
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      // JSON has no -0 either.
      return Number.isFinite(value) ? value + 0 : String(value);
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? null : objectOf(value, around);
    default:
      return undefined;
  }
}

/** What a value says of itself, as a Date, a URL or a decimal number does. Bytes would name each of them. */
function ofItself(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' ? (toJSON.call(value, key) as unknown) : value;
}

function objectOf(value: object, around: readonly object[]): unknown {
  if (around.includes(value)) return '(the same as around it)';
  if (around.length === DEEPEST) return '(nested too deeply)';
  const inside = [...around, value];
  const items = (list: readonly unknown[]): unknown[] =>
    Array.from(list, (item, at) => dataOf(item, String(at), inside) ?? null);
  if (Array.isArray(value)) return items(value);
  if (value instanceof Set) return items([...(value as ReadonlySet<unknown>)]);
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<unknown, unknown>)];
    return entries.every(([key]) => typeof key === 'string')
      ? members(entries as [string, unknown][], inside)
      : items(entries);
  }
  if (value instanceof Error) {
    const { name, message } = value;
    return members([['name', name], ['message', message], ...Object.entries(value)], inside);
  }
  if (value instanceof RegExp) return String(value);
  if (ArrayBuffer.isView(value)) return bytesOf(value);
  if (value instanceof String || value instanceof Number || value instanceof Boolean) return value.valueOf();
  return members(Object.entries(value), inside);
}

function members(entries: readonly (readonly [string, unknown])[], around: readonly object[]): Record<string, unknown> {
  const shownOnes = entries.map(([key, member]) => [key, dataOf(member, key, around)] as const);
  return Object.fromEntries(shownOnes.filter(([, member]) => member !== undefined));
}

function bytesOf(value: ArrayBufferView): unknown {
  if (!(value instanceof Uint8Array) && !(value instanceof DataView))
    return Array.from(value as unknown as ArrayLike<number | bigint>, (item) => dataOf(item, '', []));
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
}
