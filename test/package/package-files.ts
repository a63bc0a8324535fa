import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package under test. */
export const root: string = fileURLToPath(new URL('../../', import.meta.url));

/** The parts of package.json that the tests look at. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly type?: string;
  readonly sideEffects?: boolean;
  readonly files?: readonly string[];
  readonly engines?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export const manifest: Manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The entry points that carry code, e.g. `{ specifier: 'mycelium-runtime/store', file: 'dist/store/index' }`. */
export const entryPoints: readonly { specifier: string; file: string }[] = Object.entries(manifest.exports).flatMap(
  ([subpath, target]) =>
    typeof target === 'string'
      ? []
      : [{ specifier: manifest.name + subpath.slice(1), file: (target.default ?? '').replace(/^\.\/|\.js$/g, '') }],
);

/** Both compilers that users may have. */
export const compilers: readonly { name: string; path: string }[] = [
  { name: 'TypeScript 7', path: join(root, 'node_modules/typescript/bin/tsc') },
  { name: 'TypeScript 5.9', path: join(root, 'node_modules/typescript-5/bin/tsc') },
];

/** Runs Node to its end; what it printed stands in the result. */
export function node(words: readonly string[], cwd: string): { status: number | null; stdout: string; stderr: string } {
  return run(process.execPath, words, cwd);
}

/** Runs a command to its end, without the variables by which the test runner changes what its children do. */
export function run(
  command: string,
  words: readonly string[],
  cwd: string,
): { status: number | null; stdout: string; stderr: string } {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(NODE_|VITEST|TEST$|npm_)/.test(name));
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    cwd,
    encoding: 'utf8',
    env: Object.fromEntries(inherited),
    timeout: 120_000,
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
}
