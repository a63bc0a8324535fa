import { LRUCache } from 'lru-cache';
import { run } from 'mycelium-runtime';
import { protect, Session } from 'mycelium-runtime/context';
import { type Block, paired, wholeTimed } from './measure.js';
import { latency, type Row } from './row.js';
import type { Scale } from './workload.js';

interface Question {
  readonly customerId: string;
  readonly fields: readonly string[];
}

interface Customer {
  readonly customerId: string;
  readonly name: string;
  readonly orders: readonly { readonly id: string; readonly amount: number }[];
}

const customer = async ({ customerId }: Question): Promise<Customer> => ({
  customerId,
  name: 'Ada',
  orders: Array.from({ length: 10 }, (_, at) => ({ id: `o-${at}`, amount: at })),
});

/** What a read costs that is answered from the session, and one that is not. */
export async function measureContext(scale: Scale, note: (what: string) => void): Promise<Row[]> {
  note('context: a protected read');
  const protectedRead = protect({ name: 'fetch_customer', entity: 'customerId', ttl: '10m', max: 2_000 })(customer);
  const known = new LRUCache<string, Promise<Customer>>({ max: 2_000, ttl: 600_000 });
  /** What a user would write by hand: the arguments as JSON, an LRU cache, and a copy for every caller. */
  const byHand = async (question: Question): Promise<Customer> => {
    const key = JSON.stringify(question);
    let found = known.get(key);
    if (found === undefined) {
      found = customer(question);
      known.set(key, found);
    }
    return structuredClone(await found);
  };
  let asked = 0;
  const again = (tool: typeof customer): Block => reads(tool, (at) => at % 10);
  const anew = (tool: typeof customer): Block => reads(tool, () => asked++);
  const reads = (tool: typeof customer, customerAt: (at: number) => number): Block =>
    wholeTimed(
      (count) =>
        Array.from({ length: count }, (_, at) => ({ customerId: `c-${customerAt(at)}`, fields: ['name', 'orders'] })),
      async (questions) => {
        for (const question of questions) await tool(question);
      },
    );
  const extent = { rounds: scale.rounds, blocks: scale.quick ? 4 : 40, count: scale.quick ? 100 : 1_000 };
  const { hit, miss, hitFloor, missFloor } = await Session.run(() =>
    run({ runId: 'bench' }, () =>
      paired(
        { hit: again(protectedRead), miss: anew(protectedRead), hitFloor: again(byHand), missFloor: anew(byHand) },
        extent,
      ),
    ),
  );
  const named = (id: string, what: string) => ({ id: `context-${id}`, target: 'context', what });
  const floor = 'JSON key, LRU cache, copy';
  return [
    latency(named('hit', 'a read answered from the session'), hit, { name: floor, sample: hitFloor }, undefined),
    latency(named('miss', 'a read that runs and is kept'), miss, { name: floor, sample: missFloor }, undefined),
  ];
}
