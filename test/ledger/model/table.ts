/** The table of the design, typed out a second time, as rows of text: nothing here comes from the source. */
export const COLUMNS = [
  'read',
  'idempotent_mutate',
  'keyed_mutate',
  'non_idempotent_mutate',
  'irreversible',
  'unclassified',
] as const;
export type Column = (typeof COLUMNS)[number];

/** `window?` and `ask?` are taken when they can be; otherwise what follows them. */
export const ROWS: Readonly<Record<string, readonly string[]>> = {
  'no record': ['ALLOW', 'ALLOW', 'ALLOW', 'ALLOW', 'ALLOW', 'ALLOW'],
  committed: ['RETURN', 'RETURN', 'RETURN', 'RETURN', 'RETURN', 'RETURN'],
  'aborted: not executed': ['ALLOW', 'ALLOW', 'ALLOW', 'ALLOW', 'ALLOW', 'ALLOW'],
  'aborted: may re-run': [
    'ALLOW',
    'ALLOW',
    'window? RECLAIM ask? RECONCILE HARD_BLOCK',
    'ask? RECONCILE HARD_BLOCK',
    'ask? RECONCILE HARD_BLOCK',
    'ALLOW',
  ],
  'open, held': ['POLL', 'POLL', 'POLL', 'POLL', 'POLL', 'POLL'],
  'intended, expired': ['RECLAIM', 'RECLAIM', 'RECLAIM', 'RECLAIM', 'RECLAIM', 'RECLAIM'],
  'attempting or unknown, expired': [
    'RECLAIM',
    'RECLAIM',
    'window? RECLAIM ask? RECONCILE HARD_BLOCK',
    'ask? RECONCILE HARD_BLOCK',
    'ask? RECONCILE HARD_BLOCK',
    'ask? RECONCILE HARD_BLOCK',
  ],
};

/** One cell under given conditions. */
export function cell(row: string, column: Column, window: boolean, reconciler: boolean): string {
  const words = (ROWS[row]?.[COLUMNS.indexOf(column)] ?? '').split(' ');
  while (words[0] === 'window?' || words[0] === 'ask?') {
    const [condition, gate] = words.splice(0, 2);
    if (condition === 'window?' ? window : reconciler) return gate as string;
  }
  return words[0] as string;
}
