import type { Flaw } from '../graph.js';
import { flaw, isMembers, type Members, memberOf, parsedObject, shown, textMember } from '../shape.js';

/** States in which a call has its result. */
export const settled: ReadonlySet<string> = new Set(['output-available', 'output-error', 'output-denied']);

const states: readonly string[] = [
  'input-streaming',
  'input-available',
  'approval-requested',
  'approval-responded',
  ...settled,
];

/** A tool part as the format has it, and what of the original is not so. */
export interface Mended {
  readonly tool: Members;
  readonly flaws: Flaw[];
}

/** `tool-invocation` is how version 4 had it. */
export function isToolType(type: string): boolean {
  return type === 'dynamic-tool' || type === 'tool-invocation' || type.startsWith('tool-');
}

/** The name of the tool, and the members that carry it. */
export function typeOf(tool: Members): {
  readonly name: string | undefined;
  readonly type: string;
  readonly toolName?: string;
} {
  const type = textMember(tool, 'type') ?? 'dynamic-tool';
  if (type !== 'dynamic-tool') return { name: type.slice('tool-'.length) || undefined, type };
  const name = textMember(tool, 'toolName') || undefined;
  return { name, type, ...(name === undefined ? {} : { toolName: name }) };
}

/** Reads a tool part as it was meant. What its members say of the state weighs more than what it calls the state. */
export function mendTool(raw: Members): Mended {
  const flaws: Flaw[] = [];
  const tool: Record<string, unknown> = raw['type'] === 'tool-invocation' ? unfolded(raw, flaws) : { ...raw };
  if (typeof tool['toolCallId'] !== 'string' && tool['toolCallId'] !== undefined) {
    flaws.push(flaw('invalid-id', 'toolCallId', 'an id is text', 'rewrite'));
  }
  if (tool['type'] === 'dynamic-tool' && tool['dynamic'] !== undefined && tool['dynamic'] !== false) {
    flaws.push(flaw('invalid-state', 'dynamic', 'the type says it: dynamic is false, or absent', 'rewrite'));
    delete tool['dynamic'];
  }
  mendState(tool, flaws);
  mendApproval(tool, flaws);
  mendInput(tool, flaws);
  return { tool, flaws };
}

/** Of version 4: `{ toolInvocation: { state, toolCallId, toolName, args, result } }`. */
function unfolded(raw: Members, flaws: Flaw[]): Record<string, unknown> {
  flaws.push(flaw('obsolete-shape', 'type', 'since version 5 the type is tool- and the name of the tool', 'rewrite'));
  const { toolInvocation, type: _type, ...rest } = raw as Record<string, unknown>;
  if (!isMembers(toolInvocation)) return { ...rest, type: 'dynamic-tool', state: 'input-available' };
  const { state, toolCallId, toolName, args, result } = toolInvocation;
  const type = typeof toolName === 'string' && toolName !== '' ? `tool-${toolName}` : 'dynamic-tool';
  const facts = { ...rest, type, toolCallId, input: args };
  return state === 'result' || result !== undefined
    ? { ...facts, state: 'output-available', output: result ?? null }
    : { ...facts, state: 'input-available' };
}

function mendState(tool: Record<string, unknown>, flaws: Flaw[]): void {
  const given = tool['state'];
  const known = typeof given === 'string' && states.includes(given);
  const hasOutput = tool['output'] !== undefined;
  const hasError = typeof tool['errorText'] === 'string';
  const state = known
    ? stateBy(given, hasOutput, hasError)
    : hasOutput
      ? 'output-available'
      : hasError
        ? 'output-error'
        : 'input-available';
  const excess = ['output', 'errorText'].filter((name) => tool[name] !== undefined && name !== memberOfState[state]);
  if (state !== given) {
    const hint = known
      ? `what it has is of the state ${state}, not ${given}`
      : `the states are ${states.join(', ')}, this is ${shown(given)}`;
    flaws.push(flaw('invalid-state', 'state', hint, 'rewrite'));
  }
  for (const name of excess) {
    flaws.push(flaw('invalid-state', name, `a part in the state ${state} has no ${name}`, 'rewrite'));
    delete tool[name];
  }
  if (state === 'output-error' && !hasError) {
    flaws.push(flaw('invalid-state', 'errorText', 'a part in the state output-error has errorText', 'rewrite'));
    tool['errorText'] = 'The tool failed.';
  }
  if (state === 'output-available' && !('output' in tool)) {
    flaws.push(flaw('invalid-state', 'output', 'a part in the state output-available has an output', 'rewrite'));
    tool['output'] = null;
  }
  tool['state'] = state;
}

const memberOfState: Readonly<Record<string, string>> = { 'output-available': 'output', 'output-error': 'errorText' };

function stateBy(given: string, hasOutput: boolean, hasError: boolean): string {
  if (given === 'output-available' && !hasOutput && hasError) return 'output-error';
  if (given === 'output-error' && !hasError && hasOutput) return 'output-available';
  if (settled.has(given)) return given;
  return hasOutput ? 'output-available' : hasError ? 'output-error' : given;
}

/** Which answer to the question for approval goes with a state; `undefined` is that there is none yet. */
function mendApproval(tool: Record<string, unknown>, flaws: Flaw[]): void {
  const { approval, state } = tool;
  const id = memberOf(approval, 'id');
  const approved = memberOf(approval, 'approved');
  const asked = typeof id === 'string';
  const wrong = (hint: string, change: Record<string, unknown>): void => {
    flaws.push(flaw('invalid-state', 'approval', hint, 'rewrite'));
    Object.assign(tool, change);
    if (tool['approval'] === undefined) delete tool['approval'];
  };
  if (state === 'approval-requested' && !asked) {
    wrong('a part that waits for approval has approval.id', { approval: undefined, state: 'input-available' });
  } else if (state === 'approval-requested' && approved !== undefined) {
    const decided = typeof approved === 'boolean';
    const { approved: _approved, reason: _reason, ...open } = approval as Record<string, unknown>;
    wrong(
      'a part that waits for approval has no answer',
      decided ? { state: 'approval-responded' } : { approval: open },
    );
  } else if (state === 'approval-responded' && (!asked || typeof approved !== 'boolean')) {
    const { approved: _approved, ...open } = (isMembers(approval) ? approval : {}) as Record<string, unknown>;
    const without = { approval: undefined, state: 'input-available' };
    wrong(
      'a decided part has approval.id and approval.approved',
      asked ? { approval: open, state: 'approval-requested' } : without,
    );
  } else if (state === 'output-denied' && (!asked || approved !== false)) {
    const errorText = textMember(approval, 'reason') ?? 'Tool call execution denied.';
    wrong('a denied part has approval.id, and approval.approved is false', {
      approval: undefined,
      state: 'output-error',
      errorText,
    });
  } else if (
    (state === 'output-available' || state === 'output-error') &&
    approval !== undefined &&
    (!asked || approved !== true)
  ) {
    wrong('a part with a result was approved, or nobody was asked', { approval: undefined });
  } else if ((state === 'input-streaming' || state === 'input-available') && approval !== undefined) {
    const state = asked ? (typeof approved === 'boolean' ? 'approval-responded' : 'approval-requested') : undefined;
    wrong('a part with an approval is in a state of it', state === undefined ? { approval: undefined } : { state });
  }
}

function mendInput(tool: Record<string, unknown>, flaws: Flaw[]): void {
  const { input, state } = tool;
  const parsed = typeof input === 'string' && state !== 'input-streaming' ? parsedObject(input) : undefined;
  if (parsed !== undefined) {
    flaws.push(flaw('invalid-arguments', 'input', 'the input is a value, not JSON text', 'rewrite'));
    tool['input'] = parsed;
  } else if (input === undefined && state !== 'input-streaming' && state !== 'output-error') {
    flaws.push(flaw('invalid-state', 'input', `a part in the state ${String(state)} has an input`, 'rewrite'));
    tool['input'] = {};
  } else if (input === undefined && state === 'output-error') {
    // The SDK takes it, and sends a call without arguments, or the text that was none.
    const hint = 'the input of a failed call is sent too: an object, even when what the model wrote was none';
    flaws.push(flaw('invalid-arguments', 'input', hint, 'rewrite'));
    const { rawInput } = tool;
    tool['input'] = isMembers(rawInput) ? rawInput : (parsedObject(typeof rawInput === 'string' ? rawInput : '') ?? {});
  }
}
