/** What a worker is told to do: plain data, because most workers are other processes. */
import type { FaultPoint } from 'mycelium-runtime/testing';

/** One protection that can be switched off, to see whether the harness would notice. */
export const BREAKS = ['claim', 'fence', 'nonce', 'flush', 'readback', 'window', 'durability'] as const;

/** A name from {@link BREAKS}. */
export type Break = (typeof BREAKS)[number];

/** Instants at which a worker can be lost or stopped: those of the library, and one inside our own bodies. */
export type Point = FaultPoint | 'in-body';

/** One logical call, to be carried out once however often it is dispatched. */
export interface Job {
  /** Unique in the run. */
  readonly key: string;
  /** The name of a kind of tool, or `task`. */
  readonly tool: string;
  /** How long the body takes, in milliseconds. */
  readonly bodyMs: number;
  /** How the first body fails: before or after its effect, or with proof that nothing happened. */
  readonly throws?: 'before' | 'after' | 'not-executed';
  /** How large the result is made, in characters. */
  readonly padding: number;
  /** For a task: what it carries out, in order. */
  readonly steps?: readonly Job[];
}

/** Durations of a run, in milliseconds. */
export interface Settings {
  readonly leaseMs: number;
  readonly waitForMs: number;
  /** For one operation of the store with all its sendings. */
  readonly storeDeadlineMs: number;
  /** What keyed tools declare of their provider. */
  readonly keyValidForMs: number;
  /** What the provider really does. */
  readonly keyHonouredForMs: number;
}

/** What befalls a worker. */
export interface Faults {
  /** Lost at the `nth` passing of a point. */
  readonly kill?: { readonly point: Point; readonly nth: number };
  /** Lost so many milliseconds after its start. */
  readonly killAfterMs?: number;
  /** Stopped at the `nth` passing of a point, for so long. */
  readonly stop?: { readonly point: Point; readonly nth: number; readonly forMs: number };
  /** Its wall clock is off, and may jump while it works. */
  readonly clock?: { readonly shiftMs: number; readonly jump?: { readonly afterMs: number; readonly byMs: number } };
  /** The chance that an answer of the store is lost, half of them before the store has heard the question. */
  readonly lostAnswers?: number;
  /** Compacts the log so many milliseconds after each earlier compaction. */
  readonly compactEveryMs?: number;
  /** Opens the store with this number of partitions, whatever the others say. */
  readonly partitions?: number;
  /** What its process meets: a limit on the size of files, or a system call that fails or kills. */
  readonly process?:
    | { readonly kind: 'file-size-limit'; readonly bytes: number }
    | { readonly kind: 'flush-error' | 'flush-kill'; readonly nth: number; readonly onwards: boolean };
}

/** One life of one worker. */
export interface Life {
  readonly worker: string;
  readonly seed: number;
  /** In the order of their dispatch. */
  readonly jobs: readonly Job[];
  /** How many at once. */
  readonly concurrency: number;
  readonly settings: Settings;
  readonly faults: Faults;
  readonly broken?: Break;
}

/** The jobs of a run with those inside tasks. */
export function flattened(jobs: readonly Job[]): Job[] {
  return jobs.flatMap((job) => [job, ...flattened(job.steps ?? [])]);
}
