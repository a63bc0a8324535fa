import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { main } from '../../src/cli/main.js';
import { manifest, root } from '../package/package-files.js';

test('the command tells its version', () => {
  expect(main(['--version'])).toEqual({ code: 0, out: manifest.version });
  expect(execFileSync(process.execPath, ['bin/mycelium.js', '--version'], { cwd: root, encoding: 'utf8' })).toBe(
    `${manifest.version}\n`,
  );
});

test('words it does not know are refused with what to do instead', () => {
  const { status, stderr, stdout } = spawnSync(process.execPath, ['bin/mycelium.js', 'ledger', 'list'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain('unknown command "ledger list"');
  expect(stderr).toContain('ActionLedger');
  expect(main([]).code).toBe(2);
  expect(main(['--help'])).toMatchObject({ code: 0 });
});
