import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './package-files.js';

/**
 * Installs this package in a project, as it would be published.
 *
 * @param manifest - what the package.json of a new project says; without it, there is one already.
 * @returns the files in the tarball.
 */
export function installPacked(project: string, manifest?: Readonly<Record<string, unknown>>): readonly string[] {
  const packed = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], root);
  if (packed.status !== 0) throw new Error(packed.stderr);
  const [tarball]: [{ filename: string; files: { path: string }[] }] = JSON.parse(packed.stdout);
  if (manifest !== undefined) {
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, ...manifest }));
  }
  const flags = ['--prefer-offline', '--no-audit', '--no-fund'];
  const installed = run('npm', ['install', ...flags, `./${tarball.filename}`], project);
  if (installed.status !== 0) throw new Error(installed.stderr);
  return tarball.files.map(({ path }) => path);
}

/** Lets a compiler find the types of Node there, from this checkout. */
export function linkNodeTypes(project: string): void {
  mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
  link(project, '@types/node');
}

/** Puts a package there as if it had been installed, from this checkout. */
export function link(project: string, name: string): void {
  const place = join(project, 'node_modules', name);
  rmSync(place, { force: true });
  symlinkSync(join(root, 'node_modules', name), place);
}
