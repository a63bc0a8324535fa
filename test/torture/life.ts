/** One life of one worker, in whatever process it lives: it makes its calls and writes down what became of them. */
import { ActionLedger, MyceliumError } from 'mycelium-runtime';
import type { Store } from 'mycelium-runtime/store';
import { flattened, type Job, type Life } from './order.js';
import { textOf } from './provider.js';
import { receipts } from './receipts.js';
import { type Calling, type Surroundings, ToolFailure, toolsFor } from './tools.js';
import type { Ending } from './witness.js';

/** How long past everything that the library promises a call may take before it counts as hung, in milliseconds. */
const PATIENCE_MS = 15_000;

/** How long a worker that ends waits for what it still records in the background. */
const DRAIN_MS = 800;

/** Codes of errors that say that the call may be made again, or that its outcome was settled elsewhere. */
const ANNOUNCED: Readonly<Record<string, Ending>> = {
  LEDGER_BLOCKED: 'blocked',
  CALL_IN_PROGRESS: 'refused',
  LEASE_LOST: 'refused',
  PARENT_LOST: 'refused',
  NOT_EXECUTED: 'refused',
  STORE_UNAVAILABLE: 'refused',
  COMPLETION_NOT_RECORDED: 'uncertain',
};

/** Faults of the machine that an error can stem from, by the code of the system call. */
const MACHINE_FAULTS: Readonly<Record<string, string>> = {
  ENOSPC: 'full-disk',
  EFBIG: 'file-size-limit',
  EIO: 'flush-error',
};

/** Makes the calls of a life over a store, and closes its ledger. */
export async function live(surroundings: Surroundings, store: Store, life: Life): Promise<void> {
  const actions = new ActionLedger({ store, receipts });
  const calling = callsSeen(surroundings, actions, life);
  const left = life.jobs.map((job, position) => ({ job, call: `${life.worker}.${position + 1}` }));
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      await calling(next.job, next.call).catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: life.concurrency }, lane));
  await actions.close({ drain: DRAIN_MS });
}

/** Calls that leave their lines with the witness, the steps of tasks included. */
export function callsSeen(
  surroundings: Surroundings,
  actions: ActionLedger,
  life: Pick<Life, 'jobs' | 'settings'>,
): Calling {
  const within = (job: Job, call: string, calling: Calling): Promise<unknown> =>
    seen(surroundings, job, call, () => calling(job, call));
  const calling = toolsFor(surroundings, actions, life.settings, flattened(life.jobs), within);
  const patience = life.settings.waitForMs + PATIENCE_MS;
  return (job, call) => within(job, call, (one, name) => inTime(surroundings, one, name, patience, calling(one, name)));
}

async function seen(
  surroundings: Surroundings,
  job: Job,
  call: string,
  make: () => Promise<unknown>,
): Promise<unknown> {
  const { witness, worker } = surroundings;
  const about = { worker, call, key: job.key };
  witness.add({ type: 'invoked', ...about });
  try {
    const value = await make();
    await surroundings.alive();
    witness.add({ type: 'answered', ...about, value: textOf(value) });
    return value;
  } catch (error) {
    await surroundings.alive();
    if (!(error instanceof Hanging)) noteError(surroundings, about, error);
    throw error;
  }
}

class Hanging extends Error {}

function inTime(
  surroundings: Surroundings,
  job: Job,
  call: string,
  patienceMs: number,
  answer: Promise<unknown>,
): Promise<unknown> {
  const { after, witness, worker } = surroundings;
  return new Promise((resolve, reject) => {
    const forget = after(patienceMs, () => {
      witness.add({ type: 'hung', worker, call, key: job.key });
      reject(new Hanging(call));
    });
    answer.then(resolve, reject).finally(forget);
  });
}

function noteError(
  { witness, worker }: Surroundings,
  about: { worker: string; call: string; key: string },
  error: unknown,
): void {
  const { ending, code } = classified(error);
  const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  witness.add({ type: 'failed', ...about, ending, code, message: message.slice(0, 300) });
  const fault = machineFault(error);
  if (fault !== undefined) witness.add({ type: 'struck', fault, worker });
}

function classified(error: unknown): { ending: Ending; code: string } {
  if (error instanceof ToolFailure) return { ending: 'refused', code: 'TOOL_FAILURE' };
  if (error instanceof MyceliumError) return { ending: ANNOUNCED[error.code] ?? 'unexpected', code: error.code };
  return { ending: 'unexpected', code: error instanceof Error ? error.name : typeof error };
}

/** What of the machine is at the bottom of an error. */
export function machineFault(error: unknown): string | undefined {
  for (let one = error; one instanceof Error; one = one.cause) {
    const fault = MACHINE_FAULTS[String((one as NodeJS.ErrnoException).code)];
    if (fault !== undefined) return fault;
  }
  return undefined;
}
