/** Lengths of time, for people. */

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** One unit that tells enough: `12m`, `3h`, `2d`; `now` below a second. */
export function roughly(ms: number): string {
  for (const [unit, length] of UNITS) {
    // 90 minutes are better than 1 hour, 90 seconds better than a minute.
    if (ms >= 2 * length || (unit === 's' && ms >= length)) return `${Math.round(ms / length)}${unit}`;
  }
  return 'now';
}

/** To the last bit, in the largest unit that does it: `24h`, `90s`, `1.5s`. */
export function exactly(ms: number): string {
  for (const [unit, length] of UNITS) {
    if (ms >= length && ms % length === 0 && !(unit === 'd' && ms < 2 * length)) return `${ms / length}${unit}`;
  }
  return `${ms}ms`;
}
