/** Runs in real processes, killed and stopped by real signals, over a store that is a folder or a real server. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileStore, type Store } from 'mycelium-runtime/store';
import { setUpEngine } from 'mycelium-runtime/testing';
import type { Arena } from './arena.js';
import type { Paths, StorePlace } from './messages.js';
import { openServerStore } from './open-server.js';
import type { Life } from './order.js';
import { realSurroundings } from './real-surroundings.js';
import { type Fresh, recover } from './recovery.js';
import type { Phase, RunPlan, StoreKind } from './run-plan.js';
import type { RunRecord } from './run-record.js';
import type { Site, Sites } from './sites.js';
import { type Event, fileWitness, type Witness } from './witness.js';
import { type LifeEnd, WorkerPool, type WorkerProcess } from './worker-process.js';

/** More than every call of a life can take together: what lives longer hangs. */
const LONGEST_LIFE_MS = 60_000;

/** When the faults are over, a store that takes long is a busy machine. */
const RECOVERY_PATIENCE_MS = 12_000;

const SPARE_WORKERS = 6;

/** What all runs share. */
interface Ground {
  readonly root: string;
  readonly sites: Sites;
  readonly pool: WorkerPool;
}

/**
 * Opens the arena; everything it starts, mounts and makes is gone after `close`.
 * @param runs - how many there will be: no more than those go on at once.
 */
export async function openProcessArena(kind: Exclude<StoreKind, 'memory'>, runs: number): Promise<Arena> {
  const root = mkdtempSync(join(tmpdir(), 'mycelium-torture-'));
  const sites = await openSites(kind, root, runs).catch((error: unknown) => {
    rmSync(root, { recursive: true, force: true });
    throw error;
  });
  const pool = new WorkerPool(SPARE_WORKERS);
  const ground = { root, sites, pool };
  let closing: Promise<void> | undefined;
  return {
    atOnce: sites.atOnce,
    notRun: sites.notRun,
    run: (plan) => runInProcesses(plan, ground),
    close() {
      closing ??= pool
        .close()
        .finally(() => sites.close())
        .finally(() => rmSync(root, { recursive: true, force: true }));
      return closing;
    },
  };
}

async function openSites(kind: Exclude<StoreKind, 'memory'>, root: string, runs: number): Promise<Sites> {
  if (kind === 'file') return (await import('./file-sites.js')).openFileSites(root);
  const { openServerSites } = await import('./server-sites.js');
  if (kind === 'redis') return openServerSites((await import('./redis-servers.js')).REDIS, runs);
  return openServerSites((await import('./postgres-servers.js')).POSTGRES, runs);
}

async function runInProcesses(plan: RunPlan, ground: Ground): Promise<RunRecord> {
  const folder = join(ground.root, plan.name);
  mkdirSync(folder);
  const site = await ground.sites.make(plan, folder);
  const paths = { store: site.store, witness: join(folder, 'witness') };
  const witness = fileWitness(paths.witness);
  const struck: Event[] = [];
  let kills = 0;
  try {
    for (const phase of plan.phases) {
      const strike = site.strike.bind(site, phase, (fault) =>
        struck.push({ type: 'struck', fault, worker: plan.name }),
      );
      kills += await livePhase(phase, paths, strike, witness, ground);
    }
    site.heal();
    witness.add({ type: 'recovering' });
    await recover((name) => fresh(`${plan.name}-${name}`, site, witness), plan.jobs, plan.settings);
    return { events: [...struck, ...witness.events()], kills };
  } finally {
    witness.close();
    await site.clear();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fresh(worker: string, site: Site, witness: Witness): Promise<Fresh> {
  const store = await openPlace(site.store);
  setUpEngine(store, { storeDeadlineMs: RECOVERY_PATIENCE_MS });
  return { store, surroundings: realSurroundings(worker, witness), close: () => store.close() };
}

function openPlace(place: StorePlace): Promise<Store> {
  if (place.kind === 'file') return openFileStore(place.folder);
  return openServerStore(place.url, { ...place.options, timeoutMs: RECOVERY_PATIENCE_MS });
}

interface Lived {
  readonly life: Life;
  readonly worker: WorkerProcess;
  readonly ended: Promise<LifeEnd>;
}

/** @returns how many workers were killed. */
async function livePhase(
  phase: Phase,
  paths: Paths,
  strike: () => () => Promise<void>,
  witness: Witness,
  { sites, pool }: Ground,
): Promise<number> {
  const lived = await Promise.all(
    phase.lives.map(async (life): Promise<Lived & { opened: Promise<unknown> }> => {
      const possible = life.faults.process === undefined || !sites.notRun.has(life.faults.process.kind);
      const worker = await pool.take(possible ? life.faults.process : undefined);
      return { life, worker, ...worker.open(life, paths) };
    }),
  );
  await Promise.all(lived.map(({ opened }) => opened));
  const over = strike();
  const ends = await Promise.all(lived.map((one) => endOf(one, phase.powerLossAfterMs, witness)));
  for (const [position, { life, worker }] of lived.entries()) {
    // A process with faults of its own is of no use to the next life, and a power loss spares nobody.
    const unharmed =
      ends[position]?.how === 'ended' && life.faults.process === undefined && phase.powerLossAfterMs === undefined;
    if (unharmed) pool.giveBack(worker);
    else await worker.end();
  }
  await over();
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
