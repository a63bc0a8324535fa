import { MyceliumError } from './mycelium-error.js';

/** The library was asked for something it does not do. Thrown where the mistake stands, mostly at wrap time. */
export class UsageError extends MyceliumError {
  static override readonly code = 'USAGE';

  /** @param place - the option, parameter or method at fault, e.g. `ledger({ lease })`. */
  constructor(facts: { place: string; problem: string; remedy: string }) {
    super({
      message: `${facts.place}: ${facts.problem}.`,
      remedy: facts.remedy,
      details: { place: facts.place, problem: facts.problem },
    });
  }
}

/** An argument cannot be stored, so the call could not be recognized again. Thrown before the claim. */
export class InputNotStorableError extends MyceliumError {
  static override readonly code = 'INPUT_NOT_STORABLE';

  /** @param path - where the offender stands, e.g. `order.lines[2].price`. */
  constructor(facts: { tool: string; path: string; what: string }) {
    super({
      message: `${facts.tool}: the argument at ${facts.path} is ${facts.what}, which cannot be stored. The tool did not run.`,
      remedy:
        'Pass plain data (JSON, Date, Map, Set, bigint, URL, RegExp, Uint8Array, Error), or leave the member out with fingerprint: { omit }.',
      details: { tool: facts.tool, path: facts.path, what: facts.what },
      llmMessage: `The argument at ${facts.path} of ${facts.tool} must be plain data. The call did not run.`,
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
