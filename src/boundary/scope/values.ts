/** One step into an input: a member by name, an item by number. */
export type Step = string | number;

/** A parameter that an option names, e.g. `source` or `options.target`. */
export interface Field {
  readonly text: string;
  readonly names: readonly string[];
}

/** What stands at a field, or at one item of a list there. */
export interface Found {
  readonly steps: readonly Step[];
  readonly value: unknown;
  /** An item of a list: something stands there even when it is null. */
  readonly item: boolean;
}

/** How many items of lists one option looks at in one call. */
export const MOST_ITEMS = 10_000;

/** Lists in lists deeper than this are no list of paths. */
const MOST_STEPS = 32;

interface Search {
  readonly found: Found[];
  items: number;
}

/** @returns undefined when there are more items than anybody will look at. */
export function findValues(input: unknown, fields: readonly Field[]): readonly Found[] | undefined {
  const search: Search = { found: [], items: 0 };
  for (const field of fields) collect(search, input, field.names, 0, [], false);
  return search.items > MOST_ITEMS ? undefined : search.found;
}

/** Lists count as each of their items, wherever they stand: `edits.file` is the file of every edit. */
function collect(
  search: Search,
  value: unknown,
  names: readonly string[],
  at: number,
  steps: readonly Step[],
  item: boolean,
): void {
  const name = names[at];
  if (Array.isArray(value) && steps.length < MOST_STEPS) {
    for (let index = 0; index < value.length && search.items <= MOST_ITEMS; index++) {
      search.items++;
      collect(search, value[index], names, at, [...steps, index], true);
    }
  } else if (name === undefined) {
    if (value !== undefined || item) search.found.push({ steps, value, item });
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map)) {
    const whole = names.slice(at).join('.');
    if (at + 1 < names.length && Object.hasOwn(value, whole)) {
      collect(search, member(value, whole), [], 0, [...steps, whole], false);
    }
    collect(search, member(value, name), names, at + 1, [...steps, name], false);
  } else if (value !== undefined && value !== null) {
    // What should hold the field is something that a tool might still read it out of, such as JSON in a text.
    search.found.push({ steps, value, item: true });
  }
}

/** What a tool would read there. Inherited members count, but not those that every object has. */
function member(value: object, name: string): unknown {
  const read = (value as Readonly<Record<string, unknown>>)[name];
  if (Object.hasOwn(value, name)) return read;
  return read === (Object.prototype as Readonly<Record<string, unknown>>)[name] ? undefined : read;
}
