import { whenAborted } from './when-aborted.js';

/** One execution that several callers wait for. Each can go; it is aborted when nobody is left. */
export class Flight<Value> {
  #end: AbortController | undefined;
  readonly #abandoned: () => void;
  readonly #result: Promise<Value>;
  /** Takes the execution, when it has begun. While it begins somebody may wait for it already. */
  readonly start: (result: Promise<Value>) => void;
  #waiting = 0;
  /** Somebody waits for it who cannot go. */
  #wanted = false;

  /** @param abandoned - called when nobody waits any more, before the execution is aborted. */
  constructor(abandoned: () => void) {
    this.#abandoned = abandoned;
    let start!: Flight<Value>['start'];
    this.#result = new Promise<Value>((resolve) => {
      start = resolve;
    });
    this.start = start;
    // When all have gone nobody hears of its failure.
    this.#result.catch(() => {});
  }

  /** For the execution. Made when somebody asks: who waits without a signal cannot go. */
  get signal(): AbortSignal {
    this.#end ??= new AbortController();
    return this.#end.signal;
  }

  /** The result, for a caller who goes when `signal` aborts. */
  wait(signal: AbortSignal | undefined): Promise<Value> {
    const result = this.#result;
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
      const stay = whenAborted(signal, gone);
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
