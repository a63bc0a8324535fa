import { fingerprint } from '../encoding/fingerprint.js';
import { leaveOut } from '../encoding/leave-out.js';
import { unencodable } from '../encoding/refusal.js';
import { UnencodableValueError } from '../encoding/unencodable-value-error.js';
import { type CallReference, IdentityMissingError } from '../errors/call.js';
import { InputNotStorableError } from '../errors/usage.js';
import type { RecordKey } from '../store/contract.js';
import type { CallFrame } from '../tool/guard.js';
import type { LedgerHome } from '../tool/home.js';
import { type Ancestor, currentScope, type Scope } from '../tool/scope.js';
import type { CallOptions } from '../tool/types.js';
import { callKey, type Identity, identify } from './identity.js';
import type { Policy } from './policy.js';

/** One call of one tool, with everything that was fixed before the claim: user code may change its input later. */
export interface Dispatch {
  readonly policy: Policy;
  readonly home: LedgerHome;
  readonly identity: Identity;
  readonly key: RecordKey;
  /** Of a read with a business id: where it would be recorded if it were no read. */
  readonly unscoped: RecordKey | undefined;
  readonly reference: CallReference;
  readonly fingerprint: string;
  readonly input: unknown;
  readonly scope: Scope | undefined;
  readonly task: Ancestor | undefined;
  readonly toolCallId: string | undefined;
  /** What the caller passed beside the input, itself. */
  readonly options: CallOptions | undefined;
  /** The caller's signal, whatever name the framework gives it. */
  readonly signal: AbortSignal | undefined;
}

/** What the ledger needs of a frame, so that `begin` can dispatch without one. */
export type DispatchFrame = Pick<CallFrame, 'input' | 'options' | 'identity'>;

function enclosingTask(ancestor: Ancestor | undefined): Ancestor | undefined {
  let found = ancestor;
  while (found !== undefined && found.kind !== 'task') found = found.parent;
  return found;
}

/** The arguments without the members that `fingerprint: { omit }` names. */
export function withoutOmitted(policy: Policy, input: unknown): unknown {
  try {
    return (policy.omit ?? []).reduce(leaveOut, input);
  } catch (thrown) {
    throw unencodable(thrown);
  }
}

/** What of the arguments makes two calls the same. */
export function compared(policy: Policy, input: unknown): unknown {
  return policy.fingerprintOf === undefined ? withoutOmitted(policy, input) : policy.fingerprintOf(input);
}

/** The public error for an argument that has no stored form. */
export function notStorable(policy: Policy, error: unknown): unknown {
  if (!(error instanceof UnencodableValueError)) return error;
  return new InputNotStorableError({ tool: policy.tool, path: error.path, what: error.what });
}

function fingerprintOf(policy: Policy, input: unknown): string {
  try {
    return fingerprint(policy.fingerprintOf === undefined ? input : policy.fingerprintOf(input), policy.omit);
  } catch (error) {
    throw notStorable(policy, error);
  }
}

function period(policy: Policy, wallMs: number): string | undefined {
  return policy.replayForMs === undefined
    ? undefined
    : `${policy.replayForMs}:${Math.floor(wallMs / policy.replayForMs)}`;
}

const executions = new WeakMap<object, string>();

/** The same for all calls of one protected execution. */
function executionOf(reading: object | undefined, random: () => string): string | undefined {
  if (reading === undefined) return undefined;
  const known = executions.get(reading);
  if (known !== undefined) return known;
  const made = random();
  executions.set(reading, made);
  return made;
}

/**
 * Fixes identity, key and fingerprint of a call.
 *
 * @throws InputNotStorableError, IdentityMissingError; nothing has been claimed then.
 */
export function dispatchOf(
  policy: Policy,
  home: LedgerHome,
  frame: DispatchFrame,
  partitions: number,
  surroundings: { wallMs: number; random: () => string },
): Dispatch {
  const scope = currentScope();
  const task = enclosingTask(scope?.ancestor);
  const { identity: given, options } = frame;
  const toolCallId = typeof options?.toolCallId === 'string' ? options.toolCallId : undefined;
  const taken = fingerprintOf(policy, frame.input);
  const identity = identify({
    tool: policy.tool,
    effect: policy.effect,
    requestId: given?.requestId,
    occurrence: given?.occurrence ?? 1,
    selected: policy.select?.(frame.input),
    task: task?.id,
    toolCallId,
    threadId: scope?.run?.threadId,
    run: scope?.run,
    period: period(policy, surroundings.wallMs),
    execution: executionOf(scope?.reading, surroundings.random),
    fingerprint: taken,
    random: surroundings.random,
  });
  if (home.strict) refuseLoose(policy, identity, task);
  const tenant = scope?.run?.tenant ?? home.tenant;
  const keyOf = (parts: string): RecordKey =>
    callKey({ ledger: home.name, tenant, kind: policy.kind, tool: policy.tool, parts }, partitions);
  const key = keyOf(identity.parts);
  return {
    policy,
    home,
    identity,
    key,
    unscoped: identity.unscopedParts === undefined ? undefined : keyOf(identity.unscopedParts),
    reference: { tool: policy.tool, requestId: identity.requestId, id: key.id },
    fingerprint: taken,
    input: frame.input,
    scope,
    task,
    toolCallId,
    options,
    signal: given?.signal ?? options?.abortSignal ?? options?.signal,
  };
}

function consequential(policy: Policy): boolean {
  return policy.effect !== 'read' && policy.effect !== 'idempotent_mutate';
}

function refuseLoose(policy: Policy, identity: Identity, task: Ancestor | undefined): void {
  const refuse = (problem: string, remedy: string): never => {
    throw new IdentityMissingError({ tool: policy.tool, problem: `strict: ${problem}`, remedy });
  };
  if (policy.effect === 'unclassified')
    refuse(
      'its effect is not declared',
      'Declare effect: "read", "idempotent_mutate", "keyed_mutate", "non_idempotent_mutate" or "irreversible".',
    );
  if (policy.developmentName)
    refuse(
      'its name is taken from the function, which a minifier changes',
      `Give it one: ledger({ name: ${JSON.stringify(policy.tool)}, … }).`,
    );
  if (policy.effect !== 'read' && identity.source === 'random')
    refuse(
      'nothing gives this call an identity',
      'Declare idFrom, call it through withCall({ requestId }), or inside run({ runId }).',
    );
  if (
    task !== undefined &&
    consequential(policy) &&
    identity.source !== 'id-from' &&
    identity.source !== 'request-id'
  ) {
    refuse('a consequential tool inside a task is identified by its arguments only', 'Declare idFrom.');
  }
}
