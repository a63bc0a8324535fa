import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StoredRecord } from '../../../src/store/contract.js';
import { openFileStore } from '../../../src/store/file/file-store.js';
import { encodeFrame } from '../../../src/store/file/frame.js';
import { flipBytes } from './byte-flips.js';
import { crashedLog, judge, plainLog, type SampleLog, sameRecords } from './sample-logs.js';
import { fastRoot, get, newFolder, opened, put, seeded } from './scratch.js';

/** The second one makes a line break of a tab, which ends a record. */
const MASKS = [0x01, 0x03, 0x20, 0x80, 0xff];

async function placeFor(log: SampleLog): Promise<string> {
  return join(await newFolder(fastRoot), log.name);
}

/** The records of a log of which only the frames before this byte are there. */
async function recordsBefore(log: SampleLog, end: number): Promise<ReadonlyMap<string, StoredRecord>> {
  const verdict = await judge(openFileStore, await placeFor(log), log.bytes.subarray(0, end), false);
  if (!verdict.opened) throw new Error(String(verdict.error));
  return verdict.records;
}

async function damaged(log: SampleLog, bytes: Buffer): Promise<void> {
  const file = await placeFor(log);
  const verdict = await judge(openFileStore, file, bytes);
  expect(verdict).toMatchObject({
    opened: false,
    error: { code: 'STORE_DAMAGED', details: { file, record: expect.any(Number), offset: expect.any(Number) } },
  });
}

describe('a flipped byte stops the store or changes nothing', () => {
  test.each([
    ['a log with all kinds of records', plainLog],
    ['a log with the debris of two crashes in it', crashedLog],
  ])('in %s, wherever it is', { timeout: 120_000 }, async (_, make) => {
    const log = await make();
    const { stopped, harmless, problems } = await flipBytes(openFileStore, await placeFor(log), log, MASKS);
    expect(problems).toEqual([]);
    expect(stopped).toBeGreaterThan(2000);
    // Of the bytes around and between the parts of a frame, which carry nothing.
    expect(harmless.size).toBeLessThanOrEqual(3);
  });

  test('whatever it becomes, in the last acknowledged record', { timeout: 60_000 }, async () => {
    const log = await plainLog();
    const file = await placeFor(log);
    const begin = log.frames.at(-2)!;
    const all = Array.from({ length: 255 }, (_, mask) => mask + 1);
    // Its header and the end of its payload, byte by byte.
    for (const at of [
      0,
      1,
      2,
      5,
      6,
      13,
      14,
      15,
      23,
      24,
      31,
      32,
      33,
      log.bytes.length - begin - 2,
      log.bytes.length - begin - 1,
    ]) {
      for (const mask of all) {
        const bytes = Buffer.from(log.bytes);
        bytes[begin + at]! ^= mask;
        const verdict = await judge(openFileStore, file, bytes, false);
        const fine = verdict.opened
          ? sameRecords(log.records, verdict.records)
          : verdict.error.code === 'STORE_DAMAGED';
        if (!fine) expect.fail(`byte ${at} of the last record with ${mask}`);
      }
    }
  });
});

describe('a log that was cut', () => {
  test('opens with what stands before the cut, at every byte of its last three records', {
    timeout: 60_000,
  }, async () => {
    // A cut end is lost tail data, and looks the same as a write that a crash stopped before anybody was told
    // of it. Refusing it would refuse every log after a crash; so only what stands before it can be asked for.
    const log = await plainLog();
    const file = await placeFor(log);
    let tried = 0;
    for (const [position, begin] of log.frames.slice(-4, -1).entries()) {
      const end = log.frames.at(position - 3)!;
      const wanted = await recordsBefore(log, begin);
      for (let cut = begin; cut < end; cut++) {
        const verdict = await judge(openFileStore, file, log.bytes.subarray(0, cut));
        if (!verdict.opened) expect.fail(`cut at ${cut - begin} of ${end - begin}: ${String(verdict.error)}`);
        if (!verdict.goesOn || !sameRecords(wanted, verdict.records))
          expect.fail(`cut at ${cut - begin} of ${end - begin}`);
        tried++;
      }
    }
    expect(tried).toBeGreaterThan(300);
  });

  test('is damaged where it was cut inside what it had when it got its name', async () => {
    const log = await plainLog();
    for (let cut = 0; cut < log.frames[2]!; cut++) {
      // Between the opening record and the ones handed down as well: the first says how many follow.
      const verdict = await judge(openFileStore, await placeFor(log), log.bytes.subarray(0, cut));
      if (verdict.opened) expect.fail(`cut at ${cut}`);
      if (verdict.error.code !== 'STORE_DAMAGED') expect.fail(`cut at ${cut}: ${String(verdict.error)}`);
    }
  });
});

describe('zeros', () => {
  test.each([1, 2, 3, 34, 100, 511, 512, 513, 4096, 70_000])(
    '%i of them behind the end lose nothing',
    async (count) => {
      const log = await plainLog();
      const verdict = await judge(openFileStore, await placeFor(log), Buffer.concat([log.bytes, Buffer.alloc(count)]));
      expect(verdict).toMatchObject({ opened: true, goesOn: true });
      expect(verdict.opened && sameRecords(log.records, verdict.records)).toBe(true);
    },
  );

  test('in place of the end never make another record of it', { timeout: 60_000 }, async () => {
    // As after a power loss on a file system that keeps the length and loses the content.
    const log = await plainLog();
    const file = await placeFor(log);
    const begin = log.frames.at(-2)!;
    const without = await recordsBefore(log, begin);
    for (let from = begin; from < log.bytes.length; from++) {
      const bytes = Buffer.from(log.bytes);
      bytes.fill(0, from);
      const verdict = await judge(openFileStore, file, bytes);
      if (!verdict.opened) {
        if (verdict.error.code !== 'STORE_DAMAGED') expect.fail(`zeros from ${from - begin}: ${String(verdict.error)}`);
        continue;
      }
      if (!verdict.goesOn) expect.fail(`zeros from ${from - begin}: nothing can be written behind them`);
      const whole = from === log.bytes.length - 1;
      if (!sameRecords(whole ? log.records : without, verdict.records)) expect.fail(`zeros from ${from - begin}`);
    }
  });

  test('in place of an acknowledged sector in the middle stop the store', async () => {
    const log = await plainLog();
    const sector = Math.floor(log.frames.at(-3)! / 512) * 512 - 512;
    const bytes = Buffer.from(log.bytes);
    bytes.fill(0, sector, sector + 512);
    await damaged(log, bytes);
  });
});

describe('blocks that were moved', () => {
  test('any records that stand there twice stop the store', async () => {
    const log = await plainLog();
    for (let from = 0; from < log.frames.length - 1; from++) {
      for (let to = from + 1; to < log.frames.length - 1; to++) {
        const [begin, end] = [log.frames[from]!, log.frames[to]!];
        await damaged(log, Buffer.concat([log.bytes.subarray(0, end), log.bytes.subarray(begin)]));
      }
    }
  });

  test('two records that changed places stop the store, or mean the same', async () => {
    const log = await plainLog();
    const { bytes } = log;
    let stopped = 0;
    for (let first = 0; first < log.frames.length - 2; first++) {
      const [begin, middle, end] = log.frames.slice(first, first + 3) as [number, number, number];
      const swapped = [
        bytes.subarray(0, begin),
        bytes.subarray(middle, end),
        bytes.subarray(begin, middle),
        bytes.subarray(end),
      ];
      const verdict = await judge(openFileStore, await placeFor(log), Buffer.concat(swapped));
      if (!verdict.opened) {
        expect(verdict.error.code).toBe('STORE_DAMAGED');
        stopped++;
        continue;
      }
      // By two writers that knew nothing of each other, so either might have been first.
      for (const [id, { revision, value }] of log.records)
        expect(verdict.records.get(id)).toMatchObject({ revision, value });
    }
    expect(stopped).toBeGreaterThanOrEqual(2);
  });

  test('a block of the disk that stands there twice, or in the place of another, stops the store', async () => {
    const log = await plainLog();
    const random = seeded(7);
    for (let round = 0; round < 40; round++) {
      const from = Math.floor(random() * (log.bytes.length - 100));
      const block = log.bytes.subarray(from, from + 30 + Math.floor(random() * 300));
      const at = log.frames[1]! + 1 + Math.floor(random() * (log.frames.at(-2)! - log.frames[1]! - 2));
      await damaged(log, Buffer.concat([log.bytes.subarray(0, at), block, log.bytes.subarray(at)]));
      const over = Buffer.from(log.bytes);
      block.copy(over, at);
      if (!over.equals(log.bytes)) await damaged(log, over);
    }
  });
});

describe('files that are something else', () => {
  const carriage = (bytes: Buffer): Buffer => Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ['an empty file', () => Buffer.alloc(0)],
    ['a byte order mark at the beginning', (bytes) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes])],
    ['line ends of another system', carriage],
    ['text of somebody else', () => Buffer.from('{"calls":[]}\n')],
    ['nothing but zeros', (bytes) => Buffer.alloc(bytes.length)],
    ['a log without its first record', (bytes) => bytes.subarray(bytes.indexOf('\nMYC1 ', 1))],
    ['something in front of it', (bytes) => Buffer.concat([Buffer.from('\n'), bytes])],
    ['text behind its end', (bytes) => Buffer.concat([bytes, Buffer.from('\nnote to self')])],
  ])('%s stops the store', async (_, change) => {
    const log = await plainLog();
    await damaged(log, change(log.bytes));
  });

  test('a newer format is refused as such', async () => {
    const folder = await newFolder(fastRoot);
    await writeFile(join(folder, '00000001.log'), encodeFrame(JSON.stringify(['open', 9, 'id', 16, 1, 0, 0])));
    await expect(openFileStore(folder)).rejects.toMatchObject({
      code: 'STORE_FORMAT',
      details: { field: 'format', found: 9 },
    });
  });

  test('another number of partitions is refused, also after a compaction, and loses nothing', async () => {
    const folder = await newFolder(fastRoot);
    const store = await opened(folder, { partitions: 3 });
    await put(store, 'a', 'a');
    await store.compact();
    await expect(openFileStore(folder, { partitions: 16 })).rejects.toMatchObject({ code: 'STORE_FORMAT' });
    expect((await get(await opened(folder), 'a'))?.value).toBe('a');
  });

  test('a log of another store under a higher number is refused, and the store before it stays', async () => {
    const [folder, foreign] = [await newFolder(fastRoot), await newFolder(fastRoot)];
    const [mine, other] = [await opened(folder), await opened(foreign)];
    await put(mine, 'a', 'mine');
    await put(other, 'a', 'foreign');
    await other.compact();
    await writeFile(join(folder, '00000002.log'), await readFile(join(foreign, '00000002.log')));
    await expect(openFileStore(folder)).rejects.toMatchObject({ code: 'STORE_FORMAT', details: { field: 'store id' } });
    expect((await readdir(folder)).sort()).toEqual(['00000001.log', '00000002.log']);
    await expect(put(mine, 'b', 'into which?')).resolves.toMatchObject({ ok: true });
  });

  test('a log under the number of another generation stops the store', async () => {
    const log = await plainLog();
    const file = join(await newFolder(fastRoot), '00000003.log');
    expect(await judge(openFileStore, file, log.bytes)).toMatchObject({
      opened: false,
      error: { code: 'STORE_DAMAGED', details: { file } },
    });
  });
});
