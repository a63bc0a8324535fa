import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, loadConfigFromString } from '../../../src/config/load-config.js';
import { readConfig } from '../../../src/config/loader/read-config.js';
import { ConfigError } from '../../../src/errors/usage.js';
import { type BrokenConfig, ENVIRONMENT, marked, read } from './broken-config.js';
import { BROKEN_KEYS } from './broken-keys.js';
import { BROKEN_RULES } from './broken-rules.js';
import { BROKEN_SYNTAX } from './broken-syntax.js';
import { BROKEN_REFERENCES, BROKEN_VALUES } from './broken-values.js';

const GROUPS: Readonly<Record<string, readonly BrokenConfig[]>> = {
  syntax: BROKEN_SYNTAX,
  keys: BROKEN_KEYS,
  values: BROKEN_VALUES,
  references: BROKEN_REFERENCES,
  rules: BROKEN_RULES,
};
const ROWS = Object.values(GROUPS).flat();

describe.each(Object.entries(GROUPS))('broken configurations: %s', (_, rows) => {
  it.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, { yaml, errors }) => {
    const { text, places } = marked(yaml);
    const { issues } = read(text);
    const found = issues.all.filter(({ severity }) => severity === 'error');
    expect(found.map(({ id, path, line, column, suggestion }) => [`${line}:${column}`, id, path, suggestion])).toEqual(
      errors.map(([id, path, , suggestion], index) => [places[index], id, path, suggestion]),
    );
    expect(places).toHaveLength(errors.length);
    for (const [index, { problem, remedy }] of found.entries()) {
      expect(`${problem} | ${remedy}`).toContain(errors[index]?.[2]);
      expect(remedy).toMatch(/^\S.*[.…]$/);
      expect(problem).not.toMatch(/[.\n]$|undefined|\[object|hunter2/);
    }
    expect(issues.text()).not.toContain('hunter2');
    const thrown = await loadConfigFromString(text, { environment: ENVIRONMENT }).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ConfigError);
    expect((thrown as ConfigError).issues).toEqual(found);
  });
});

describe('configuration files that cannot be read', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'broken-config-'));
    mkdirSync(join(folder, 'mycelium.yaml'));
    writeFileSync(join(folder, 'latin1.yaml'), Buffer.from('tools: { caf\xe9: {} }', 'latin1'));
    writeFileSync(join(folder, 'utf16.yaml'), Buffer.from('\ufefftools: {}', 'utf16le'));
    writeFileSync(join(folder, 'large.yaml'), '# '.repeat(600 * 1024));
    execFileSync('mkfifo', [join(folder, 'pipe.yaml')]);
    writeFileSync(join(folder, 'bom.yaml'), '\ufefftols: {}');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['a missing file', 'none.yaml', 'MYC101', 'there is no ', 'mycelium init'],
    ['a missing folder', 'none/mycelium.yaml', 'MYC101', 'there is no ', 'Name another file'],
    ['a file used as a folder', 'bom.yaml/mycelium.yaml', 'MYC101', 'there is no ', 'Name another file'],
    ['a pipe, which may never begin', 'pipe.yaml', 'MYC101', 'is not a file', 'Name a file'],
    ['a folder', 'mycelium.yaml', 'MYC101', 'is a folder', 'Name a file'],
    ['a folder where a file is looked for', undefined, 'MYC101', 'is a folder', 'Name a file'],
    ['more than a mebibyte', 'large.yaml', 'MYC102', 'has 1228800 bytes, more than 1048576', 'not data'],
    ['latin-1', 'latin1.yaml', 'MYC103', 'is not UTF-8', 'Save it as UTF-8.'],
    ['UTF-16', 'utf16.yaml', 'MYC103', 'is not UTF-8', 'Save it as UTF-8.'],
  ])('%s', async (_, name, id, problem, remedy) => {
    const { issues } = readConfig(name, folder, {});
    expect(issues.all).toHaveLength(1);
    const [issue] = issues.all;
    expect(issue).toMatchObject({ id, severity: 'error', path: '', file: name ?? 'mycelium.yaml' });
    expect(issue?.line).toBeUndefined();
    expect(issue?.problem).toContain(problem);
    expect(issue?.remedy).toContain(remedy);
    if (name !== undefined) {
      await expect(loadConfig(join(folder, name))).rejects.toThrow(ConfigError);
    }
  });

  it('two of them, where one would be ignored', () => {
    writeFileSync(join(folder, 'mycelium.yml'), '');
    const { issues } = readConfig(undefined, folder, {});
    expect(issues.all).toMatchObject([
      { id: 'MYC106', severity: 'error', remedy: expect.stringContaining('Keep one') },
    ]);
    expect(readConfig('mycelium.yml', folder, {}).issues.errors).toBe(false);
  });

  it('places behind a byte order mark are those of the text', () => {
    expect(readConfig('bom.yaml', folder, {}).issues.all).toMatchObject([{ id: 'MYC204', line: 1, column: 1 }]);
  });
});

describe('the rows', () => {
  it('are at least a hundred', () => {
    expect(ROWS.length).toBeGreaterThanOrEqual(100);
    expect(new Set(ROWS.map(({ name }) => name)).size).toBe(ROWS.length);
  });

  it('have every id that loading can report', () => {
    const sources = new URL('../../../src/config/', import.meta.url);
    const reported = readdirSync(sources, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => readFileSync(new URL(name, sources), 'utf8').match(/MYC[123]\d\d/g) ?? [])
      // Warnings have tests of their own.
      .filter((id) => !/^MYC3[56]/.test(id));
    const covered = new Set([
      ...ROWS.flatMap(({ errors }) => errors.map(([id]) => id)),
      'MYC101',
      'MYC102',
      'MYC103',
      'MYC106',
    ]);
    expect([...new Set(reported)].filter((id) => !covered.has(id))).toEqual([]);
    expect([...covered].filter((id) => !reported.includes(id))).toEqual([]);
  });
});
