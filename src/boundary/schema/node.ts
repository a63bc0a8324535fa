/**
 * Every kind of schema is seen as JSON Schema when something is to be said about it: what is expected at a place,
 * and which type a repair should aim at.
 */
export type SchemaNode = Readonly<Record<string, unknown>>;

/** One step into a value. */
export type Step = string | number;

/** How many alternatives are looked at: a schema may nest them without end. */
const MOST_ALTERNATIVES = 64;

export function isNode(value: unknown): value is SchemaNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member of its own, never one that comes from a prototype. */
export function own(value: unknown, name: Step): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<Step, unknown>>)[name];
}

/** Everything that the schema says about a place; empty when it says nothing. */
export function nodesAt(root: SchemaNode | undefined, path: readonly Step[]): readonly SchemaNode[] {
  if (root === undefined) return [];
  let nodes = alternatives([root], root);
  for (const step of path) {
    nodes = alternatives(
      nodes.flatMap((node) => below(node, step)),
      root,
    );
    if (nodes.length === 0) break;
  }
  return nodes;
}

/** The types that may stand there, in words of JSON Schema. */
export function typesOf(nodes: readonly SchemaNode[]): ReadonlySet<string> {
  const types = new Set<string>();
  for (const node of nodes) {
    const type = node['type'];
    for (const name of Array.isArray(type) ? type : [type]) if (typeof name === 'string') types.add(name);
    if (node['nullable'] === true) types.add('null');
    if (type !== undefined) continue;
    for (const choice of choicesOf(node) ?? []) types.add(typeName(choice));
  }
  return types;
}

/** The values that a node lists, if it lists any. */
export function choicesOf(node: SchemaNode): readonly unknown[] | undefined {
  if (Object.hasOwn(node, 'const')) return [node['const']];
  return Array.isArray(node['enum']) ? node['enum'] : undefined;
}

/** What a value is, in words of JSON Schema. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function below(node: SchemaNode, step: Step): readonly SchemaNode[] {
  const found =
    typeof step === 'number'
      ? (own(node['prefixItems'], step) ?? node['items'])
      : (own(node['properties'], step) ?? node['additionalProperties']);
  return isNode(found) ? [found] : [];
}

const BRANCHES = ['anyOf', 'oneOf', 'allOf'] as const;

/** The nodes themselves and all that they refer to or are composed of. */
function alternatives(nodes: readonly SchemaNode[], root: SchemaNode): readonly SchemaNode[] {
  const found = new Set<SchemaNode>(nodes);
  for (const node of found) {
    for (const keyword of BRANCHES) {
      const branches = node[keyword];
      if (!Array.isArray(branches)) continue;
      for (const branch of branches) if (isNode(branch) && found.size < MOST_ALTERNATIVES) found.add(branch);
    }
    const referred = referredBy(node, root);
    if (referred !== undefined && found.size < MOST_ALTERNATIVES) found.add(referred);
  }
  return [...found];
}

/** What a `$ref` within the same document means. */
function referredBy(node: SchemaNode, root: SchemaNode): SchemaNode | undefined {
  const reference = node['$ref'];
  if (typeof reference !== 'string' || !reference.startsWith('#')) return undefined;
  let at: unknown = root;
  for (const part of reference.split('/').slice(1))
    at = own(at, decodeURIComponent(part).replace(/~1/g, '/').replace(/~0/g, '~'));
  return isNode(at) ? at : undefined;
}
