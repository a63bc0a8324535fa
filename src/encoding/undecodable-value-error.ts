import { MyceliumError } from '../errors/mycelium-error.js';

/** A stored text is not one that the value codec wrote. Says what is wrong with it and never quotes it. */
export class UndecodableValueError extends MyceliumError {
  static override readonly code = 'UNDECODABLE_VALUE';

  /** @param what - what is wrong, as the end of a sentence about the text, e.g. `is not valid JSON`. */
  constructor(facts: { what: string }) {
    super({
      message: `A stored value ${facts.what}, so it cannot be read back.`,
      remedy:
        'The text was changed or cut off after it was written. Restore the store from a copy, or resolve the record by hand.',
      details: { what: facts.what },
    });
  }
}
