import { ROOT_PATH, UnencodableValueError } from '../encoding/unencodable-value-error.js';
import { decodeValue, encodeValue } from '../encoding/value-codec.js';
import type { ProcessClock } from '../store/process-clock.js';
import { emit } from '../tool/events.js';
import type { CallFrame } from '../tool/guard.js';
import { argumentText, entitiesIn, picked, saysNothing } from './argument-key.js';
import type { ReadPolicy } from './options.js';
import type { Subject } from './outdated.js';

/** A tool whose results may be given again. */
export interface ReadTool {
  readonly name: string;
  readonly positional: boolean;
  readonly policy: ReadPolicy;
  readonly clock: ProcessClock;
  /** What was told of it already: each once. */
  readonly told: Set<string>;
}

export function tell(tool: ReadTool, code: string, what: string): void {
  if (tool.told.has(code)) return;
  tool.told.add(code);
  emit('mycelium:warning', () => ({ tool: tool.name, code, message: `${tool.name} ${what}` }));
}

/** By what the call is found again; undefined when it cannot be told apart from others. */
export function keyOf(tool: ReadTool, frame: CallFrame): string | undefined {
  const { policy, positional } = tool;
  const { input } = frame;
  const chosen = policy.key === undefined ? undefined : picked(policy.key, input, positional);
  try {
    // No text of arguments begins like this.
    if (!saysNothing(chosen)) return `${whose(frame)}=${argumentText(chosen)}`;
    if (policy.key !== undefined)
      tell(tool, 'key-says-nothing', 'is told apart by all of its arguments: a call had nothing of what its key names');
    return whose(frame) + argumentText(input);
  } catch (error) {
    return notToldApart(tool, error, saysNothing(chosen) ? 'the argument' : 'its key');
  }
}

export function subjectOf(tool: ReadTool, { input }: CallFrame): Subject | undefined {
  const about = picked(tool.policy.entity, input, tool.positional);
  try {
    return subject(tool, entitiesIn(about));
  } catch (error) {
    return notToldApart(tool, error, 'its entity');
  }
}

export function subject({ name, policy }: ReadTool, entities: readonly string[]): Subject {
  return { entities, tool: name, tags: policy.tags, parts: undefined };
}

function notToldApart(tool: ReadTool, error: unknown, what: string): undefined {
  if (!(error instanceof UnencodableValueError)) throw error;
  const at = what !== 'the argument' && error.path === ROOT_PATH ? '' : ` at ${error.path}`;
  tell(tool, 'arguments-not-comparable', `runs each time: ${what}${at} is ${error.what}`);
  return undefined;
}

const instances = new WeakMap<object, number>();
let lastInstance = 0;

/** A method answers for its instance, and a call with an identity of its own for that. No text of arguments has a line break. */
function whose({ self, identity }: CallFrame): string {
  const asked =
    identity?.requestId === undefined && identity?.occurrence === undefined
      ? ''
      : argumentText([identity.requestId, identity.occurrence]);
  return `${self === undefined || self === null ? '' : instanceNumber(self)}\n${asked}\n`;
}

function instanceNumber(self: unknown): number | string {
  if (typeof self !== 'object' && typeof self !== 'function') return `value ${argumentText(self)}`;
  const instance = self as object;
  let number = instances.get(instance);
  if (number === undefined) {
    lastInstance += 1;
    number = lastInstance;
    instances.set(instance, number);
  }
  return number;
}

/**
 * What the body gets: a copy, so that nobody who changes the arguments while it runs changes what others are told of them.
 * Undefined when they change by themselves.
 */
export function ownInput(
  tool: ReadTool,
  frame: CallFrame,
  key: string,
): { readonly value: unknown; readonly isCopy: boolean } | undefined {
  try {
    const value = decodeValue(encodeValue(frame.input));
    if (keyOf(tool, { ...frame, input: value }) === key) return { value, isCopy: true };
    tellChanged(tool);
    return undefined;
  } catch (error) {
    if (!(error instanceof UnencodableValueError)) throw error;
    // The key chooses some of them, and others have no copy.
    return { value: frame.input, isCopy: false };
  }
}

export function isStill(tool: ReadTool, frame: CallFrame, key: string): boolean {
  if (keyOf(tool, frame) === key) return true;
  tellChanged(tool);
  return false;
}

function tellChanged(tool: ReadTool): void {
  tell(tool, 'arguments-changed', 'is not remembered when its arguments change while they are read');
}
