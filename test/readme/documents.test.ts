import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/loader/read-config.js';
import { manifest, root } from '../package/package-files.js';
import { type Block, byScope, commentBlocks } from './blocks.js';
import { commandLines, fileName, firstWalk, readme } from './readme.js';
import { compilePrograms } from './run-programs.js';
import { ReadmeServers } from './servers.js';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const examples = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) => commentBlocks(read(join('src', name)), `src/${name}`));

const isProgram = ({ language }: Block): boolean => language === 'ts' || language === 'js';
const isFile = (block: Block): boolean => fileName(block) !== undefined;
const documents = [...readme.filter((block) => !firstWalk.includes(block)), ...examples];
// A program gets the files of its section.
const groups = byScope(documents.filter((block) => isProgram(block) || isFile(block)));
const compiled = compilePrograms(groups.filter((blocks) => blocks.some(isProgram)));
afterAll(compiled.close);

/** What runs a command that the README names. */
const commands: Readonly<Record<string, { runs: string; as: string }>> = {
  'npm install': { runs: '.ci/run', as: 'npm install' },
  'npm install mycelium-runtime': { runs: 'test/package/packed-project.ts', as: "'install', ...flags" },
  'npm run test:full': { runs: '.ci/run', as: 'test:full' },
  'npx mycelium ledger prune --older-than 30d --dry-run': {
    runs: 'test/cli/prune.test.ts',
    as: '...thirtyDays, dryRun: true',
  },
  'npx mycelium ledger prune --older-than 30d': { runs: 'test/cli/prune.test.ts', as: 'thirtyDays' },
  'npx mycelium ledger prune': { runs: 'test/cli/prune.test.ts', as: 'retention' },
  'npx mycelium store migrate': { runs: 'test/cli/store.test.ts', as: "'store', 'migrate'" },
  'npx mycelium store health': { runs: 'test/cli/store.test.ts', as: "'store', 'health'" },
  'npx mycelium keys generate --out agent.key': {
    runs: 'test/cli/keys.test.ts',
    as: "'generate', '--out', 'agent.key'",
  },
  'npx mycelium keys show agent.key': { runs: 'test/cli/keys.test.ts', as: "'show', 'agent.key'" },
  'npx mycelium keys show agent.key --jwks': { runs: 'test/cli/receipts.test.ts', as: "'key.pem', '--jwks'" },
  'npx mycelium receipts seal': { runs: 'test/cli/receipts.test.ts', as: "'receipts', 'seal'" },
  'npx mycelium receipts verify': { runs: 'test/cli/receipts.test.ts', as: "'receipts', 'verify'" },
  'npx mycelium receipts prove <id> --out proof.json': {
    runs: 'test/cli/receipts.test.ts',
    as: "'receipts', 'prove', receipt, '--out', 'proof.json'",
  },
  'npx mycelium receipts verify --proof proof.json --keys jwks.json': {
    runs: 'test/cli/receipts.test.ts',
    as: "'receipts', 'verify', '--proof', 'proof.json', '--keys', 'jwks.json'",
  },
  'npm test': { runs: 'scripts/test-full.mjs', as: 'vitest.mjs' },
  'npm run check': { runs: 'scripts/test-full.mjs', as: 'checks' },
  'npm run build': { runs: 'scripts/parts.mjs', as: 'build.mjs' },
  'npm run demo': { runs: 'test/examples/demo.test.ts', as: 'demo/main.js' },
};

// What the README takes from the environment: servers of its own, in which it may use whatever names it likes.
const servers = new ReadmeServers();
beforeAll(() => servers.start());
afterAll(() => servers.stop());

test('every block has a language that something here checks', () => {
  const known = new Set(['ts', 'js', 'json', 'sh', 'bash', 'text', 'yaml']);
  const unknown = [...readme, ...examples].filter(({ language }) => !known.has(language));
  expect(unknown.map(({ file, line, language }) => `${file}:${line} ${language}`)).toEqual([]);
  expect(examples.filter((block) => !isProgram(block)).map(({ file, line }) => `${file}:${line}`)).toEqual([]);
});

test('every program compiles', () => {
  expect(compiled.complaints).toBe('');
});

describe('programs', () => {
  test.each(compiled.programs)('$title', (program) => {
    expect(compiled.run(program)).toEqual({ status: 0, stderr: '' });
  });
});

test('every json block is JSON', () => {
  for (const { language, code, line } of readme) {
    if (language === 'json') expect(() => JSON.parse(code), `README.md:${line}`).not.toThrow();
  }
});

test('every yaml block is a configuration without errors or warnings', () => {
  const files = readme.filter(({ language }) => language === 'yaml');
  expect(files.length).toBeGreaterThan(0);
  const { environment } = servers;
  for (const { code, line } of files) {
    const name = `README.md:${line}`;
    expect(parseConfig(code, { name, folder: root, environment, file: undefined }).issues.all).toEqual([]);
  }
});

test('every command in a block is one that something here runs', () => {
  const shell = readme.filter(({ language }) => language === 'sh' || language === 'bash');
  const elsewhere = shell.filter((block) => !firstWalk.includes(block));
  const named = elsewhere.flatMap(commandLines).flatMap((line) => line.split(/\s*&&\s*/));
  expect(named.length).toBeGreaterThan(0);
  for (const command of named) {
    const { runs, as } = commands[command] ?? { runs: '', as: '' };
    expect(runs, `nothing runs "${command}"`).not.toBe('');
    expect(existsSync(join(root, runs)), `${runs} runs "${command}"`).toBe(true);
    expect(read(runs), `${runs} runs "${command}"`).toContain(as);
  }
});

test('the table of events is that of the types', () => {
  const typed = [...read('src/tool/events.ts').matchAll(/^ {2}'(mycelium:[\w-]+)':/gm)].map((match) => match[1]);
  const listed = [...read('README.md').matchAll(/^\| `(mycelium:[\w-]+)` \|/gm)].map((match) => match[1]);
  expect(typed.length).toBeGreaterThan(10);
  expect([...listed].sort()).toEqual([...typed].sort());
});

test('every script that the README names exists', () => {
  const named = [...read('README.md').matchAll(/npm (?:run )(?:--\S+ )*([\w:-]+)/g)].map((match) => match[1] ?? '');
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !(name in manifest.scripts))).toEqual([]);
});

test('every path that the README links to exists', () => {
  const links = [...read('README.md').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((match) => match[1] ?? '');
  expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
