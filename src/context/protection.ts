import { UnencodableValueError } from '../encoding/unencodable-value-error.js';
import { UsageError } from '../errors/usage.js';
import type { ProcessClock } from '../store/process-clock.js';
import type { Body, CallFrame, GuardDefinition, ToolInfo } from '../tool/guard.js';
import { GUARD_PLACES, makeGuard } from '../tool/guard.js';
import { currentScope } from '../tool/scope.js';
import type { AnyGuard } from '../tool/types.js';
import { entitiesIn, picked } from './argument-key.js';
import {
  checkPositional,
  isWrite,
  type ProtectOptions,
  type ReadPolicy,
  readPolicy,
  type WritePolicy,
  writePolicy,
} from './options.js';
import type { Outdated } from './outdated.js';
import { read } from './protected-read.js';
import { outdate } from './session.js';
import type { ReadTool } from './told-apart.js';

/** `protect`, by a clock. */
export function protectBy<G extends AnyGuard>(clock: ProcessClock, options: ProtectOptions): G {
  const common = { kind: 'protect', place: GUARD_PLACES['protect'] as number, options };
  let definition: GuardDefinition;
  if (isWrite(options)) {
    const policy = writePolicy(options);
    definition = { ...common, name: options.name, ...outdatingWrite(policy) };
  } else {
    const policy = readPolicy(options);
    const bind: GuardDefinition['bind'] = (info, next) => remembering(policy, info, next, clock);
    definition = { ...common, name: options.name, accepts: acceptsReads, bind };
  }
  return makeGuard([definition]);
}

function nameOf({ name, developmentName }: ToolInfo): string {
  return name ?? developmentName ?? 'the tool';
}

/** @throws UsageError for a class that writes: one that is answered from memory does not happen. */
function acceptsReads(effect: string | undefined): void {
  if (effect === undefined || effect === 'read') return;
  throw new UsageError({
    place: 'protect',
    problem: `stands around a tool whose effect is ${effect}: a write that is answered from memory does not happen`,
    remedy:
      'Declare effect: "read" if that is what it is; a tool that writes says which reads it outdates: protect({ invalidates }).',
  });
}

function remembering(policy: ReadPolicy, info: ToolInfo, next: Body, clock: ProcessClock): Body {
  const { positional } = info;
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
  /** Arguments that were changed meanwhile name what was written as well as those of before. */
  const nowOf = ({ input }: CallFrame, { positional }: ToolInfo): Outdated => {
    try {
      return targetOf(policy, input, positional);
    } catch {
      return { entities: 'all', tools: policy.tools, tags: policy.tags };
    }
  };
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
          outdate(withTarget(target, nowOf(frame, info)), { by });
        }
      };
    },
    inside: (info, body) => async (frame) => {
      const target = targets.get(frame);
      if (target === undefined) return body(frame);
      try {
        return await body(frame);
      } finally {
        outdate(withTarget(target, nowOf(frame, info)));
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

function withTarget(one: Outdated, other: Outdated): Outdated {
  if (one.entities === 'all' || other.entities === 'all') return { ...one, entities: 'all' };
  return { ...one, entities: [...new Set([...one.entities, ...other.entities])] };
}
