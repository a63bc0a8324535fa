// Compiles src to dist and, with --tools, examples, bench and the torture harness to .build. Prints nothing on success.
//
// Each compilation goes to a folder of its own and then replaces what changed, file by file: a process that is
// reading the previous build never meets half a file, two builds at once end alike, and nothing stale is published.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * @param {string} project - the tsconfig file
 * @param {string} target - the folder that ends up with its output
 * @returns {string} the compiler's complaints, empty when there are none
 */
function compile(project, target) {
  const fresh = `${target}-${process.pid}`;
  try {
    const compiler = join('node_modules', 'typescript', 'bin', 'tsc');
    const { status, stdout, stderr, error } = spawnSync(
      process.execPath,
      [compiler, '-p', project, '--outDir', fresh],
      {
        cwd: root,
        encoding: 'utf8',
      },
    );
    // With nothing compiled, what stands there stays: a build that cannot start must not look like an empty one.
    if (existsSync(join(root, fresh))) replace(join(root, fresh), join(root, target));
    return status === 0 ? '' : `${project}:\n${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`;
  } finally {
    rmSync(join(root, fresh), { recursive: true, force: true });
  }
}

/**
 * @param {string} from
 * @param {string} to
 */
function replace(from, to) {
  const wanted = files(from);
  for (const name of wanted) {
    const target = join(to, name);
    if (existsSync(target) && readFileSync(target).equals(readFileSync(join(from, name)))) continue;
    mkdirSync(dirname(target), { recursive: true });
    renameSync(join(from, name), target);
  }
  for (const name of files(to)) if (!wanted.includes(name)) rmSync(join(to, name), { force: true });
}

/**
 * @param {string} folder
 * @returns {string[]} the files below it, by relative path
 */
function files(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

let complaints = compile('tsconfig.build.json', 'dist');
if (process.argv.includes('--tools')) complaints += compile('tsconfig.tools.json', '.build');
process.stderr.write(complaints);
process.exitCode = complaints === '' ? 0 : 1;
