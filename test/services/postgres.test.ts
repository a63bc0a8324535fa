import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPgBouncer } from './pgbouncer.js';
import { type PostgresServer, startPostgres } from './postgres-server.js';
import { childrenOf, isAlive } from './processes.js';

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '30' } });
});

afterAll(() => server.stop());

async function withClient<T>(url: string, use: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

test('it runs with the settings asked for, and waits for the disk', () =>
  withClient(server.url, async (sql) => {
    const [row] = await sql`select current_setting('max_connections') as connections, current_setting('fsync') as fsync,
      current_setting('synchronous_commit') as commit`;
    expect(row).toEqual({ connections: '30', fsync: 'on', commit: 'on' });
  }));

test('SIGKILL ends all of its processes; a restart on the same port finds what was committed', async () => {
  await withClient(server.url, async (sql) => {
    await sql`create table kept (id int)`;
    await sql`insert into kept values (1)`;
    const sleeping = sql`select pg_sleep(60)`.execute();
    const ended = expect(sleeping).rejects.toThrow();
    await sleep(50);
    const family = [server.pid, ...childrenOf(server.pid)];
    expect(family.length).toBeGreaterThan(4);
    await server.kill('SIGKILL');
    expect(family.filter(isAlive)).toEqual([]);
    await ended;
  });
  await server.restart();
  expect(await withClient(server.url, (sql) => sql`select id from kept`)).toEqual([{ id: 1 }]);
});

test('suspended, not even an open connection is answered', () =>
  withClient(server.url, async (sql) => {
    await sql`select 1`;
    server.suspend();
    const answer = sql`select 2 as two`.execute();
    expect(await Promise.race([answer, sleep(150, 'silence')])).toBe('silence');
    server.resume();
    expect(await answer).toEqual([{ two: 2 }]);
  }));

test('PgBouncer answers, one connection to the server for many clients', async () => {
  const bouncer = await startPgBouncer(server.url, { poolSize: 1 });
  const backends = await Promise.all(
    [1, 2, 3].map(() => withClient(bouncer.url, (sql) => sql`select pg_backend_pid() as pid`.simple())),
  );
  expect(new Set(backends.map(([row]) => row?.['pid'])).size).toBe(1);
  await bouncer.kill('SIGKILL');
  await bouncer.restart();
  expect(await withClient(bouncer.url, (sql) => sql`select 1 as one`.simple())).toEqual([{ one: 1 }]);
  await bouncer.stop();
  expect(existsSync(bouncer.directory)).toBe(false);
});

test('nothing is left of a killed server: no folder, no shared memory', async () => {
  const doomed = await startPostgres();
  const { pid } = doomed;
  expect(sharedMemoryOf(pid)).toBeGreaterThan(0);
  await doomed.kill('SIGKILL');
  await doomed.stop();
  expect(existsSync(doomed.directory)).toBe(false);
  expect(sharedMemoryOf(pid)).toBe(0);
});

test('a server that cannot start says why', async () => {
  await expect(startPostgres({ settings: { max_connections: 'many' } })).rejects.toThrow('max_connections');
});

/** How many segments of shared memory a process made. */
function sharedMemoryOf(pid: number): number {
  const lines = readFileSync('/proc/sysvipc/shm', 'utf8').trim().split('\n');
  const column = lines[0]?.trim().split(/\s+/).indexOf('cpid') ?? -1;
  return lines.slice(1).filter((line) => Number(line.trim().split(/\s+/)[column]) === pid).length;
}
