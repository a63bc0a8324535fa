/** What a reconciler found out at the provider. */
export type Verdict<Value> =
  | { readonly outcome: 'committed'; readonly value: Value }
  | { readonly outcome: 'not-executed'; readonly evidence: string }
  | { readonly outcome: 'unknown'; readonly why: string };

/**
 * The effect happened, and this is its result.
 *
 * @example
 * ```ts
 * committed({ chargeId: 'ch-1' }).outcome; // → 'committed'
 * ```
 */
export function committed<Value>(value: Value): Verdict<Value> {
  return { outcome: 'committed', value };
}

/**
 * The effect did not happen **and can no longer happen**: the call may run again. Say it only when the provider
 * would refuse a late arrival of the first attempt; otherwise say `unknown`.
 *
 * @param evidence - how you know; kept with the record.
 * @example
 * ```ts
 * notExecuted('the order book closed without this reference').outcome; // → 'not-executed'
 * ```
 */
export function notExecuted(evidence: string): Verdict<never> {
  return { outcome: 'not-executed', evidence };
}

/**
 * Nobody can say yet. The call stays blocked and is asked about again at the next dispatch.
 *
 * @param why - shown to the people who are asked to settle it.
 * @example
 * ```ts
 * unknown('the bank indexes with a delay').outcome; // → 'unknown'
 * ```
 */
export function unknown(why: string): Verdict<never> {
  return { outcome: 'unknown', why };
}

/** What a reconciler is asked. */
export interface ReconcileQuestion<Input = unknown> {
  readonly requestId: string;
  /** The key that the lost attempt was given. */
  readonly idempotencyKey: string;
  /** What the lost attempt recorded through `call.recordExternalRef`. */
  readonly externalRef?: string;
  /** The arguments of this call, which have the recorded fingerprint. */
  readonly input: Input;
  /** The fence of the last claim: a provider can be told to refuse whatever comes under it or an earlier one. */
  readonly fence: number;
  /** How many attempts were made since a person last settled it. */
  readonly attempts: number;
  /** Aborts when the time for asking is over. */
  readonly signal: AbortSignal;
}

/** Asks the provider what became of a call. */
export type Reconciler<Value, Input = unknown> = (
  question: ReconcileQuestion<Input>,
) => Verdict<Value> | PromiseLike<Verdict<Value>>;
