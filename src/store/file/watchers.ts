import type { LogState } from './log-state.js';

/** How often the log is looked at while somebody watches, in milliseconds: at first, and at most. */
const SOON = 20;
const LATE = 250;

interface Watcher {
  readonly revision: string | undefined;
  readonly wake: () => void;
}

/** Whoever waits for a record to move, with one timer for all of them that looks for other processes' writes. */
export class Watchers {
  readonly #texts = new Map<string, Set<Watcher>>();
  /** Brings the state up to date; what moves then wakes its watchers. Answers whether there was anything new. */
  readonly #refresh: () => Promise<boolean>;
  #timer: NodeJS.Timeout | undefined;
  #pause = SOON;

  constructor(refresh: () => Promise<boolean>) {
    this.#refresh = refresh;
  }

  /** Resolves when the record of this key moves, or the signal aborts. */
  wait(text: string, revision: string | undefined, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const watchers = this.#texts.get(text) ?? new Set();
      const wake = (): void => {
        watchers.delete(watcher);
        if (watchers.size === 0 && this.#texts.get(text) === watchers) this.#texts.delete(text);
        if (this.#texts.size === 0) this.#stop();
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const watcher: Watcher = { revision, wake };
      watchers.add(watcher);
      this.#texts.set(text, watchers);
      signal.addEventListener('abort', wake, { once: true });
      this.#pause = SOON;
      this.#start();
    });
  }

  /** Wakes whoever waits for this key. */
  moved(text: string): void {
    if (this.#texts.size === 0) return;
    for (const { wake } of [...(this.#texts.get(text) ?? [])]) wake();
  }

  /** Wakes whoever waits for a record that this state shows at another revision. */
  compare({ records }: LogState): void {
    for (const [text, watchers] of [...this.#texts]) {
      for (const { revision, wake } of [...watchers]) if (records.get(text)?.revision !== revision) wake();
    }
  }

  /** Wakes everybody. */
  wakeAll(): void {
    for (const text of [...this.#texts.keys()]) this.moved(text);
  }

  #start(): void {
    this.#timer ??= setTimeout(() => void this.#look(), this.#pause);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const timer = this.#timer;
    try {
      this.#pause = (await this.#refresh()) ? SOON : Math.min(LATE, this.#pause * 2);
    } catch {
      // They read again and are told there what is wrong.
      this.wakeAll();
    }
    if (this.#timer !== timer) return;
    this.#timer = undefined;
    if (this.#texts.size > 0) this.#start();
  }
}
