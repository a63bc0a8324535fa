import type { ConfigData } from './data.js';
import type { YamlTree } from './document.js';
import { dotted, type Issues, type Path } from './issues.js';
import { configSchema } from './schema.js';
import { findings, flattened, valueAt } from './schema-findings.js';

/** What of a configuration has the right shape. */
export interface Validated {
  readonly data: ConfigData;
  /** Dotted paths of what was left out, or has keys that were. */
  readonly uncertain: ReadonlySet<string>;
}

/** What has not the right shape is told in `issues`, all of it, and left out. */
export function validate(tree: YamlTree, issues: Issues): Validated {
  const value = withoutEmpty(tree.value);
  const uncertain = new Set(tree.unread.map(({ path }) => dotted(path)));
  const refused: Path[] = [];
  for (;;) {
    const result = configSchema.safeParse(value);
    if (result.success) {
      for (const finding of tree.unread)
        if (!refused.some((above) => isBelow(finding.path, above))) issues.add(finding);
      return { data: result.data, uncertain };
    }
    const wrong = result.error.issues.flatMap((issue) => flattened(issue, value));
    for (const issue of wrong) {
      for (const finding of findings(issue, value, tree)) issues.add(finding);
      uncertain.add(dotted(issue.path));
      refused.push(...(issue.keys ?? []).map((key) => [...issue.path, key]));
    }
    // Once more without them: what is right may still not go together, and is told at the same time.
    const removed = wrong.flatMap(({ path, keys }) =>
      keys === undefined ? [remove(value, path)] : keys.map((key) => remove(value, [...path, key])),
    );
    if (!removed.includes(true)) return { data: {}, uncertain };
  }
}

function isBelow(path: Path, above: Path): boolean {
  return above.every((part, index) => path[index] === part);
}

/** An empty section is none: `tools:` with nothing below it. Changes the value, which nobody else reads. */
function withoutEmpty(value: unknown): unknown {
  const root = value as Record<string, unknown>;
  for (const name of ['action_ledger', 'task_ledger', 'tools', 'tasks']) if (root[name] === null) delete root[name];
  // That this one is there says something by itself.
  if (root['state_flush'] === null) root['state_flush'] = {};
  for (const section of [root['tools'], root['tasks']]) {
    if (!isRecord(section)) continue;
    for (const [name, entry] of Object.entries(section)) if (entry === null) section[name] = {};
  }
  return root;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function remove(root: unknown, path: Path): boolean {
  const last = path.at(-1);
  const above = valueAt(root, path.slice(0, -1));
  if (last === undefined || typeof above !== 'object' || above === null) return false;
  // An entry of a list goes with the whole list, so that no other one changes its number.
  if (Array.isArray(above)) return remove(root, path.slice(0, -1));
  return Object.hasOwn(above, last) && delete (above as Record<string, unknown>)[last as string];
}
