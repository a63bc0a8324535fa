import type { GuardConfig } from './config.js';
import type { BoundedData } from './data.js';
import { dotted, type Path } from './issues.js';
import { camelCase } from './names.js';
import type { Add } from './storage-rules.js';

/**
 * What of a boundary does not go together. What is wrong with its schemas is found out when they are compiled.
 *
 * @param uncertain - dotted paths of what was left out: nothing is concluded from what is not there.
 */
export function checkBounded(guard: GuardConfig, uncertain: ReadonlySet<string>, add: Add): void {
  const { bounded: data } = guard;
  const path = [...guard.path, 'bounded'];
  const perhaps = [path, ...Object.keys(OPTIONS_OF).map((key) => [...path, key])].some((one) =>
    uncertain.has(dotted(one)),
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
  checkPairs(data, path, add);
  for (const key of ['schema', 'output_schema'] as const) checkTwins(data[key], [...path, key], add);
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

function checkPairs(data: BoundedData, path: Path, add: Add): void {
  for (const [key, other] of Object.entries(OPTIONS_OF)) {
    if (data[key as keyof BoundedData] === undefined || data[other] !== undefined) continue;
    const at = [...path, key];
    add({
      id: 'MYC331',
      path: at,
      problem: `${dotted(at)} has no effect without ${other}`,
      remedy: `Add ${other}, or remove ${key}.`,
    });
  }
}

/** `order_id` and `orderId` are the same in code, at whatever depth. */
function checkTwins(specs: BoundedData['schema'], path: Path, add: Add): void {
  const seen = new Map<string, string>();
  for (const [name, spec] of Object.entries(specs ?? {})) {
    checkTwinsWithin(spec, [...path, name], add);
    const other = seen.get(camelCase(name));
    seen.set(camelCase(name), name);
    if (other === undefined) continue;
    const at = [...path, name];
    const problem = `${other} and ${name} are the same name in code, ${camelCase(name)}`;
    add({ id: 'MYC334', path: at, problem, remedy: 'Keep one of them.' });
  }
}

function checkTwinsWithin(spec: unknown, path: Path, add: Add): void {
  if (typeof spec !== 'object' || spec === null) return;
  const { properties, items, additional_properties: others } = spec as Readonly<Record<string, unknown>>;
  if (typeof properties === 'object' && properties !== null)
    checkTwins(properties as BoundedData['schema'], [...path, 'properties'], add);
  checkTwinsWithin(items, [...path, 'items'], add);
  checkTwinsWithin(others, [...path, 'additional_properties'], add);
}
