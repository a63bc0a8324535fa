import type { YamlTree } from './document.js';
import type { Path } from './issues.js';
import type { Place } from './source.js';

/** Where a value comes from. */
export type Origin = 'default' | (Place & { readonly variables: readonly string[] });

/** Where a value of the file stands. */
export function originOf(tree: YamlTree, path: Path): Origin {
  const written = tree.written(path);
  if (written === undefined) return 'default';
  const place = tree.placeOf(written);
  const named = String(path.at(-1)).endsWith('_env') ? written.source : undefined;
  return named === undefined ? place : { ...place, variables: [...place.variables, named] };
}
