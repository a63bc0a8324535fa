import type { Finding } from './finding.js';
import { isNode, nodesAt, own, type SchemaNode, type Step } from './node.js';

/**
 * The fields that a schema knows. Schemas take any others, and drop them or hand them on; here they are refused, so
 * that a misspelt argument is told instead of lost.
 */
export interface KnownFields {
  /** By name, with what is known of the values, or null. Undefined when this is no object. */
  readonly fields?: ReadonlyMap<string, KnownFields | null> | undefined;
  /** Whether a field that is not among them is refused here. */
  readonly closed: boolean;
  /** Of the items of a list. */
  readonly items?: KnownFields | undefined;
}

/** Adds what is not known. Only own enumerable names count, as JSON has no others. */
export function findUnknown(known: KnownFields, value: unknown, path: Step[], findings: Finding[]): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    const { items } = known;
    if (items === undefined) return;
    for (let index = 0; index < value.length; index += 1) {
      path.push(index);
      findUnknown(items, value[index], path, findings);
      path.pop();
    }
    return;
  }
  const { fields, closed } = known;
  if (fields === undefined) return;
  let names: readonly string[] | undefined;
  for (const name in value) {
    const below = fields.get(name);
    if (below === null) continue;
    if (below !== undefined) {
      path.push(name);
      findUnknown(below, own(value, name), path, findings);
      path.pop();
    } else if (closed && Object.hasOwn(value, name)) {
      names ??= [...fields.keys()];
      findings.push({ path: [...path, name], code: 'unknown-field', fields: names });
    }
  }
}

/** What zod keeps of a schema. Of the parts that are read here, each is looked at before it is believed. */
type ZodDefinition = Readonly<Record<string, unknown>>;

/** Undefined when nothing in it is to be refused, or when it cannot be told. */
export function zodFields(schema: unknown): KnownFields | undefined {
  return readZod(schema, new Map());
}

function readZod(schema: unknown, seen: Map<unknown, Filling>): KnownFields | undefined {
  const definition = definitionOf(schema);
  if (definition === undefined) return undefined;
  const known = seen.get(schema);
  if (known !== undefined) return known;
  switch (definition['type']) {
    case 'object':
      return readObject(schema, definition, seen);
    case 'array': {
      const list: Filling = { closed: false };
      seen.set(schema, list);
      list.items = readZod(definition['element'], seen);
      return list.items === undefined ? undefined : list;
    }
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return readZod(definition['innerType'], seen);
    case 'pipe':
      return readZod(definition['in'], seen);
    case 'lazy':
      return typeof definition['getter'] === 'function' ? readZod(definition['getter'](), seen) : undefined;
    case 'union':
      return merged(Array.isArray(definition['options']) ? definition['options'] : [], seen);
    case 'intersection':
      return merged([definition['left'], definition['right']], seen);
    default:
      return undefined;
  }
}

/** Filled after it is known, as a schema may hold itself. */
type Filling = { -readonly [Key in keyof KnownFields]: KnownFields[Key] };

function readObject(schema: unknown, definition: ZodDefinition, seen: Map<unknown, Filling>): KnownFields | undefined {
  const shape = definition['shape'];
  if (!isNode(shape)) return undefined;
  // Without a catchall, others are dropped; with `never` zod refuses them itself; with any other they are welcome.
  const catchall = definition['catchall'];
  const result: Filling = { closed: catchall === undefined };
  seen.set(schema, result);
  result.fields = new Map(Object.keys(shape).map((name) => [name, readZod(shape[name], seen) ?? null]));
  return result;
}

/** What one of several objects knows is known; when one of them is open, all are. */
function merged(schemas: readonly unknown[], seen: Map<unknown, Filling>): KnownFields | undefined {
  const fields = new Map<string, null>();
  let closed = true;
  for (const schema of schemas) {
    const known = readZod(schema, seen);
    if (known?.fields === undefined) {
      if (canBeObject(schema)) closed = false;
      continue;
    }
    closed &&= known.closed || isStrict(schema);
    for (const name of known.fields.keys()) fields.set(name, null);
  }
  return fields.size === 0 || !closed ? undefined : { fields, closed };
}

const PLAIN_TYPES: readonly unknown[] = [
  ...['string', 'number', 'int', 'boolean', 'bigint', 'null', 'undefined', 'literal', 'enum', 'array', 'tuple'],
  ...['date', 'nan', 'void', 'never', 'template_literal'],
];

function canBeObject(schema: unknown): boolean {
  return !PLAIN_TYPES.includes(definitionOf(schema)?.['type']);
}

function isStrict(schema: unknown): boolean {
  return definitionOf(definitionOf(schema)?.['catchall'])?.['type'] === 'never';
}

function definitionOf(schema: unknown): ZodDefinition | undefined {
  if (!isNode(schema) && typeof schema !== 'function') return undefined;
  const internals: unknown = Reflect.get(schema, '_zod');
  const definition = isNode(internals) ? internals['def'] : definitionOfThree(Reflect.get(schema, '_def'));
  return isNode(definition) ? definition : undefined;
}

/** What zod 3 calls otherwise. Whatever is not here knows no fields in either version. */
function definitionOfThree(definition: unknown): ZodDefinition | undefined {
  if (!isNode(definition)) return undefined;
  const { typeName, shape, catchall, unknownKeys, effect, options } = definition;
  switch (typeName) {
    case 'ZodObject': {
      const isOpen = unknownKeys !== 'strip' || definitionOfThree(ownDefinition(catchall))?.['type'] !== 'never';
      return { type: 'object', shape: typeof shape === 'function' ? shape() : undefined, ...(isOpen && { catchall }) };
    }
    case 'ZodNever':
      return { type: 'never' };
    case 'ZodArray':
      return { type: 'array', element: definition['type'] };
    case 'ZodOptional':
    case 'ZodNullable':
    case 'ZodDefault':
    case 'ZodReadonly':
    case 'ZodCatch':
      return { type: 'optional', innerType: definition['innerType'] };
    case 'ZodBranded':
      return { type: 'optional', innerType: definition['type'] };
    case 'ZodEffects':
      // What is made of the input first may have other fields.
      return isNode(effect) && effect['type'] === 'preprocess'
        ? undefined
        : { type: 'optional', innerType: definition['schema'] };
    case 'ZodPipeline':
      return { type: 'pipe', in: definition['in'] };
    case 'ZodLazy':
      return { type: 'lazy', getter: definition['getter'] };
    case 'ZodUnion':
    case 'ZodDiscriminatedUnion':
      return { type: 'union', options };
    case 'ZodIntersection':
      return { type: 'intersection', left: definition['left'], right: definition['right'] };
    default:
      return undefined;
  }
}

function ownDefinition(schema: unknown): unknown {
  return isNode(schema) ? schema['_def'] : undefined;
}

const BRANCHES = ['allOf', 'anyOf', 'oneOf'] as const;
const SUBSCHEMAS = ['if', 'then', 'else'] as const;

/**
 * The top level of a JSON Schema. Where it, or a part that it is made of, says a word about other fields, that word
 * stands; where it lists no fields, any will do.
 */
export function jsonSchemaFields(root: SchemaNode): KnownFields | undefined {
  const fields = new Map<string, null>();
  const nodes = new Set<SchemaNode>(nodesAt(root, []));
  let lists = false;
  let closed = true;
  for (const node of nodes) {
    for (const keyword of SUBSCHEMAS) if (isNode(node[keyword])) nodes.add(node[keyword]);
    for (const keyword of BRANCHES)
      for (const branch of Array.isArray(node[keyword]) ? node[keyword] : []) if (isNode(branch)) nodes.add(branch);
    for (const branch of Object.values(node['dependentSchemas'] ?? {})) if (isNode(branch)) nodes.add(branch);
    if (isNode(node['properties'])) {
      lists = true;
      for (const name of Object.keys(node['properties'])) fields.set(name, null);
    }
    if (['additionalProperties', 'unevaluatedProperties', 'patternProperties'].some((key) => Object.hasOwn(node, key)))
      closed = false;
  }
  return lists ? { fields, closed } : undefined;
}
