import { type Extent, eachPrepared, paired, pairedRates } from '../measure.js';
import { latency, type Named, type Row, rateOver } from '../row.js';
import type { Scale } from '../workload.js';
import type { Work } from './work.js';

/** A row to be made of two of the works that are measured together. */
export interface Line<Name extends string> extends Named {
  readonly of: Name;
  /** The floor. */
  readonly over: Name;
  /** At most so many times the time of the floor; in flight at least so many times its operations per second. */
  readonly limit?: number;
}

const IN_FLIGHT = 64;

/** How many operations are timed one by one. */
export function extentOf(scale: Scale, blocks: number): Extent {
  return { rounds: scale.rounds, blocks: scale.quick ? 2 : blocks, count: scale.quick ? 5 : 25 };
}

/** One operation at a time. */
export async function latencies<Name extends string>(
  works: Readonly<Record<Name, Work>>,
  lines: readonly Line<NoInfer<Name>>[],
  extent: Extent,
): Promise<Row[]> {
  const samples = await paired(preparations(works, lines, eachPrepared), extent);
  return lines.map(({ of, over, limit, ...named }) =>
    latency(
      named,
      samples[of],
      { name: works[over].name, sample: samples[over] },
      limit === undefined ? undefined : { ratio: limit },
    ),
  );
}

/** Many operations at a time. @param count - of each work and round. */
export async function rates<Name extends string>(
  works: Readonly<Record<Name, Work>>,
  lines: readonly Line<NoInfer<Name>>[],
  scale: Scale,
  count: number,
): Promise<Row[]> {
  const perSecond = await pairedRates(
    preparations(works, lines, (prepare) => prepare),
    { rounds: scale.rounds, count: scale.quick ? IN_FLIGHT : count, inFlight: IN_FLIGHT },
  );
  return lines.map(({ of, over, limit, what, ...named }) =>
    rateOver(
      { ...named, what: `${what}, ${IN_FLIGHT} in flight` },
      perSecond[of],
      { name: works[over].name, rounds: perSecond[over] },
      limit,
    ),
  );
}

/** Of the works that a line needs. */
function preparations<Name extends string, Made>(
  works: Readonly<Record<Name, Work>>,
  lines: readonly Line<NoInfer<Name>>[],
  make: (prepare: Work['prepare']) => Made,
): Record<Name, Made> {
  const needed = new Set<string>(lines.flatMap(({ of, over }) => [of, over]));
  const made = Object.entries<Work>(works)
    .filter(([name]) => needed.has(name))
    .map(([name, { prepare }]) => [name, make(prepare)]);
  return Object.fromEntries(made) as Record<Name, Made>;
}
