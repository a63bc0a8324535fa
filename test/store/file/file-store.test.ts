import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import fs from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RecordKey, Store, StoredRecord, TransactionResult } from '../../../src/store/contract.js';
import { type FileStore, type FileStoreOptions, openFileStore } from '../../../src/store/file/file-store.js';
import { encodeFrame } from '../../../src/store/file/frame.js';
import {
  type ConformanceCase,
  runConformanceCase,
  type StoreFactory,
  storeConformance,
} from '../../../src/testing/conformance.js';
import { manualClock } from '../../../src/testing/manual-clock.js';

let folder: string;
let opened: Store[] = [];
let nonces = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mycelium-file-'));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(opened.map((store) => store.close()));
  opened = [];
  await rm(folder, { recursive: true, force: true });
});

async function open(options?: FileStoreOptions, directory = folder): Promise<FileStore> {
  const store = await openFileStore(directory, options);
  opened.push(store);
  return store;
}

const key = (id: string, kind = 'call'): RecordKey => ({ partition: 0, kind, id });
const nonce = (): string => `nonce${++nonces}`;

function put(store: Store, id: string, value: string, before?: StoredRecord): Promise<TransactionResult> {
  return store.transact(
    { expect: [{ key: key(id), revision: before?.revision }], write: [{ key: key(id), value }] },
    nonce(),
  );
}

async function get(store: Store, id: string): Promise<StoredRecord | undefined> {
  return (await store.transact({ expect: [], write: [], read: [key(id)] }, nonce())).records[0];
}

const logs = async (): Promise<string[]> => (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();

describe('reopening', () => {
  test('finds values, revisions, leases and index fields as they were', async () => {
    const store = await open();
    const value = 'line\nline \u0000 "quoted" \ud800 \u{1f344} ⏎MYC1 00000000';
    const lease = { owner: 'worker', fence: 7, ms: 60_000 };
    const index = JSON.parse('{"phase":"attempting","__proto__":"own"}') as Record<string, string>;
    const { records } = await store.transact(
      { expect: [{ key: key('a'), revision: undefined }], write: [{ key: key('a'), value, lease, index }] },
      nonce(),
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
    const watching = other.watch(key('a'), undefined, AbortSignal.timeout(10_000));
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
      { expect: [{ key: key('b'), revision: undefined }], write: [{ key: key('b'), value: 'b', lease: claim }] },
      nonce(),
    );
    const before = await Promise.all([get(store, 'a'), get(store, 'b')]);
    await store.compact();
    expect(await logs()).toEqual(['00000002.log']);
    expect((await stat(join(folder, '00000002.log'))).size).toBeLessThan(2000);
    expect(await Promise.all([get(store, 'a'), get(store, 'b')])).toEqual(before);
    expect(await store.renew([{ key: key('b'), ...claim }])).toEqual(['held']);
    expect((await put(store, 'a', 'after', before[0])).ok).toBe(true);
    await store.close();
    const again = await open();
    expect((await get(again, 'a'))?.value).toBe('after');
    expect((await get(again, 'b'))?.lease?.fence).toBe(1);
  });

  test('a resend that crosses a compaction is answered as the first sending', async () => {
    const store = await open();
    const transaction = { expect: [{ key: key('a'), revision: undefined }], write: [{ key: key('a'), value: 'a' }] };
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

  test('a log that was sealed by a process that ended there is gone on from by the next one', async () => {
    const store = await open();
    await put(store, 'a', 'kept');
    await store.compact();
    await store.close();
    // As after a crash between the seal and its successor: the folder of before, with the sealed log.
    const ended = await mkdtemp(join(tmpdir(), 'mycelium-sealed-'));
    try {
      const first = await open({}, ended);
      await put(first, 'a', 'kept');
      const blocked = join(ended, '00000002.log');
      await mkdir(blocked);
      await expect(first.compact()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'no' } });
      await rm(blocked, { recursive: true });
      const second = await open({}, ended);
      expect((await get(second, 'a'))?.value).toBe('kept');
      expect((await put(first, 'b', 'goes on')).ok).toBe(true);
      expect((await get(second, 'b'))?.value).toBe('goes on');
      expect((await readdir(ended)).filter((name) => name !== '00000002.log')).toEqual([]);
    } finally {
      await rm(ended, { recursive: true, force: true });
    }
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
    subscribe('mycelium:store', listen);
    try {
      await appendFile(file, frame.subarray(0, frame.length - 20));
      const again = await open();
      expect(again.skipped).toEqual([]);
      expect((await get(again, 'a'))?.value).toBe('whole');
      await put(again, 'b', 'behind it');
      const region = { file, offset: size, bytes: frame.length - 20 };
      expect(again.skipped).toEqual([region]);
      expect(events).toEqual([{ store: `file ${folder}`, event: 'debris-skipped', ...region }]);
      await again.close();
      const third = await open();
      expect(third.skipped).toEqual([region]);
      expect((await get(third, 'b'))?.value).toBe('behind it');
    } finally {
      unsubscribe('mycelium:store', listen);
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

/** Every client reads the folder for itself, as another process would. */
const factory =
  (options: FileStoreOptions, clock?: ReturnType<typeof manualClock>): StoreFactory =>
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'mycelium-conformance-'));
    const again = (): Promise<FileStore> => openFileStore(directory, options);
    return {
      store: await again(),
      second: again,
      reopen: again,
      dispose: () => rm(directory, { recursive: true, force: true }),
      ...(clock === undefined ? {} : { advance: (milliseconds: number) => clock.advance(milliseconds) }),
    };
  };

const clock = manualClock();

describe.each([
  ['compacts all the time', factory({ compactAtBytes: 0 })],
  ['flushes synchronously', factory({ flush: 'synchronous' })],
  ['is on a clock of its own', factory({ clock: clock.now }, clock)],
])('conformance of a store that %s', (_, stores) => {
  test.each(storeConformance)('$name', { timeout: 60_000 }, async (one: ConformanceCase) => {
    expect(await runConformanceCase(one, stores)).toBe('passed');
  });
});
