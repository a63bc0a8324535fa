import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FaultProxy, startProxy } from './proxy.js';
import { type RedisServer, startRedis } from './redis-server.js';
import { postgresService } from './services.js';

describe('before Redis', () => {
  let server: RedisServer;
  let direct: Redis;
  let proxy: FaultProxy;
  let client: Redis;

  beforeAll(async () => {
    server = await startRedis();
    direct = new Redis(server.url);
  });

  afterAll(async () => {
    direct.disconnect();
    await server.stop();
  });

  beforeEach(async () => {
    await direct.flushall();
    proxy = await startProxy(server.url);
    client = through(proxy);
    await client.ping();
  });

  afterEach(async () => {
    client.disconnect();
    await proxy.close();
  });

  /** A client that neither sends again nor connects again, so that a test sees what happened to its one connection. */
  function through({ url }: FaultProxy): Redis {
    const redis = new Redis(url, {
      retryStrategy: () => null,
      enableReadyCheck: false,
    });
    redis.on('error', () => undefined);
    return redis;
  }

  const settledWithin = async (promise: Promise<unknown>, ms: number): Promise<boolean> => {
    const settled = promise.then(
      () => true,
      () => true,
    );
    return Promise.race([settled, sleep(ms, false)]);
  };

  test('what meets no fault passes', async () => {
    await client.set('k', 'x'.repeat(300_000));
    expect(await client.strlen('k')).toBe(300_000);
    expect(await client.get('k')).toHaveLength(300_000);
  });

  test('cut before: nothing is applied', async () => {
    const struck = proxy.strike('INCR n', { type: 'cut-before' });
    await expect(client.incr('n')).rejects.toThrow('Connection is closed');
    await struck;
    expect(await direct.get('n')).toBeNull();
  });

  test('cut after: applied, and the client hears nothing of it', async () => {
    const struck = proxy.strike('INCR n', { type: 'cut-after' });
    await expect(client.incr('n')).rejects.toThrow('Connection is closed');
    await struck;
    expect(await direct.get('n')).toBe('1');
  });

  test('cut after, in a pipeline: all of it is applied before the client learns of it', async () => {
    const rounds = Array.from({ length: 200 }, (_, round) => client.incr(round === 199 ? 'last' : 'n'));
    void proxy.strike('INCR last', { type: 'cut-after' });
    await Promise.allSettled(rounds);
    expect(await direct.mget('n', 'last')).toEqual(['199', '1']);
  });

  test('cut in the middle of the reply', async () => {
    await direct.set('k', 'y'.repeat(1_000));
    let received = 0;
    client.stream.on('data', (bytes) => {
      received += bytes.length;
    });
    const struck = proxy.strike('GET k', { type: 'cut-reply', bytes: 500 });
    await expect(client.get('k')).rejects.toThrow('Connection is closed');
    await struck;
    expect(received).toBe(500);
  });

  test('a swallowed request is never applied nor answered, and the connection stays', async () => {
    const struck = proxy.strike('INCR n', { type: 'swallow-request' });
    const answer = client.incr('n');
    await struck;
    void client.ping().catch(() => undefined);
    expect(await settledWithin(answer, 150)).toBe(false);
    expect(await direct.get('n')).toBeNull();
    expect(client.status).toBe('ready');
    client.disconnect();
    await expect(answer).rejects.toThrow();
  });

  test('a swallowed reply: applied, never answered', async () => {
    const struck = proxy.strike('INCR n', { type: 'swallow-reply' });
    const answer = client.incr('n');
    await struck;
    expect(await direct.get('n')).toBe('1');
    expect(await settledWithin(answer, 150)).toBe(false);
    client.disconnect();
    await expect(answer).rejects.toThrow();
  });

  test('delays in both directions', async () => {
    void proxy.strike('INCR n', { type: 'delay', requestMs: 300, replyMs: 300 });
    const start = performance.now();
    const answer = client.incr('n');
    const next = client.incr('n');
    await sleep(100);
    expect(await direct.get('n')).toBeNull();
    expect(await answer).toBe(1);
    expect(performance.now() - start).toBeGreaterThan(590);
    expect(await next).toBe(2);
  });

  test('a held reply: applied, answered on release', async () => {
    const struck = proxy.strike('INCR n', { type: 'hold' });
    const answer = client.incr('n');
    await struck;
    expect(await direct.get('n')).toBe('1');
    expect(await settledWithin(answer, 150)).toBe(false);
    proxy.release();
    expect(await answer).toBe(1);
  });

  test('a duplicate is applied twice, in the database of the connection', async () => {
    await client.select(3);
    const struck = proxy.strike('INCR n', { type: 'duplicate' });
    expect(await client.incr('n')).toBeGreaterThan(0);
    await struck;
    expect(await client.get('n')).toBe('2');
  });

  test('refused connections: the server is away, until it accepts again', async () => {
    await proxy.refuse();
    const error = new Promise<Error>((resolve) => {
      through(proxy).once('error', resolve);
    });
    expect((await error).message).toContain('ECONNREFUSED');
    await proxy.accept();
    const again = through(proxy);
    expect(await again.ping()).toBe('PONG');
    again.disconnect();
  });

  test('pause and resume', async () => {
    proxy.pause();
    const answer = client.incr('n');
    expect(await settledWithin(answer, 150)).toBe(false);
    expect(await direct.get('n')).toBeNull();
    proxy.resume();
    expect(await answer).toBe(1);
  });

  test('cut ends connections, and a new target is for new ones', async () => {
    const other = await startRedis();
    proxy.setTarget(other.url);
    await client.set('k', 'first');
    proxy.cut();
    await expect(client.ping()).rejects.toThrow();
    const second = through(proxy);
    expect(await second.get('k')).toBeNull();
    expect(await direct.get('k')).toBe('first');
    second.disconnect();
    await other.stop();
  });

  test('a callback decides on everything else', async () => {
    proxy.decide = ({ requests }) =>
      requests.some(({ name }) => name === 'INCR') ? { type: 'cut-before' } : undefined;
    await client.set('k', 'v');
    await expect(client.incr('n')).rejects.toThrow('Connection is closed');
  });

  test('commands are counted, also when chunks cut them', async () => {
    proxy.counter.reset();
    const pipeline = client.pipeline();
    for (let round = 0; round < 50; round += 1) pipeline.set(`k${round}`, 'z'.repeat(5_000)).get(`k${round}`);
    await pipeline.exec();
    await client.eval('return redis.call("INCR", KEYS[1])', 1, 'n');
    const { requests, statements, connections } = proxy.counter.snapshot();
    expect(requests).toEqual({ SET: 50, GET: 50, EVAL: 1 });
    expect(statements).toHaveLength(101);
    expect(statements.at(-1)).toBe('EVAL return redis.call("INCR", KEYS[1]) 1 n');
    expect(connections).toBe(0);
  });
});

describe('before PostgreSQL', () => {
  const schema = `proxy_${process.pid}_${Date.now()}`;
  let direct: postgres.Sql;
  let proxy: FaultProxy;
  let sql: postgres.Sql;

  beforeAll(async () => {
    direct = postgres(postgresService(), { max: 1 });
    await direct.unsafe(`create schema ${schema}; create table ${schema}.rows (id text)`);
  });

  afterAll(async () => {
    await direct.unsafe(`drop schema ${schema} cascade`);
    await direct.end();
  });

  beforeEach(async () => {
    await direct.unsafe(`truncate ${schema}.rows`);
    proxy = await startProxy(postgresService());
    sql = postgres(proxy.url, { max: 1 });
    await sql`select 1`;
  });

  afterEach(async () => {
    await sql.end({ timeout: 1 });
    await proxy.close();
  });

  const insert = (id: string): Promise<unknown> =>
    sql.unsafe(`insert into ${schema}.rows values ($1)`, [id], { prepare: true }).execute();
  const ids = async (): Promise<string[]> =>
    (await direct.unsafe(`select id from ${schema}.rows order by id`)).map(({ id }) => id);

  test('cut before and after an insert', async () => {
    const before = proxy.strike(/^insert/, { type: 'cut-before' });
    await expect(insert('before')).rejects.toThrow('CONNECTION_CLOSED');
    await before;
    const after = proxy.strike(/^insert/, { type: 'cut-after' });
    await expect(insert('after')).rejects.toThrow('CONNECTION_CLOSED');
    await after;
    expect(await ids()).toEqual(['after']);
  });

  test('cut after, behind a quick reply: applied before the client learns of it', async () => {
    const struck = proxy.strike(/pg_sleep/, { type: 'cut-after' });
    const quick = sql`select 1`.execute();
    const slow = sql.unsafe(`insert into ${schema}.rows select 'slow' from pg_sleep(0.5)`).execute();
    await Promise.allSettled([quick, slow]);
    expect(await ids()).toEqual(['slow']);
    await struck;
  });

  test('a duplicate of a prepared statement', async () => {
    await insert('first');
    const struck = proxy.strike(/^insert/, { type: 'duplicate' });
    await insert('second');
    await struck;
    expect(await ids()).toEqual(['first', 'second', 'second']);
  });

  test('a held reply', async () => {
    const struck = proxy.strike(/^insert/, { type: 'hold' });
    const answer = insert('held');
    await struck;
    expect(await ids()).toEqual(['held']);
    proxy.release();
    await answer;
  });

  test('messages are counted, statements remembered', async () => {
    proxy.counter.reset();
    await insert('one');
    await insert('two');
    await sql.unsafe('select 1; select 2').simple();
    const { requests, statements } = proxy.counter.snapshot();
    expect(requests).toMatchObject({ Parse: 1, Bind: 2, Execute: 2, Query: 1 });
    expect(statements).toEqual([
      `insert into ${schema}.rows values ($1)`,
      `insert into ${schema}.rows values ($1)`,
      'select 1; select 2',
    ]);
  });
});
