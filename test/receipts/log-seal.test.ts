import { describe, expect, it } from 'vitest';
import { StoreLostError } from '../../src/errors/store.js';
import { ReceiptLogDamagedError } from '../../src/receipts/log-error.js';
import type { Store, Transaction } from '../../src/store/contract.js';
import { memoryStore } from '../../src/store/memory.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { force, idOf, LEDGER, listAll, logOf, readRecord, receiptText, record, seal, verify } from './log-world.js';

const receipts = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => receiptText(from + at));
const sorted = (texts: readonly string[]): string[] => texts.map(idOf).sort();
const marked = async (store: Store): Promise<number> =>
  (await listAll(store, 'receipt')).filter(({ index }) => index?.['unsealed'] === 'yes').length;

/** A store that is lost at its n-th write: before it lands, or after. */
function losing(inner: Store, at: number, landed: boolean): Store & { writes: () => number } {
  let writes = 0;
  return {
    ...through(inner),
    writes: () => writes,
    async transact(transaction: Transaction, nonce: string) {
      if (transaction.write.length === 0) return inner.transact(transaction, nonce);
      writes += 1;
      if (writes === at && landed) await inner.transact(transaction, nonce);
      if (writes >= at) throw new StoreLostError({ store: 'test', what: 'the process' });
      return inner.transact(transaction, nonce);
    },
  };
}

function through(inner: Store): Store {
  return {
    description: inner.description,
    durability: inner.durability,
    partitions: inner.partitions,
    transact: (transaction, nonce) => inner.transact(transaction, nonce),
    renew: (renewals) => inner.renew(renewals),
    list: (query) => inner.list(query),
    watch: (key, revision, signal) => inner.watch(key, revision, signal),
    close: () => inner.close(),
  };
}

/** Every transaction and page takes a turn or two, so that those who work at once meet. */
function slow(inner: Store, random: () => number): Store {
  const turns = async (): Promise<void> => {
    for (let left = Math.floor(random() * 4); left >= 0; left--) await new Promise(setImmediate);
  };
  return {
    ...through(inner),
    async transact(transaction, nonce) {
      await turns();
      const answer = await inner.transact(transaction, nonce);
      await turns();
      return answer;
    },
    async list(query) {
      await turns();
      return inner.list(query);
    },
  };
}

describe('sealing receipts', () => {
  it('puts every marked receipt into the log, signs its head, and takes the marks away', async () => {
    const store = memoryStore();
    const texts = receipts(0, 300);
    await record(store, texts);
    const progress: number[] = [];
    const report = await seal(store, { onProgress: ({ added }) => progress.push(added) });
    expect(report).toMatchObject({ added: 300, unmarked: 300, size: 300, complete: true });
    expect(report.head).toMatchObject({ format: 'mycelium-tree-head/1', ledger: LEDGER, size: 300 });
    expect((await logOf(store)).sort()).toEqual(sorted(texts));
    expect(await marked(store)).toBe(0);
    expect(progress.length).toBeGreaterThan(2);
    const kept = (await listAll(store, 'receipt')).map(({ value }) => value).sort();
    expect(kept).toEqual([...texts].sort());
    expect(await verify(store)).toMatchObject({ ok: true, size: 300, checked: 300, heads: 1, findings: [] });
  });

  it('signs nothing when there is nothing new, and goes on where it was when there is', async () => {
    const store = memoryStore();
    expect(await seal(store)).toEqual({ added: 0, unmarked: 0, size: 0, complete: true });
    await record(store, receipts(0, 3));
    expect((await seal(store)).head?.size).toBe(3);
    expect((await seal(store)).head).toBeUndefined();
    await record(store, receipts(3, 140));
    expect((await seal(store)).head?.size).toBe(140);
    const log = await logOf(store);
    expect(log.slice(0, 3).sort()).toEqual(sorted(receipts(0, 3)));
    expect(await verify(store)).toMatchObject({ ok: true, size: 140, heads: 2 });
  });

  it('keeps the ledgers of a store apart', async () => {
    const store = memoryStore();
    await record(store, [...receipts(0, 4), ...[4, 5].map((number) => receiptText(number, { ledger: 'other 0' }))]);
    expect((await seal(store)).size).toBe(4);
    expect(await marked(store)).toBe(2);
    expect((await seal(store, { ledger: 'other 0' })).size).toBe(2);
    for (const ledger of [LEDGER, 'other 0']) expect(await verify(store, { ledger })).toMatchObject({ ok: true });
  });

  it('can be lost at every write, before it lands or after: then every receipt is in the log once', async () => {
    const texts = receipts(0, 210);
    for (const landed of [false, true]) {
      for (let at = 1; ; at++) {
        const inner = memoryStore({ partitions: 3 });
        await record(inner, texts.slice(0, 20));
        await seal(inner);
        await record(inner, texts.slice(20));
        const store = losing(inner, at, landed);
        const lost = await seal(store).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (lost === undefined) {
          expect(store.writes()).toBeGreaterThan(5);
          break;
        }
        expect(lost).toBeInstanceOf(StoreLostError);
        // What is there meanwhile holds.
        expect((await verify(inner)).findings).toEqual([]);
        await seal(inner);
        expect((await logOf(inner)).sort()).toEqual(sorted(texts));
        expect(await marked(inner)).toBe(0);
        expect(await verify(inner)).toMatchObject({ ok: true, size: 210, unsigned: 0, unsealed: 0 });
      }
    }
  });

  it('can be done by several at once, while receipts arrive: every receipt is in the log once', async () => {
    for (let seed = 0; seed < 8; seed++) {
      const random = seededRandom(seed);
      const inner = memoryStore({ partitions: 4 });
      const texts = receipts(0, 260);
      await record(inner, texts.slice(0, 200));
      const reports = await Promise.all([
        seal(slow(inner, random)),
        seal(slow(inner, random)),
        seal(slow(inner, random)),
        record(slow(inner, random), texts.slice(200)),
      ]);
      await seal(inner);
      const added = reports.reduce((sum, report) => sum + (report?.added ?? 0), 0);
      expect(added).toBeGreaterThanOrEqual(200);
      const log = await logOf(inner);
      expect(log.toSorted()).toEqual(sorted(texts));
      expect(await marked(inner)).toBe(0);
      expect(await verify(inner)).toMatchObject({ ok: true, size: 260, unsigned: 0 });
    }
  });

  it('stops at the signal with a signed head over what it has added, and the next one goes on', async () => {
    const store = memoryStore();
    await record(store, receipts(0, 300));
    const controller = new AbortController();
    const report = await seal(store, { signal: controller.signal, onProgress: () => controller.abort() });
    expect(report.complete).toBe(false);
    expect(report.head?.size).toBe(report.added);
    expect(report.added).toBeLessThan(300);
    expect(await seal(store)).toMatchObject({ size: 300, complete: true });
    expect(await verify(store)).toMatchObject({ ok: true, size: 300, heads: 2 });
  });

  it('adds nothing to a log that does not fit together, and says what is amiss', async () => {
    const frontier = { partition: 0, kind: 'receipt-frontier', id: LEDGER };
    const chunk = { partition: 0, kind: 'receipt-log', id: `${LEDGER} 0` };
    const breaks: [string, (store: Store, early: string) => Promise<void>][] = [
      ['cannot be read', (store) => force(store, frontier, '{}')],
      ['has 5 receipts where 2 belong', (store, early) => force(store, frontier, early)],
      ['has 5 receipts where 0 belong', (store) => force(store, frontier, undefined)],
      ['has 0 receipts where 5 belong', (store) => force(store, chunk, undefined)],
      ['cannot be read', (store) => force(store, chunk, '[')],
    ];
    for (const [what, damage] of breaks) {
      const store = memoryStore();
      await record(store, receipts(0, 2));
      await seal(store);
      const early = (await readRecord(store, frontier))!.value;
      await record(store, receipts(2, 5));
      await seal(store);
      await record(store, receipts(5, 6));
      await damage(store, early);
      const before = await listAll(store, 'receipt-log');
      const error = await seal(store).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ReceiptLogDamagedError);
      expect((error as Error).message).toContain(what);
      expect(await listAll(store, 'receipt-log')).toEqual(before);
      expect(await marked(store)).toBe(1);
      expect((await verify(store)).ok).toBe(false);
    }
  });
});
