/** Of which subtrees a proof consists. Who proves needs their roots, from wherever the leaves are. */

/** The leaves from `start` (included) to `end` (excluded). */
export interface LeafRange {
  readonly start: number;
  readonly end: number;
}

/** PATH of RFC 6962, 2.1.1: the subtrees beside the way from a leaf to the root, from below. */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  const beside: LeafRange[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (index < middle) {
      beside.push({ start: middle, end });
      end = middle;
    } else {
      beside.push({ start, end: middle });
      start = middle;
    }
  }
  return beside.reverse();
}

/** PROOF of RFC 6962, 2.1.2: that the tree of size `first` is the beginning of the one of size `second`. */
export function consistencyRanges(first: number, second: number): LeafRange[] {
  if (first === 0 || first === second) return [];
  const ranges: LeafRange[] = [];
  let start = 0;
  let end = second;
  while (first !== end) {
    const middle = start + splitOf(end - start);
    if (first <= middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  // The old tree itself need not be told: whoever checks has its root.
  if (start > 0) ranges.push({ start, end });
  return ranges.reverse();
}

/** The largest power of two below a size of at least two. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}
