import { describe, expect, it } from 'vitest';
import { ReceiptLogDamagedError, ReceiptNotProvableError } from '../../src/receipts/log-error.js';
import { proveConsistency, proveReceipt, verifyConsistency, verifyProof } from '../../src/receipts/prove.js';
import type { Store } from '../../src/store/contract.js';
import {
  checkWith,
  force,
  idOf,
  keysOf,
  LEDGER,
  readRecord,
  receiptKey,
  receiptText,
  record,
  seal,
  sealedWorld,
  signerNumber,
} from './log-world.js';

const keys = keysOf(signerNumber(1));
const check = checkWith(keys);
const place = (store: Store) => ({ store, ledger: LEDGER });
const headAt = async (store: Store, number: number) =>
  JSON.parse((await readRecord(store, { partition: 0, kind: 'receipt-head', id: `${LEDGER} ${number}` }))!.value);

describe('proving that a receipt is in the log', () => {
  it('gives a proof of every receipt that holds with the public key alone', async () => {
    const { store, texts } = await sealedWorld([1, 130, 9]);
    for (const at of [0, 1, 7, 127, 128, 131, 139]) {
      const proof = await proveReceipt(idOf(texts[at]!), place(store));
      expect(proof).toMatchObject({ format: 'mycelium-receipt-proof/1', index: at, size: 140, receipt: texts[at] });
      const verdict = verifyProof(JSON.stringify(proof), check, keys);
      expect(verdict).toMatchObject({ ok: true, receipt: { id: idOf(texts[at]!) }, head: { size: 140 } });
    }
  });

  it('holds for nothing else', async () => {
    const { store, texts } = await sealedWorld([20]);
    const proof = await proveReceipt(idOf(texts[6]!), place(store));
    const early = await sealedWorld([19]);
    const other = await headAt(early.store, 0);
    const wrong: [string, unknown][] = [
      ['malformed', 'no json'],
      ['malformed', null],
      ['malformed', { ...proof, format: 'mycelium-receipt-proof/2' }],
      ['malformed', { ...proof, path: ['x'] }],
      ['receipt', { ...proof, receipt: proof.receipt.replace('inv-6', 'inv-7') }],
      ['receipt', { ...proof, receipt: receiptText(6, { signer: signerNumber(2) }) }],
      ['path', { ...proof, receipt: texts[7] }],
      ['path', { ...proof, index: 7 }],
      ['path', { ...proof, size: 19 }],
      ['path', { ...proof, path: proof.path.slice(1) }],
      ['path', { ...proof, path: proof.path.with(0, '0'.repeat(64)) }],
      ['path', { ...proof, size: 19, root: other.root, head: other }],
      ['head', { ...proof, head: { ...proof.head, size: 21 } }],
      ['head', { ...proof, head: { ...proof.head, ledger: 'other' } }],
      ['head', { ...proof, head: { ...proof.head, more: 1 } }],
    ];
    for (const [why, given] of wrong) expect(verifyProof(given, check, keys)).toMatchObject({ ok: false, why });
    expect(verifyProof(proof, check, keysOf(signerNumber(2)))).toMatchObject({ ok: false, why: 'head' });
  });

  it('says whether there is no such receipt, or whether it waits to be sealed', async () => {
    const { store } = await sealedWorld([2]);
    const waiting = receiptText(2);
    await record(store, [waiting]);
    const error = await proveReceipt(idOf(waiting), place(store)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ReceiptNotProvableError);
    expect(error).toMatchObject({ details: { why: 'unsealed' } });
    await expect(proveReceipt('0'.repeat(64), place(store))).rejects.toMatchObject({ details: { why: 'unknown' } });
  });

  it('proves nothing over a log that is not what was signed', async () => {
    const { store, texts } = await sealedWorld([20]);
    const key = { partition: 0, kind: 'receipt-log', id: `${LEDGER} 0` };
    const { value } = (await readRecord(store, key))!;
    await force(
      store,
      key,
      value.replace(idOf(texts[3]!), 'f'.repeat(64)).replace(/"[0-9a-f]{64}"\]/, `"${'0'.repeat(64)}"]`),
    );
    for (const at of [3, 9])
      await expect(proveReceipt(idOf(texts[at]!), place(store))).rejects.toBeInstanceOf(ReceiptLogDamagedError);
    await force(store, key, value);
    await force(store, receiptKey(texts[3]!, store), '{}');
    await expect(proveReceipt(idOf(texts[3]!), place(store))).rejects.toThrow('is not the receipt that was sealed');
    await expect(proveReceipt(idOf(texts[4]!), place(store))).resolves.toMatchObject({ index: 4 });
  });
});

describe('proving that the log only grew', () => {
  it('gives a proof between an earlier head and the latest that holds with the public key alone', async () => {
    const { store } = await sealedWorld([3, 125, 1, 40]);
    for (const number of [0, 1, 2, 3]) {
      const proof = await proveConsistency(await headAt(store, number), place(store));
      expect(verifyConsistency(JSON.stringify(proof), keys)).toMatchObject({ ok: true, second: { size: 169 } });
      const wrong = { ...proof, path: [...proof.path, '0'.repeat(64)] };
      expect(verifyConsistency(wrong, keys)).toMatchObject({ ok: false, why: 'path' });
      expect(verifyConsistency({ ...proof, second: { ...proof.second, at: 1 } }, keys)).toMatchObject({ why: 'head' });
    }
  });

  it('refuses for a head of another history', async () => {
    const { store } = await sealedWorld([3, 4]);
    const other = await sealedWorld([1]);
    await record(other.store, [receiptText(9)]);
    await seal(other.store);
    await expect(proveConsistency(await headAt(other.store, 1), place(store))).rejects.toBeInstanceOf(
      ReceiptLogDamagedError,
    );
  });
});
