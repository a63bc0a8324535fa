import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { RedisClient } from '../../../src/store/redis/driver.js';
import type { RedisStoreOptions } from '../../../src/store/redis/options.js';
import { type RedisCluster, startRedisCluster } from '../../services/redis-cluster.js';
import { freshKey, openScratch, put, settles, write } from './scratch.js';

// The oldest version that writes nothing to the console.
vi.mock('ioredis', () => import('ioredis5'));

const PASSWORD = 'correct-horse';

let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await startRedisCluster({ config: { requirepass: PASSWORD, masterauth: PASSWORD }, replicas: true });
}, 90_000);

afterAll(() => cluster.stop());

function clusterUrl(): string {
  return `redis://:${PASSWORD}@${cluster.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}?cluster=true`;
}

/** A client of a program that has that version. */
async function clientOf(): Promise<RedisClient> {
  const { Cluster } = await import('ioredis');
  const nodes = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  const client = new Cluster(nodes, { redisOptions: { password: PASSWORD } });
  onTestFinished(() => client.disconnect());
  return client;
}

test('it is that version', async () => {
  const { Redis } = await import('ioredis');
  const { Redis: oldest } = await import('ioredis5');
  expect(Redis).toBe(oldest);
});

describe.each([
  ['a client of ours', async () => clusterUrl()],
  ['a client of the program', clientOf],
])('%s, which waits for replicas behind a password', (_, where) => {
  test('it writes, renews, lists and watches', async () => {
    const options: RedisStoreOptions = { durability: { replicas: 1, timeoutMs: 2_000 } };
    const store = await openScratch((await where()) as string, options);
    const lease = { owner: 'worker', fence: 1, ms: 600_000 };
    const record = await put(store, freshKey(), undefined, { lease });
    expect(await store.renew([{ key: record.key, ...lease }])).toEqual(['held']);
    expect((await store.list({ kind: 'call', limit: 5 })).records).toHaveLength(1);
    const watched = store.watch(record.key, record.revision, new AbortController().signal);
    expect((await write(store, record.key, record.revision)).ok).toBe(true);
    expect(await settles(watched, 10_000)).toBe(true);
  });
});
