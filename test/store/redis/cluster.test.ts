import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { layoutOf } from '../../../src/store/redis/layout.js';
import { type RedisCluster, startRedisCluster } from '../../services/redis-cluster.js';
import type { RedisServer } from '../../services/redis-server.js';
import { freshKey, freshPrefix, lookInto, openScratch, put, read, refusal, settles, until, write } from './scratch.js';

const LEASE = { owner: 'worker', fence: 1, ms: 600_000 };
const PARTITIONS = Array.from({ length: 16 }, (_, partition) => partition);

let cluster: RedisCluster;
let url: string;

beforeAll(async () => {
  cluster = await startRedisCluster();
  url = `${cluster.urls.join(',').replaceAll(',redis://', ',')}?cluster=true`;
});

afterAll(() => cluster.stop());

/** Which node has the partition. */
async function nodeOf(prefix: string, partition: number): Promise<RedisServer> {
  const mark = layoutOf(prefix).mark(partition);
  for (const node of cluster.nodes) {
    const client = new Redis(node.url);
    const here = await client.exists(mark).catch(() => 0);
    client.disconnect();
    if (here === 1) return node;
  }
  throw new Error('no node has it');
}

test('all keys of a partition share a slot, and partitions are spread over the nodes', async () => {
  const prefix = freshPrefix();
  const layout = layoutOf(prefix);
  const client = lookInto(cluster.urls[0] as string);
  const slots = await Promise.all(
    PARTITIONS.map(async (partition) => {
      const key = freshKey({ partition, kind: 'ca{l}l', id: '}{a b} {other}' });
      const keys = [
        layout.mark(partition),
        layout.resend(partition),
        layout.record(key),
        layout.waiters(key),
        layout.index(partition, key.kind),
      ];
      const slotsOfKeys = await Promise.all(keys.map((name) => client.cluster('KEYSLOT', name)));
      expect(new Set(slotsOfKeys).size).toBe(1);
      return Number(slotsOfKeys[0]);
    }),
  );
  expect(new Set(slots).size).toBeGreaterThan(12);
  await openScratch(url, { prefix });
  const nodes = new Set(
    (await Promise.all(PARTITIONS.map((partition) => nodeOf(prefix, partition)))).map(({ port }) => port),
  );
  expect(nodes.size).toBe(3);
});

test('leases of all partitions are renewed by one call, each answered in its place', async () => {
  const store = await openScratch(url);
  const records = await Promise.all(
    [...PARTITIONS, ...PARTITIONS].map((partition) => put(store, freshKey({ partition }), undefined, { lease: LEASE })),
  );
  const renewals = records.map(({ key }, at) => ({ key, ...LEASE, fence: at % 3 === 0 ? 7 : 1 }));
  expect(await store.renew(renewals)).toEqual(records.map((_, at) => (at % 3 === 0 ? 'lost' : 'held')));
});

test('a list goes over all nodes, in pages', async () => {
  const store = await openScratch(url);
  const records = await Promise.all(
    [...PARTITIONS, ...PARTITIONS, ...PARTITIONS].map((partition) =>
      put(store, freshKey({ partition }), undefined, { index: { phase: 'committed', tool: 'pay' } }),
    ),
  );
  const found: string[] = [];
  let after: string | undefined;
  do {
    const page = await store.list({
      kind: 'call',
      where: { phase: 'committed', tool: 'pay' },
      limit: 7,
      ...(after === undefined ? {} : { after }),
    });
    found.push(...page.records.map(({ key }) => key.id));
    after = page.next;
  } while (after !== undefined);
  expect(found.sort()).toEqual(records.map(({ key }) => key.id).sort());
});

test('who waits at one node is told by all', async () => {
  const prefix = freshPrefix();
  const [waits, moves] = [await openScratch(url, { prefix }), await openScratch(url, { prefix })];
  const records = await Promise.all(PARTITIONS.map((partition) => put(moves, freshKey({ partition }))));
  const watches = records.map(({ key, revision }) => waits.watch(key, revision, new AbortController().signal));
  await until(async () => {
    const left = await Promise.all(cluster.urls.map((node) => lookInto(node).keys(`{${prefix}*waiters*`)));
    return left.flat().length === PARTITIONS.length;
  }, 'all are waited for');
  const since = performance.now();
  for (const { key, revision } of records) await put(moves, key, revision);
  await Promise.all(watches);
  expect(performance.now() - since).toBeLessThan(10_000);
});

test('scripts that a node forgot are sent in full', async () => {
  const store = await openScratch(url);
  await Promise.all(cluster.urls.map((node) => lookInto(node).script('FLUSH')));
  const results = await Promise.all(PARTITIONS.map((partition) => write(store, freshKey({ partition }))));
  expect(results.every(({ ok }) => ok)).toBe(true);
});

test('health is asked of every primary', async () => {
  const store = await openScratch(url);
  const node = lookInto(cluster.urls[2] as string);
  await node.config('SET', 'maxmemory-policy', 'allkeys-lru');
  const health = await store.health?.();
  await node.config('SET', 'maxmemory-policy', 'noeviction');
  expect(health?.facts).toMatchObject({ primaries: '3' });
  expect(health?.concerns.map(({ found }) => found)).toContain('maxmemory-policy is allkeys-lru');
});

test('a node that is named without cluster=true says what is missing', async () => {
  const prefix = freshPrefix();
  const facts = layoutOf(prefix).facts;
  const slot = Number(await lookInto(cluster.urls[0] as string).cluster('KEYSLOT', facts));
  // Not the node whose slot it is.
  const other = cluster.urls[slot < 5_461 ? 2 : 0] as string;
  const error = await refusal(openScratch(other, { prefix }));
  expect(error.code).toBe('STORE_UNAVAILABLE');
  expect(error.details['applied']).toBe('no');
  expect(error.message).toContain('?cluster=true');
});

test('a client of the program that reads from replicas is no reason to take a store for lost', async () => {
  const { Cluster } = await import('ioredis');
  const nodes = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  const client = new Cluster(nodes, { scaleReads: 'slave' });
  try {
    const store = await openScratch(client);
    expect((await write(store, freshKey())).ok).toBe(true);
    await store.close();
    expect(client.status).toBe('ready');
  } finally {
    client.disconnect();
  }
});

describe('a node that dies', () => {
  test('its partitions are refused in time, and served again when it is back', async () => {
    const prefix = freshPrefix();
    const store = await openScratch(url, { prefix, timeoutMs: 2_500 });
    const record = await put(store, freshKey(), undefined, { lease: LEASE });
    const watched = store.watch(record.key, record.revision, new AbortController().signal);
    const node = await nodeOf(prefix, 0);
    await node.kill('SIGKILL');
    const since = performance.now();
    const calls = [write(store, freshKey()), read(store, record.key), store.renew([{ key: record.key, ...LEASE }])];
    for (const { code } of await Promise.all(calls.map(refusal))) expect(code).toBe('STORE_UNAVAILABLE');
    expect(performance.now() - since).toBeLessThan(8_000);
    await node.restart();
    await cluster.settled();
    await until(
      () =>
        read(store, record.key).then(
          (found) => found?.revision === record.revision,
          () => false,
        ),
      'it works without a new store',
      25_000,
    );
    await put(store, record.key, record.revision);
    expect(await settles(watched, 15_000)).toBe(true);
  }, 60_000);

  test('when all are away it is said at open', async () => {
    const gone = `redis://127.0.0.1:1,127.0.0.1:2?cluster=true`;
    const since = performance.now();
    const error = await refusal(openScratch(gone));
    expect(error.code).toBe('STORE_UNAVAILABLE');
    expect(error.details['applied']).toBe('no');
    expect(error.message).toContain('no node takes a connection');
    expect(performance.now() - since).toBeLessThan(3_000);
  });
});
