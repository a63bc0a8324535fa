/** The tools and the task as one worker has them. */
import {
  type ActionLedger,
  committed,
  type EffectClass,
  ledger,
  NotExecutedError,
  notExecuted,
  type Reconciler,
  run,
  type ToolCall,
  taskLedger,
} from 'mycelium-runtime';
import type { Job, Point, Settings } from './order.js';
import { type Provider, type Result, resultOf } from './provider.js';
import { TASK, type ToolKind, toolKind } from './tool-kinds.js';
import type { Witness } from './witness.js';

/** Where a worker lives. */
export interface Surroundings {
  readonly worker: string;
  readonly witness: Witness;
  readonly provider: Provider;
  /** Calls `callback` once, after `ms` of this worker's time. @returns what takes that back. */
  after(ms: number, callback: () => void): () => void;
  /** Passes a point at which the worker may be lost or stopped. */
  passing(point: Point): void | PromiseLike<void>;
  /** Resolves at once, unless the worker is lost (never) or stopped (when it goes on). */
  alive(): PromiseLike<void> | undefined;
}

/** What a tool is given. The invocation is no part of what the call is. */
interface Input {
  readonly key: string;
  readonly call: string;
}

/** Makes a call: by job, and by the name of the invocation. */
export type Calling = (job: Job, call: string) => Promise<unknown>;

/** An error of a tool's own, which says nothing of its effect. */
export class ToolFailure extends Error {
  override name = 'ToolFailure';
}

const COMMON = { fingerprint: { omit: ['call'] } } as const;

/**
 * @param jobs - all of the run, those inside tasks included.
 * @param within - called around every call inside a task, so that it is seen, too.
 */
export function toolsFor(
  surroundings: Surroundings,
  actions: ActionLedger,
  settings: Settings,
  jobs: readonly Job[],
  within: (job: Job, call: string, calling: Calling) => Promise<unknown>,
): Calling {
  const byKey = new Map(jobs.map((job) => [job.key, job]));
  const durations = { lease: settings.leaseMs, waitFor: settings.waitForMs };
  const jobOf = ({ key }: Input): Job => {
    const job = byKey.get(key);
    if (job === undefined) throw new Error(`there is no job ${key}`);
    return job;
  };

  const guarded = new Map<string, (input: Input) => Promise<unknown>>();
  const toolOf = (kind: ToolKind): ((input: Input) => Promise<unknown>) => {
    let tool = guarded.get(kind.name);
    if (tool === undefined) {
      const options = {
        ...COMMON,
        ...durations,
        name: kind.name,
        boundary: kind.boundary,
        ledger: actions,
        ...(kind.effect === undefined ? {} : { effect: kind.effect as EffectClass }),
        ...(kind.identified ? { idFrom: ['key'] as const } : {}),
        ...(kind.effect === 'keyed_mutate' ? { keyValidFor: settings.keyValidForMs } : {}),
        ...(kind.reconciles ? { reconcile: reconciler(surroundings, jobOf) } : {}),
      };
      tool = ledger(options)((input: Input, call: ToolCall) =>
        body(surroundings, settings, kind, jobOf(input), input, call),
      );
      guarded.set(kind.name, tool);
    }
    return tool;
  };

  const task = taskLedger({ ...COMMON, ...durations, name: TASK, idFrom: ['key'], ledger: actions })(
    async (input: Input, call: ToolCall) => {
      const { key, steps = [] } = jobOf(input);
      surroundings.witness.add({
        type: 'body',
        worker: surroundings.worker,
        call: input.call,
        key,
        attempt: call.attempt,
      });
      const results: unknown[] = [];
      for (const step of steps) results.push(await within(step, `${input.call}>${step.key}`, calling));
      return results;
    },
  );

  const calling: Calling = async (job, call) => {
    const input = { key: job.key, call };
    if (job.tool === TASK) return task(input);
    const kind = toolKind(job.tool);
    // A read belongs to its run, so it is asked for in one that every worker can find again.
    if (kind.effect === 'read' && kind.identified)
      return run({ runId: `run of ${job.key}` }, () => toolOf(kind)(input));
    return toolOf(kind)(input);
  };
  return calling;
}

async function body(
  surroundings: Surroundings,
  settings: Settings,
  kind: ToolKind,
  job: Job,
  input: Input,
  call: ToolCall,
): Promise<Result> {
  const { witness, worker } = surroundings;
  const { attempt } = call;
  const send = async (): Promise<Result> => {
    await surroundings.alive();
    const keyed = kind.effect === 'keyed_mutate';
    const sent = surroundings.provider.send({
      worker,
      key: job.key,
      attempt,
      receipt: `${worker}-${input.call}-${attempt}`,
      ...(keyed ? { idempotency: { key: call.idempotencyKey, ms: settings.keyHonouredForMs } } : {}),
    });
    if (sent === undefined) throw new NotExecutedError('the provider refuses what this attempt sends');
    return resultOf(sent, job.padding);
  };
  const fail = (after: boolean): never => {
    witness.add({ type: 'threw', key: job.key, after });
    throw new ToolFailure(`${job.key} fails ${after ? 'after' : 'before'} its effect`);
  };

  witness.add({ type: 'body', worker, call: input.call, key: job.key, attempt });
  await pause(surroundings, job.bodyMs);
  await surroundings.passing('in-body');
  const throws = job.throws !== undefined && bodiesOf(witness, job) === 1 ? job.throws : undefined;
  if (throws === 'before') fail(false);
  if (throws === 'not-executed') throw new NotExecutedError(`${job.key} was not even tried`);
  // A keyed body makes its request through the guard, which knows when the time for that is over.
  const result =
    kind.boundary === 'explicit' || kind.effect === 'keyed_mutate' ? await call.effect(send) : await send();
  await pause(surroundings, job.bodyMs);
  if (throws === 'after') fail(true);
  return result;
}

function bodiesOf(witness: Witness, { key }: Job): number {
  return witness.events().filter((event) => event.type === 'body' && event.key === key).length;
}

/** Reads the book truthfully, and first has it closed for what may still be on its way. */
function reconciler(surroundings: Surroundings, jobOf: (input: Input) => Job): Reconciler<Result> {
  return async ({ input, attempts }) => {
    await surroundings.alive();
    const job = jobOf(input as Input);
    const effect = surroundings.provider.close(job.key, attempts);
    return effect === undefined
      ? notExecuted(`the book has nothing for ${job.key}, and takes nothing of attempts up to ${attempts}`)
      : committed(resultOf(effect, job.padding));
  };
}

function pause({ after }: Surroundings, ms: number): Promise<void> {
  return new Promise((resolve) => void after(ms, resolve));
}
