import { spawnSync } from 'node:child_process';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { StoredRecord } from '../../../src/store/contract.js';
import { type FileStore, openFileStore } from '../../../src/store/file/file-store.js';
import { startClient } from './processes.js';
import { fastRoot, freshNonce, get, keyOf, newFolder, opened, put, readAll, seeded } from './scratch.js';
import { burstWith, shortWriteProblems } from './short-appends.js';
import { inputOutput, noSpace, traceFiles } from './traced-files.js';

interface Refusal {
  readonly code: string;
  readonly details: { readonly applied: string };
}

interface Filled {
  readonly acknowledged: ReadonlyMap<string, StoredRecord>;
  readonly refused: readonly { readonly id: string; readonly applied: string }[];
}

/** Writes pairs of records, a few transactions at once, until the store has refused some. */
async function fill(store: FileStore, prefix: string, size: () => number): Promise<Filled> {
  const acknowledged = new Map<string, StoredRecord>();
  const refused: { id: string; applied: string }[] = [];
  for (let number = 0; refused.length < 5 && number < 3000; number += 4) {
    await Promise.all(
      [0, 1, 2, 3].map(async (more) => {
        const id = `${prefix}${number + more}`;
        const keys = [keyOf(`${id} left`), keyOf(`${id} right`)];
        const value = 'v'.repeat(size());
        try {
          const { records } = await store.transact(
            { expect: keys.map((key) => ({ key, revision: undefined })), write: keys.map((key) => ({ key, value })) },
            freshNonce(),
          );
          for (const record of records) acknowledged.set(record!.key.id, record!);
        } catch (error) {
          const { code, details } = error as Refusal;
          expect(code).toBe('STORE_UNAVAILABLE');
          refused.push({ id, applied: details.applied });
        }
      }),
    );
  }
  expect(refused.length).toBeGreaterThanOrEqual(5);
  return { acknowledged, refused };
}

async function checkFilled(store: FileStore, { acknowledged, refused }: Filled): Promise<void> {
  const records = await readAll(store);
  for (const [id, record] of acknowledged) expect(records.get(id)).toEqual(record);
  for (const { id, applied } of refused) {
    const halves = ['left', 'right'].filter((half) => records.has(`${id} ${half}`));
    expect(halves, `${id}, applied: ${applied}`).toHaveLength(applied === 'no' ? 0 : halves.length === 0 ? 0 : 2);
  }
}

/** A file system of a few kilobytes; undefined where this user may not mount one. */
async function smallDisk(kilobytes: number): Promise<string | undefined> {
  const folder = await newFolder(fastRoot);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder]);
  if (status !== 0) return undefined;
  onTestFinished(() => void spawnSync('umount', ['-l', folder]));
  return folder;
}

describe('a full disk, which is a mounted tmpfs ("not run" where this user may not mount)', () => {
  test.for([
    { kilobytes: 64, seed: 1 },
    { kilobytes: 128, seed: 2 },
    { kilobytes: 96, seed: 3 },
  ])(
    'of $kilobytes KiB keeps all that was acknowledged, and the store goes on when there is room',
    async ({ kilobytes, seed }, context) => {
      const disk = await smallDisk(kilobytes);
      if (disk === undefined) return context.skip('no file system can be mounted here');
      const random = seeded(seed);
      const size = (): number => 1 + Math.floor(random() * 900);
      const ballast = join(disk, 'ballast');
      await writeFile(ballast, Buffer.alloc(20_000));
      const folder = join(disk, 'store');
      const store = await openFileStore(folder);
      const first = await fill(store, 'first ', size);
      expect(first.refused.map(({ applied }) => applied)).toContain('no');
      expect(first.acknowledged.size).toBeGreaterThan(20);
      await expect(store.compact()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'no' } });
      await checkFilled(store, first);
      await rm(ballast);
      expect((await put(store, 'after', 'the same store goes on')).ok).toBe(true);
      const second = await fill(store, 'second ', size);
      await store.close();
      // Reopened where there is room.
      const roomy = join(await newFolder(fastRoot), 'copy');
      await cp(folder, roomy, { recursive: true });
      const again = await opened(roomy);
      await checkFilled(again, first);
      await checkFilled(again, second);
      expect((await get(again, 'after'))?.value).toBe('the same store goes on');
      await again.compact();
      expect((await put(again, 'later', 'v')).ok).toBe(true);
      await checkFilled(again, second);
      // And where there is none, it still opens and reads.
      await checkFilled(await opened(folder), first);
    },
  );
});

describe('a disk without room for another log ("not run" where this user may not mount)', () => {
  test('is no reason to end the one there is, whatever the characters are', { timeout: 30_000 }, async (context) => {
    const disk = await smallDisk(560);
    if (disk === undefined) return context.skip('no file system can be mounted here');
    const store = await opened(disk);
    // Each takes three bytes.
    expect((await put(store, 'a', '\u6f22'.repeat(100_000))).ok).toBe(true);
    await expect(store.compact()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'no' } });
    expect((await put(store, 'b', 'goes on')).ok).toBe(true);
    expect((await get(await opened(disk), 'b'))?.value).toBe('goes on');
  });
});

describe('a limit of the size of files', () => {
  test.each([16, 33])('of %i KiB keeps all that was acknowledged', async (kilobytes) => {
    const folder = await newFolder(fastRoot);
    const limited = ['bash', '-c', `ulimit -f ${kilobytes}; exec "$@"`, 'bash'];
    const client = startClient(folder, { what: 'write', count: 150, prefix: 'w', size: 517 }, limited);
    const { code, complaints } = await client.ended;
    expect([code, complaints]).toEqual([0, '']);
    const said = client.said();
    const store = await opened(folder);
    const records = await readAll(store);
    const acknowledged = said.filter(([word]) => word === 'ok');
    const refused = said.filter(([word]) => word === 'refused');
    expect(acknowledged.length).toBeGreaterThan(10);
    expect(acknowledged.length + refused.length).toBe(150);
    for (const [, id, revision] of acknowledged) expect(records.get(id!)?.revision).toBe(revision);
    for (const [, id, errorCode, applied] of refused) {
      expect([errorCode, applied]).toEqual(['STORE_UNAVAILABLE', 'no']);
      expect(records.has(id!)).toBe(false);
    }
    expect(store.skipped.length).toBeLessThanOrEqual(1);
    expect((await put(store, 'after', 'v')).ok).toBe(true);
  });
});

describe('a write that takes fewer bytes than it was given', () => {
  test('is finished by another one, at whatever byte it stopped', async () => {
    const lengths = Array.from({ length: 250 }, (_, length) => length);
    expect(await shortWriteProblems(openFileStore, [...lengths, 300, 469, 470, 471, 900, 1170, 1171])).toEqual([]);
  });

  test('again and again counts as a full disk: what landed as a whole counts, and the rest never happened', async () => {
    for (const taken of [0, 1, 33, 200, 300, 460]) {
      const { folder, ok, refused } = await burstWith(openFileStore, (bytes) => Math.min(taken, bytes.length));
      for (const error of refused)
        expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { applied: 'no' } });
      const store = await opened(folder);
      expect([taken, (await readAll(store)).size]).toEqual([taken, ok]);
      expect((await put(store, 'after', 'v')).ok).toBe(true);
    }
  });

  test('and then finds the disk full, and later room again', async () => {
    for (const taken of [1, 40, 233, 235, 470]) {
      const folder = await newFolder(fastRoot);
      let full = false;
      let short = false;
      const trace = traceFiles(folder, () => 0, {
        append: (name, bytes) => {
          if (!full || !name.endsWith('.log')) return bytes.length;
          if (short) return noSpace();
          short = true;
          return Math.min(taken, bytes.length);
        },
      });
      try {
        const store = await openFileStore(folder);
        expect((await put(store, 'before', 'v')).ok).toBe(true);
        full = true;
        const answers = await Promise.allSettled(
          [0, 1, 2, 3].map((number) => put(store, `${number}`, 'v'.repeat(100))),
        );
        const stands = answers.map(({ status }) => status === 'fulfilled');
        full = false;
        for (const id of ['after', 'later']) expect((await put(store, id, 'v')).ok).toBe(true);
        await store.close();
        const again = await openFileStore(folder);
        const records = await readAll(again);
        expect([taken, [0, 1, 2, 3].map((number) => records.has(`${number}`))]).toEqual([taken, stands]);
        expect(['before', 'after', 'later'].every((id) => records.has(id))).toBe(true);
        await again.close();
      } finally {
        trace.restore();
      }
    }
  });

  test('and a flush that fails with it: nothing is acknowledged that does not stand', async () => {
    const folder = await newFolder(fastRoot);
    let appends = 0;
    let flushes = 0;
    const trace = traceFiles(folder, () => 0, {
      append: (name, bytes) => (name.endsWith('.log') && ++appends === 2 ? 300 : bytes.length),
      flush: (name) => (name.endsWith('.log') && ++flushes === 3 ? inputOutput() : undefined),
    });
    try {
      const store = await openFileStore(folder);
      expect((await put(store, 'before', 'v')).ok).toBe(true);
      const answers = await Promise.allSettled([0, 1, 2, 3].map((number) => put(store, `${number}`, 'v'.repeat(100))));
      expect(flushes).toBeGreaterThanOrEqual(3);
      await store.close();
      const again = await opened(folder);
      for (const [number, { status }] of answers.entries()) {
        if (status === 'fulfilled') expect((await get(again, `${number}`))?.value).toBe('v'.repeat(100));
      }
      expect((await get(again, 'before'))?.value).toBe('v');
    } finally {
      trace.restore();
    }
  });
});
