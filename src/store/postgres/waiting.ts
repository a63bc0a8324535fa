import { backoff, RECONNECT } from '../backoff.js';
import type { RecordKey } from '../contract.js';
import type { Connection } from './connection.js';
import { placeArrays, placeOf, tokenOf } from './layout.js';
import type { Statements } from './sql/statements.js';
import { unlisten } from './unlisten.js';
import { compare, FIRST_POLL_MS, fresh, slower, textOf, type Waiter, type Watched, wakeAll } from './watched.js';

/** Records that nobody waits for any more, but whose writer still tells. */
const REMEMBERED = 1_000;

/**
 * Who waits for records. One connection of the process listens to the channel of the store, opened when somebody waits
 * for the first time. The order is: listen, leave a flag beside the record and read its revision in one step, wait. A
 * writer that comes before that step is seen by it, one that comes after it finds the flag and notifies.
 *
 * One channel for the store, not one for each process: writers notify only where the flag is set, so there is little to
 * hear, and a flag is one value however many processes wait.
 *
 * A record that is not there has no row for a flag, and through a pooler nobody can listen: then it is asked about, all
 * that is due in one statement.
 */
export class Waiting {
  readonly #connection: Connection;
  readonly #statements: Statements;
  readonly #channel: string;
  readonly #listens: boolean;
  readonly #watched = new Map<string, Watched>();
  /** Counts how often listening began: what was told before may have been missed since. */
  #epoch = 0;
  #ready = false;
  #starting: Promise<void> | undefined;
  #hears: ((token: string) => void) | undefined;
  #unlisten: (() => Promise<void>) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #failures = 0;
  #closed = false;

  /** @param listens - false where no notification would arrive. */
  constructor(connection: Connection, statements: Statements, channel: string, listens: boolean) {
    this.#connection = connection;
    this.#statements = statements;
    this.#channel = channel;
    this.#listens = listens;
    connection.onReplaced = () => {
      this.#ready = false;
      this.#starting = undefined;
      this.#askAll();
    };
  }

  /** Resolves when the record is no longer at the revision, or the signal aborts. */
  async wait(key: RecordKey, revision: string | undefined, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const place = placeOf(key);
    const token = tokenOf(place);
    const watched = this.#watched.get(token) ?? fresh(token, place);
    // Put last: the one that was longest of no interest is forgotten first.
    this.#watched.delete(token);
    this.#watched.set(token, watched);
    watched.pollMs = FIRST_POLL_MS;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        watched.waiters.delete(waiter);
        signal.removeEventListener('abort', wake);
        if (watched.waiters.size === 0) this.#forgetSome(watched);
        resolve();
      };
      const waiter: Waiter = { revision, wake };
      watched.waiters.add(waiter);
      signal.addEventListener('abort', wake, { once: true });
      this.#check(watched);
    });
  }

  /** Wakes everybody, and stops listening: resolves when the server has been told, or cannot be. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const watched of this.#watched.values()) wakeAll(watched);
    this.#watched.clear();
    const hears = this.#hears;
    // A client of our own is ended as a whole.
    if (hears === undefined || this.#connection.settings.renew !== undefined) return;
    const unlistened = unlisten(this.#connection.sql, this.#channel, hears, this.#unlisten);
    await this.#connection.within(unlistened).catch(() => undefined);
  }

  /** Asks about a record, unless its writer tells everything that somebody wants to know. */
  #check(watched: Watched): void {
    const { told, waiters, asking } = watched;
    if (asking || this.#closed) return;
    if (told !== undefined && [...waiters].every(({ revision }) => revision === told.revision)) return;
    if (this.#listens) this.#asking([watched], () => this.#mark(watched));
    else this.#askAt(watched, 0);
  }

  /** Nobody is left without an answer: when it cannot be asked for, it is asked for later. */
  #asking(list: readonly Watched[], ask: () => Promise<void>): void {
    for (const watched of list) {
      watched.asking = true;
      watched.dueAt = undefined;
    }
    void ask()
      .then(
        () => {
          this.#failures = 0;
          return undefined;
        },
        () => backoff(RECONNECT, 3 + this.#failures++),
      )
      .then((failed) => {
        for (const watched of list) {
          watched.asking = false;
          if (watched.waiters.size === 0) this.#forgetSome(watched);
          else if (failed !== undefined) this.#askAt(watched, failed);
          // Somebody may have come meanwhile who knows another revision.
          else if (watched.told !== undefined) this.#check(watched);
          else this.#askAt(watched, watched.pollMs);
        }
      });
  }

  /** Leaves the flag, and wakes those for whom the record has moved. */
  async #mark(watched: Watched): Promise<void> {
    watched.told = undefined;
    if (!(await this.#listen())) return this.#look([watched]);
    const { kind, partition, id } = watched.place;
    const { moves } = watched;
    const epoch = this.#epoch;
    const [row] = await this.#connection.run('watch', this.#statements.markWaiting, [
      kind,
      partition,
      id,
      watched.token,
    ]);
    const revision = textOf(row?.[0]);
    watched.absent = revision === undefined;
    // The notification of a move can overtake this answer, which is then out of date, and nobody will be told again.
    const overtaken = moves !== watched.moves || (revision !== undefined && row?.[1] !== 't');
    if (overtaken) return wakeAll(watched);
    // Listening that began anew may have missed it.
    if (revision !== undefined && epoch === this.#epoch) watched.told = { revision };
    compare(watched, revision);
    slower(watched);
  }

  /** Asks about records of which nobody tells. */
  async #look(list: readonly Watched[]): Promise<void> {
    const places = list.map(({ place }) => place);
    const rows = await this.#connection.run('watch', this.#statements.revisionsOf, placeArrays(places), true);
    for (const [at, watched] of list.entries()) {
      const revision = textOf(rows[at]?.[0]);
      watched.absent = revision === undefined;
      compare(watched, revision);
      slower(watched);
    }
  }

  /** Whether the server tells of moves from now on. */
  async #listen(): Promise<boolean> {
    if (!this.#ready && !this.#closed) {
      this.#starting ??= this.#startListening();
      await this.#starting;
    }
    return this.#ready;
  }

  /** Resolves when the server listens, or when that has failed or takes too long. */
  #startListening(): Promise<void> {
    return new Promise((resolve) => {
      const { sql, settings } = this.#connection;
      const timer = setTimeout(resolve, settings.timeoutMs).unref();
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const ready = (): void => {
        if (this.#closed || sql !== this.#connection.sql) return;
        this.#ready = true;
        this.#epoch += 1;
        done();
        this.#askAll();
      };
      this.#hears = (token) => this.#moved(token);
      // The driver listens again by itself when the connection breaks, and says so each time.
      sql.listen(this.#channel, this.#hears, ready).then((listening) => {
        this.#unlisten = listening.unlisten;
        if (this.#closed) listening.unlisten().catch(() => undefined);
        done();
      }, done);
    });
  }

  #moved(token: string): void {
    const watched = this.#watched.get(token);
    if (watched === undefined) return;
    watched.told = undefined;
    watched.moves += 1;
    wakeAll(watched);
  }

  /** What was told while nobody listened was missed. */
  #askAll(): void {
    for (const watched of this.#watched.values()) {
      watched.told = undefined;
      if (watched.waiters.size === 0) this.#forgetSome(watched);
      else this.#check(watched);
    }
  }

  #askAt(watched: Watched, ms: number): void {
    if (this.#closed) return;
    watched.dueAt = performance.now() + ms;
    if (watched.dueAt >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = watched.dueAt;
    this.#timer = setTimeout(() => this.#askDue(), ms).unref();
  }

  #askDue(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const soon = performance.now() + FIRST_POLL_MS / 10;
    const due: Watched[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const watched of this.#watched.values()) {
      const { dueAt, absent } = watched;
      if (dueAt === undefined) continue;
      if (dueAt > soon) next = Math.min(next, dueAt);
      else if (absent || !this.#listens) due.push(watched);
      else this.#check(watched);
    }
    if (due.length > 0) this.#asking(due, () => this.#look(due));
    if (next < this.#timerAt) {
      clearTimeout(this.#timer);
      this.#timerAt = next;
      this.#timer = setTimeout(() => this.#askDue(), Math.max(0, next - performance.now())).unref();
    }
  }

  #forgetSome(watched: Watched): void {
    if (watched.told === undefined && !watched.asking) this.#watched.delete(watched.token);
    for (const { waiters, asking, token } of this.#watched.values()) {
      if (this.#watched.size <= REMEMBERED) return;
      if (waiters.size === 0 && !asking) this.#watched.delete(token);
    }
  }
}
