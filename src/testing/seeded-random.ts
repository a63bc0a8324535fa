/** Answers numbers from 0 (included) to 1 (excluded). */
export type Random = () => number;

/**
 * The generator mulberry32: a 32-bit counter stepped by an odd constant, so that it visits every state
 * once, whose bits are then mixed by multiplications and shifts. Small, quick, and the same on every
 * machine; good enough to choose faults, never to make identifiers.
 *
 * @param seed - a whole number; its low 32 bits count.
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
