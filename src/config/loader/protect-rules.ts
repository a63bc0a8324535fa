import type { GuardConfig } from './config.js';
import type { ProtectData } from './data.js';
import { dotted, type Path } from './issues.js';
import type { Add } from './storage-rules.js';

/** How old a result may be where nothing is said. */
export const DEFAULT_TTL_MS = 300_000;

const OF_READS: readonly (keyof ProtectData)[] = ['entity_param', 'ttl', 'key', 'tags', 'negative_ttl', 'max'];
const OF_WRITES: readonly (keyof ProtectData)[] = ['invalidates', 'invalidates_tools', 'invalidates_tags'];

/** Whether it says what a write outdates, and not what a read may be given again. */
export function isWrite(data: ProtectData): boolean {
  return OF_WRITES.some((key) => data[key] !== undefined);
}

/**
 * What of a protection does not go together.
 *
 * @param uncertain - dotted paths of what was left out: nothing is concluded from what is not there.
 */
export function checkProtect(guard: GuardConfig, uncertain: ReadonlySet<string>, add: Add): void {
  const { protect: data, ledger } = guard;
  const path: Path = [...guard.path, 'protect'];
  if (data === undefined || [path, guard.path].some((one) => uncertain.has(dotted(one)))) return;
  if (isWrite(data)) {
    for (const key of OF_READS.filter((one) => data[one] !== undefined))
      add({
        id: 'MYC340',
        path: [...path, key],
        problem: `${dotted([...path, key])} is for tools that read, and invalidates for those that write`,
        remedy: 'Keep one of the two: no result of a write is remembered.',
      });
    return;
  }
  const { effect } = ledger?.options ?? {};
  if (ledger !== undefined && effect !== 'read')
    add({
      id: 'MYC341',
      path,
      problem: `${guard.name} is ${effect ?? 'not declared'}, and a write that is answered from memory does not happen`,
      remedy:
        'Write side_effect_class: read if it is one; a tool that writes says what it outdates: protect: { invalidates }.',
    });
  if (data.ttl === 0)
    add({
      id: 'MYC342',
      path: [...path, 'ttl'],
      problem: `${dotted([...path, 'ttl'])} is no time at all`,
      remedy: 'Say how old a result may be, e.g. 60s, or remove protect.',
    });
}
