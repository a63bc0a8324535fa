import { randomBytes } from 'node:crypto';
import { link, open, unlink } from 'node:fs/promises';
import type { Folder } from './folder.js';
import { encodeFrame } from './frame.js';
import type { Entry, KeptRecord } from './log-entry.js';

/** About how much text goes into one frame and one write. */
const PORTION = 256 * 1024;

/**
 * Writes a new generation under a name of its own, flushes it, and gives it its number. When another
 * process was faster, its file is as good as ours: both follow from the same log.
 *
 * @throws what the file system throws; then there is no such generation of ours.
 */
export async function publish(folder: Folder, generation: number, entries: Iterable<Entry>): Promise<void> {
  const draft = folder.draftOf(generation, randomBytes(8).toString('hex'));
  const handle = await open(draft, 'wx', 0o600);
  try {
    try {
      for (const entry of entries) await handle.appendFile(encodeFrame(JSON.stringify(entry)));
      await handle.sync();
    } finally {
      await handle.close();
    }
    try {
      await link(draft, folder.fileOf(generation));
    } catch (error) {
      // Taken; or, of a draft that was removed, taken as well: only drafts that come too late are.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST' && !(code === 'ENOENT' && folder.generations().some((number) => number >= generation)))
        throw error;
    }
  } finally {
    await unlink(draft).catch(() => {});
  }
  folder.flush();
}

/** Puts records into frames of a size that is written at once. */
export function* keptEntries(records: Iterable<KeptRecord>): Generator<Entry> {
  let portion: KeptRecord[] = [];
  let size = 0;
  for (const record of records) {
    portion.push(record);
    size += record[4].length;
    if (size < PORTION && portion.length < 1000) continue;
    yield ['kept', portion];
    portion = [];
    size = 0;
  }
  if (portion.length > 0) yield ['kept', portion];
}
