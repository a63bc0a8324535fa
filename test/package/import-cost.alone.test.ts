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

/** The fastest tenth: a neighbour or the scheduler only ever adds time, and medians were seen to flip by 15 ms. */
function undisturbed(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 10)] ?? Number.NaN;
}

test(`importing the root costs at most ${limitMs} ms over bare Node`, () => {
  const program = `import ${JSON.stringify(pathToFileURL(join(root, 'dist/index.js')).href)}; ${leave}`;
  const bare: number[] = [];
  const loaded: number[] = [];
  elapsedMs(program);
  // Alternating, so that a slow minute of the machine falls on both. One series and no second try.
  for (let round = 0; round < rounds; round += 1) {
    bare.push(elapsedMs(leave));
    loaded.push(elapsedMs(program));
  }
  const cost = undisturbed(loaded) - undisturbed(bare);
  const limit = limitMs * Math.max(1, undisturbed(bare) / bareMs);
  process.stdout.write(
    `import cost: ${cost.toFixed(1)} ms over ${undisturbed(bare).toFixed(1)} ms, the fastest tenth of ${rounds} alternating runs; limit ${limit.toFixed(1)} ms\n`,
  );
  expect(cost).toBeLessThanOrEqual(limit);
});
