import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { table } from '../../bench/report.js';
import { node, root } from '../package/package-files.js';

const folder = mkdtempSync(join(tmpdir(), 'transcript-commands-'));
afterAll(() => rmSync(folder, { recursive: true }));

const command = (name: string, ...words: string[]) =>
  node([join(root, `.build/test/transcript/${name}/main.js`), ...words], folder);

describe('npm run corpus', () => {
  test('helps, or refuses, and writes nothing then', () => {
    const help = command('corpus', '--help');
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: npm run corpus/);
    const bogus = command('corpus', 'bogus');
    expect(bogus).toMatchObject({ status: 2, stdout: '' });
    expect(bogus.stderr).toMatch(/^corpus: .*bogus/);
    expect(command('corpus', '--what').status).toBe(2);
    expect(existsSync(join(folder, 'test'))).toBe(false);
  });

  test('says what it wrote, and where', () => {
    const { status, stdout } = command('corpus');
    expect(status).toBe(0);
    const written = readdirSync(join(folder, 'test/transcripts/generated'));
    expect(written.length).toBeGreaterThan(5);
    for (const file of written)
      expect(stdout).toMatch(new RegExp(`^wrote test/transcripts/generated/${file}: \\d+ cases`, 'm'));
    expect(stdout).toMatch(/\d+ files, \d+ cases/);
  });
});

describe('npm run fuzz', () => {
  test.each([
    [['bogus'], 'bogus'],
    [[], 'transcripts'],
    [['transcripts', 'more'], 'more'],
    [['transcripts', '--n', 'abc'], '--n abc'],
    [['transcripts', '--n', '0'], '--n 0'],
    [['transcripts', '--seed', 'x'], '--seed x'],
    [['transcripts', '--format', 'openai'], 'openai-chat'],
    [['transcripts', '--what'], '--what'],
  ])('%j is refused in a line', (words, reason) => {
    const { status, stdout, stderr } = command('fuzz', ...words);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^fuzz: .*\n$/);
    expect(stderr).toContain(reason);
    expect(stderr).toContain('--help');
  });

  test('ends with what came of it', () => {
    const { status, stdout } = command('fuzz', 'transcripts', '--n', '20', '--format', 'openai-chat');
    expect(status).toBe(0);
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^Nothing was found/);
    const {
      cases: _,
      format: __,
      ...counters
    } = JSON.parse(command('fuzz', 'transcripts', '--n', '5', '--format', 'gemini', '--json').stdout).formats[0];
    const { stdout: help } = command('fuzz', '--help');
    for (const counter of Object.keys(counters)) expect(help).toMatch(new RegExp(`^  ${counter} +\\S`, 'm'));
  });
});

test('the table of a quick benchmark judges nothing', () => {
  const row = { id: 'a', target: 'T1', what: 'one', p50_us: 9, limit: 1, limit_on: 'p50_us', met: false } as const;
  const recorded = { ...row, id: 'b', met: null };
  const verdicts = (quick: boolean): string[] =>
    table([row, recorded], quick)
      .split('\n')
      .slice(1)
      .map((line) => line.split(/ {2,}/).at(-1) ?? '');
  expect(verdicts(false)[0]).toBe('NO');
  expect(verdicts(true)[0]).toBe('-');
  expect(verdicts(true)[1]).not.toBe('-');
});
