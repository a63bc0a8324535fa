import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Row } from '../bench/row.js';
import { node, root } from './package/package-files.js';

interface Report {
  readonly machine: Readonly<Record<string, unknown>>;
  readonly servers: readonly { readonly server: string; readonly packages: readonly string[] }[];
  readonly node: string;
  readonly seed: number;
  readonly rounds: number;
  readonly rows: readonly Row[];
}

/** Rows that a group of stores has, by what they consist of. */
interface Expected {
  readonly latencies: readonly string[];
  readonly rates: readonly string[];
  /** Rates beside those of a floor. */
  readonly ratesOver: readonly string[];
  readonly weighed: readonly string[];
  /** What is counted is the same on every machine. */
  readonly counts: Readonly<Record<string, number>>;
  /** Counted where strace is at hand. */
  readonly systemCalls: Readonly<Record<string, number>>;
}

const local: Expected = {
  latencies: [
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
  ],
  rates: ['file-in-flight', 'file-in-flight-store', 'file-in-flight-ungrouped'],
  ratesOver: [],
  weighed: [
    'import',
    'wrapper',
    'memory-heap',
    'file-heap',
    'file-open',
    'file-longest',
    'file-in-flight-gain',
    'file-in-flight-engine',
  ],
  counts: {
    'round-trips-fresh': 2,
    'round-trips-replay': 1,
    'round-trips-duplicate': 0,
    'memory-timers': 0,
    'file-timers': 0,
  },
  systemCalls: {
    'file-writes-fresh': 2,
    'file-flushes-fresh': 2,
    'file-writes-replay': 0,
    'file-flushes-replay': 0,
    'file-writes-duplicate': 0,
    'file-flushes-duplicate': 0,
  },
};

/** The guarded tool over its layers, and these over each other. */
const layers = ['', '-own', '-store', '-ping', '-store-over-own', '-own-over-minimal'];
const named = (names: readonly string[], suffixes: readonly string[]): string[] =>
  names.flatMap((name) => suffixes.map((suffix) => `${name}${suffix}`));
const requests = (store: string): Record<string, number> => ({
  [`${store}-requests-fresh`]: 2,
  [`${store}-requests-replay`]: 1,
  [`${store}-requests-replay-again`]: 0,
  [`${store}-requests-duplicate`]: 0,
  [`${store}-requests-renew`]: 1,
  [`${store}-transactions`]: 0,
});

const redis: Expected = {
  latencies: [
    ...named(['redis-fresh', 'redis-replay'], layers),
    'redis-replay-two-pings',
    'redis-replay-remembered',
    'redis-renew',
    ...named(['redis-far', 'redis-many', 'redis-powertools', 'redis-always'], ['-fresh', '-replay']),
    'redis-replica-fresh',
  ],
  rates: [],
  ratesOver: [
    ...named(['redis-in-flight-fresh', 'redis-in-flight-replay'], layers),
    'redis-powertools-in-flight-fresh',
    'redis-powertools-in-flight-replay',
    'redis-replica-in-flight',
    'redis-always-in-flight',
  ],
  weighed: [],
  counts: { ...requests('redis'), 'redis-replica-trips': 2 },
  systemCalls: {},
};

const postgres: Expected = {
  latencies: [
    ...named(['postgres-fresh', 'postgres-replay'], layers),
    'postgres-flush',
    'postgres-replay-remembered',
    'postgres-renew',
    ...named(['postgres-many', 'postgres-dbos'], ['-fresh', '-replay']),
  ],
  rates: [],
  ratesOver: [...named(['postgres-in-flight-fresh', 'postgres-in-flight-replay'], layers), 'postgres-dbos-in-flight'],
  weighed: [],
  counts: requests('postgres'),
  systemCalls: {},
};

/** The numbers of the row that there is no sense in when they are not finite and above nothing. */
function numbersOf(row: Row): number[] {
  const { p50_us, p10_us, ops_per_second, floor_us, ratio, p10_ratio, floor_ops_per_second, rate_ratio } = row;
  const all = [p50_us, p10_us, ops_per_second, floor_us, ratio, p10_ratio, floor_ops_per_second, rate_ratio];
  return all.filter((value) => value !== undefined);
}

describe.each([
  { stores: ['none', 'memory', 'file'], expected: local, servers: [] },
  { stores: ['redis'], expected: redis, servers: [/^Redis \d+\.\d+/] },
  { stores: ['postgres'], expected: postgres, servers: [/^PostgreSQL \d+/] },
])('npm run bench -- --quick --json, stores: $stores', ({ stores, expected, servers }) => {
  let report: Report;
  const row = (id: string): Row => report.rows.find((one) => one.id === id) ?? expect.fail(`no row ${id}`);

  beforeAll(() => {
    const words = ['--quick', '--json', ...stores.flatMap((store) => ['--store', store])];
    const { status, stdout, stderr } = node([join(root, '.build/bench/main.js'), ...words], root);
    expect(status, stderr).toBe(0);
    report = JSON.parse(stdout) as Report;
  }, 120_000);

  test('says on what and how it measured', () => {
    expect(report.node).toBe(process.version);
    expect(report.seed).toBe(1);
    expect(report.rounds).toBe(1);
    expect(report.machine['cpu']).not.toBe('');
    expect(report.servers.map(({ server }) => server)).toEqual(servers.map((server) => expect.stringMatching(server)));
    for (const { packages } of report.servers)
      for (const one of packages) expect(one).toMatch(/^[@\w/-]+ \d+\.\d+\.\d+/);
  });

  test('has every row once, and no others', () => {
    const { latencies, rates, ratesOver, weighed, counts, systemCalls } = expected;
    const ids = [latencies, rates, ratesOver, weighed, Object.keys(counts), Object.keys(systemCalls)].flat();
    expect(report.rows.map(({ id }) => id).sort()).toEqual(ids.sort());
  });

  test('has a finite number above nothing wherever it took the time', () => {
    for (const id of expected.latencies) expect([id, numbersOf(row(id)).length]).toEqual([id, 6]);
    for (const id of expected.rates) expect([id, numbersOf(row(id)).length]).toEqual([id, 2]);
    for (const id of expected.ratesOver) expect([id, numbersOf(row(id)).length]).toEqual([id, 4]);
    for (const one of report.rows) {
      for (const value of numbersOf(one)) expect([one.id, Number.isFinite(value) && value > 0]).toEqual([one.id, true]);
    }
    for (const id of expected.weighed) expect([id, Number.isFinite(row(id).measured)]).toEqual([id, true]);
  });

  test('judges exactly the rows that have a limit', () => {
    for (const one of report.rows) {
      if (one.not_run === undefined)
        expect([one.id, typeof one.met]).toEqual([one.id, one.limit === undefined ? 'object' : 'boolean']);
    }
  });

  // No times: these are the same on a slow machine.
  test('counts the round trips that the design promises', () => {
    for (const [id, count] of Object.entries(expected.counts)) expect([id, row(id).measured]).toEqual([id, count]);
    for (const [id, count] of Object.entries(expected.systemCalls)) {
      const { measured, not_run } = row(id);
      expect([id, not_run === undefined ? measured : 'not run']).toEqual([
        id,
        not_run === undefined ? count : 'not run',
      ]);
    }
  });
});
