/** How often it is looked, within the time that is given as a rule, whether anything is overdue. */
const LOOKS = 16;

interface Pending {
  /** By the process's monotonic time. */
  readonly until: number;
  readonly giveUp: () => void;
}

/** Deadlines of many statements with one timer: one for each would be a part of the cost of a statement. */
export class Deadlines {
  readonly #everyMs: number;
  readonly #pending = new Set<Pending>();
  #looking = false;

  /** @param usualMs - the time that statements are given as a rule. */
  constructor(usualMs: number) {
    this.#everyMs = Math.max(1, usualMs / LOOKS);
  }

  /** What the promise gives; or, when the milliseconds are over, the error that `late` makes. */
  wait<T>(promise: PromiseLike<T>, milliseconds: number, late: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        until: performance.now() + milliseconds,
        giveUp: () => reject(late()),
      };
      this.#pending.add(pending);
      if (!this.#looking) this.#lookLater();
      promise.then(
        (value) => {
          this.#pending.delete(pending);
          resolve(value);
        },
        (error: unknown) => {
          this.#pending.delete(pending);
          reject(error as Error);
        },
      );
    });
  }

  /** The connections keep a process alive while it waits for them; this does not. */
  #lookLater(): void {
    this.#looking = true;
    const look = (): void => {
      this.#looking = false;
      const now = performance.now();
      for (const pending of this.#pending) {
        if (now < pending.until) continue;
        this.#pending.delete(pending);
        pending.giveUp();
      }
      if (this.#pending.size > 0) this.#lookLater();
    };
    setTimeout(look, this.#everyMs).unref();
  }
}
