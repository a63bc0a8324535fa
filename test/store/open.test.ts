import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MyceliumError } from '../../src/errors/mycelium-error.js';
import type { Store } from '../../src/store/contract.js';
import { openFileStore } from '../../src/store/file/file-store.js';
import { openStore } from '../../src/store/open.js';

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
    ['redis://user:secret@host:6379', /"redis:" stores are not in this version yet/],
    ['rediss://host', /not in this version yet/],
    ['postgres://user:secret@host/db', /"postgres:" stores are not in this version yet/],
    ['postgresql://host/db', /not in this version yet/],
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
