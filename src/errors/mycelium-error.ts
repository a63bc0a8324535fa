/** Whether the same call may be sent again: `safe`: yes, later; `unsafe`: it may run twice; `never`: it will fail the same way. */
export type Retryable = 'safe' | 'unsafe' | 'never';

/** JSON-safe facts about an error; never whole arguments, never secrets. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** What every error of this library says about itself. */
export interface ErrorFacts {
  /** What happened, naming the tool, the id, the file. */
  readonly message: string;
  /** What to do next. Printed on its own line under the message. */
  readonly remedy: string;
  readonly details?: ErrorDetails;
  /** For a model to read, where a model should. */
  readonly llmMessage?: string;
  readonly cause?: unknown;
}

const brand: unique symbol = Symbol.for('mycelium.error');

/**
 * The base of every error this library throws. `instanceof` works across duplicate copies of the package,
 * because it looks for a brand and a code, not for a prototype.
 */
export abstract class MyceliumError extends Error {
  /** Stable for the life of a major version; match on this. */
  static readonly code: string = '';
  static readonly retryable: Retryable = 'never';

  readonly code: string;
  readonly retryable: Retryable;
  readonly remedy: string;
  readonly details: ErrorDetails;
  readonly llmMessage?: string;

  constructor(facts: ErrorFacts) {
    super(`${facts.message}\n  ${facts.remedy}`, facts.cause === undefined ? undefined : { cause: facts.cause });
    const kind = new.target as typeof MyceliumError;
    this.code = kind.code;
    this.retryable = kind.retryable;
    this.remedy = facts.remedy;
    this.details = facts.details ?? {};
    if (facts.llmMessage !== undefined) this.llmMessage = facts.llmMessage;
    Object.defineProperty(this, brand, { value: true });
    Object.defineProperty(this, 'name', { value: kind.name, configurable: true, writable: true });
  }

  toJSON(): Record<string, unknown> {
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      details: this.details,
      ...(this.llmMessage === undefined ? {} : { llmMessage: this.llmMessage }),
    };
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== 'object' || value === null || (value as { [brand]?: unknown })[brand] !== true) return false;
    if (this.code === '') return true;
    return (value as { code?: unknown }).code === this.code;
  }
}
