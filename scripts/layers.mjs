// Checks what the compiler does not: which folder may know which, import cycles, and the size of files.
// Usage: node scripts/layers.mjs [--only layers|cycles|sizes] [folder of a package]
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript-5';

/**
 * Arrows point down: a folder may import what stands in a row below its own. `peers`: folders of the row may also
 * import each other, as long as they do not do so in a circle.
 */
const rows = [
  { folders: ['cli'] },
  { folders: ['config'] },
  { folders: ['integrations'] },
  { folders: ['runner'] },
  { folders: ['ledger', 'boundary', 'context', 'transcript', 'cycles', 'receipts', 'state', 'lease'] },
  { folders: ['store', 'encoding', 'tool'], peers: true },
  { folders: ['errors'] },
];

/** Folders that stand beside the rows, with what they may not import. Nothing may import them. */
const besides = new Map([
  ['index', ['cli', 'integrations', 'testing']],
  ['testing', ['cli', 'config', 'index']],
]);

/** A test file holds its cases one below the other, so it may be longer than code. */
const limitOf = (/** @type {string} */ file) =>
  file.startsWith('test/') && !/^test\/(torture|services)\//.test(file) ? 650 : 400;

/** Files that may be longer, each with its reason. An entry that is no longer needed is a failure, too. */
const longFiles = new Map(/** @type {[string, string][]} */ ([]));

/** Code that users could have written: it knows the package by its name only. */
const outside = ['examples', 'bench', 'test/torture', 'test/services', 'test/transcript/fuzz'];

/** @typedef {{ file: string, line: number, specifier: string }} Import */

/**
 * @param {string} root
 * @param {string} folder
 * @returns {string[]} source files below the folder, with `/` and relative to the root
 */
function sources(root, folder) {
  const start = join(root, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mts|mjs|js)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !file.split('/').includes('node_modules') && !file.includes('/fixtures/'))
    .sort();
}

/**
 * Every way to name another module, those that only carry types included.
 * @param {string} root
 * @param {string} file
 * @returns {Import[]}
 */
function importsOf(root, file) {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
  /** @type {Import[]} */
  const found = [];
  /** @param {ts.Node | undefined} name */
  const add = (name) => {
    if (name === undefined || !ts.isStringLiteralLike(name)) return;
    found.push({ file, line: source.getLineAndCharacterOfPosition(name.getStart()).line + 1, specifier: name.text });
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal);
    else if (ts.isExternalModuleReference(node)) add(node.expression);
    else if (ts.isModuleDeclaration(node)) add(node.name);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/**
 * @param {Import} one
 * @returns {string | undefined} the imported file, relative to the root; undefined when it is a package
 */
function target({ file, specifier }) {
  if (!specifier.startsWith('.')) return undefined;
  return posix
    .join(posix.dirname(file), specifier)
    .replace(/\.js$/, '.ts')
    .replace(/\.mjs$/, '.mts');
}

/**
 * @param {string} file - e.g. `src/ledger/engine.ts`
 * @returns {string} e.g. `ledger`; `index` for the root of the package
 */
function folderOf(file) {
  const [, first = '', second] = file.split('/');
  return second === undefined ? first.replace(/\.ts$/, '') : first;
}

/** @param {string} folder */
const rowOf = (folder) => rows.findIndex((row) => row.folders.includes(folder));

/**
 * @param {string} from
 * @param {string} to
 * @returns {string | undefined} why the import is not allowed
 */
function refusal(from, to) {
  if (from === to) return undefined;
  if (besides.has(to)) return `nothing imports ${to}`;
  const forbidden = besides.get(from);
  if (forbidden !== undefined) return forbidden.includes(to) ? `${from} may not import ${to}` : undefined;
  const [above, below] = [rowOf(from), rowOf(to)];
  if (above < below) return undefined;
  if (above > below) return `arrows point down, ${to} stands above ${from}`;
  return rows[above]?.peers ? undefined : `${from} and ${to} stand side by side: own a small interface instead`;
}

/** @param {string} root */
function layerViolations(root) {
  /** @type {string[]} */
  const violations = [];
  /** @type {Map<string, Set<string>>} */
  const folders = new Map();
  for (const file of sources(root, 'src')) {
    const from = folderOf(file);
    if (rowOf(from) < 0 && !besides.has(from)) violations.push(`${file}: ${from} has no place in the layers`);
    for (const one of importsOf(root, file)) {
      const other = target(one);
      if (other === undefined) continue;
      const place = `${file}:${one.line} imports ${one.specifier}`;
      if (!other.startsWith('src/')) {
        violations.push(`${place}: outside src`);
        continue;
      }
      const to = folderOf(other);
      const why = refusal(from, to);
      if (why !== undefined) violations.push(`${place}: ${why}`);
      else if (from !== to) folders.set(from, (folders.get(from) ?? new Set()).add(to));
    }
  }
  for (const circle of circles(new Map([...folders].map(([from, to]) => [from, [...to]])))) {
    violations.push(`folders in a circle: ${circle.join(' → ')}`);
  }
  for (const file of outside.flatMap((folder) => sources(root, folder))) {
    for (const one of importsOf(root, file)) {
      if (target(one)?.startsWith('src/') !== true) continue;
      violations.push(`${file}:${one.line} imports ${one.specifier}: import the package by its name`);
    }
  }
  return violations;
}

/** @param {string} root */
function cycleViolations(root) {
  const graph = new Map(
    ['src', ...outside, 'test'].flatMap((folder) =>
      sources(root, folder).map((file) => [file, importsOf(root, file).flatMap((one) => target(one) ?? [])]),
    ),
  );
  return circles(graph).map((circle) => `circular imports: ${circle.join(' → ')}`);
}

/**
 * @param {Map<string, string[]>} graph
 * @returns {string[][]} one circle for every edge that closes one, ending where it began
 */
function circles(graph) {
  /** @type {string[][]} */
  const found = [];
  const done = new Set();
  /** @type {string[]} */
  const path = [];
  /** @param {string} node */
  const visit = (node) => {
    const start = path.indexOf(node);
    if (start >= 0) found.push([...path.slice(start), node]);
    if (start >= 0 || done.has(node)) return;
    path.push(node);
    for (const next of new Set(graph.get(node) ?? [])) visit(next);
    path.pop();
    done.add(node);
  };
  for (const node of graph.keys()) visit(node);
  return found;
}

/** @param {string} root */
function sizeViolations(root) {
  const files = ['src', 'test', 'examples', 'bench', 'scripts'].flatMap((folder) => sources(root, folder));
  const sizes = files.map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }));
  const long = sizes.filter(({ file, lines }) => lines > limitOf(file));
  return [
    ...long
      .filter(({ file }) => !longFiles.has(file))
      .map(({ file, lines }) => `${file} has ${lines} lines, more than ${limitOf(file)}: split it by meaning`),
    ...[...longFiles.keys()]
      .filter((name) => existsSync(join(root, name)) && !long.some(({ file }) => file === name))
      .map((name) => `${name} needs no exception any more`),
  ];
}

const parts = { layers: layerViolations, cycles: cycleViolations, sizes: sizeViolations };
const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
const root = resolve(positionals[0] ?? dirname(dirname(fileURLToPath(import.meta.url))));
const wanted = Object.entries(parts).filter(([name]) => values.only === undefined || values.only === name);
const violations = wanted.flatMap(([, part]) => part(root));
if (wanted.length === 0 || sources(root, 'src').length === 0) violations.push('nothing to check');
for (const violation of violations) console.log(violation);
process.exitCode = violations.length === 0 ? 0 : 1;
