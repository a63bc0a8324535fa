import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../../../src/store/contract.js';
import type { RedisStoreOptions } from '../../../src/store/redis/options.js';
import { openRedisStore } from '../../../src/store/redis/redis-store.js';
import { type ConformanceCase, runConformanceCase, storeConformance } from '../../../src/testing/conformance.js';
import { type RedisCluster, startRedisCluster } from '../../services/redis-cluster.js';
import { type RedisServer, startRedis } from '../../services/redis-server.js';
import { redisService } from '../../services/services.js';
import { freshPrefix, removeKeys, until } from './scratch.js';

/** Runs a case on stores under a prefix of its own. */
function run(
  one: ConformanceCase,
  open: (options: RedisStoreOptions) => Promise<Store>,
  shared = false,
): Promise<'passed' | 'left out'> {
  const prefix = freshPrefix();
  const openOne = (): Promise<Store> => open({ prefix });
  return runConformanceCase(one, async () => ({
    store: await openOne(),
    second: openOne,
    reopen: openOne,
    // Those of a server of our own go with it.
    ...(shared ? { dispose: () => removeKeys(redisService(), prefix) } : {}),
  }));
}

describe('one server', () => {
  test.each(storeConformance)('$name', { timeout: 60_000 }, async (one) => {
    expect(await run(one, (options) => openRedisStore(redisService(), options), true)).toBe('passed');
  });
});

describe('a client of the program', () => {
  let client: Redis;

  beforeAll(() => {
    // Numbers as texts and maps as maps: what a program may have set for itself.
    client = new Redis(redisService(), { stringNumbers: true, replyMapping: 'resp3' });
  });

  afterAll(() => client.disconnect());

  test.each(storeConformance)('$name', { timeout: 60_000 }, async (one) => {
    expect(await run(one, (options) => openRedisStore(client, options), true)).toBe('passed');
    expect(client.status).toBe('ready');
  });
});

describe('a cluster of three', () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await startRedisCluster();
  });

  afterAll(() => cluster.stop());

  test.each(storeConformance)('$name', { timeout: 60_000 }, async (one) => {
    const [url = ''] = cluster.urls;
    const open = (options: RedisStoreOptions) => openRedisStore(`${url}?cluster=true`, options);
    expect(await run(one, open)).toBe('passed');
  });
});

describe('waiting for a replica', () => {
  let primary: RedisServer;
  let replica: RedisServer;

  beforeAll(async () => {
    // Without the pause in which a primary waits for further replicas to send its data to.
    primary = await startRedis({ appendonly: 'everysec', config: { 'repl-diskless-sync-delay': '0' } });
    replica = await startRedis({ replicaOf: primary.port });
    const client = new Redis(primary.url);
    await until(async () => (await client.wait(1, 100)) === 1, 'the replica is there', 30_000);
    client.disconnect();
  });

  afterAll(async () => {
    await replica.stop();
    await primary.stop();
  });

  test.each(storeConformance)('$name', { timeout: 60_000 }, async (one) => {
    const open = (options: RedisStoreOptions) =>
      openRedisStore(primary.url, { ...options, durability: { replicas: 1, timeoutMs: 3_000 } });
    expect(await run(one, open)).toBe('passed');
  });
});
