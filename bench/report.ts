import { statfsSync } from 'node:fs';
import { availableParallelism, cpus, release, type as systemName, tmpdir, totalmem } from 'node:os';
import type { Row } from './row.js';

/** What the numbers depend on. */
export interface Machine {
  readonly cpu: string;
  /** Processors this process may use; fewer than the machine has when it is pinned. */
  readonly cpus: number;
  readonly memory_gib: number;
  readonly kernel: string;
  /** Of the temporary folder, where the logs are written. */
  readonly file_system: string;
}

/** A server that was measured, and what its numbers depend on. */
export interface ServerFacts {
  /** Name and version, e.g. `Redis 7.0.15`. */
  readonly server: string;
  readonly settings: string;
  /** Packages by which it was reached and with which it was compared, with their versions. */
  readonly packages: readonly string[];
  /** On which processors it and this process ran. */
  readonly placement: string;
}

const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs (no disk: flushes cost nothing)',
  2035054128: 'overlayfs',
};

export function machine(): Machine {
  const { type } = statfsSync(tmpdir());
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: availableParallelism(),
    memory_gib: Math.round(totalmem() / 2 ** 30),
    kernel: `${systemName()} ${release()}`,
    file_system: FILE_SYSTEMS[type] ?? `0x${type.toString(16)}`,
  };
}

/**
 * The rows as a table for people.
 *
 * @param quick - measured too briefly for a limit to be judged by it.
 */
export function table(rows: readonly Row[], quick = false): string {
  const header = ['', 'what', 'p50', 'p10', 'ops/s', 'floor', 'ratio', 'at p10', 'limit', 'met'];
  const lines = rows.map((row) => [
    row.target,
    row.what,
    row.not_run !== undefined ? 'not run' : row.measured !== undefined ? withUnit(row) : micros(row.p50_us),
    micros(row.p10_us),
    row.ops_per_second === undefined ? '' : Math.round(row.ops_per_second).toLocaleString('en'),
    floorText(row),
    (row.ratio ?? row.rate_ratio)?.toFixed(2) ?? '',
    row.p10_ratio === undefined ? '' : row.p10_ratio.toFixed(2),
    limitText(row),
    row.not_run ?? (quick && row.met !== null ? '-' : verdict(row)),
  ]);
  const widths = header.map((title, column) =>
    Math.max(...[header, ...lines].map((line) => (line[column] ?? title).length)),
  );
  return [header, ...lines]
    .map((line) =>
      line
        .map((cell, column) =>
          column < 2 || column === header.length - 1
            ? cell.padEnd(widths[column] ?? 0)
            : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function withUnit({ measured, unit }: Row): string {
  return `${digits(measured ?? Number.NaN)} ${unit ?? ''}`;
}

function floorText({ floor = '', floor_us, floor_ops_per_second }: Row): string {
  if (floor_us !== undefined) return `${micros(floor_us)} ${floor}`;
  if (floor_ops_per_second !== undefined) return `${Math.round(floor_ops_per_second).toLocaleString('en')}/s ${floor}`;
  return '';
}

function micros(value: number | undefined): string {
  return value === undefined ? '' : `${digits(value)} us`;
}

function digits(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function limitText({ limit, limit_on, unit }: Row): string {
  switch (limit_on) {
    case 'p50_us':
      return `<= ${limit} us`;
    case 'ratio':
      return `<= ${limit?.toFixed(2)}x`;
    case 'rate_ratio':
      return `>= ${limit?.toFixed(2)}x`;
    case 'ops_per_second':
      return `>= ${limit?.toLocaleString('en')}/s`;
    case 'measured':
      return `<= ${limit} ${unit ?? ''}`;
    default:
      return '';
  }
}

function verdict({ met, met_by_best, best }: Row): string {
  if (met === null) return '';
  if (met) return 'yes';
  return met_by_best === true ? `best round only (${digits(best ?? Number.NaN)})` : 'NO';
}
