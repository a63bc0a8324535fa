import { StateNotSavedError } from '../errors/state.js';
import { UsageError } from '../errors/usage.js';
import { emit } from '../tool/events.js';
import type { Run } from '../tool/scope.js';
import type { RunRecord } from './run-record.js';
import { encodePatch, type Standing } from './snapshot.js';
import type { FlushReason, RecordedRun, StateFlushSettings, StatePatch, StateView } from './types.js';

const ALL: readonly FlushReason[] = ['cancel', 'disconnect', 'error'];

/** A run from its start to its end. */
export class LiveRun<S extends object> implements RecordedRun<S> {
  readonly id: string;
  readonly threadId?: string;
  readonly tenant?: string;
  readonly #record: RunRecord;
  readonly #settings: StateFlushSettings;
  readonly #store: string;
  #gone = false;
  #ended = false;

  /** @param record - with what is stored of the run. */
  constructor(run: Run, record: RunRecord, settings: StateFlushSettings, store: string) {
    this.id = run.id;
    if (run.threadId !== undefined) this.threadId = run.threadId;
    if (run.tenant !== undefined) this.tenant = run.tenant;
    this.#record = record;
    this.#settings = settings;
    this.#store = store;
  }

  get state(): StateView<S> {
    return this.#record.state as StateView<S>;
  }

  record(patch: StatePatch<S>): Promise<void> {
    this.#refuseEnded('record(patch)');
    this.#record.patch(encodePatch(patch, this.id));
    return this.#settings.durable === true ? this.#save() : Promise.resolve();
  }

  flush(reason?: string): Promise<void> {
    this.#refuseEnded('flush(reason)');
    if (reason !== undefined) this.#record.standing = { ...this.#record.standing, reason };
    return this.#save();
  }

  disconnect(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    this.#gone = true;
    return this.#interrupted('disconnect', this.#wants('disconnect'));
  }

  /** The signal of the run has aborted; its function may go on, for a while or for good. */
  cancel(): Promise<void> {
    return this.#interrupted('cancel', this.#wants('cancel'));
  }

  /** The process or the store is about to end under the run. Never rejects. */
  async cutOff(reason: string): Promise<void> {
    try {
      await this.#interrupted(reason, true);
    } catch (error) {
      const message = (error as Error).message;
      emit('mycelium:warning', () => ({ tool: 'stateFlush', code: 'state-not-saved', message }));
    }
  }

  /** The function has returned. @throws StateNotSavedError with what it returned. */
  async returned(result: unknown): Promise<void> {
    const gone = this.#gone;
    const wanted = gone ? this.#wants('disconnect') : this.#settings.flushOnComplete !== false;
    await this.#end(gone ? { status: 'aborted', reason: 'disconnect' } : { status: 'completed' }, wanted, { result });
  }

  /** The function has thrown. @returns what the caller is to be thrown. */
  async threw(error: unknown, aborted: boolean): Promise<unknown> {
    const cancelled = aborted || (error instanceof Error && error.name === 'AbortError');
    const reason: FlushReason = this.#gone ? 'disconnect' : cancelled ? 'cancel' : 'error';
    const status = reason === 'error' ? 'error' : 'aborted';
    try {
      await this.#end({ status, reason, error: errorText(error) }, this.#wants(reason));
      return error;
    } catch (notSaved) {
      return bothOf(error, notSaved as StateNotSavedError);
    }
  }

  #wants(reason: FlushReason): boolean {
    return (this.#settings.flushOn ?? ALL).includes(reason);
  }

  #interrupted(reason: string, wanted: boolean): Promise<void> {
    if (!this.#ended) this.#record.standing = { ...this.#record.standing, status: 'aborted', reason };
    return wanted || this.#record.isStored ? this.#save() : Promise.resolve();
  }

  async #end(standing: Standing, wanted: boolean, returned?: { readonly result: unknown }): Promise<void> {
    // From here on nothing more can be recorded: it would be written by nobody.
    this.#ended = true;
    this.#record.standing = standing;
    await this.#record.idle();
    // A state that was written is ended whatever was wished: it would look like one that was killed.
    if (wanted || this.#record.isStored) await this.#save(returned);
  }

  #save(returned?: { readonly result: unknown }): Promise<void> {
    const { standing } = this.#record;
    const told = (): void =>
      emit('mycelium:state-saved', () => ({
        runId: this.id,
        status: standing.status,
        ...(standing.reason === undefined ? {} : { reason: standing.reason }),
        store: this.#store,
      }));
    const saved = this.#record.save().then(told, (cause: unknown) => {
      throw new StateNotSavedError({
        runId: this.id,
        store: this.#store,
        state: this.#record.state,
        returned,
        cause,
      });
    });
    // Not awaited by some, and tried again by all that follows: the end of the run tells when that fails, too.
    saved.catch(() => undefined);
    return saved;
  }

  #refuseEnded(method: string): void {
    if (!this.#ended) return;
    throw new UsageError({
      place: `run.${method}`,
      problem: `the run ${JSON.stringify(this.id)} has ended, and nothing would write it`,
      remedy: 'Await in the function of the run whatever records there.',
    });
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** The error of the function, with the other one at it; the other one with that as its cause where it takes none. */
function bothOf(error: unknown, notSaved: StateNotSavedError): unknown {
  const takes = typeof error === 'object' && error !== null && !('suppressed' in error);
  const property = { value: notSaved, configurable: true, writable: true };
  if (takes && Reflect.defineProperty(error, 'suppressed', property)) return error;
  notSaved.cause = error;
  return notSaved;
}
