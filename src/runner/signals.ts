/** What a wait ends with when its signal aborts. */
export const ABORTED: unique symbol = Symbol('aborted');

/**
 * Does not wait for what does not heed the signal. What it does later is nobody's any more, but its record's.
 *
 * @param start - called at once; may throw, and may give anything.
 */
export function untilAborted<Value>(
  start: () => Value | PromiseLike<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  const started = async (): Promise<Value> => start();
  if (signal === undefined) return started();
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(ABORTED);
    const ended =
      <Given>(settle: (given: Given) => void) =>
      (given: Given): void => {
        signal.removeEventListener('abort', stop);
        settle(given);
      };
    // Before it starts: it may be what aborts.
    signal.addEventListener('abort', stop, { once: true });
    started().then(ended(resolve), ended(reject));
  });
}

/** A signal for each call of a turn, which abort with the one around: many listeners on one would look like a leak. */
export class CallSignals {
  readonly #around: AbortSignal | undefined;
  readonly #calls: AbortController[] = [];
  readonly #abort = (): void => {
    for (const call of this.#calls) call.abort(this.#around?.reason);
  };

  constructor(around: AbortSignal | undefined) {
    this.#around = around;
    around?.addEventListener('abort', this.#abort, { once: true });
  }

  next(): AbortSignal | undefined {
    if (this.#around === undefined) return undefined;
    const call = new AbortController();
    this.#calls.push(call);
    if (this.#around.aborted) call.abort(this.#around.reason);
    return call.signal;
  }

  /** Lets go of the signal around. */
  close(): void {
    this.#around?.removeEventListener('abort', this.#abort);
  }
}
