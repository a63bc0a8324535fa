import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exportReceipts } from '../../src/receipts/export.js';
import { LogStore } from '../../src/receipts/log.js';
import type { Store } from '../../src/store/contract.js';
import { memoryStore } from '../../src/store/memory.js';
import { failure } from '../ledger/workers.js';
import { force, idOf, LEDGER, receiptKey, receiptText, record, seal } from './log-world.js';

let folder: string;
let file: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mycelium-export-'));
  file = join(folder, 'receipts.jsonl');
  store = memoryStore();
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function sealed(from: number, through: number): Promise<void> {
  const texts = Array.from({ length: through - from + 1 }, (_, index) => receiptText(from + index));
  await record(store, texts);
  await seal(store);
}

const exported = (): Promise<string> => readFile(file, 'utf8');
const run = (): ReturnType<typeof exportReceipts> => exportReceipts({ store, ledger: LEDGER, file });

describe('an export', () => {
  test('has every sealed receipt once, as it is stored, and goes on where it was', async () => {
    await sealed(1, 300);
    expect(await run()).toEqual({ added: 300, lines: 300, complete: true });
    const first = await exported();
    expect(await run()).toEqual({ added: 0, lines: 300, complete: true });
    expect(await exported()).toBe(first);
    await sealed(301, 310);
    await record(store, [receiptText(311)]);
    expect(await run()).toEqual({ added: 10, lines: 310, complete: true });
    const lines = (await exported()).split('\n');
    expect(lines.pop()).toBe('');
    const texts = Array.from({ length: 310 }, (_, index) => receiptText(index + 1));
    expect([...lines].sort()).toEqual([...texts].sort());
    expect(new Set(lines.map(idOf)).size).toBe(310);
    expect((await exported()).startsWith(first)).toBe(true);
  });

  test('is mended wherever a crash has cut it', async () => {
    await sealed(1, 140);
    await run();
    const whole = await exported();
    const size = Buffer.byteLength(whole);
    const cuts = [0, 1, 2, 200, size - 1, size - 2, Math.floor(size / 2), whole.indexOf('\n'), whole.indexOf('\n') + 1];
    for (const cut of cuts) {
      await truncate(file, cut);
      const { lines, complete } = await run();
      expect({ cut, lines, complete }).toEqual({ cut, lines: 140, complete: true });
      expect(await exported()).toBe(whole);
    }
  });

  test('by several at once has every receipt once', async () => {
    await sealed(1, 400);
    await run();
    const alone = await exported();
    await rm(file);
    await Promise.all(Array.from({ length: 8 }, run));
    expect(await exported()).toBe(alone);
    await sealed(401, 500);
    await Promise.all(Array.from({ length: 8 }, run));
    expect((await exported()).split('\n')).toHaveLength(501);
    expect((await exported()).startsWith(alone)).toBe(true);
  });

  test('leaves a file alone that is none, or one of another log', async () => {
    await sealed(1, 3);
    await writeFile(file, 'my notes\n');
    const foreign = await failure(run());
    expect(foreign).toMatchObject({ code: 'RECEIPT_EXPORT_REFUSED' });
    expect(foreign.message).toContain('its line 1 is not the receipt at that position');
    expect(await exported()).toBe('my notes\n');
    await rm(file);
    await run();
    await appendFile(file, `${receiptText(4)}\n`);
    const longer = await failure(run());
    expect(longer.message).toContain('it has 4 lines, and the log has 3 receipts');
    store = memoryStore();
    await sealed(11, 15);
    await truncate(file, (await exported()).indexOf('\n') + 1);
    expect((await failure(run())).message).toContain('its line 1 is not');
  });

  test('of nothing is an empty file, and one that is ended goes on later', async () => {
    expect(await run()).toEqual({ added: 0, lines: 0, complete: true });
    expect((await stat(file)).size).toBe(0);
    await sealed(1, 300);
    const told: number[] = [];
    const stop = new AbortController();
    const report = await exportReceipts({
      ...{ store, ledger: LEDGER, file },
      signal: stop.signal,
      onProgress: ({ done, total }) => {
        expect(total).toBe(300);
        told.push(done);
        stop.abort();
      },
    });
    expect(report).toEqual({ added: 128, lines: 128, complete: false });
    expect(told).toEqual([128]);
    expect(await run()).toEqual({ added: 172, lines: 300, complete: true });
  });

  test('makes the folder that is not there', async () => {
    await sealed(1, 3);
    file = join(folder, 'out', 'of', 'log.jsonl');
    expect(await run()).toEqual({ added: 3, lines: 3, complete: true });
  });

  test('to what cannot be written says so, and goes on when it can', async () => {
    await sealed(1, 3);
    const folderThere = folder;
    const names = [folderThere, '/dev/full', '/dev/null', join(file, 'below', 'a', 'file')];
    await writeFile(file, '');
    for (const name of names) {
      const refused = await failure(exportReceipts({ store, ledger: LEDGER, file: name }));
      expect(refused).toMatchObject({ code: 'RECEIPT_EXPORT_FAILED', retryable: 'safe', details: { file: name } });
      expect(refused.message).toContain(name);
    }
    expect(await run()).toMatchObject({ lines: 3, complete: true });
  });

  test('leaves alone what follows its lines and is not the beginning of the next', async () => {
    await writeFile(file, 'my notes');
    await sealed(1, 3);
    expect((await failure(run())).message).toContain('what follows its line 0 is not the beginning');
    expect(await exported()).toBe('my notes');
    await rm(file);
    await run();
    const whole = await exported();
    await appendFile(file, 'my notes');
    expect((await failure(run())).message).toContain('what follows its line 3 is not the beginning');
    expect(await exported()).toBe(`${whole}my notes`);
    // What a machine leaves that lost its power: as long as it was to be, and the end not there.
    await writeFile(file, whole.slice(0, -30));
    await appendFile(file, Buffer.alloc(20));
    expect(await run()).toMatchObject({ added: 1, lines: 3 });
    expect(await exported()).toBe(whole);
  });

  test('does not take for foreign what another process has sealed and exported meanwhile', async () => {
    await sealed(1, 3);
    let overtaken = false;
    const slow: Store = Object.create(store, {
      transact: {
        value: async (...given: Parameters<Store['transact']>) => {
          const answer = await store.transact(...given);
          if (!overtaken && given[0].read?.[0]?.kind === 'receipt-frontier') {
            overtaken = true;
            await sealed(4, 9);
            await run();
          }
          return answer;
        },
      },
    });
    const report = await exportReceipts({ store: slow, ledger: LEDGER, file });
    expect([overtaken, report.complete]).toEqual([true, true]);
    expect((await exported()).split('\n')).toHaveLength(10);
  });

  test('passes nothing on that was changed since it was sealed', async () => {
    await sealed(1, 3);
    const text = receiptText(2);
    await force(store, receiptKey(text, store), text.replace('committed', 'aborted'));
    expect(await failure(run())).toMatchObject({ code: 'RECEIPT_LOG_DAMAGED' });
    expect(await exported()).toBe('');
  });

  test('lets timers have their turn, whatever the store', async () => {
    await sealed(1, 400);
    const log = new LogStore({ store, ledger: LEDGER });
    for (const reading of [log.chunks(400), log.pages('receipt')]) {
      let turns = 0;
      setImmediate(() => {
        turns += 1;
      });
      for await (const _ of reading) void _;
      expect(turns).toBe(1);
    }
  });
});
