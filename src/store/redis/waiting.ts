import type { Redis } from 'ioredis';
import { backoff, RECONNECT } from '../backoff.js';
import type { RecordKey } from '../contract.js';
import type { Connection } from './connection.js';
import { inTime } from './in-time.js';
import type { Layout } from './layout.js';
import { SCRIPTS } from './script.js';

/** A waiting set lives this long without being renewed: longer than anybody trusts it, see ASK_AGAIN_MS. */
const FORGOTTEN_MS = 600_000;
/** So long a record that was asked about is believed to tell when it moves; somebody else may have deleted the set. */
const ASK_AGAIN_MS = 60_000;
/** After the server has refused a subscription it is not asked for one again for this long. */
const REFUSED_MS = 60_000;
/** Records that nobody waits for any more, but whose revision is still known. */
const REMEMBERED = 1_000;

interface Waiter {
  readonly revision: string | undefined;
  readonly wake: () => void;
}

/** What is known of a record that somebody waits for. */
interface Watched {
  readonly key: RecordKey;
  readonly name: string;
  readonly waiters: Set<Waiter>;
  /** Its revision when Redis was last asked, as long as it will tell of the next move. */
  known: { readonly revision: string | undefined; readonly at: number } | undefined;
  asking: Promise<void> | undefined;
  /** How many moves were told. */
  moves: number;
}

/** Opens a connection for nothing but messages. */
export type OpenSubscriber = () => Redis;

/**
 * Who waits for records, with one subscription for the process. The order is: subscribe, leave the channel beside the
 * record and read its revision in one step, wait. A writer that comes before that step is seen by it, one that comes
 * after it finds the channel. Where that is not to be had the revision is read again and again.
 */
export class Waiting {
  readonly #connection: Connection;
  readonly #layout: Layout;
  readonly #openSubscriber: OpenSubscriber;
  readonly #channel: string;
  readonly #askAgainMs: number;
  readonly #watched = new Map<string, Watched>();
  /** Those of them that nobody waits for, the longest so first. */
  readonly #idle = new Set<Watched>();
  #subscriber: Redis | undefined;
  #subscribed: Promise<void> | undefined;
  #refusedUntil = 0;
  /** Questions in a row that failed. */
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #review: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    connection: Connection,
    layout: Layout,
    channel: string,
    openSubscriber: OpenSubscriber,
    askAgainMs: number = ASK_AGAIN_MS,
  ) {
    this.#connection = connection;
    this.#layout = layout;
    this.#channel = channel;
    this.#openSubscriber = openSubscriber;
    this.#askAgainMs = askAgainMs;
  }

  /** How many records something is kept of. */
  get size(): number {
    return this.#watched.size;
  }

  /** Resolves when the record is no longer at the revision, or the signal aborts. */
  async wait(key: RecordKey, revision: string | undefined, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#closed) return;
    const watched = this.#watchedOf(key);
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        watched.waiters.delete(waiter);
        if (watched.waiters.size === 0) this.#rest(watched);
        resolve();
      };
      const waiter: Waiter = { revision, wake };
      watched.waiters.add(waiter);
      signal.addEventListener('abort', wake, { once: true });
      this.#check(watched);
      this.#reviewLater();
    });
  }

  /** Wakes everybody and ends the subscription. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#review);
    this.#subscriber?.disconnect();
    for (const watched of this.#watched.values()) wakeAll(watched);
    this.#watched.clear();
    this.#idle.clear();
  }

  #watchedOf(key: RecordKey): Watched {
    const name = this.#layout.record(key);
    let watched = this.#watched.get(name);
    if (watched === undefined) {
      watched = { key, name, waiters: new Set(), known: undefined, asking: undefined, moves: 0 };
      this.#watched.set(name, watched);
    }
    this.#idle.delete(watched);
    return watched;
  }

  /** Nobody waits for the record any more; what is known of it is kept for who comes again. */
  #rest(watched: Watched): void {
    if (this.#watched.get(watched.name) !== watched) return;
    this.#idle.add(watched);
    if (this.#idle.size <= REMEMBERED) return;
    const [longest] = this.#idle;
    if (longest !== undefined) this.#forget(longest);
  }

  #forget(watched: Watched): void {
    this.#idle.delete(watched);
    this.#watched.delete(watched.name);
  }

  /** Asks Redis unless it will tell. */
  #check(watched: Watched): void {
    const { known, waiters } = watched;
    const fresh = known !== undefined && performance.now() - known.at < this.#askAgainMs;
    // Somebody who knows another revision knows more than this, or less: Redis says which.
    if (fresh && [...waiters].every(({ revision }) => revision === known.revision)) return;
    watched.asking ??= this.#ask(watched).then((answered) => {
      watched.asking = undefined;
      // Somebody may have come in between, too late to be compared.
      if (answered && waiters.size > 0) this.#check(watched);
    });
  }

  async #ask(watched: Watched): Promise<boolean> {
    try {
      while (!(await this.#askOnce(watched))) {
        // What the subscription that broke meanwhile would have told is asked for with the next one.
      }
      this.#failures = 0;
      return true;
    } catch {
      watched.known = undefined;
      // Nobody is left without an answer: there is another way to one, and it is asked again later.
      if (!this.#closed) await this.#read(watched).catch(() => undefined);
      if (!this.#closed && watched.waiters.size > 0) this.#askLater();
      return false;
    }
  }

  /** Answers false when the next move may be told to nobody. */
  async #askOnce(watched: Watched): Promise<boolean> {
    const subscribed = this.#subscribe();
    await subscribed;
    const { moves } = watched;
    const keys = [watched.name, this.#layout.waiters(watched.key)];
    const args = [this.#channel, String(FORGOTTEN_MS)];
    const revision = ((await this.#connection.run('watch', SCRIPTS.watch, keys, args)) as string) || undefined;
    // The message of a move can overtake this answer, which is then out of date, and nobody will be told again.
    if (moves !== watched.moves) {
      wakeAll(watched);
      return true;
    }
    compare(watched, revision);
    if (subscribed !== this.#subscribed) return watched.waiters.size === 0;
    watched.known = { revision, at: performance.now() };
    return true;
  }

  async #read(watched: Watched): Promise<void> {
    const revision = await this.#connection.ask('watch', (client) => client.hget(watched.name, 'r'));
    compare(watched, revision ?? undefined);
  }

  #subscribe(): Promise<void> {
    if (performance.now() < this.#refusedUntil) return Promise.reject(new Error('the server refuses subscriptions'));
    if (this.#subscribed === undefined) {
      const subscribed = this.#openSubscription();
      this.#subscribed = subscribed;
      subscribed.catch(() => {
        if (this.#subscribed === subscribed) this.#subscribed = undefined;
      });
    }
    return this.#subscribed;
  }

  async #openSubscription(): Promise<void> {
    const subscriber = this.#openSubscriber();
    this.#subscriber = subscriber;
    subscriber.on('error', () => undefined);
    subscriber.on('message', (_channel: string, name: string) => this.#moved(name));
    subscriber.once('end', () => this.#broken(subscriber));
    try {
      const late = (): Error => new Error('no subscription in time');
      await inTime(
        subscriber.connect().then(() => subscriber.subscribe(this.#channel)),
        this.#connection.settings.timeoutMs,
        late,
      );
    } catch (error) {
      if (/^(NOPERM|ERR) /.test((error as Error).message)) this.#refusedUntil = performance.now() + REFUSED_MS;
      subscriber.disconnect();
      throw error;
    }
  }

  #broken(subscriber: Redis): void {
    if (this.#subscriber !== subscriber) return;
    this.#subscriber = undefined;
    this.#subscribed = undefined;
    for (const watched of this.#watched.values()) watched.known = undefined;
    for (const watched of this.#idle) this.#forget(watched);
    if (!this.#closed && this.#watched.size > 0) this.#askLater();
  }

  #moved(name: string): void {
    const watched = this.#watched.get(name);
    if (watched === undefined) return;
    watched.known = undefined;
    watched.moves += 1;
    wakeAll(watched);
    if (watched.asking === undefined) this.#forget(watched);
  }

  /** Asks about everything that somebody waits for, after a pause that grows while nothing is answered. */
  #askLater(): void {
    this.#retry ??= setTimeout(
      () => {
        this.#retry = undefined;
        this.#checkAll();
      },
      backoff(RECONNECT, this.#failures++),
    );
  }

  /** Asks again from time to time, as long as somebody waits: a message is not a promise. */
  #reviewLater(): void {
    if (this.#closed || this.#review !== undefined) return;
    this.#review = setTimeout(() => {
      this.#review = undefined;
      if (this.#watched.size === this.#idle.size) return;
      this.#checkAll();
      this.#reviewLater();
    }, this.#askAgainMs);
    // The connection keeps the process alive, as long as it is open.
    this.#review.unref();
  }

  #checkAll(): void {
    for (const watched of this.#watched.values()) if (watched.waiters.size > 0) this.#check(watched);
  }
}

function compare(watched: Watched, revision: string | undefined): void {
  for (const waiter of [...watched.waiters]) if (waiter.revision !== revision) waiter.wake();
}

function wakeAll(watched: Watched): void {
  for (const { wake } of [...watched.waiters]) wake();
}
