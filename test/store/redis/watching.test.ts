import { getEventListeners } from 'node:events';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Store, StoredRecord } from '../../../src/store/contract.js';
import { createSubscriber } from '../../../src/store/redis/driver.js';
import { openConnection } from '../../../src/store/redis/opening.js';
import { SCRIPTS } from '../../../src/store/redis/script.js';
import { Waiting } from '../../../src/store/redis/waiting.js';
import type { Fault, FaultProxy } from '../../services/proxy.js';
import { type RedisServer, startRedis } from '../../services/redis-server.js';
import { freshKey, freshPrefix, lookInto, openScratch, proxyTo, put, settles, until } from './scratch.js';

const SOON = 5_000;
const WATCH = SCRIPTS.watch.sha;

let server: RedisServer;
let proxy: FaultProxy;
let prefix: string;
/** Watches through the proxy. */
let store: Store;
/** Moves records beside it. */
let direct: Store;
let record: StoredRecord;

beforeAll(async () => {
  server = await startRedis();
  // What is held back is the answer of the script, and not that it is not known.
  const client = new Redis(server.url);
  await client.script('LOAD', SCRIPTS.watch.text);
  client.disconnect();
});

afterAll(() => server.stop());

beforeEach(async () => {
  prefix = freshPrefix();
  proxy = await proxyTo(server.url);
  store = await openScratch(proxy.url, { prefix });
  direct = await openScratch(server.url, { prefix });
  record = await put(direct, freshKey());
});

function watch(revision: string | undefined = record.revision, signal = new AbortController().signal): Promise<void> {
  return store.watch(record.key, revision, signal);
}

async function move(): Promise<void> {
  record = await put(direct, record.key, record.revision);
}

function count(name: string): number {
  return proxy.counter.snapshot().statements.filter((text) => text.includes(name)).length;
}

/** A watch that is in place: Redis was asked, and the answer is here. */
async function inPlace(): Promise<{ readonly watching: Promise<void> }> {
  const watching = watch();
  await until(async () => (await lookInto(server.url).keys(`{${prefix}*waiters*`)).length > 0, 'it waits');
  return { watching };
}

describe('a move', () => {
  test('before there is a subscription', async () => {
    const struck = proxy.strike('SUBSCRIBE', { type: 'hold' });
    const watching = watch();
    await struck;
    await move();
    proxy.release();
    expect(await settles(watching, SOON)).toBe(true);
  });

  test('between the subscription and the question', async () => {
    void proxy.strike(WATCH, { type: 'delay', requestMs: 300 });
    const watching = watch();
    await until(() => count(WATCH) > 0, 'it is asked');
    await move();
    expect(await settles(watching, SOON)).toBe(true);
  });

  test('between the question and its answer, which its message overtakes', async () => {
    const struck = proxy.strike(WATCH, { type: 'hold' });
    const before = record.revision;
    const watching = watch();
    await struck;
    await move();
    expect(await settles(watching, SOON)).toBe(true);
    proxy.release();
    await new Promise((resolve) => setTimeout(resolve, 50));
    // The answer that was overtaken is not believed: who read before the move is told of it.
    expect(await settles(watch(before), SOON)).toBe(true);
    const next = watch();
    await move();
    expect(await settles(next, SOON)).toBe(true);
  });

  test('between the question and its answer, while the subscription breaks', async () => {
    const struck = proxy.strike(WATCH, { type: 'hold' });
    const watching = watch();
    await struck;
    const admin = lookInto(server.url);
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(async () => (await admin.pubsub('CHANNELS', `{${prefix}*`)).length === 0, 'nobody listens');
    // That it is so has been noticed here, too, and it is not yet time to ask again.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await move();
    proxy.release();
    expect(await settles(watching, SOON)).toBe(true);
  });

  test('when all is in place', async () => {
    const { watching } = await inPlace();
    expect(await settles(watching, 50)).toBe(false);
    await move();
    expect(await settles(watching, SOON)).toBe(true);
    expect(await lookInto(server.url).keys(`{${prefix}*waiters*`)).toEqual([]);
  });

  test('while the subscription is broken', async () => {
    const { watching } = await inPlace();
    const struck = proxy.strike('SUBSCRIBE', { type: 'hold' });
    await lookInto(server.url).call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await struck;
    await move();
    proxy.release();
    expect(await settles(watching, SOON)).toBe(true);
  });

  test('after the subscription came back', async () => {
    const { watching } = await inPlace();
    proxy.counter.reset();
    await lookInto(server.url).call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(() => count(WATCH) > 0, 'it is asked again');
    await move();
    expect(await settles(watching, SOON)).toBe(true);
  });

  test('after everything broke', async () => {
    const { watching } = await inPlace();
    await proxy.refuse();
    await move();
    await proxy.accept();
    expect(await settles(watching, SOON)).toBe(true);
  });
});

describe('at each stage', () => {
  const STAGES: Readonly<Record<string, readonly [match: string, fault: Fault]>> = {
    subscribing: ['SUBSCRIBE', { type: 'hold' }],
    asking: [WATCH, { type: 'hold' }],
  };

  test.each(Object.entries(STAGES))('%s: an abort ends it, and leaves no listener', async (_, [match, fault]) => {
    const struck = proxy.strike(match, fault);
    const stop = new AbortController();
    const watching = watch(record.revision, stop.signal);
    await struck;
    expect(await settles(watching, 30)).toBe(false);
    stop.abort();
    expect(await settles(watching, SOON)).toBe(true);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    proxy.release();
  });

  test.each(Object.entries(STAGES))('%s: closing ends it', async (_, [match, fault]) => {
    const struck = proxy.strike(match, fault);
    const watching = watch();
    await struck;
    await store.close();
    expect(await settles(watching, SOON)).toBe(true);
    proxy.release();
  });

  test('in place: an abort ends it, and leaves no listener', async () => {
    await inPlace();
    const stop = new AbortController();
    const watching = watch(record.revision, stop.signal);
    stop.abort();
    expect(await settles(watching, SOON)).toBe(true);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  test('a signal whose watch was woken keeps no listener', async () => {
    const stop = new AbortController();
    const watching = watch(record.revision, stop.signal);
    await move();
    await watching;
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });
});

describe('what it costs', () => {
  test('a thousand watches of one record ask once', async () => {
    proxy.counter.reset();
    const watches = Array.from({ length: 1_000 }, () => watch());
    await until(() => count(WATCH) > 0, 'it is asked');
    watches.push(...Array.from({ length: 1_000 }, () => watch()));
    await move();
    await Promise.all(watches);
    expect(count(WATCH)).toBe(1);
    expect(count('SUBSCRIBE')).toBe(1);
  });

  test('to look again at the same revision asks nothing', async () => {
    await inPlace();
    const stop = new AbortController();
    const first = watch(record.revision, stop.signal);
    stop.abort();
    await first;
    await new Promise((resolve) => setTimeout(resolve, 50));
    proxy.counter.reset();
    for (let round = 0; round < 10; round++) {
      const again = new AbortController();
      const watching = watch(record.revision, again.signal);
      again.abort();
      await watching;
    }
    const last = watch();
    expect(proxy.counter.snapshot().statements).toEqual([]);
    await move();
    expect(await settles(last, SOON)).toBe(true);
  });

  test('a move that nobody waits for publishes nothing', async () => {
    const messages: string[] = [];
    const listener = lookInto(server.url);
    listener.on('pmessage', (_pattern, _channel, message) => messages.push(message));
    await listener.psubscribe('*');
    for (let round = 0; round < 5; round++) await move();
    const { watching } = await inPlace();
    await move();
    await watching;
    await until(() => messages.length > 0, 'the message');
    expect(messages).toHaveLength(1);
  });
});

describe('alone', () => {
  /** Who waits, without a store around it: it asks again after so many milliseconds. */
  async function waitingOf(askAgainMs?: number): Promise<Waiting> {
    const { connection, layout } = await openConnection(proxy.url, { prefix });
    const waiting = new Waiting(
      connection,
      layout,
      `${prefix}:channel`,
      () => createSubscriber(connection.client, 4_000),
      askAgainMs,
    );
    onTestFinished(async () => {
      waiting.close();
      await connection.close(false);
    });
    return waiting;
  }

  test('a channel that somebody deleted is left again in time', async () => {
    const waiting = await waitingOf(200);
    const watching = waiting.wait(record.key, record.revision, new AbortController().signal);
    const admin = lookInto(server.url);
    await until(async () => (await admin.keys(`{${prefix}*waiters*`)).length > 0, 'it waits');
    await admin.del(await admin.keys(`{${prefix}*waiters*`));
    await move();
    expect(await settles(watching, SOON)).toBe(true);
  });

  test('without it nobody would be told', async () => {
    const waiting = await waitingOf(3_600_000);
    const watching = waiting.wait(record.key, record.revision, new AbortController().signal);
    const admin = lookInto(server.url);
    await until(async () => (await admin.keys(`{${prefix}*waiters*`)).length > 0, 'it waits');
    await admin.del(await admin.keys(`{${prefix}*waiters*`));
    await move();
    expect(await settles(watching, 500)).toBe(false);
  });

  test('what is known of records that nobody waits for any more is bounded', async () => {
    const waiting = await waitingOf();
    for (let batch = 0; batch < 5; batch++) {
      const stop = new AbortController();
      const { signal } = stop;
      const signals = Array.from({ length: 2_000 }, () => AbortSignal.any([signal]));
      const watches = signals.map((one) => waiting.wait(freshKey(), undefined, one));
      expect(waiting.size).toBeGreaterThanOrEqual(2_000);
      stop.abort();
      await Promise.all(watches);
      expect(waiting.size).toBeLessThanOrEqual(1_000);
    }
  });

  test('twenty thousand that wait at once are woken in time', async () => {
    const waiting = await waitingOf();
    const watches = Array.from({ length: 20_000 }, () =>
      waiting.wait(freshKey(), undefined, new AbortController().signal),
    );
    const since = performance.now();
    waiting.close();
    await Promise.all(watches);
    expect(performance.now() - since).toBeLessThan(3_000);
    expect(waiting.size).toBe(0);
  });
});
