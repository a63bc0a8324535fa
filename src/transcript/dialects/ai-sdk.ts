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
  otherPart,
  parsedObject,
  shown,
  textMember,
  textPart,
  unreadable,
} from '../shape.js';

/** Part types by role. */
const partTypes: Readonly<Record<string, readonly string[]>> = {
  user: ['text', 'image', 'file'],
  assistant: [
    ...['text', 'file', 'reasoning', 'tool-call', 'tool-result', 'tool-approval-request'],
    ...['reasoning-file', 'custom'],
  ],
  tool: ['tool-result', 'tool-approval-response'],
};

const allTypes = new Set(Object.values(partTypes).flat());

/** What only this format has: how it is recognized. */
const ownTypes = new Set([
  'tool-call',
  'tool-result',
  'tool-approval-request',
  'tool-approval-response',
  'reasoning-file',
]);

const outputTypes = new Set(['text', 'json', 'error-text', 'error-json', 'content', 'execution-denied']);

/** AI SDK `ModelMessage`. */
export const aiSdk: Dialect = {
  format: 'ai-sdk',
  recognize,
  parse,
  write,
  answers: { window: 'before-user', place: 'shared-turn', role: 'tool', named: true, make: makeResult },
  text: (text) => textPart(text, undefined, 'content'),
};

function recognize(message: unknown): Recognition {
  if (!isMembers(message)) return 'no';
  const { role, content } = message;
  if (role !== 'system' && role !== 'user' && role !== 'assistant' && role !== 'tool') return 'no';
  if (['tool_calls', 'tool_call_id', 'function_call', 'refusal', 'parts', 'id'].some((name) => name in message))
    return 'no';
  if ('providerOptions' in message) return 'yes';
  if (!Array.isArray(content)) return role === 'tool' && typeof content === 'string' ? 'no' : 'maybe';
  const types = content.map((part) => textMember(part, 'type'));
  if (types.some((type) => type !== undefined && ownTypes.has(type))) return 'yes';
  if (content.some((part) => 'providerOptions' in (isMembers(part) ? part : {}))) return 'yes';
  if (content.some(isOwnMedia)) return 'yes';
  if (
    role === 'assistant' &&
    content.some((part) => textMember(part, 'type') === 'reasoning' && typeof memberOf(part, 'text') === 'string')
  )
    return 'yes';
  if (role === 'tool') return content.length === 0 ? 'yes' : 'no';
  return types.every((type) => type === 'text') ? 'maybe' : 'no';
}

function isOwnMedia(part: unknown): boolean {
  const type = textMember(part, 'type');
  return (
    (type === 'image' && memberOf(part, 'image') !== undefined) ||
    (type === 'file' && memberOf(part, 'mediaType') !== undefined)
  );
}

function parse(message: unknown, index: number): Turn {
  if (!isMembers(message)) return unreadable(message, index, [noObject(message)]);
  const label = textMember(message, 'role');
  if (label !== 'system' && label !== 'user' && label !== 'assistant' && label !== 'tool') {
    const hint = `the roles are system, user, assistant, tool, this is ${shown(message['role'])}`;
    return unreadable(message, index, [flaw('unknown-role', 'role', hint)]);
  }
  const { content } = message;
  const flaws: Flaw[] = [];
  let parts: Part[] = [];
  if (label === 'system') {
    if (typeof content !== 'string') flaws.push(contentFlaw(content, 'the content of a system message is text'));
    const text = typeof content === 'string' ? content : textOf(content);
    if (text !== '') parts = [textPart(text, content, 'content')];
  } else if (typeof content === 'string' && label !== 'tool') {
    if (content !== '') parts = [textPart(content, content, 'content')];
  } else if (Array.isArray(content)) {
    parts = content.map((part, at) => partOf(part, `content[${at}]`, label));
  } else {
    flaws.push(
      contentFlaw(content, label === 'tool' ? 'content is a list of parts' : 'content is text or a list of parts'),
    );
    if (content !== undefined && content !== null) parts = [partOf(content, 'content', label)];
  }
  return { role: label, label, index, raw: message, parts, flaws };
}

function contentFlaw(content: unknown, hint: string): Flaw {
  return flaw(
    content === undefined || content === null ? 'missing-content' : 'invalid-content',
    'content',
    hint,
    'rewrite',
  );
}

/** Of a system message's parts, as other formats have them: the texts. */
function textOf(content: unknown): string {
  if (content === undefined || content === null) return '';
  if (!Array.isArray(content)) return textMember(content, 'text') ?? asJsonText(content);
  return content.map((part) => (typeof part === 'string' ? part : (textMember(part, 'text') ?? ''))).join('\n');
}

function partOf(part: unknown, at: string, label: string): Part {
  const allowed = partTypes[label]!;
  const type = textMember(part, 'type');
  const said = typeof part === 'string' ? part : textMember(part, 'text');
  if (!isMembers(part) || type === undefined || !allTypes.has(type)) {
    const hint = type === undefined ? 'a part is an object with a type' : `no part has the type ${shown(type)}`;
    // What it says stays, as text; what says nothing goes.
    if (said !== undefined && label !== 'tool')
      return textPart(said, part, at, [flaw('unknown-part', 'type', hint, 'rewrite')]);
    return otherPart(part, at, [flaw('unknown-part', 'type', hint, 'drop')]);
  }
  // Where calls and results stand is a matter of pairs, which other rules look at: they are moved, not dropped.
  const paired = type === 'tool-call' || type === 'tool-result';
  const flaws =
    paired || allowed.includes(type)
      ? []
      : [flaw('part-not-allowed', 'type', `a message of ${label} has no part of type ${type}`, 'drop' as const)];
  switch (type) {
    case 'text':
      if (typeof part['text'] !== 'string') flaws.push(flaw('invalid-content', 'text', 'text is text', 'rewrite'));
      return textPart(said ?? (part['text'] == null ? '' : asJsonText(part['text'])), part, at, flaws);
    case 'reasoning':
      if (typeof part['text'] !== 'string') flaws.push(flaw('invalid-content', 'text', 'text is text', 'rewrite'));
      return { kind: 'reasoning', text: said ?? '', signed: isMembers(part['providerOptions']), raw: part, at, flaws };
    case 'tool-call':
      return callOf(part, at, flaws);
    case 'tool-result':
      return resultOf(part, at, label, flaws);
    case 'tool-approval-request':
      return {
        kind: 'approval-request',
        approvalId: idOf(part['approvalId']),
        callId: idOf(part['toolCallId']),
        raw: part,
        at,
        flaws,
      };
    case 'tool-approval-response':
      if (typeof part['approved'] !== 'boolean')
        flaws.push(flaw('invalid-content', 'approved', 'approved is true or false', 'rewrite'));
      return {
        kind: 'approval-response',
        approvalId: idOf(part['approvalId']),
        approved: part['approved'] === true,
        raw: part,
        at,
        flaws,
      };
    case 'custom':
      return otherPart(part, at, flaws);
    default:
      return mediaOf(part, at, type, flaws);
  }
}

function mediaOf(part: Members, at: string, type: string, flaws: Flaw[]): Part {
  const data = part[type === 'image' ? 'image' : 'data'];
  const mediaType = textMember(part, 'mediaType');
  const missing = data === undefined || data === null || (type !== 'image' && mediaType === undefined);
  if (missing)
    flaws.push(
      flaw('invalid-content', '', type === 'image' ? 'an image has image' : 'a file has data and mediaType', 'drop'),
    );
  return { kind: 'media', mediaType, raw: part, at, flaws };
}

function callOf(part: Members, at: string, flaws: Flaw[]): CallPart {
  if (part['toolCallId'] !== undefined && typeof part['toolCallId'] !== 'string') {
    flaws.push(flaw('invalid-id', 'toolCallId', 'an id is text', 'rewrite'));
  }
  const old = !('input' in part) && 'args' in part;
  if (old)
    flaws.push(flaw('obsolete-shape', 'args', 'since version 5 the arguments of a call are its input', 'rewrite'));
  const given = old ? part['args'] : part['input'];
  const parsed = typeof given === 'string' ? parsedObject(given) : undefined;
  const input = parsed ?? (given === undefined ? {} : given);
  if (parsed !== undefined)
    flaws.push(flaw('invalid-arguments', 'input', 'the input is a value, not JSON text', 'rewrite'));
  else if (given === undefined) flaws.push(flaw('invalid-arguments', 'input', 'a call has an input', 'rewrite'));
  return {
    kind: 'call',
    id: idOf(part['toolCallId']),
    name: textMember(part, 'toolName') || undefined,
    input,
    executedBy: part['providerExecuted'] === true ? 'provider' : 'client',
    raw: part,
    at,
    flaws,
  };
}

function resultOf(part: Members, at: string, label: string, flaws: Flaw[]): ResultPart {
  if (part['toolCallId'] !== undefined && typeof part['toolCallId'] !== 'string') {
    flaws.push(flaw('invalid-id', 'toolCallId', 'an id is text', 'rewrite'));
  }
  const old = !('output' in part) && 'result' in part;
  if (old)
    flaws.push(flaw('obsolete-shape', 'result', 'since version 5 the result of a call is its output', 'rewrite'));
  const given = old ? part['result'] : part['output'];
  let output = given;
  if (!isTagged(given)) {
    if (!old)
      flaws.push(
        flaw(
          'invalid-result',
          'output',
          `an output is { type, value } with one of the types ${[...outputTypes].join(', ')}`,
          'rewrite',
        ),
      );
    output = tagged(given, part['isError'] === true);
  }
  return {
    kind: 'result',
    id: idOf(part['toolCallId']),
    name: textMember(part, 'toolName') || undefined,
    output,
    failed: (textMember(output, 'type') ?? '').startsWith('error-'),
    executedBy: label === 'assistant' ? 'provider' : 'client',
    raw: part,
    at,
    flaws,
  };
}

function isTagged(output: unknown): boolean {
  const type = textMember(output, 'type');
  if (type === undefined || !outputTypes.has(type)) return false;
  if (type === 'text' || type === 'error-text') return typeof memberOf(output, 'value') === 'string';
  if (type === 'content') return Array.isArray(memberOf(output, 'value'));
  return type === 'execution-denied' || memberOf(output, 'value') !== undefined;
}

function tagged(value: unknown, failed: boolean): Members {
  if (typeof value === 'string') return { type: failed ? 'error-text' : 'text', value };
  return { type: failed ? 'error-json' : 'json', value: jsonValue(value) };
}

/** As JSON has it; what cannot be JSON is told as text. */
function jsonValue(value: unknown): unknown {
  if (value === undefined) return null;
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null');
  } catch {
    return String(value);
  }
}

function write(turn: Turn): unknown {
  const raw: Members = isMembers(turn.raw) ? turn.raw : {};
  const { parts, label } = turn;
  const [first] = parts;
  if (label === 'system')
    return { ...raw, role: label, content: parts.map((part) => (part.kind === 'text' ? part.text : '')).join('\n') };
  if (parts.length === 0)
    return { ...raw, role: label, content: label === 'tool' || Array.isArray(raw['content']) ? [] : '' };
  const plain = parts.length === 1 && first?.kind === 'text' && !isMembers(first.raw) && !Array.isArray(raw['content']);
  return { ...raw, role: label, content: plain ? first.text : parts.map(writePart) };
}

function writePart(part: Part): unknown {
  if (isMembers(part.raw) && untouched(part)) return part.raw;
  const raw: Members = isMembers(part.raw) ? part.raw : {};
  switch (part.kind) {
    case 'text':
      return { ...(raw['type'] === 'text' ? raw : {}), type: 'text', text: part.text };
    case 'reasoning':
      return { ...raw, text: part.text };
    case 'call': {
      const { args: _args, ...rest } = raw as Record<string, unknown>;
      return { ...rest, type: 'tool-call', ...named(part), input: part.input };
    }
    case 'result': {
      const { result: _result, isError: _isError, ...rest } = raw as Record<string, unknown>;
      return { ...rest, type: 'tool-result', ...named(part), output: part.output };
    }
    case 'approval-request':
      return { ...raw, toolCallId: part.callId };
    case 'approval-response':
      return { ...raw, approved: part.approved };
    default:
      return part.raw;
  }
}

function named({ id, name }: CallPart | ResultPart): Members {
  return { ...(id === undefined ? {} : { toolCallId: id }), ...(name === undefined ? {} : { toolName: name }) };
}

function makeResult(call: CallPart, { text, value, completed }: Answer): ResultPart {
  const output = completed ? tagged(value, false) : { type: 'error-text', value: text };
  return {
    kind: 'result',
    id: call.id,
    name: call.name,
    output,
    failed: !completed,
    executedBy: 'client',
    raw: undefined,
    at: 'content',
    flaws: [],
  };
}
