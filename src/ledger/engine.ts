import { randomBytes, randomUUID } from 'node:crypto';
import { LedgerClosedError } from '../errors/store.js';
import { StoreClient } from '../store/client.js';
import type { RecordKey, Store, StoredRecord } from '../store/contract.js';
import { machineClock, type ProcessClock, pause } from '../store/process-clock.js';
import { emit } from '../tool/events.js';
import { LeaseKeeper } from './leases.js';
import type { View } from './record.js';
import type { ReplayCache } from './replay-cache.js';

/** How an engine can be set up; for tests and for people with several workers in one process. */
export interface EngineOptions {
  readonly clock?: ProcessClock;
  /** For one store operation with all its sendings, in milliseconds. @default 5_000 */
  readonly storeDeadlineMs?: number;
}

/** The first call of an identity in this process, and who waits for it. */
export interface Leader {
  /** What a later caller is given, when it is known. */
  settled: View | undefined;
  readonly followers: ((settled: View | undefined) => void)[];
}

/** What this process has counted of a tool. */
export interface Tally {
  replays: number;
  waits: number;
}

const STORE_DEADLINE_MS = 5_000;
const REMEMBERED_IDS = 10_000;

/** What a worker is: one life of a process over one store. Ledgers over the same store share it. */
export class Engine {
  readonly client: StoreClient;
  readonly clock: ProcessClock;
  readonly leases: LeaseKeeper;
  /** Random per life: pids and host names come back in other lives. */
  readonly owner: string = randomUUID();
  readonly description: string;
  readonly emit: typeof emit = emit;
  /** Calls under way in this process, by record id: a duplicate waits here and costs the store nothing. */
  readonly underWay: Map<string, Leader> = new Map();
  /** For a store that is a round trip away, as soon as it is loaded. */
  replays: ReplayCache | undefined;
  readonly #prefix = randomBytes(9).toString('base64url');
  #sent = 0;
  #finished = new Set<string>();
  #finishedEarlier = new Set<string>();
  readonly #tallies = new Map<string, Tally>();
  readonly #background = new Set<Promise<unknown>>();
  #running = 0;
  #closing: AbortController | undefined;
  #idle: (() => void) | undefined;

  constructor(store: Store, options: EngineOptions = {}) {
    this.clock = options.clock ?? machineClock;
    this.client = new StoreClient(store, this.clock, options.storeDeadlineMs ?? STORE_DEADLINE_MS);
    this.leases = new LeaseKeeper(this.client);
    this.description = store.description;
    if (store.remote === true) this.inBackground(this.#rememberReplays());
  }

  /** What this process has counted of a tool of a ledger. */
  tally(ledger: string, tool: string): Tally {
    const key = `${ledger}\0${tool}`;
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      tally = { replays: 0, waits: 0 };
      this.#tallies.set(key, tally);
    }
    return tally;
  }

  /** Nothing that was finished is answered from memory any more. */
  forgetReplays(): void {
    this.replays?.forget();
  }

  /** Random per process and counted within it: never used twice for two transactions. */
  nonce(): string {
    this.#sent += 1;
    return `${this.#prefix}${this.#sent.toString(36)}`;
  }

  /** Reads records of one partition as they stand. */
  async read(keys: readonly RecordKey[]): Promise<readonly (StoredRecord | undefined)[]> {
    return (await this.client.transact({ expect: [], write: [], read: keys }, this.nonce())).records;
  }

  /**
   * Whether this process has seen the call finished. A hint and nothing more: a call that will be replayed is read,
   * one that will run is claimed, and either way it is one round trip.
   */
  wasFinished(id: string): boolean {
    return this.#finished.has(id) || this.#finishedEarlier.has(id);
  }

  noteFinished(id: string): void {
    this.#finished.add(id);
    if (this.#finished.size < REMEMBERED_IDS / 2) return;
    // Two halves, of which the older is dropped as a whole: forgetting one by one would walk over what was forgotten.
    this.#finishedEarlier = this.#finished;
    this.#finished = new Set();
  }

  /** @throws LedgerClosedError */
  assertOpen(): void {
    if (this.#closing !== undefined) throw new LedgerClosedError({ store: this.description });
  }

  /** Aborts when close gives up waiting. */
  get givenUp(): boolean {
    return this.#closing?.signal.aborted === true;
  }

  enter(): void {
    this.#running += 1;
  }

  leave(): void {
    this.#running -= 1;
    if (this.#running === 0) this.#idle?.();
  }

  /** Work that goes on after its caller was answered; `close` waits for it. */
  inBackground(work: Promise<unknown>): void {
    const settled = work.catch(() => undefined).finally(() => this.#background.delete(settled));
    this.#background.add(settled);
  }

  /**
   * Repeats `work` until it succeeds, the store says that it never will, or the engine is closed and given up.
   * What it writes is under a fence, so that it can be late without harm.
   */
  persist(work: () => Promise<unknown>, pauseMs = 250): void {
    const loop = async (): Promise<void> => {
      while (!this.givenUp) {
        try {
          await work();
          return;
        } catch (error) {
          if ((error as { retryable?: unknown }).retryable !== 'safe') return;
          await pause(this.clock, pauseMs, this.#closing?.signal);
        }
      }
    };
    this.inBackground(loop());
  }

  /** Starts nothing more, and waits at most `drainMs` for what is under way. */
  async close(drainMs: number): Promise<void> {
    this.#closing ??= new AbortController();
    const closing = this.#closing;
    const finished = (async () => {
      if (this.#running > 0) {
        await new Promise<void>((resolve) => {
          this.#idle = resolve;
        });
      }
      while (this.#background.size > 0) await Promise.all(this.#background);
    })();
    await Promise.race([finished, drainMs > 0 ? pause(this.clock, drainMs, closing.signal) : Promise.resolve()]);
    closing.abort();
    this.leases.close();
    this.replays?.close();
  }

  async #rememberReplays(): Promise<void> {
    const { ReplayCache } = await import('./replay-cache.js');
    if (this.#closing === undefined) this.replays = new ReplayCache(this);
  }
}

const engines = new WeakMap<Store, Engine>();

/** The engine over a store: one for all ledgers on it. */
export function engineFor(store: Store): Engine {
  let engine = engines.get(store);
  if (engine === undefined) {
    engine = new Engine(store);
    engines.set(store, engine);
  }
  return engine;
}

/** Gives a store an engine of its own, e.g. with a clock that a test drives. */
export function setUpEngine(store: Store, options: EngineOptions): Engine {
  const engine = new Engine(store, options);
  engines.set(store, engine);
  return engine;
}
