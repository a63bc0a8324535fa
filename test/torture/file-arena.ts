/** Runs over a file store: real processes on one folder, killed and stopped by real signals. */
import { openFileStore } from 'mycelium-runtime/store';
import type { Life } from './order.js';
import { type Place, Places } from './places.js';
import { losePower } from './power-loss.js';
import { drawFrom } from './random.js';
import { realSurroundings } from './real-surroundings.js';
import { type Fresh, recover } from './recovery.js';
import type { Phase, RunPlan } from './run-plan.js';
import type { RunRecord } from './run-record.js';
import { fileWitness, type Witness } from './witness.js';
import { type LifeEnd, WorkerPool, type WorkerProcess } from './worker-process.js';

/** More than every call of a life can take together: what lives longer hangs. */
const LONGEST_LIFE_MS = 60_000;

/** Runs wait for leases most of the time, so several go on at once even on one processor. */
const RUNS_AT_ONCE = 6;
const SPARE_WORKERS = 6;

/** Carries out plans over files. */
export interface FileArena {
  readonly atOnce: number;
  readonly notRun: ReadonlyMap<string, string>;
  run(plan: RunPlan): Promise<RunRecord>;
  close(): Promise<void>;
}

/** Opens the arena; everything it starts, mounts and makes is gone after `close`. */
export function openFileArena(): FileArena {
  const places = new Places();
  const pool = new WorkerPool(SPARE_WORKERS);
  let closing: Promise<void> | undefined;
  return {
    atOnce: RUNS_AT_ONCE,
    notRun: places.notRun,
    run: (plan) => runOnFiles(plan, places, pool),
    close() {
      closing ??= pool.close().finally(() => places.clear());
      return closing;
    },
  };
}

async function runOnFiles(plan: RunPlan, places: Places, pool: WorkerPool): Promise<RunRecord> {
  const place = places.make(plan.name, plan.diskBytes);
  const witness = fileWitness(place.paths.witness);
  let kills = 0;
  try {
    for (const phase of plan.phases) kills += await livePhase(plan, phase, place, witness, places, pool);
    place.enlarge();
    witness.add({ type: 'recovering' });
    await recover((name) => fresh(`${plan.name}-${name}`, place, witness), plan.jobs, plan.settings);
    return { events: witness.events(), kills };
  } finally {
    witness.close();
    place.clear();
  }
}

async function fresh(worker: string, place: Place, witness: Witness): Promise<Fresh> {
  const store = await openFileStore(place.paths.store);
  return { store, surroundings: realSurroundings(worker, witness), close: () => store.close() };
}

interface Lived {
  readonly life: Life;
  readonly worker: WorkerProcess;
  readonly ended: Promise<LifeEnd>;
}

/** @returns how many workers were killed. */
async function livePhase(
  plan: RunPlan,
  phase: Phase,
  place: Place,
  witness: Witness,
  places: Places,
  pool: WorkerPool,
): Promise<number> {
  const lived = await Promise.all(
    phase.lives.map(async (life): Promise<Lived & { opened: Promise<unknown> }> => {
      const possible = life.faults.process === undefined || !places.notRun.has(life.faults.process.kind);
      const worker = await pool.take(possible ? life.faults.process : undefined);
      return { life, worker, ...worker.open(life, place.paths) };
    }),
  );
  await Promise.all(lived.map(({ opened }) => opened));
  const ends = await Promise.all(lived.map((one) => endOf(one, phase.powerLossAfterMs, witness)));
  for (const [position, { life, worker }] of lived.entries()) {
    // A process with faults of its own is of no use to the next life, and a power loss spares nobody.
    const unharmed =
      ends[position]?.how === 'ended' && life.faults.process === undefined && phase.powerLossAfterMs === undefined;
    if (unharmed) pool.giveBack(worker);
    else await worker.end();
  }
  if (phase.powerLossAfterMs !== undefined) {
    losePower(place.paths.store, place.paths.flushNotes, drawFrom(plan.seed));
    witness.add({ type: 'struck', fault: 'power-loss', worker: plan.name });
  }
  return ends.filter(({ how }) => how === 'killed').length;
}

/** Lets a life begin, and waits for its end, which comes at the latest when the plan, or our patience, says so. */
async function endOf(
  { life, worker, ended }: Lived,
  powerLossAfterMs: number | undefined,
  witness: Witness,
): Promise<LifeEnd> {
  const about = { worker: life.worker, call: life.worker, key: life.jobs[0]?.key ?? '' };
  const { killAfterMs, process } = life.faults;
  const timer = setTimeout(
    () => {
      worker.kill();
      if (killAfterMs !== undefined)
        witness.add({ type: 'struck', fault: 'kill at a random instant', worker: life.worker });
      else if (powerLossAfterMs === undefined) witness.add({ type: 'hung', ...about });
    },
    Math.min(killAfterMs ?? LONGEST_LIFE_MS, powerLossAfterMs ?? LONGEST_LIFE_MS),
  );
  worker.go();
  const end = await ended;
  clearTimeout(timer);
  if (end.how === 'crashed')
    witness.add({ type: 'failed', ...about, ending: 'unexpected', code: 'PROCESS_ENDED', message: end.why });
  if (end.how === 'killed' && process?.kind === 'flush-kill')
    witness.add({ type: 'struck', fault: process.kind, worker: life.worker });
  return end;
}
