/** What the records of a run lie on, as the arena sees it: a folder or a server, and what can befall it. */
import type { StorePlace } from './messages.js';
import type { Phase, RunPlan } from './run-plan.js';

/** Told of each fault that struck. */
export type Struck = (fault: string) => void;

/** What one run has for itself. */
export interface Site {
  readonly store: StorePlace;
  /**
   * Lets happen what a phase has planned for the site; called just before its lives begin.
   * @returns what is called when they are over: it ends that, and resolves when the site serves again.
   */
  strike(phase: Phase, struck: Struck): () => Promise<void>;
  /** From now on nothing stands in the way of a recovery. */
  heal(): void;
  clear(): Promise<void>;
}

/** All sites of one use of the harness. Everything that they start or mount is gone after `close`. */
export interface Sites {
  /** How many runs at once. */
  readonly atOnce: number;
  /** Faults that cannot be made here: name and reason. */
  readonly notRun: ReadonlyMap<string, string>;
  /** @param folder - of the run; it exists, and is removed after `clear`. */
  make(plan: RunPlan, folder: string): Promise<Site>;
  close(): Promise<void>;
}
