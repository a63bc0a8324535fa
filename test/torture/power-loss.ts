import fs from 'node:fs';
import { join } from 'node:path';
import { flushedSizes } from './flush-notes.js';
import type { Draw } from './random.js';

/**
 * Leaves of every file in a folder what a power loss is sure to leave, and often a part of the rest: the pages of an
 * append go to the disk when they please.
 *
 * @param notes - where the workers noted their flushes. No worker may be alive.
 */
export function losePower(folder: string, notes: string, draw: Draw): void {
  const sizes = flushedSizes(notes);
  for (const name of fs.existsSync(folder) ? fs.readdirSync(folder).sort() : []) {
    const path = join(folder, name);
    const { ino, size } = fs.statSync(path);
    const sure = Math.min(sizes.get(ino) ?? 0, size);
    const kept = draw.chance(0.4) ? draw.between(sure, size) : sure;
    if (kept < size) fs.truncateSync(path, kept);
  }
}
