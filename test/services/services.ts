/**
 * The servers that tests share. `vitest` starts a real Redis and a real PostgreSQL for the run, or uses what
 * MYCELIUM_TEST_REDIS_URL and MYCELIUM_TEST_POSTGRES_URL name: servers of somebody else, used as they are and never
 * stopped. So a test keeps to a key prefix or a schema of its own, removes it, and changes no settings of the server.
 * A test that kills a server or configures it starts one of its own (`startRedis`, `startPostgres`).
 */
import { startPostgres } from './postgres-server.js';
import { startRedis } from './redis-server.js';
import type { ServerHandle } from './server-process.js';

const services = {
  redis: {
    variable: 'MYCELIUM_TEST_REDIS_URL',
    start: () => startRedis({ appendonly: 'everysec', config: { 'maxmemory-policy': 'noeviction' } }),
  },
  postgres: { variable: 'MYCELIUM_TEST_POSTGRES_URL', start: () => startPostgres() },
} as const satisfies Record<string, { variable: string; start(): Promise<ServerHandle> }>;

type Service = keyof typeof services;

/** Where the reason stands why a server did not start; every test that asks for it fails with that. */
const problemOf = (service: Service): string => `${services[service].variable}_PROBLEM`;

/**
 * The URL of the Redis server that this run shares: append-only file, flushed every second.
 * @throws Error when there is none, with what to do
 */
export function redisService(): string {
  return urlOf('redis');
}

/**
 * The URL of the PostgreSQL server that this run shares: settings of the box, `fsync` and `synchronous_commit` on.
 * @throws Error when there is none, with what to do
 */
export function postgresService(): string {
  return urlOf('postgres');
}

function urlOf(service: Service): string {
  const { variable } = services[service];
  const url = process.env[variable];
  if (url) return url;
  throw new Error(process.env[problemOf(service)] ?? `${variable} is not set: run this with vitest, or set it.`);
}

/**
 * Starts what the environment does not name, and names it there, for the processes that are started from here.
 * @returns what stops them
 */
export async function startServices(): Promise<() => Promise<void>> {
  const started = await Promise.all((Object.keys(services) as Service[]).map(startService));
  return async () => {
    await Promise.all(started.map((stop) => stop()));
  };
}

async function startService(service: Service): Promise<() => Promise<void>> {
  const { variable, start } = services[service];
  if (process.env[variable]) return () => Promise.resolve();
  const problem = problemOf(service);
  try {
    const server = await start();
    process.env[variable] = server.url;
    delete process.env[problem];
    return async () => {
      delete process.env[variable];
      await server.stop();
    };
  } catch (error) {
    process.env[problem] = `${error instanceof Error ? error.message : error}\n(or set ${variable})`;
    return () => Promise.resolve();
  }
}
