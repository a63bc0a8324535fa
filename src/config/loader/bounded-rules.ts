import { nearest } from '../../encoding/nearest.js';
import { UsageError } from '../../errors/usage.js';
import { compileBounded, namesOf, scopeParams } from './bounded.js';
import type { GuardConfig } from './config.js';
import type { YamlTree } from './document.js';
import { dotted, type Path } from './issues.js';
import { camelCase, spellings } from './names.js';
import type { BoundedData } from './schema.js';
import type { Add } from './storage-rules.js';

interface Around {
  readonly folder: string;
  readonly tree: YamlTree;
  /** Dotted paths of what was left out: nothing is concluded from what is not there. */
  readonly uncertain: ReadonlySet<string>;
}

/** What of a boundary does not go together, and what is wrong with its schemas. */
export function checkBounded(guard: GuardConfig, around: Around, add: Add): void {
  const { bounded: data } = guard;
  const path = [...guard.path, 'bounded'];
  const perhaps = [path, ...Object.keys(OPTIONS_OF).map((key) => [...path, key])].some((one) =>
    around.uncertain.has(dotted(one)),
  );
  if (data === undefined || perhaps) return;
  if (Object.values(data).every((value) => value === undefined)) {
    add({
      id: 'MYC330',
      path,
      problem: `${dotted(path)} is empty`,
      remedy: 'Say what to check, e.g. schema: { order_id: { type: string } }.',
    });
    return;
  }
  if (!checkPairs(data, path, add)) return;
  for (const key of ['schema', 'output_schema'] as const) checkTwins(data[key], [...path, key], add);
  try {
    const { input } = compileBounded(data, around.folder);
    checkParams(data, input?.fields, path, add);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const at = placeIn(String(error.details['place']), path, around.tree);
    add({
      id: 'MYC333',
      path: at,
      mark: typeof at.at(-1) === 'number' ? 'value' : 'key',
      problem: `${dotted(at)}: ${String(error.details['problem'])}`,
      remedy: error.remedy,
    });
  }
}

/** Which options belong to which: one without the other checks nothing. */
const OPTIONS_OF: Readonly<Record<string, keyof BoundedData>> = {
  entity_param: 'entity_pattern',
  entity_pattern: 'entity_param',
  path_param: 'allowed_paths',
  base: 'allowed_paths',
  url_param: 'allowed_hosts',
  url_schemes: 'allowed_hosts',
  allowed_hosts: 'url_param',
  coerce: 'schema',
  unknown_fields: 'schema',
  schema: 'schema',
  output_schema: 'output_schema',
};

/** @returns whether nothing is missing. */
function checkPairs(data: BoundedData, path: Path, add: Add): boolean {
  let whole = true;
  for (const [key, other] of Object.entries(OPTIONS_OF)) {
    if (data[key as keyof BoundedData] === undefined || data[other] !== undefined) continue;
    whole = false;
    const at = [...path, key];
    add({
      id: 'MYC331',
      path: at,
      problem: `${dotted(at)} has no effect without ${other}`,
      remedy: `Add ${other}, or remove ${key}.`,
    });
  }
  return whole;
}

/** `order_id` and `orderId` are the same in code. */
function checkTwins(specs: BoundedData['schema'], path: Path, add: Add): void {
  const seen = new Map<string, string>();
  for (const name of Object.keys(specs ?? {})) {
    const other = seen.get(camelCase(name));
    seen.set(camelCase(name), name);
    if (other === undefined) continue;
    const at = [...path, name];
    const problem = `${other} and ${name} are the same name in code, ${camelCase(name)}`;
    add({ id: 'MYC334', path: at, problem, remedy: 'Keep one of them.' });
  }
}

/** A parameter that the schema does not have would check nothing. */
function checkParams(data: BoundedData, fields: readonly string[] | undefined, path: Path, add: Add): void {
  if (fields === undefined) return;
  for (const [key, name] of scopeParams(data)) {
    const [first = ''] = name.split('.', 1);
    if (spellings(first).some((spelling) => fields.includes(spelling))) continue;
    const said = data[key as keyof BoundedData];
    const index = typeof said === 'string' ? [] : [namesOf((said ?? []) as readonly string[]).indexOf(name)];
    add({
      id: 'MYC332',
      // Without a word it is `path`, and what asks for it is the list of folders.
      path: said === undefined ? [...path, 'allowed_paths'] : [...path, key, ...index],
      mark: said === undefined ? 'key' : 'value',
      problem: `${dotted([...path, key])} is ${JSON.stringify(name)}, and the schema has no such field`,
      suggestion: nearest(first, fields),
      remedy: `Name one of ${fields.join(', ')}.`,
    });
  }
}

const KEY_OF: Readonly<Record<string, string>> = {
  'allowedPaths.roots': 'allowed_paths',
  'allowedPaths.fields': 'path_param',
  'allowedPaths.base': 'base',
  'allowedHosts.hosts': 'allowed_hosts',
  'allowedHosts.fields': 'url_param',
  'allowedHosts.schemes': 'url_schemes',
  'entityPattern.fields': 'entity_param',
  'entityPattern.pattern': 'entity_pattern',
};

/** Where in the file a place of the boundary is: as far down as something is written there. */
function placeIn(place: string, path: Path, tree: YamlTree): Path {
  const scope = /^bounded\(\{ (\w+\.\w+)(?:\[(\d+)\])? \}\)$/.exec(place);
  const parts: Path =
    scope === null
      ? place.split('.')
      : [KEY_OF[scope[1] ?? ''] ?? '', ...(scope[2] === undefined ? [] : [Number(scope[2])])];
  let found: Path = path;
  for (const part of parts) {
    const next = [...found, part];
    if (tree.written(next) === undefined) break;
    found = next;
  }
  return found;
}
