import { UnencodableValueError } from '../encoding/unencodable-value-error.js';
import { UsageError } from '../errors/usage.js';
import { machineClock, type ProcessClock } from '../store/process-clock.js';
import type { Body, CallFrame, GuardDefinition, ToolInfo } from '../tool/guard.js';
import { GUARD_PLACES, makeGuard } from '../tool/guard.js';
import { currentScope } from '../tool/scope.js';
import type { AnyGuard, Guard, Same } from '../tool/types.js';
import { entitiesIn, picked } from './argument-key.js';
import {
  checkPositional,
  isWrite,
  type Named,
  type ProtectOptions,
  type ReadPolicy,
  readPolicy,
  type WritePolicy,
  writePolicy,
} from './options.js';
import type { Outdated } from './outdated.js';
import { type ReadTool, read } from './protected-read.js';
import { outdate } from './session.js';

/**
 * Keeps what a run knows true: a read that is asked again within its `ttl` is answered from the run's session, and a
 * write (`invalidates`) drops the reads it outdates. All arguments count, calls at the same time share one execution,
 * errors are never remembered, and every caller gets a copy of its own.
 *
 * @param options - see {@link ProtectedRead} and {@link ProtectedWrite}: `entity` and `ttl`, or `invalidates`.
 * @returns a guard. It stands inside `bounded` and outside of `ledger`.
 * @throws UsageError, when the guard is made, for options that make no sense; when it is applied, for a tool that
 *   writes and would be answered from memory.
 * @example
 * ```ts
 * import { protect } from 'mycelium-runtime/context';
 *
 * let reads = 0;
 * const fetchCustomer = protect({ name: 'fetch_customer', entity: 'customerId', ttl: '60s' })(
 *   async ({ customerId }: { customerId: string }) => ({ customerId, read: ++reads }),
 * );
 * await run({ runId: 'run-1' }, async () => [
 *   await fetchCustomer({ customerId: 'c1' }),
 *   await fetchCustomer({ customerId: 'c1' }),
 * ]); // → [{ customerId: 'c1', read: 1 }, { customerId: 'c1', read: 1 }]
 * ```
 */
export function protect<
  const About extends Named = never,
  const Field extends string = never,
  Positions extends readonly unknown[] = readonly unknown[],
>(
  options: ProtectOptions<About, Field, Positions>,
): Guard<Field | Extract<About, string>, FirstOf<Positions>, unknown, Same, Same, Positions> {
  return protectBy(machineClock, options as unknown as ProtectOptions);
}

/** What a selector says of the input; nothing when it does not look at it. */
type FirstOf<Positions extends readonly unknown[]> = Positions extends readonly [] ? unknown : Positions[0];

/** {@link protect}, by another clock. */
export function protectBy<G extends AnyGuard>(clock: ProcessClock, options: ProtectOptions): G {
  const common = { kind: 'protect', place: GUARD_PLACES['protect'] as number, options };
  let definition: GuardDefinition;
  if (isWrite(options)) {
    const policy = writePolicy(options);
    definition = { ...common, name: options.name, ...outdatingWrite(policy) };
  } else {
    const policy = readPolicy(options);
    definition = { ...common, name: options.name, bind: (info, next) => remembering(policy, info, next, clock) };
  }
  return makeGuard([definition]);
}

function nameOf({ name, developmentName }: ToolInfo): string {
  return name ?? developmentName ?? 'the tool';
}

function remembering(policy: ReadPolicy, info: ToolInfo, next: Body, clock: ProcessClock): Body {
  const { effect, positional } = info;
  if (effect !== undefined && effect !== 'read') {
    throw new UsageError({
      place: 'protect',
      problem: `stands around ${nameOf(info)}, whose effect is ${effect}: a write that is answered from memory does not happen`,
      remedy:
        'Declare effect: "read" if that is what it is; a tool that writes says which reads it outdates: protect({ invalidates }).',
    });
  }
  if (positional) {
    checkPositional(policy.entity, 'entity');
    checkPositional(policy.key, 'key');
  }
  const tool: ReadTool = { name: nameOf(info), positional, policy, clock, told: new Set() };
  return (frame) => read(tool, frame, next);
}

/**
 * Outdates before the write, for what its own body reads; after the body, which may outlive its caller; and after the
 * call, because the write may have been made elsewhere. Whether it succeeded is never asked: it may have happened.
 */
function outdatingWrite(policy: WritePolicy): Pick<GuardDefinition, 'bind' | 'inside'> {
  const targets = new WeakMap<CallFrame, Outdated>();
  return {
    bind(info, next) {
      if (info.positional) checkPositional(policy.entity, 'invalidates');
      const by = nameOf(info);
      return async (frame) => {
        if (currentScope()?.session === undefined) return next(frame);
        const target = targetOf(policy, frame.input, info.positional);
        targets.set(frame, target);
        outdate(target);
        try {
          return await next(frame);
        } finally {
          outdate(target, { by });
        }
      };
    },
    inside: (_info, body) => async (frame) => {
      const target = targets.get(frame);
      if (target === undefined) return body(frame);
      try {
        return await body(frame);
      } finally {
        outdate(target);
      }
    },
  };
}

/** A call that does not say which entity it writes may write any. */
function targetOf({ entity, tools, tags }: WritePolicy, input: unknown, positional: boolean): Outdated {
  if (entity === undefined) return { entities: [], tools, tags };
  try {
    const entities = entitiesIn(picked(entity, input, positional));
    return { entities: entities.length === 0 ? 'all' : entities, tools, tags };
  } catch (error) {
    if (!(error instanceof UnencodableValueError)) throw error;
    return { entities: 'all', tools, tags };
  }
}
