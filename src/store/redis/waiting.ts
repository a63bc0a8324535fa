import type { Redis } from 'ioredis';
import type { RecordKey } from '../contract.js';
import type { Connection } from './connection.js';
import { reconnectDelay } from './connection.js';
import type { Layout } from './layout.js';
import { SCRIPTS } from './script.js';

/** A waiting set lives this long without being renewed: longer than anybody trusts it, see FRESH_MS. */
const FORGOTTEN_MS = 600_000;
/** So long a record that was asked about is believed to tell when it moves. */
const FRESH_MS = 300_000;
/** Records that nobody waits for any more, but whose revision is still known. */
const REMEMBERED = 1_000;

interface Waiter {
  readonly revision: string | undefined;
  readonly wake: () => void;
}

/** What is known of a record that somebody waits for. */
interface Watched {
  readonly key: RecordKey;
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
 * after it finds the channel.
 */
export class Waiting {
  readonly #connection: Connection;
  readonly #layout: Layout;
  readonly #openSubscriber: OpenSubscriber;
  readonly #channel: string;
  readonly #watched = new Map<string, Watched>();
  #subscriber: Redis | undefined;
  #subscribed: Promise<void> | undefined;
  #attempts = 0;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(connection: Connection, layout: Layout, channel: string, openSubscriber: OpenSubscriber) {
    this.#connection = connection;
    this.#layout = layout;
    this.#channel = channel;
    this.#openSubscriber = openSubscriber;
  }

  /** Resolves when the record is no longer at the revision, or the signal aborts. */
  async wait(key: RecordKey, revision: string | undefined, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const name = this.#layout.record(key);
    const watched = this.#watched.get(name) ?? {
      key,
      waiters: new Set(),
      known: undefined,
      asking: undefined,
      moves: 0,
    };
    // Put last: the one that was longest of no interest is forgotten first.
    this.#watched.delete(name);
    this.#watched.set(name, watched);
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        watched.waiters.delete(waiter);
        signal.removeEventListener('abort', wake);
        if (watched.waiters.size === 0) this.#forgetSome();
        resolve();
      };
      const waiter: Waiter = { revision, wake };
      watched.waiters.add(waiter);
      signal.addEventListener('abort', wake, { once: true });
      this.#check(name, watched);
    });
  }

  /** Wakes everybody and ends the subscription. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#subscriber?.disconnect();
    for (const watched of this.#watched.values()) wakeAll(watched);
    this.#watched.clear();
  }

  /** Wakes those for whom the record has moved; asks Redis unless it will tell. */
  #check(name: string, watched: Watched): void {
    const { known, waiters } = watched;
    const fresh = known !== undefined && performance.now() - known.at < FRESH_MS;
    // Somebody who knows another revision knows more than this, or less: Redis says which.
    if (fresh && [...waiters].every(({ revision }) => revision === known.revision)) return;
    watched.asking ??= this.#ask(name, watched).finally(() => {
      watched.asking = undefined;
    });
  }

  async #ask(name: string, watched: Watched): Promise<void> {
    try {
      await this.#subscribe();
      const { moves } = watched;
      const keys = [name, this.#layout.waiters(watched.key)];
      const answer = this.#connection.run('watch', SCRIPTS.watch, keys, [this.#channel, String(FORGOTTEN_MS)]);
      const during = this.#subscribed;
      const revision = ((await answer) as string) || undefined;
      // The message of a move can overtake this answer, which is then out of date, and nobody will be told again.
      if (moves !== watched.moves) return wakeAll(watched);
      // A subscription that broke meanwhile may have missed the message; then everything is asked again anyway.
      if (during !== undefined && during === this.#subscribed) watched.known = { revision, at: performance.now() };
      compare(watched, revision);
    } catch {
      // Nobody is left without an answer: it is asked again as soon as there is a connection.
      watched.known = undefined;
      if (!this.#closed) this.#askLater();
    }
  }

  #subscribe(): Promise<void> {
    this.#subscribed ??= this.#openSubscription().catch((error: unknown) => {
      this.#subscribed = undefined;
      throw error;
    });
    return this.#subscribed;
  }

  async #openSubscription(): Promise<void> {
    const subscriber = this.#openSubscriber();
    this.#subscriber = subscriber;
    subscriber.on('error', () => undefined);
    subscriber.on('message', (_channel: string, name: string) => this.#moved(name));
    subscriber.once('end', () => {
      if (this.#subscriber !== subscriber) return;
      this.#subscriber = undefined;
      this.#subscribed = undefined;
      for (const watched of this.#watched.values()) watched.known = undefined;
      if (!this.#closed) this.#askLater();
    });
    await subscriber.connect();
    await subscriber.subscribe(this.#channel);
    this.#attempts = 0;
  }

  #moved(name: string): void {
    const watched = this.#watched.get(name);
    if (watched === undefined) return;
    watched.known = undefined;
    watched.moves += 1;
    wakeAll(watched);
    if (watched.asking === undefined) this.#watched.delete(name);
  }

  /** Asks about everything that somebody waits for, after a pause that grows while there is no connection. */
  #askLater(): void {
    if (this.#retry !== undefined) return;
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        for (const [name, watched] of this.#watched) {
          if (watched.waiters.size > 0) this.#check(name, watched);
          else this.#watched.delete(name);
        }
      },
      reconnectDelay(this.#attempts++),
    );
  }

  #forgetSome(): void {
    for (const [name, { waiters, asking }] of this.#watched) {
      if (this.#watched.size <= REMEMBERED) return;
      if (waiters.size === 0 && asking === undefined) this.#watched.delete(name);
    }
  }
}

function compare(watched: Watched, revision: string | undefined): void {
  for (const waiter of [...watched.waiters]) if (waiter.revision !== revision) waiter.wake();
}

function wakeAll(watched: Watched): void {
  for (const { wake } of [...watched.waiters]) wake();
}
