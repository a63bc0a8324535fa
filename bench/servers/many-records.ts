import type { Store } from 'mycelium-runtime/store';
import type { Row } from '../row.js';
import { fill, guardedPay, type Scale } from '../workload.js';
import { extentOf, latencies } from './compare.js';
import { guardedWay, workOf } from './work.js';

/**
 * Target T13.
 *
 * @param open - the store with this name.
 */
export async function manyRecordsRows(
  name: string,
  open: (name: string) => Promise<Store>,
  scale: Scale,
  blocks: number,
): Promise<Row[]> {
  const stores = { many: [await open('many'), await open('many')], empty: [await open('empty'), await open('empty')] };
  const [many, elsewhere] = stores.many as [Store, Store];
  const earlier = scale.quick ? scale.some : scale.many;
  await fill(guardedPay(elsewhere), earlier, scale.seed);
  const ways = {
    many: guardedWay('many', many, elsewhere, scale),
    empty: guardedWay('empty store', ...(stores.empty as [Store, Store]), scale),
  };
  const line = (kind: string, what: string) =>
    ({
      id: `${name}-many-${kind}`,
      target: 'T13',
      what: `${name}, ${what} with ${earlier} records`,
      of: 'many',
      over: 'empty',
      limit: 1.2,
    }) as const;
  const extent = extentOf(scale, blocks);
  return [
    ...(await latencies(workOf(ways, 'fresh'), [line('fresh', 'fresh call')], extent)),
    ...(await latencies(workOf(ways, 'replay'), [line('replay', 'replay')], extent)),
  ];
}
