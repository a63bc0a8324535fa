import { describe, expect, test } from 'vitest';
import { fuzzFormats } from './fuzz/formats.js';
import { fuzz } from './fuzz/run.js';

const clean = {
  invalid_accepted: 0,
  valid_rejected: 0,
  repair_untrue: 0,
  texts_lost: 0,
  not_idempotent: 0,
  input_touched: 0,
  misdetected: 0,
  crashes: 0,
};

describe.each(fuzzFormats)('$format', (format) => {
  test('of 600 broken transcripts: found, mended, nothing lost', () => {
    const { counts, findings } = fuzz(format, 600, 20_260);
    expect(findings.slice(0, 3)).toEqual([]);
    expect(counts).toMatchObject(clean);
    expect(counts.valid).toBeGreaterThan(60);
    expect(counts.invalid).toBeGreaterThan(350);
    expect(counts.repaired / counts.invalid).toBeGreaterThanOrEqual(0.99);
  });

  test('with the other policies, too', () => {
    const { counts, findings } = fuzz(format, 300, 7, { unanswered: 'drop', orphan: 'demote' });
    // Reasoning goes with the call that it led to: that is what this policy is.
    const lost = findings.filter(
      ({ counter, what }) => counter === 'texts_lost' && what.split('; ').every((text) => text.startsWith('sig ')),
    );
    expect(findings.filter((finding) => !lost.includes(finding)).slice(0, 3)).toEqual([]);
    expect(counts).toMatchObject({ ...clean, texts_lost: lost.length });
    expect(counts.repaired / counts.invalid).toBeGreaterThanOrEqual(0.97);
  });
});
