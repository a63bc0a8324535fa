/** What one case took in one comparison: microseconds per operation. */
export interface Sample {
  /** The median over the rounds of each round's median. */
  readonly p50: number;
  /** The fastest tenth ends here: what the work costs while nothing else keeps the machine busy. */
  readonly p10: number;
  /** The median of each round, in the order of the rounds. */
  readonly rounds: readonly number[];
  /** Operations per second while only this case ran, over all rounds. */
  readonly perSecond: number;
}

/** How many rounds it takes until the engine compiles nothing more of what is measured. */
const WARM_UP = 3;

/** Runs `count` operations and adds what they took to `laps`, in microseconds per operation. */
export type Block = (count: number, laps: number[]) => Promise<void>;

/** How much is measured. */
export interface Extent {
  readonly rounds: number;
  /** Blocks per round and case. */
  readonly blocks: number;
  /** Operations per block. */
  readonly count: number;
}

/** The middle value; of an even number of values the upper one. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], share: number): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length * share)] ?? Number.NaN;
}

/** A block that takes the time of every operation: for what takes tens of microseconds or more. */
export function eachTimed(one: () => Promise<unknown>): Block {
  return async (count, laps) => {
    for (let done = 0; done < count; done++) {
      const start = performance.now();
      await one();
      laps.push((performance.now() - start) * 1000);
    }
  };
}

/** One thing to do, with everything made ready that it needs. */
export type Operation = () => Promise<unknown>;

/** Makes so many operations ready; not timed. */
export type Operations = (count: number) => readonly Operation[] | Promise<readonly Operation[]>;

/** A block that takes the time of every operation, after all of them were made ready. */
export function eachPrepared(prepare: Operations): Block {
  return async (count, laps) => {
    for (const one of await prepare(count)) {
      const start = performance.now();
      await one();
      laps.push((performance.now() - start) * 1000);
    }
  };
}

/**
 * A block that takes its time as a whole, because reading the clock would cost as much as an operation.
 *
 * @param prepare - makes what the operations need; not timed.
 * @param run - all operations of the block.
 */
export function wholeTimed<Item>(prepare: (count: number) => Item, run: (item: Item) => Promise<void> | void): Block {
  return async (count, laps) => {
    const item = await prepare(count);
    const start = performance.now();
    const running = run(item);
    if (running !== undefined) await running;
    laps.push(((performance.now() - start) * 1000) / count);
  };
}

/**
 * Lets the cases take turns, block by block, so that whatever the machine does meanwhile falls on all of them.
 * Each round begins with another case. The rounds before the first only warm up.
 */
export async function paired<Name extends string>(
  cases: Readonly<Record<Name, Block>>,
  extent: Extent,
): Promise<Record<Name, Sample>> {
  const names = Object.keys(cases) as Name[];
  const medians = new Map<Name, number[]>(names.map((name) => [name, []]));
  const all = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = -WARM_UP; round < extent.rounds; round++) {
    const laps = new Map<Name, number[]>(names.map((name) => [name, []]));
    for (let turn = 0; turn < extent.blocks * names.length; turn++) {
      const name = names[(turn + Math.max(round, 0)) % names.length] as Name;
      await cases[name](extent.count, laps.get(name) as number[]);
    }
    if (round < 0) continue;
    for (const name of names) {
      const taken = laps.get(name) as number[];
      medians.get(name)?.push(median(taken));
      all.get(name)?.push(...taken);
    }
  }
  const samples = names.map((name): [Name, Sample] => {
    const rounds = medians.get(name) as number[];
    const taken = all.get(name) as number[];
    const mean = taken.reduce((sum, lap) => sum + lap, 0) / taken.length;
    return [name, { p50: median(rounds), p10: quantile(taken, 0.1), rounds, perSecond: 1e6 / mean }];
  });
  return Object.fromEntries(samples) as Record<Name, Sample>;
}

/** Keeps `inFlight` operations under way until `count` are done. @returns operations per second. */
export async function throughput(count: number, inFlight: number, one: () => Promise<unknown>): Promise<number> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await one();
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  return count / ((performance.now() - start) / 1000);
}

/**
 * The operations per second of each case and round. The cases take turns, as in {@link paired}, and so do the rounds
 * begin with another one and are the first ones not counted.
 */
export async function pairedRates<Name extends string>(
  cases: Readonly<Record<Name, Operations>>,
  extent: { readonly rounds: number; readonly count: number; readonly inFlight: number },
): Promise<Record<Name, number[]>> {
  const names = Object.keys(cases) as Name[];
  const rates = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -WARM_UP; round < extent.rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + Math.max(round, 0)) % names.length] as Name;
      const operations = await cases[name](extent.count);
      let next = 0;
      const perSecond = await throughput(operations.length, extent.inFlight, () => (operations[next++] as Operation)());
      if (round >= 0) rates[name].push(perSecond);
    }
  }
  return rates;
}

/** Ratios of two samples, round by round. */
export function ratios(sample: Sample, floor: Sample): number[] {
  return sample.rounds.map((value, round) => value / (floor.rounds[round] as number));
}
