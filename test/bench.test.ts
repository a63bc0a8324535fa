import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Row } from '../bench/row.js';
import { node, root } from './package/package-files.js';

interface Report {
  readonly machine: Readonly<Record<string, unknown>>;
  readonly node: string;
  readonly seed: number;
  readonly rounds: number;
  readonly rows: readonly Row[];
}

const latencies = [
  'fingerprint-small',
  'fingerprint-large',
  'memory-fresh',
  'memory-fresh-over-await',
  'memory-replay',
  'memory-replay-over-await',
  'yaml-replay',
  'memory-many',
  'file-fresh',
  'file-fresh-store',
  'file-fresh-over-blocking',
  'file-fresh-blocking',
  'file-replay',
  'file-some',
  'file-many',
];
const rates = ['file-in-flight', 'file-in-flight-store', 'file-in-flight-ungrouped'];
const weighed = [
  'import',
  'wrapper',
  'memory-heap',
  'file-heap',
  'file-open',
  'file-longest',
  'file-in-flight-gain',
  'file-in-flight-engine',
];
/** What is counted is the same on every machine. */
const counts: Readonly<Record<string, number>> = {
  'round-trips-fresh': 2,
  'round-trips-replay': 1,
  'round-trips-duplicate': 0,
  'memory-timers': 0,
  'file-timers': 0,
};
/** Counted where strace is at hand. */
const systemCalls: Readonly<Record<string, number>> = {
  'file-writes-fresh': 2,
  'file-flushes-fresh': 2,
  'file-writes-replay': 0,
  'file-flushes-replay': 0,
  'file-writes-duplicate': 0,
  'file-flushes-duplicate': 0,
};

/** The numbers of the row that there is no sense in when they are not finite and above nothing. */
function numbersOf(row: Row): number[] {
  const { p50_us, p10_us, ops_per_second, floor_us, ratio, p10_ratio } = row;
  return [p50_us, p10_us, ops_per_second, floor_us, ratio, p10_ratio].filter((value) => value !== undefined);
}

describe('npm run bench -- --quick --json', () => {
  let report: Report;
  const row = (id: string): Row => report.rows.find((one) => one.id === id) ?? expect.fail(`no row ${id}`);

  beforeAll(() => {
    const { status, stdout, stderr } = node([join(root, '.build/bench/main.js'), '--quick', '--json'], root);
    expect(status, stderr).toBe(0);
    report = JSON.parse(stdout) as Report;
  }, 120_000);

  test('says on what and how it measured', () => {
    expect(report.node).toBe(process.version);
    expect(report.seed).toBe(1);
    expect(report.rounds).toBe(1);
    expect(report.machine['cpu']).not.toBe('');
  });

  test('has every row once, and no others', () => {
    const expected = [...latencies, ...rates, ...weighed, ...Object.keys(counts), ...Object.keys(systemCalls)];
    expect(report.rows.map(({ id }) => id).sort()).toEqual(expected.sort());
  });

  test('has a finite number above nothing wherever it took the time', () => {
    for (const id of latencies) expect([id, numbersOf(row(id)).length]).toEqual([id, 6]);
    for (const id of rates) expect([id, numbersOf(row(id)).length]).toEqual([id, 2]);
    for (const one of report.rows) {
      for (const value of numbersOf(one)) expect([one.id, Number.isFinite(value) && value > 0]).toEqual([one.id, true]);
    }
    for (const id of weighed) expect([id, Number.isFinite(row(id).measured)]).toEqual([id, true]);
  });

  test('judges exactly the rows that have a limit', () => {
    for (const one of report.rows) {
      if (one.not_run === undefined)
        expect([one.id, typeof one.met]).toEqual([one.id, one.limit === undefined ? 'object' : 'boolean']);
    }
  });

  // No times: these are the same on a slow machine.
  test('counts the round trips that the design promises', () => {
    for (const [id, count] of Object.entries(counts)) expect([id, row(id).measured]).toEqual([id, count]);
    for (const [id, count] of Object.entries(systemCalls)) {
      const { measured, not_run } = row(id);
      expect([id, not_run === undefined ? measured : 'not run']).toEqual([
        id,
        not_run === undefined ? count : 'not run',
      ]);
    }
  });
});
