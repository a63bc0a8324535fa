import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, resolve } from 'node:path';

/** What happened to the files of a folder, in the order in which it did. */
export type TraceEvent =
  | { readonly type: 'write'; readonly file: number; readonly offset: number; readonly bytes: Buffer }
  /** Everything that happened to the file before event number `covers` is on the disk. */
  | { readonly type: 'flush'; readonly file: number; readonly covers: number }
  /** What had happened to the file and was not flushed yet will never be, whatever later flushes say. */
  | { readonly type: 'flush-failed'; readonly file: number }
  | { readonly type: 'name'; readonly name: string; readonly file: number }
  | { readonly type: 'unname'; readonly name: string }
  | { readonly type: 'flush-names'; readonly covers: number };

/** What goes wrong, and when. */
export interface Faults {
  /** How many of these bytes are taken; an error takes none. It may wait. */
  append?(name: string, bytes: Buffer): number | Error | Promise<number | Error>;
  flush?(name: string): Error | undefined;
}

export interface Trace {
  readonly events: readonly TraceEvent[];
  /** Ends the recording. */
  restore(): void;
}

interface TracedFile {
  readonly number: number;
  readonly name: string;
}

type Done = (error: Error | null, count?: number) => void;

/**
 * Records what the stores of this process do to a folder. Every call reaches the real file system, but each
 * takes effect at the instant at which it is recorded, and pauses lie around it, so that the calls of
 * several stores interleave and the recorded order is the real one.
 */
export function traceFiles(folder: string, random: () => number, faults: Faults = {}): Trace {
  const events: TraceEvent[] = [];
  const names = new Map<string, TracedFile>();
  const open = new Map<number, TracedFile | 'folder'>();
  const failing = new Set<number>();
  let files = 0;
  const real = { ...fs };
  const realPromises = { ...fs.promises };
  const inside = (path: unknown): path is string => typeof path === 'string' && dirname(resolve(path)) === folder;

  const pause = async (): Promise<void> => {
    for (let turns = Math.floor(random() * 4); turns > 0; turns--) await new Promise((next) => setImmediate(next));
  };
  const write = (descriptor: number, { number }: TracedFile, bytes: Buffer, taken: number | Error): number => {
    if (taken instanceof Error) throw taken;
    const offset = real.fstatSync(descriptor).size;
    const count = taken === 0 ? 0 : real.writeSync(descriptor, bytes, 0, taken);
    events.push({ type: 'write', file: number, offset, bytes: Buffer.from(bytes.subarray(0, count)) });
    return count;
  };
  /** Linux tells every descriptor that was open once, and none that is opened later. */
  const failOthers = (descriptor: number, { number }: TracedFile): void => {
    for (const [other, file] of open)
      if (file !== 'folder' && file.number === number && other !== descriptor) failing.add(other);
  };
  const flush = (descriptor: number, file: TracedFile, covers: number): void => {
    const told = failing.delete(descriptor);
    const fault = told ? inputOutput() : faults.flush?.(file.name);
    if (fault !== undefined) {
      if (!told) failOthers(descriptor, file);
      events.push({ type: 'flush-failed', file: file.number });
      throw fault;
    }
    real.fdatasyncSync(descriptor);
    events.push({ type: 'flush', file: file.number, covers });
  };
  const unlink = (path: string): void => {
    real.unlinkSync(path);
    if (!inside(path)) return;
    names.delete(basename(path));
    events.push({ type: 'unname', name: basename(path) });
  };
  const settle = (done: Done, action: () => Promise<number | undefined>): void => {
    void action().then(
      (count) => done(null, count),
      (error: Error) => done(error, 0),
    );
  };

  const replaced = {
    openSync(path: string, ...rest: [flags: number]) {
      const descriptor = real.openSync(path, ...rest);
      const file = resolve(path) === folder ? 'folder' : inside(path) ? names.get(basename(path)) : undefined;
      if (file !== undefined) open.set(descriptor, file);
      return descriptor;
    },
    closeSync(descriptor: number) {
      open.delete(descriptor);
      failing.delete(descriptor);
      real.closeSync(descriptor);
    },
    write(descriptor: number, bytes: Buffer, from: number, length: number, position: null, done: Done) {
      const file = open.get(descriptor);
      if (file === undefined || file === 'folder') return real.write(descriptor, bytes, from, length, position, done);
      settle(done, async () => {
        await pause();
        const taken = (await faults.append?.(file.name, bytes)) ?? length;
        const count = write(descriptor, file, bytes, taken);
        await pause();
        return count;
      });
    },
    fdatasync(descriptor: number, done: Done) {
      const file = open.get(descriptor);
      if (file === undefined || file === 'folder') return real.fdatasync(descriptor, done);
      const covers = events.length;
      settle(done, async () => {
        await pause();
        flush(descriptor, file, covers);
        await pause();
        return undefined;
      });
    },
    fsyncSync(descriptor: number) {
      real.fsyncSync(descriptor);
      if (open.get(descriptor) === 'folder') events.push({ type: 'flush-names', covers: events.length });
    },
    unlinkSync: unlink,
  };
  const replacedPromises = {
    async open(path: string, flags: string, mode: number) {
      const handle = await realPromises.open(path, flags, mode);
      if (!inside(path)) return handle;
      const file: TracedFile = { number: files++, name: basename(path) };
      names.set(file.name, file);
      events.push({ type: 'name', name: file.name, file: file.number });
      return Object.assign(handle, {
        async appendFile(bytes: Buffer) {
          await pause();
          const taken = (await faults.append?.(file.name, bytes)) ?? bytes.length;
          if (write(handle.fd, file, bytes, taken) < bytes.length) throw noSpace();
        },
        async sync() {
          const covers = events.length;
          await pause();
          flush(handle.fd, file, covers);
        },
      });
    },
    async link(from: string, to: string) {
      await pause();
      real.linkSync(from, to);
      const file = names.get(basename(from))!;
      names.set(basename(to), { number: file.number, name: basename(to) });
      events.push({ type: 'name', name: basename(to), file: file.number });
      await pause();
    },
    async unlink(path: string) {
      await pause();
      unlink(path);
    },
  };
  Object.assign(fs, replaced);
  Object.assign(fs.promises, replacedPromises);
  syncBuiltinESMExports();

  return {
    events,
    restore() {
      for (const name of Object.keys(replaced)) Object.assign(fs, { [name]: real[name as keyof typeof replaced] });
      for (const name of Object.keys(replacedPromises)) {
        Object.assign(fs.promises, { [name]: realPromises[name as keyof typeof replacedPromises] });
      }
      syncBuiltinESMExports();
    },
  };
}

export function noSpace(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
}

export function inputOutput(): Error {
  return Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
}
