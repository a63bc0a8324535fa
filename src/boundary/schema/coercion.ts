import { isPlain } from '../describe.js';
import { type Finding, issuePath, valueAt } from './finding.js';
import { choicesOf, nodesAt, own, type SchemaNode, type Step, typeName, typesOf } from './node.js';

/** One repair of an argument: what it was and what it became, in words of JSON Schema; `nothing`: it was left out. */
export interface Coercion {
  readonly path: string;
  readonly from: string;
  readonly to: string;
}

/** An input with repairs in it. The one it was made of is as it was. */
export interface Repaired {
  readonly value: unknown;
  readonly coercions: readonly Coercion[];
}

/**
 * Repairs what models often get wrong. Only what a check found wrong is touched, and only as this table says; a
 * further check decides whether it helped.
 *
 * | the schema expects | the value is | it becomes |
 * | --- | --- | --- |
 * | an object | text that is a JSON object | that object |
 * | a list | text that is a JSON list | that list |
 * | a list | any other single value but null | a list of it |
 * | an integer | text such as `5`, `-5` or `5.0`, up to ±(2^53 − 1) | the number |
 * | a number | text that is a finite JSON number | the number |
 * | true or false | `true`, `false` in any case | the boolean |
 * | null | the text `null` | null |
 * | a string | an integer up to ±(2^53 − 1) | its digits |
 * | one of several texts | one of them with blanks around it | that one |
 * | a field that may be left out, and not null | null | left out |
 *
 * Blanks around a text do not count. An empty text never becomes a number, nor does `0x10` or `1e400`.
 *
 * @returns undefined when there is one finding that cannot be repaired: the call fails anyhow.
 */
export function repair(
  input: unknown,
  findings: readonly Finding[],
  schema: SchemaNode | undefined,
): Repaired | undefined {
  const root: Root = { value: input, copies: new Set() };
  const coercions: Coercion[] = [];
  const done = new Set<string>();
  for (const finding of findings) {
    const { path } = finding;
    const key = JSON.stringify(path);
    if (done.has(key)) continue;
    const value = valueAt(root.value, path);
    const nodes = nodesAt(schema, path);
    const change = REPAIRABLE.has(finding.code)
      ? (repairOne(value, nodes.length > 0 || finding.node === undefined ? nodes : [finding.node]) ??
        leftOut(value, path, schema))
      : undefined;
    if (change === undefined) return undefined;
    done.add(key);
    put(root, path, change);
    coercions.push({ path: issuePath(path), from: typeName(value), to: change.to });
  }
  return { value: root.value, coercions };
}

const REPAIRABLE: ReadonlySet<Finding['code']> = new Set(['type', 'choice']);

interface Change {
  readonly to: string;
  /** Absent when the field is left out. */
  readonly value?: unknown;
}

function repairOne(value: unknown, nodes: readonly SchemaNode[]): Change | undefined {
  const types = typesOf(nodes);
  if (typeof value === 'string') {
    const changed = fromText(value.trim(), types, nodes);
    if (changed !== undefined) return changed;
  }
  if (Number.isSafeInteger(value) && types.has('string')) return { to: 'string', value: String(value) };
  if (types.has('array') && value !== null && value !== undefined && !Array.isArray(value))
    return { to: 'array', value: [value] };
  return undefined;
}

const INTEGER = /^-?(0|[1-9]\d{0,15})(\.0{1,20})?$/;
const NUMBER = /^-?(0|[1-9]\d{0,400})(\.\d{1,400})?([eE][-+]?\d{1,4})?$/;

function fromText(text: string, types: ReadonlySet<string>, nodes: readonly SchemaNode[]): Change | undefined {
  if (types.has('string') && nodes.some((node) => choicesOf(node)?.includes(text)))
    return { to: 'string', value: text };
  if (types.has('null') && text === 'null') return { to: 'null', value: null };
  if (types.has('boolean') && /^(true|false)$/i.test(text))
    return { to: 'boolean', value: text.toLowerCase() === 'true' };
  if (types.has('integer') && INTEGER.test(text) && Number.isSafeInteger(Number(text)))
    return { to: 'integer', value: Number(text) };
  if (types.has('number') && NUMBER.test(text) && Number.isFinite(Number(text)))
    return { to: 'number', value: Number(text) };
  const wanted = text.startsWith('{') ? 'object' : 'array';
  if (!types.has(wanted) || !/^[[{]/.test(text)) return undefined;
  const parsed = parse(text);
  return parsed === undefined ? undefined : { to: wanted, value: parsed };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Models write null for what they mean to leave out. */
function leftOut(value: unknown, path: readonly Step[], schema: SchemaNode | undefined): Change | undefined {
  const name = path.at(-1);
  if (value !== null || typeof name !== 'string') return undefined;
  const parents = nodesAt(schema, path.slice(0, -1)).filter((node) => own(node['properties'], name) !== undefined);
  const optional = parents.every(({ required }) => !Array.isArray(required) || !required.includes(name));
  return parents.length > 0 && optional ? { to: 'nothing' } : undefined;
}

/** What is being repaired, with the lists and objects in it that are already copies. */
interface Root {
  value: unknown;
  readonly copies: Set<unknown>;
}

/** Writes one change. What is on the way to it is copied once: the input belongs to the caller. */
function put(root: Root, path: readonly Step[], change: Change): void {
  if (path.length === 0) {
    root.value = change.value;
    return;
  }
  let container = copied(root, root.value);
  root.value = container;
  for (const step of path.slice(0, -1)) {
    const below = copied(root, own(container, step));
    define(container, step, below);
    container = below;
  }
  const last = path.at(-1) as Step;
  if (Object.hasOwn(change, 'value')) define(container, last, change.value);
  else Reflect.deleteProperty(container, last);
}

function copied(root: Root, value: unknown): object {
  if (root.copies.has(value)) return value as object;
  const copy = Array.isArray(value) ? [...value] : {};
  if (isPlain(value)) for (const name of Object.keys(value)) define(copy, name, value[name]);
  root.copies.add(copy);
  return copy;
}

function define(target: object, name: Step, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
