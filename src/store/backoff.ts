/** How waits grow from one attempt to the next, in milliseconds. */
export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Until what failed, or met somebody faster, is sent again. */
export const AGAIN: Backoff = { firstMs: 20, longestMs: 1_000 };

/** Until a connection is tried again. */
export const RECONNECT: Backoff = { firstMs: 50, longestMs: 2_000 };

/** A wait that grows with every attempt, with half of it drawn by lot so that workers do not come back together. */
export function backoff({ firstMs, longestMs }: Backoff, attempt: number, random: () => number = Math.random): number {
  const longest = Math.min(firstMs * 2 ** Math.min(attempt, 20), longestMs);
  return longest / 2 + (longest / 2) * random();
}
