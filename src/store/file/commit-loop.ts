import { setImmediate as nextTurn } from 'node:timers/promises';
import { StoreDamagedError, StoreFormatError, StoreUnavailableError } from '../../errors/store.js';
import type { Generation, Outcome } from './generation.js';
import { endUnflushed, type LogSettings, openLatest, publishSuccessor, readThrough } from './latest.js';
import type { LogClock } from './log-clock.js';
import type { LoggedEntry } from './log-entry.js';
import { type Operation, SealOperation } from './operation.js';

/** What goes into one write at most, so that a burst does not become one endless one. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** How often the rest of a short write is sent again before the disk counts as full. */
const SHORT_WRITES = 3;

/** An operation that is being logged. */
interface Sent {
  readonly operation: Operation;
  readonly entry: LoggedEntry;
  readonly frame: Buffer;
  settled: boolean;
}

/** What the loop needs besides the log. */
export interface LoopSettings extends LogSettings {
  readonly clock: LogClock;
  /** Compact by itself once a log is larger than this. */
  readonly compactAtBytes: number;
  /** False answers without having read the log, for a test of the tests. */
  readonly readsBack: boolean;
}

/**
 * One loop through which everything goes that writes, and everything that needs to know what other
 * processes wrote. What waits when it comes round is logged with one write and one flush.
 */
export class CommitLoop {
  generation: Generation;
  readonly #settings: LoopSettings;
  readonly #storeId: string;
  #queue: Operation[] = [];
  #running: Promise<void> | undefined;
  /** The size of the file at which the state is known to be up to date; -1: at none. */
  #fresh: number;
  #broken: unknown;
  #sealing = 0;

  constructor(settings: LoopSettings, generation: Generation) {
    this.#settings = settings;
    this.generation = generation;
    this.#storeId = generation.opening![2];
    this.#fresh = generation.read === generation.seen ? generation.seen : -1;
    settings.clock.learn(generation.state.time);
  }

  /** Whether the state holds everything that anybody was told, at the price of one fstat. */
  get fresh(): boolean {
    if (this.#fresh === -1 || this.#broken !== undefined) return false;
    try {
      const { size, removed } = this.generation.file.facts();
      return size === this.#fresh && !removed;
    } catch {
      return false;
    }
  }

  enqueue(operation: Operation): void {
    this.#queue.push(operation);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing waits any more, and closes the log. */
  async close(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    this.#fresh = -1;
    this.generation.close();
  }

  /** A tick runs when no promise has anything left to do; flushes that block the event loop need a real turn. */
  #pause(): Promise<unknown> {
    return this.#settings.flush === 'synchronous' ? nextTurn() : new Promise((resolve) => process.nextTick(resolve));
  }

  async #run(): Promise<void> {
    do {
      // Whoever is called or answered now gets to ask for more first, so that it can go along.
      await this.#pause();
      const taken = this.#queue;
      this.#queue = [];
      await this.#round(taken);
    } while (this.#queue.length > 0);
    this.#running = undefined;
  }

  async #round(taken: readonly Operation[]): Promise<void> {
    let sent: Sent[] = [];
    const again: Operation[] = [];
    try {
      if (this.#broken !== undefined) throw this.#broken;
      if (this.generation.state.sealed) await this.#moveOn();
      const { generation } = this;
      const now = this.#settings.clock.now();
      const rest: Operation[] = [];
      const logged: Operation[] = [];
      for (const operation of taken) (operation.mustLog(generation, now) ? logged : rest).push(operation);
      sent = this.#frames(logged, now, again);
      if (sent.length > 0) await this.#commit(sent, again);
      else await this.#refresh();
      const fresh = this.generation === generation && !generation.state.sealed;
      const then = this.#settings.clock.now();
      for (const operation of rest) {
        if (fresh && operation.settleUnlogged(generation, then)) operation.answer();
        else again.push(operation);
      }
      this.#compactWhenDue();
    } catch (error) {
      this.#refuse(taken, again, sent, error);
    }
    this.#queue = [...again, ...this.#queue];
  }

  #frames(operations: readonly Operation[], now: number, again: Operation[]): Sent[] {
    const sent: Sent[] = [];
    let bytes = 0;
    for (const operation of operations) {
      if (bytes > BATCH_BYTES) {
        again.push(operation);
        continue;
      }
      let entry: LoggedEntry | undefined;
      const frame = this.generation.frame((origin) => (entry = operation.entry(origin, now)));
      bytes += frame.length;
      sent.push({ operation, entry: entry!, frame, settled: false });
    }
    return sent;
  }

  /** Logs, flushes, reads, answers. What has to be tried in the next generation goes into `again`. */
  async #commit(sent: readonly Sent[], again: Operation[]): Promise<void> {
    const { generation } = this;
    const end = generation.read + sent.reduce((sum, { frame }) => sum + frame.length, 0);
    if (!this.#settings.readsBack)
      for (const one of sent) one.settled = one.operation.presume(generation.state, one.entry[2]);
    const failure = await this.#append(sent);
    // Everything up to our last frame is in the file, and so in the reach of a flush that begins now.
    const flushing = outcomeOf(generation.file.flush());
    const { size, removed } = generation.look();
    // If the file grew by our bytes and no others, they are where we think they are.
    const alone = failure === undefined && size === end;
    this.#fresh = alone ? size : -1;
    const flushed = await flushing;
    if (flushed !== undefined) return this.#leave(sent, again, flushed.error);
    const enough = failure === undefined && !removed;
    if (alone) this.#applyOwn(sent);
    else {
      // What is missing is only known from the end of the log, which the first flush may not have reached.
      const beyond = enough ? undefined : await outcomeOf(generation.file.flush());
      if (beyond !== undefined) return this.#leave(sent, again, beyond.error);
      await this.#read(size, sent, enough);
    }
    this.#upToDate(enough && generation.read < size ? -1 : size);
    if (removed && !generation.state.sealed) throw this.#break(gone(generation));
    for (const { operation, settled } of sent) {
      if (settled) operation.answer();
      else if (generation.state.sealed) again.push(operation);
    }
    if (generation.state.sealed) return;
    const missing = sent.filter(({ settled }) => !settled);
    if (missing.length === 0) return;
    if (failure === undefined) throw this.#break(new Error(`what was written to ${generation.file.path} is not there`));
    // The log has been read to its end, and they are not in it: these never happened.
    generation.takeBack(missing[0]!.entry[1][1]);
    for (const { operation } of missing) operation.refuse(this.#unavailable(operation.during, 'no', failure));
  }

  #applyOwn(sent: readonly Sent[]): void {
    const { generation } = this;
    let at = generation.read;
    for (const one of sent) {
      at += one.frame.length;
      const outcome = generation.applyOwn(one.entry, one.operation.texts, at);
      if (outcome === undefined) return;
      if (this.#settings.readsBack) settle(one, outcome, generation);
    }
  }

  async #refresh(): Promise<void> {
    const { generation } = this;
    const { size, removed } = generation.look();
    if (size !== this.#fresh) {
      this.#fresh = -1;
      const flushed = await outcomeOf(generation.file.flush());
      if (flushed !== undefined) return this.#leave([], [], flushed.error);
      await this.#read(size, []);
      this.#upToDate(size);
    }
    if (removed && !generation.state.sealed) throw this.#break(gone(generation));
  }

  /** Appends all frames; after a short write, the ones that did not land as a whole are written anew. */
  async #append(sent: readonly Sent[]): Promise<unknown> {
    const { file } = this.generation;
    let first = 0;
    for (let attempt = 0; ; attempt++) {
      const frames = sent.slice(first).map(({ frame }) => frame);
      const bytes = frames.length === 1 ? frames[0]! : Buffer.concat(frames);
      let count: number;
      try {
        count = await file.append(bytes);
      } catch (error) {
        return error;
      }
      if (count === bytes.length) return undefined;
      if (attempt === SHORT_WRITES) return new Error(`only ${count} of ${bytes.length} bytes could be written`);
      for (let whole = 0; whole + sent[first]!.frame.length <= count; first++) whole += sent[first]!.frame.length;
    }
  }

  /** Reads what stands before `size`, or only up to the last frame sent. */
  async #read(size: number, sent: readonly Sent[], onlySent = false): Promise<void> {
    const { generation } = this;
    const first = sent[0]?.entry[1][1] ?? 0;
    await readThrough(generation, size, (sequence, outcome) => {
      const one = sent[sequence - first];
      if (one !== undefined && this.#settings.readsBack) settle(one, outcome, generation);
      return !onlySent || one !== sent.at(-1);
    });
  }

  /** @param fresh - the size at which the file holds nothing that has not been read. */
  #upToDate(fresh: number): void {
    this.generation.markFlushed();
    this.#fresh = fresh;
    this.#settings.clock.learn(this.generation.state.time);
  }

  /**
   * A flush has failed, so nobody can tell what of the file is on the disk, and asking again would be
   * answered with yes. The generation is ended and copied; the copy is flushed as a whole.
   */
  async #leave(sent: readonly Sent[], again: Operation[], cause: unknown): Promise<void> {
    const { generation } = this;
    this.#fresh = -1;
    try {
      await this.#read(generation.look().size, sent);
      // The seal must carry the number of the first frame that did not get into the log.
      const missing = sent.find(({ settled }) => !settled);
      if (missing !== undefined) generation.takeBack(missing.entry[1][1]);
      await endUnflushed(generation);
      await publishSuccessor(this.#settings.folder, generation);
      await this.#moveOn();
    } catch {
      throw this.#break(cause);
    }
    for (const { operation, settled } of sent) {
      if (settled) operation.answer();
      else again.push(operation);
    }
  }

  async #moveOn(): Promise<void> {
    const before = this.generation;
    this.#fresh = -1;
    const next = await openLatest(this.#settings, this.#storeId);
    this.generation = next;
    this.#fresh = next.read === next.seen ? next.seen : -1;
    this.#settings.clock.learn(next.state.time);
    before.close();
  }

  #compactWhenDue(): void {
    const { number, read, base, state, successorBytes } = this.generation;
    if (read <= this.#settings.compactAtBytes || read <= 2 * state.liveBytes || read <= 2 * base) return;
    if (state.sealed || this.#sealing === number || !this.#settings.folder.hasRoom(successorBytes)) return;
    this.#sealing = number;
    const seal = new SealOperation(number);
    seal.promise.catch(() => {});
    this.#queue.push(seal);
  }

  /** Marks this store as broken until it is opened again, and answers the error to throw. */
  #break(cause: unknown): unknown {
    this.#fresh = -1;
    this.#broken =
      cause instanceof StoreDamagedError || cause instanceof StoreFormatError
        ? cause
        : new BrokenLog('broken', { cause });
    return this.#broken;
  }

  /** Refuses what has not been answered. Of what was sent nobody can tell any more whether it counts. */
  #refuse(taken: readonly Operation[], again: Operation[], sent: readonly Sent[], error: unknown): void {
    const uncertain = new Set(sent.map(({ operation }) => operation));
    const lasting = error instanceof StoreDamagedError || error instanceof StoreFormatError;
    if (this.#broken === undefined && (sent.length > 0 || lasting)) this.#break(error);
    again.length = 0;
    for (const operation of taken) {
      operation.refuse(this.#unavailable(operation.during, uncertain.has(operation) ? 'unknown' : 'no', error));
    }
  }

  #unavailable(during: string, applied: 'no' | 'unknown', error: unknown): unknown {
    if (error instanceof StoreDamagedError || error instanceof StoreFormatError) return error;
    const broken = error instanceof BrokenLog;
    return new StoreUnavailableError({
      store: this.#settings.description,
      during,
      applied,
      cause: broken ? error.cause : error,
      ...(broken
        ? { remedy: 'This store answers nothing more until it is opened again. Mend the disk or the folder first.' }
        : {}),
    });
  }
}

/** Why a store answers nothing more. Never leaves this file: callers get what caused it. */
class BrokenLog extends Error {}

/** What a flush failed with; undefined when it did not. */
function outcomeOf(flush: Promise<void>): Promise<{ error: unknown } | undefined> {
  return flush.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
}

function gone({ file }: Generation): Error {
  return new Error(`${file.path} was removed while it was in use`);
}

function settle(one: Sent, outcome: Outcome, { state }: Generation): void {
  one.settled = one.operation.settle(outcome, state);
}
