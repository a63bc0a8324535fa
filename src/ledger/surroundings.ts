import type { Engine } from './engine.js';
import { keyOfId } from './identity.js';
import { type CallSubject, decodeCall, type Seen } from './record.js';
import { type Cutoff, keepsRunGoing, type OuterStanding } from './retention.js';

/** So many of each are kept in mind; beyond that they are looked at again. */
const REMEMBERED = 10_000;
const PAGE = 100;

/** What is around the calls of a ledger, looked up once for all calls that ask. */
export class Surroundings {
  readonly #engine: Engine;
  readonly #elsewhere: readonly Engine[];
  readonly #outer = new Map<string, 'absent' | 'committed' | 'unfinished'>();
  readonly #runs = new Map<string, boolean>();

  /** @param elsewhere - other stores in which what is around them may be recorded. */
  constructor(engine: Engine, elsewhere: readonly Engine[]) {
    this.#engine = engine;
    this.#elsewhere = elsewhere;
  }

  /** Takes note of a call that was met, which spares looking through its run. */
  note(run: string | undefined, { record, stored }: Pick<Seen, 'record' | 'stored'>, cutoff: Cutoff): void {
    if (run !== undefined && keepsRunGoing(record, stored, cutoff)) remember(this.#runs, run, true);
  }

  /** How the task and the call around a call stand: the one that may still come back to it counts. */
  async outer({ task, caller, outerElsewhere }: CallSubject): Promise<OuterStanding> {
    const around = [
      ...(task === undefined ? [] : [await this.#standing('task', task)]),
      ...(caller === undefined ? [] : [await this.#standing('tool', caller)]),
    ];
    if (around.includes('unfinished')) return 'unfinished';
    if (around.includes('absent')) return outerElsewhere === true ? 'unknown' : 'absent';
    return around[0] ?? 'none';
  }

  async #standing(kind: 'tool' | 'task', id: string): Promise<'absent' | 'committed' | 'unfinished'> {
    const known = this.#outer.get(id);
    if (known !== undefined) return known;
    const found = await Promise.all([this.#engine, ...this.#elsewhere].map((engine) => standingOf(engine, kind, id)));
    const first = (['unfinished', 'committed'] as const).find((standing) => found.includes(standing));
    return remember(this.#outer, id, first ?? 'absent');
  }

  /** Whether some call of the run is unfinished or recent, in whichever ledger of the store. */
  async runGoesOn(run: string | undefined, cutoff: Cutoff): Promise<boolean> {
    if (run === undefined) return false;
    return this.#runs.get(run) ?? remember(this.#runs, run, await this.#look(run, cutoff));
  }

  async #look(run: string, cutoff: Cutoff): Promise<boolean> {
    const { client, description } = this.#engine;
    for (const kind of ['tool', 'task']) {
      let after: string | undefined;
      do {
        const page = await client.list({
          kind,
          where: { run },
          limit: PAGE,
          ...(after === undefined ? {} : { after }),
        });
        if (page.records.some((stored) => keepsRunGoing(decodeCall(stored, description).record, stored, cutoff)))
          return true;
        after = page.next;
      } while (after !== undefined);
    }
    return false;
  }
}

async function standingOf(
  engine: Engine,
  kind: 'tool' | 'task',
  id: string,
): Promise<'absent' | 'committed' | 'unfinished'> {
  const [stored] = await engine.read([keyOfId(kind, id, engine.client.store.partitions)]);
  if (stored === undefined) return 'absent';
  return decodeCall(stored, engine.description).record.phase === 'committed' ? 'committed' : 'unfinished';
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): Value {
  if (map.size >= REMEMBERED) map.clear();
  map.set(key, value);
  return value;
}
