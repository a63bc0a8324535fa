/** Folders for runs, small disks included, and what this machine can do. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Paths } from './messages.js';

/** Where one run leaves its traces. */
export interface Place {
  readonly paths: Paths;
  /** Gives a small disk room again. */
  enlarge(): void;
  clear(): void;
}

/** A disk with room for every recovery. */
const ENOUGH_BYTES = 64 * 1024 * 1024;

function succeeds(command: string, ...words: string[]): boolean {
  return spawnSync(command, words, { stdio: 'ignore' }).status === 0;
}

/** All places of one use of the harness. Everything is gone after `clear`. */
export class Places {
  readonly #root: string = mkdtempSync(join(tmpdir(), 'mycelium-torture-'));
  readonly #mounted = new Set<string>();
  /** Faults that cannot be made here: name and reason. */
  readonly notRun: ReadonlyMap<string, string>;

  constructor() {
    const notRun = new Map<string, string>();
    const probe = join(this.#root, 'probe');
    if (!this.#mount(probe, ENOUGH_BYTES))
      notRun.set('full-disk', 'a small disk (tmpfs) cannot be mounted by this user');
    else this.#unmount(probe);
    if (!succeeds('prlimit', '--fsize=65536', 'true')) notRun.set('file-size-limit', 'prlimit does not run');
    if (
      !succeeds(
        'strace',
        '-f',
        '-qq',
        '-o',
        '/dev/null',
        '-e',
        'trace=fdatasync',
        '-e',
        'inject=fdatasync:error=EIO:when=1',
        'true',
      )
    ) {
      for (const fault of ['flush-error', 'flush-kill']) notRun.set(fault, 'strace does not run, or may not trace');
    }
    this.notRun = notRun;
  }

  /** @param diskBytes - the size of a disk of its own; undefined: none. */
  make(name: string, diskBytes: number | undefined): Place {
    const folder = join(this.#root, name);
    mkdirSync(folder);
    const disk = join(folder, 'disk');
    const small = diskBytes !== undefined && !this.notRun.has('full-disk');
    if (small) this.#mount(disk, diskBytes);
    return {
      paths: { store: join(disk, 'store'), witness: join(folder, 'witness'), flushNotes: join(folder, 'flushes') },
      enlarge: () => {
        if (small) succeeds('mount', '-o', `remount,size=${ENOUGH_BYTES}`, disk);
      },
      clear: () => {
        if (small) this.#unmount(disk);
        rmSync(folder, { recursive: true, force: true });
      },
    };
  }

  clear(): void {
    for (const disk of this.#mounted) this.#unmount(disk);
    rmSync(this.#root, { recursive: true, force: true });
  }

  #mount(disk: string, bytes: number): boolean {
    mkdirSync(disk, { recursive: true });
    const done = succeeds('mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', disk);
    if (done) this.#mounted.add(disk);
    return done;
  }

  #unmount(disk: string): void {
    // A process that was killed a moment ago may still have a file open there.
    if (succeeds('umount', disk) || succeeds('umount', '-l', disk)) this.#mounted.delete(disk);
  }
}
