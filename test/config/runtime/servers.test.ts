import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StoreLocation } from '../../../src/config/loader/storage.js';
import { locationText } from '../../../src/config/loader/storage.js';
import { Homes } from '../../../src/config/runtime/homes.js';
import { loadConfigFromString, type Mycelium } from '../../../src/index.js';
import { type RedisServer, startRedis } from '../../services/redis-server.js';
import { redisService } from '../../services/services.js';

const prefix = `config-${randomBytes(6).toString('hex')}`;
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(async () => {
  const client = new Redis(redisService());
  const keys = await client.keys(`{${prefix}*`);
  if (keys.length > 0) await client.del(...keys);
  await client.quit();
});

async function load(yaml: string, environment: Readonly<Record<string, string>> = {}): Promise<Mycelium> {
  const mycelium = await loadConfigFromString(yaml, { environment });
  cleanups.push(() => mycelium.close({ drain: 0 }));
  return mycelium;
}

const tool = 'tools: { pay: { side_effect_class: irreversible, id_from: [id] } }';

describe('a configuration that records in Redis', () => {
  it('opens it with the first call, and two processes share what is there', async () => {
    const yaml = `action_ledger: { storage: redis, url_env: WHERE, prefix: "${prefix}" }\n${tool}`;
    const [one, other] = await Promise.all([
      load(yaml, { WHERE: redisService() }),
      load(yaml, { WHERE: redisService() }),
    ]);
    let runs = 0;
    const body = async ({ id }: { id: string }): Promise<string> => {
      runs += 1;
      return `paid ${id}`;
    };
    const results = await Promise.all(
      [one, other, one, other].map((mycelium) => mycelium.guard('pay')(body)({ id: 'inv-1' })),
    );
    expect(results).toEqual(Array.from({ length: 4 }, () => 'paid inv-1'));
    expect(runs).toBe(1);
    const { calls } = await (await other.ledger('pay')).list();
    expect(calls.map(({ requestId, phase }) => [requestId, phase])).toEqual([['inv-1', 'committed']]);
    const { guarded } = one.report();
    expect(guarded[0]?.store).toBe(`redis ${new URL(redisService()).host}/0, prefix ${prefix}`);
  });

  it('tells no password: not in its report, not printed, not when the server is gone', async () => {
    const yaml = `action_ledger: { storage: redis, url: "redis://ada:hunter2@127.0.0.1:1/3" }\n${tool}`;
    const mycelium = await load(yaml);
    const pay = mycelium.guard('pay')(async ({ id }: { id: string }) => id);
    const error = await pay({ id: 'inv-1' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const texts = [error, mycelium, mycelium.report(), pay].map((value) =>
      inspect(value, { depth: 20, showHidden: true }),
    );
    for (const text of [...texts, JSON.stringify(mycelium.report()), String((error as Error).stack)])
      expect(text).not.toContain('hunter2');
    expect(mycelium.report().guarded[0]?.store).toBe('redis 127.0.0.1:1/3, prefix mycelium');
  });
});

describe('production', () => {
  let unsafe: RedisServer;
  beforeAll(async () => {
    unsafe = await startRedis();
  });
  afterAll(() => unsafe?.stop());

  it('does not run a tool over a server that can lose what it acknowledged', async () => {
    const yaml = (profile: string): string =>
      `profile: ${profile}\naction_ledger: { storage: redis, url: "${unsafe.url}" }\n${tool}`;
    let runs = 0;
    const body = async ({ id }: { id: string }): Promise<string> => {
      runs += 1;
      return id;
    };
    const production = await load(yaml('production'));
    const pay = production.guard('pay')(body);
    await expect(pay({ id: 'inv-1' })).rejects.toMatchObject({ code: 'STORE_UNSAFE' });
    expect(runs).toBe(0);
    const development = await load(yaml('development'));
    expect(await development.guard('pay')(body)({ id: 'inv-1' })).toBe('inv-1');
    // What was mended is opened by the next call.
    const client = new Redis(unsafe.url);
    await client.config('SET', 'appendonly', 'yes');
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    // Until its first append-only file is written, Redis does not end.
    const written = /aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0/;
    await expect.poll(() => client.info('persistence'), { timeout: 20_000 }).toMatch(written);
    await client.quit();
    await expect.poll(() => pay({ id: 'inv-1' }).catch(() => 'refused'), { timeout: 20_000 }).toBe('inv-1');
    expect(runs).toBe(1);
  });
});

describe('locations', () => {
  const at = (url: string, storage: 'redis' | 'postgres' = 'redis'): StoreLocation => ({ storage, url });

  it.each([
    ['redis', 'redis://u:hunter2@h', 'redis h:6379/0, prefix mycelium'],
    ['redis', 'rediss://u:hunter2@h:1/2?prefix=p', 'redis h:1/2, prefix p'],
    ['redis', 'redis://u:hunter2@a:1,b:2?cluster=true', 'redis cluster a:1,b:2, prefix mycelium'],
    ['postgres', 'postgres://u:hunter2@h/d', 'postgres h:5432/d, schema mycelium'],
    ['postgres', 'postgresql://u:hun@ter2hunter2@h:1/d?schema=s&sslmode=require', 'postgres h:1/d, schema s'],
  ] as const)('%s: %s', (storage, url, text) => {
    expect(locationText(at(url, storage))).toBe(text);
  });

  it('that differ in a password only are two: neither is opened with that of the other', () => {
    const homes = new Homes({ strict: false, profile: 'development', retention: {} }, undefined, undefined);
    const [one, other] = [at('redis://u:one@h'), at('redis://u:other@h')];
    expect(locationText(one)).toBe(locationText(other));
    expect(homes.at(one)).not.toBe(homes.at(other));
    expect(homes.at(one)).toBe(homes.at({ ...one } as StoreLocation));
  });
});
