import type { CallOptions } from './types.js';

/**
 * What is known of a call whose tool threw: it did nothing, it may have done something and may do it again, or it may
 * have done what must not be done twice.
 */
export type Outcome = 'not-executed' | 'may-rerun' | 'unknown';

const WORSE: readonly Outcome[] = ['not-executed', 'may-rerun', 'unknown'];

/** By what the caller passed beside the input, which is of this one call. */
const ofCalls = new WeakMap<object, Outcome>();
/** For callers further out. Several calls may throw one error, so it proves of none that it did nothing. */
const ofErrors = new WeakMap<object, { readonly outcome: Outcome; readonly at: number }>();

/** So many errors that were wrapped in one another are looked through. */
const MOST_CAUSES = 8;

/**
 * Remembers what a ledger recorded of a call whose tool threw. Nothing about the error changes.
 *
 * @param began - when the call did, by `performance.now()`.
 */
export function noteOutcome(outcome: Outcome, error: unknown, options: CallOptions | undefined, began: number): void {
  if (isObject(options)) ofCalls.set(options, worse(outcome, ofCalls.get(options)));
  if (!isObject(error) || outcome === 'not-executed') return;
  const before = ofErrors.get(error);
  const within = before !== undefined && before.at >= began ? before.outcome : undefined;
  ofErrors.set(error, { outcome: worse(outcome, within), at: performance.now() });
}

/**
 * What ledgers know of a call that ended with this error: its own, or those of calls within it.
 *
 * @param began - when the call did: what the same error stood for before is another matter.
 */
export function outcomeOf(error: unknown, options: CallOptions | undefined, began: number): Outcome | undefined {
  const own = isObject(options) ? ofCalls.get(options) : undefined;
  const thrown = outcomeOfError(error, began);
  return thrown === undefined ? own : worse(thrown, own);
}

function outcomeOfError(error: unknown, began: number): Outcome | undefined {
  let found: Outcome | undefined;
  let cause = error;
  for (let depth = 0; depth < MOST_CAUSES && isObject(cause); depth++) {
    const noted = ofErrors.get(cause);
    if (noted !== undefined && noted.at >= began) found = worse(noted.outcome, found);
    cause = causeOf(cause);
  }
  return found;
}

/** Reading it runs whatever the error has for a getter. */
function causeOf(error: object): unknown {
  try {
    return (error as { readonly cause?: unknown }).cause;
  } catch {
    return undefined;
  }
}

function worse(one: Outcome, other: Outcome | undefined): Outcome {
  return other !== undefined && WORSE.indexOf(other) > WORSE.indexOf(one) ? other : one;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
