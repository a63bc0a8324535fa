import { MyceliumError } from './mycelium-error.js';

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
