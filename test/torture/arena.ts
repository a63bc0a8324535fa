import type { RunPlan } from './run-plan.js';
import type { RunRecord } from './run-record.js';

/** What carries out plans, and how many at once. */
export interface Arena {
  readonly atOnce: number;
  /** Faults that cannot be made on this machine: name and reason. */
  readonly notRun: ReadonlyMap<string, string>;
  run(plan: RunPlan): Promise<RunRecord>;
  /** Everything that was started, mounted and made is gone after it. */
  close(): Promise<void>;
}
