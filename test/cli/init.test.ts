import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { check } from '../../src/cli/check.js';
import { explain } from '../../src/cli/explain.js';
import { init } from '../../src/cli/init.js';
import { SECTIONS } from '../../src/config/loader/schema.js';
import { root } from '../package/package-files.js';
import { fakeTerminal } from './fake-terminal.js';
import { Scratch } from './scratch.js';

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.remove());

const template = (name: string): string => readFileSync(join(root, 'templates', `${name}.yaml`), 'utf8');

describe.each([
  { flags: {}, name: 'mycelium' },
  { flags: { minimal: true }, name: 'minimal' },
  { flags: { full: true }, name: 'full' },
] as const)('init $flags', ({ flags, name }) => {
  test('writes a configuration in which nothing is to be mended, and no placeholder', async () => {
    const config = scratch.path('mycelium.yaml');
    expect(init({ ...flags, config }, fakeTerminal())).toBe(0);
    expect(readFileSync(config, 'utf8')).toBe(template(name));
    expect(readFileSync(config, 'utf8')).not.toMatch(/TODO|FIXME|<[a-z]|your[_-]|example\.com|xxx/i);
    const checked = fakeTerminal();
    expect(await check({ config }, checked)).toBe(0);
    expect([...checked.printed, ...checked.noted]).toEqual([]);
    expect(explain(undefined, { config }, fakeTerminal())).toBe(0);
    expect(readdirSync(scratch.folder)).toEqual(['mycelium.yaml']);
  });

  test('prints it and writes nothing', () => {
    const terminal = fakeTerminal();
    expect(init({ ...flags, print: true, config: scratch.path('mycelium.yaml') }, terminal)).toBe(0);
    expect(`${terminal.text()}\n`).toBe(template(name));
    expect(readdirSync(scratch.folder)).toEqual([]);
  });
});

test('the full one has every key', async () => {
  const text = template('full');
  const uncommented = text.replace(/^( *)# (?=( *)[a-z_]+:( |$))/gm, '$1');
  // A key that excludes the one before it stands behind it: `url: … # or url_env: …`.
  const keys = new Set([...uncommented.matchAll(/(?:^ *|# .*\bor )([a-z_]+):/gm)].map((match) => match[1]));
  expect(
    Object.values(SECTIONS)
      .flat()
      .filter((key) => !keys.has(key)),
  ).toEqual([]);
  // What is commented out is right as well, all of it at once but what excludes each other.
  const config = scratch.write('all.yaml', uncommented);
  const terminal = fakeTerminal();
  vi.stubEnv('RECEIPT_SIGNING_KEY', '0123456789abcdef'.repeat(4));
  expect({ exit: await check({ config }, terminal), text: terminal.text() }).toEqual({ exit: 0, text: '' });
  vi.unstubAllEnvs();
  expect(Object.keys(parse(uncommented))).toEqual(SECTIONS['']);
});

test('says the next three commands, for the file it wrote', () => {
  const terminal = fakeTerminal();
  init({ config: scratch.path('other.yaml') }, terminal);
  const commands = terminal.text().split('\n').slice(1, 4);
  for (const [index, words] of ['check', 'explain', 'ledger list --stuck'].entries())
    expect(commands[index]).toMatch(new RegExp(`^ {2}mycelium ${words} -c ${scratch.path('other.yaml')} {2,}\\w`));
});

test('leaves a file that is there as it is, unless it is forced', () => {
  const config = scratch.write('mycelium.yaml', 'tools: {}\n');
  const refused = scratch.mycelium('init');
  expect(refused).toMatchObject({ status: 1, stdout: '' });
  expect(refused.stderr).toContain('is there already, and was left as it is');
  expect(readFileSync(config, 'utf8')).toBe('tools: {}\n');
  expect(scratch.mycelium('init', '--force').status).toBe(0);
  expect(readFileSync(config, 'utf8')).toBe(template('mycelium'));
});

test('does not put a second configuration beside one with the other ending', () => {
  scratch.write('mycelium.yml', 'tools: {}\n');
  const { status, stderr } = scratch.mycelium('init');
  expect(status).toBe(1);
  expect(stderr).toContain('mycelium.yml is there already');
  expect(readdirSync(scratch.folder)).toEqual(['mycelium.yml']);
});

test('makes the folder it is to write into, and says when it cannot', () => {
  expect(init({ config: scratch.path('a/b/c.yaml') }, fakeTerminal())).toBe(0);
  expect(existsSync(scratch.path('a/b/c.yaml'))).toBe(true);
  scratch.write('file', '');
  expect(() => init({ config: scratch.path('file/c.yaml') }, fakeTerminal())).toThrow('cannot be written');
});

test('in a repository it says to ignore the records, until they are', () => {
  const said = (): boolean => {
    const terminal = fakeTerminal();
    init({ config: scratch.path('agent/mycelium.yaml'), force: true }, terminal);
    return terminal.text().includes('Add .mycelium/ to .gitignore');
  };
  expect(said()).toBe(false);
  mkdirSync(scratch.path('.git'));
  expect(said()).toBe(true);
  mkdirSync(scratch.path('agent/.gitignore'));
  expect(said()).toBe(true);
  scratch.write('.gitignore', 'node_modules/\n.mycelium/\n');
  expect(said()).toBe(false);
});
