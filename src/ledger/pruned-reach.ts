/**
 * Which calls that are gone may have been pruned. A line of a pruning names no calls, but it says of which kind they
 * were, when the last of them was finished, and how many there were: nothing else can have gone that way.
 */
import type { LedgerHome } from '../tool/home.js';
import type { Engine } from './engine.js';
import { decodeLine, PRUNED_LINE, type PrunedLine } from './pruned-line.js';

type Kind = PrunedLine['kind'];

/** A call that is gone, as a receipt of it tells. */
export interface GoneCall {
  readonly id: string;
  readonly partition: number;
  /** What it can have been. */
  readonly kinds: readonly Kind[];
  /** It was claimed, and its record was written again, at the earliest then; both by the store's clock. */
  readonly claimedAt: number;
  readonly writtenFrom: number;
}

interface Line extends Pick<PrunedLine, 'newest' | 'count'> {
  readonly id: string;
}

const PAGE = 500;
/** A set holds no more than 2^24; who prunes more than this is not counted any further. */
const MOST_COUNTED = 8_000_000;

/** The lines of all prunings of a ledger, and how many of the calls in each are accounted for. */
export class PrunedReach {
  readonly #engine: Engine;
  readonly #home: LedgerHome;
  /** By partition and kind, those that reach least far first. */
  #lines: ReadonlyMap<string, readonly Line[]> = new Map();
  readonly #taken = new Map<string, number>();
  /** Calls that have their place in a line, each by 52 bits of its id. */
  readonly #counted = new Set<number>();

  constructor(engine: Engine, home: LedgerHome) {
    this.#engine = engine;
    this.#home = home;
  }

  /** Reads the lines: a call that was seen to be gone before is in them, when it was pruned. @throws StoreFormatError */
  async read(): Promise<void> {
    const lines = new Map<string, Line[]>();
    let after: string | undefined;
    do {
      const page = await this.#engine.client.list({
        kind: PRUNED_LINE,
        where: { ledger: this.#home.name },
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      for (const stored of page.records) {
        const { partition, id } = stored.key;
        const line = decodeLine(stored, this.#engine.description);
        if (line === undefined) continue;
        const { kind, newest, count } = line;
        const place = placeOf(partition, kind);
        const known = lines.get(place) ?? [];
        known.push({ id: `${partition} ${id}`, newest, count });
        lines.set(place, known);
      }
      after = page.next;
    } while (after !== undefined);
    for (const some of lines.values()) some.sort((one, other) => one.newest - other.newest);
    this.#lines = lines;
  }

  /**
   * Whether the call may have been pruned. Each call takes one place in a line, in the one that reaches least far: so
   * there are places for all that were pruned, and for none beside them.
   */
  covers(call: GoneCall): boolean {
    const short = Number.parseInt(call.id.slice(0, 13), 16);
    const lines = call.kinds
      .flatMap((kind) => this.#lines.get(placeOf(call.partition, kind)) ?? [])
      .filter(({ newest }) => call.claimedAt <= newest && call.writtenFrom <= newest);
    if (lines.length === 0) return false;
    // Another receipt of the same call.
    if (this.#counted.has(short) || this.#counted.size >= MOST_COUNTED) return true;
    const free = lines.find(({ id, count }) => (this.#taken.get(id) ?? 0) < count);
    if (free === undefined) return false;
    this.#taken.set(free.id, (this.#taken.get(free.id) ?? 0) + 1);
    this.#counted.add(short);
    return true;
  }
}

function placeOf(partition: number, kind: Kind): string {
  return `${partition} ${kind}`;
}
