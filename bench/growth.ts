/** What growing tenfold costs. */
export interface Growth {
  /** Time of the whole over the mean time of its ten parts, fastest of each: 10 is linear. */
  readonly ratio: number;
  /** The fastest run over the whole, in milliseconds. */
  readonly wholeMs: number;
}

/** How many parts the whole is cut into. */
export const PARTS = 10;

/**
 * Compares work on a long list with work on its ten parts, one after the other. Not with one part ten times, which
 * would find everything in the processor's cache. They take turns, and a neighbour only ever adds time, so the fastest
 * of each counts.
 *
 * @param looks - how often; ten is enough where nothing else runs.
 */
export function growthOf<Item>(list: readonly Item[], work: (items: readonly Item[]) => void, looks: number): Growth {
  const size = list.length / PARTS;
  const parts = Array.from({ length: PARTS }, (_, at) => list.slice(at * size, (at + 1) * size));
  const inParts = (): void => {
    for (const part of parts) work(part);
  };
  // Until the engine compiles nothing more of it.
  for (let round = 0; round < 3; round += 1) inParts();
  let partsMs = Number.POSITIVE_INFINITY;
  let wholeMs = Number.POSITIVE_INFINITY;
  for (let look = 0; look < looks; look += 1) {
    partsMs = Math.min(partsMs, timed(inParts));
    wholeMs = Math.min(
      wholeMs,
      timed(() => work(list)),
    );
  }
  return { ratio: wholeMs / (partsMs / PARTS), wholeMs };
}

/**
 * As {@link growthOf}, up to ten times, until the ratio is within the limit: a processor that changes its speed between
 * the two needs another look, and what grows with the square no look helps.
 */
export function leastGrowth<Item>(
  list: readonly Item[],
  work: (items: readonly Item[]) => void,
  limit: number,
): Growth {
  let least = growthOf(list, work, 10);
  for (let series = 1; series < 10 && least.ratio > limit; series += 1) {
    const next = growthOf(list, work, 10);
    if (next.ratio < least.ratio) least = next;
  }
  return least;
}

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
