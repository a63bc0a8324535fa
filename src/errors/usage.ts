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

/** One thing that is wrong with a configuration, or worth a look. */
export interface ConfigIssue {
  /** Stable: `MYC1…` the file and its syntax, `MYC2…` keys and values, `MYC3…` what does not go together, `MYC5…` the code. */
  readonly id: string;
  /** A `warning` loads; an `error` does not. */
  readonly severity: 'error' | 'warning';
  /** The file as it was named; `mycelium.yaml` for a text without a name. */
  readonly file: string;
  /** From 1. Absent when the file itself is at fault. */
  readonly line?: number;
  /** From 1, in UTF-16 units, as editors count. */
  readonly column?: number;
  /** Dotted, e.g. `tools.send_payment.id_from[0]`; empty for the whole. */
  readonly path: string;
  /** What is wrong, as half a sentence. */
  readonly problem: string;
  /** What was probably meant. */
  readonly suggestion?: string;
  /** What to do. */
  readonly remedy: string;
}

/** A configuration that cannot be used: everything that is wrong with it at once. Nothing was opened or guarded. */
export class ConfigError extends MyceliumError {
  static override readonly code = 'CONFIG_INVALID';

  /**
   * @param what - what cannot be done, when it is not that the file cannot be used.
   * @param text - the issues with their places and lines of code, for people.
   */
  constructor(facts: {
    file: string;
    issues: readonly ConfigIssue[];
    text: string;
    what?: string | undefined;
    remedy?: string | undefined;
  }) {
    const count = facts.issues.length === 1 ? '1 error' : `${facts.issues.length} errors`;
    super({
      message: `${facts.what ?? `${facts.file} cannot be used`}, ${count}:\n\n${facts.text}\n`,
      remedy: facts.remedy ?? 'Mend what is marked. Nothing was opened, and nothing is guarded.',
      details: { file: facts.file, issues: facts.issues },
    });
    // The message has it all for people: a printed error does not say it twice.
    Object.defineProperty(this, 'details', { enumerable: false });
  }

  /** Every error, in the order of the file. */
  get issues(): readonly ConfigIssue[] {
    return this.details['issues'] as readonly ConfigIssue[];
  }
}
