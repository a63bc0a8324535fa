import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/encoding/duration.js';
import { UsageError } from '../../src/errors/usage.js';

describe('durations', () => {
  it.each([
    [0, 0],
    [1500, 1500],
    [0.5, 0.5],
    ['250ms', 250],
    ['0s', 0],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['2.3s', 2300],
    ['0.0005s', 0.5],
  ] as const)('%j is %d ms', (value, milliseconds) => {
    expect(parseDuration(value, 'here')).toBe(milliseconds);
  });

  it.each([
    [-1],
    [Number.NaN],
    [Infinity],
    [''],
    ['30'],
    ['30 s'],
    [' 30s'],
    ['30S'],
    ['-1s'],
    ['+1s'],
    ['.5s'],
    ['1.s'],
    ['1e3s'],
    ['1w'],
    ['1h30m'],
    ['s'],
    ['1s\n'],
    ['١s'],
    [`${'9'.repeat(400)}d`],
    [null],
    [undefined],
    [{}],
  ])('%j is refused with place and remedy', (value) => {
    expect.assertions(4);
    try {
      parseDuration(value as string, 'ledger({ lease })');
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(UsageError);
      const error = thrown as UsageError;
      expect(error.message).toContain('ledger({ lease }): ');
      expect(error.remedy).toContain('"250ms", "30s", "1.5m", "2h" or "7d"');
      expect(error.details['place']).toBe('ledger({ lease })');
    }
  });

  it('takes whole amounts of every unit exactly', () => {
    const factors = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
    fc.assert(
      fc.property(fc.nat({ max: 100_000 }), fc.constantFrom('ms', 's', 'm', 'h', 'd'), (amount, unit) => {
        expect(parseDuration(`${amount}${unit}`, 'here')).toBe(amount * factors[unit]);
      }),
    );
  });
});
