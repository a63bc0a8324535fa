import fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { StoreUnavailableError } from '../../errors/store.js';

/** The names and the durability of what is in a store's folder. */
export class Folder {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** The file of a generation. */
  fileOf(generation: number): string {
    return join(this.path, `${String(generation).padStart(8, '0')}.log`);
  }

  /** A name for a file that is to become this generation. No two are the same. */
  draftOf(generation: number, random: string): string {
    return join(this.path, `.${String(generation).padStart(8, '0')}.${random}.draft`);
  }

  /** The numbers of the generations that are there, in order. */
  generations(): number[] {
    return this.#numbers(/^(\d{8,15})\.log$/)
      .map(({ number }) => number)
      .sort((a, b) => a - b);
  }

  /** Whether there is a log at all, and a folder for it. */
  holdsStore(): boolean {
    try {
      return this.generations().length > 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  /**
   * Removes generations before `current`, and drafts that are too late to become one: whoever still writes
   * such a draft finds that its name is taken. To be called only when `current` is durable.
   */
  clean(current: number): void {
    const obsolete = [
      ...this.#numbers(/^(\d{8,15})\.log$/).filter(({ number }) => number < current),
      ...this.#numbers(/^\.(\d{8,15})\..+\.draft$/).filter(({ number }) => number <= current),
    ];
    for (const { name } of obsolete) {
      try {
        fs.unlinkSync(join(this.path, name));
      } catch {
        // Another process was faster, or the next opening will do it: an old file only takes up room.
      }
    }
  }

  /** Makes names that were added or removed durable. */
  flush(): void {
    flushFolder(this.path);
  }

  /** Creates the folder, and what is missing above it, durably. */
  create(): void {
    const first = fs.mkdirSync(this.path, { recursive: true, mode: 0o700 });
    if (first === undefined) return;
    for (let made = this.path; ; made = dirname(made)) {
      flushFolder(dirname(made));
      if (made === first || made === dirname(made)) return;
    }
  }

  /**
   * Refuses a folder on a file system that several machines can share: there an append is not atomic, a
   * flush may stay in a cache of ours, and another machine's bytes show up late.
   */
  checkLocal(description: string): void {
    if (process.platform !== 'linux') return;
    const found = networkFileSystems.get(fs.statfsSync(this.path).type >>> 0);
    if (found === undefined) return;
    throw new StoreUnavailableError({
      store: description,
      during: 'open',
      applied: 'no',
      cause: new Error(`the folder is on ${found}`),
      remedy:
        'Put the folder on a local disk, or use a Redis or Postgres store for several machines. If only one machine ever uses the folder, and a flush there reaches a disk, open it with { force: true }.',
    });
  }

  /**
   * Whether so many more bytes are known to fit on the disk. A generation must not be ended where the next
   * one has no room: nothing could be written until there is some.
   */
  hasRoom(bytes: number): boolean {
    try {
      const { bavail, bsize } = fs.statfsSync(this.path);
      return bavail * bsize > bytes;
    } catch {
      return false;
    }
  }

  #numbers(pattern: RegExp): { name: string; number: number }[] {
    const found: { name: string; number: number }[] = [];
    for (const name of fs.readdirSync(this.path)) {
      const digits = pattern.exec(name)?.[1];
      if (digits !== undefined) found.push({ name, number: Number(digits) });
    }
    return found;
  }
}

/** By the magic numbers of statfs(2). */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x01021997, "9p, which is another machine's or the host's"],
  [0x65735546, 'FUSE, which is mostly a network file system'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x19830326, 'BeeGFS'],
  [0x786f4256, 'a shared folder of VirtualBox'],
]);

function flushFolder(path: string): void {
  // Windows has no way to flush a folder, and does not need one.
  if (process.platform === 'win32') return;
  const descriptor = fs.openSync(path, fs.constants.O_RDONLY);
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
