import { fstatSync, mkdtempSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileStore, type Store } from 'mycelium-runtime/store';
import { commandOf, inChild } from './child.js';
import { heapRows } from './heap.js';
import { openFloorLog } from './log-floor.js';
import { type Block, type Extent, eachTimed, paired, throughput, wholeTimed } from './measure.js';
import { counted, latency, type Row, rate } from './row.js';
import { countSystemCalls } from './system-calls.js';
import { callTransactions } from './transactions.js';
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

const IN_FLIGHT = 64;

/** Targets T1, T8, T9, T13 and T14 on disk, below the temporary folder of the machine. */
export async function measureFile(scale: Scale, note: (what: string) => void): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mycelium-bench-'));
  try {
    note('file: one call at a time');
    const rows = await oneAtATime(folder, scale);
    note(`file: ${IN_FLIGHT} in flight`);
    rows.push(...(await manyInFlight(folder, scale)));
    note('file: with many records');
    rows.push(...(await withManyRecords(folder, scale)));
    note('file: opening');
    rows.push(reopening(join(folder, 'many'), scale));
    note('file: system calls');
    rows.push(...countSystemCalls(join(folder, 'traced'), scale, commandOf('system-calls', [])));
    note('file: heap');
    rows.push(...heapRows('file', join(folder, 'heap'), scale, inChild));
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function extent(scale: Scale): Extent {
  return scale.quick ? { rounds: scale.rounds, blocks: 6, count: 8 } : { rounds: scale.rounds, blocks: 60, count: 8 };
}

function oneFresh(tool: Tool, scale: Scale): Block {
  return eachTimed(() => tool(freshPayments(1, scale.seed)[0] as Payment));
}

/** The bytes of everything in the store's folder. */
function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** How many bytes a claim and a result append to the log, as seen from inside and behind a body. */
async function appended(folder: string, store: Store, scale: Scale): Promise<readonly [claim: Buffer, result: Buffer]> {
  let atBody = 0;
  const tool = guardedPay(store, async (payment) => {
    atBody = bytesIn(folder);
    return pay(payment);
  });
  await fill(tool, 1, scale.seed);
  const before = bytesIn(folder);
  await fill(tool, 1, scale.seed);
  return [Buffer.alloc(atBody - before, 'x'), Buffer.alloc(bytesIn(folder) - atBody, 'x')];
}

async function oneAtATime(folder: string, scale: Scale): Promise<Row[]> {
  const store = await openFileStore(join(folder, 'one'));
  const blocking = await openFileStore(join(folder, 'one-blocking'), { flush: 'synchronous' });
  const bare = await openFileStore(join(folder, 'one-bare'));
  const pair = await transactionPair(scale);
  const log = openFloorLog(join(folder, 'one.floor'));
  const tool = guardedPay(store);
  const [claim, result] = await appended(join(folder, 'one'), store, scale);
  const bytes = `two appends of ${claim.length} and ${result.length} B`;
  const calls = await paired(
    {
      guarded: oneFresh(tool, scale),
      floor: eachTimed(async () => {
        await log.append(claim);
        await log.append(result);
      }),
      storeAlone: eachTimed(() => pair(bare)),
      guardedBlocking: oneFresh(guardedPay(blocking), scale),
      floorBlocking: eachTimed(async () => {
        log.appendSync(claim);
        log.appendSync(result);
      }),
    },
    extent(scale),
  );
  const replays = await replaying(tool, openSync(join(folder, 'one.floor'), 'r'), scale);
  log.close();
  await store.close();
  await blocking.close();
  await bare.close();
  const floor = { name: `${bytes}, flushed`, sample: calls.floor };
  const floorBlocking = { name: 'the same, blocking', sample: calls.floorBlocking };
  return [
    latency({ id: 'file-fresh', target: 'T8', what: 'file, fresh call' }, calls.guarded, floor, { ratio: 1.1 }),
    latency(
      { id: 'file-fresh-store', target: 'T8', what: 'file, the store alone (claim and result)' },
      calls.storeAlone,
      floor,
      undefined,
    ),
    latency(
      { id: 'file-fresh-over-blocking', target: 'T8', what: 'file, fresh call over blocking appends' },
      calls.guarded,
      floorBlocking,
      undefined,
    ),
    latency(
      { id: 'file-fresh-blocking', target: 'T8', what: 'file, fresh call, flush: synchronous' },
      calls.guardedBlocking,
      floorBlocking,
      undefined,
    ),
    replays,
  ];
}

async function replaying(tool: Tool, file: number, scale: Scale): Promise<Row> {
  const known = freshPayments(scale.quick ? 100 : 1000, scale.seed);
  const bare = bareLedger();
  for (const one of [tool, bare]) await payAll(one, known);
  let at = 0;
  const some = (count: number): Payment[] => Array.from({ length: count }, () => known[at++ % known.length] as Payment);
  const { guarded, floor } = await paired(
    {
      guarded: wholeTimed(some, (payments) => payAll(tool, payments)),
      floor: wholeTimed(some, async (payments) => {
        for (const payment of payments) {
          fstatSync(file);
          await bare(payment);
        }
      }),
    },
    { rounds: scale.rounds, blocks: 20, count: 250 },
  );
  return latency(
    { id: 'file-replay', target: 'T8', what: 'file, replay' },
    guarded,
    { name: 'fstat + bare ledger', sample: floor },
    { p50_us: 10 },
  );
}

async function manyInFlight(folder: string, scale: Scale): Promise<Row[]> {
  const guardedStore = await openFileStore(join(folder, 'in-flight'));
  const bareStore = await openFileStore(join(folder, 'in-flight-bare'));
  const log = openFloorLog(join(folder, 'in-flight.floor'));
  const tool = guardedPay(guardedStore);
  const [claim, result] = await appended(join(folder, 'in-flight'), guardedStore, scale);
  const pair = await transactionPair(scale);
  const calls = scale.quick ? 2_000 : 20_000;
  const guarded: number[] = [];
  const bare: number[] = [];
  const ungrouped: number[] = [];
  for (let round = -1; round < scale.rounds; round++) {
    const payments = freshPayments(calls, scale.seed);
    const ofTool = await throughput(calls, IN_FLIGHT, () => tool(payments.pop() as Payment));
    const ofStore = await throughput(calls, IN_FLIGHT, () => pair(bareStore));
    const ofLog = await throughput(calls / 20, IN_FLIGHT, async () => {
      log.appendSync(claim);
      await undefined;
      log.appendSync(result);
    });
    if (round < 0) continue;
    guarded.push(ofTool);
    bare.push(ofStore);
    ungrouped.push(ofLog);
  }
  log.close();
  await guardedStore.close();
  await bareStore.close();
  const what = `${IN_FLIGHT} in flight`;
  const over = (rates: readonly number[], floors: readonly number[]): number[] =>
    rates.map((one, round) => one / (floors[round] as number));
  return [
    rate({ id: 'file-in-flight', target: 'T9', what: `file, ${what}, fresh calls` }, guarded, 30_000),
    rate(
      { id: 'file-in-flight-store', target: 'T9', what: `file, ${what}, the store alone (claim and result)` },
      bare,
      undefined,
    ),
    rate(
      { id: 'file-in-flight-ungrouped', target: 'T9', what: `file, ${what}, each append flushed by itself` },
      ungrouped,
      undefined,
    ),
    counted(
      { id: 'file-in-flight-gain', target: 'T9', what: `file, ${what}, fresh calls over ungrouped` },
      'times as many',
      over(guarded, ungrouped),
      undefined,
    ),
    counted(
      { id: 'file-in-flight-engine', target: 'T9', what: `file, ${what}, fresh calls over the store alone` },
      'times as many',
      over(guarded, bare),
      undefined,
    ),
  ];
}

/** Claims and completes a record of the size that the guarded tool writes, without the engine. */
async function transactionPair(scale: Scale): Promise<(store: Store) => Promise<void>> {
  const { claim, completion } = await callTransactions(scale);
  let made = 0;
  return async (target) => {
    made += 1;
    const id = made.toString(16).padStart(32, '0');
    const key = { partition: made % target.partitions, kind: 'tool', id };
    const won = await target.transact(
      { expect: [{ key, revision: undefined }], write: claim.write.map((write) => ({ ...write, key })) },
      `claim${made}`,
    );
    const revision = won.records[0]?.revision;
    const done = await target.transact(
      { expect: [{ key, revision }], write: completion.write.map((write) => ({ ...write, key })) },
      `done${made}`,
    );
    if (!won.ok || !done.ok) throw new Error('a transaction that nothing contradicts did not apply');
  };
}

async function withManyRecords(folder: string, scale: Scale): Promise<Row[]> {
  const open = (name: string): Promise<Store> => openFileStore(join(folder, name));
  const stores = { empty: await open('empty'), some: await open('some'), many: await open('many') };
  const tools = { empty: guardedPay(stores.empty), some: guardedPay(stores.some), many: guardedPay(stores.many) };
  await fill(tools.some, scale.some, scale.seed);
  const { timed, longestMs } = longest(tools.many);
  await fill(timed, scale.many, scale.seed);
  const { empty, some, many } = await paired(
    { empty: oneFresh(tools.empty, scale), some: oneFresh(tools.some, scale), many: oneFresh(tools.many, scale) },
    extent(scale),
  );
  for (const store of Object.values(stores)) await store.close();
  const floor = { name: 'empty log', sample: empty };
  return [
    counted(
      {
        id: 'file-longest',
        target: 'T8',
        what: `file, longest of the ${scale.many} calls that filled it, ${IN_FLIGHT} in flight`,
      },
      'ms',
      [longestMs()],
      undefined,
    ),
    latency({ id: 'file-some', target: 'T8', what: `file, fresh call with ${scale.some} records` }, some, floor, {
      ratio: 1.1,
    }),
    latency({ id: 'file-many', target: 'T8 T13', what: `file, fresh call with ${scale.many} records` }, many, floor, {
      ratio: 1.1,
    }),
  ];
}

function reopening(folder: string, scale: Scale): Row {
  const took = Array.from({ length: scale.rounds }, () => inChild<number>('reopen', [folder]));
  const mebibytes = (bytesIn(folder) / 2 ** 20).toFixed(1);
  const what = `file, opening ${scale.many} records (${mebibytes} MiB) in a fresh process`;
  return counted({ id: 'file-open', target: 'T8', what }, 'ms', took, 1000);
}

/** The same tool, and what the slowest call of it took: a log that is compacted meanwhile lets its callers wait. */
function longest(tool: Tool): { timed: Tool; longestMs: () => number } {
  let most = 0;
  const timed: Tool = async (payment) => {
    const start = performance.now();
    const receipt = await tool(payment);
    most = Math.max(most, performance.now() - start);
    return receipt;
  };
  return { timed, longestMs: () => most };
}
