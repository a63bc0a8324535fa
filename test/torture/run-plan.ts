/** What happens in one run. */
import type { Break, Job, Life, Settings } from './order.js';

/** Where the records are. */
export type StoreKind = 'file' | 'memory';

/** Lives that are lived at the same time. */
export interface Phase {
  readonly lives: readonly Life[];
  /** All of them end so many milliseconds after their start, and what was not flushed is gone. */
  readonly powerLossAfterMs?: number;
}

/** One run. */
export interface RunPlan {
  readonly name: string;
  readonly seed: number;
  readonly scenario: string;
  readonly jobs: readonly Job[];
  readonly settings: Settings;
  readonly phases: readonly Phase[];
  /** Nobody is killed, stopped or cut off for longer than a lease. */
  readonly everyoneLives: boolean;
  /** How large the disk is that the log lies on, in bytes. Absent: the machine's. */
  readonly diskBytes?: number;
  /** Whether the way to the store delays, loses, doubles and holds up what is sent. Only for memory stores. */
  readonly unreliableWay?: true;
  readonly broken?: Break;
}
