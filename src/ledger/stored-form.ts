/** What is kept of arguments and results: the options, and what they are without a word. */

import type { Encryption } from '../encoding/encryption.js';

/** How much of a value is kept: all of it, a copy with secret-looking members blanked, or its SHA-256 only. */
export type Keep = 'full' | 'redacted' | 'digest';

/** What is kept of arguments and results. */
export interface StoredForm {
  /** Of the arguments. @default 'full' */
  readonly input?: Keep;
  /** Of the result. Anything but `full` makes it unreplayable: later callers get ResultNotReplayableError. @default 'full' */
  readonly result?: Keep;
  /** Member names blanked by `redacted`, beside the built-in ones. */
  readonly redact?: readonly string[];
  /** Applied to every text that is kept. */
  readonly encryption?: Encryption;
  /** Longer encoded results commit as unreplayable. In characters. @default 4_194_304 */
  readonly maxResultLength?: number;
}

/** {@link StoredForm} with its defaults. */
export interface ResolvedForm {
  readonly input: Keep;
  readonly result: Keep;
  readonly redact: readonly string[];
  readonly encryption: Encryption | undefined;
  readonly maxResultLength: number;
}
