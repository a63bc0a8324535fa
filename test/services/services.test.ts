import { Redis } from 'ioredis';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import { postgresService, redisService } from './services.js';

test('a Redis server answers', async () => {
  const redis = new Redis(redisService());
  expect(await redis.ping()).toBe('PONG');
  redis.disconnect();
});

test('a PostgreSQL server answers, and waits for the disk', async () => {
  const sql = postgres(postgresService(), { max: 1 });
  expect(await sql`select current_setting('synchronous_commit') as sync`).toEqual([{ sync: 'on' }]);
  await sql.end();
});
