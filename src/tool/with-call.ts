import { UsageError } from '../errors/usage.js';
import { guardedTool } from './guard.js';
import type { CallIdentity, CallOptions } from './types.js';

type AnyTool = (this: never, ...args: never[]) => Promise<unknown>;

/** @throws UsageError for a blank request id or an occurrence that is no count. */
export function checkIdentity(identity: CallIdentity, place: string): void {
  const { requestId, occurrence } = identity;
  if (requestId !== undefined && (typeof requestId !== 'string' || requestId.trim() === '')) {
    throw new UsageError({
      place: `${place}({ requestId })`,
      problem: 'is not a text with something in it',
      remedy: 'Give the business id as a string, e.g. an invoice number.',
    });
  }
  if (occurrence !== undefined && (!Number.isSafeInteger(occurrence) || occurrence < 1)) {
    throw new UsageError({
      place: `${place}({ occurrence })`,
      problem: `is ${String(occurrence)}`,
      remedy: 'Count intended repetitions from 1.',
    });
  }
}

/**
 * The same tool under an identity that you give for this call.
 *
 * @param identity - `requestId`: the durable identity; `occurrence`: which intended repetition of otherwise
 *   identical calls; `signal`: aborts waiting and reaches the body.
 * @throws UsageError when the tool has no guard or the identity is blank.
 * @example
 * ```ts
 * const charge = ledger({ name: 'charge', effect: 'non_idempotent_mutate' })(async ({ amount }: { amount: number }) => ({ charged: amount }));
 * await withCall(charge, { requestId: 'manual-7' })({ amount: 100 }); // → { charged: 100 }
 * ```
 */
export function withCall<T extends AnyTool>(tool: T, identity: CallIdentity): T {
  const { dispatch, positional } = guardedTool(tool, 'withCall');
  checkIdentity(identity, 'withCall');
  const called = positional
    ? async function (this: unknown, ...args: unknown[]): Promise<unknown> {
        return (await dispatch(this, args, undefined, identity)).value;
      }
    : async function (this: unknown, input: unknown, options?: CallOptions): Promise<unknown> {
        return (await dispatch(this, input, options, identity)).value;
      };
  return called as unknown as T;
}

/** What became of a call. */
export interface CallReport<Value> {
  readonly value: Value;
  /** True when the result was recorded earlier and the body did not run for this call. */
  readonly replayed: boolean;
  readonly requestId: string;
}

/**
 * Calls a guarded tool and tells whether its result was replayed, and under which identity.
 *
 * @param input - the tool's input; for positional tools, the array of arguments.
 * @example
 * ```ts
 * const greet = ledger({ name: 'greet', effect: 'idempotent_mutate', idFrom: ['who'] })(async ({ who }: { who: string }) => `hello ${who}`);
 * await greet({ who: 'Ada' });
 * await inspectCall(greet, { who: 'Ada' }); // → { value: 'hello Ada', replayed: true, requestId: 'Ada' }
 * ```
 */
export async function inspectCall<Input, Value>(
  tool: (this: never, input: Input, call?: CallOptions) => Promise<Value>,
  input: Input,
  options: CallOptions & CallIdentity = {},
): Promise<CallReport<Value>> {
  const { requestId, occurrence, ...rest } = options;
  const identity: CallIdentity = {
    ...(requestId === undefined ? {} : { requestId }),
    ...(occurrence === undefined ? {} : { occurrence }),
  };
  checkIdentity(identity, 'inspectCall');
  const { value, frame } = await guardedTool(tool, 'inspectCall').dispatch(undefined, input, rest, identity);
  return { value: value as Value, replayed: frame.replayed, requestId: frame.requestId ?? '' };
}
