import { MyceliumError } from './mycelium-error.js';

/** No call, or more than one, answers to the id. */
export class CallNotFoundError extends MyceliumError {
  static override readonly code = 'CALL_NOT_FOUND';

  constructor(facts: { id: string; store: string; candidates?: readonly string[] }) {
    const several = facts.candidates !== undefined && facts.candidates.length > 1;
    super({
      message: several
        ? `${JSON.stringify(facts.id)} is the beginning of several ids in ${facts.store}: ${facts.candidates?.join(', ')}.`
        : `No call ${JSON.stringify(facts.id)} in ${facts.store}.`,
      remedy: several
        ? 'Give more characters of the id.'
        : 'List what is there; ids come from the same store, ledger and tenant.',
      details: { id: facts.id, store: facts.store, ...(several ? { candidates: facts.candidates } : {}) },
    });
  }
}

/** A release or retirement that the record does not allow. Nothing changed. */
export class ReleaseRefusedError extends MyceliumError {
  static override readonly code = 'RELEASE_REFUSED';

  constructor(facts: { id: string; tool: string; requestId: string; why: string; remedy: string }) {
    super({
      message: `${facts.tool} ${JSON.stringify(facts.requestId)} (${facts.id}) was left as it is: ${facts.why}.`,
      remedy: facts.remedy,
      details: { id: facts.id, tool: facts.tool, requestId: facts.requestId, why: facts.why },
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

/** `sideEffect` or `idempotencyKey` outside an ambient scope. */
export class AmbientScopeError extends MyceliumError {
  static override readonly code = 'AMBIENT_SCOPE';

  constructor(facts: { name: string; instead: string }) {
    super({
      message: `${facts.name}() has no call to speak of here.`,
      remedy: `Use ${facts.instead} from the tool's second parameter, or enter a scope: run(…), a taskLedger around the tool, or ledger({ ambient: true }).`,
      details: { name: facts.name, instead: facts.instead },
    });
  }
}
