import { EMPTY_ROOT, nodeHash } from './hashing.js';

/**
 * A tree that only grows, as the roots of the full subtrees it consists of, the largest first: one for each bit that
 * is set in its size. That is all it takes to append to it and to tell its root.
 */
export class CompactRange {
  #size: number;
  readonly #nodes: Uint8Array[];

  /** @param nodes - as many as {@link fullSubtrees} says for this size. */
  constructor(size = 0, nodes: readonly Uint8Array[] = []) {
    this.#size = size;
    this.#nodes = [...nodes];
  }

  get size(): number {
    return this.#size;
  }

  get nodes(): readonly Uint8Array[] {
    return this.#nodes;
  }

  /** @param leaf - the hash of the next leaf. */
  append(leaf: Uint8Array): void {
    let node = leaf;
    // Every bit at the end that is set is a full subtree which the new node completes to one twice as large.
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) node = nodeHash(this.#nodes.pop()!, node);
    this.#nodes.push(node);
    this.#size += 1;
  }

  root(): Uint8Array {
    if (this.#nodes.length === 0) return EMPTY_ROOT;
    return this.#nodes.reduceRight((right, left) => nodeHash(left, right));
  }
}

/** Of how many full subtrees a tree of this size consists. */
export function fullSubtrees(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
