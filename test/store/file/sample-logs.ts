import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredRecord } from '../../../src/store/contract.js';
import { openFileStore } from '../../../src/store/file/file-store.js';
import { encodeFrame } from '../../../src/store/file/frame.js';
import { fastRoot, freshNonce, get, newFolder, type OpenStore, put, readAll, removeAll, renew } from './scratch.js';

/** A log that is in order, and what it means. */
export interface SampleLog {
  readonly name: string;
  readonly bytes: Buffer;
  readonly records: ReadonlyMap<string, StoredRecord>;
  /** Where its frames begin, and where the last one ends. */
  readonly frames: readonly number[];
  /** What a crash left in it: from where to where. */
  readonly debris: readonly (readonly [from: number, to: number])[];
}

const claim = { owner: 'worker', fence: 3, ms: 60_000 };

/** A second generation: records handed down, and behind them transactions of two writers, a removal and a renewal. */
export async function plainLog(): Promise<SampleLog> {
  const folder = await newFolder(fastRoot);
  const [one, other] = [await openFileStore(folder), await openFileStore(folder)];
  const { records } = await put(one, 'a', 'first');
  await put(one, 'leased', 'l', undefined, { lease: claim, index: { phase: 'attempting' } });
  const { records: kept } = await put(one, 'removed', 'r');
  await one.compact();
  await removeAll(other, [kept[0]!], 'line');
  await put(other, 'b', 'a *MYC1 "quoted" *M\u{1f344}');
  await put(one, 'a', 'second', records[0]);
  await renew(other, 'leased', claim);
  await put(one, 'c', 'last');
  return finish(folder, one, other);
}

/** A log in which two crashes left a hole and a torn write, each with acknowledged transactions behind it. */
export async function crashedLog(): Promise<SampleLog> {
  const folder = await newFolder(fastRoot);
  const file = join(folder, '00000001.log');
  let store = await openFileStore(folder);
  await put(store, 'a', 'before the crash');
  await store.close();
  const before = await readFile(file);
  // The beginning of this write is lost up to the next sector, and its end is there.
  const lost = encodeFrame(lostEntry('x'.repeat(560)));
  const hole = 512 - (before.length % 512);
  lost.fill(0, 0, hole);
  await writeFile(file, Buffer.concat([before, lost]));
  store = await openFileStore(folder);
  await put(store, 'b', 'behind the hole');
  await store.close();
  const torn = encodeFrame(lostEntry('y'.repeat(2000))).subarray(0, 100);
  const middle = await readFile(file);
  await writeFile(file, Buffer.concat([middle, torn]));
  store = await openFileStore(folder);
  await put(store, 'c', 'behind the torn write');
  const log = await finish(folder, store);
  const debris = [
    [before.length, before.length + lost.length],
    [middle.length, middle.length + torn.length],
  ] as const;
  return { ...log, debris };
}

function lostEntry(value: string): string {
  return JSON.stringify([
    'write',
    [freshNonce(), 1, 0, 0],
    0,
    freshNonce(),
    [[0, 'call', 'lost', null, 0]],
    [[0, value, 0, 0]],
  ]);
}

async function finish(folder: string, ...stores: Awaited<ReturnType<OpenStore>>[]): Promise<SampleLog> {
  const records = await readAll(stores[0]!);
  await Promise.all(stores.map((store) => store.close()));
  const name = (await readdir(folder))
    .filter((one) => one.endsWith('.log'))
    .sort()
    .at(-1)!;
  const bytes = await readFile(join(folder, name));
  const frames: number[] = [];
  for (let at = bytes.indexOf('\nMYC1 '); at !== -1; at = bytes.indexOf('\nMYC1 ', at + 1)) frames.push(at);
  return { name, bytes, records, frames: [...frames, bytes.length], debris: [] };
}

/** What opening a folder with this log in it comes to. */
export type Verdict =
  | { readonly opened: true; readonly records: ReadonlyMap<string, StoredRecord>; readonly goesOn: boolean }
  | { readonly opened: false; readonly error: ErrorShape };

interface ErrorShape {
  readonly code: string;
  readonly remedy: string;
  readonly details: {
    readonly file?: string;
    readonly record?: number;
    readonly offset?: number;
    readonly what?: string;
  };
}

/** Opens a log; where that works, writes to it and opens it once more when asked to. */
export async function judge(openStore: OpenStore, file: string, bytes: Buffer, again = true): Promise<Verdict> {
  await writeFile(file, bytes);
  const folder = join(file, '..');
  let store: Awaited<ReturnType<OpenStore>>;
  try {
    store = await openStore(folder);
  } catch (error) {
    return { opened: false, error: error as ErrorShape };
  }
  let records: Map<string, StoredRecord>;
  try {
    records = await readAll(store);
    if (!again) return { opened: true, records, goesOn: true };
    await put(store, 'new', 'written behind it');
  } catch (error) {
    return { opened: false, error: error as ErrorShape };
  } finally {
    await store.close();
  }
  try {
    const second = await openStore(folder);
    try {
      const found = await readAll(second);
      const kept = [...records].every(
        ([id, { revision, value }]) => found.get(id)?.revision === revision && found.get(id)?.value === value,
      );
      return { opened: true, records, goesOn: kept && (await get(second, 'new'))?.value === 'written behind it' };
    } finally {
      await second.close();
    }
  } catch (error) {
    return { opened: false, error: error as ErrorShape };
  }
}

/** The records that a log cut at this byte still has to have, when everything up to the cut is whole. */
export function sameRecords(
  wanted: ReadonlyMap<string, StoredRecord>,
  found: ReadonlyMap<string, StoredRecord>,
): boolean {
  return (
    wanted.size === found.size &&
    [...wanted].every(([id, record]) => JSON.stringify(record) === JSON.stringify(found.get(id)))
  );
}
