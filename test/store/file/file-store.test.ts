import fs from 'node:fs';
import { appendFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { StoredRecord } from '../../../src/store/contract.js';
import { type FileStore, type FileStoreOptions, openFileStore } from '../../../src/store/file/file-store.js';
import { encodeFrame } from '../../../src/store/file/frame.js';
import { freshNonce, get, keyOf, newFolder, opened, put } from './scratch.js';

let folder: string;

beforeEach(async () => {
  folder = await newFolder();
});

afterEach(() => {
  vi.restoreAllMocks();
});

const open = (options?: FileStoreOptions, directory: string = folder): Promise<FileStore> => opened(directory, options);

const logs = async (): Promise<string[]> => (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();

describe('reopening', () => {
  test('finds values, revisions, leases and index fields as they were', async () => {
    const store = await open();
    const value = 'line\nline \u0000 "quoted" \ud800 \u{1f344} ⏎MYC1 00000000';
    const lease = { owner: 'worker', fence: 7, ms: 60_000 };
    const index = JSON.parse('{"phase":"attempting","__proto__":"own"}') as Record<string, string>;
    const { records } = await store.transact(
      { expect: [{ key: keyOf('a'), revision: undefined }], write: [{ key: keyOf('a'), value, lease, index }] },
      freshNonce(),
    );
    await store.close();
    const again = await open();
    expect(await get(again, 'a')).toEqual(records[0]);
    expect(records[0]?.value).toBe(value);
    expect(Object.keys(records[0]?.index ?? {})).toEqual(['phase', '__proto__']);
  });

  test('keeps the clock from going back, whatever the machine says', async () => {
    let wall = 2_000_000;
    const store = await open({ clock: () => wall });
    const { now } = await put(store, 'a', 'first');
    await store.close();
    wall = 1_000;
    const again = await open({ clock: () => wall });
    expect((await put(again, 'b', 'second')).now).toBeGreaterThanOrEqual(now);
  });
});

describe('two stores on one folder', () => {
  test('only one wins each of many claims', async () => {
    const stores = [await open(), await open(), await open({ flush: 'synchronous' })];
    const ids = Array.from({ length: 100 }, (_, number) => `claim ${number}`);
    const results = await Promise.all(
      ids.map((id) => Promise.all(stores.map((store, number) => put(store, id, `by ${number}`)))),
    );
    const states = await Promise.all(
      [...stores, await open()].map((store) => Promise.all(ids.map((id) => get(store, id)))),
    );
    for (const [number, claims] of results.entries()) {
      const winners = claims.flatMap(({ ok }, at) => (ok ? [`by ${at}`] : []));
      expect(winners).toHaveLength(1);
      for (const state of states) expect(state[number]?.value).toBe(winners[0]);
      for (const { records } of claims) expect(records[0]?.value).toBe(winners[0]);
    }
  });

  test('a write of one wakes a watch of the other', async () => {
    const [one, other] = [await open(), await open()];
    const watching = other.watch(keyOf('a'), undefined, AbortSignal.timeout(10_000));
    await put(one, 'a', 'there');
    await watching;
    expect((await get(other, 'a'))?.value).toBe('there');
  });

  test('a read answers from memory while nobody writes, and sees what another store was told', async () => {
    const [one, other] = [await open(), await open()];
    let record: StoredRecord | undefined;
    for (let round = 0; round < 20; round++) {
      record = (await put(round % 2 === 0 ? one : other, 'a', `round ${round}`, record)).records[0];
      expect(await get(round % 2 === 0 ? other : one, 'a')).toEqual(record);
    }
  });
});

describe('compaction', () => {
  test('keeps every record as it was, under the next number, and removes the log before', async () => {
    const store = await open();
    let record: StoredRecord | undefined;
    for (let round = 0; round < 50; round++) record = (await put(store, 'a', 'x'.repeat(1000), record)).records[0];
    const claim = { owner: 'worker', fence: 1, ms: 60_000 };
    await store.transact(
      { expect: [{ key: keyOf('b'), revision: undefined }], write: [{ key: keyOf('b'), value: 'b', lease: claim }] },
      freshNonce(),
    );
    const before = await Promise.all([get(store, 'a'), get(store, 'b')]);
    await store.compact();
    expect(await logs()).toEqual(['00000002.log']);
    expect((await stat(join(folder, '00000002.log'))).size).toBeLessThan(2000);
    expect(await Promise.all([get(store, 'a'), get(store, 'b')])).toEqual(before);
    expect(await store.renew([{ key: keyOf('b'), ...claim }])).toEqual(['held']);
    expect((await put(store, 'a', 'after', before[0])).ok).toBe(true);
    await store.close();
    const again = await open();
    expect((await get(again, 'a'))?.value).toBe('after');
    expect((await get(again, 'b'))?.lease?.fence).toBe(1);
  });

  test('a resend that crosses a compaction is answered as the first sending', async () => {
    const store = await open();
    const transaction = {
      expect: [{ key: keyOf('a'), revision: undefined }],
      write: [{ key: keyOf('a'), value: 'a' }],
    };
    const first = await store.transact(transaction, 'once');
    await store.compact();
    expect(await store.transact(transaction, 'once')).toMatchObject({ ok: true, records: first.records });
    expect((await store.transact(transaction, 'twice')).ok).toBe(false);
  });

  test('loses and doubles nothing while several stores write and compact', async () => {
    const stores = [await open(), await open(), await open()];
    const writing = stores.map(async (store, number) => {
      const mine: StoredRecord[] = [];
      for (let round = 0; round < 60; round++) {
        const { ok, records } = await put(store, `${number} ${round}`, `value ${number} ${round}`);
        expect(ok).toBe(true);
        mine.push(records[0]!);
        if (round % 15 === 5 * number) await store.compact();
      }
      return mine;
    });
    const acknowledged = (await Promise.all(writing)).flat();
    const last = await open();
    for (const store of [...stores, last])
      for (const record of acknowledged) expect(await get(store, record.key.id)).toEqual(record);
    expect(last.skipped).toEqual([]);
    expect(await logs()).toHaveLength(1);
  });

  test('happens by itself once a log is large and mostly out of date', async () => {
    const store = await open({ compactAtBytes: 20_000 });
    let record: StoredRecord | undefined;
    for (let round = 0; round < 100; round++) record = (await put(store, 'a', 'x'.repeat(1000), record)).records[0];
    await expect.poll(async () => (await stat(join(folder, (await logs()).at(-1)!))).size).toBeLessThan(25_000);
    expect((await logs()).at(-1)! > '00000004.log').toBe(true);
    expect(await get(store, 'a')).toEqual(record);
  });

  test('a log that was sealed and not yet replaced is replaced by whoever comes next', async () => {
    const first = await open();
    await put(first, 'a', 'kept');
    const blocked = join(folder, '00000002.log');
    await mkdir(blocked);
    await expect(first.compact()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'no' } });
    await rm(blocked, { recursive: true });
    const second = await open();
    expect((await get(second, 'a'))?.value).toBe('kept');
    expect((await put(first, 'b', 'goes on')).ok).toBe(true);
    expect((await get(second, 'b'))?.value).toBe('goes on');
    expect(await readdir(folder)).toEqual(['00000002.log']);
  });
});

describe('what it costs', () => {
  test('one write and one flush for whatever is asked at once, and none for what is known', async () => {
    const store = await open();
    const [write, flush] = [vi.spyOn(fs, 'write'), vi.spyOn(fs, 'fdatasync')];
    const costs = (): number[] => {
      const counted = [write.mock.calls.length, flush.mock.calls.length];
      write.mockClear();
      flush.mockClear();
      return counted;
    };
    const { records } = await put(store, 'a', 'claimed');
    await put(store, 'a', 'completed', records[0]);
    expect(costs()).toEqual([2, 2]);
    await Promise.all(Array.from({ length: 64 }, (_, number) => put(store, `at once ${number}`, 'x')));
    expect(costs()).toEqual([1, 1]);
    await get(store, 'a');
    expect((await put(store, 'a', 'claimed again')).ok).toBe(false);
    await store.list({ kind: 'call', limit: 10 });
    expect(costs()).toEqual([0, 0]);
  });
});

describe('a store with a protection switched off', () => {
  test('without reading back, two stores win one claim', async () => {
    const options: FileStoreOptions = { protections: { readback: false } };
    const [one, other] = [await open(options), await open(options)];
    const results = await Promise.all([put(one, 'a', 'by one'), put(other, 'a', 'by other')]);
    expect(results.map(({ ok, records }) => [ok, records[0]?.value])).toEqual([
      [true, 'by one'],
      [true, 'by other'],
    ]);
  });

  test('without flushing, nothing is flushed', async () => {
    const store = await open({ protections: { flush: false } });
    const flush = vi.spyOn(fs, 'fdatasync');
    await put(store, 'a', 'a');
    expect(flush).not.toHaveBeenCalled();
  });
});

describe('opening', () => {
  test('creates folders that only this user can enter, and files that only this user can read', async () => {
    const deep = join(folder, 'one', 'two');
    await open({}, deep);
    expect((await stat(deep)).mode & 0o777).toBe(0o700);
    expect((await stat(join(deep, '00000001.log'))).mode & 0o777).toBe(0o600);
  });

  test('refuses another number of partitions, and takes that of the store when none is named', async () => {
    await open({ partitions: 4 });
    await expect(openFileStore(folder, { partitions: 5 })).rejects.toMatchObject({
      code: 'STORE_FORMAT',
      details: { found: 4, expected: 5 },
    });
    expect((await open()).partitions).toBe(4);
  });

  test.each([
    ['a negative limit', { compactAtBytes: -1 }],
    ['another kind of flush', { flush: 'never' as 'synchronous' }],
    ['no partitions', { partitions: 0 }],
  ])('refuses %s', async (_, options) => {
    await expect(openFileStore(folder, options)).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('says so when a file stands where the folder should be', async () => {
    const path = join(folder, 'file');
    await writeFile(path, '');
    await expect(openFileStore(path)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('A file stands'),
    });
    await expect(openFileStore(join(path, 'below'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('two that create a store at once get the same one', async () => {
    const stores = await Promise.all(Array.from({ length: 8 }, () => open()));
    await Promise.all(stores.map((store, number) => put(store, `${number}`, 'x')));
    for (const store of stores) expect((await store.list({ kind: 'call', limit: 100 })).records).toHaveLength(8);
    expect(await readdir(folder)).toEqual(['00000001.log']);
  });

  test('a newer format, and a newer kind of record, is refused as such', async () => {
    const file = join(folder, '00000001.log');
    await writeFile(file, encodeFrame(JSON.stringify(['open', 2, 'id', 16, 1, 0, 0])));
    await expect(openFileStore(folder)).rejects.toMatchObject({
      code: 'STORE_FORMAT',
      details: { field: 'format', found: 2 },
    });
    await writeFile(file, encodeFrame(JSON.stringify(['open', 1, 'id', 16, 1, 0, 0])));
    await appendFile(file, encodeFrame(JSON.stringify(['merge', ['writer', 1, 0, 0], 0])));
    await expect(openFileStore(folder)).rejects.toMatchObject({ code: 'STORE_FORMAT', details: { found: '"merge"' } });
  });
});

describe('listing', () => {
  test('goes on behind its cursor when records were added before and after it', async () => {
    const store = await open();
    for (const id of ['b', 'd', 'f']) await put(store, id, id);
    const page = await store.list({ kind: 'call', limit: 2 });
    for (const id of ['a', 'c', 'e', 'g']) await put(store, id, id);
    await store.compact();
    const rest = await store.list({ kind: 'call', limit: 10, after: page.next! });
    expect([...page.records, ...rest.records].map(({ value }) => value)).toEqual(['b', 'd', 'e', 'f', 'g']);
    await expect(store.list({ kind: 'task', limit: 2, after: page.next! })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
