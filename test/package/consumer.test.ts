import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compilers, entryPoints, manifest, node } from './package-files.js';
import { installPacked, link, linkNodeTypes } from './packed-project.js';

let project = '';
let packed: readonly string[] = [];

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'consumer-'));
  packed = installPacked(project, { type: 'module' });
}, 120_000);

afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

/** Writes a file into the project and returns its path. */
function write(name: string, text: string): string {
  const file = join(project, name);
  writeFileSync(file, text);
  return file;
}

test('the tarball carries what is published and nothing else', () => {
  expect(packed).toEqual(expect.arrayContaining(['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE']));
  expect(
    packed.filter(
      (path) => !/^(dist\/|bin\/|templates\/|docs\/|(package\.json|README\.md|CHANGELOG\.md|LICENSE)$)/.test(path),
    ),
  ).toEqual([]);
  expect(packed.filter((path) => path.startsWith('dist/') && !/\.(js|d\.ts|js\.map)$/.test(path))).toEqual([]);
  for (const { file } of entryPoints) expect(packed).toEqual(expect.arrayContaining([`${file}.js`, `${file}.d.ts`]));
});

test('installing it brings its dependencies and nothing else', () => {
  const installed = readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'));
  // What proper-lockfile needs; everything else needs nothing.
  const indirect = ['graceful-fs', 'retry', 'signal-exit'];
  const direct = Object.keys(manifest.dependencies ?? {}).map((name) => name.split('/')[0]);
  expect(installed.filter((name) => name !== '@types')).toEqual([manifest.name, ...direct, ...indirect].sort());
});

test.each(entryPoints)('$specifier loads by import and by require, as the same module', ({ specifier }) => {
  const program = write(
    'load.js',
    `import { createRequire } from 'node:module';
     const imported = await import('${specifier}');
     const required = createRequire(import.meta.url)('${specifier}');
     const names = Object.keys(imported);
     const same = names.filter((name) => imported[name] === required[name]);
     console.log(JSON.stringify({ names: names.length, same: same.length }));`,
  );
  const { status, stdout, stderr } = node([program], project);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const { names, same } = JSON.parse(stdout);
  expect(names).toBeGreaterThan(0);
  expect(same).toBe(names);
});

test('require() works in a CommonJS file', () => {
  const program = write('load.cjs', `console.log(typeof require('${manifest.name}').MyceliumError);`);
  expect(node([program], project)).toEqual({ status: 0, stdout: 'function\n', stderr: '' });
});

test('files that are not exported cannot be imported', () => {
  const program = write('deep.js', `await import('${manifest.name}/dist/index.js');`);
  const { status, stderr } = node([program], project);
  expect(status).not.toBe(0);
  expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
});

const EXPORTED = `
  import { compose, ledger, loadConfig, positional, taskLedger } from '${manifest.name}';
  const mycelium = await loadConfig();
  const body = async (input: { id: string }) => input.id;
  export const guard = ledger({ name: 'pay', idFrom: ['id'] });
  export const task = taskLedger({ name: 'settle' });
  export const both = compose(ledger({ name: 'pay' }));
  export const pay = guard(body);
  export const wire = positional(ledger({ name: 'wire' }))(async (amount: number, to: string) => to + amount);
  export const configured = mycelium.guard('pay');
  export const tools = mycelium.instrument({ body, async other(input: { n: number }) { return input.n; } });
`;

describe.each(compilers)('with $name', ({ path }) => {
  const resolutions = [
    { resolution: 'nodenext', options: { module: 'nodenext', moduleResolution: 'nodenext' } },
    { resolution: 'bundler', options: { module: 'esnext', moduleResolution: 'bundler' } },
  ];

  test.each(resolutions)(
    'the types hold up under $resolution, library files checked',
    { timeout: 120_000 },
    ({ resolution, options }) => {
      linkNodeTypes(project);
      // Who imports the entry point of a driver has the driver.
      for (const driver of Object.keys(manifest.peerDependencies)) link(project, driver);
      const imports = entryPoints.map(({ specifier }, index) => `import * as entry${index} from '${specifier}';`);
      const uses = entryPoints.map((_, index) => `export const names${index}: string[] = Object.keys(entry${index});`);
      write('consumer.ts', [...imports, ...uses, ''].join('\n'));
      write('mistake.ts', `import { thereIsNoSuchName } from '${manifest.name}';\nexport default thereIsNoSuchName;\n`);
      const compilerOptions = {
        ...options,
        target: 'es2022',
        strict: true,
        skipLibCheck: false,
        noEmit: true,
        types: ['node'],
      };
      const compile = (file: string, more = {}): { status: number | null; stdout: string; stderr: string } => {
        const all = { compilerOptions: { ...compilerOptions, ...more }, files: [file] };
        const config = write(`tsconfig.${resolution}.json`, JSON.stringify(all));
        return node([path, '-p', config], project);
      };
      expect(compile('consumer.ts')).toEqual({ status: 0, stdout: '', stderr: '' });
      // What users export of what the package gives them can be named in their own declarations.
      write('exported.ts', EXPORTED);
      expect(
        compile('exported.ts', { noEmit: false, emitDeclarationOnly: true, declaration: true, outDir: 'out' }),
      ).toEqual({ status: 0, stdout: '', stderr: '' });
      // The root asks for no more types than the language has.
      expect(compile('exported.ts', { types: [] })).toEqual({ status: 0, stdout: '', stderr: '' });
      // The same settings do see the types: a wrong name is an error, and the only one.
      const mistake = compile('mistake.ts');
      expect(mistake.stdout).toContain('has no exported member');
      expect(mistake.stdout.trim().split('\n')).toHaveLength(1);
    },
  );
});
