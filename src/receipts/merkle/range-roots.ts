import { CompactRange } from './compact-range.js';
import type { LeafRange } from './proof-ranges.js';

/** The roots of ranges of leaves that do not overlap, taken in one pass over the leaves in their order. */
export class RangeRoots {
  readonly #ranges: readonly { readonly range: LeafRange; readonly tree: CompactRange }[];
  #index = 0;

  /** @param ranges - each a full subtree or the right edge of the tree, so that its own root is that of RFC 6962. */
  constructor(ranges: readonly LeafRange[]) {
    this.#ranges = ranges.map((range) => ({ range, tree: new CompactRange() }));
  }

  /** @param leaf - the hash of the next leaf. */
  append(leaf: Uint8Array): void {
    const index = this.#index;
    this.#ranges.find(({ range }) => range.start <= index && index < range.end)?.tree.append(leaf);
    this.#index += 1;
  }

  /** In the order the ranges were given. */
  roots(): Uint8Array[] {
    return this.#ranges.map(({ tree }) => tree.root());
  }
}
