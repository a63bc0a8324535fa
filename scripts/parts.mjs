// The parts that `check` and `test:full` are made of: each a command that is right when it exits with 0.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** @param {string} path */
const installed = (path) => join(root, 'node_modules', ...path.split('/'));

const tsc7 = [process.execPath, installed('typescript/bin/tsc')];
const tsc5 = [process.execPath, installed('typescript-5/bin/tsc')];
const layers = [process.execPath, join('scripts', 'layers.mjs')];
const biome = [process.execPath, installed('@biomejs/biome/bin/biome')];
const knip = [process.execPath, installed('knip/bin/knip.js')];
const publint = [process.execPath, installed('publint/src/cli.js')];
const attw = [process.execPath, installed('@arethetypeswrong/cli/dist/index.js')];

/** @typedef {{ name: string, commands: string[][] }} Part */

/** @type {Part[]} */
export const checks = [
  { name: 'build', commands: [[process.execPath, join('scripts', 'build.mjs'), '--tools']] },
  {
    name: 'types',
    commands: [
      [...tsc7, '-p', 'tsconfig.json'],
      [...tsc7, '-p', 'tsconfig.scripts.json'],
    ],
  },
  { name: 'format and lint', commands: [[...biome, 'ci', '--error-on-warnings', '--colors=off']] },
  { name: 'circular imports', commands: [[...layers, '--only', 'cycles']] },
  { name: 'layers', commands: [[...layers, '--only', 'layers']] },
  { name: 'file sizes', commands: [[...layers, '--only', 'sizes']] },
  { name: 'unused code (knip)', commands: [[...knip, '--no-progress']] },
  { name: 'package (publint)', commands: [[...publint, 'run', '--strict', '--pack', 'npm']] },
  {
    name: 'package types (attw)',
    commands: [[...attw, '--pack', '.', '--profile', 'esm-only', '--no-emoji', '--no-color']],
  },
];

/** @type {Part} */
export const olderTypes = { name: 'types, TypeScript 5.9', commands: [[...tsc5, '-p', 'tsconfig.json']] };

/**
 * Runs a part and prints its line; what it had to say only when it failed.
 * @param {Part} part
 * @returns {boolean} whether it passed
 */
export function runPart({ name, commands }) {
  const start = performance.now();
  let output = '';
  const passed = commands.every(([command = '', ...words]) => {
    const { status, stdout, stderr, error } = spawnSync(command, words, {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
      timeout: 180_000,
      // The publish hook would build again; this build is the one under test.
      env: { ...process.env, npm_config_ignore_scripts: 'true', NO_COLOR: '1' },
    });
    output += `${stdout ?? ''}${stderr ?? ''}${error === undefined ? '' : `${error.message}\n`}`;
    return status === 0;
  });
  printLine(passed ? 'ok' : 'failed', name, start);
  if (!passed) console.log(output.trimEnd().replace(/^/gm, '    '));
  return passed;
}

/**
 * @param {'ok' | 'failed' | 'not run'} outcome
 * @param {string} name
 * @param {number} start - an instant of `performance.now()`
 */
export function printLine(outcome, name, start) {
  console.log(`${outcome.padEnd(8)}${name.padEnd(28)}${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s`);
}

/**
 * @template T
 * @param {(folder: string) => T} use
 * @returns {T}
 */
export function withTemporaryFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), 'mycelium-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
