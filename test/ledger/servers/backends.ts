import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import type { Store } from '../../../src/store/contract.js';
import { openPostgresStore } from '../../../src/store/postgres/postgres-store.js';
import { openRedisStore } from '../../../src/store/redis/redis-store.js';
import { startPostgres } from '../../services/postgres-server.js';
import type { Traffic } from '../../services/proxy.js';
import { startRedis } from '../../services/redis-server.js';
import type { ServerHandle } from '../../services/server-process.js';
import { postgresService, redisService } from '../../services/services.js';

/** A kind of server that a ledger can be kept on. */
export interface Backend {
  readonly name: 'redis' | 'postgres';
  /** The server that all tests share. */
  shared(): string;
  /** One of our own, whose acknowledged records survive its kill. */
  start(): Promise<ServerHandle>;
  /** Opens the store with this name there. */
  open(url: string, name: string): Promise<Store>;
  /** Removes that store. */
  remove(url: string, name: string): Promise<void>;
  /** How many times the server was asked for something, connecting aside. */
  asked(traffic: Traffic): number;
}

const HANDSHAKE = new Set(['HELLO', 'AUTH', 'SELECT', 'CLIENT', 'INFO', 'SUBSCRIBE', 'PING', 'QUIT', 'CONFIG']);
/** Follows an EVALSHA of a script that the server has forgotten: other tests make this one forget. */
const IN_FULL = 'EVAL';

/** Both, for `describe.each`. */
export const backends: readonly Backend[] = [
  {
    name: 'redis',
    shared: redisService,
    start: () => startRedis({ appendonly: 'always', config: { 'maxmemory-policy': 'noeviction' } }),
    open: (url, name) => openRedisStore(url, { prefix: name }),
    async remove(url, name) {
      const client = new Redis(url);
      const keys = await client.keys(`{${name}*`);
      if (keys.length > 0) await client.del(...keys);
      client.disconnect();
    },
    asked: ({ requests }) =>
      Object.entries(requests).reduce(
        (sum, [command, count]) => (HANDSHAKE.has(command) || command === IN_FULL ? sum : sum + count),
        0,
      ),
  },
  {
    name: 'postgres',
    shared: postgresService,
    start: () => startPostgres(),
    open: (url, name) => openPostgresStore(url, { schema: name }),
    async remove(url, name) {
      const sql = postgres(url, { onnotice: () => undefined });
      await sql.unsafe(`drop schema if exists "${name}" cascade`);
      await sql.end();
    },
    asked: ({ statements }) => statements.filter((text) => !/^\s*(listen|set|show)\b/i.test(text)).length,
  },
];

/** A name for a store of one test. */
export function storeName(): string {
  return `t_${randomUUID().slice(0, 13).replaceAll('-', '')}`;
}
