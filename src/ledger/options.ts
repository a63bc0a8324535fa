import type { DeferredHome, LedgerHome } from '../tool/home.js';
import type { StoredForm } from './stored-form.js';
import type { EffectClass } from './transition.js';
import type { Reconciler } from './verdicts.js';

/** A length of time: milliseconds, or a text such as `"30s"`, `"24h"`. */
export type Duration = number | string;

/** What identifies a call: names of input members, or a function of the input (of all arguments, when positional). */
export type IdFrom<Field extends string, Positions extends readonly unknown[]> =
  | readonly Field[]
  | ((...input: Positions) => IdentityValue);

/** What a selector may return: one value or several. */
export type IdentityValue = unknown;

/** Options that tools and tasks share. */
export interface CommonOptions<Field extends string, Positions extends readonly unknown[]> {
  /** The durable name. Without it: the decorated method's, or a sibling guard's in the same `compose`. */
  readonly name?: string;
  /**
   * What makes two calls the same call. To be preferred for anything consequential: a model that tries again
   * mints a new call id.
   */
  readonly idFrom?: IdFrom<Field, Positions>;
  /** How long other workers leave an unfinished call to this one without hearing from it. Renewed at a third. @default '30s' */
  readonly lease?: Duration;
  /** How long a caller waits for a call that is in progress elsewhere, before CallInProgressError. @default '30s' */
  readonly waitFor?: Duration;
  /** How long the body may take before the caller gets CallTimeoutError. Its late result is still recorded. @default none */
  readonly timeout?: Duration;
  /** Claims made for one identity before it is blocked for people to look at. @default no limit */
  readonly maxAttempts?: number;
  /** What of the arguments makes the call the same: members to leave out, or what to look at instead. @default everything */
  readonly fingerprint?: { readonly omit: readonly string[] } | ((...input: Positions) => unknown);
  /** What is kept of arguments and results. @default both in full */
  readonly store?: StoredForm;
  /** Says of an error thrown by the body that its effect did not happen and can no longer happen. */
  readonly notExecuted?: (error: unknown) => boolean;
  /** Declares that a control-flow signal (interrupt, suspend) from the body comes before its effect. @default false */
  readonly suspends?: boolean;
  /** Whether its outcomes have receipts, where the ledger signs them. @default true */
  readonly receipt?: boolean;
  /** Where it is recorded. @default the surrounding run's, else the one given to `configure`, else a file store in `./.mycelium` */
  readonly ledger?: LedgerHome | DeferredHome;
}

/** Options of `ledger`. */
export interface LedgerOptions<
  Field extends string = string,
  Positions extends readonly unknown[] = readonly unknown[],
  Output = unknown,
> extends CommonOptions<Field, Positions> {
  /**
   * What running the tool does. Undeclared tools are treated as unclassified: blocked after a crash, run again
   * after a throw; `strict` refuses them.
   */
  readonly effect?: EffectClass;
  /**
   * How long the provider honours an idempotency key, from the first attempt. Only within it is a
   * `keyed_mutate` tool run again after a crash. No effect for other classes.
   */
  readonly keyValidFor?: Duration;
  /** `implicit`: the body is the effect. `explicit`: only what `call.effect(fn)` starts is. @default 'implicit' */
  readonly boundary?: 'implicit' | 'explicit';
  /** Asks the provider what became of an attempt whose worker was lost. */
  readonly reconcile?: Reconciler<Output>;
  /** How long past the lost lease a "not executed" verdict is not believed yet. @default one lease */
  readonly settleAfter?: Duration;
  /**
   * For `read` tools: share results for this long, whatever the run. Within `protect`, which decides how old a result may
   * be, no read is shared. @default reads belong to their run
   */
  readonly replayFor?: Duration;
  /** Makes `sideEffect()` and `idempotencyKey()` work inside the body. Slows every await of the process. @default false */
  readonly ambient?: boolean;
}

/** Options of `taskLedger`. */
export interface TaskOptions<Field extends string = string, Positions extends readonly unknown[] = readonly unknown[]>
  extends CommonOptions<Field, Positions> {
  /** Tasks may run again: the tools inside carry the at-most-once. @default 'idempotent_mutate' */
  readonly effect?: EffectClass;
}
