import { MyceliumError } from './mycelium-error.js';

/** Nothing was ever written of this run. */
export class StateNotFoundError extends MyceliumError {
  static override readonly code = 'STATE_NOT_FOUND';

  constructor(facts: { runId: string; tenant?: string | undefined; name: string; store: string }) {
    const whose = facts.tenant === undefined ? '' : ` of tenant ${JSON.stringify(facts.tenant)}`;
    super({
      message: `There is no state of run ${JSON.stringify(facts.runId)}${whose} in ${facts.store}.`,
      remedy:
        'Look at the run id, the tenant, and the store and name it was recorded under; load(runId) gives undefined instead. A run without durable: true that was killed has left nothing: start it anew.',
      details: {
        runId: facts.runId,
        name: facts.name,
        store: facts.store,
        ...(facts.tenant === undefined ? {} : { tenant: facts.tenant }),
      },
    });
  }
}

/** A patch cannot be stored. Nothing of it was recorded; what was recorded before stands. */
export class StateNotStorableError extends MyceliumError {
  static override readonly code = 'STATE_NOT_STORABLE';

  /** @param path - where the offender stands in the patch, e.g. `order.lines[2].price`. */
  constructor(facts: { runId: string; path: string; what: string; cause?: unknown }) {
    super({
      message: `run.record of ${JSON.stringify(facts.runId)}: the value at ${facts.path} is ${facts.what}, which cannot be stored. Nothing of the patch was recorded.`,
      remedy:
        'Record an object of plain data (JSON, Date, Map, Set, bigint, URL, RegExp, Uint8Array, Error), or leave the member out.',
      details: { runId: facts.runId, path: facts.path, what: facts.what },
      cause: facts.cause,
    });
  }
}

/** The state of a run could not be written. It is in the error: what is stored is older, or nothing. */
export class StateNotSavedError extends MyceliumError {
  static override readonly code = 'STATE_NOT_SAVED';

  /** Everything that was recorded, as it would have been written. */
  readonly state: Readonly<Record<string, unknown>>;
  /** What the run's function returned, when it had returned. */
  readonly result?: unknown;

  constructor(facts: {
    runId: string;
    store: string;
    state: Readonly<Record<string, unknown>>;
    returned?: { readonly result: unknown } | undefined;
    cause: unknown;
  }) {
    const { runId, store, returned, cause } = facts;
    const why = cause instanceof Error ? (cause.message.split('\n', 1)[0] ?? '').replace(/\.$/, '') : String(cause);
    super({
      message: `The state of run ${JSON.stringify(runId)} was not written to ${store}: ${why}.`,
      remedy: `error.state has what was recorded${returned === undefined ? '' : ', and error.result what the run returned'}. It is written with the next record or flush and when the run ends; after that, bring the store back and record it again: run({ runId }, (run) => run.record(error.state)).`,
      details: { runId, store, why },
      cause,
    });
    this.state = facts.state;
    if (returned !== undefined) this.result = returned.result;
  }
}
