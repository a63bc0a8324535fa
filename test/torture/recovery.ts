/**
 * What follows the faults: a fresh worker dispatches everything again, an operator who can read the provider's book
 * settles what is blocked, and then another fresh worker must be given every result.
 */
import { ActionLedger, type CallView } from 'mycelium-runtime';
import type { Store } from 'mycelium-runtime/store';
import { callsSeen } from './life.js';
import { flattened, type Job, type Settings } from './order.js';
import { resultOf } from './provider.js';
import { audit, receipts } from './receipts.js';
import type { Surroundings } from './tools.js';

/** Waits out leases and verdicts that are not believed yet. */
const RECOVERY_WAIT_MS = 8_000;

/** Dispatch, settle, dispatch: what a second operator's round does not bring to an end has no remedy. */
const ROUNDS = 4;

/** How one fresh worker reaches the store. */
export interface Fresh {
  readonly store: Store;
  readonly surroundings: Surroundings;
  close(): Promise<void>;
}

/** @param open - gives a worker that never lived before. */
export async function recover(
  open: (worker: string) => Promise<Fresh>,
  jobs: readonly Job[],
  settings: Settings,
): Promise<void> {
  const patient = { ...settings, waitForMs: RECOVERY_WAIT_MS };
  await withFresh(open, 'recovery', async ({ store, surroundings }) => {
    const actions = new ActionLedger({ store, receipts });
    const calling = callsSeen(surroundings, actions, { jobs, settings: patient });
    let left: readonly Job[] = jobs;
    for (let round = 1; round <= ROUNDS && left.length > 0; round++) {
      const answered = await Promise.all(
        left.map((job) =>
          calling(job, `recovery.${round}.${job.key}`).then(
            () => true,
            () => false,
          ),
        ),
      );
      left = left.filter((_, position) => !answered[position]);
      if (left.length > 0) await settle(surroundings, actions, jobs);
    }
    await actions.close();
  });
  await withFresh(open, 'witness', async ({ store, surroundings }) => {
    const actions = new ActionLedger({ store, receipts });
    const calling = callsSeen(surroundings, actions, { jobs, settings: patient });
    await Promise.all(jobs.map((job) => calling(job, `again.${job.key}`).catch(() => undefined)));
    const calls = await allCalls(actions);
    const keys = new Map<string, string>();
    for (const view of calls) {
      const key = keyOf(await actions.get(view.id));
      if (key === undefined) continue;
      keys.set(view.id, key);
      surroundings.witness.add({ type: 'recorded', key, phase: view.phase });
    }
    await audit(store, calls, (id) => keys.get(id), surroundings.witness);
    await actions.close();
  });
}

async function withFresh(
  open: (worker: string) => Promise<Fresh>,
  worker: string,
  use: (fresh: Fresh) => Promise<void>,
): Promise<void> {
  let fresh: Fresh;
  try {
    fresh = await open(worker);
  } catch {
    // A store that does not open answers nothing: the checker finds every call of the run without a remedy.
    return;
  }
  try {
    await use(fresh);
  } finally {
    await fresh.close();
  }
}

/** The operator looks at the book, and says what it says. No worker of the run is left that could add to it. */
async function settle({ provider, witness }: Surroundings, actions: ActionLedger, jobs: readonly Job[]): Promise<void> {
  const known = new Map(flattened(jobs).map((job) => [job.key, job]));
  for (const { id } of await allCalls(actions, true)) {
    const job = known.get(keyOf(await actions.get(id)) ?? '');
    if (job === undefined) continue;
    const effect = provider.find(job.key);
    const settled = { by: 'the operator', reason: 'looked at the book of the provider' };
    const as = effect === undefined ? 'not-executed' : 'completed';
    try {
      if (effect === undefined) await actions.release(id, { ...settled, as: 'not-executed' });
      else await actions.release(id, { ...settled, as: 'completed', result: resultOf(effect, job.padding) });
      witness.add({ type: 'released', key: job.key, as });
    } catch (error) {
      // Refused when something settled it meanwhile; whatever else it is shows in the next round.
      witness.add({
        type: 'failed',
        worker: 'operator',
        call: `release of ${id}`,
        key: job.key,
        ending: 'refused',
        code: String((error as { code?: unknown }).code),
        message: String(error),
      });
    }
  }
}

async function allCalls(actions: ActionLedger, stuck = false): Promise<CallView[]> {
  const calls: CallView[] = [];
  let after: string | undefined;
  do {
    const page = await actions.list({ stuck, limit: 200, ...(after === undefined ? {} : { after }) });
    calls.push(...page.calls);
    after = page.next;
  } while (after !== undefined);
  return calls;
}

function keyOf(view: CallView | undefined): string | undefined {
  const input = view?.input as { key?: unknown } | undefined;
  return typeof input?.key === 'string' ? input.key : undefined;
}
