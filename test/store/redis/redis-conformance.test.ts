import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { openRedisStore } from '../../../src/store/redis/redis-store.js';
import { runConformanceCase, type StoreFactory, storeConformance } from '../../../src/testing/conformance.js';

const url = process.env['REDIS_TRY'] ?? '';

/** Every case under a prefix of its own, whose keys go when it is over. */
const redis: StoreFactory = async () => {
  const prefix = `test-${randomUUID()}`;
  const open = () => openRedisStore(url, { prefix });
  return {
    store: await open(),
    second: open,
    reopen: open,
    dispose: async () => {
      const client = new Redis(url);
      const keys = await client.keys(`{${prefix}*`);
      if (keys.length > 0) await client.del(...keys);
      client.disconnect();
    },
  };
};

describe('redis store', () => {
  test.each(storeConformance)('$name', { timeout: 60_000 }, async (one) => {
    expect(await runConformanceCase(one, redis)).toBe('passed');
  });
});
