import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ActionLedger, ledger } from 'mycelium-runtime';
import {
  auditReceipts,
  checkReceipt,
  generateSigningKey,
  keyring,
  publicJwk,
  sealReceipts,
  verifyReceipts,
} from 'mycelium-runtime/receipts';
import { memoryStore, openFileStore, type Store } from 'mycelium-runtime/store';
import { setUpEngine } from 'mycelium-runtime/testing';
import { type Block, eachTimed, paired, wholeTimed } from './measure.js';
import { counted, latency, type Row, rate } from './row.js';
import { fill, freshPayments, guardedPay, type Payment, pay, payAll, type Receipt, type Scale } from './workload.js';

type Tool = (payment: Payment) => Promise<Receipt>;

/** Per-receipt time of the largest log over that of the smallest: what is above 1 would grow with the log. */
const MOST_GROWTH = 1.5;

const { seed, signer } = generateSigningKey();
const keys = keyring([publicJwk(signer.publicKey)]);
const receipts = auditReceipts({ agent: 'bench', signingKey: seed });

/** What signed receipts cost with the call, and what sealing and verifying them does afterwards. */
export async function measureReceipts(scale: Scale, note: (what: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  note('receipts: fresh calls on the memory store');
  rows.push(await freshCalls('memory', memoryStore(), memoryStore(), scale));
  const folder = mkdtempSync(join(tmpdir(), 'mycelium-bench-'));
  try {
    note('receipts: fresh calls on the file store');
    const stores = [await openFileStore(join(folder, 'signed')), await openFileStore(join(folder, 'plain'))] as const;
    rows.push(await freshCalls('file', ...stores, scale));
    note('receipts: sealing on the file store');
    const { count } = sizesOf(scale).some;
    rows.push(sealingRow('file', count, [await sealing(stores[0], count, scale)]));
    for (const store of stores) await store.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  rows.push(...(await verifying(scale, note)));
  return rows;
}

/** The same guarded tool, whose outcomes are signed. */
function signedPay(store: Store): { readonly tool: Tool; readonly home: ActionLedger } {
  setUpEngine(store, { storeDeadlineMs: 120_000 });
  const home = new ActionLedger({ store, receipts });
  const guard = ledger({ name: 'send_payment', effect: 'non_idempotent_mutate', idFrom: ['invoiceId'], ledger: home });
  return { tool: guard(pay), home };
}

async function freshCalls(kind: 'memory' | 'file', signed: Store, plain: Store, scale: Scale): Promise<Row> {
  const fresh = (tool: Tool): Block =>
    kind === 'memory'
      ? wholeTimed(
          (count) => freshPayments(count, scale.seed),
          (payments) => payAll(tool, payments),
        )
      : eachTimed(() => tool(freshPayments(1, scale.seed)[0] as Payment));
  const extent =
    kind === 'memory'
      ? { rounds: scale.rounds, blocks: scale.quick ? 6 : 12, count: 100 }
      : { rounds: scale.rounds, blocks: scale.quick ? 6 : 20, count: 8 };
  const { on, off } = await paired({ on: fresh(signedPay(signed).tool), off: fresh(guardedPay(plain)) }, extent);
  const named = { id: `receipts-${kind}-fresh`, target: 'receipts', what: `${kind}, fresh call with a receipt` };
  return latency(named, on, { name: 'without receipts', sample: off }, undefined);
}

interface Size {
  readonly name: string;
  readonly count: number;
}

function sizesOf({ quick }: Scale): Readonly<Record<'few' | 'some' | 'many', Size>> {
  const [few, some, many] = quick ? [100, 400, 1_000] : [1_000, 10_000, 100_000];
  return {
    few: { name: 'few', count: few as number },
    some: { name: 'some', count: some as number },
    many: { name: 'many', count: many as number },
  };
}

/** Makes so many receipts and seals them. @returns how many were sealed in a second. */
async function sealing(store: Store, count: number, scale: Scale): Promise<number> {
  await sealReceipts({ store, ledger: 'default', signer });
  await fill(signedPay(store).tool, count, scale.seed);
  const start = performance.now();
  const { added, complete } = await sealReceipts({ store, ledger: 'default', signer });
  if (added !== count || !complete) throw new Error(`${added} of ${count} receipts were sealed`);
  return count / ((performance.now() - start) / 1_000);
}

function sealingRow(kind: string, count: number, rounds: readonly number[]): Row {
  const what = `${kind}, sealing ${count} receipts`;
  return rate({ id: `receipts-${kind}-seal`, target: 'receipts', what }, rounds, undefined);
}

/** Whole verifications of logs of three sizes, calls included; they take turns, the small one several times each. */
async function verifying(scale: Scale, note: (what: string) => void): Promise<Row[]> {
  const sizes = Object.values(sizesOf(scale));
  const stores: Store[] = [];
  const rows: Row[] = [];
  for (const { name, count } of sizes) {
    note(`receipts: ${count} made and sealed on the memory store`);
    const store = memoryStore();
    const perSecond = await sealing(store, count, scale);
    if (name === 'many') rows.push(sealingRow('memory', count, [perSecond]));
    stores.push(store);
  }
  // The small ones before the large one and after it, so that a slow minute falls on both.
  const turns = ['few', 'few', 'some', 'many', 'few'];
  const perReceipt = new Map<string, number[]>();
  for (const [turn, name] of turns.entries()) {
    const at = sizes.findIndex((size) => size.name === name);
    const { count } = sizes[at] as Size;
    note(`receipts: verifying ${count}`);
    const times = name === 'few' ? 5 : 1;
    const start = performance.now();
    for (let time = 0; time < times; time++) await verified(stores[at] as Store, count);
    const micros = ((performance.now() - start) * 1_000) / times / count;
    // The first turn only warms up.
    if (turn > 0) perReceipt.set(name, [...(perReceipt.get(name) ?? []), micros]);
  }
  const taken = (name: string): readonly number[] => perReceipt.get(name) ?? [];
  for (const { name, count } of sizes) {
    const what = `memory, verifying ${count} receipts and their calls`;
    const perSecond = taken(name).map((micros) => 1e6 / micros);
    rows.push(rate({ id: `receipts-verify-${name}`, target: 'receipts', what }, perSecond, undefined));
  }
  const mean = (name: string): number => taken(name).reduce((sum, one) => sum + one, 0) / taken(name).length;
  const what = `memory, verifying one receipt of ${sizes.at(-1)?.count} over one of ${sizes[0]?.count}`;
  const named = { id: 'receipts-verify-growth', target: 'receipts', what };
  rows.push(counted(named, 'times as long', [mean('many') / mean('few')], MOST_GROWTH));
  return rows;
}

async function verified(store: Store, count: number): Promise<void> {
  const home = new ActionLedger({ store, receipts });
  const { ok, checked, findings } = await verifyReceipts({
    store,
    ledger: home.name,
    keys,
    check: (text) => checkReceipt(text, keys),
    calls: home.receiptAccounts(),
  });
  if (!ok || checked !== count) throw new Error(`${checked} of ${count} receipts: ${JSON.stringify(findings[0])}`);
}
