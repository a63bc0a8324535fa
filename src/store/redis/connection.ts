import type { ConnectionOptions } from 'node:tls';
import type { Cluster, Redis } from 'ioredis';
import { StoreUnavailableError } from '../../errors/store.js';
import { UsageError } from '../../errors/usage.js';
import { isPeerMissing } from '../optional-peer.js';
import { redisError } from './redis-error.js';
import type { RedisAddress } from './redis-url.js';
import { isForgotten, type Script } from './script.js';

/** A client of one server, or of a cluster. */
export type RedisClient = Redis | Cluster;

/** How to talk to the server. */
export interface ConnectionSettings {
  /** For people, without credentials. */
  readonly description: string;
  /** For a connection to be there, and for a command to be answered. */
  readonly timeoutMs: number;
  /** How many replicas must have a write before it is answered, and how long that may take. */
  readonly durability: { readonly replicas: number; readonly timeoutMs: number } | undefined;
}

/** WAIT holds a connection up, so writes that wait take turns on several. */
const WAITING_LANES = 4;

/** The commands of a store: each one has a deadline, and fails as a StoreUnavailableError. */
export class Connection {
  readonly settings: ConnectionSettings;
  readonly client: RedisClient;
  /** Called each time the client is connected again. */
  onReconnect: (() => void) | undefined;
  readonly #owned: boolean;
  readonly #lanes: RedisClient[] = [];
  readonly #connecting = new Map<RedisClient, Promise<void>>();
  readonly #listening: (() => void)[] = [];
  #nextLane = 0;
  /** How many times a connection broke: then the driver may have sent a command twice. */
  #drops = 0;
  #lastError: Error | undefined;

  constructor(client: RedisClient, owned: boolean, settings: ConnectionSettings) {
    this.client = client;
    this.#owned = owned;
    this.settings = settings;
    this.#lanes.push(client);
    if (settings.durability !== undefined && !client.isCluster) {
      for (let lane = 1; lane < WAITING_LANES; lane++) this.#lanes.push((client as Redis).duplicate());
    }
    for (const lane of this.#lanes) this.#listen(lane, owned || lane !== client);
    let connected = client.status === 'ready';
    this.#on(client, 'ready', () => {
      if (connected) this.onReconnect?.();
      connected = true;
    });
  }

  /** Runs a script. @throws StoreUnavailableError, StoreLostError */
  run(during: string, script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#command(during, this.#lanes[0] as RedisClient, async (client) => {
      try {
        return await client.evalsha(script.sha, keys.length, ...keys, ...args);
      } catch (error) {
        if (!isForgotten(error)) throw error;
        return client.eval(script.text, keys.length, ...keys, ...args);
      }
    });
  }

  /** Runs a script that writes, and waits in the same round trip until enough replicas have what it wrote. */
  async runDurably(during: string, script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const { durability } = this.settings;
    if (durability === undefined) return this.run(during, script, keys, args);
    const lane = this.#lanes[this.#nextLane++ % this.#lanes.length] as RedisClient;
    const { replicas, timeoutMs } = durability;
    const send = async (client: RedisClient, name: 'evalsha' | 'eval', text: string): Promise<unknown> => {
      const [answered, waited] = (await client
        .pipeline()
        [name](text, keys.length, ...keys, ...args)
        .wait(replicas, timeoutMs)
        .exec()) as [[Error | null, unknown], [Error | null, unknown]];
      if (answered[0] !== null) throw answered[0];
      if (waited[0] !== null) throw waited[0];
      if (Number(waited[1]) < replicas)
        throw new Error(`only ${Number(waited[1])} of ${replicas} replicas have it after ${timeoutMs} ms`);
      return answered[1];
    };
    return this.#command(during, lane, async (client) => {
      try {
        return await send(client, 'evalsha', script.sha);
      } catch (error) {
        if (!isForgotten(error)) throw error;
        return send(client, 'eval', script.text);
      }
    });
  }

  /** Sends plain commands. @throws StoreUnavailableError */
  ask<T>(during: string, commands: (client: RedisClient) => Promise<T>): Promise<T> {
    return this.#command(during, this.client, commands);
  }

  /** Ends what was opened here. @param answered - false: at once, whatever is under way. */
  async close(answered: boolean): Promise<void> {
    this.onReconnect = undefined;
    for (const stop of this.#listening) stop();
    for (const lane of this.#lanes) {
      if (lane === this.client && !this.#owned) continue;
      // An error of a connection that is being ended is nobody's any more, but would be printed.
      lane.on('error', () => undefined);
      if (answered && lane.status === 'ready') await inTime(lane.quit(), 1_000, () => undefined).catch(() => undefined);
      lane.disconnect();
    }
  }

  async #command<T>(during: string, client: RedisClient, send: (client: RedisClient) => Promise<T>): Promise<T> {
    const { description, timeoutMs } = this.settings;
    if (client.status !== 'ready') await this.#connected(client, during);
    const drops = this.#drops;
    const patience = timeoutMs + (this.settings.durability?.timeoutMs ?? 0);
    try {
      return await inTime(send(client), patience, () => new Error(`no answer within ${patience} ms`));
    } catch (error) {
      // In a cluster the driver sends again to other nodes without a word.
      const sentOnce = drops === this.#drops && !client.isCluster;
      throw redisError({ store: description, during, error, sentOnce });
    }
  }

  /** Waits until the client is connected. Nothing was sent so far, and when it is not in time nothing is. */
  async #connected(client: RedisClient, during: string): Promise<void> {
    let connecting = this.#connecting.get(client);
    if (connecting === undefined) {
      connecting = becomesReady(client, this.settings.timeoutMs).finally(() => this.#connecting.delete(client));
      this.#connecting.set(client, connecting);
    }
    try {
      await connecting;
    } catch (error) {
      const cause = this.#lastError ?? error;
      throw new StoreUnavailableError({ store: this.settings.description, during, applied: 'no', cause });
    }
  }

  #listen(client: RedisClient, ours: boolean): void {
    this.#on(client, 'close', () => {
      this.#drops += 1;
    });
    this.#on(client, 'ready', () => {
      this.#lastError = undefined;
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

/** Resolves when the client is connected. */
function becomesReady(client: RedisClient, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    if (client.status === 'ready') return resolve();
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      client.off('ready', ready);
      client.off('end', ended);
      act();
    };
    const ready = (): void => settle(resolve);
    const ended = (): void => settle(() => reject(new Error('the client is closed')));
    const timer = setTimeout(() => settle(() => reject(new Error(`no connection within ${timeoutMs} ms`))), timeoutMs);
    client.on('ready', ready);
    client.on('end', ended);
    if (client.status === 'end') ended();
    else if (client.status === 'wait') client.connect().catch(() => undefined);
  });
}

/** The promise, or after the milliseconds what `late` gives: an error is thrown. */
export function inTime<T>(promise: Promise<T>, milliseconds: number, late: () => Error | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), milliseconds);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error as Error);
      },
    );
  });
}

/** A wait that grows with every attempt, half of it by lot: workers do not come back together. */
export function reconnectDelay(attempt: number, random: () => number = Math.random): number {
  const longest = Math.min(50 * 2 ** Math.min(attempt, 10), 2_000);
  return Math.round(longest / 2 + (longest / 2) * random());
}

/** A client of our own. @throws UsageError when ioredis is not installed. */
export async function connect(
  address: RedisAddress,
  tls: boolean | ConnectionOptions | undefined,
  timeoutMs: number,
): Promise<RedisClient> {
  const { Cluster, Redis } = await loadDriver();
  const secure = tls === undefined || tls === false ? address.tls : tls;
  const common = {
    lazyConnect: true,
    connectTimeout: timeoutMs,
    // A connection that says nothing any more, as behind a dead router, is given up.
    socketTimeout: timeoutMs,
    maxRetriesPerRequest: null,
    autoResubscribe: false,
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
    ...(secure === false ? {} : { tls: secure === true ? {} : secure }),
  };
  if (address.cluster) {
    return new Cluster([...address.hosts], {
      lazyConnect: true,
      clusterRetryStrategy: (attempt) => reconnectDelay(attempt),
      redisOptions: common,
    });
  }
  const [first] = address.hosts;
  return new Redis({
    ...common,
    ...first,
    db: address.database,
    retryStrategy: (attempt) => reconnectDelay(attempt),
    // After a failover behind one name: the connection still leads to what is a replica now.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 1 : false),
  });
}

async function loadDriver(): Promise<Pick<typeof import('ioredis'), 'Cluster' | 'Redis'>> {
  try {
    return await import('ioredis');
  } catch (error) {
    if (!isPeerMissing(error, 'ioredis')) throw error;
    throw new UsageError({
      place: 'openStore(url)',
      problem: 'a redis store needs the package ioredis, which is not installed',
      remedy: 'Run: npm install ioredis',
    });
  }
}
