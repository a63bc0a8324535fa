/**
 * The machine's clock, which a client brings because the table has none. It never goes backwards, and never lies before
 * an instant that the client has read: it follows the fastest clock that it has heard of.
 */
export class SharedClock {
  readonly #machine: () => number;
  #last = Number.NEGATIVE_INFINITY;
  /** By how much this machine lies behind the fastest one. */
  #behind = 0;

  constructor(machine: () => number) {
    this.#machine = machine;
  }

  now(): number {
    this.#last = Math.max(this.#last, this.#machine() + this.#behind);
    return this.#last;
  }

  heardOf(instant: number): void {
    this.#behind += Math.max(0, instant - this.now());
  }
}
