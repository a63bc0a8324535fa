import { MyceliumError } from '../errors/mycelium-error.js';

/** The path of a value that is itself at fault, not one of its members. */
export const ROOT_PATH = '(the value itself)';

/** A value has no faithful encoding, so nothing of it was encoded. Names the offender by path, never by value. */
export class UnencodableValueError extends MyceliumError {
  static override readonly code = 'UNENCODABLE_VALUE';

  /** Where the offender stands, e.g. `order.lines[2].price`, or `ROOT_PATH`. */
  readonly path: string;
  /** What stands there, as a noun phrase, e.g. `a function`. */
  readonly what: string;

  /** @param accepts - what would have been fine, as a noun phrase; by default everything the value codec keeps. */
  constructor(facts: { path: string; what: string; accepts?: string; cause?: unknown }) {
    const place = facts.path === ROOT_PATH ? 'The value itself' : `The value at ${facts.path}`;
    const accepts =
      facts.accepts ?? 'plain data (JSON, undefined, Date, Map, Set, bigint, URL, RegExp, Uint8Array, built-in errors)';
    super({
      message: `${place} is ${facts.what}, which cannot be encoded.`,
      remedy: `Use ${accepts} in that place, or leave it out.`,
      details: { path: facts.path, what: facts.what },
      cause: facts.cause,
    });
    this.path = facts.path;
    this.what = facts.what;
  }
}
