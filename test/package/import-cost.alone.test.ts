import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { root } from './package-files.js';

const rounds = 41;
const limitMs = 15;
/** Bare Node's own start on the machine that the limit was set on; a slower or busier one slows both alike. */
const bareMs = 63;
const leave = 'process.exit();';

function elapsedMs(program: string): number {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'ignore' });
  expect(status).toBe(0);
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

test(`importing the root costs at most ${limitMs} ms over bare Node`, () => {
  const program = `import ${JSON.stringify(pathToFileURL(join(root, 'dist/index.js')).href)}; ${leave}`;
  const bare: number[] = [];
  const loaded: number[] = [];
  elapsedMs(program);
  // Alternating, so that a slow minute of the machine falls on both. One series and no second try: noise moves the
  // difference both ways, so the best of several would pass what is too slow.
  for (let round = 0; round < rounds; round += 1) {
    bare.push(elapsedMs(leave));
    loaded.push(elapsedMs(program));
  }
  const cost = median(loaded) - median(bare);
  const limit = limitMs * Math.max(1, median(bare) / bareMs);
  process.stdout.write(
    `import cost: ${cost.toFixed(1)} ms over ${median(bare).toFixed(1)} ms, medians of ${rounds} alternating runs; limit ${limit.toFixed(1)} ms\n`,
  );
  expect(cost).toBeLessThanOrEqual(limit);
});
