import { UsageError } from '../errors/usage.js';

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
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
