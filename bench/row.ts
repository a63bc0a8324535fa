import { median, ratios, type Sample } from './measure.js';

/** One line of the report. Members are named as they stand in `--json`. */
export interface Row {
  readonly id: string;
  /** The number of the target in the list of targets, e.g. `T8`. */
  readonly target: string;
  readonly what: string;
  /** Median over the rounds of the medians, in microseconds. */
  readonly p50_us?: number;
  /** Where the fastest tenth ends, which moves least when other programs run. */
  readonly p10_us?: number;
  readonly ops_per_second?: number;
  /** What `floor_us` is, e.g. `two appends`. */
  readonly floor?: string;
  readonly floor_us?: number;
  /** The median over the rounds of case / floor, from the same round. */
  readonly ratio?: number;
  readonly floor_ops_per_second?: number;
  /** The median over the rounds of operations per second of case / floor, from the same round: more is better. */
  readonly rate_ratio?: number;
  /** The ratio of the fastest tenths: what is left of it on a machine that does nothing else. */
  readonly p10_ratio?: number;
  /** For what is counted or is not a latency. */
  readonly measured?: number;
  readonly unit?: string;
  /** Absent: recorded only. */
  readonly limit?: number;
  readonly limit_on?: 'p50_us' | 'ops_per_second' | 'ratio' | 'rate_ratio' | 'measured';
  /** The best round's value of what the limit is on. */
  readonly best?: number;
  /** Whether the median keeps the limit; null where there is none. */
  readonly met: boolean | null;
  /** Whether at least the best round keeps it. */
  readonly met_by_best?: boolean;
  /** Why there is no number. */
  readonly not_run?: string;
}

/** What a row is called, and what it is about. */
export interface Named {
  readonly id: string;
  readonly target: string;
  readonly what: string;
}

/** A latency, with or without a floor and with at most one limit, which is on the median or on the ratio. */
export function latency(
  named: Named,
  sample: Sample,
  floor: { readonly name: string; readonly sample: Sample } | undefined,
  limit: { readonly p50_us: number } | { readonly ratio: number } | undefined,
): Row {
  const overFloor = floor === undefined ? undefined : ratios(sample, floor.sample);
  const row = {
    ...named,
    p50_us: sample.p50,
    p10_us: sample.p10,
    ops_per_second: sample.perSecond,
    ...(floor === undefined || overFloor === undefined
      ? {}
      : {
          floor: floor.name,
          floor_us: floor.sample.p50,
          ratio: median(overFloor),
          p10_ratio: sample.p10 / floor.sample.p10,
        }),
  };
  if (limit === undefined) return { ...row, met: null };
  if ('p50_us' in limit) return judged(row, 'p50_us', sample.rounds, limit.p50_us);
  return judged(row, 'ratio', overFloor ?? [], limit.ratio);
}

/** Operations per second, of which there must be at least `limit`. */
export function rate(named: Named, rounds: readonly number[], limit: number | undefined): Row {
  const perSecond = median(rounds);
  const row = { ...named, p50_us: 1e6 / perSecond, ops_per_second: perSecond };
  return limit === undefined ? { ...row, met: null } : atLeast(row, 'ops_per_second', rounds, limit);
}

/** Operations per second beside those of a floor, of which there must be at least `limit` times as many. */
export function rateOver(
  named: Named,
  rounds: readonly number[],
  floor: { readonly name: string; readonly rounds: readonly number[] },
  limit: number | undefined,
): Row {
  const overFloor = rounds.map((perSecond, round) => perSecond / (floor.rounds[round] as number));
  const perSecond = median(rounds);
  const row = {
    ...named,
    p50_us: 1e6 / perSecond,
    ops_per_second: perSecond,
    floor: floor.name,
    floor_ops_per_second: median(floor.rounds),
    rate_ratio: median(overFloor),
  };
  return limit === undefined ? { ...row, met: null } : atLeast(row, 'rate_ratio', overFloor, limit);
}

/** Something counted or weighed, of which there may be at most `limit`. */
export function counted(named: Named, unit: string, rounds: readonly number[], limit: number | undefined): Row {
  const row = { ...named, measured: median(rounds), unit };
  return limit === undefined ? { ...row, met: null } : judged(row, 'measured', rounds, limit);
}

/** What could not be measured here. */
export function notRun(named: Named, why: string): Row {
  return { ...named, met: null, not_run: why };
}

function atLeast(
  row: Omit<Row, 'met'>,
  on: 'ops_per_second' | 'rate_ratio',
  rounds: readonly number[],
  limit: number,
): Row {
  const best = Math.max(...rounds);
  return { ...row, limit, limit_on: on, best, met: (row[on] ?? Number.NaN) >= limit, met_by_best: best >= limit };
}

function judged(
  row: Omit<Row, 'met'>,
  on: 'p50_us' | 'ratio' | 'measured',
  rounds: readonly number[],
  limit: number,
): Row {
  const best = Math.min(...rounds);
  return {
    ...row,
    limit,
    limit_on: on,
    best,
    met: (row[on] ?? Number.NaN) <= limit,
    met_by_best: best <= limit,
  };
}
