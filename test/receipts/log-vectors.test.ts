import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkReceipt } from '../../src/receipts/check-receipt.js';
import { checkHead, signHead, type TreeHead } from '../../src/receipts/head.js';
import { publicJwk } from '../../src/receipts/jwk.js';
import { keyring } from '../../src/receipts/keyring.js';
import { CompactRange } from '../../src/receipts/merkle/compact-range.js';
import { hashText, leafHash } from '../../src/receipts/merkle/hashing.js';
import { consistencyRanges, inclusionRanges, type LeafRange } from '../../src/receipts/merkle/proof-ranges.js';
import { RangeRoots } from '../../src/receipts/merkle/range-roots.js';
import { CONSISTENCY_FORMAT, PROOF_FORMAT, verifyConsistency, verifyProof } from '../../src/receipts/prove.js';
import { LEDGER, receiptText, signerNumber } from './log-world.js';

const FILE = new URL('../../docs/vectors/receipt-log.json', import.meta.url);
const SIZES = [1, 3, 6, 7];

/** What the file must say. */
function vectors() {
  const signer = signerNumber(7);
  const receipts = Array.from({ length: 7 }, (_, at) => receiptText(at, { signer }));
  const leaves = receipts.map((text) => leafHash(text));
  const rootAt = (size: number): Uint8Array => {
    const tree = new CompactRange();
    for (const leaf of leaves.slice(0, size)) tree.append(leaf);
    return tree.root();
  };
  const rootsOf = (ranges: readonly LeafRange[]): string[] => {
    const roots = new RangeRoots(ranges);
    for (const leaf of leaves) roots.append(leaf);
    return roots.roots().map(hashText);
  };
  const heads = SIZES.map((size) =>
    signHead({ ledger: LEDGER, size, at: 1_700_000_001_000 + size }, rootAt(size), signer),
  );
  const head = heads.at(-1) as TreeHead;
  const inclusion = receipts.map((receipt, index) => ({
    ...{ format: PROOF_FORMAT, receipt, index, size: 7, root: head.root },
    ...{ path: rootsOf(inclusionRanges(index, 7)), head },
  }));
  const consistency = heads.map((first) => ({
    ...{ format: CONSISTENCY_FORMAT, first, second: head, path: rootsOf(consistencyRanges(first.size, 7)) },
  }));
  const proof = inclusion[4]!;
  const grown = consistency[1]!;
  const refused = [
    { what: 'head', why: 'signature', given: { ...head, at: head.at + 1 } },
    { what: 'head', why: 'malformed', given: { ...head, more: true } },
    { what: 'head', why: 'unknown-key', given: signHead(head, rootAt(7), signerNumber(8)) },
    { what: 'inclusion', why: 'path', given: { ...proof, index: 5 } },
    { what: 'inclusion', why: 'path', given: { ...proof, path: proof.path.toReversed() } },
    { what: 'inclusion', why: 'path', given: { ...proof, path: [...proof.path, head.root] } },
    { what: 'inclusion', why: 'path', given: { ...proof, receipt: receipts[3] } },
    { what: 'inclusion', why: 'receipt', given: { ...proof, receipt: proof.receipt.replace('inv-4', 'inv-5') } },
    { what: 'inclusion', why: 'head', given: { ...proof, head: { ...head, ledger: 'other' } } },
    { what: 'consistency', why: 'path', given: { ...grown, path: grown.path.slice(1) } },
    { what: 'consistency', why: 'path', given: { ...grown, path: [] } },
    { what: 'consistency', why: 'path', given: { ...grown, first: grown.second, second: grown.first } },
    { what: 'consistency', why: 'head', given: { ...grown, first: { ...grown.first, size: 2 } } },
  ];
  return {
    seed: '07'.repeat(32),
    jwk: publicJwk(signer.publicKey),
    receipts,
    leaves: leaves.map(hashText),
    roots: Array.from({ length: 8 }, (_, size) => hashText(rootAt(size))),
    heads,
    inclusion,
    consistency,
    refused,
  };
}

describe('the vectors of the receipt log', () => {
  // To change them is to change the format.
  it('are what this version writes', () => {
    expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(JSON.parse(JSON.stringify(vectors())));
  });

  it('hold, and what must be refused is, for its reason', () => {
    const said = JSON.parse(readFileSync(FILE, 'utf8')) as ReturnType<typeof vectors>;
    const keys = keyring([said.jwk]);
    const check = (text: string) => checkReceipt(text, keys);
    expect(said.leaves[2]).toBe(createHash('sha256').update('\0').update(said.receipts[2]!).digest('hex'));
    for (const head of said.heads) expect(checkHead(head, keys)).toMatchObject({ ok: true });
    for (const proof of said.inclusion) expect(verifyProof(proof, check, keys)).toMatchObject({ ok: true });
    for (const proof of said.consistency) expect(verifyConsistency(proof, keys)).toMatchObject({ ok: true });
    const verify: Record<string, (given: unknown) => unknown> = {
      head: (given) => checkHead(given, keys),
      inclusion: (given) => verifyProof(given, check, keys),
      consistency: (given) => verifyConsistency(given, keys),
    };
    for (const { what, why, given } of said.refused)
      expect(verify[what]?.(given), `${what} ${why}`).toMatchObject({ ok: false, why });
  });
});
