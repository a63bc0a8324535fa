/** The checks of RFC 9162, 2.1.3.2 and 2.1.4.2. Sizes go up to 2^53, so bits are taken by arithmetic. */
import { nodeHash, sameHash } from './hashing.js';

/** What an inclusion proof claims. */
export interface Inclusion {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  readonly path: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** Whether the leaf stands at its index in the tree with this root. */
export function includes({ index, size, leaf, path, root }: Inclusion): boolean {
  if (!isSize(index) || !isSize(size) || index >= size) return false;
  let at = index;
  let last = size - 1;
  let hash = leaf;
  for (const beside of path) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      hash = nodeHash(beside, hash);
      // A node without a neighbour on its right goes up as it is.
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      hash = nodeHash(hash, beside);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && sameHash(hash, root);
}

/** What a consistency proof claims. */
export interface Consistency {
  readonly first: number;
  readonly second: number;
  readonly firstRoot: Uint8Array;
  readonly secondRoot: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** Whether the first tree is the beginning of the second. An empty tree is the beginning of every other. */
export function isConsistent({ first, second, firstRoot, secondRoot, path }: Consistency): boolean {
  if (!isSize(first) || !isSize(second) || first > second) return false;
  if (first === second) return path.length === 0 && sameHash(firstRoot, secondRoot);
  if (first === 0) return path.length === 0;
  let [at, last] = [first - 1, second - 1];
  while (isOdd(at)) [at, last] = [half(at), half(last)];
  // The first tree is one full subtree: the proof leaves its root out.
  const [start, ...rest] = at === 0 ? [firstRoot, ...path] : path;
  if (start === undefined || path.length === 0) return false;
  let old = start;
  let whole = start;
  for (const beside of rest) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      old = nodeHash(beside, old);
      whole = nodeHash(beside, whole);
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      whole = nodeHash(whole, beside);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && sameHash(old, firstRoot) && sameHash(whole, secondRoot);
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isOdd(value: number): boolean {
  return value % 2 === 1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}
