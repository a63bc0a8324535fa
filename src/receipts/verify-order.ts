import type { ReceiptFinding } from './verify-options.js';

interface Doubt {
  readonly at: number;
  readonly id: string;
  readonly by: number;
}

/**
 * Compares the order of the log with the positions that receipts were given. A leaf too many or too few moves all that
 * follow by the same distance, and is named once.
 */
export class LogOrder {
  readonly #found: (finding: ReceiptFinding) => void;
  /** By how much the positions given are ahead of those in the log. */
  #drift = 0;
  /** Leaves just before that were never given a position. */
  #strangers = 0;
  /** The last leaf, when it lies elsewhere: the next one tells whether the log has moved or only this one. */
  #doubt: Doubt | undefined;

  constructor(found: (finding: ReceiptFinding) => void) {
    this.#found = found;
  }

  /** @param given - the position that the receipt was given when it was sealed. */
  next(at: number, id: string, given: number | undefined): void {
    if (given === undefined) {
      this.end();
      this.#strangers += 1;
      this.#found({ kind: 'inserted', position: at, id, detail: 'it was never sealed, and stands in the log' });
      return;
    }
    const by = given - at;
    const doubt = this.#doubt;
    if (doubt?.by === by) {
      this.#doubt = undefined;
      this.#moved(doubt);
    } else {
      this.end();
    }
    if (by === this.#drift - this.#strangers) this.#drift = by;
    else if (by !== this.#drift) this.#doubt = { at, id, by };
    this.#strangers = 0;
  }

  /** After the last leaf, or where the next one says nothing. */
  end(): void {
    const doubt = this.#doubt;
    this.#doubt = undefined;
    if (doubt === undefined) return;
    const { at, id, by } = doubt;
    this.#found({ kind: 'reordered', position: at, id, detail: `it was sealed at position ${at + by}` });
  }

  #moved({ at, id, by }: Doubt): void {
    const from = at + this.#drift;
    const to = at + by;
    this.#drift = by;
    if (from < to) {
      const detail = `${to - from} between receipts are gone from the log, before what is now at position ${at}`;
      this.#found({ kind: 'removed', position: from, through: to - 1, detail });
    } else {
      this.#found({ kind: 'reordered', position: at, id, detail: `it and what follows were sealed from ${to} on` });
    }
  }
}
