import { test } from 'vitest';
import { fuzzFormats } from './fuzz/formats.js';
import { fuzz } from './fuzz/run.js';

test('f', () => {
  for (const f of fuzzFormats.filter((x) => (process.env['FF'] ?? '').split(',').includes(x.format))) {
    const { counts, findings } = fuzz(f, Number(process.env['FN'] ?? 1500), Number(process.env['FS'] ?? 20_260));
    console.log(JSON.stringify(counts));
    const seen = new Map<string, number>();
    for (const x of findings) {
      const k = `${x.counter}|${x.mutator}`;
      seen.set(k, (seen.get(k) ?? 0) + 1);
      if (seen.get(k) === 1 && seen.size < 12) console.log(k, x.what, x.seed);
    }
  }
});
