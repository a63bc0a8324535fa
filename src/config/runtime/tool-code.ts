import type { Encryption } from '../../encoding/encryption.js';
import type { IdentityValue } from '../../ledger/options.js';
import type { Reconciler } from '../../ledger/verdicts.js';
import type { CallOptions, ToolCall } from '../../tool/types.js';

/** What of a tool's protection is code, beside what the file says. */
export interface ToolCode<
  Positions extends readonly unknown[] = readonly unknown[],
  Output = unknown,
  Input = Positions[0],
> {
  /** Asks the provider what became of an attempt whose worker was lost. */
  readonly reconcile?: Reconciler<Output, Input>;
  /** Says of an error thrown by the body that its effect did not happen and can no longer happen. */
  readonly notExecuted?: (error: unknown) => boolean;
  /** What makes two calls the same call, where naming fields (`id_from`) is not enough. */
  readonly idFrom?: (...input: Positions) => IdentityValue;
  /** What of the arguments makes the call the same. @default everything */
  readonly fingerprint?: { readonly omit: readonly string[] } | ((...input: Positions) => unknown);
  /** Declares that a control-flow signal (interrupt, suspend) from the body comes before its effect. @default false */
  readonly suspends?: boolean;
  /** Makes `sideEffect()` and `idempotencyKey()` work inside the body. @default false */
  readonly ambient?: boolean;
  /** Applied to every argument and result that is kept. */
  readonly encryption?: Encryption;
}

/** For callers without types; what is `false` means nothing to a task. */
export const CODE_KEYS: Readonly<Record<keyof ToolCode, boolean>> = {
  reconcile: false,
  notExecuted: true,
  idFrom: true,
  fingerprint: true,
  suspends: true,
  ambient: false,
  encryption: true,
};

type Constructor = abstract new (...args: never[]) => unknown;
type Method = (...args: never[]) => unknown;

/** Whether a function takes `(input, call: ToolCall)`, as a body does. */
type TakesCall<F> = F extends (...args: infer Args) => unknown
  ? Required<Args> extends readonly [unknown, infer Call]
    ? [Call] extends [ToolCall]
      ? [ToolCall] extends [Call]
        ? true
        : false
      : false
    : false
  : false;

/** The guard brings the call: callers pass what their framework gives them, or nothing. */
type InstrumentedMember<F> =
  TakesCall<F> extends true
    ? F extends (this: infer This, input: infer Input, call: never) => infer Output
      ? (this: This, input: Input, call?: CallOptions) => Promise<Awaited<Output>>
      : F
    : F;

/** The members whose type changes. */
type TakersOfCall<T> = { [K in keyof T]-?: TakesCall<T[K]> extends true ? K : never }[keyof T];

/** Where nothing changes it is the type itself: private members, and what extends it, go on to fit. */
type InstrumentedMembers<T> = [TakersOfCall<T>] extends [never]
  ? T
  : { readonly [K in keyof T]: InstrumentedMember<T[K]> };

/**
 * What `instrument` gives: the same shape with the same types, except that nobody has to pass the `call` that a
 * guarded body takes. A class gives a class whose instances are instrumented.
 */
export type Instrumented<T> = T extends Constructor
  ? [TakersOfCall<T> | TakersOfCall<InstanceType<T>>] extends [never]
    ? T
    : { readonly [K in keyof T]: InstrumentedMember<T[K]> } & {
        new (...args: ConstructorParameters<T>): InstrumentedMembers<InstanceType<T>>;
        readonly prototype: InstrumentedMembers<InstanceType<T>>;
      }
  : InstrumentedMembers<T>;

/** Where the functions of a shape are: of a class, on its instances and on itself. */
type Members<T> = T extends Constructor ? InstanceType<T> & Omit<T, 'prototype'> : T;

type InputOf<F> = F extends (input: infer Input, ...rest: never[]) => unknown ? Input : never;
type OutputOf<F> = F extends Method ? Awaited<ReturnType<F>> : never;

/** For every asynchronous function of the shape, by its name in code. */
export type InstrumentCode<T> = {
  readonly [K in keyof Members<T> as Members<T>[K] extends (...args: never[]) => PromiseLike<unknown>
    ? K
    : never]?: ToolCode<[InputOf<Members<T>[K]>], OutputOf<Members<T>[K]>>;
};
