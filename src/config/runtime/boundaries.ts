import { nearest } from '../../encoding/nearest.js';
import { UsageError } from '../../errors/usage.js';
import type { GuardDefinition } from '../../tool/guard.js';
import type { GuardConfig } from '../loader/config.js';
import type { BoundedData } from '../loader/data.js';
import { dotted, type Finding, type Path } from '../loader/issues.js';
import { spellings } from '../loader/names.js';
import type { ReadConfig } from '../loader/read-config.js';

/** What checks the calls of tools, by their names in the file. */
export type Boundaries = ReadonlyMap<string, GuardDefinition>;

type Tell = (found: Omit<Finding, 'at'>) => void;

/**
 * Compiles the boundaries of a configuration, by the names of its tools. What is wrong with them is added to the
 * issues of the file. Schemas are loaded only when there is one.
 */
export async function boundariesOf({ config, issues }: ReadConfig): Promise<Boundaries> {
  const found = new Map<string, GuardDefinition>();
  const bounded = config.guards.filter((guard) => guard.bounded !== undefined);
  // What is misspelt or missing has been told, and a schema would be told of for the same reason once more.
  if (bounded.length === 0 || issues.errors) return found;
  const [{ compileBounded, scopeParams }, { boundedDefinition }] = await Promise.all([
    import('../loader/bounded.js'),
    import('../../boundary/bounded.js'),
  ]);
  for (const guard of bounded) {
    const data = guard.bounded as BoundedData;
    const path = [...guard.path, 'bounded'];
    const tell: Tell = (one) => {
      const written = guard.written(one.path);
      issues.add({
        ...one,
        at: typeof one.path.at(-1) === 'number' ? written?.value : (written?.key ?? written?.value),
      });
    };
    try {
      const boundary = compileBounded(data, config.folder);
      found.set(guard.name, boundedDefinition(boundary, guard.name));
      checkParams(data, scopeParams(data), { fields: boundary.input?.fields, path }, tell);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const at = placeIn(String(error.details['place']), path, guard);
      tell({
        id: 'MYC522',
        path: at,
        problem: `${dotted(at)}: ${String(error.details['problem'])}`,
        remedy: error.remedy,
      });
    }
  }
  return found;
}

/** A parameter that the schema does not have would check nothing. */
function checkParams(
  data: BoundedData,
  params: readonly (readonly [key: string, name: string])[],
  { fields, path }: { readonly fields: readonly string[] | undefined; readonly path: Path },
  tell: Tell,
): void {
  if (fields === undefined) return;
  for (const [key, name] of params) {
    const [first = ''] = name.split('.', 1);
    if (spellings(first).some((spelling) => fields.includes(spelling))) continue;
    const said = data[key as keyof BoundedData];
    const index = Array.isArray(said) ? [said.indexOf(name)] : [];
    // Without a word it is `path`, and what asks for it is the list of folders.
    const at = said === undefined ? [...path, 'allowed_paths'] : [...path, key, ...index];
    tell({
      id: 'MYC521',
      path: at,
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
function placeIn(place: string, path: Path, guard: GuardConfig): Path {
  const scope = /^bounded\(\{ (\w+\.\w+)(?:\[(\d+)\])? \}\)$/.exec(place);
  const parts: Path =
    scope === null
      ? place.split('.')
      : [KEY_OF[scope[1] ?? ''] ?? '', ...(scope[2] === undefined ? [] : [Number(scope[2])])];
  let found: Path = path;
  for (const part of parts) {
    const next = [...found, part];
    if (guard.written(next) === undefined) break;
    found = next;
  }
  return found;
}
