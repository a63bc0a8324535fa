import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Row } from '../bench/row.js';
import { node, root } from './package/package-files.js';

const bench = (...words: string[]) => node([join(root, '.build/bench/main.js'), ...words], root);

describe('npm run bench -- --only', () => {
  test('measures one group and nothing else', () => {
    const { status, stdout, stderr } = bench('--quick', '--json', '--only', 'receipts');
    expect(status, stderr).toBe(0);
    const { rows } = JSON.parse(stdout) as { rows: readonly Row[] };
    expect(rows.map(({ id }) => id)).toEqual([
      'receipts-memory-fresh',
      'receipts-file-fresh',
      'receipts-file-seal',
      'receipts-memory-seal',
      'receipts-verify-few',
      'receipts-verify-some',
      'receipts-verify-many',
      'receipts-verify-growth',
    ]);
    for (const { id, p50_us, ratio, ops_per_second, measured } of rows) {
      const numbers = [p50_us, ratio, ops_per_second, measured].filter((value) => value !== undefined);
      expect([id, numbers.length > 0 && numbers.every((value) => Number.isFinite(value) && value > 0)]).toEqual([
        id,
        true,
      ]);
    }
  }, 120_000);

  test('measures another group', () => {
    const { status, stdout, stderr } = bench('--quick', '--json', '--only', 'boundary');
    expect(status, stderr).toBe(0);
    const { rows } = JSON.parse(stdout) as { rows: readonly Row[] };
    expect(rows.map(({ id, ratio = 0 }) => [id, ratio > 0])).toEqual([
      ['boundary-zod', true],
      ['boundary-zod-exact', true],
      ['boundary-specs', true],
      ['boundary-path', true],
    ]);
  }, 60_000);

  test('measures several groups', () => {
    const { status, stdout, stderr } = bench('--quick', '--json', '--only', 'context', '--only', 'transcripts');
    expect(status, stderr).toBe(0);
    const { rows } = JSON.parse(stdout) as { rows: readonly Row[] };
    const formats = ['openai-chat', 'anthropic', 'ai-sdk', 'ai-sdk-ui', 'openai-responses', 'langchain', 'gemini'];
    const kinds = ['check', 'repair', 'history', 'check-growth', 'repair-growth'];
    expect(rows.map(({ id, ratio = 0, measured = 0 }) => [id, ratio + measured > 0])).toEqual([
      ['context-hit', true],
      ['context-miss', true],
      ...formats.flatMap((format) => kinds.map((kind) => [`transcripts-${format}-${kind}`, true])),
    ]);
  }, 60_000);

  test.each([
    [['--only', 'nonsense'], 'there are none, memory, file, redis, postgres, receipts, boundary, context, transcripts'],
    [['--store', 'receipts'], 'there are none, memory, file, redis, postgres'],
    [['--only', 'receipts', '--store', 'file'], 'one of --store and --only'],
    [['--nonsense'], "Unknown option '--nonsense'"],
    [['--rounds', 'many'], 'give a whole number'],
  ])('refuses %j in a line', (words, said) => {
    const { status, stdout, stderr } = bench(...words);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('tells its options', () => {
    const { status, stdout } = bench('--help');
    expect(status).toBe(0);
    for (const option of ['--only', '--store', '--json', '--quick', '--rounds', '--seed', 'receipts'])
      expect(stdout).toContain(option);
  });
});
