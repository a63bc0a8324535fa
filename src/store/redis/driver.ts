import type { ConnectionOptions } from 'node:tls';
import type { Cluster, ClusterOptions, Redis, RedisOptions } from 'ioredis';
import { UsageError } from '../../errors/usage.js';
import { backoff, RECONNECT } from '../backoff.js';
import { isPeerMissing } from '../optional-peer.js';
import type { RedisAddress } from './redis-url.js';

/** A client of one server, or of a cluster. */
export type RedisClient = Redis | Cluster;

/** A connection that was asked to end is cut after this long, in milliseconds. */
const DISCONNECT_MS = 500;

/**
 * What every connection of ours is set to. A command is sent once: what becomes of it when its connection breaks is
 * decided here, within its deadline, and not by a driver that sends it again minutes later.
 *
 * @param silenceMs - a connection that owes an answer and says nothing for this long is given up.
 */
function common(timeoutMs: number, silenceMs: number) {
  return {
    lazyConnect: true,
    connectTimeout: timeoutMs,
    // As behind a dead router.
    socketTimeout: silenceMs,
    disconnectTimeout: DISCONNECT_MS,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    // Whether a server is loading is said by its answers; INFO, by which the driver asks, may not be allowed.
    enableReadyCheck: false,
    // After a failover behind one name: the connection still leads to what is a replica now.
    reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? 1 : false),
  } satisfies RedisOptions;
}

/** What concerns one server, and in a cluster is the cluster's. */
const ALONE = {
  enableOfflineQueue: false,
  retryStrategy: (attempt) => backoff(RECONNECT, attempt),
} satisfies RedisOptions;

const CLUSTER = {
  lazyConnect: true,
  clusterRetryStrategy: (attempt) => backoff(RECONNECT, attempt),
} satisfies ClusterOptions;

/** A client of our own, not connected yet. @throws UsageError when ioredis is not installed. */
export async function createClient(
  address: RedisAddress,
  tls: boolean | ConnectionOptions | undefined,
  timeoutMs: number,
): Promise<RedisClient> {
  const { Cluster, Redis } = await loadDriver();
  const secure = tls === undefined || tls === false ? address.tls : tls;
  const options = {
    ...common(timeoutMs, timeoutMs),
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
    ...(secure === false ? {} : { tls: secure === true ? {} : secure }),
  };
  if (address.cluster)
    return new Cluster([...address.hosts], { ...CLUSTER, slotsRefreshTimeout: timeoutMs, redisOptions: options });
  return new Redis({ ...options, ...ALONE, ...address.hosts[0], db: address.database });
}

/** A further connection to where a client leads, for commands that hold their connection up. */
export function createLane(client: RedisClient, timeoutMs: number, silenceMs: number): RedisClient {
  const options = common(timeoutMs, silenceMs);
  if (client.isCluster) {
    const cluster = client as Cluster;
    const { redisOptions: shared } = cluster.options;
    return cluster.duplicate([], {
      ...CLUSTER,
      // What is asked here is for the node that takes writes.
      scaleReads: 'master',
      // Up to ioredis 5 these take the place of all of the cluster's, its password among them.
      redisOptions: { ...shared, ...options } as typeof options,
    });
  }
  return (client as Redis).duplicate({ ...options, ...ALONE });
}

/**
 * A connection for messages: it ends when it breaks, because what was missed must be asked for anyway.
 * @throws Error while a cluster that is being connected again knows no node.
 */
export function createSubscriber(client: RedisClient, timeoutMs: number): Redis {
  // In a cluster every node passes messages on, so any one will do.
  const nodes = client.isCluster ? (client as Cluster).nodes('all') : [client as Redis];
  const node = nodes[Math.floor(Math.random() * nodes.length)];
  if (node === undefined) throw new Error('no node of the cluster is known');
  return node.duplicate({
    ...common(timeoutMs, timeoutMs),
    ...ALONE,
    retryStrategy: () => null,
    reconnectOnError: null,
    readOnly: false,
    keepAlive: 10_000,
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
