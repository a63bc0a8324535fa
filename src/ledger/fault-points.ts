/** Instants at which a test may stop, delay or kill a worker. Free when unused. */
export const FAULT_POINTS = [
  'before-claim',
  'after-claim',
  'before-effect',
  'after-effect',
  'before-complete',
  'after-complete',
  'before-resolve',
  'after-verdict',
] as const;

/** A name from {@link FAULT_POINTS}. */
export type FaultPoint = (typeof FAULT_POINTS)[number];

/** What a fault point tells. */
export interface FaultContext {
  readonly tool: string;
  readonly id: string;
  readonly fence: number | undefined;
}

type Hook = (point: FaultPoint, context: FaultContext) => void | PromiseLike<void>;

const installed: { hook: Hook | undefined } = { hook: undefined };

/** Puts a hook in place, or takes it away. For `mycelium-runtime/testing`. */
export function onFaultPoint(hook: Hook | undefined): void {
  installed.hook = hook;
}

/** Whether anybody listens: asked first, so that a call builds nothing and awaits nothing for fault points unused. */
export function faultsInUse(): boolean {
  return installed.hook !== undefined;
}

/** Passes a fault point. */
export async function fault(point: FaultPoint, context: FaultContext): Promise<void> {
  await installed.hook?.(point, context);
}

/**
 * Thrown by a hook to act as a worker that is lost here: its caller gets this error, and nothing more is recorded
 * or renewed under its claim, just as after a SIGKILL.
 */
export class WorkerLostError extends Error {
  constructor(point: FaultPoint) {
    super(`the worker was lost at ${point}, because a test asked for it`);
    this.name = 'WorkerLostError';
  }
}
