/** Every kind of tool that the runs call. */
import type { EffectClass } from 'mycelium-runtime';

/** One kind; its name says all of it. */
export interface ToolKind {
  readonly name: string;
  /** Undefined: unclassified. */
  readonly effect: EffectClass | undefined;
  readonly boundary: 'implicit' | 'explicit';
  readonly reconciles: boolean;
  /** Whether `idFrom` gives the identity; otherwise the task around it does. */
  readonly identified: boolean;
}

/** The name of tasks, beside the kinds. */
export const TASK = 'task';

const EFFECTS = [
  'read',
  'idempotent_mutate',
  'keyed_mutate',
  'non_idempotent_mutate',
  'irreversible',
  undefined,
] as const;

function everyKind(): ToolKind[] {
  const kinds: ToolKind[] = [];
  for (const effect of EFFECTS) {
    for (const boundary of ['implicit', 'explicit'] as const) {
      for (const reconciles of [false, true]) {
        if (reconciles && (effect === 'read' || effect === 'idempotent_mutate')) continue;
        for (const identified of [true, false]) {
          const name = [
            effect ?? 'unclassified',
            boundary,
            ...(reconciles ? ['asks'] : []),
            ...(identified ? [] : ['in_task']),
          ];
          kinds.push({ name: name.join('.'), effect, boundary, reconciles, identified });
        }
      }
    }
  }
  return kinds;
}

/** All kinds. */
export const TOOL_KINDS: readonly ToolKind[] = everyKind();

/** The kinds by name. */
const byName: ReadonlyMap<string, ToolKind> = new Map(TOOL_KINDS.map((kind) => [kind.name, kind]));

/** @throws Error for a name that is none. */
export function toolKind(name: string): ToolKind {
  const kind = byName.get(name);
  if (kind === undefined) throw new Error(`there is no kind of tool named ${name}`);
  return kind;
}
