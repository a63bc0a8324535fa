import { UsageError } from '../errors/usage.js';
import type { AnyGuard, CallIdentity, CallOptions, ToolCall } from './types.js';

/** One dispatch on its way through the guards. */
export interface CallFrame {
  readonly self: unknown;
  /** The one input object; for positional tools, the array of arguments. */
  input: unknown;
  readonly options: CallOptions | undefined;
  readonly identity: CallIdentity | undefined;
  /** Set by the guard that owns the call; handed to the body. */
  call: ToolCall | undefined;
  /** True from the moment the tool's own code is entered. A refusal before it is proof that nothing ran. */
  entered: boolean;
  /** Filled in by a ledger, for `inspectCall`. */
  replayed: boolean;
  requestId: string | undefined;
}

/** The rest of the chain. */
export type Body = (frame: CallFrame) => unknown;

/** What a guard knows of the tool it stands around. */
export interface ToolInfo {
  /** The durable name, or undefined when nobody gave one. */
  readonly name: string | undefined;
  /** `fn.name`: does not survive minifiers. */
  readonly developmentName: string | undefined;
  readonly positional: boolean;
  /** The effect class that a ledger around it goes by; undefined without a ledger. */
  readonly effect: string | undefined;
}

/** What guards around a tool say of it to who calls it by name. */
export interface GuardedAs {
  /** The name by which records and errors know it. */
  readonly name?: string;
  /** The effect class that its ledger goes by. */
  readonly effect?: string;
}

/** A guard as `compose` and `positional` see it. */
export interface GuardDefinition {
  /** For messages, e.g. `ledger`. */
  readonly kind: string;
  /** Position from outermost to innermost (design §8); a kind of the same place excludes another. */
  readonly place: number;
  readonly name: string | undefined;
  /** As the user gave them, for who works with guarded tools from outside of a call. */
  readonly options?: object;
  /** The effect class, of guards that record. */
  readonly effect?: string;
  /** Refuses an effect class that it cannot stand around. @throws UsageError */
  accepts?(effect: string | undefined): void;
  bind(tool: ToolInfo, next: Body): Body;
  /** What of this guard stands directly around the tool's own code, inside of all guards. */
  inside?(tool: ToolInfo, body: Body): Body;
}

/** Where each kind stands, outermost first. */
export const GUARD_PLACES: Readonly<Record<string, number>> = {
  bounded: 1,
  protect: 2,
  ledger: 3,
  taskLedger: 3,
  budgeted: 4,
};

type Method = (this: unknown, ...rest: unknown[]) => unknown;
/** Runs one call of a guarded tool under an identity, and tells what became of it. */
export type Dispatch = (
  self: unknown,
  input: unknown,
  options: CallOptions | undefined,
  identity: CallIdentity | undefined,
) => Promise<Dispatched>;

/** What `inspectCall` answers from. */
export interface Dispatched {
  readonly value: unknown;
  readonly frame: CallFrame;
}

interface Guarded {
  readonly dispatch: Dispatch;
  readonly positional: boolean;
  readonly parts: readonly GuardDefinition[];
  readonly info: ToolInfo;
}

const definitions = new WeakMap<object, readonly GuardDefinition[]>();
const guardedTools = new WeakMap<object, Guarded>();

/** What stands behind a guard, outermost first. */
export function definitionsOf(guard: AnyGuard): readonly GuardDefinition[] {
  const found = definitions.get(guard);
  if (found !== undefined) return found;
  throw new UsageError({
    place: 'compose or positional',
    problem: 'got something that is not a guard',
    remedy: 'Pass what ledger(…), taskLedger(…) or compose(…) return, not a tool.',
  });
}

/** How to call a guarded tool under an identity. */
export function guardedTool(tool: unknown, place: string): Guarded {
  const found = typeof tool === 'function' ? guardedTools.get(tool) : undefined;
  if (found !== undefined) return found;
  throw new UsageError({
    place,
    problem: 'got a function that no guard is around',
    remedy: 'Pass the function that ledger(…)(…) or compose(…)(…) returned.',
  });
}

/** The guards around a tool, outermost first; undefined when there are none. */
export function guardsAround(tool: unknown): readonly GuardDefinition[] | undefined {
  return typeof tool === 'function' ? guardedTools.get(tool)?.parts : undefined;
}

/**
 * Makes the function users apply from what stands behind it.
 *
 * @param applied - told every tool it was applied to that can be called by itself, which a method cannot.
 */
export function makeGuard<G extends AnyGuard>(
  parts: readonly GuardDefinition[],
  applied?: (guarded: (...args: never[]) => unknown) => void,
): G {
  const effect = effectOf(parts);
  for (const part of parts) part.accepts?.(effect);
  const guard = (tool: unknown, context?: ClassMethodDecoratorContext): unknown => {
    const decorated = context !== undefined && typeof context.name === 'string' ? context.name : undefined;
    const guarded = applyGuards(parts, tool, { decorated, positional: false });
    if (context === undefined) applied?.(guarded);
    return guarded;
  };
  definitions.set(guard, parts);
  return guard as unknown as G;
}

function effectOf(parts: readonly GuardDefinition[]): string | undefined {
  return parts.find((part) => part.effect !== undefined)?.effect;
}

/** A guard that leaves the tool as it is, whatever it is. @param applied - as {@link makeGuard} has it. */
export function noGuard(applied?: (tool: (...args: never[]) => unknown) => void): AnyGuard {
  const guard = (tool: unknown, context?: ClassMethodDecoratorContext): unknown => {
    if (context === undefined && typeof tool === 'function') applied?.(tool as () => unknown);
    return tool;
  };
  definitions.set(guard, []);
  return guard as unknown as AnyGuard;
}

const AsyncGenerator = Object.getPrototypeOf(async function* () {}) as object;
const Generator = Object.getPrototypeOf(function* () {}) as object;

/** Whether calling it gives a stream instead of a value. */
export function isGenerator(tool: object): boolean {
  const kind = Object.getPrototypeOf(tool) as object;
  return kind === AsyncGenerator || kind === Generator;
}

/** Whether a value is a class, as far as its text tells. */
export function isClass(value: unknown): boolean {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

function refuseWhatIsNoTool(tool: unknown, kinds: string): asserts tool is Method {
  if (typeof tool !== 'function') {
    throw new UsageError({
      place: kinds,
      problem: `was applied to ${tool === null ? 'null' : typeof tool}`,
      remedy: 'Apply it to a function: ledger(options)(async (input, call) => …).',
    });
  }
  if (isGenerator(tool)) {
    throw new UsageError({
      place: kinds,
      problem: `was applied to a generator function${tool.name === '' ? '' : ` (${tool.name})`}, whose result is a stream and not a value`,
      remedy: 'Guard the function that performs the effect and returns a value, and yield outside of it.',
    });
  }
  if (isClass(tool)) {
    throw new UsageError({
      place: kinds,
      problem: `was applied to a class (${tool.name})`,
      remedy: 'Guard its methods, as a decorator or with mycelium.instrument(TheClass).',
    });
  }
  if (guardedTools.has(tool)) {
    throw new UsageError({
      place: kinds,
      problem: 'was applied to a tool that is guarded already',
      remedy: 'Put all guards of a tool into one compose(…), which knows their order.',
    });
  }
}

/** Always a promise, also of a guard that throws at once; and the guard's own where it gives one. */
function promised(chain: Body, frame: CallFrame): Promise<unknown> {
  try {
    const answer = chain(frame);
    return answer instanceof Promise ? answer : Promise.resolve(answer);
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

/** What frameworks pass is an object: anything else is a second positional argument, which the body would not get. */
function positionalCall(options: unknown, name: string | undefined): UsageError {
  return new UsageError({
    place: name ?? 'a guarded tool',
    problem: `was called with ${typeof options} as its second argument, and a tool has one input`,
    remedy: 'Call it with one object, or guard a function of several arguments with positional(guard)(fn).',
  });
}

/** Puts the guards around a tool, outermost first. */
export function applyGuards(
  parts: readonly GuardDefinition[],
  tool: unknown,
  how: { readonly decorated: string | undefined; readonly positional: boolean },
): Method {
  refuseWhatIsNoTool(tool, parts.map((part) => part.kind).join(' + '));
  const body = tool;
  const info: ToolInfo = {
    name: parts.find((part) => part.name !== undefined)?.name ?? how.decorated,
    developmentName: body.name === '' ? undefined : body.name,
    positional: how.positional,
    effect: effectOf(parts),
  };
  let chain: Body = how.positional
    ? (frame) => {
        frame.entered = true;
        return body.apply(frame.self, frame.input as unknown[]);
      }
    : (frame) => {
        frame.entered = true;
        return body.call(frame.self, frame.input, frame.call);
      };
  const inwards = [...parts].reverse();
  for (const part of inwards) chain = part.inside?.(info, chain) ?? chain;
  for (const part of inwards) chain = part.bind(info, chain);

  const frameOf = (
    self: unknown,
    input: unknown,
    options: CallOptions | undefined,
    identity: CallIdentity | undefined,
  ): CallFrame => ({
    self,
    input,
    options,
    identity,
    call: undefined,
    entered: false,
    replayed: false,
    requestId: undefined,
  });
  const dispatch: Dispatch = async (self, input, options, identity) => {
    const frame = frameOf(self, input, options, identity);
    return { value: await chain(frame), frame };
  };
  const outermost = chain;
  const guarded: Method = how.positional
    ? function (this: unknown, ...args: unknown[]): Promise<unknown> {
        return promised(outermost, frameOf(this, args, undefined, undefined));
      }
    : function (this: unknown, input: unknown, options?: unknown, all?: unknown): Promise<unknown> {
        if (typeof options === 'object' || options === undefined)
          return promised(outermost, frameOf(this, input, options as CallOptions | undefined, undefined));
        // `inputs.map(tool)` passes the position and the array, which say nothing about the call.
        if (typeof options === 'number' && Array.isArray(all))
          return promised(outermost, frameOf(this, input, undefined, undefined));
        return Promise.reject(positionalCall(options, info.name ?? info.developmentName));
      };
  Object.defineProperty(guarded, 'name', { value: info.name ?? info.developmentName ?? 'guarded', configurable: true });
  guardedTools.set(guarded, { dispatch, positional: how.positional, parts, info });
  return guarded;
}
