import { randomBytes } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { judge, type ServerFacts } from '../../../src/store/redis/health.js';
import { openRedisStore } from '../../../src/store/redis/redis-store.js';
import { askRedis, type RedisOptions, type RedisServer, startRedis } from '../../services/redis-server.js';
import { redisService } from '../../services/services.js';
import {
  freshKey,
  freshPrefix,
  lookInto,
  openScratch,
  put,
  read,
  refusal,
  sharedPrefix,
  until,
  write,
} from './scratch.js';

/** A server that is set as it should be. */
const GOOD = {
  redis_version: '7.0.15',
  role: 'master',
  connected_slaves: '0',
  aof_enabled: '1',
  maxmemory_policy: 'noeviction',
  maxmemory_human: '0B',
};

function server(info: object = {}, config: Record<string, string> | 'refused' = { appendfsync: 'always', save: '' }) {
  const facts: ServerFacts = {
    info: new Map(Object.entries({ ...GOOD, ...info })),
    config: config === 'refused' ? undefined : new Map(Object.entries(config)),
  };
  return facts;
}

const SHIPPED = { appendfsync: 'everysec', save: '3600 1 300 100 60 10000' };

/** What is found about a server, each with how bad it is. */
const CASES: readonly (readonly [name: string, facts: ServerFacts, replicas: number | undefined, found: string[]])[] = [
  ['all well', server(), undefined, []],
  [
    'evicting the least recently used',
    server({ maxmemory_policy: 'allkeys-lru' }),
    undefined,
    ['unsafe: maxmemory-policy is allkeys-lru'],
  ],
  [
    'evicting the least used',
    server({ maxmemory_policy: 'allkeys-lfu' }),
    undefined,
    ['unsafe: maxmemory-policy is allkeys-lfu'],
  ],
  [
    'evicting by lot',
    server({ maxmemory_policy: 'allkeys-random' }),
    undefined,
    ['unsafe: maxmemory-policy is allkeys-random'],
  ],
  [
    'evicting what expires',
    server({ maxmemory_policy: 'volatile-ttl' }),
    undefined,
    ['weak: maxmemory-policy is volatile-ttl'],
  ],
  [
    'evicting the least recently used of what expires',
    server({ maxmemory_policy: 'volatile-lru' }),
    undefined,
    ['weak: maxmemory-policy is volatile-lru'],
  ],
  ['no persistence', server({ aof_enabled: '0' }), undefined, ['unsafe: nothing is persisted']],
  ['as shipped', server({ aof_enabled: '0' }, SHIPPED), undefined, ['unsafe: no append-only file, snapshots at most']],
  [
    'no append-only file, and no CONFIG',
    server({ aof_enabled: '0' }, 'refused'),
    undefined,
    ['unsafe: no append-only file, snapshots at most'],
  ],
  [
    'flushed each second',
    server({}, { appendfsync: 'everysec', save: '' }),
    undefined,
    ['weak: appendfsync is everysec'],
  ],
  ['flushed by the kernel', server({}, { appendfsync: 'no', save: '' }), undefined, ['weak: appendfsync is no']],
  ['no CONFIG', server({}, 'refused'), undefined, ['weak: CONFIG is not allowed here']],
  ['no INFO', { info: undefined, config: undefined }, undefined, ['unsafe: INFO is not allowed here']],
  ['a replica', server({ role: 'slave' }), undefined, ['unsafe: the server is a replica']],
  [
    'replicas that nobody waits for',
    server({ connected_slaves: '2' }),
    undefined,
    ['weak: 2 replicas, which nobody waits for'],
  ],
  [
    'one that nobody waits for',
    server({ connected_slaves: '1' }),
    undefined,
    ['weak: 1 replica, which nobody waits for'],
  ],
  ['a replica that is waited for', server({ connected_slaves: '1' }), 1, []],
  ['too few of them', server({ connected_slaves: '1' }), 2, ['unsafe: 1 replica is connected, and 2 waited for']],
  ['none of them', server(), 1, ['unsafe: 0 replicas are connected, and 1 waited for']],
  ['an old server', server({ redis_version: '5.0.14' }), undefined, ['unsafe: Redis 5']],
  ['a newer server', server({ redis_version: '8.2.0' }), undefined, []],
  ['Valkey', server({ redis_version: '7.2.4', valkey_version: '8.1.0' }), undefined, []],
];

describe('what is found', () => {
  test.each(CASES)('%s', (_, facts, replicas, found) => {
    const { concerns } = judge('redis', [facts], replicas);
    expect(concerns.map(({ severity, found: what }) => `${severity}: ${what}`)).toEqual(found);
    for (const { risk, remedy } of concerns) {
      expect(risk).not.toBe('');
      expect(remedy).toMatch(/\.$/);
    }
  });

  test('names, facts, and a cluster of which one node is not as it should be', () => {
    expect(judge('redis', [server()], undefined)).toMatchObject({
      store: 'redis',
      server: 'Redis 7.0.15',
      facts: { persistence: 'append-only file, appendfsync always', 'maxmemory-policy': 'noeviction', role: 'master' },
    });
    const valkey = server({ redis_version: '7.2.4', valkey_version: '8.1.0' });
    expect(judge('redis', [valkey], undefined).server).toBe('Valkey 8.1.0');
    expect(judge('redis', [{ info: undefined, config: undefined }], undefined)).toMatchObject({
      server: 'Redis of an unknown version',
      facts: { persistence: 'unknown' },
    });
    const lru = server({ maxmemory_policy: 'allkeys-lru' });
    const cluster = judge('redis', [server(), lru, lru], undefined);
    expect(cluster.facts['primaries']).toBe('3');
    expect(cluster.concerns).toHaveLength(1);
  });
});

/** A server that ends with the test. */
async function started(options: RedisOptions): Promise<RedisServer> {
  const server = await startRedis(options);
  onTestFinished(() => server.stop());
  return server;
}

const UNSAFE: Readonly<Record<string, readonly [options: RedisOptions, found: string]>> = {
  evicting: [
    { appendonly: 'always', config: { 'maxmemory-policy': 'allkeys-lru' } },
    'maxmemory-policy is allkeys-lru',
  ],
  'without persistence': [{}, 'nothing is persisted'],
  'as shipped': [{ config: { save: '3600 1 300 100 60 10000' } }, 'no append-only file, snapshots at most'],
};

describe('a real server', () => {
  test.each(Object.entries(UNSAFE))(
    '%s: production refuses it and writes nothing, development tells',
    async (_, [options, found]) => {
      const { url } = await started(options);
      const error = await refusal(openRedisStore(url, { profile: 'production' }));
      expect(error.code).toBe('STORE_UNSAFE');
      expect(error.message).toContain(found);
      expect(await lookInto(url).dbsize()).toBe(0);

      const events: { readonly concerns: readonly { readonly found: string }[] }[] = [];
      const listen = (event: unknown): void => void events.push(event as never);
      subscribe('mycelium:store-health', listen);
      onTestFinished(() => void unsubscribe('mycelium:store-health', listen));
      await openScratch(url);
      expect(events).toHaveLength(1);
      expect(events[0]?.concerns.map((concern) => concern.found)).toContain(found);
    },
  );

  test('production opens one that keeps what it acknowledged', async () => {
    const store = await openScratch(redisService(), { prefix: sharedPrefix(), profile: 'production' });
    expect((await write(store, freshKey())).ok).toBe(true);
    const health = await store.health?.();
    expect(health).toMatchObject({
      server: expect.stringMatching(/^(Redis|Valkey) \d/),
      facts: { persistence: expect.stringContaining('append-only file') },
    });
    expect(health?.concerns.filter(({ severity }) => severity === 'unsafe')).toEqual([]);
  });
});

test('one that still loads its data is not taken for one that keeps none', async () => {
  // While Redis reads its append-only file it says that it has none.
  const own = await started({
    appendonly: 'always',
    config: {
      'key-load-delay': '20000',
      'loading-process-events-interval-bytes': '1024',
      'aof-use-rdb-preamble': 'yes',
    },
  });
  const prefix = freshPrefix();
  const store = await openScratch(own.url, { prefix, profile: 'production', timeoutMs: 30_000 });
  const value = (): string => randomBytes(3_000).toString('hex');
  for (let record = 0; record < 50; record++) await put(store, freshKey(), undefined, { value: value() });
  const admin = lookInto(own.url);
  await admin.bgrewriteaof();
  await until(
    async () => /aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0/.test(await admin.info()),
    'it is rewritten',
  );
  await own.kill('SIGKILL');
  const back = own.restart();
  await until(async () => (await askRedis(own.port, ['GET key'])).startsWith('-LOADING'), 'it loads');
  const [opened, written] = await Promise.all([
    openScratch(own.url, { prefix, profile: 'production', timeoutMs: 30_000 }),
    write(store, freshKey()),
  ]);
  expect(written.ok).toBe(true);
  expect((await write(opened, freshKey())).ok).toBe(true);
  await back;
});

describe('a full server', () => {
  /** Claims until 12 MB would be taken; how many were acknowledged, refused, and are there in the end. */
  async function fill(policy: string): Promise<{ acknowledged: number; refused: number; there: number }> {
    const { url } = await started({ config: { maxmemory: '8mb', 'maxmemory-policy': policy } });
    const prefix = freshPrefix();
    const store = await openScratch(url, { prefix });
    const keys = [];
    let refused = 0;
    for (let batch = 0; batch < 60; batch++) {
      const claims = Array.from({ length: 100 }, () => freshKey({ partition: batch % 16 }));
      const answers = await Promise.allSettled(
        claims.map((key) => write(store, key, undefined, { value: 'x'.repeat(2_000) })),
      );
      for (const [at, answer] of answers.entries()) {
        if (answer.status === 'fulfilled') keys.push(claims[at]);
        else {
          refused += 1;
          expect(answer.reason.code).toMatch(/^STORE_(UNAVAILABLE|LOST)$/);
        }
      }
    }
    const client = new Redis(url);
    const stored = await client.keys(`{${prefix}:*:record:*`);
    client.disconnect();
    return { acknowledged: keys.length, refused, there: stored.length };
  }

  test('one that evicts loses claims that it acknowledged: this is what is asked for at open', async () => {
    const { acknowledged, there } = await fill('allkeys-lru');
    expect(there).toBeLessThan(acknowledged);
  });

  test('one that does not refuses claims, and loses none', async () => {
    const { acknowledged, refused, there } = await fill('noeviction');
    expect(refused).toBeGreaterThan(0);
    expect(acknowledged).toBeGreaterThan(100);
    expect(there).toBe(acknowledged);
  });
});

test('settings are asked for by name: all of them would have passwords among them', async () => {
  const own = await started({});
  const admin = lookInto(own.url);
  await admin.config('RESETSTAT');
  const store = await openScratch(own.url);
  await read(store, freshKey());
  const stats = await admin.info('commandstats');
  expect(/cmdstat_config\|get:calls=(\d+)/.exec(stats)?.[1]).toBe('2');
});
