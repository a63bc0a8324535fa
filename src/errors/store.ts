import { MyceliumError } from './mycelium-error.js';

/** The store did not answer. Before the body this means that the tool did not run. */
export class StoreUnavailableError extends MyceliumError {
  static override readonly code = 'STORE_UNAVAILABLE';
  static override readonly retryable = 'safe';

  /** @param applied - `no` when the store knows that nothing was written; otherwise the write may still land. */
  constructor(facts: { store: string; during: string; applied: 'no' | 'unknown'; remedy?: string; cause?: unknown }) {
    const why = facts.cause instanceof Error ? `: ${facts.cause.message.replace(/\.$/, '')}` : '';
    super({
      message: `The store (${facts.store}) is not available during ${facts.during}${why}.`,
      remedy: facts.remedy ?? 'Nothing ran on the strength of this call. Bring the store back and call again.',
      details: { store: facts.store, during: facts.during, applied: facts.applied },
      cause: facts.cause,
    });
  }
}

/** There is no store where one was to be looked at, and looking creates none. */
export class StoreNotFoundError extends MyceliumError {
  static override readonly code = 'STORE_NOT_FOUND';

  constructor(facts: { store: string }) {
    super({
      message: `There is no store yet: ${facts.store}.`,
      remedy:
        'The first guarded call creates it. If calls were made, they were recorded elsewhere: look at the path, prefix or schema.',
      details: { store: facts.store },
    });
  }
}

/** What is stored is not what was written. Nothing is guessed: the store stops here. */
export class StoreDamagedError extends MyceliumError {
  static override readonly code = 'STORE_DAMAGED';

  constructor(facts: { file: string; record: number; offset: number; what: string; remedy: string }) {
    super({
      message: `${facts.file} is damaged at record ${facts.record}, byte ${facts.offset}: ${facts.what}.`,
      remedy: facts.remedy,
      details: { file: facts.file, record: facts.record, offset: facts.offset, what: facts.what },
    });
  }
}

/** The store was written by another version, or created with other settings, than this one understands. */
export class StoreFormatError extends MyceliumError {
  static override readonly code = 'STORE_FORMAT';

  constructor(facts: { store: string; field: string; found: unknown; expected: unknown; remedy: string }) {
    super({
      message: `The store (${facts.store}) has ${facts.field} ${String(facts.found)}, this version works with ${String(facts.expected)}.`,
      remedy: facts.remedy,
      details: { store: facts.store, field: facts.field, found: facts.found, expected: facts.expected },
    });
  }
}

/** The server is there, but the store that was opened on it is not. Nothing is guessed: nothing runs on it any more. */
export class StoreLostError extends MyceliumError {
  static override readonly code = 'STORE_LOST';

  /** @param remedy - how to accept the loss. @default that of a store that is gone as a whole */
  constructor(facts: { store: string; what: string; remedy?: string }) {
    super({
      message: `The store (${facts.store}) has lost records: ${facts.what}, as after a restart without persistence, a flush or a failover to an empty replica.`,
      remedy:
        facts.remedy ??
        'Restore its data and restart the workers. Restarted over the empty server they begin a new store: calls that ran before are then not known any more and may run again.',
      details: { store: facts.store, what: facts.what },
    });
  }
}

/** The server of a store for production is set so that it can lose what it acknowledged. */
export class StoreUnsafeError extends MyceliumError {
  static override readonly code = 'STORE_UNSAFE';

  constructor(facts: {
    store: string;
    concerns: readonly { readonly found: string; readonly risk: string; readonly remedy: string }[];
  }) {
    super({
      message: `The store (${facts.store}) can lose acknowledged records, and this profile is production: ${facts.concerns
        .map(({ found, risk }) => `${found} (${risk})`)
        .join('; ')}.`,
      remedy: facts.concerns.map(({ remedy }) => remedy).join(' '),
      details: { store: facts.store, concerns: facts.concerns },
    });
  }
}

/** The ledger was closed; it starts nothing more. */
export class LedgerClosedError extends MyceliumError {
  static override readonly code = 'LEDGER_CLOSED';

  constructor(facts: { store: string }) {
    super({
      message: `The ledger over ${facts.store} is closed.`,
      remedy: 'Open the store again; what was recorded is still there.',
      details: { store: facts.store },
    });
  }
}
