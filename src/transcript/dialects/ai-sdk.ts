import type { Answer, Dialect, Recognition } from '../dialect.js';
import { type CallPart, type Flaw, type Part, type ResultPart, type Turn, untouched } from '../graph.js';
import {
  asJsonText,
  flaw,
  isMembers,
  type Members,
  memberOf,
  noObject,
  shown,
  textMember,
  textPart,
  unreadable,
} from '../shape.js';
import { fileDataOf } from './ai-sdk-files.js';
import { fitting, messageOptions, modelOptions, optionFlaws, withOptionFlaws } from './ai-sdk-options.js';
import { tagged } from './ai-sdk-outputs.js';
import { partOf } from './ai-sdk-parts.js';

/** What only this format has: how it is recognized. */
const ownTypes = new Set([
  'tool-call',
  'tool-result',
  'tool-approval-request',
  'tool-approval-response',
  'reasoning-file',
]);

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
  if (content.some(isOwnPart)) return 'yes';
  if (
    role === 'assistant' &&
    content.some((part) => textMember(part, 'type') === 'reasoning' && typeof memberOf(part, 'text') === 'string')
  )
    return 'yes';
  if (role === 'tool') return content.length === 0 ? 'yes' : 'no';
  return types.every((type) => type === 'text') ? 'maybe' : 'no';
}

function isOwnPart(part: unknown): boolean {
  const type = textMember(part, 'type');
  return (
    (type === 'image' && memberOf(part, 'image') !== undefined) ||
    (type === 'custom' && typeof memberOf(part, 'kind') === 'string') ||
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
  const flaws: Flaw[] = [...optionFlaws(message, messageOptions)];
  let parts: Part[] = [];
  if (label === 'system') {
    if (typeof content !== 'string') flaws.push(contentFlaw(content, 'the content of a system message is text'));
    const text = typeof content === 'string' ? content : textOf(content);
    if (text !== '') parts = [textPart(text, content, 'content')];
  } else if (typeof content === 'string' && label !== 'tool') {
    if (content !== '') parts = [textPart(content, content, 'content')];
  } else if (Array.isArray(content)) {
    parts = Array.from(content, (part, at) => withOptionFlaws(partOf(part, `content[${at}]`, label), modelOptions));
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

function write(turn: Turn): unknown {
  const raw: Members = isMembers(turn.raw) ? fitting(turn.raw, messageOptions) : {};
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
  const raw: Members = isMembers(part.raw) ? fitting(part.raw, modelOptions) : {};
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
      return { ...raw, approvalId: part.approvalId, toolCallId: part.callId };
    case 'approval-response':
      return { ...raw, approvalId: part.approvalId, approved: part.approved };
    case 'media': {
      const name = raw['type'] === 'image' ? 'image' : 'data';
      const { form, inline } = fileDataOf(raw[name]);
      return form === 'stored' ? { ...raw, [name]: inline } : raw;
    }
    default:
      return isMembers(part.raw) ? raw : part.raw;
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
