import type { Answer, Dialect, Recognition } from '../dialect.js';
import { type CallPart, type Flaw, type Part, type ResultPart, type Turn, untouched } from '../graph.js';
import {
  asJsonText,
  flaw,
  idOf,
  isMembers,
  type Members,
  memberOf,
  noObject,
  shown,
  textMember,
  textPart,
  unreadable,
} from '../shape.js';
import { fitting, uiOptions, withOptionFlaws } from './ai-sdk-options.js';
import { mendSteering, plainPartOf } from './ai-sdk-ui-parts.js';
import { isToolType, type Mended, mendTool, settled, typeOf } from './ai-sdk-ui-tools.js';

const roles = ['system', 'user', 'assistant'] as const;

/** AI SDK `UIMessage`, of the versions 5 to 7: what a chat stores and shows. */
export const aiSdkUi: Dialect = {
  format: 'ai-sdk-ui',
  recognize,
  parse,
  write,
  answers: { window: 'inline', place: 'inline', role: 'tool', named: false, make: makeResult },
  text: (text) => textPart(text, undefined, 'parts'),
};

function recognize(message: unknown): Recognition {
  if (!isMembers(message)) return 'no';
  if (Array.isArray(message['toolInvocations'])) return 'yes';
  const { parts } = message;
  if (!Array.isArray(parts)) return 'id' in message && 'parts' in message ? 'maybe' : 'no';
  if (parts.length === 0) return 'id' in message ? 'yes' : 'maybe';
  return parts.some((part) => textMember(part, 'type') !== undefined) ? 'yes' : 'no';
}

function parse(message: unknown, index: number): Turn {
  if (!isMembers(message)) return unreadable(message, index, [noObject(message)]);
  const label = textMember(message, 'role');
  const role = roles.find((one) => one === label);
  if (role === undefined) {
    const hint = `the roles are ${roles.join(', ')}, this is ${shown(message['role'])}`;
    return unreadable(message, index, [flaw('unknown-role', 'role', hint)]);
  }
  const flaws: Flaw[] = [];
  if (typeof message['id'] !== 'string') flaws.push(flaw('invalid-item-id', 'id', 'a message has an id', 'rewrite'));
  return { role, label: role, index, raw: message, parts: partsOf(message, flaws), flaws };
}

/** The parts, or what version 4 has instead: text in `content`, and calls in `toolInvocations`. */
function partsOf(message: Members, flaws: Flaw[]): Part[] {
  const { parts, content, toolInvocations } = message;
  if (Array.isArray(parts)) return Array.from(parts).flatMap((part, at) => partOf(part, `parts[${at}]`));
  const given = parts ?? content;
  const code = given === undefined || given === null ? 'missing-content' : 'invalid-content';
  flaws.push(flaw(code, 'parts', 'a message has a list of parts', 'rewrite'));
  return [...wordsOfVersion4(given, content), ...callsOfVersion4(toolInvocations)];
}

function wordsOfVersion4(given: unknown, content: unknown): Part[] {
  if (Array.isArray(content)) return Array.from(content).flatMap((part, at) => partOf(part, `content[${at}]`));
  if (isMembers(given)) return partOf(given, 'parts');
  return typeof given === 'string' && given !== '' ? [textPart(given, undefined, 'content')] : [];
}

function callsOfVersion4(toolInvocations: unknown): Part[] {
  if (!Array.isArray(toolInvocations)) return [];
  return toolInvocations
    .filter(isMembers)
    .flatMap((toolInvocation, at) => toolOf({ type: 'tool-invocation', toolInvocation }, `toolInvocations[${at}]`));
}

function partOf(part: unknown, at: string): Part[] {
  const parts = read(part, at);
  // Of one tool part there may be several; what is wrong is told of the first.
  parts[0] = withOptionFlaws(parts[0]!, uiOptions);
  return parts;
}

function read(part: unknown, at: string): Part[] {
  const type = textMember(part, 'type');
  if (type !== undefined && isMembers(part)) {
    if (type === 'text' || type === 'reasoning') return [wordsOf(part, type, at)];
    if (isToolType(type)) return toolOf(part, at);
  }
  return [plainPartOf(part, type, at)];
}

function wordsOf(part: Members, type: 'text' | 'reasoning', at: string): Part {
  const flaws: Flaw[] = [];
  const given = part['text'];
  const text = typeof given === 'string' ? given : given === undefined || given === null ? '' : asJsonText(given);
  if (typeof given !== 'string') flaws.push(flaw('invalid-content', 'text', 'text is text', 'rewrite'));
  if (!['streaming', 'done', undefined].includes(part['state'] as string | undefined)) {
    flaws.push(flaw('invalid-state', 'state', 'the state of text is streaming or done', 'rewrite'));
  }
  if (type === 'text') return textPart(text, part, at, flaws);
  return { kind: 'reasoning', text, signed: isMembers(part['providerMetadata']), raw: part, at, flaws };
}

/** A tool part: the call, and behind it the question for approval, its answer, and the result, as far as it got. */
function toolOf(raw: Members, at: string): Part[] {
  const { tool, flaws } = mendTool(raw);
  const id = idOf(tool['toolCallId']);
  const { name } = typeOf(tool);
  const executedBy = tool['providerExecuted'] === true ? 'provider' : 'client';
  const call: CallPart = { kind: 'call', id, name, input: tool['input'], executedBy, raw, at, flaws };
  const parts: Part[] = [call];
  const approvalId = idOf(memberOf(tool['approval'], 'id'));
  const approved = memberOf(tool['approval'], 'approved');
  if (approvalId !== undefined) {
    parts.push({ kind: 'approval-request', approvalId, callId: id, raw, at, flaws: [] });
    if (typeof approved === 'boolean') {
      parts.push({ kind: 'approval-response', approvalId, approved, raw, at, flaws: [] });
    }
  }
  const state = String(tool['state']);
  if (!settled.has(state)) return parts;
  const failed = state !== 'output-available';
  const denial = textMember(tool['approval'], 'reason') ?? 'Tool call execution denied.';
  const output = state === 'output-available' ? tool['output'] : (textMember(tool, 'errorText') ?? denial);
  parts.push({ kind: 'result', id, name, output, failed, executedBy, raw, at, flaws: [] });
  return parts;
}

function write(turn: Turn): unknown {
  const raw: Members = isMembers(turn.raw) ? turn.raw : {};
  const { content, toolInvocations: _old, ...rest } = raw as Record<string, unknown>;
  const kept = Array.isArray(raw['parts']) && content !== undefined ? { content } : {};
  const parts: unknown[] = [];
  for (let at = 0; at < turn.parts.length; at += 1) {
    const part = turn.parts[at]!;
    if (part.kind === 'call') {
      const rest: Part[] = [];
      while (turn.parts[at + 1] !== undefined && belongs(turn.parts[at + 1]!, part)) rest.push(turn.parts[++at]!);
      parts.push(writeTool(part, rest));
    } else if (part.kind === 'text' || part.kind === 'reasoning') parts.push(writeWords(part));
    // Without its call, of which it is the other half, a result is nothing.
    else if (part.kind === 'media' || part.kind === 'other') parts.push(writePlain(part));
  }
  const id = typeof raw['id'] === 'string' ? raw['id'] : `message-${turn.index < 0 ? 'added' : turn.index}`;
  return { ...rest, ...kept, id, role: turn.label, parts };
}

/** What stands behind a call and is of the same tool part, or was made for it. */
function belongs(part: Part, call: CallPart): boolean {
  if (part.kind !== 'result' && part.kind !== 'approval-request' && part.kind !== 'approval-response') return false;
  return part.raw === undefined ? part.kind === 'result' && part.id === call.id : part.raw === call.raw;
}

function writePlain(part: Extract<Part, { kind: 'media' | 'other' }>): unknown {
  const steering = part.kind === 'other' && part.type === 'steering-message' && isMembers(part.raw) && !untouched(part);
  const raw = isMembers(part.raw) ? fitting(part.raw, uiOptions) : part.raw;
  return steering ? { ...(raw as Members), ...mendSteering(part.raw as Members, part.at) } : raw;
}

function writeWords(part: Extract<Part, { kind: 'text' | 'reasoning' }>): unknown {
  if (isMembers(part.raw) && untouched(part)) return part.raw;
  const raw: Members = isMembers(part.raw) ? fitting(part.raw, uiOptions) : {};
  if (part.kind === 'text' && raw['type'] !== 'text') return { type: 'text', text: part.text };
  const { state, ...rest } = raw as Record<string, unknown>;
  return { ...rest, text: part.text, ...(state === 'streaming' || state === 'done' ? { state } : {}) };
}

function writeTool(call: CallPart, others: readonly Part[]): unknown {
  const result = others.find((part): part is ResultPart => part.kind === 'result');
  const raw: Members = isMembers(call.raw) ? call.raw : { type: 'dynamic-tool', state: 'input-available' };
  const { tool }: Mended = mendTool(fitting(raw, uiOptions));
  const hasResult = settled.has(String(tool['state']));
  const own = result === undefined ? !hasResult : result.raw === call.raw;
  if (own && untouched(call) && others.every(untouched)) return raw;
  const { name: _name, ...type } = typeOf({ ...tool, ...(call.name === undefined ? {} : named(tool, call.name)) });
  const facts = { ...tool, ...type, ...(call.id === undefined ? {} : { toolCallId: call.id }) };
  const written = 'input' in tool || call.edited ? { ...facts, input: call.input } : facts;
  if (own) return written;
  const {
    output: _output,
    errorText: _errorText,
    preliminary: _preliminary,
    approval,
    ...unsettled
  } = written as Record<string, unknown>;
  if (result === undefined) return { ...unsettled, state: 'input-available' };
  // Of what was still streaming maybe nothing had arrived.
  const rest = unsettled['input'] === undefined ? { ...unsettled, input: {} } : unsettled;
  const approved = memberOf(approval, 'approved');
  if (!result.failed) {
    return { ...rest, state: 'output-available', output: result.output, ...(approved === true ? { approval } : {}) };
  }
  // Denied is more than that nobody knows of a result: it was not run.
  if (approved === false) return { ...rest, state: 'output-denied', approval };
  return {
    ...rest,
    state: 'output-error',
    errorText: asJsonText(result.output),
    ...(approved === true ? { approval } : {}),
  };
}

function named(tool: Members, name: string): Members {
  return tool['type'] === 'dynamic-tool' ? { toolName: name } : { type: `tool-${name}` };
}

function makeResult(call: CallPart, { text, value, completed }: Answer): ResultPart {
  const output = completed ? (value ?? null) : text;
  const { id, name, at } = call;
  return { kind: 'result', id, name, output, failed: !completed, executedBy: 'client', raw: undefined, at, flaws: [] };
}
