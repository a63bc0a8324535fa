import { LRUCache } from 'lru-cache';
import { type ProcessClock, pause } from '../store/process-clock.js';
import type { View } from './record.js';
import { type EpochHome, putEpoch, REPLAY_EPOCH_KEY } from './replay-epoch.js';

/** At most so many finished calls, and so many characters of them, are remembered. */
const MOST_CALLS = 10_000;
const MOST_CHARACTERS = 32 * 1024 * 1024;
const LARGEST_CALL = 1024 * 1024;

/** However the epoch is watched, it is read again after this long: so long at most is a retired result still given. */
const SAFETY_READ_MS = 30_000;
const PAUSE_MS = 1_000;

/** Whose calls are remembered: an engine. */
interface CacheHome extends EpochHome {
  readonly clock: ProcessClock;
}

/** A moment of the cache. A view that was asked for in an earlier one is not remembered. */
export type Generation = number | undefined;

/**
 * Finished calls of a store that is a round trip away: a call that is replayed again costs nothing. A committed record
 * never changes, except that it is retired or pruned; then the epoch moves, and everything is forgotten.
 */
export class ReplayCache {
  readonly #engine: CacheHome;
  readonly #views = new LRUCache<string, View>({
    max: MOST_CALLS,
    maxSize: MOST_CHARACTERS,
    maxEntrySize: LARGEST_CALL,
    sizeCalculation: ({ seen }) => (seen?.stored.value.length ?? 0) + 500,
  });
  readonly #stop = new AbortController();
  #forgotten = 0;
  /** The epoch that what is remembered belongs to; undefined while it is not known. */
  #epoch: string | undefined;
  #following = false;

  constructor(engine: CacheHome) {
    this.#engine = engine;
  }

  /** The moment, to be taken before a call is asked about. */
  get generation(): Generation {
    if (!this.#following) void this.#follow();
    return this.#epoch === undefined ? undefined : this.#forgotten;
  }

  get(id: string): View | undefined {
    return this.#views.get(id);
  }

  /** Remembers a finished call, unless something was forgotten since it was asked about. */
  put(id: string, view: View, asked: Generation): void {
    if (asked !== undefined && asked === this.generation) this.#views.set(id, view);
  }

  forget(): void {
    this.#forgotten += 1;
    this.#views.clear();
  }

  close(): void {
    this.#stop.abort();
    this.forget();
  }

  /** Watches the epoch, from the first call on; after a failure again from the next call on. */
  async #follow(): Promise<void> {
    this.#following = true;
    const { signal } = this.#stop;
    try {
      while (!signal.aborted) {
        const revision = await this.#readEpoch();
        if (revision !== this.#epoch) this.forget();
        this.#epoch = revision;
        await this.#watch(revision);
      }
    } catch {
      // What cannot be watched is not remembered.
      this.#epoch = undefined;
      this.forget();
      await pause(unhurried(this.#engine), PAUSE_MS, signal);
      this.#following = false;
    }
  }

  /** Created when it is not there: a record that is there can be watched without asking. */
  async #readEpoch(): Promise<string> {
    const [stored] = await this.#engine.read([REPLAY_EPOCH_KEY]);
    if (stored !== undefined) return stored.revision;
    const [created] = (await putEpoch(this.#engine, undefined, 0)).records;
    return created?.revision ?? this.#readEpoch();
  }

  async #watch(revision: string): Promise<void> {
    const end = new AbortController();
    const stop = (): void => end.abort();
    this.#stop.signal.addEventListener('abort', stop, { once: true });
    const timer = unhurried(this.#engine).after(SAFETY_READ_MS, stop);
    try {
      await this.#engine.client.store.watch(REPLAY_EPOCH_KEY, revision, end.signal);
    } finally {
      timer.cancel();
      stop();
      this.#stop.signal.removeEventListener('abort', stop);
    }
  }
}

/** The clock of the engine, with timers that keep no process alive. */
function unhurried({ clock }: CacheHome): ProcessClock {
  return {
    wall: () => clock.wall(),
    monotonic: () => clock.monotonic(),
    after(ms, fn) {
      const timer = clock.after(ms, fn);
      timer.keepAlive(false);
      return timer;
    },
  };
}
