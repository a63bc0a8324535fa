import { describe, expect, it } from 'vitest';
import { signHead, type TreeHead } from '../../src/receipts/head.js';
import { CompactRange } from '../../src/receipts/merkle/compact-range.js';
import { hashFrom, hashText, leafHash } from '../../src/receipts/merkle/hashing.js';
import type { VerifyOptions } from '../../src/receipts/verify-options.js';
import type { Store } from '../../src/store/contract.js';
import {
  callOf,
  force,
  idOf,
  keysOf,
  LEDGER,
  listAll,
  readRecord,
  receiptKey,
  receiptText,
  record,
  seal,
  sealedWorld,
  short,
  signerNumber,
  verify,
} from './log-world.js';

type Row = [id: string, partition: number, hash: string];

const FRONTIER = { partition: 0, kind: 'receipt-frontier', id: LEDGER };
const chunkAt = (number: number) => ({ partition: 0, kind: 'receipt-log', id: `${LEDGER} ${number}` });
const headAt = (number: number) => ({ partition: 0, kind: 'receipt-head', id: `${LEDGER} ${number}` });
const sealedOf = (text: string) => ({ partition: 0, kind: 'receipt-sealed', id: idOf(text) });

async function rowsOf(store: Store): Promise<Row[]> {
  const rows: Row[] = [];
  for (let number = 0; ; number++) {
    const stored = await readRecord(store, chunkAt(number));
    if (stored === undefined) return rows;
    rows.push(...(JSON.parse(stored.value) as { leaves: Row[] }).leaves);
  }
}

const rowOf = (text: string, store: Store): Row => [
  idOf(text),
  receiptKey(text, store).partition,
  hashText(leafHash(text)),
];

/** Writes the log anew, frontier included, as somebody can who has the store and no key. */
async function rewrite(store: Store, rows: readonly Row[], heads?: { heads: number; signed: number }): Promise<void> {
  const before = JSON.parse((await readRecord(store, FRONTIER))!.value) as { signed: number };
  const tree = new CompactRange();
  for (const [, , hash] of rows) tree.append(hashFrom(hash)!);
  for (let number = 0; number <= Math.floor(rows.length / 128) + 1; number++) {
    const leaves = rows.slice(number * 128, number * 128 + 128);
    const chunk = { format: 'mycelium-receipt-log/1', ledger: LEDGER, first: number * 128, leaves };
    if (leaves.length > 0 || (await readRecord(store, chunkAt(number))) !== undefined)
      await force(store, chunkAt(number), leaves.length === 0 ? undefined : JSON.stringify(chunk), { ledger: LEDGER });
  }
  const nodes = tree.nodes.map(hashText);
  await force(
    store,
    FRONTIER,
    JSON.stringify({ ...before, size: tree.size, nodes, signed: Math.min(before.signed, tree.size), ...heads }),
  );
}

async function place(store: Store, text: string, position: number | undefined): Promise<void> {
  const mark = { format: 'mycelium-receipt-log/1', ledger: LEDGER, position };
  await force(store, sealedOf(text), position === undefined ? undefined : JSON.stringify(mark), { ledger: LEDGER });
}

const flip = (text: string): string => text.replace('"outcome":"committed"', '"outcome":"aborted"');
const mallory = signerNumber(9);
const stranger = receiptText(700);

interface Case {
  readonly name: string;
  readonly tamper: (store: Store, texts: string[]) => Promise<void>;
  readonly found: readonly string[];
  readonly options?: Partial<VerifyOptions>;
}

/** Over a log of 40 receipts with heads at 10, 20 and 40. */
const cases: Case[] = [
  {
    name: 'flip: a receipt says something else',
    tamper: (store, texts) => force(store, receiptKey(texts[12]!, store), flip(texts[12]!)),
    found: ['changed at 12 #12'],
  },
  {
    name: 'flip: and its leaf with it',
    async tamper(store, texts) {
      await force(store, receiptKey(texts[12]!, store), flip(texts[12]!));
      const rows = await rowsOf(store);
      await rewrite(store, rows.with(12, [idOf(texts[12]!), rows[12]![1], hashText(leafHash(flip(texts[12]!)))]));
    },
    found: ['head-mismatch at 10-19', 'invalid (id) at 12 #12'],
  },
  {
    name: 'flip: only the leaf',
    async tamper(store) {
      const rows = await rowsOf(store);
      await rewrite(store, rows.with(12, [rows[12]![0], rows[12]![1], '0'.repeat(64)]));
    },
    found: ['head-mismatch at 10-19', 'changed at 12 #12'],
  },
  {
    name: 're-sign with another key: under its own id',
    async tamper(store, texts) {
      const forged = receiptText(12, { signer: mallory });
      await force(store, receiptKey(texts[12]!, store), undefined);
      await record(store, [forged], false);
      await rewrite(store, (await rowsOf(store)).with(12, rowOf(forged, store)));
      await place(store, texts[12]!, undefined);
      await place(store, forged, 12);
    },
    found: ['head-mismatch at 10-19', 'invalid (unknown-key) at 12 #?'],
  },
  {
    name: 're-sign with another key: under the id that it had',
    async tamper(store, texts) {
      await force(store, receiptKey(texts[12]!, store), receiptText(12, { signer: mallory }));
    },
    found: ['changed at 12 #12'],
  },
  {
    name: 're-sign with the same key, by somebody who has it: the heads still say what was there',
    async tamper(store, texts) {
      const forged = receiptText(12, { at: 1 });
      await force(store, receiptKey(texts[12]!, store), undefined);
      await record(store, [forged], false);
      await rewrite(store, (await rowsOf(store)).with(12, rowOf(forged, store)));
      await place(store, forged, 12);
    },
    found: ['head-mismatch at 10-19', 'not-logged at 12 #12'],
  },
  {
    name: 'drop: a receipt',
    tamper: (store, texts) => force(store, receiptKey(texts[39]!, store), undefined),
    found: ['removed at 39 #39'],
  },
  {
    name: 'drop: a receipt and its leaf',
    async tamper(store, texts) {
      await force(store, receiptKey(texts[12]!, store), undefined);
      await rewrite(store, (await rowsOf(store)).toSpliced(12, 1));
    },
    found: ['head-mismatch at 10-19', 'removed at 12-12', 'truncated at 39-39', 'removed at 12 #12'],
  },
  {
    name: 'drop: a receipt, its leaf and its position',
    async tamper(store, texts) {
      await force(store, receiptKey(texts[12]!, store), undefined);
      await place(store, texts[12]!, undefined);
      await rewrite(store, (await rowsOf(store)).toSpliced(12, 1));
    },
    found: ['head-mismatch at 10-19', 'removed at 12-12', 'truncated at 39-39'],
  },
  {
    name: 'add: a receipt beside the log',
    tamper: (store) => record(store, [stranger], false),
    found: ['not-logged #?'],
  },
  {
    name: 'add: a receipt that claims the position of another',
    async tamper(store) {
      await record(store, [stranger], false);
      await place(store, stranger, 12);
    },
    found: ['not-logged at 12 #?'],
  },
  {
    name: 'add: a leaf in the middle',
    async tamper(store) {
      await record(store, [stranger], false);
      await rewrite(store, (await rowsOf(store)).toSpliced(12, 0, rowOf(stranger, store)));
    },
    found: ['head-mismatch at 10-19', 'inserted at 12 #?', 'not-logged #?'],
  },
  {
    name: 'add: a leaf in the middle, with a position, and all others moved',
    async tamper(store, texts) {
      await record(store, [stranger], false);
      await rewrite(store, (await rowsOf(store)).toSpliced(12, 0, rowOf(stranger, store)));
      for (const [at, text] of texts.entries()) if (at >= 12) await place(store, text, at + 1);
      await place(store, stranger, 12);
    },
    found: ['head-mismatch at 10-19'],
  },
  {
    name: 'add: a leaf behind what the log counts',
    async tamper(store) {
      const chunk = JSON.parse((await readRecord(store, chunkAt(0)))!.value) as { leaves: Row[] };
      await force(store, chunkAt(0), JSON.stringify({ ...chunk, leaves: [...chunk.leaves, rowOf(stranger, store)] }));
    },
    found: ['inserted at 40 #?'],
  },
  {
    name: 'reorder: two leaves',
    async tamper(store) {
      const rows = await rowsOf(store);
      await rewrite(store, rows.with(5, rows[9]!).with(9, rows[5]!));
    },
    found: ['head-mismatch at 0-9', 'reordered at 5 #9', 'reordered at 9 #5'],
  },
  {
    name: 'reorder: neighbours',
    async tamper(store) {
      const rows = await rowsOf(store);
      await rewrite(store, rows.with(38, rows[39]!).with(39, rows[38]!));
    },
    found: ['head-mismatch at 20-39', 'reordered at 38 #39', 'reordered at 39 #38'],
  },
  {
    name: 'truncate: the log, and what counts it',
    async tamper(store) {
      await rewrite(store, (await rowsOf(store)).slice(0, 38));
    },
    found: ['truncated at 38-39', 'removed at 38 #38', 'removed at 39 #39'],
  },
  {
    name: 'truncate: and the heads that tell',
    async tamper(store) {
      await force(store, headAt(2), undefined);
      await rewrite(store, (await rowsOf(store)).slice(0, 38), { heads: 2, signed: 20 });
    },
    found: ['removed at 38 #38', 'removed at 39 #39'],
  },
  {
    name: 'truncate: and the positions that were given',
    async tamper(store, texts) {
      await force(store, headAt(2), undefined);
      await rewrite(store, (await rowsOf(store)).slice(0, 38), { heads: 2, signed: 20 });
      for (const text of texts.slice(38)) await place(store, text, undefined);
    },
    found: ['not-logged #38', 'not-logged #39'],
  },
  {
    name: 'truncate: only the leaves',
    async tamper(store) {
      const chunk = JSON.parse((await readRecord(store, chunkAt(0)))!.value) as { leaves: Row[] };
      await force(store, chunkAt(0), JSON.stringify({ ...chunk, leaves: chunk.leaves.slice(0, 39) }));
    },
    found: ['truncated at 39-39', 'removed at 39 #39'],
  },
  {
    name: 'replay from another agent: a receipt of its ledger',
    async tamper(store) {
      const foreign = receiptText(3, { agent: 'other', ledger: 'other', signer: signerNumber(2) });
      await force(store, receiptKey(foreign, store), foreign, { ledger: LEDGER, call: callOf(3), unsealed: 'yes' });
      await seal(store);
    },
    options: { keys: keysOf(signerNumber(1), signerNumber(2)) },
    found: ['invalid (unknown-key) at 40 #?'],
  },
  {
    name: 'replay from another agent: signed with a key that is trusted',
    async tamper(store) {
      const foreign = receiptText(3, { agent: 'other', ledger: 'other' });
      await force(store, receiptKey(foreign, store), foreign, { ledger: LEDGER, call: callOf(3), unsealed: 'yes' });
    },
    found: ['invalid (ledger) #?'],
  },
  {
    name: 'a receipt under the id of another',
    async tamper(store, texts) {
      await force(store, { ...receiptKey(texts[7]!, store), id: 'f'.repeat(64) }, texts[7]!, {
        ledger: LEDGER,
        call: callOf(7),
        unsealed: 'yes',
      });
      await seal(store);
    },
    found: ['invalid (id) at 40 #?'],
  },
  {
    name: 'a head: gone',
    tamper: (store) => force(store, headAt(1), undefined),
    found: ['head-invalid (missing)'],
  },
  {
    name: 'a head: changed',
    async tamper(store) {
      const head = JSON.parse((await readRecord(store, headAt(1)))!.value) as TreeHead;
      await force(store, headAt(1), JSON.stringify({ ...head, size: 19 }));
    },
    found: ['head-invalid (signature)'],
  },
  {
    name: 'a head: by a key that is not trusted',
    async tamper(store) {
      const head = JSON.parse((await readRecord(store, headAt(2)))!.value) as TreeHead;
      await force(store, headAt(2), JSON.stringify(signHead(head, hashFrom(head.root)!, mallory)));
    },
    found: ['head-invalid (unknown-key)'],
  },
  {
    name: 'a head: of another ledger',
    async tamper(store) {
      const head = JSON.parse((await readRecord(store, headAt(0)))!.value) as TreeHead;
      const moved = signHead({ ...head, ledger: 'other' }, hashFrom(head.root)!, signerNumber(1));
      await force(store, headAt(0), JSON.stringify(moved));
    },
    found: ['head-invalid (ledger)'],
  },
  {
    name: 'a head: one that the log does not count',
    async tamper(store) {
      const late = signHead({ ledger: LEDGER, size: 45, at: 1 }, leafHash('late'), signerNumber(1));
      await force(store, headAt(3), JSON.stringify(late), { ledger: LEDGER });
    },
    found: ['truncated at 40-44'],
  },
  {
    name: 'a head: a second one over the same size, with another root',
    async tamper(store) {
      const fork = signHead({ ledger: LEDGER, size: 40, at: 1 }, leafHash('other'), signerNumber(1));
      await force(store, headAt(3), JSON.stringify(fork), { ledger: LEDGER });
      const frontier = JSON.parse((await readRecord(store, FRONTIER))!.value) as object;
      await force(store, FRONTIER, JSON.stringify({ ...frontier, heads: 4 }));
    },
    found: ['head-invalid (order)'],
  },
  {
    name: 'the frontier: another root',
    async tamper(store) {
      const frontier = JSON.parse((await readRecord(store, FRONTIER))!.value) as { nodes: string[] };
      await force(store, FRONTIER, JSON.stringify({ ...frontier, nodes: frontier.nodes.toReversed() }));
    },
    found: ['changed'],
  },
  {
    name: 'the frontier: gone',
    tamper: (store) => force(store, FRONTIER, undefined),
    found: ['removed'],
  },
  {
    name: 'everything of the log: gone',
    async tamper(store) {
      const kinds = ['receipt-frontier', 'receipt-log', 'receipt-head', 'receipt-sealed'];
      for (const kind of kinds) for (const { key } of await listAll(store, kind)) await force(store, key, undefined);
    },
    found: Array.from({ length: 40 }, (_, at) => `not-logged #${at}`),
  },
];

describe('verifying a log that was tampered with', () => {
  it.each(cases)('$name', async ({ tamper, found, options }) => {
    const { store, texts } = await sealedWorld([10, 10, 20]);
    expect(await verify(store)).toMatchObject({ ok: true, size: 40, checked: 40, heads: 3, findings: [] });
    await tamper(store, texts);
    const report = await verify(store, options);
    expect(report.ok).toBe(false);
    expect(short(report, texts)).toEqual(found);
  });

  it('finds by a head that was kept elsewhere what nothing in the store tells any more', async () => {
    const { store, texts } = await sealedWorld([10, 10, 20]);
    const kept = (await verify(store)).head;
    for (const text of texts.slice(15)) {
      await force(store, receiptKey(text, store), undefined);
      await place(store, text, undefined);
    }
    for (const number of [1, 2]) await force(store, headAt(number), undefined);
    await rewrite(store, (await rowsOf(store)).slice(0, 15), { heads: 1, signed: 10 });
    expect(await verify(store)).toMatchObject({ ok: true, size: 15, unsigned: 5 });
    expect(short(await verify(store, { heads: [JSON.stringify(kept)] }), texts)).toEqual(['truncated at 15-39']);
    // And the log that was put in its place.
    await record(
      store,
      Array.from({ length: 40 }, (_, at) => receiptText(100 + at)),
    );
    await seal(store);
    expect(await verify(store)).toMatchObject({ ok: true });
    expect(short(await verify(store, { heads: [kept] }), texts)).toEqual(['head-mismatch at 10-39']);
  });
});
