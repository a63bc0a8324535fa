import { join } from 'node:path';

/** A lock that its owner has not touched for so long is nobody's; owners touch theirs three times as often. */
const STALE_MS = 30_000;

/**
 * Does work on the store in a folder unless another process says that it is at it. A courtesy that spares doing the
 * same twice, and nothing more: two at once harm nothing, and a lock that cannot be had or is lost stops nobody.
 *
 * @returns undefined when another one is at it.
 */
export async function unlessAnother<Value>(folder: string, work: () => Promise<Value>): Promise<Value | undefined> {
  const release = await lock(folder);
  if (release === 'taken') return undefined;
  try {
    return await work();
  } finally {
    await release();
  }
}

async function lock(folder: string): Promise<'taken' | (() => Promise<void>)> {
  try {
    const { default: lockfile } = await import('proper-lockfile');
    const unlock = await lockfile.lock(folder, {
      lockfilePath: join(folder, 'prune.lock'),
      stale: STALE_MS,
      update: STALE_MS / 3,
      // Left out, it ends the process.
      onCompromised: () => undefined,
    });
    return () => unlock().catch(() => undefined);
  } catch (error) {
    return (error as { code?: unknown }).code === 'ELOCKED' ? 'taken' : async () => undefined;
  }
}
