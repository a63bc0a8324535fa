import type { Event } from './witness.js';

/** What is left of a run for the checker and for the totals. */
export interface RunRecord {
  readonly events: readonly Event[];
  /** Workers that were killed. */
  readonly kills: number;
}
