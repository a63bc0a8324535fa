/** One execution that several callers wait for. Each can go; it is aborted when nobody is left. */
export class Flight<Value> {
  #end: AbortController | undefined;
  readonly #abandoned: () => void;
  #result: Promise<Value> | undefined;
  #waiting = 0;
  /** Somebody waits for it who cannot go. */
  #wanted = false;

  /** @param abandoned - called when nobody waits any more, before the execution is aborted. */
  constructor(abandoned: () => void) {
    this.#abandoned = abandoned;
  }

  /** For the execution. Made when somebody asks: who waits without a signal cannot go. */
  get signal(): AbortSignal {
    this.#end ??= new AbortController();
    return this.#end.signal;
  }

  start(result: Promise<Value>): void {
    this.#result = result;
    // When all have gone nobody hears of its failure.
    result.catch(() => {});
  }

  /** The result, for a caller who goes when `signal` aborts. */
  wait(signal: AbortSignal | undefined): Promise<Value> {
    const result = this.#result as Promise<Value>;
    if (signal === undefined) {
      this.#wanted = true;
      return result;
    }
    this.#waiting += 1;
    return new Promise((resolve, reject) => {
      const gone = (): void => {
        reject(signal.reason as Error);
        this.#leave(signal.reason);
      };
      if (signal.aborted) return gone();
      signal.addEventListener('abort', gone, { once: true });
      const stay = (): void => signal.removeEventListener('abort', gone);
      result.then(
        (value) => {
          stay();
          resolve(value);
        },
        (error) => {
          stay();
          reject(error as Error);
        },
      );
    });
  }

  #leave(reason: unknown): void {
    this.#waiting -= 1;
    if (this.#waiting > 0 || this.#wanted) return;
    this.#abandoned();
    this.#end?.abort(reason);
  }
}
