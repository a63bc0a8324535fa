import { inspect } from 'node:util';
import { Cluster, type Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Store } from '../../../src/store/contract.js';
import { layoutOf } from '../../../src/store/redis/layout.js';
import { openRedisStore } from '../../../src/store/redis/redis-store.js';
import { type RedisCluster, startRedisCluster } from '../../services/redis-cluster.js';
import { freshKey, freshPrefix, lookInto, openScratch, put, refusal, until, write } from './scratch.js';

const PASSWORD = 'correct-horse';
const WAITING = { durability: { replicas: 1, timeoutMs: 2_000 } };
/** More than a store has connections for writes that wait. */
const ROUNDS = 8;

let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await startRedisCluster({ config: { requirepass: PASSWORD, masterauth: PASSWORD }, replicas: true });
}, 90_000);

afterAll(() => cluster.stop());

function clusterUrl(credentials: string): string {
  return `redis://${credentials}@${cluster.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}?cluster=true`;
}

/** The primaries as they are now. */
async function primaries(): Promise<{ readonly id: string; readonly port: number; readonly admin: Redis }[]> {
  const nodes = await Promise.all(
    cluster.nodes.map(async ({ port, url }) => {
      const admin = lookInto(url.replace('//', `//:${PASSWORD}@`));
      const [role, id] = [(await admin.role()) as unknown[], (await admin.cluster('MYID')) as string];
      return { primary: role[0] === 'master', id, port, admin };
    }),
  );
  return nodes.filter(({ primary }) => primary);
}

/** Which primary has the slot, and the others. */
async function holders(prefix: string) {
  const mark = layoutOf(prefix).mark(0);
  const nodes = await primaries();
  const here = await Promise.all(nodes.map(({ admin }) => admin.exists(mark).catch(() => 0)));
  const holder = nodes[here.indexOf(1)];
  if (holder === undefined) throw new Error('no node has it');
  return { holder, others: nodes.filter((node) => node !== holder), slot: await holder.admin.cluster('KEYSLOT', mark) };
}

/** Every connection of the store works again. */
async function worksAgain(store: Store): Promise<void> {
  let inARow = 0;
  await until(
    async () => {
      const ok = await write(store, freshKey()).then(
        (result) => result.ok,
        () => false,
      );
      inARow = ok ? inARow + 1 : 0;
      return inARow === ROUNDS;
    },
    'it works without a new store',
    15_000,
  );
}

async function warmedUp(store: Store): Promise<Store> {
  await worksAgain(store);
  return store;
}

test('a slot that moves: its calls are refused meanwhile, and served by the other node afterwards', async () => {
  const prefix = freshPrefix();
  const store = await warmedUp(await openScratch(clusterUrl(`:${PASSWORD}`), { prefix, ...WAITING, timeoutMs: 1_000 }));
  const { holder, others, slot } = await holders(prefix);
  const target = others[0] as (typeof others)[0];
  await target.admin.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', holder.id);
  await holder.admin.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', target.id);
  const keys = (await holder.admin.call('CLUSTER', 'GETKEYSINSLOT', slot, '1000')) as string[];
  const where = ['127.0.0.1', target.port, '', '0', '5000', 'AUTH', PASSWORD, 'KEYS'];
  await holder.admin.call('MIGRATE', ...where, ...keys);
  const error = await refusal(write(store, freshKey()));
  expect(error.code).toBe('STORE_UNAVAILABLE');
  expect(error.message).toContain('the cluster is moving these records');
  expect(error.message).not.toContain('?cluster=true');
  for (const { admin } of [target, holder]) await admin.call('CLUSTER', 'SETSLOT', slot, 'NODE', target.id);
  await worksAgain(store);
});

describe('a failover', () => {
  test.each([
    ['over connections of ours', () => clusterUrl(`:${PASSWORD}`)],
    [
      'over a client of the program that reads from replicas',
      () => {
        const nodes = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
        const client = new Cluster(nodes, { scaleReads: 'slave', redisOptions: { password: PASSWORD } });
        onTestFinished(() => client.disconnect());
        return client;
      },
    ],
  ])('%s: those who wait for replicas go to the new primary', async (_, where) => {
    await cluster.settled();
    const prefix = freshPrefix();
    const store = await warmedUp(await openScratch(where(), { prefix, ...WAITING }));
    const record = await put(store, freshKey());
    const { holder } = await holders(prefix);
    const list = (await holder.admin.cluster('REPLICAS', holder.id)) as string[];
    const port = Number(/:(\d+)@/.exec(list[0] as string)?.[1]);
    await lookInto(`redis://:${PASSWORD}@127.0.0.1:${port}`).call('CLUSTER', 'FAILOVER');
    await until(async () => (await primaries()).some((node) => node.port === port), 'it is the primary');
    await worksAgain(store);
    await put(store, record.key, record.revision);
  });
});

test('who is not let into a cluster is told why, without the password', async () => {
  const error = await refusal(openRedisStore(clusterUrl('ada:hunter2'), { timeoutMs: 1_500 }));
  expect(error.code).toBe('STORE_UNAVAILABLE');
  expect(error.details['applied']).toBe('no');
  expect(error.message).toContain('WRONGPASS');
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
});
