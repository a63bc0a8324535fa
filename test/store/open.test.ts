import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MyceliumError } from '../../src/errors/mycelium-error.js';
import type { Store } from '../../src/store/contract.js';
import { openFileStore } from '../../src/store/file/file-store.js';
import { type OpenStoreOptions, openStore } from '../../src/store/open.js';
import { postgresService, redisService } from '../services/services.js';

const key = { partition: 0, kind: 'call', id: 'one' };
const insert = (store: Store) =>
  store.transact({ expect: [{ key, revision: undefined }], write: [{ key, value: 'kept' }] }, 'n');

describe('openStore', () => {
  test.each(['memory:', 'memory://', 'MEMORY:'])('opens %s as a memory store, with its options', async (url) => {
    const store = await openStore(url, { partitions: 3, clock: () => 77 });
    expect([store.description, store.partitions, (await insert(store)).now]).toEqual(['memory', 3, 77]);
    await store.close();
  });

  test.each<[string, RegExp]>([
    ['', /no scheme/],
    ['./books', /no scheme.*[\s\S]*"file:" before it/],
    ['memory:here', /no address/],
    ['sqlite:./x.db', /"sqlite:" is not a kind of store[\s\S]*"memory:", "file:\.\/directory"/],
    ['mysql://user:secret@host/db', /"mysql:" is not a kind of store[\s\S]*"redis:\/\/host:6379\/0"/],
    ['constructor:', /"constructor:" is not a kind of store/],
    ['file:', /names no directory/],
    ['file:a%00b', /names no directory/],
    ['file://./books', /"\." stands where a file URL names a host[\s\S]*file:\.\/directory/],
    ['file://server/share', /"server" stands where/],
    ['file:./books?sync=no', /no "\?" or "#" part/],
    ['file:./books#1', /no "\?" or "#" part/],
    ['file:./100%', /cannot be decoded[\s\S]*%25/],
    ['file:///a%2Fb', /cannot be decoded/],
  ])('refuses %j with a remedy and without repeating secrets', async (url, message) => {
    const error = await openStore(url).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(MyceliumError);
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) });
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  const every = { partitions: 4, create: true };
  const remote = { profile: 'production', tls: true, timeoutMs: 100 };
  test.each<[string, OpenStoreOptions | Readonly<Record<string, unknown>>, string]>([
    ['memory:', { ...every, profile: 'production' }, 'profile'],
    ['memory:', { tls: true }, 'tls'],
    ['memory:', { prefix: 'a' }, 'prefix'],
    ['file:./nowhere', { ...every, prefix: 'a' }, 'prefix'],
    ['file:./nowhere', { timeoutMs: 5 }, 'timeoutMs'],
    ['file:./nowhere', { durability: { replicas: 1 } }, 'durability'],
    ['file:./nowhere', { schema: 'a' }, 'schema'],
    ['redis://u:secret@h', { ...every, ...remote, clock: Date.now }, 'clock'],
    ['redis://u:secret@h', { ...every, ...remote, schema: 'a' }, 'schema'],
    ['rediss://u:secret@h', { ...every, ...remote, connections: 2 }, 'connections'],
    ['postgres://u:secret@h/d', { ...every, ...remote, clock: Date.now }, 'clock'],
    ['postgres://u:secret@h/d', { ...every, ...remote, prefix: 'a' }, 'prefix'],
    ['redis://u:secret@h', { ...every, ...remote, pooled: true }, 'pooled'],
    ['postgresql://u:secret@h/d', { ...every, ...remote, durability: { replicas: 1 } }, 'durability'],
    ['memory:', { partition: 4 }, 'partition'],
    ['redis://u:secret@h', { toString: 1 }, 'toString'],
  ])('%s is not told %j without a word', async (url, options, name) => {
    const error = await openStore(url, options as OpenStoreOptions).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'USAGE', details: { place: `openStore(url, { ${name} })` } });
    expect(inspect(error)).not.toContain('secret');
  });

  test('what is undefined is not said', async () => {
    const options = { prefix: undefined, schema: undefined } as unknown as OpenStoreOptions;
    await (await openStore('memory:', options)).close();
  });

  test('looks without creating', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'look-'));
    try {
      const url = `${pathToFileURL(folder).href}/records`;
      const missing = openStore(url, { create: false });
      await expect(missing).rejects.toMatchObject({
        code: 'STORE_NOT_FOUND',
        message: expect.stringContaining(folder),
      });
      expect(await readdir(folder)).toEqual([]);
      // A folder without a log is no store either, and does not become one.
      await expect(openStore(pathToFileURL(folder).href, { create: false })).rejects.toMatchObject({
        code: 'STORE_NOT_FOUND',
      });
      expect(await readdir(folder)).toEqual([]);
      await insert(await openStore(url));
      const found = await openStore(url, { create: false });
      expect((await found.list({ kind: 'call', limit: 1 })).records).toHaveLength(1);
    } finally {
      await rm(folder, { recursive: true });
    }
    await expect(openStore('memory:', { create: false })).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' });
  });

  test('loads the code of a store only when one is opened', async () => {
    const source = await readFile(new URL('../../src/store/open.ts', import.meta.url), 'utf8');
    const loaded = [...source.matchAll(/^import (?!type)[^;]* from '([^']+)';/gm)].map(([, from]) => from);
    expect(loaded).toEqual(['../errors/store.js', '../errors/usage.js']);
  });
});

/** Every text that an error carries, wherever. */
function told(error: unknown): string {
  return [
    inspect(error, { depth: 10, showHidden: true }),
    String((error as Error).stack),
    JSON.stringify(error),
  ].join();
}

describe('openStore on servers', () => {
  test.each([
    'redis://ada:hunter2@h:port',
    'redis://ada:hunter2@h:99999',
    'redis://ada:hunter2@h:0',
    'redis://ada:hun:ter2hunter2@h:6379:1',
    'redis://ada:hunter2@x@h/cache',
    'redis://ada:hunter2/x@h',
    'redis://ada:hunter2?x@h',
    'redis://ada:hunter2#x@h',
    'redis://ada:hunter2%zz@h',
    'redis://:hunter2%@h',
    'redis://h?password=hunter2',
    'redis://h?hunter2',
    'redis://h/hunter2',
    'redis://h/0?cluster=hunter2',
    'redis://ada:hunter2@a,b',
    'redis:ada:hunter2@h',
    'redis:/hunter2@h',
    'rediss://ada:hunter2@h/-1',
    'redis://ada:hunter2@h/3?cluster=true',
    'postgres://ada:hunter2@h:port/d',
    'postgres://ada:hunter2@h:99999/d',
    'postgresql://ada:hun:ter2hunter2@h:5432:1/d',
    'postgres://ada:hunter2/x@h/d',
    'postgres://ada:hunter2#x@h/d',
    'postgres://ada:hunter2%zz@h/d',
    'postgres://h/d%?x',
    'postgres://h/d?password=hunter2',
    'postgres://h/d?hunter2',
    'postgres://h/d?sslmode=hunter2',
    'postgres://h/d?pooled=hunter2',
    'postgres://ada:hunter2@a,b/d',
    'postgres:ada:hunter2@h/d',
  ])('%s is refused before anything is connected to, and nothing of it is told', async (url) => {
    const error = await openStore(url, { timeoutMs: 500 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'USAGE', retryable: 'never' });
    expect(told(error)).not.toContain('hunter2');
    expect(told(error)).not.toContain('ada');
  });

  test.each(['redis://ada:hunter2@127.0.0.1:1/3', 'postgres://ada:hunter2@127.0.0.1:1/3'])(
    '%s is not there, and named without its password',
    async (url) => {
      const error = await openStore(url, { timeoutMs: 500 }).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringContaining('127.0.0.1:1/3') });
      expect(told(error)).not.toContain('hunter2');
    },
  );

  test.each([
    ['redis', () => redisService()],
    ['postgres', () => postgresService()],
  ])('%s: credentials that the server refuses are not told', async (_, service) => {
    const url = new URL(service());
    Object.assign(url, { username: 'nobody_at_all', password: 'hunter2' });
    const error = await openStore(url.href, { timeoutMs: 5_000 }).catch((thrown: unknown) => thrown);
    // A server that asks for no password lets everybody in, or says that it has none.
    if (error instanceof Error) expect(told(error)).not.toContain('hunter2');
    else await (error as Store).close();
  });

  test('a Redis: the URL and the options go to the store', async () => {
    const prefix = `open-${randomBytes(6).toString('hex')}`;
    const url = redisService();
    await expect(openStore(url, { prefix, create: false })).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' });
    const store = await openStore(url, { prefix, partitions: 3, timeoutMs: 20_000, profile: 'production' });
    try {
      expect(store).toMatchObject({ partitions: 3, remote: true, durability: 'configured' });
      expect(store.description).toBe(`redis ${new URL(url).host}/0, prefix ${prefix}`);
      expect((await insert(store)).ok).toBe(true);
      const same = await openStore(`${url}?prefix=${prefix}`, { create: false, timeoutMs: 20_000 });
      expect((await same.transact({ expect: [], write: [], read: [key] }, 'm')).records[0]?.value).toBe('kept');
      await same.close();
    } finally {
      await store.close();
      await removeKeys(url, prefix);
    }
  });

  test('a Postgres: the URL and the options go to the store', async () => {
    const schema = `open_${randomBytes(6).toString('hex')}`;
    const url = postgresService();
    await expect(openStore(url, { schema, create: false })).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' });
    const options: OpenStoreOptions = { connections: 2, timeoutMs: 20_000, profile: 'production', pooled: true };
    const store = await openStore(url, { schema, partitions: 3, ...options });
    try {
      expect(store).toMatchObject({ partitions: 3, remote: true });
      expect(store.description).toMatch(new RegExp(`^postgres ${new URL(url).host}/\\w+, schema ${schema}$`));
      expect((await insert(store)).ok).toBe(true);
      const same = await openStore(`${url}?schema=${schema}`, { create: false, timeoutMs: 20_000 });
      expect((await same.transact({ expect: [], write: [], read: [key] }, 'm')).records[0]?.value).toBe('kept');
      await same.close();
    } finally {
      await store.close();
      const sql = postgres(url, { max: 1, onnotice: () => undefined });
      await sql.unsafe(`DROP SCHEMA ${schema} CASCADE`);
      await sql.end();
    }
  });
});

async function removeKeys(url: string, prefix: string): Promise<void> {
  const { Redis } = await import('ioredis');
  const client = new Redis(url);
  const keys = await client.keys(`{${prefix}*`);
  if (keys.length > 0) await client.del(...keys);
  await client.quit();
}

describe('openStore on files', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'open store #'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const escaped = (path: string): string => path.replaceAll('%', '%25').replaceAll('#', '%23');
  test.each<[string, (path: string) => string]>([
    ['an absolute URL', (path) => pathToFileURL(path).href],
    ['an absolute URL with localhost', (path) => pathToFileURL(path).href.replace('file://', 'file://localhost')],
    ['an absolute path', (path) => `file:${escaped(path)}`],
    ['a relative path', (path) => `file:${escaped(relative(process.cwd(), path))}`],
    ['a relative path with a dot', (path) => `file:./${escaped(relative(process.cwd(), path))}`],
  ])('opens %s', async (_, urlOf) => {
    const path = join(directory, 'a folder', '100% #1');
    const store = await openStore(urlOf(path));
    expect((await insert(store)).ok).toBe(true);
    await store.close();
    expect(await readdir(join(directory, 'a folder'))).toEqual(['100% #1']);
    const again = await openFileStore(path);
    expect((await again.transact({ expect: [], write: [], read: [key] }, 'm')).records[0]?.value).toBe('kept');
    await again.close();
  });

  test('passes the number of partitions on', async () => {
    const store = await openStore(pathToFileURL(directory).href, { partitions: 4 });
    expect(store.partitions).toBe(4);
    await store.close();
  });
});
