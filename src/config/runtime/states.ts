import type { Encryption } from '../../encoding/encryption.js';
import { UsageError } from '../../errors/usage.js';
import type { StateKeeper } from '../../state/keeper.js';
import { enterRecorded, splitOptions } from '../../state/state-flush.js';
import type { RecordedRun, RecordedRunOptions, StateEncryptionContext, StateView } from '../../state/types.js';
import type { DeferredHome } from '../../tool/home.js';
import { enterRun, type Run } from '../../tool/scope.js';
import type { StateFlushConfig } from '../loader/config.js';
import type { Homes } from './homes.js';

/** The states of the runs of one configuration: their store is opened with the first run. */
export class States {
  readonly #config: StateFlushConfig | undefined;
  readonly #homes: Homes;
  readonly #file: string;
  readonly #encryption: Encryption<StateEncryptionContext> | undefined;
  #keeper: Promise<StateKeeper<Record<string, unknown>>> | undefined;

  /** @param file - for messages. */
  constructor(
    config: StateFlushConfig | undefined,
    homes: Homes,
    file: string,
    encryption: Encryption<StateEncryptionContext> | undefined,
  ) {
    this.#config = config;
    this.#homes = homes;
    this.#file = file;
    this.#encryption = encryption;
  }

  run<T>(options: RecordedRunOptions, home: DeferredHome, fn: (run: RecordedRun) => T | PromiseLike<T>): Promise<T> {
    if (this.#config !== undefined) return enterRecorded(options, fn, home, () => this.keeper('run'));
    const { ids } = splitOptions(options, fn);
    return enterRun(ids, home, (run) => fn(new UnrecordedRun(run, this.#file)));
  }

  /** @throws UsageError when the file says nothing of states. */
  async keeper(asked: string): Promise<StateKeeper<Record<string, unknown>>> {
    const config = this.#config;
    if (config === undefined) throw notConfigured(`mycelium.${asked}`, this.#file);
    this.#keeper ??= this.#open(config);
    try {
      return await this.#keeper;
    } catch (error) {
      // A failed opening is tried again by the next.
      this.#keeper = undefined;
      throw error;
    }
  }

  /** Writes what is recorded and not written yet: the stores are about to be closed. */
  async cutOff(): Promise<void> {
    const keeper = await this.#keeper?.catch(() => undefined);
    await keeper?.cutOff('close');
  }

  async #open({ location, settings }: StateFlushConfig): Promise<StateKeeper<Record<string, unknown>>> {
    const [{ store }, { StateKeeper }] = await Promise.all([
      this.#homes.at(location).open(),
      import('../../state/keeper.js'),
    ]);
    const encryption = this.#encryption === undefined ? {} : { encryption: this.#encryption };
    return new StateKeeper(store, 'default', { ...settings, ...encryption });
  }
}

/** A run of a configuration without states: it says so to whoever would lose something by it. */
class UnrecordedRun implements RecordedRun {
  readonly id: string;
  readonly threadId?: string;
  readonly tenant?: string;
  readonly #file: string;

  constructor(run: Run, file: string) {
    this.id = run.id;
    if (run.threadId !== undefined) this.threadId = run.threadId;
    if (run.tenant !== undefined) this.tenant = run.tenant;
    this.#file = file;
  }

  get state(): StateView {
    throw notConfigured('run.state', this.#file);
  }

  record(): never {
    throw notConfigured('run.record(patch)', this.#file);
  }

  flush(): never {
    throw notConfigured('run.flush(reason)', this.#file);
  }

  disconnect(): never {
    throw notConfigured('run.disconnect()', this.#file);
  }
}

function notConfigured(place: string, file: string): UsageError {
  return new UsageError({
    place,
    problem: `there is no state_flush in ${file}, so runs record no state`,
    remedy: 'Add it, e.g. state_flush: { durable: true }.',
  });
}
