/** The keys of one kind. */
interface Texts {
  readonly kind: string;
  texts: string[];
  /** How many of them are in order, from the first on. */
  sorted: number;
  /** Which of them stand for nothing any more. */
  readonly removed: Set<string>;
}

/**
 * The texts of all keys by kind, in order, for `list`. Sorted only when somebody asks: most processes
 * never list, and adding must cost nothing.
 */
export class RecordIndex {
  readonly #kinds = new Map<string, Texts>();

  /** Adds a key that was not there. */
  add(kind: string, text: string): void {
    const entry = this.#kinds.get(kind);
    if (entry === undefined) this.#kinds.set(kind, { kind, texts: [text], sorted: 0, removed: new Set() });
    // One that comes back before it was taken out still has its place.
    else if (!entry.removed.delete(text)) entry.texts.push(text);
  }

  /** Removes a key that was there. */
  remove(kind: string, text: string): void {
    const entry = this.#kinds.get(kind);
    if (entry === undefined) return;
    entry.removed.add(text);
    // Taken out one by one, each removal would move all that follows.
    if (2 * entry.removed.size > entry.texts.length) takeOut(entry);
  }

  /** The kind as a text that all records of the kind can share. */
  shared(kind: string): string {
    return this.#kinds.get(kind)?.kind ?? kind;
  }

  /** The texts of a kind's keys, in order. Not to be kept: it grows and is sorted in place. */
  textsOf(kind: string): readonly string[] {
    const entry = this.#kinds.get(kind);
    if (entry === undefined) return [];
    if (entry.removed.size > 0) takeOut(entry);
    // What is sorted already is one run to the sort, so new keys are merged in rather than all sorted anew.
    if (entry.sorted < entry.texts.length) entry.texts.sort();
    entry.sorted = entry.texts.length;
    return entry.texts;
  }
}

function takeOut(entry: Texts): void {
  const { texts, removed } = entry;
  let sorted = 0;
  entry.texts = texts.filter((text, position) => {
    if (removed.has(text)) return false;
    if (position < entry.sorted) sorted += 1;
    return true;
  });
  entry.sorted = sorted;
  removed.clear();
}

/** The position of the first text after `text`. */
export function positionAfter(texts: readonly string[], text: string): number {
  let low = 0;
  let high = texts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (texts[middle]! <= text) low = middle + 1;
    else high = middle;
  }
  return low;
}
