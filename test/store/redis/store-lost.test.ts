import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openRedisStore } from '../../../src/store/redis/redis-store.js';
import { SCRIPTS } from '../../../src/store/redis/script.js';
import { type RedisServer, startRedis } from '../../services/redis-server.js';
import {
  freshKey,
  freshPrefix,
  lookInto,
  nonce,
  openScratch,
  proxyTo,
  put,
  read,
  refusal,
  until,
  write,
} from './scratch.js';

const LEASE = { owner: 'worker', fence: 1, ms: 600_000 };

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});

afterAll(() => server.stop());

describe('records that are gone', () => {
  test('a flush: every call is refused from then on, and nothing is written', async () => {
    const store = await openScratch(server.url);
    const record = await put(store, freshKey(), undefined, { lease: LEASE });
    const admin = lookInto(server.url);
    await admin.flushall();
    for (const call of [
      () => write(store, record.key),
      () => write(store, record.key, record.revision),
      () => read(store, record.key),
      () => store.renew([{ key: record.key, ...LEASE }]),
    ]) {
      const error = await refusal(call());
      expect(error.code).toBe('STORE_LOST');
      expect(error.message).toContain(':0}:mark" is gone');
    }
    expect(await admin.dbsize()).toBe(0);
  });

  test('a restart without persistence: the same, when the connection is back', async () => {
    const own = await startRedis();
    onTestFinished(() => own.stop());
    const store = await openScratch(own.url, { timeoutMs: 20_000 });
    const record = await put(store, freshKey());
    await own.kill('SIGKILL');
    await own.restart();
    expect((await refusal(write(store, record.key))).code).toBe('STORE_LOST');
    expect((await refusal(write(store, freshKey()))).code).toBe('STORE_LOST');
    expect(await lookInto(own.url).dbsize()).toBe(0);
  });

  test('one partition: its calls are refused, and the next opener is told how to accept it', async () => {
    const prefix = freshPrefix();
    const store = await openScratch(server.url, { prefix });
    const admin = lookInto(server.url);
    await admin.del(`{${prefix}:3}:mark`);
    const error = await refusal(write(store, freshKey({ partition: 3 })));
    expect(error.code).toBe('STORE_LOST');
    expect(error.message).toContain(`"{${prefix}:3}:mark"`);
    expect((await write(store, freshKey({ partition: 4 }))).ok).toBe(true);
    expect((await refusal(store.renew([{ key: freshKey({ partition: 3 }), ...LEASE }]))).code).toBe('STORE_LOST');

    const atOpen = await refusal(openRedisStore(server.url, { prefix }));
    expect(atOpen.code).toBe('STORE_LOST');
    expect(atOpen.message).toContain('partition 3 of 16 has no mark of it any more');
    const [, key = '', id = ''] = /SET "(\S+)" "(\S+)"$/.exec(atOpen.remedy) ?? [];
    await admin.set(key, id);
    const accepted = await openScratch(server.url, { prefix });
    expect((await write(accepted, freshKey({ partition: 3 }))).ok).toBe(true);
    expect((await write(store, freshKey({ partition: 3 }))).ok).toBe(true);
  });

  test('the facts alone: what lies there is not taken for that of a new store', async () => {
    const prefix = freshPrefix();
    const store = await openScratch(server.url, { prefix });
    await lookInto(server.url).del(`{${prefix}}:store`);
    const error = await refusal(openRedisStore(server.url, { prefix }));
    expect(error.code).toBe('STORE_LOST');
    expect(error.message).toContain('the mark of another store');
    // Who has it open has all that it needs.
    expect((await write(store, freshKey())).ok).toBe(true);
  });

  test('another store in its place: who had the first one open writes nothing there', async () => {
    const prefix = freshPrefix();
    const first = await openScratch(server.url, { prefix });
    await lookInto(server.url).flushall();
    const second = await openScratch(server.url, { prefix });
    const key = freshKey();
    expect((await refusal(write(first, key))).code).toBe('STORE_LOST');
    expect((await write(second, key)).ok).toBe(true);
  });

  test('a store that is taken away while it is created is not one', async () => {
    const proxy = await proxyTo(server.url);
    const prefix = freshPrefix();
    const opening = refusal(openRedisStore(proxy.url, { prefix }));
    const done = proxy.strike(SCRIPTS.marked.sha, { type: 'delay', requestMs: 400 });
    const admin = lookInto(server.url);
    await until(async () => (await admin.keys(`{${prefix}:*`)).length === 16, 'it is marked');
    await admin.flushall();
    await done;
    expect((await opening).code).toBe('STORE_LOST');
    expect(await admin.dbsize()).toBe(0);
  });
});

describe('creation', () => {
  test('an interrupted one is completed by the next opener', async () => {
    const prefix = freshPrefix();
    await (await openRedisStore(server.url, { prefix })).close();
    const admin = lookInto(server.url);
    // As it stands when the first opener dies on its way.
    await admin.hdel(`{${prefix}}:store`, 'marked');
    for (const partition of [5, 9, 15]) await admin.del(`{${prefix}:${partition}}:mark`);
    const store = await openScratch(server.url, { prefix });
    for (const partition of [4, 5, 9, 15]) expect((await write(store, freshKey({ partition }))).ok).toBe(true);
    expect(await admin.hget(`{${prefix}}:store`, 'marked')).toBe('1');
  });

  test('of openers at once with different numbers of partitions one wins, and the others are refused', async () => {
    for (let round = 0; round < 10; round++) {
      const prefix = freshPrefix();
      const counts = [3, 8, 3, 8, undefined];
      const opened = await Promise.allSettled(
        counts.map((partitions) =>
          openScratch(server.url, { prefix, ...(partitions === undefined ? {} : { partitions }) }),
        ),
      );
      const stores = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      const numbers = new Set(stores.map(({ partitions }) => partitions));
      expect(numbers.size).toBe(1);
      const [number] = numbers;
      for (const [at, one] of opened.entries()) {
        if (counts[at] === undefined || counts[at] === number) expect(one.status).toBe('fulfilled');
        else expect(one).toMatchObject({ status: 'rejected', reason: { code: 'STORE_FORMAT' } });
      }
      const key = freshKey({ partition: 2 });
      const results = await Promise.all(stores.map((store) => write(store, key)));
      expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    }
  });

  test('who may create nothing leaves nothing behind', async () => {
    const prefix = freshPrefix();
    const error = await refusal(openRedisStore(server.url, { prefix, create: false }));
    expect(error.code).toBe('STORE_NOT_FOUND');
    expect(await lookInto(server.url).keys(`*${prefix}*`)).toEqual([]);
    await openScratch(server.url, { prefix, partitions: 2 });
    const found = await openScratch(server.url, { prefix, create: false });
    expect(found.partitions).toBe(2);
  });

  test('one of a newer version is refused', async () => {
    const prefix = freshPrefix();
    await (await openRedisStore(server.url, { prefix })).close();
    await lookInto(server.url).hset(`{${prefix}}:store`, 'format', '2');
    const error = await refusal(openRedisStore(server.url, { prefix }));
    expect(error.code).toBe('STORE_FORMAT');
    expect(error.details).toMatchObject({ found: '2', expected: 1 });
  });
});

test.each([
  { timeoutMs: 0 },
  { timeoutMs: Number.NaN },
  { partitions: 0 },
  { prefix: 'a{b}' },
  { prefix: '' },
  { durability: { replicas: 0 } },
  { durability: { replicas: 1, timeoutMs: 0.5 } },
])('an option that makes no sense is refused: %o', async (options) => {
  expect((await refusal(openRedisStore(server.url, options))).code).toBe('USAGE');
});

test('what was left by a removal is not taken for a record', async () => {
  const store = await openScratch(server.url);
  const [record, line] = [await put(store, freshKey()), freshKey({ kind: 'pruned' })];
  const expectations = [record, { key: line, revision: undefined }].map(({ key, revision }) => ({ key, revision }));
  await store.transact({ expect: expectations, write: [{ key: line, value: '' }], remove: [record.key] }, nonce());
  expect((await lookInto(server.url).keys(`*${record.key.id}*`)).length).toBe(0);
});
