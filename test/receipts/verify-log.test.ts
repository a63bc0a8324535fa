import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkReceipt } from '../../src/receipts/check-receipt.js';
import type { CallAccount, CallsOfLedger, OwingCall, VerifyProgress } from '../../src/receipts/verify-options.js';
import { memoryStore } from '../../src/store/memory.js';
import { openStore } from '../../src/store/open.js';
import {
  callOf,
  force,
  idOf,
  keysOf,
  receiptKey,
  receiptText,
  record,
  seal,
  sealedWorld,
  short,
  signerNumber,
  type TestReceipt,
  verify,
} from './log-world.js';

const receipts = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => receiptText(from + at));

/** A ledger that has a call for each of these receipts, but for what a test says. */
function callsOf(
  texts: readonly string[],
  partitions: number,
  but: Readonly<Record<number, CallAccount>> = {},
): CallsOfLedger {
  const accounts = new Map<string, CallAccount>();
  const owing: OwingCall[] = [];
  for (const [number, text] of texts.entries()) {
    const { id, call, fence, tool, requestId } = JSON.parse(text) as TestReceipt;
    const account = but[number] ?? { state: 'known', fence, receipt: id };
    accounts.set(call, account);
    if (account.state !== 'known') continue;
    const partition = Number.parseInt(call.slice(0, 8), 16) % partitions;
    owing.push({
      call,
      tool,
      requestId,
      partition,
      ...(account.receipt === undefined ? {} : { receipt: account.receipt }),
    });
  }
  return {
    accountsOf: async (asked) => asked.map(({ call }) => accounts.get(call) ?? { state: 'missing' }),
    async *owing() {
      for (let at = 0; at < owing.length; at += 7) yield owing.slice(at, at + 7);
    },
  };
}

describe('verifying a log', () => {
  it('finds nothing in an empty store', async () => {
    expect(await verify(memoryStore())).toMatchObject({ ok: true, complete: true, size: 0, checked: 0, heads: 0 });
  });

  it('tells what is not sealed and what is not signed yet, and finds nothing in either', async () => {
    const { store } = await sealedWorld([5]);
    await record(store, receipts(5, 8));
    expect(await verify(store)).toMatchObject({ ok: true, size: 5, unsealed: 3, checked: 8, unsigned: 0 });
    const texts = receipts(0, 8);
    await force(store, receiptKey(texts[6]!, store), texts[6]!.replace('inv-6', 'inv-7'));
    expect(short(await verify(store), texts)).toEqual(['invalid (id) #6']);
  });

  it('answers the same with the check of the package', async () => {
    const { store } = await sealedWorld([5]);
    const keys = keysOf(signerNumber(1));
    expect(await verify(store, { check: (text) => checkReceipt(text, keys) })).toMatchObject({ ok: true, checked: 5 });
    const other = keysOf(signerNumber(2));
    const report = await verify(store, { check: (text) => checkReceipt(text, other) });
    expect(report.counts).toEqual({ invalid: 5 });
  });

  it('holds over a file store that was opened again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mycelium-log-'));
    try {
      let store = await openStore(`file:${folder}`);
      const texts = receipts(0, 150);
      await record(store, texts.slice(0, 100));
      await seal(store);
      await record(store, texts.slice(100));
      await seal(store);
      await store.close();
      store = await openStore(`file:${folder}`);
      const calls = callsOf(texts, store.partitions);
      expect(await verify(store, { calls })).toMatchObject({ ok: true, size: 150, heads: 2, unsealed: 0 });
      await force(store, receiptKey(texts[120]!, store), texts[120]!.replace('inv-120', 'inv-121'));
      expect((await verify(store)).findings).toMatchObject([{ kind: 'changed', id: idOf(texts[120]!) }]);
      await store.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('matches receipts with calls in both directions', async () => {
    const { store, texts } = await sealedWorld([10]);
    await record(store, receipts(10, 12));
    const all = [...texts, ...receipts(10, 12)];
    const { partitions } = store;
    expect(await verify(store, { calls: callsOf(all, partitions) })).toMatchObject({ ok: true, pruned: 0 });
    const gone = idOf(receiptText(99));
    const calls = callsOf(all, partitions, {
      1: { state: 'missing' },
      2: { state: 'pruned' },
      3: { state: 'known', fence: 0, receipt: idOf(texts[3]!) },
      4: { state: 'known', fence: 1 },
      5: { state: 'known', fence: 1, receipt: gone },
      11: { state: 'missing' },
    });
    const report = await verify(store, { calls });
    expect(report.pruned).toBe(1);
    expect(short(report, all)).toEqual([
      'no-call at 1 #1',
      'no-call at 3 #3',
      'no-call #11',
      'no-receipt',
      'no-receipt #?',
    ]);
    expect(report.findings.map(({ call }) => call)).toEqual([1, 3, 11, 4, 5].map(callOf));
  });

  it('finds a call that names the receipt of another', async () => {
    const { store, texts } = await sealedWorld([3]);
    const calls = callsOf(texts, 1, { 1: { state: 'known', fence: 1, receipt: idOf(texts[0]!) } });
    const inPartitionOfReceipt: CallsOfLedger = {
      accountsOf: calls.accountsOf,
      async *owing() {
        for await (const page of calls.owing()) {
          yield page.map((call) => {
            const text = texts.find((one) => idOf(one) === call.receipt)!;
            return { ...call, partition: receiptKey(text, store).partition };
          });
        }
      },
    };
    expect(short(await verify(store, { calls: inPartitionOfReceipt }), texts)).toEqual(['no-receipt #0']);
  });

  it('checks only what came after a head, by its size or by the time, and still the whole log against every head', async () => {
    const { store, texts } = await sealedWorld([10, 10, 20]);
    await force(store, receiptKey(texts[5]!, store), '{}');
    await force(store, receiptKey(texts[25]!, store), '{}');
    const report = await verify(store, { since: { size: 20 } });
    expect(report).toMatchObject({ since: 20, checked: 20, heads: 3, size: 40 });
    expect(short(report, texts)).toEqual(['changed at 25 #25']);
    expect(await verify(store, { since: { at: report.head!.at } })).toMatchObject({ ok: true, since: 40, checked: 0 });
    expect(await verify(store, { since: { at: 0 } })).toMatchObject({ since: 0, checked: 40 });
    expect(short(await verify(store, { since: { size: 50 } }), texts)).toEqual(['truncated at 40-49']);
    await force(store, { partition: 0, kind: 'receipt-log', id: 'payments 0' }, undefined);
    expect((await verify(store, { since: { size: 40 } })).counts).toMatchObject({ truncated: 1 });
  });

  it('can be stopped, and says that it is not complete', async () => {
    const { store } = await sealedWorld([300]);
    const controller = new AbortController();
    const stages: VerifyProgress[] = [];
    const onProgress = (progress: VerifyProgress): void => {
      stages.push(progress);
      controller.abort();
    };
    const report = await verify(store, { signal: controller.signal, onProgress });
    expect(report).toMatchObject({ ok: false, complete: false, checked: 128, findings: [] });
    expect(stages).toEqual([{ stage: 'log', done: 128, total: 300, findings: 0 }]);
  });

  it('keeps the first findings, tells all, and counts them', async () => {
    const { store, texts } = await sealedWorld([30]);
    for (const text of texts) await force(store, receiptKey(text, store), undefined);
    const told: string[] = [];
    const report = await verify(store, { mostFindings: 4, onFinding: ({ kind }) => told.push(kind) });
    expect(report.findings.length).toBe(4);
    expect(report.counts).toEqual({ removed: 30 });
    expect(told.length).toBe(30);
  });

  it('agrees while others seal', async () => {
    const { store, texts } = await sealedWorld([200]);
    let next = texts.length;
    const onProgress = (): void => {
      const more = receipts(next, next + 5);
      next += 5;
      sealing = sealing.then(async () => {
        await record(store, more);
        await seal(store);
      });
    };
    let sealing = Promise.resolve();
    for (let round = 0; round < 5; round++) expect((await verify(store, { onProgress })).findings).toEqual([]);
    await sealing;
    expect((await verify(store)).size).toBe(next);
  });
});
