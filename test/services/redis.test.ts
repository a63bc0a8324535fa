import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { isAlive } from './processes.js';
import { startRedisCluster } from './redis-cluster.js';
import { askRedis, startRedis } from './redis-server.js';

test('data survive SIGKILL and a restart on the same port; nothing is left after a stop', async () => {
  const server = await startRedis({ appendonly: 'always' });
  const first = server.pid;
  const client = new Redis(server.url);
  client.on('error', () => undefined);
  await client.set('k', 'v');
  await server.kill('SIGKILL');
  expect(isAlive(first)).toBe(false);
  expect(server.pid).toBe(-1);
  await expect(server.kill('SIGKILL')).rejects.toThrow('does not run');
  await server.restart();
  expect(await client.get('k')).toBe('v');
  expect(server.pid).not.toBe(first);
  await server.restart();
  expect(await client.get('k')).toBe('v');
  client.disconnect();
  const { pid } = server;
  await server.stop();
  expect(isAlive(pid)).toBe(false);
  expect(existsSync(server.directory)).toBe(false);
  await expect(server.restart()).rejects.toThrow('stopped for good');
});

test('without an append-only file a restart forgets; a given folder stays', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'redis-test-'));
  const server = await startRedis({ directory, config: { maxmemory: '8mb', requirepass: 'secret' } });
  const client = new Redis(server.url, { password: 'secret' });
  client.on('error', () => undefined);
  await client.set('k', 'v');
  expect(await client.config('GET', 'maxmemory')).toEqual(['maxmemory', '8388608']);
  await server.restart();
  expect(await client.get('k')).toBeNull();
  client.disconnect();
  await server.stop();
  expect(existsSync(directory)).toBe(true);
  rmSync(directory, { recursive: true });
});

test('a suspended server answers nothing until it is resumed, and can be stopped', async () => {
  const server = await startRedis();
  const client = new Redis(server.url);
  await client.ping();
  server.suspend();
  const answer = client.ping();
  expect(await Promise.race([answer, sleep(150, 'silence')])).toBe('silence');
  server.resume();
  expect(await answer).toBe('PONG');
  client.disconnect();
  server.suspend();
  await server.stop();
  expect(existsSync(server.directory)).toBe(false);
});

test('a replica follows its primary', async () => {
  const primary = await startRedis();
  const replica = await startRedis({ replicaOf: primary.port });
  const client = new Redis(primary.url);
  const follower = new Redis(replica.url);
  await expect.poll(() => follower.info('replication'), { timeout: 20_000 }).toContain('master_link_status:up');
  await client.set('k', 'v');
  expect(await client.wait(1, 20_000)).toBe(1);
  expect(await follower.get('k')).toBe('v');
  client.disconnect();
  follower.disconnect();
  await Promise.all([replica.stop(), primary.stop()]);
});

test('a server that cannot start says why', async () => {
  await expect(startRedis({ config: { maxmemory: 'much' } })).rejects.toThrow('argument must be a memory value');
});

test('a cluster serves keys of all nodes, also after one of them was killed and restarted', async () => {
  const cluster = await startRedisCluster();
  const client = new Cluster([...cluster.urls]);
  client.on('error', () => undefined);
  const keys = Array.from({ length: 60 }, (_, number) => `key:${number}`);
  await Promise.all(keys.map((key) => client.set(key, key)));
  await cluster.nodes[1]?.kill('SIGKILL');
  await cluster.nodes[1]?.restart();
  await cluster.settled();
  const sizes = await Promise.all(cluster.nodes.map(({ port }) => askRedis(port, ['DBSIZE'])));
  for (const size of sizes) expect(size).toMatch(/^:[1-9]/);
  for (const key of keys) expect(await client.get(key)).toBe(key);
  client.disconnect();
  await cluster.stop();
});
