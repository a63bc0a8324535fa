import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/layers.mjs', import.meta.url));

/** What the check says about a package with these files. */
function violations(files: Record<string, string>, ...options: string[]): string[] {
  const root = mkdtempSync(join(tmpdir(), 'layers-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...options, root], { encoding: 'utf8' });
    expect(stderr).toBe('');
    const lines = stdout.split('\n').filter((line) => line !== '');
    expect(status).toBe(lines.length === 0 ? 0 : 1);
    return lines;
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('a tree that keeps the rules passes', () => {
  expect(
    violations({
      'src/index.ts': `export { ledger } from './ledger/ledger.js';`,
      'src/cli/main.ts': `import '../config/load.js';`,
      'src/config/load.ts': `import '../runner/runner.js'; import type { Ledger } from '../ledger/ledger.js';`,
      'src/runner/runner.ts': `import '../transcript/check.js'; import '../boundary/bounded.js';`,
      'src/transcript/check.ts': `import '../errors/usage.js';`,
      'src/boundary/bounded.ts': `import '../tool/guard.js';`,
      'src/ledger/ledger.ts': `import '../store/memory.js'; import '../encoding/json.js'; import 'node:crypto';`,
      'src/store/memory.ts': `import '../encoding/json.js'; import '../errors/usage.js';`,
      'src/tool/guard.ts': `import './types.js';`,
      'src/tool/types.ts': '',
      'src/encoding/json.ts': `import '../errors/usage.js';`,
      'src/errors/usage.ts': '',
      'src/testing/index.ts': `import '../ledger/ledger.js'; import '../store/memory.js';`,
      'examples/demo/main.ts': `import 'mycelium-runtime';`,
    }),
  ).toEqual([]);
});

test('every way to point an arrow up or sideways is found, types included', () => {
  expect(
    violations(
      {
        'src/index.ts': `export * from './testing/index.js';\nexport { main } from './cli/main.js';`,
        'src/cli/main.ts': '',
        'src/testing/index.ts': `import '../index.js';`,
        'src/ledger/sign.ts': `import type { Receipt } from '../receipts/format.js';`,
        'src/receipts/format.ts': `export type Kit = typeof import('../testing/index.js');`,
        'src/store/memory.ts': `\nconst load = () => import('../ledger/sign.js');`,
        'src/errors/usage.ts': `export type { Store } from '../store/memory.js';`,
        'src/helpers/text.ts': '',
        'src/tool/guard.ts': `import '../../test/kit.js';`,
        'examples/demo/main.ts': `import { ledger } from '../../src/index.js';`,
        'test/torture/main.ts': `import '../../src/index.js';`,
        'test/kit.ts': `import '../src/index.js';`,
      },
      '--only',
      'layers',
    ),
  ).toEqual([
    'src/errors/usage.ts:1 imports ../store/memory.js: arrows point down, store stands above errors',
    'src/helpers/text.ts: helpers has no place in the layers',
    'src/index.ts:1 imports ./testing/index.js: nothing imports testing',
    'src/index.ts:2 imports ./cli/main.js: index may not import cli',
    'src/ledger/sign.ts:1 imports ../receipts/format.js: ledger and receipts stand side by side: own a small interface instead',
    'src/receipts/format.ts:1 imports ../testing/index.js: nothing imports testing',
    'src/store/memory.ts:2 imports ../ledger/sign.js: arrows point down, ledger stands above store',
    'src/testing/index.ts:1 imports ../index.js: nothing imports index',
    'src/tool/guard.ts:1 imports ../../test/kit.js: outside src',
    'examples/demo/main.ts:1 imports ../../src/index.js: import the package by its name',
    'test/torture/main.ts:1 imports ../../src/index.js: import the package by its name',
  ]);
});

test('folders of one row may know each other, but not in a circle', () => {
  expect(
    violations({
      'src/store/file.ts': `import '../encoding/json.js';`,
      'src/encoding/json.ts': '',
      'src/encoding/stored.ts': `import '../store/contract.js';`,
      'src/store/contract.ts': '',
    }),
  ).toEqual(['folders in a circle: encoding → store → encoding']);
});

test('circular imports are found, through types and in tests', () => {
  expect(
    violations({
      'src/tool/a.ts': `import './b.js';`,
      'src/tool/b.ts': `import './c.js';`,
      'src/tool/c.ts': `import type { A } from './a.js';`,
      'test/kit/self.ts': `import './self.js';`,
    }),
  ).toEqual([
    'circular imports: src/tool/a.ts → src/tool/b.ts → src/tool/c.ts → src/tool/a.ts',
    'circular imports: test/kit/self.ts → test/kit/self.ts',
  ]);
});

test('a file of 401 lines is found, one of 400 is not', () => {
  expect(violations({ 'src/tool/long.ts': '\n'.repeat(401), 'src/tool/fine.ts': '\n'.repeat(400) })).toEqual([
    'src/tool/long.ts has 401 lines, more than 400: split it by meaning',
  ]);
});

test('an empty tree or an unknown part is not a pass', () => {
  expect(violations({ 'lib/index.ts': '' })).toEqual(['nothing to check']);
  expect(violations({ 'src/index.ts': '' }, '--only', 'layer')).toEqual(['nothing to check']);
});
