import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StoredRecord } from '../../../src/store/contract.js';
import { type FileStore, openFileStore } from '../../../src/store/file/file-store.js';
import { LogState } from '../../../src/store/file/log-state.js';
import { recordRun } from './crash-run.js';
import { injecting, inParallel, startClient, straceProblem } from './processes.js';
import { fastRoot, freshNonce, get, newFolder, opened, put, readAll, removeAll, renew, seeded } from './scratch.js';
import { traceFiles } from './traced-files.js';

/** Writes all the time until told to stop, and keeps what was acknowledged. */
function writing(store: FileStore): { stop(): Promise<Map<string, StoredRecord>> } {
  const acknowledged = new Map<string, StoredRecord>();
  let stopping = false;
  const work = (async () => {
    for (let number = 0; !stopping; number++) {
      const id = `during ${number % 7}`;
      const { ok, records } = await put(store, id, `value ${number}`, acknowledged.get(id));
      expect(ok).toBe(true);
      acknowledged.set(id, records[0]!);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  return {
    stop: async () => {
      stopping = true;
      await work;
      return acknowledged;
    },
  };
}

async function checkKept(store: FileStore, acknowledged: ReadonlyMap<string, StoredRecord>): Promise<void> {
  const records = await readAll(store);
  for (const [id, record] of acknowledged) expect(records.get(id)).toEqual(record);
}

/** A folder with some records and a lease, and what they are. */
async function seededFolder(): Promise<{ folder: string; before: Map<string, StoredRecord> }> {
  const folder = await newFolder(fastRoot);
  const store = await openFileStore(folder);
  for (let number = 0; number < 20; number++) await put(store, `old ${number}`, 'v'.repeat(200));
  await put(store, 'leased', 'v', undefined, {
    lease: { owner: 'worker', fence: 2, ms: 3_600_000 },
    index: { phase: 'attempting' },
  });
  const before = await readAll(store);
  await store.close();
  return { folder, before };
}

describe('a compaction that is killed at a system call ("not run" where there is no strace)', () => {
  test.for([
    { calls: 'write', other: 'writes', least: 4 },
    { calls: 'fsync', other: 'writes', least: 2 },
    { calls: 'fdatasync', other: 'writes', least: 2 },
    // Whoever meets a seal publishes what follows, so these are certain to be reached only while nobody else does.
    { calls: 'fsync', other: 'waits', least: 3 },
    { calls: 'link,linkat', other: 'waits', least: 1 },
    { calls: 'unlink,unlinkat', other: 'waits', least: 1 },
    { calls: 'unlink,unlinkat', of: '00000001.log', other: 'waits', least: 1 },
  ])(
    'the n-th $calls, for every n until it completes, while another process $other',
    { timeout: 60_000 },
    async (one, context) => {
      const { calls, of, other, least } = one;
      if (straceProblem !== undefined) return context.skip(straceProblem);
      let killed = 0;
      for (let when = 1; ; when++) {
        const { folder, before } = await seededFolder();
        const store = await openFileStore(folder);
        let writer = other === 'writes' ? writing(store) : undefined;
        const client = startClient(
          folder,
          { what: 'compact', times: 1 },
          injecting(calls, 'signal=SIGKILL', when, of && join(folder, of)),
        );
        const { signal } = await client.ended;
        writer ??= writing(store);
        await get(store, 'leased');
        const acknowledged = await writer.stop();
        await checkKept(store, before);
        await checkKept(store, acknowledged);
        expect(await renew(store, 'leased', { owner: 'worker', fence: 2, ms: 3_600_000 })).toBe('held');
        await store.close();
        const again = await openFileStore(folder);
        await checkKept(again, acknowledged);
        // What was left lying about goes with the next compaction.
        await again.compact();
        expect((await put(again, 'afterwards', 'v')).ok).toBe(true);
        await again.close();
        expect(await readdir(folder)).toEqual([expect.stringMatching(/^0000000[23]\.log$/)]);
        if (signal !== 'SIGKILL') {
          expect(client.said().map(([word]) => word)).toEqual(['open', 'compacted', 'end']);
          break;
        }
        killed++;
        expect(when).toBeLessThan(60);
      }
      expect(killed).toBeGreaterThanOrEqual(least);
    },
  );

  test('one that sleeps before its link and wakes up when others have compacted changes nothing', {
    timeout: 60_000,
  }, async (context) => {
    if (straceProblem !== undefined) return context.skip(straceProblem);
    await inParallel([1, 2], 2, async (compactions) => {
      const { folder, before } = await seededFolder();
      const store = await openFileStore(folder);
      const client = startClient(
        folder,
        { what: 'compact', times: 1 },
        injecting('link,linkat', 'delay_enter=1200000', 1),
      );
      // Its draft is whole when the seal stands and a file with its name is there.
      await expect
        .poll(async () => (await readdir(folder)).some((name) => name.endsWith('.draft')), {
          interval: 5,
          timeout: 10_000,
        })
        .toBe(true);
      const other = writing(store);
      for (let round = 0; round < compactions; round++) await store.compact();
      const { code, signal, complaints } = await client.ended;
      expect([code, signal, complaints]).toEqual([0, null, '']);
      const acknowledged = await other.stop();
      await checkKept(store, before);
      await checkKept(store, acknowledged);
      await store.close();
      const again = await opened(folder);
      await checkKept(again, acknowledged);
      expect((await readdir(folder)).filter((name) => name.endsWith('.draft'))).toEqual([]);
    });
  });
});

describe('compactions at once', () => {
  test('of two processes, and of this one, while all of them write, lose nothing', { timeout: 60_000 }, async () => {
    const { folder, before } = await seededFolder();
    const store = await openFileStore(folder);
    const clients = [1, 2].map(() => startClient(folder, { what: 'compact', times: 30, pause: 3 }));
    const writers = ['p', 'q'].map((prefix) =>
      startClient(folder, { what: 'write', count: 60, prefix, size: 50, pause: 2 }),
    );
    const other = writing(store);
    for (const client of [...clients, ...writers])
      expect(await client.ended).toMatchObject({ code: 0, complaints: '' });
    const acknowledged = await other.stop();
    await checkKept(store, before);
    await checkKept(store, acknowledged);
    const records = await readAll(store);
    for (const writer of writers) {
      const said = writer.said().filter(([word]) => word === 'ok');
      expect(said).toHaveLength(60);
      for (const [, id, revision] of said) expect(records.get(id!)?.revision).toBe(revision);
    }
    await store.close();
    const [log, ...rest] = await readdir(folder);
    expect([log, rest]).toEqual([expect.stringMatching(/\.log$/), []]);
    expect(Number.parseInt(log!, 10)).toBeGreaterThan(20);
  });

  test('an entry that lands behind the seal is sent again, and counts once', async () => {
    const folder = await newFolder(fastRoot);
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let holding = false;
    const trace = traceFiles(folder, () => 0, {
      append: async (name, bytes) => {
        if (holding && name === '00000001.log' && bytes.includes('late')) await held;
        return bytes.length;
      },
    });
    try {
      const [slow, fast] = [await openFileStore(folder), await openFileStore(folder)];
      const { records } = await put(slow, 'late', 'first');
      holding = true;
      const nonce = freshNonce();
      const late = put(slow, 'late', 'second', records[0], undefined, nonce);
      const lost = put(slow, 'contended late', 'by the slow one');
      await fast.compact();
      expect((await put(fast, 'contended late', 'by the fast one')).ok).toBe(true);
      release();
      expect(await late).toMatchObject({ ok: true, records: [{ revision: `2:${nonce}`, value: 'second' }] });
      expect(await lost).toMatchObject({ ok: false, records: [{ value: 'by the fast one' }] });
      const sent = trace.events.filter((event) => event.type === 'write' && event.bytes.includes(`"${nonce}"`));
      expect(sent).toHaveLength(2);
      expect((await get(fast, 'late'))?.revision).toBe(`2:${nonce}`);
      await slow.close();
      await fast.close();
      const again = await openFileStore(folder);
      expect((await get(again, 'late'))?.revision).toBe(`2:${nonce}`);
      await again.close();
    } finally {
      trace.restore();
    }
  });
});

describe('the order of a compaction', () => {
  test.each([1, 2, 3])(
    'no log is removed, and none gets its name, before what it rests on is on the disk (seed %i)',
    async (seed) => {
      const { events } = await recordRun(openFileStore, seed);
      const flushedNames = new Set<string>();
      const flushedFiles = new Map<number, number>();
      const named: { name: string; at: number }[] = [];
      let removed = 0;
      for (const [at, event] of events.entries()) {
        if (event.type === 'flush')
          flushedFiles.set(event.file, Math.max(event.covers, flushedFiles.get(event.file) ?? 0));
        if (event.type === 'flush-names')
          for (const one of named) if (one.at < event.covers) flushedNames.add(one.name);
        if (event.type === 'name' && event.name.endsWith('.log')) {
          const written = events.findLastIndex(
            (other, before) => before < at && other.type === 'write' && other.file === event.file,
          );
          expect(flushedFiles.get(event.file)).toBeGreaterThan(written);
          named.push({ name: event.name, at });
        }
        if (event.type === 'unname' && event.name.endsWith('.log')) {
          const next = `${String(Number.parseInt(event.name, 10) + 1).padStart(8, '0')}.log`;
          expect([...flushedNames]).toContain(next);
          removed++;
        }
      }
      expect(removed).toBeGreaterThanOrEqual(2);
    },
  );

  test('what a compaction leaves is the same, whoever does it', async () => {
    const { folder, before } = await seededFolder();
    const random = seeded(1);
    const stores = [await opened(folder), await opened(folder), await opened(folder)];
    for (let round = 0; round < 12; round++) {
      await stores[Math.floor(random() * 3)]!.compact();
      for (const store of stores) expect(await readAll(store)).toEqual(before);
    }
  });
});

describe('removed records', () => {
  test('are in no later generation, and what came back is there once', async () => {
    const { folder } = await seededFolder();
    const store = await opened(folder);
    const records = await readAll(store);
    const going = [...records.values()].filter(({ key }) => key.id.startsWith('old'));
    expect((await removeAll(store, going, 'line')).ok).toBe(true);
    const { records: anew } = await put(store, 'old 3', 'came back');
    await store.compact();
    const [name, ...rest] = await readdir(folder);
    expect(rest).toEqual([]);
    const log = await readFile(join(folder, name!), 'utf8');
    expect(log.match(/old \d+/g)).toEqual(['old 3']);
    const again = await opened(folder);
    expect([...(await readAll(again)).keys()].sort()).toEqual(['leased', 'line', 'old 3']);
    expect(await get(again, 'old 3')).toEqual(anew[0]);
  });

  test('make the log due for compaction', { timeout: 60_000 }, async () => {
    const folder = await newFolder(fastRoot);
    const store = await opened(folder, { compactAtBytes: 20_000 });
    const kept = [];
    for (let number = 0; number < 100; number++)
      kept.push((await put(store, `r ${number}`, 'v'.repeat(300))).records[0]!);
    expect(await readdir(folder)).toEqual(['00000001.log']);
    expect((await removeAll(store, kept, 'line')).ok).toBe(true);
    await expect.poll(async () => (await readdir(folder)).join()).toBe('00000002.log');
    expect([...(await readAll(store)).keys()]).toEqual(['line']);
  });

  test('come and go in any number without the log being taken for full or for empty', async () => {
    const state = new LogState(() => {});
    for (let round = 0; round < 5_000; round++) {
      const text = `0 call ${round % 3}`;
      const before = state.records.get(text);
      const line = `0 pruned ${round}`;
      const gone = state.records.get(`0 pruned ${round - 1}`);
      const outcome = state.write(
        {
          texts: [text, line, `0 pruned ${round - 1}`],
          nonce: 'n'.repeat(1 + (round % 50)),
          expect: [
            [0, 'call', String(round % 3), before?.revision ?? null, 0],
            [0, 'pruned', String(round), null, 0],
            [0, 'pruned', String(round - 1), gone?.revision ?? null, 0],
          ],
          write: [[1, 'line', 0, 0], ...(before === undefined ? [[0, 'v'.repeat(round % 90), 0, 0] as const] : [])],
          remove: [2, ...(before === undefined ? [] : [0])],
        },
        round,
      );
      expect(outcome).toBe('holds');
      if (round % 700 === 0) expect(state.index.textsOf('pruned')).toEqual([line]);
    }
    const bytes = [...state.kept()].reduce((sum, record) => sum + JSON.stringify(record).length, 0);
    expect(state.liveBytes).toBeGreaterThan(0);
    expect(state.liveBytes).toBeLessThan(bytes + 200 * state.records.size);
    expect(state.index.textsOf('call')).toEqual(
      [...state.records.keys()].filter((text) => text.includes('call')).sort(),
    );
  });
});
