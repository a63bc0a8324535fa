/** A worker process: lives one life after another, as the arena tells it, until it is killed. */

import { setTimeout as sleep } from 'node:timers/promises';
import { MyceliumError } from 'mycelium-runtime';
import type { Store } from 'mycelium-runtime/store';
import { onFaultPoint, setUpEngine } from 'mycelium-runtime/testing';
import { engineLoaded } from './engine-loaded.js';
import { live } from './life.js';
import type { FromWorker, Paths, ToWorker } from './messages.js';
import type { Life, Point } from './order.js';
import { drawFrom } from './random.js';
import { realSurroundings, shiftedClock } from './real-surroundings.js';
import { losingAnswers, withoutProtection } from './store-wrappers.js';
import { fileWitness, type Witness } from './witness.js';
import { openFor } from './worker-store.js';

let go: () => void = () => undefined;

async function tell(message: FromWorker): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    process.send?.(message, (error: Error | null) => (error === null ? resolve() : reject(error))),
  );
}

/** Passes points, and is lost or stopped there when the plan says so. */
function pointsOf({ faults, worker }: Life, witness: Witness): (point: Point) => void | PromiseLike<void> {
  const passed = new Map<Point, number>();
  return (point) => {
    const times = (passed.get(point) ?? 0) + 1;
    passed.set(point, times);
    const { kill, stop } = faults;
    if (kill?.point === point && kill.nth === times) {
      witness.add({ type: 'struck', fault: `kill at ${point}`, worker });
      process.kill(process.pid, 'SIGKILL');
    }
    if (stop?.point !== point || stop.nth !== times) return undefined;
    witness.add({ type: 'struck', fault: 'stop', worker });
    return tell({ type: 'stopping', forMs: stop.forMs }).then(() => void process.kill(process.pid, 'SIGSTOP'));
  };
}

/** Compacts until told to stop; a disk that is full or a file that is gone is no news. */
async function compactAgainAndAgain(
  compact: () => Promise<void>,
  life: Life,
  everyMs: number,
  witness: Witness,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    await sleep(everyMs);
    try {
      await compact();
      witness.add({ type: 'struck', fault: 'compaction', worker: life.worker });
    } catch (error) {
      if (!(error instanceof MyceliumError) || error.code !== 'STORE_UNAVAILABLE') throw error;
    }
  }
}

async function liveOnce(life: Life, paths: Paths): Promise<void> {
  const { worker, faults } = life;
  const witness = fileWitness(paths.witness);
  const struck = (fault: string): void => witness.add({ type: 'struck', fault, worker });
  let shiftMs = faults.clock?.shiftMs ?? 0;
  const started = new Promise<void>((resolve) => {
    go = resolve;
  });
  try {
    const passing = pointsOf(life, witness);
    const clock = shiftedClock(() => shiftMs);
    const opened = await openFor(life, paths.store, () => clock.wall(), struck);
    if (opened === undefined) return;
    const lossy =
      faults.lostAnswers === undefined
        ? opened.store
        : losingAnswers(opened.store, faults.lostAnswers, drawFrom(life.seed), () => struck('lost-answer'));
    const store: Store = withoutProtection(lossy, life.broken);
    setUpEngine(store, { clock, storeDeadlineMs: life.settings.storeDeadlineMs });
    await tell({ type: 'opened' });
    await started;
    if (faults.clock !== undefined) struck('clock');
    const jump = faults.clock?.jump;
    if (jump !== undefined) {
      setTimeout(() => {
        shiftMs += jump.byMs;
      }, jump.afterMs);
    }
    onFaultPoint(passing);
    const stop = new AbortController();
    const compacting =
      faults.compactEveryMs === undefined || opened.compact === undefined
        ? undefined
        : compactAgainAndAgain(opened.compact, life, faults.compactEveryMs, witness, stop.signal);
    try {
      await live(realSurroundings(worker, witness, passing), store, life);
    } finally {
      stop.abort();
      await compacting;
      onFaultPoint(undefined);
      await opened.close();
    }
  } finally {
    witness.close();
  }
}

process.on('message', (message: ToWorker) => {
  if (message.type === 'go') return go();
  void liveOnce(message.life, message.paths).then(() => tell({ type: 'ended' }));
});
// Nobody is left to live for.
process.on('disconnect', () => process.exit(0));
// A file that may not grow any more is an error of its write, not the end of the process.
process.on('SIGXFSZ', () => undefined);
await engineLoaded();
await tell({ type: 'ready', pid: process.pid });
