import { setMaxListeners } from 'node:events';
import { StoreUnavailableError, StoreUnsafeError } from '../../errors/store.js';
import { becomesReady, end } from './client-life.js';
import { createLane, type RedisClient } from './driver.js';
import { inTime, pause } from './in-time.js';
import { bareError, isDropped, isForgotten, isLoading, isRedirected, isUnsent, redisError } from './redis-error.js';
import type { Script } from './script.js';

/** How to talk to the server. */
export interface ConnectionSettings {
  /** For people, without credentials. */
  readonly description: string;
  /** For a connection to be there and a command to be answered, together. */
  readonly timeoutMs: number;
  /** How many replicas must have a write before it is answered, and how long that may take. */
  readonly durability: { readonly replicas: number; readonly timeoutMs: number } | undefined;
}

/** Waits until the server was found fit to be written to; undefined when there is nothing to wait for. */
export type MayWrite = () => Promise<void> | undefined;

/** A command with what it needs to be sent, as often as it takes. */
interface Sending<T> {
  readonly during: string;
  readonly client: RedisClient;
  readonly send: (client: RedisClient) => Promise<T>;
  /** Beyond the time that every command has, in milliseconds. */
  readonly patience?: number;
  readonly mayWrite?: MayWrite | undefined;
}

/** WAIT holds a connection up, so writes that wait take turns on several of their own. */
const WAITING_LANES = 4;
/** Before a command is sent again over a connection that is there. */
const AGAIN_PAUSE_MS = 50;

/**
 * The commands of a store: each one has a deadline, and fails as a StoreUnavailableError. A command whose connection
 * broke is sent again within its deadline: none of a store's commands does more the second time.
 */
export class Connection {
  readonly settings: ConnectionSettings;
  readonly client: RedisClient;
  /** Called each time the client is connected again. */
  onReconnect: (() => void) | undefined;
  readonly #owned: boolean;
  readonly #lanes: RedisClient[] = [];
  readonly #connecting = new Map<RedisClient, Promise<void>>();
  readonly #listening: (() => void)[] = [];
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  #nextLane = 0;
  /** How many times a connection broke: then a driver of somebody else may have sent a command twice. */
  #drops = 0;
  #wasConnected: boolean;
  #lastError: unknown;

  /** @param owned - whether the client is ours, and so ours to end; then it sends a command once. */
  constructor(client: RedisClient, owned: boolean, settings: ConnectionSettings) {
    this.client = client;
    this.#owned = owned;
    this.settings = settings;
    this.#wasConnected = client.status === 'ready';
    // One for each call that waits, and they go with it.
    setMaxListeners(0, this.#closing.signal);
    this.#listen(client, owned);
    this.#on(client, 'ready', () => {
      this.#lastError = undefined;
      if (this.#wasConnected) this.onReconnect?.();
      this.#wasConnected = true;
    });
    const { durability, timeoutMs } = settings;
    if (durability === undefined) return;
    for (let lane = 0; lane < WAITING_LANES; lane++) {
      const created = createLane(client, timeoutMs, timeoutMs + durability.timeoutMs);
      this.#lanes.push(created);
      this.#listen(created, true);
    }
  }

  /**
   * Runs a script.
   * @param mayWrite - asked before each sending: in between the server may have come back as another one.
   * @throws StoreUnavailableError, StoreLostError
   */
  run(
    during: string,
    script: Script,
    keys: readonly string[],
    args: readonly string[],
    mayWrite?: MayWrite | undefined,
  ): Promise<unknown> {
    const send = (client: RedisClient): Promise<unknown> =>
      known(script, (name, text) => client[name](text, keys.length, ...keys, ...args));
    return this.#command({ during, client: this.client, send, mayWrite });
  }

  /** Runs a script that writes, and waits in the same round trip until enough replicas have what it wrote. */
  async runDurably(
    during: string,
    script: Script,
    keys: readonly [string, ...string[]],
    args: readonly string[],
    mayWrite?: MayWrite | undefined,
  ): Promise<unknown> {
    const { durability } = this.settings;
    if (durability === undefined) return this.run(during, script, keys, args, mayWrite);
    const lane = this.#lanes[this.#nextLane++ % this.#lanes.length] as RedisClient;
    const { replicas, timeoutMs } = durability;
    const sendOne = async (client: RedisClient, name: 'evalsha' | 'eval', text: string): Promise<unknown> => {
      const [answered, waited] = (await client
        .pipeline()
        [name](text, keys.length, ...keys, ...args)
        .wait(replicas, timeoutMs)
        .exec()) as [[Error | null, unknown], [Error | null, unknown]];
      if (answered[0] !== null) {
        // The driver learns from a command where it has to go, but not from one of two that was answered so.
        if (client.isCluster && isRedirected(answered[0])) await client.get(keys[0]).catch(() => undefined);
        throw answered[0];
      }
      // The script was run: whatever WAIT answers, it does not say that nothing was begun.
      if (waited[0] !== null)
        throw isDropped(waited[0]) ? waited[0] : new Error(`the replicas were not waited for: ${waited[0].message}`);
      if (Number(waited[1]) < replicas)
        throw new Error(`only ${Number(waited[1])} of ${replicas} replicas have it after ${timeoutMs} ms`);
      return answered[1];
    };
    const send = (client: RedisClient): Promise<unknown> => known(script, (name, text) => sendOne(client, name, text));
    return this.#command({ during, client: lane, send, patience: timeoutMs, mayWrite });
  }

  /** Sends plain commands that may be sent again. @throws StoreUnavailableError */
  ask<T>(during: string, commands: (client: RedisClient) => Promise<T>): Promise<T> {
    return this.#command({ during, client: this.client, send: commands });
  }

  /** Ends what was opened here. @param answered - false: at once, whatever is under way. */
  async close(answered: boolean): Promise<void> {
    this.onReconnect = undefined;
    // Each of them has a deadline.
    if (answered) await Promise.allSettled(this.#underWay);
    this.#closing.abort();
    for (const stop of this.#listening) stop();
    await Promise.all([...(this.#owned ? [this.client] : []), ...this.#lanes].map(end));
  }

  #command<T>(sending: Sending<T>): Promise<T> {
    const answer = this.#answer(sending);
    this.#underWay.add(answer);
    const done = (): void => void this.#underWay.delete(answer);
    answer.then(done, done);
    return answer;
  }

  async #answer<T>({ during, client, send, patience = 0, mayWrite }: Sending<T>): Promise<T> {
    const deadline = performance.now() + this.settings.timeoutMs + patience;
    // In a cluster the driver sends again to other nodes without a word.
    let sentOnce = !client.isCluster;
    let sent = false;
    for (;;) {
      if (client.status !== 'ready') await this.#connected(client, during, deadline, sent);
      if (mayWrite !== undefined) await this.#allowed(mayWrite, during, deadline, sent);
      const left = deadline - performance.now();
      const drops = this.#drops;
      try {
        return await inTime(send(client), left, () => new Error(`no answer within ${Math.round(left)} ms`));
      } catch (error) {
        if (!this.#owned && client === this.client) sentOnce &&= drops === this.#drops;
        const dropped = isDropped(error);
        const redirected = client.isCluster && isRedirected(error);
        // The last sending has time to be answered: a refusal says more than silence.
        const rest = redirected || isLoading(error) ? this.settings.timeoutMs / 4 : 0;
        const passing = dropped || redirected || isUnsent(error) || isLoading(error);
        const again = passing && performance.now() + rest < deadline;
        if (!again || this.#closing.signal.aborted || client.status === 'end')
          throw this.#failure(client, during, error, sentOnce && !sent);
        // This answer may be to a second sending by the driver, and the first one have been applied.
        sent ||= dropped || !sentOnce;
      }
      // A server that loads answers at once, and the driver may take a connection for there that has just gone.
      if (client.status === 'ready') await pause(AGAIN_PAUSE_MS, this.#closing.signal);
    }
  }

  /** Waits until the server was found fit. @throws StoreUnsafeError when the command was not on its way before. */
  async #allowed(mayWrite: MayWrite, during: string, deadline: number, sent: boolean): Promise<void> {
    // The server is looked at when this one is connected again, and a lane may be so before.
    if (this.client.status !== 'ready') await this.#connected(this.client, during, deadline, sent);
    const look = mayWrite();
    if (look === undefined) return;
    try {
      await inTime(look, Math.max(deadline - performance.now(), 0), () => new Error('it was not looked at in time'));
    } catch (error) {
      if (error instanceof StoreUnsafeError && !sent) throw error;
      throw this.#unavailable(during, sent ? 'unknown' : 'no', error);
    }
  }

  #failure({ isCluster: cluster }: RedisClient, during: string, error: unknown, sentOnce: boolean): Error {
    // What the driver says of a command that it gave up is not why.
    const why = this.#lastError ?? error;
    if (isDropped(error)) return this.#unavailable(during, 'unknown', why);
    if (isUnsent(error)) return this.#unavailable(during, sentOnce ? 'no' : 'unknown', why);
    return redisError({ store: this.settings.description, during, error, cluster, sentOnce });
  }

  /** Waits until the client is connected. @param sent - whether the command was on its way before. */
  async #connected(client: RedisClient, during: string, deadline: number, sent: boolean): Promise<void> {
    let connecting = this.#connecting.get(client);
    if (connecting === undefined) {
      // At open a server that is not there is told at once: most often it is the address that is wrong.
      const patient = !this.#owned || this.#wasConnected;
      connecting = becomesReady(client, this.#closing.signal, patient).finally(() => this.#connecting.delete(client));
      connecting.catch(() => undefined);
      this.#connecting.set(client, connecting);
    }
    const left = Math.max(deadline - performance.now(), 0);
    try {
      await inTime(connecting, left, () => new Error(`no connection within ${this.settings.timeoutMs} ms`));
    } catch (error) {
      throw this.#unavailable(during, sent ? 'unknown' : 'no', this.#lastError ?? error);
    }
  }

  #unavailable(during: string, applied: 'no' | 'unknown', cause: unknown): StoreUnavailableError {
    return new StoreUnavailableError({
      store: this.settings.description,
      during,
      applied,
      cause: bareError(cause),
    });
  }

  #listen(client: RedisClient, ours: boolean): void {
    // The limit is for leaks, and these end with the store; the client may have other stores, and its owner's listeners.
    client.setMaxListeners(client.getMaxListeners() + 4);
    this.#listening.push(() => client.setMaxListeners(client.getMaxListeners() - 4));
    this.#on(client, 'close', () => {
      this.#drops += 1;
    });
    // Without a listener the driver prints errors; those of a client that is not ours are its owner's to hear.
    if (ours) {
      this.#on(client, 'error', (error) => {
        this.#lastError = error;
      });
    }
  }

  #on(client: RedisClient, event: string, listener: (error: Error) => void): void {
    client.on(event, listener);
    this.#listening.push(() => client.off(event, listener));
  }
}

/** Sends a script by its name, and in full to a server that does not know it. */
async function known<T>(script: Script, send: (name: 'evalsha' | 'eval', text: string) => Promise<T>): Promise<T> {
  try {
    return await send('evalsha', script.sha);
  } catch (error) {
    if (!isForgotten(error)) throw error;
    return send('eval', script.text);
  }
}
