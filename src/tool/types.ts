/**
 * The types users see. One signature without overloads, so that inference survives inside the factories of
 * the agent frameworks.
 */

/** What a framework hands a tool beside its input; only these members are read, and only by name. */
export interface CallOptions {
  /** The id the model gave this call. Identity only together with a thread or a run. */
  readonly toolCallId?: string;
  readonly abortSignal?: AbortSignal | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a caller can say of one call through `withCall`. */
export interface CallIdentity {
  /** The durable identity, e.g. an order number. The same id is the same call, across runs and processes. */
  readonly requestId?: string;
  /** Tells intended repetitions apart: the second identical payment has occurrence 2. From 1, default 1. */
  readonly occurrence?: number;
  /** Aborts waiting, and is passed on to the body. */
  readonly signal?: AbortSignal;
}

/** The second parameter of a guarded body: the framework's own argument with these on top. */
export interface ToolCall extends CallOptions {
  /** The durable identity, as people know it. */
  readonly requestId: string;
  /** The same for every attempt at this call: hand it to a provider that honours idempotency keys. */
  readonly idempotencyKey: string;
  /** Which claim of the record this is; grows with every claim. For services that can check a fencing token. */
  readonly fence: number;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Aborts with the caller's signal, when the lease is lost, at the timeout, and at the end of the key's window. */
  readonly signal: AbortSignal;
  /**
   * The point of no return. With `boundary: 'explicit'` the attempt is made durable before `fn` starts;
   * a crash before it leaves the call free to run again.
   *
   * @throws LeaseLostError when another worker may have taken over; `fn` was not started.
   */
  effect<T>(fn: () => T | PromiseLike<T>): Promise<T>;
  /** Records the provider's own id for the effect, durably, for reconciling and for people. */
  recordExternalRef(reference: string): Promise<void>;
}

declare const types: unique symbol;
declare const same: unique symbol;
/** "As the body has it." An interface, so that what users export can name it. */
export interface Same {
  readonly [same]: never;
}

/** The members an input must have. */
export type Has<Field extends string> = [Field] extends [never] ? unknown : { readonly [P in Field]: unknown };

/** Where a schema decides what the body gets, the body takes no more than that. */
type Given<Caller, Body, Input> = [Caller] extends [Same]
  ? unknown
  : [Body] extends [Input]
    ? unknown
    : { readonly 'takes what the schema does not give': Exclude<keyof Input, keyof Body> };

/**
 * From a tool to a tool of the same types; usable as higher-order function and as method decorator.
 *
 * `Field`: members the guard reads. `Body`: what it requires of the body's input. `Gives`: what the body must
 * return. `Caller`, `Result`: what the outside sees, where that differs. `Positions`: what a selector over
 * positional arguments reads.
 */
export interface Guard<
  Field extends string = never,
  Body = unknown,
  Gives = unknown,
  Caller = Same,
  Result = Same,
  Positions extends readonly unknown[] = readonly unknown[],
> {
  <Input extends Body & Has<Field>, Output extends Gives, This = unknown>(
    tool: ((this: This, input: Input, call: ToolCall) => Output | PromiseLike<Output>) & Given<Caller, Body, Input>,
    context?: ClassMethodDecoratorContext,
  ): (
    this: This,
    input: [Caller] extends [Same] ? Input : Caller,
    call?: CallOptions,
  ) => Promise<[Result] extends [Same] ? Output : Result>;
  /** Carries the types for `compose`; never there at run time. */
  readonly [types]: { field: Field; body: Body; gives: Gives; caller: Caller; result: Result; positions: Positions };
}

/** Any guard at all, for constraints. */
export interface AnyGuard {
  readonly [types]: {
    field: string;
    body: unknown;
    gives: unknown;
    caller: unknown;
    result: unknown;
    positions: readonly unknown[];
  };
}

/** One of the type parameters of a guard. */
export type TypeOf<G, Name extends keyof AnyGuard[typeof types]> = G extends AnyGuard ? G[typeof types][Name] : never;

/** The intersection over several guards. */
export type Intersection<G extends readonly unknown[], Name extends keyof AnyGuard[typeof types]> = G extends readonly [
  infer Head,
  ...infer Rest,
]
  ? TypeOf<Head, Name> & Intersection<Rest, Name>
  : unknown;

/** The outermost that says something. */
export type Outermost<G extends readonly unknown[], Name extends keyof AnyGuard[typeof types]> = G extends readonly [
  infer Head,
  ...infer Rest,
]
  ? [TypeOf<Head, Name>] extends [Same]
    ? Outermost<Rest, Name>
    : TypeOf<Head, Name>
  : Same;

/** Fields named by a guard that the schema of another does not have. */
export type UnknownFields<G extends readonly unknown[]> =
  unknown extends Intersection<G, 'body'>
    ? never
    : Exclude<TypeOf<G[number], 'field'> & string, keyof Intersection<G, 'body'>>;
