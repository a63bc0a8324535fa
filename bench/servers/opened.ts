/** What a measurement has opened, to be ended in the reverse order, whatever happens. */
export class Opened {
  readonly #ends: (() => unknown)[] = [];

  /** @returns what was opened. */
  keep<Thing>(thing: Thing, end: (thing: Thing) => unknown): Thing {
    this.#ends.push(() => end(thing));
    return thing;
  }

  /** @throws what the first of them threw, when all were ended. */
  async end(): Promise<void> {
    const failures: unknown[] = [];
    for (const end of this.#ends.splice(0).reverse()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** Ends what the work opened: connections that nobody needs any more are not free for a server. */
export async function withOpened<Result>(work: (opened: Opened) => Promise<Result>): Promise<Result> {
  const opened = new Opened();
  try {
    return await work(opened);
  } finally {
    await opened.end();
  }
}
