import type { Dialect } from './dialect.js';
import type { Turn } from './graph.js';
import { type Links, linkOf } from './links.js';

/** A whole list, read: what rules look at. */
export interface Transcript {
  readonly dialect: Dialect;
  readonly turns: readonly Turn[];
  /** Made when the first rule asks. */
  readonly links: Links;
}

export function transcriptOf(dialect: Dialect, turns: readonly Turn[]): Transcript {
  let links: Links | undefined;
  return {
    dialect,
    turns,
    get links(): Links {
      links ??= linkOf(turns, dialect);
      return links;
    },
  };
}
