import type { Row } from '../row.js';
import type { Scale } from '../workload.js';
import { extentOf, type Line, latencies, rates } from './compare.js';
import { type Way, type Work, workOf } from './work.js';

/** The guarded tool, and everything that it is made of, down to a round trip with nothing in it. */
export interface Layers {
  readonly guarded: Way;
  /** The store, without the library. */
  readonly store: Way;
  /** What the store sends, without the store. */
  readonly own: Way;
  /** The least that would do. */
  readonly minimal: Way;
  /** As many round trips as a call needs, with nothing in them. */
  readonly ping: Way;
}

/** Limits on the guarded tool over a layer; what has none is recorded. */
type Limits = Partial<Record<'own' | 'minimal' | 'ping' | 'twoPings', number>>;

/** What the rows of one kind of call are judged by. */
interface Judged extends Limits {
  readonly target: string;
}

/** What is to be measured of a server. */
export interface LayersMeasured {
  /** As in the ids of the rows. */
  readonly name: string;
  readonly fresh: Judged;
  readonly replay: Judged;
  readonly inFlight: Judged;
  /** How many calls each case makes in a round, with many in flight. */
  readonly inFlightCalls: number;
  readonly blocks: number;
}

type Case = keyof Layers | 'twoPings';

/** The guarded tool over each layer, and each layer over the one below it: so it shows where the time goes. */
export async function layerRows(
  layers: Layers,
  { name, fresh, replay, inFlight, inFlightCalls, blocks }: LayersMeasured,
  scale: Scale,
): Promise<Row[]> {
  const works = (kind: 'fresh' | 'replay'): Record<Case, Work> => ({
    ...workOf({ ...layers }, kind),
    twoPings: layers.ping.fresh,
  });
  const extent = extentOf(scale, blocks);
  const alone = (kind: 'fresh' | 'replay', what: string, judged: Judged): Promise<Row[]> =>
    latencies(works(kind), lines(`${name}-${kind}`, `${name}, ${what}`, judged), extent);
  const together = (kind: 'fresh' | 'replay', what: string): Promise<Row[]> =>
    rates(works(kind), lines(`${name}-in-flight-${kind}`, `${name}, ${what}`, inFlight), scale, inFlightCalls);
  return [
    ...(await alone('fresh', 'fresh call', fresh)),
    ...(await alone('replay', 'replay', replay)),
    ...(await together('fresh', 'fresh calls')),
    ...(await together('replay', 'replays')),
  ];
}

function lines(id: string, what: string, { target, ...limits }: Judged): Line<Case>[] {
  const line = (suffix: string, of: Case, over: Case, about: string): Line<Case> => ({
    id: `${id}${suffix}`,
    target,
    what: about,
    of,
    over,
  });
  const judged = (suffix: string, over: keyof Limits): Line<Case> => {
    const limit = limits[over];
    return { ...line(suffix, 'guarded', over, what), ...(limit === undefined ? {} : { limit }) };
  };
  return [
    judged('', 'minimal'),
    judged('-own', 'own'),
    line('-store', 'guarded', 'store', what),
    judged('-ping', 'ping'),
    // Of a fresh call it is the line above.
    ...(limits.twoPings === undefined ? [] : [judged('-two-pings', 'twoPings')]),
    line('-store-over-own', 'store', 'own', `${what}, the store alone`),
    line('-own-over-minimal', 'own', 'minimal', `${what}, what the store sends alone`),
  ];
}
