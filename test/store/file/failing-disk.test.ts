import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import fs from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FileStore, type FileStoreOptions, openFileStore } from '../../../src/store/file/file-store.js';
import { get, newFolder, opened, put } from './scratch.js';

let folder: string;

beforeEach(async () => {
  folder = await newFolder();
});

afterEach(() => {
  vi.restoreAllMocks();
});

const open = (options?: FileStoreOptions, directory: string = folder): Promise<FileStore> => opened(directory, options);

const logs = async (): Promise<string[]> => (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();

/** Lets the next calls of fs.write take so many bytes each, or fail with a code; then all works again. */
function nextWrites(...plan: (number | string)[]): void {
  const real = fs.write;
  const write = vi.spyOn(fs, 'write');
  for (const one of plan) {
    write.mockImplementationOnce(((
      descriptor: number,
      bytes: Buffer,
      _from: number,
      _length: number,
      _at: null,
      done: (error: Error | null, count: number) => void,
    ) => {
      if (typeof one === 'string') setImmediate(done, diskError(one), 0);
      else (real as (...all: unknown[]) => void)(descriptor, bytes, 0, one, null, done);
    }) as never);
  }
}

const diskError = (code: string): Error => Object.assign(new Error(`${code}: of this test`), { code });

function nextFlushFails(): void {
  vi.spyOn(fs, 'fdatasync').mockImplementationOnce(
    (_, done) => void setImmediate(done, diskError('EIO') as NodeJS.ErrnoException),
  );
}

describe('a disk that fails', () => {
  test('a short write is completed, and what it tore is skipped', async () => {
    const store = await open();
    await put(store, 'a', 'a');
    nextWrites(300);
    const results = await Promise.all(['b', 'c', 'd', 'e'].map((id) => put(store, id, `value of ${id}`)));
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true, true]);
    expect(store.skipped).toHaveLength(1);
    const again = await open();
    expect(again.skipped).toEqual(store.skipped);
    for (const [at, id] of ['b', 'c', 'd', 'e'].entries())
      expect(await get(again, id)).toEqual(results[at]?.records[0]);
  });

  test('a full disk refuses what did not land, answers what did, and goes on when there is room', async () => {
    const store = await open();
    nextWrites(200, 10, 'ENOSPC');
    const results = await Promise.allSettled(['b', 'c', 'd', 'e'].map((id) => put(store, id, `value of ${id}`)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
    for (const result of results.slice(1)) {
      expect(result).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE', details: { applied: 'no' } } });
    }
    expect((await put(store, 'c', 'second try')).ok).toBe(true);
    const again = await open();
    expect((await get(again, 'b'))?.value).toBe('value of b');
    expect((await get(again, 'c'))?.value).toBe('second try');
    expect(await get(again, 'd')).toBeUndefined();
    expect((await put(again, 'd', 'from another store')).ok).toBe(true);
    expect((await get(store, 'd'))?.value).toBe('from another store');
  });

  test('after a failed flush the log is left for a copy, and what was pending is answered there', async () => {
    const [store, other] = [await open(), await open()];
    await put(store, 'a', 'a');
    nextFlushFails();
    const results = await Promise.all([put(store, 'b', 'b'), put(store, 'b', 'too late'), put(store, 'c', 'c')]);
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(await logs()).toEqual(['00000002.log']);
    for (const one of [store, other, await open()]) {
      expect(await Promise.all(['a', 'b', 'c'].map(async (id) => (await get(one, id))?.value))).toEqual([
        'a',
        'b',
        'c',
      ]);
    }
    expect((await put(other, 'd', 'd')).ok).toBe(true);
    expect((await get(store, 'd'))?.value).toBe('d');
  });

  test('a store that can neither flush nor copy answers nothing more until it is opened again', async () => {
    const store = await open();
    await put(store, 'a', 'a');
    await mkdir(join(folder, '00000002.log'));
    nextFlushFails();
    const pending = put(store, 'b', 'b');
    await expect(pending).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'unknown' } });
    await rm(join(folder, '00000002.log'), { recursive: true });
    for (const call of [
      () => put(store, 'c', 'c'),
      () => get(store, 'a'),
      () => store.list({ kind: 'call', limit: 1 }),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining('opened again'),
      });
    }
    await store.close();
    const again = await open();
    expect((await get(again, 'a'))?.value).toBe('a');
    expect((await put(again, 'c', 'c')).ok).toBe(true);
  });

  test('a log that cannot be flushed when it is opened is left for a copy', async () => {
    const store = await open();
    await put(store, 'a', 'a');
    nextFlushFails();
    const again = await open();
    expect(await logs()).toEqual(['00000002.log']);
    expect((await get(again, 'a'))?.value).toBe('a');
    expect((await put(store, 'b', 'b')).ok).toBe(true);
    expect((await get(again, 'b'))?.value).toBe('b');
  });

  test('what neither landed nor was flushed is logged again behind the copy', async () => {
    const store = await open();
    await put(store, 'a', 'a');
    nextWrites(200, 'EIO');
    nextFlushFails();
    const results = await Promise.all(['b', 'c', 'd'].map((id) => put(store, id, `value of ${id}`)));
    expect(results.map(({ ok, records }) => [ok, records[0]?.value])).toEqual([
      [true, 'value of b'],
      [true, 'value of c'],
      [true, 'value of d'],
    ]);
    const again = await open();
    for (const { records } of results) expect(await get(again, records[0]!.key.id)).toEqual(records[0]);
  });

  test('a flush that fails while reading what another store wrote is not taken for one that did not', async () => {
    const [store, other] = [await open(), await open()];
    await put(other, 'a', 'a');
    nextFlushFails();
    expect((await get(store, 'a'))?.value).toBe('a');
    expect(await logs()).toEqual(['00000002.log']);
  });
});

describe('what a crash leaves behind', () => {
  test('a torn write is skipped once something follows it, listed, and published', async () => {
    const store = await open();
    await put(store, 'a', 'whole');
    await store.close();
    const file = join(folder, '00000001.log');
    const { size } = await stat(file);
    const whole = await readFile(file);
    const frame = whole.subarray(whole.lastIndexOf('\nMYC1 '));
    const events: unknown[] = [];
    const listen = (event: unknown): void => void events.push(event);
    subscribe('mycelium:debris-skipped', listen);
    try {
      await appendFile(file, frame.subarray(0, frame.length - 20));
      const again = await open();
      expect(again.skipped).toEqual([]);
      expect((await get(again, 'a'))?.value).toBe('whole');
      await put(again, 'b', 'behind it');
      const region = { file, offset: size, bytes: frame.length - 20 };
      expect(again.skipped).toEqual([region]);
      expect(events).toEqual([{ store: `file ${folder}`, ...region }]);
      await again.close();
      const third = await open();
      expect(third.skipped).toEqual([region]);
      expect((await get(third, 'b'))?.value).toBe('behind it');
    } finally {
      unsubscribe('mycelium:debris-skipped', listen);
    }
  });

  test('a doubled block, a missing one and a flipped byte are damage, named by file, record and byte', async () => {
    const store = await open();
    for (const id of ['a', 'b', 'c']) await put(store, id, id);
    await store.close();
    const file = join(folder, '00000001.log');
    const whole = await readFile(file);
    const second = whole.indexOf('\nMYC1 ', whole.indexOf('\nMYC1 ', 1) + 1);
    const third = whole.indexOf('\nMYC1 ', second + 1);
    const flipped = Buffer.from(whole);
    flipped[third - 10]! ^= 1;
    const changed = {
      doubled: Buffer.concat([whole.subarray(0, third), whole.subarray(second)]),
      missing: Buffer.concat([whole.subarray(0, second), whole.subarray(third)]),
      flipped,
      empty: Buffer.alloc(0),
    };
    for (const bytes of Object.values(changed)) {
      await writeFile(file, bytes);
      await expect(openFileStore(folder)).rejects.toMatchObject({
        code: 'STORE_DAMAGED',
        details: { file, record: expect.any(Number), offset: expect.any(Number) },
      });
    }
  });

  test('a log that becomes shorter while it is open stops the store', async () => {
    const store = await open();
    const { records } = await put(store, 'a', 'a');
    await put(store, 'b', 'b');
    await truncate(join(folder, '00000001.log'), 200);
    await expect(get(store, 'a')).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
    await expect(put(store, 'a', 'again', records[0])).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
  });

  test('a folder that is removed while it is open stops the store', async () => {
    const store = await open();
    await put(store, 'a', 'a');
    await rm(folder, { recursive: true });
    await expect(put(store, 'b', 'b')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(get(store, 'a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
