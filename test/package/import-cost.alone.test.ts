import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { root } from './package-files.js';

const rounds = 41;
/** The target is 15 ms where the first import of an empty module takes 5 ms. */
const limit = 3;

const folder = mkdtempSync(join(tmpdir(), 'import-cost-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** How long the first import of a program takes, told by the program: starting Node varies by more than that. */
function importMs(file: string): number {
  const url = JSON.stringify(pathToFileURL(file).href);
  const program = `const start = performance.now(); await import(${url}); process.stdout.write(String(performance.now() - start)); process.exit();`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  return Number(stdout);
}

/** The fastest tenth: a neighbour or the scheduler only ever adds time. */
function undisturbed(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 10)] ?? Number.NaN;
}

test(`importing the root costs at most ${limit} times the import of an empty module`, () => {
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, 'export {};\n');
  const floor: number[] = [];
  const loaded: number[] = [];
  importMs(join(root, 'dist/index.js'));
  // Alternating, so that a slow minute of the machine falls on both. One series and no second try.
  for (let round = 0; round < rounds; round += 1) {
    floor.push(importMs(empty));
    loaded.push(importMs(join(root, 'dist/index.js')));
  }
  const [least, cost] = [undisturbed(floor), undisturbed(loaded)];
  process.stdout.write(
    `import cost: ${cost.toFixed(1)} ms, ${(cost / least).toFixed(2)} times an empty module (${least.toFixed(1)} ms), the fastest tenth of ${rounds} alternating runs\n`,
  );
  expect(cost / least).toBeLessThanOrEqual(limit);
});
