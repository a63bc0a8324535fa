import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { root } from '../package/package-files.js';
import { Scratch } from './scratch.js';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const rounds = 21;
const limitMs = 300;
/** Bare Node's own start where the limit holds as it is; a slower or busier machine slows both alike. */
const bareMs = 63;

function elapsedMs(words: readonly string[]): number {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, words, { cwd: scratch.folder, stdio: 'ignore' });
  expect(status).toBe(0);
  return performance.now() - start;
}

/** The fastest tenth: a neighbour or the scheduler only ever adds time. */
function undisturbed(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 10)] ?? Number.NaN;
}

test(`mycelium check answers within ${limitMs} ms`, () => {
  const command = join(root, 'bin/mycelium.js');
  expect(scratch.mycelium('init', '--full').status).toBe(0);
  const bare: number[] = [];
  const checked: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bare.push(elapsedMs(['-e', '0']));
    checked.push(elapsedMs([command, 'check']));
  }
  const limit = limitMs * Math.max(1, undisturbed(bare) / bareMs);
  process.stdout.write(
    `mycelium check: ${undisturbed(checked).toFixed(0)} ms, bare Node ${undisturbed(bare).toFixed(0)} ms; limit ${limit.toFixed(0)} ms\n`,
  );
  expect(undisturbed(checked)).toBeLessThanOrEqual(limit);
});
