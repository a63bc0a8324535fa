import { fromWire } from '../wire-text.js';
import type { Place } from './layout.js';

/** How often it is asked about what nobody tells of. */
export const FIRST_POLL_MS = 50;
const LONGEST_POLL_MS = 1_000;

/** Somebody who waits, and the revision that he knows. */
export interface Waiter {
  readonly revision: string | undefined;
  readonly wake: () => void;
}

/** What is known of a record that somebody waits for. */
export interface Watched {
  readonly token: string;
  readonly place: Place;
  readonly waiters: Set<Waiter>;
  /** Its revision, when the writer of the next one will tell. */
  told: { readonly revision: string } | undefined;
  /** Whether it has no row for a flag. */
  absent: boolean;
  /** Whether it is being asked about. */
  asking: boolean;
  /** How many moves were told of. */
  moves: number;
  /** When it is asked about again, by the process's monotonic time. */
  dueAt: number | undefined;
  pollMs: number;
}

/** Nothing is known of it. */
export function fresh(token: string, place: Place): Watched {
  return {
    token,
    place,
    waiters: new Set(),
    told: undefined,
    absent: false,
    asking: false,
    moves: 0,
    dueAt: undefined,
    pollMs: FIRST_POLL_MS,
  };
}

/** A revision as callers know it. */
export function textOf(revision: string | null | undefined): string | undefined {
  return typeof revision === 'string' ? fromWire(revision) : undefined;
}

/** Ask less often. */
export function slower(watched: Watched): void {
  watched.pollMs = Math.min(watched.pollMs * 2, LONGEST_POLL_MS);
}

/** Wakes those who know another revision. */
export function compare(watched: Watched, revision: string | undefined): void {
  for (const waiter of [...watched.waiters]) if (waiter.revision !== revision) waiter.wake();
}

/** Wakes everybody. */
export function wakeAll(watched: Watched): void {
  for (const { wake } of [...watched.waiters]) wake();
}
