import { UsageError } from '../errors/usage.js';

/** The largest first. */
const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;
const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, ...Object.fromEntries(UNITS) };
const FORM = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/**
 * A duration in milliseconds.
 *
 * @param value - a number of milliseconds, finite and not negative, or a text such as `250ms`, `30s`, `1.5m`, `2h`, `7d`.
 * @param place - the option it was given for, as the error names it, e.g. `ledger({ lease })`.
 * @throws UsageError for anything else.
 */
export function parseDuration(value: string | number, place: string): number {
  const milliseconds = typeof value === 'number' ? value : fromText(value);
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return milliseconds;
  throw new UsageError({
    place,
    problem: `${shown(value)} is not a duration`,
    remedy:
      'Give milliseconds as a number that is finite and not negative, or a text such as "250ms", "30s", "1.5m", "2h" or "7d".',
  });
}

function fromText(text: unknown): number {
  const [, amount, unit] = (typeof text === 'string' && FORM.exec(text)) || [];
  const factor = MILLISECONDS[unit ?? ''];
  // Rounded to a thousandth, so that "2.3s" is 2300 and not what binary fractions make of it.
  return factor === undefined ? Number.NaN : Math.round(Number(amount) * factor * 1000) / 1000;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  return typeof value === 'number' ? String(value) : typeof value;
}

/** For columns, one unit that tells enough: `12m`, `3h`, `2d`; `now` below a second. */
export function roughly(ms: number): string {
  const [amount, unit] = inOneUnit(ms) ?? [];
  return unit === undefined ? 'now' : `${amount}${unit}`;
}

/** The same for sentences: `12 min ago`. */
export function ago(ms: number): string {
  const [amount, unit] = inOneUnit(ms) ?? [];
  return unit === undefined ? 'just now' : `${amount} ${unit === 'm' ? 'min' : unit} ago`;
}

function inOneUnit(ms: number): readonly [amount: number, unit: string] | undefined {
  // 90 minutes say more than an hour, and 90 seconds more than a minute.
  const [unit, length] = UNITS.find(([name, one]) => ms >= (name === 's' ? one : 2 * one)) ?? [];
  return unit === undefined || length === undefined ? undefined : [Math.round(ms / length), unit];
}

/** For people, to the last bit, in the largest unit that does it: `24h`, `90s`, `1500ms`. */
export function exactly(ms: number): string {
  for (const [unit, length] of UNITS) {
    // A day is mostly meant as 24 hours.
    if (ms >= length && ms % length === 0 && !(unit === 'd' && ms < 2 * length)) return `${ms / length}${unit}`;
  }
  return `${ms}ms`;
}
