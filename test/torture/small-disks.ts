/** Disks that are soon full. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** A disk with room for every recovery. */
const ENOUGH_BYTES = 64 * 1024 * 1024;

/** Whether a command runs and is content. */
export function succeeds(command: string, ...words: string[]): boolean {
  return spawnSync(command, words, { stdio: 'ignore' }).status === 0;
}

/** Mounts disks of a given size, where that is allowed. */
export class SmallDisks {
  readonly #mounted = new Set<string>();
  /** Whether this user may mount them. */
  readonly possible: boolean;

  /** @param folder - where to try it. */
  constructor(folder: string) {
    const probe = join(folder, 'probe');
    this.possible = this.mount(probe, ENOUGH_BYTES);
    if (this.possible) this.unmount(probe);
  }

  mount(disk: string, bytes: number): boolean {
    mkdirSync(disk, { recursive: true });
    const done = succeeds('mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', disk);
    if (done) this.#mounted.add(disk);
    return done;
  }

  /** Gives a full disk room again. */
  enlarge(disk: string): void {
    if (this.#mounted.has(disk)) succeeds('mount', '-o', `remount,size=${ENOUGH_BYTES}`, disk);
  }

  unmount(disk: string): void {
    if (!this.#mounted.has(disk)) return;
    // A process that was killed a moment ago may still have a file open there.
    if (succeeds('umount', disk) || succeeds('umount', '-l', disk)) this.#mounted.delete(disk);
  }

  clear(): void {
    for (const disk of this.#mounted) this.unmount(disk);
  }
}
