import type { ConfigData } from './data.js';
import type { Add } from './storage-rules.js';

/**
 * What of a history guard does not go together.
 *
 * @param uncertain - dotted paths of what was left out: nothing is concluded from what is not there.
 */
export function checkHistory({ history_guard: section }: ConfigData, uncertain: ReadonlySet<string>, add: Add): void {
  if (section?.trim !== true || section.max_tokens !== undefined || section.max_messages !== undefined) return;
  const places = ['', 'history_guard', 'history_guard.max_tokens', 'history_guard.max_messages'];
  if (places.some((place) => uncertain.has(place))) return;
  add({
    id: 'MYC343',
    path: ['history_guard', 'trim'],
    problem: 'history_guard.trim has no effect: there is no limit to trim to',
    remedy: 'Add max_tokens or max_messages, or remove trim.',
  });
}
