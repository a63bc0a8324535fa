import type { Store } from 'mycelium-runtime/store';
import { paired, wholeTimed } from '../measure.js';
import { latency, type Row } from '../row.js';
import { countTransactions } from '../transactions.js';
import { bareLedger, freshPayments, guardedPay, type Payment, payAll, payTogether, type Scale } from '../workload.js';
import { extentOf, latencies } from './compare.js';
import { heldLeases, LEASES } from './round-trips.js';
import type { Work } from './work.js';

/** Replays of what this process has seen finished: the server is not asked. */
export async function rememberedRow(name: string, store: Store, scale: Scale): Promise<Row> {
  const { store: counting, transactions } = countTransactions(store);
  const tool = guardedPay(counting);
  const bare = bareLedger();
  const known = freshPayments(scale.quick ? 100 : 1000, scale.seed);
  // Until it knows what could make it forget, a process remembers nothing.
  for (let before = -1; before !== transactions.length; ) {
    before = transactions.length;
    await payTogether(tool, known);
  }
  await payAll(bare, known);
  let at = 0;
  const some = (count: number): Payment[] => Array.from({ length: count }, () => known[at++ % known.length] as Payment);
  const { guarded, floor } = await paired(
    {
      guarded: wholeTimed(some, (payments) => payAll(tool, payments)),
      floor: wholeTimed(some, (payments) => payAll(bare, payments)),
    },
    { rounds: scale.rounds, blocks: scale.quick ? 4 : 40, count: 250 },
  );
  const named = { id: `${name}-replay-remembered`, target: 'T1', what: `${name}, replay of a remembered call` };
  return latency(named, guarded, { name: 'bare ledger', sample: floor }, undefined);
}

/** One request that renews many leases. */
export async function renewalRow(name: string, store: Store, ping: Work, scale: Scale): Promise<Row> {
  const renewals = await heldLeases(store, scale);
  const renew = async (): Promise<void> => {
    const answers = await store.renew(renewals);
    if (answers.some((answer) => answer !== 'held')) throw new Error('a lease that nobody took was lost');
  };
  const [row] = await latencies(
    { renewal: { name: 'renewal', prepare: (count) => Array.from({ length: count }, () => renew) }, ping },
    [{ id: `${name}-renew`, target: 'T1', what: `${name}, ${LEASES} leases renewed`, of: 'renewal', over: 'ping' }],
    extentOf(scale, 4),
  );
  return row as Row;
}
