import { beforeEach, expect, test } from 'vitest';
import type { Store } from '../../../src/store/contract.js';
import { SCRIPTS } from '../../../src/store/redis/script.js';
import type { FaultProxy } from '../../services/proxy.js';
import { redisService } from '../../services/services.js';
import { freshKey, lookInto, openScratch, proxyTo, put, read, sharedPrefix, write } from './scratch.js';

const LEASE = { owner: 'worker', fence: 1, ms: 60_000 };

let proxy: FaultProxy;
let store: Store;
let prefix: string;

beforeEach(async () => {
  proxy = await proxyTo(redisService());
  prefix = sharedPrefix();
  store = await openScratch(proxy.url, { prefix });
  // From now on the server knows the scripts.
  const { key } = await put(store, freshKey(), undefined, { lease: LEASE });
  await store.renew([{ key, ...LEASE }]);
  proxy.counter.reset();
});

/** What was sent since the last look. */
function sent(): Readonly<Record<string, number>> {
  const { requests } = proxy.counter.snapshot();
  proxy.counter.reset();
  return requests;
}

test('each method of the store is one command', async () => {
  const record = await put(store, freshKey(), undefined, { lease: LEASE, index: { phase: 'attempting' } });
  expect(sent()).toEqual({ EVALSHA: 1 });
  await put(store, record.key, record.revision, { index: { phase: 'committed' } });
  expect(sent()).toEqual({ EVALSHA: 1 });
  expect((await write(store, record.key)).ok).toBe(false);
  expect(sent()).toEqual({ EVALSHA: 1 });
  await read(store, record.key);
  expect(sent()).toEqual({ EVALSHA: 1 });
});

test('a hundred leases of all partitions are renewed by one command', async () => {
  const keys = Array.from({ length: 100 }, (_, at) => freshKey({ partition: at % 16 }));
  await Promise.all(keys.map((key) => put(store, key, undefined, { lease: LEASE })));
  sent();
  const answers = await store.renew(keys.map((key) => ({ key, ...LEASE })));
  expect(answers.every((answer) => answer === 'held')).toBe(true);
  expect(sent()).toEqual({ EVALSHA: 1 });
  expect(await store.renew([])).toEqual([]);
  expect(sent()).toEqual({});
});

test('scripts that the server forgot are sent in full once, and then by name again', async () => {
  // Those of others are forgotten, too, and they have to send theirs again as well.
  await lookInto(redisService()).script('FLUSH');
  expect((await write(store, freshKey())).ok).toBe(true);
  const first = sent();
  expect(first['EVALSHA']).toBe(1);
  expect(first['EVAL'] ?? 0).toBeLessThanOrEqual(1);
  await write(store, freshKey());
  expect(sent()).toEqual({ EVALSHA: 1 });
});

test('every script is small, and none of them has a name of another', () => {
  const scripts = Object.values(SCRIPTS);
  expect(new Set(scripts.map(({ sha }) => sha)).size).toBe(scripts.length);
  for (const { text } of scripts) expect(text.length).toBeLessThan(6_000);
});
