/**
 * The texts of all keys by kind, in order, for `list`. Sorted only when somebody asks: most processes
 * never list, and adding must cost nothing.
 */
export class RecordIndex {
  readonly #kinds = new Map<string, { readonly kind: string; readonly texts: string[]; sorted: number }>();

  /** Adds a key that was not there. */
  add(kind: string, text: string): void {
    const entry = this.#kinds.get(kind);
    if (entry === undefined) this.#kinds.set(kind, { kind, texts: [text], sorted: 0 });
    else entry.texts.push(text);
  }

  /** The kind as a text that all records of the kind can share. */
  shared(kind: string): string {
    return this.#kinds.get(kind)?.kind ?? kind;
  }

  /** The texts of a kind's keys, in order. Not to be kept: it grows and is sorted in place. */
  textsOf(kind: string): readonly string[] {
    const entry = this.#kinds.get(kind);
    if (entry === undefined) return [];
    // What is sorted already is one run to the sort, so new keys are merged in rather than all sorted anew.
    if (entry.sorted < entry.texts.length) entry.texts.sort();
    entry.sorted = entry.texts.length;
    return entry.texts;
  }
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
