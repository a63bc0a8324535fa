/** Folders that file stores lie in: on small disks, without flushes, after a loss of power. */
import { join } from 'node:path';
import { losePower } from './power-loss.js';
import { drawFrom } from './random.js';
import type { Phase, RunPlan } from './run-plan.js';
import type { Site, Sites, Struck } from './sites.js';
import { SmallDisks, succeeds } from './small-disks.js';

/** Runs wait for leases most of the time, so several go on at once even on one processor. */
const RUNS_AT_ONCE = 6;

const TRACING = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=EIO:when=1'];

/** @param root - a folder that is there. */
export function openFileSites(root: string): Sites {
  const disks = new SmallDisks(root);
  const notRun = new Map<string, string>();
  if (!disks.possible) notRun.set('full-disk', 'a small disk (tmpfs) cannot be mounted by this user');
  if (!succeeds('prlimit', '--fsize=65536', 'true')) notRun.set('file-size-limit', 'prlimit does not run');
  if (!succeeds('strace', ...TRACING, 'true')) {
    for (const fault of ['flush-error', 'flush-kill']) notRun.set(fault, 'strace does not run, or may not trace');
  }
  return {
    atOnce: RUNS_AT_ONCE,
    notRun,
    make: async (plan, folder) => fileSite(plan, folder, disks),
    close: async () => disks.clear(),
  };
}

function fileSite({ diskBytes, seed }: RunPlan, folder: string, disks: SmallDisks): Site {
  const disk = join(folder, 'disk');
  const store = { kind: 'file', folder: join(disk, 'store'), flushNotes: join(folder, 'flushes') } as const;
  if (diskBytes !== undefined && disks.possible) disks.mount(disk, diskBytes);
  return {
    store,
    strike:
      ({ powerLossAfterMs }: Phase, struck: Struck) =>
      async () => {
        if (powerLossAfterMs === undefined) return;
        losePower(store.folder, store.flushNotes, drawFrom(seed));
        struck('power-loss');
      },
    heal: () => disks.enlarge(disk),
    clear: async () => disks.unmount(disk),
  };
}
