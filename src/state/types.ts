import type { Encryption } from '../encoding/encryption.js';
import type { Run, RunOptions } from '../tool/scope.js';

/** How a run stands. A run that is `in-progress` and that nobody is at was killed. */
export type StateStatus = 'in-progress' | 'completed' | 'aborted' | 'error';

/** Signals of the process at which state can be written. */
export type ShutdownSignal = 'SIGINT' | 'SIGTERM';

/** Why a run can end early. */
export type FlushReason = 'cancel' | 'disconnect' | 'error';

/** What may be recorded: some members, which replace those of the same name; `undefined` takes one away. */
export type StatePatch<S extends object = Record<string, unknown>> = { readonly [K in keyof S]?: S[K] | undefined };

/** What was recorded so far. */
export type StateView<S extends object = Record<string, unknown>> = { readonly [K in keyof S]?: S[K] };

/** A run in a list. */
export interface RunSummary {
  readonly runId: string;
  readonly threadId?: string;
  readonly tenant?: string;
  readonly status: StateStatus;
  /** Why: `cancel`, `disconnect`, `error`, `close`, the name of a signal, or what `flush` was told. */
  readonly reason?: string;
  /** The error that ended it, as name and message. Not in a list when the state is encrypted. */
  readonly error?: string;
  /** When it was last written, in milliseconds of the store's clock. */
  readonly updatedAt: number;
}

/** A run as it was last written. */
export interface StateSnapshot<S extends object = Record<string, unknown>> extends RunSummary {
  readonly state: StateView<S>;
}

/** Which runs to list. */
export interface RunQuery {
  readonly status?: StateStatus;
  /** The `next` of the page before. */
  readonly after?: string;
  /** At most this many, 1 to 1000. @default 100 */
  readonly limit?: number;
}

/** A page of runs. */
export interface RunPage {
  readonly runs: readonly RunSummary[];
  /** Present when there is more. */
  readonly next?: string;
}

/** A run whose state is recorded. */
export interface RecordedRun<S extends object = Record<string, unknown>> extends Run {
  /** What was recorded so far, also by an earlier attempt at the same run. A copy: only `record` changes the state. */
  readonly state: StateView<S>;

  /**
   * Records some members of the state. A bad patch throws at once and changes nothing.
   *
   * @returns with `durable`, resolves when it is written; otherwise at once. It need not be awaited: what could not be
   *   written is written with the next record or flush, and at the end of the run, which fails if that fails too.
   * @throws StateNotStorableError with the path. UsageError when the run has ended. StateNotSavedError (rejected).
   */
  record(patch: StatePatch<S>): Promise<void>;

  /**
   * Writes what was recorded. The run goes on, and what is recorded later is written later.
   *
   * @param reason - kept with the state, for people.
   * @throws StateNotSavedError (rejected), UsageError when the run has ended.
   */
  flush(reason?: string): Promise<void>;

  /**
   * Says that whoever the run works for is gone: the state is written as aborted, and the run ends as aborted, also
   * when its function returns.
   *
   * @throws StateNotSavedError (rejected).
   */
  disconnect(): Promise<void>;
}

/** Options of a run whose state is recorded. */
export interface RecordedRunOptions extends RunOptions {
  /** When it aborts, what was recorded is written at once; stopping is for the function. */
  readonly signal?: AbortSignal;
}

/** What a ciphertext of a state belongs to. */
export interface StateEncryptionContext {
  readonly runId: string;
  readonly id: string;
  readonly field: 'state';
}

/** When state is written, and how. */
export interface StateFlushSettings {
  /** Which early ends write the state. @default ['cancel', 'disconnect', 'error'] */
  readonly flushOn?: readonly FlushReason[];
  /** Whether a run that completes writes its state. One that was written before is always ended. @default true */
  readonly flushOnComplete?: boolean;
  /** Writes every record as it comes, so that a process that is killed has lost nothing recorded. @default false */
  readonly durable?: boolean;
  /** Signals at which the state is written; then the process ends as it would have without. @default none */
  readonly signals?: readonly ShutdownSignal[];
  /** Applied to the state and to the text of errors. */
  readonly encryption?: Encryption<StateEncryptionContext>;
}
