import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Store, StoredRecord } from '../../../src/store/contract.js';
import { openRedisStore } from '../../../src/store/redis/redis-store.js';
import { type RedisServer, startRedis } from '../../services/redis-server.js';
import { freshKey, lookInto, openScratch, proxyTo, put, read, refusal, settles, until, write } from './scratch.js';

const LONG = { owner: 'worker', fence: 1, ms: 600_000 };

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis({
    config: { 'lua-time-limit': '100', 'enable-protected-configs': 'yes' },
  });
});

afterAll(() => server.stop());

/** Changes a setting until the test is over. */
async function set(admin: Redis, name: string, value: string): Promise<() => Promise<void>> {
  const answer = (await admin.config('GET', name)) as string[] | Record<string, string>;
  const before = (Array.isArray(answer) ? answer[1] : answer[name]) ?? '';
  await admin.config('SET', name, value);
  const back = async (): Promise<void> => void (await admin.config('SET', name, before));
  onTestFinished(back);
  return back;
}

/** Every write is refused as one that was not begun, and works again afterwards. */
async function refusesWrites(store: Store, word: RegExp, back: () => Promise<unknown>): Promise<void> {
  const key = freshKey();
  const error = await refusal(write(store, key));
  expect(error.code).toBe('STORE_UNAVAILABLE');
  expect(error.details['applied']).toBe('no');
  expect(inspect(error)).toMatch(word);
  await back();
  await until(
    () =>
      write(store, key).then(
        ({ ok }) => ok,
        () => false,
      ),
    'it is written',
  );
}

describe('a server that takes no writes', () => {
  test('a replica, which becomes a primary again', async () => {
    const admin = lookInto(server.url);
    const store = await openScratch(server.url);
    await admin.replicaof('127.0.0.1', 1);
    onTestFinished(() => void admin.replicaof('NO', 'ONE'));
    await refusesWrites(store, /READONLY/, () => admin.replicaof('NO', 'ONE'));
  });

  test('full: claims are refused, what was recorded can be read', async () => {
    const store = await openScratch(server.url);
    const record = await put(store, freshKey(), undefined, { lease: LONG });
    const back = await set(lookInto(server.url), 'maxmemory', '1');
    expect(await read(store, record.key)).toEqual(record);
    const replay = await write(store, record.key);
    expect(replay).toMatchObject({ ok: false, records: [record] });
    expect((await refusal(store.renew([{ key: record.key, ...LONG }]))).details['applied']).toBe('no');
    expect(await settles(store.watch(record.key, '9:other', new AbortController().signal), 5_000)).toBe(true);
    await refusesWrites(store, /maxmemory/, back);
  });

  test('too few replicas by its own settings', async () => {
    const store = await openScratch(server.url);
    await refusesWrites(store, /NOREPLICAS/, await set(lookInto(server.url), 'min-replicas-to-write', '1'));
  });

  test('one that cannot persist', async () => {
    const admin = lookInto(server.url);
    const store = await openScratch(server.url);
    const folder = mkdtempSync(join(tmpdir(), 'mycelium-gone-'));
    const here = await set(admin, 'dir', folder);
    rmSync(folder, { recursive: true });
    const back = await set(admin, 'save', '3600 1');
    await admin.bgsave();
    await until(async () => (await admin.info()).includes('rdb_last_bgsave_status:err'), 'the snapshot has failed');
    await refusesWrites(store, /MISCONF/, async () => {
      await back();
      await here();
    });
  });
});

test('a long script of somebody: calls are refused, and run when it is over', async () => {
  const store = await openScratch(server.url);
  const [other, admin] = [lookInto(server.url), lookInto(server.url)];
  await Promise.all([other.ping(), admin.ping()]);
  const endless = other.eval('while true do end', 0).catch((error: Error) => error.message);
  await until(async () => {
    const answer = await admin.ping().catch((error: Error) => error.message);
    return answer.startsWith('BUSY');
  }, 'the script is long');
  await refusesWrites(store, /BUSY/, () => admin.script('KILL'));
  expect(await endless).toContain('killed');
});

test('a server that loads its data is waited for, and said to load when it takes longer', async () => {
  const own = await startRedis({
    config: { 'loading-process-events-interval-bytes': '1024', 'key-load-delay': '20000', dbfilename: 'dump.rdb' },
  });
  onTestFinished(() => own.stop());
  const [patient, hasty] = await Promise.all([
    openScratch(own.url, { timeoutMs: 30_000 }),
    openScratch(own.url, { timeoutMs: 400 }),
  ]);
  const key = freshKey();
  for (let record = 0; record < 300; record++)
    await put(patient, freshKey(), undefined, { value: randomBytes(3_000).toString('hex') });
  const admin = lookInto(own.url);
  await admin.save();
  await own.kill('SIGKILL');
  const back = own.restart();
  await until(
    async () => inspect(await refusal(read(hasty, key))).includes('LOADING'),
    'it is said that the server loads',
  );
  const error = await refusal(write(hasty, key));
  expect(error.details['applied']).toBe('no');
  expect(error.message).toContain('still loading');
  const waiting = write(patient, key);
  await back;
  expect((await waiting).ok).toBe(true);
  const opened = await openScratch(own.url, { timeoutMs: 30_000 });
  expect(opened.partitions).toBe(16);
});

test('no room for another client', async () => {
  const admin = lookInto(server.url);
  const store = await openScratch(server.url);
  const taken = Number(/connected_clients:(\d+)/.exec(await admin.info())?.[1]);
  const back = await set(admin, 'maxclients', String(taken));
  const error = await refusal(openRedisStore(server.url));
  expect(error.code).toBe('STORE_UNAVAILABLE');
  expect(error.details['applied']).toBe('no');
  const record = await put(store, freshKey());
  // There is no room for a subscription: the revision is read instead.
  const watch = store.watch(record.key, record.revision, new AbortController().signal);
  await put(store, record.key, record.revision);
  expect(await settles(watch, 10_000)).toBe(true);
  await back();
});

describe('who is not let in', () => {
  const withUser = (user: string, password: string): string =>
    server.url.replace('redis://', `redis://${user}:${password}@`);

  /** A user that goes with the test. */
  async function user(name: string, ...rules: string[]): Promise<Redis> {
    const admin = lookInto(server.url);
    await admin.acl('SETUSER', name, 'on', '>secret', '~*', ...rules);
    onTestFinished(async () => {
      const again = new Redis(server.url);
      await again.acl('DELUSER', name);
      again.disconnect();
    });
    return admin;
  }

  test('a wrong password is told at once, and not repeated', async () => {
    await user('app', '&*', '+@all');
    const since = performance.now();
    const error = await refusal(openRedisStore(withUser('app', 'hunter2')));
    expect(error.code).toBe('STORE_UNAVAILABLE');
    expect(error.details['applied']).toBe('no');
    expect(error.message).toContain('WRONGPASS');
    expect(inspect(error, { depth: 10 })).not.toContain('hunter2');
    expect(performance.now() - since).toBeLessThan(3_000);
  });

  test('no password', async () => {
    const admin = await user('app', '&*', '+@all');
    await admin.acl('SETUSER', 'default', 'resetpass', '>other');
    try {
      const error = await refusal(openRedisStore(server.url));
      expect(error.details['applied']).toBe('no');
      expect(error.message).toContain('NOAUTH');
    } finally {
      await admin.acl('SETUSER', 'default', 'nopass');
    }
  });

  test('a password that was changed meanwhile', async () => {
    const admin = await user('app', '&*', '+@all');
    const store = await openScratch(withUser('app', 'secret'), { timeoutMs: 500 });
    await admin.acl('SETUSER', 'app', 'resetpass', '>changed');
    await admin.client('KILL', 'USER', 'app');
    await until(async () => (await refusal(read(store, freshKey()))).details['applied'] === 'no', 'it has noticed');
    expect((await refusal(write(store, freshKey()))).message).toContain('WRONGPASS');
    await admin.acl('SETUSER', 'app', 'resetpass', '>secret');
    await until(
      () =>
        write(store, freshKey()).then(
          ({ ok }) => ok,
          () => false,
        ),
      'it is let in again',
    );
  });

  test('a refusal of what was sent a second time does not say that nothing was done', async () => {
    const admin = await user('app', '&*', '+@all');
    const proxy = await proxyTo(server.url);
    const store = await openScratch(proxy.url.replace('redis://', 'redis://app:secret@'));
    const key = freshKey();
    const first = proxy.strike(key.id, { type: 'cut-after' });
    const second = proxy.strike(key.id, { type: 'delay', requestMs: 300 });
    const call = refusal(write(store, key));
    await first;
    await admin.acl('SETUSER', 'app', '-evalsha');
    await second;
    const error = await call;
    expect(error.message).toContain('NOPERM');
    expect(error.details['applied']).toBe('unknown');
    expect(await admin.keys(`*${key.id}`)).toHaveLength(1);
  });

  test('scripts are not allowed', async () => {
    await user('app', '&*', '+@all', '-eval', '-evalsha');
    const error = await refusal(openRedisStore(withUser('app', 'secret')));
    expect(error.details['applied']).toBe('no');
    expect(error.message).toContain('NOPERM');
  });

  test('without CONFIG, INFO and SUBSCRIBE it works, says what it cannot know, and watches by reading', async () => {
    await user('app', '+@all', '-config', '-info', '-subscribe');
    const store = await openScratch(withUser('app', 'secret'));
    const health = await store.health?.();
    expect(health?.concerns).toMatchObject([{ found: 'INFO is not allowed here', severity: 'unsafe' }]);
    expect((await refusal(openRedisStore(withUser('app', 'secret'), { profile: 'production' }))).code).toBe(
      'STORE_UNSAFE',
    );
    const record = await put(store, freshKey());
    const watch = store.watch(record.key, record.revision, new AbortController().signal);
    expect(await settles(watch, 500)).toBe(false);
    await put(store, record.key, record.revision);
    expect(await settles(watch, 10_000)).toBe(true);
  });

  test('who may not publish completes all the same, and those who wait find out by reading', async () => {
    // Redis gives a new user no channels: it can neither subscribe nor publish.
    await user('mute', '+@all');
    const prefix = `test-mute-${Date.now()}`;
    const [waits, moves] = [
      await openScratch(server.url, { prefix }),
      await openScratch(withUser('mute', 'secret'), { prefix }),
    ];
    const record: StoredRecord = await put(waits, freshKey(), undefined, { index: { phase: 'attempting' } });
    const stop = new AbortController();
    const watch = waits.watch(record.key, record.revision, stop.signal);
    await until(async () => (await lookInto(server.url).keys('*waiters*')).length > 0, 'it waits');
    const moved = await write(moves, record.key, record.revision, { index: { phase: 'committed' } });
    expect(moved.ok).toBe(true);
    expect(await read(waits, record.key)).toEqual(moved.records[0]);
    stop.abort();
    await watch;
  });
});
