/**
 * Notes which bytes of which file have been flushed, so that a power loss can be acted out afterwards: what was not
 * flushed is taken away. Import it before anything that flushes.
 */
import fs from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/** One flush that succeeded: everything of the file up to `size` is on the disk. */
interface FlushNote {
  readonly file: number;
  readonly size: number;
}

interface Listener {
  flushed(note: FlushNote): void;
  failed(error: NodeJS.ErrnoException): void;
}

const listening: { listener: Listener | undefined } = { listener: undefined };

function noteOf(descriptor: number): FlushNote {
  const { ino, size } = fs.fstatSync(descriptor);
  return { file: ino, size };
}

function listened(flush: typeof fs.fsync): (descriptor: number, done: fs.NoParamCallback) => void {
  return (descriptor, done) => {
    // Taken before the flush begins: what is appended while it runs may miss it.
    const note = noteOf(descriptor);
    flush(descriptor, (error) => {
      if (error === null) listening.listener?.flushed(note);
      else listening.listener?.failed(error);
      done(error);
    });
  };
}

function listenedSync(flush: typeof fs.fsyncSync): typeof fs.fsyncSync {
  return (descriptor) => {
    const note = noteOf(descriptor);
    flush(descriptor);
    listening.listener?.flushed(note);
  };
}

/** Handles of `node:fs/promises` go their own way to the system. */
async function listenToHandles(): Promise<void> {
  const handle = await open('/dev/null');
  const prototype = Object.getPrototypeOf(handle) as Record<'sync' | 'datasync', (this: FileHandle) => Promise<void>>;
  await handle.close();
  for (const name of ['sync', 'datasync'] as const) {
    const flush = prototype[name];
    prototype[name] = async function (this: FileHandle): Promise<void> {
      const note = noteOf(this.fd);
      await flush.call(this);
      listening.listener?.flushed(note);
    };
  }
}

Object.assign(fs, {
  fsync: listened(fs.fsync.bind(fs)),
  fdatasync: listened(fs.fdatasync.bind(fs)),
  fsyncSync: listenedSync(fs.fsyncSync.bind(fs)),
  fdatasyncSync: listenedSync(fs.fdatasyncSync.bind(fs)),
});
syncBuiltinESMExports();
await listenToHandles();

/** From now on appends every flush to a file, and tells of those that fail. @returns what ends that. */
export function noteFlushes(path: string, failed: (error: NodeJS.ErrnoException) => void): () => void {
  const descriptor = fs.openSync(path, 'a');
  listening.listener = {
    flushed: (note) => void fs.writeSync(descriptor, `${JSON.stringify(note)}\n`),
    failed,
  };
  return () => {
    listening.listener = undefined;
    fs.closeSync(descriptor);
  };
}

/** How much of each file is known to be on the disk, by inode. */
export function flushedSizes(path: string): ReadonlyMap<number, number> {
  const sizes = new Map<number, number>();
  if (!fs.existsSync(path)) return sizes;
  for (const line of fs.readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
    const { file, size } = JSON.parse(line) as FlushNote;
    sizes.set(file, Math.max(size, sizes.get(file) ?? 0));
  }
  return sizes;
}
