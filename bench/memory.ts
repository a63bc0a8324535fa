import { compose, type Guard, loadConfigFromString } from 'mycelium-runtime';
import { memoryStore } from 'mycelium-runtime/store';
import { inChild } from './child.js';
import { heapRows } from './heap.js';
import { type Extent, paired, wholeTimed } from './measure.js';
import { counted, latency, type Row } from './row.js';
import { countTransactions } from './transactions.js';
import {
  bareLedger,
  fill,
  freshPayments,
  guardedPay,
  type Payment,
  pay,
  payAll,
  type Receipt,
  type Scale,
} from './workload.js';

type Tool = (payment: Payment) => Promise<Receipt>;

/** Targets T1, T10, T13 and T14 in memory. */
export async function measureMemory(scale: Scale, note: (what: string) => void): Promise<Row[]> {
  note('memory: fresh calls and replays');
  const rows = await calls(scale);
  note('memory: with many records');
  rows.push(await withManyRecords(scale));
  note('memory: round trips');
  rows.push(...(await roundTrips(scale)));
  note('memory: heap');
  rows.push(...heapRows('memory', '', scale, inChild));
  return rows;
}

function extent(scale: Scale): Extent {
  return scale.quick
    ? { rounds: scale.rounds, blocks: 6, count: 250 }
    : { rounds: scale.rounds, blocks: 40, count: 250 };
}

async function calls(scale: Scale): Promise<Row[]> {
  const fresh = (tool: Tool) =>
    wholeTimed(
      (count) => freshPayments(count, scale.seed),
      (payments) => payAll(tool, payments),
    );
  const known = freshPayments(1000, scale.seed);
  const replays = (tool: Tool) => {
    let at = 0;
    const some = (count: number): Payment[] =>
      Array.from({ length: count }, () => known[at++ % known.length] as Payment);
    return wholeTimed(some, (payments) => payAll(tool, payments));
  };
  // Composed of nothing, what is left is what every guard costs before it does anything.
  const passing = (compose() as unknown as Guard)(pay);
  const guarded = guardedPay(memoryStore());
  const bare = bareLedger();
  const fromFile = await payFromFile();
  for (const tool of [guarded, bare, fromFile]) await payAll(tool, known);

  const { plain, wrapped, bareFresh, guardedFresh, bareReplay, guardedReplay, fileReplay } = await paired(
    {
      plain: fresh(pay),
      wrapped: fresh(passing),
      bareFresh: fresh(bare),
      guardedFresh: fresh(guarded),
      bareReplay: replays(bare),
      guardedReplay: replays(guarded),
      fileReplay: replays(fromFile),
    },
    extent(scale),
  );
  const wrapperCost = wrapped.rounds.map((value, round) => value - (plain.rounds[round] as number));
  const awaited = { name: 'await fn()', sample: plain };
  return [
    latency(
      { id: 'memory-fresh', target: 'T10', what: 'memory, fresh call' },
      guardedFresh,
      { name: 'bare ledger', sample: bareFresh },
      { p50_us: 6 },
    ),
    latency(
      { id: 'memory-fresh-over-await', target: 'T10', what: 'memory, fresh call over no guard' },
      guardedFresh,
      awaited,
      undefined,
    ),
    latency(
      { id: 'memory-replay', target: 'T10', what: 'memory, replay' },
      guardedReplay,
      { name: 'bare ledger', sample: bareReplay },
      { p50_us: 4 },
    ),
    latency(
      { id: 'memory-replay-over-await', target: 'T10', what: 'memory, replay over no guard' },
      guardedReplay,
      awaited,
      undefined,
    ),
    latency(
      { id: 'yaml-replay', target: 'T10', what: 'memory, replay of a tool guarded from YAML' },
      fileReplay,
      { name: 'guarded in code', sample: guardedReplay },
      { ratio: 1.1 },
    ),
    counted(
      { id: 'wrapper', target: 'T10', what: 'a guard that only passes through, over await fn()' },
      'us',
      wrapperCost,
      1,
    ),
  ];
}

/** The same tool as `guardedPay`, guarded from a configuration: its store is opened late, its fields have two spellings. */
async function payFromFile(): Promise<Tool> {
  const mycelium = await loadConfigFromString(
    'action_ledger: { storage: memory }\ntools: { send_payment: { side_effect_class: non_idempotent_mutate, id_from: [invoice_id] } }',
  );
  return mycelium.guard('send_payment')(pay);
}

async function withManyRecords(scale: Scale): Promise<Row> {
  const large = guardedPay(memoryStore());
  await fill(large, scale.many, scale.seed);
  const prepared = (toolOf: () => Tool) =>
    wholeTimed(
      (count) => ({ tool: toolOf(), payments: freshPayments(count, scale.seed) }),
      ({ tool, payments }) => payAll(tool, payments),
    );
  // A store that is measured for a while is no empty store any more, so each block gets its own.
  const { full, empty } = await paired(
    { full: prepared(() => large), empty: prepared(() => guardedPay(memoryStore())) },
    extent(scale),
  );
  const named = { id: 'memory-many', target: 'T13', what: `memory, fresh call with ${scale.many} records` };
  return latency(named, full, { name: 'empty store', sample: empty }, { ratio: 1.2 });
}

async function roundTrips(scale: Scale): Promise<Row[]> {
  const { store, transactions } = countTransactions(memoryStore());
  const tool = guardedPay(store);
  const payments = freshPayments(20, scale.seed);
  const during = async (work: () => Promise<unknown>): Promise<number> => {
    const before = transactions.length;
    await work();
    return transactions.length - before;
  };
  const fresh = await during(() => payAll(tool, payments));
  const replayed = await during(() => payAll(tool, payments));
  const again = freshPayments(20, scale.seed);
  const coalesced = await during(async () => {
    for (const payment of again) await Promise.all(Array.from({ length: 8 }, () => tool(payment)));
  });
  const what = 'round trips to the store';
  return [
    counted(
      { id: 'round-trips-fresh', target: 'T1', what: `${what}, fresh call` },
      'transactions',
      [fresh / payments.length],
      2,
    ),
    counted(
      { id: 'round-trips-replay', target: 'T1', what: `${what}, replay` },
      'transactions',
      [replayed / payments.length],
      1,
    ),
    counted(
      { id: 'round-trips-duplicate', target: 'T1', what: `${what}, 7 duplicates under way in the process` },
      'transactions',
      [(coalesced - fresh) / again.length],
      0,
    ),
  ];
}
