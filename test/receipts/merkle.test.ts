import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { includes, isConsistent } from '../../src/receipts/merkle/check-proof.js';
import { CompactRange, fullSubtrees } from '../../src/receipts/merkle/compact-range.js';
import { EMPTY_ROOT, hashText, leafHash } from '../../src/receipts/merkle/hashing.js';
import { consistencyRanges, inclusionRanges, type LeafRange } from '../../src/receipts/merkle/proof-ranges.js';
import { RangeRoots } from '../../src/receipts/merkle/range-roots.js';

const MOST = 130;
const sha = (...parts: (Uint8Array | string)[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/** The definitions of RFC 6962, word by word. */
const split = (n: number): number => 2 ** (Math.ceil(Math.log2(n)) - 1);
const hashed = new Map<string, Buffer>();
function mth(d: readonly Buffer[]): Buffer {
  const name = `${d[0]} ${d.length}`;
  const known = hashed.get(name) ?? mthAnew(d);
  hashed.set(name, known);
  return known;
}
function mthAnew(d: readonly Buffer[]): Buffer {
  if (d.length === 0) return sha('');
  if (d.length === 1) return sha(Buffer.of(0), d[0]!);
  const k = split(d.length);
  return sha(Buffer.of(1), mth(d.slice(0, k)), mth(d.slice(k)));
}
function path(m: number, d: readonly Buffer[]): Buffer[] {
  if (d.length === 1) return [];
  const k = split(d.length);
  return m < k ? [...path(m, d.slice(0, k)), mth(d.slice(k))] : [...path(m - k, d.slice(k)), mth(d.slice(0, k))];
}
function subproof(m: number, d: readonly Buffer[], whole: boolean): Buffer[] {
  if (m === d.length) return whole ? [] : [mth(d)];
  const k = split(d.length);
  return m <= k
    ? [...subproof(m, d.slice(0, k), whole), mth(d.slice(k))]
    : [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))];
}

const data = Array.from({ length: MOST }, (_, at) => Buffer.from(`leaf ${at}`));
const leaves = data.map((one) => leafHash(one));
const roots = Array.from({ length: MOST + 1 }, (_, size) => mth(data.slice(0, size)));
const texts = (hashes: readonly Uint8Array[]): string[] => hashes.map(hashText);

/** By the class in one pass where that is asked, which takes long for all sizes; otherwise by the definition. */
function rootsOf(ranges: readonly LeafRange[], size: number): Uint8Array[] {
  if (size > 24 && size % 13 !== 0) return ranges.map(({ start, end }) => mth(data.slice(start, end)));
  const taken = new RangeRoots(ranges);
  for (const leaf of leaves.slice(0, size)) taken.append(leaf);
  return taken.roots();
}

function flipped(hash: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(hash);
  copy[7]! ^= 4;
  return copy;
}

describe('the Merkle tree of RFC 6962', () => {
  it('has the roots of the test vectors of certificate transparency', () => {
    // From the reference implementation (google/certificate-transparency, merkletree tests).
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const range = new CompactRange();
    expect(hashText(range.root())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    const seen = inputs.map((hex) => {
      range.append(leafHash(Buffer.from(hex, 'hex')));
      return hashText(range.root());
    });
    expect([seen[0], seen[1], seen[7]]).toEqual([
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]);
  });

  it('grows by appending to the root that the definition gives, at every size', () => {
    const range = new CompactRange();
    expect(texts([EMPTY_ROOT])).toEqual(texts([roots[0]!]));
    for (let size = 1; size <= MOST; size++) {
      range.append(leaves[size - 1]!);
      expect(hashText(range.root())).toBe(hashText(roots[size]!));
      expect(range.nodes.length).toBe(fullSubtrees(size));
      // What is stored of it is enough to go on.
      const resumed = new CompactRange(range.size, range.nodes);
      expect(hashText(resumed.root())).toBe(hashText(roots[size]!));
    }
  });

  it('proves every leaf of every size, with the path of the definition, and nothing else', () => {
    for (let size = 1; size <= MOST; size++) {
      for (let index = 0; index < size; index++) {
        const ranges = inclusionRanges(index, size);
        const proof = rootsOf(ranges, size);
        if (size % 7 === 1 || size < 20) expect(texts(proof)).toEqual(texts(path(index, data.slice(0, size))));
        const claim = { index, size, leaf: leaves[index]!, path: proof, root: roots[size]! };
        if (!includes(claim)) throw new Error(`leaf ${index} of ${size}`);
        const wrong = [
          { ...claim, leaf: flipped(claim.leaf) },
          { ...claim, root: flipped(claim.root) },
          { ...claim, index: index + 1 },
          { ...claim, index: size },
          { ...claim, index: -1 },
          { ...claim, size: size * 4 },
          { ...claim, path: [...proof, leaves[0]!] },
          ...(proof.length === 0 ? [] : [{ ...claim, path: proof.slice(0, -1) }]),
          ...proof.map((one, at) => ({ ...claim, path: proof.with(at, flipped(one)) })),
        ];
        for (const one of wrong) if (includes(one)) throw new Error(`leaf ${index} of ${size} by a wrong proof`);
      }
    }
  });

  it('proves that every tree is the beginning of every later one, with the proof of the definition, and nothing else', () => {
    for (let second = 1; second <= MOST; second++) {
      for (let first = 0; first <= second; first++) {
        const proof = rootsOf(consistencyRanges(first, second), second);
        if (first > 0 && (second % 9 === 1 || second < 20))
          expect(texts(proof)).toEqual(texts(subproof(first, data.slice(0, second), true)));
        const claim = { first, second, firstRoot: roots[first]!, secondRoot: roots[second]!, path: proof };
        if (!isConsistent(claim)) throw new Error(`${first} in ${second}`);
        if (first === 0) continue;
        const wrong = [
          { ...claim, firstRoot: flipped(claim.firstRoot) },
          { ...claim, secondRoot: flipped(claim.secondRoot) },
          { ...claim, first: second + 1 },
          { ...claim, second: second * 4 },
          { ...claim, path: [...proof, leaves[0]!] },
          ...(proof.length === 0
            ? []
            : [
                { ...claim, path: proof.slice(0, -1) },
                { ...claim, path: [] },
              ]),
          ...proof.map((one, at) => ({ ...claim, path: proof.with(at, flipped(one)) })),
        ];
        for (const one of wrong) if (isConsistent(one)) throw new Error(`${first} in ${second} by a wrong proof`);
      }
    }
  });

  it('refuses sizes that are none', () => {
    const root = roots[1]!;
    const leaf = leaves[0]!;
    for (const odd of [Number.NaN, -1, 0.5, 2 ** 53]) {
      expect(includes({ index: 0, size: odd, leaf, path: [], root })).toBe(false);
      expect(isConsistent({ first: odd, second: odd, firstRoot: root, secondRoot: root, path: [] })).toBe(false);
    }
  });
});
