import type { Answer, Dialect, Recognition } from '../dialect.js';
import { type CallPart, type Flaw, type Part, type ResultPart, type Role, type Turn, untouched } from '../graph.js';
import {
  asJsonText,
  flaw,
  idOf,
  isMembers,
  type Members,
  noObject,
  otherPart,
  shown,
  textMember,
  textPart,
  unreadable,
} from '../shape.js';
import { callsOf, hasCalls, writeCall, writeLegacy } from './openai-chat-calls.js';

const roles: Readonly<Record<string, Role>> = {
  developer: 'system',
  system: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
  function: 'tool',
};

/** Content parts by role, as the API has them. */
const partTypes: Readonly<Record<string, readonly string[]>> = {
  system: ['text'],
  developer: ['text'],
  user: ['text', 'image_url', 'input_audio', 'file'],
  assistant: ['text', 'refusal'],
  tool: ['text'],
  function: [],
};

/** What the SDK's own helpers leave on messages, and the API does not know. */
const messageArtefacts = ['parsed'];

/** OpenAI Chat Completions: `messages` of a request. */
export const openaiChat: Dialect = {
  format: 'openai-chat',
  recognize,
  parse,
  write,
  answers: { window: 'tool-turns', place: 'own-turn', role: 'tool', named: false, make: makeResult },
  text: (text) => textPart(text, undefined, 'content'),
};

function recognize(message: unknown): Recognition {
  if (!isMembers(message)) return 'no';
  if ('tool_calls' in message || 'function_call' in message || 'refusal' in message) {
    return 'type' in message && !('role' in message) ? 'no' : 'yes';
  }
  const { role, content } = message;
  if (role === 'function') return 'yes';
  if (role === 'tool')
    return 'tool_call_id' in message || typeof content === 'string' ? 'yes' : Array.isArray(content) ? 'no' : 'maybe';
  if (role === 'developer') return 'maybe';
  if (typeof role !== 'string' || !(role in roles)) return 'no';
  if (!Array.isArray(content)) return 'maybe';
  const types = content.map((part) => textMember(part, 'type'));
  if (types.some((type) => type === 'image_url' || type === 'input_audio' || type === 'refusal')) return 'yes';
  return types.every((type) => type === 'text' || type === 'file') ? 'maybe' : 'no';
}

function parse(message: unknown, index: number): Turn {
  if (!isMembers(message)) return unreadable(message, index, [noObject(message)]);
  const label = textMember(message, 'role');
  const role = label === undefined ? undefined : Object.hasOwn(roles, label) ? roles[label] : undefined;
  if (label === undefined || role === undefined) {
    const known = 'developer, system, user, assistant, tool';
    return unreadable(message, index, [
      flaw('unknown-role', 'role', `the roles are ${known}, this is ${shown(message['role'])}`),
    ]);
  }
  const flaws: Flaw[] = [];
  const parts: Part[] =
    role === 'tool' ? [resultOf(message, label)] : [...contentOf(message, label, flaws), ...callsOf(message, flaws)];
  for (const name of messageArtefacts) {
    if (name in message)
      flaws.push(
        flaw('sdk-artefact', name, 'the SDK adds this to what it parsed; the API does not know it', 'rewrite'),
      );
  }
  return { role, label, index, raw: message, parts, flaws };
}

/** The texts and parts of `content`, and the refusal beside it. */
function contentOf(message: Members, label: string, flaws: Flaw[]): Part[] {
  const { content } = message;
  const refusal = textMember(message, 'refusal');
  const parts: Part[] = [];
  if (typeof content === 'string') {
    if (content !== '' || label !== 'assistant') parts.push(textPart(content, content, 'content'));
  } else if (Array.isArray(content)) {
    const allowed = partTypes[label]!;
    for (const [at, part] of content.entries()) parts.push(contentPart(part, `content[${at}]`, label, allowed));
    if (content.length === 0) {
      flaws.push(flaw('empty-content', 'content', 'a list of parts has at least one', 'rewrite'));
    }
  } else if (content === null || content === undefined) {
    const excused =
      label === 'assistant' && (hasCalls(message) || refusal !== undefined || isMembers(message['audio']));
    if (!excused) flaws.push(flaw('missing-content', 'content', 'content is text or a list of parts', 'rewrite'));
  } else {
    flaws.push(flaw('invalid-content', 'content', 'content is text or a list of parts', 'rewrite'));
    parts.push(textPart(asJsonText(content), undefined, 'content'));
  }
  if (refusal !== undefined) parts.push({ kind: 'refusal', text: refusal, raw: refusal, at: 'refusal', flaws: [] });
  if (label === 'assistant' && isMembers(message['audio'])) {
    parts.push({ kind: 'media', mediaType: 'audio', raw: message['audio'], at: 'audio', flaws: [] });
  }
  return parts;
}

function contentPart(part: unknown, at: string, label: string, allowed: readonly string[]): Part {
  if (typeof part === 'string') {
    return textPart(part, part, at, [flaw('invalid-content', '', 'a part is an object with a type', 'rewrite')]);
  }
  const type = textMember(part, 'type');
  if (type === 'text' || type === 'refusal') {
    const text = textMember(part, 'text') ?? textMember(part, 'refusal');
    const member = type === 'text' ? 'text' : 'refusal';
    const flaws =
      textMember(part, member) === undefined ? [flaw('invalid-content', member, `${member} is text`, 'rewrite')] : [];
    if (type === 'text') return textPart(text ?? '', part, at, flaws);
    if (allowed.includes(type)) return { kind: 'refusal', text: text ?? '', raw: part, at, flaws };
    const hint = `a message of ${label} has no part of type refusal`;
    return textPart(text ?? '', part, at, [flaw('part-not-allowed', 'type', hint, 'rewrite')]);
  }
  if (type !== undefined && allowed.includes(type)) {
    return { kind: 'media', mediaType: type, raw: part, at, flaws: [] };
  }
  const known = type !== undefined && partTypes['user']!.includes(type);
  const hint = known ? `a message of ${label} has no part of type ${type}` : `no part has the type ${shown(type)}`;
  const text = textMember(part, 'text');
  // What it says stays, as text; what says nothing goes.
  if (text !== undefined) return textPart(text, part, at, [flaw('unknown-part', 'type', hint, 'rewrite')]);
  return otherPart(part, at, [flaw(known ? 'part-not-allowed' : 'unknown-part', 'type', hint, 'drop')]);
}

/** A message of role `tool`, which is one result; its part and the turn have the same original. */
function resultOf(message: Members, label: string): ResultPart {
  const { content } = message;
  const flaws: Flaw[] = [];
  const id = message['tool_call_id'];
  if (id !== undefined && typeof id !== 'string')
    flaws.push(flaw('invalid-id', 'tool_call_id', 'an id is text', 'rewrite'));
  let output: unknown = content;
  if (content === undefined || content === null) {
    flaws.push(flaw('missing-content', 'content', 'a result has content: text or text parts', 'rewrite'));
    output = '';
  } else if (Array.isArray(content)) {
    const fits =
      content.length > 0 &&
      content.every((part) => textMember(part, 'text') !== undefined && textMember(part, 'type') === 'text');
    if (!fits) {
      flaws.push(flaw('invalid-result', 'content', 'the content of a result is text or text parts', 'rewrite'));
      output = content.length === 0 ? '' : asJsonText(content);
    }
  } else if (typeof content !== 'string') {
    flaws.push(flaw('invalid-result', 'content', 'the content of a result is text or text parts', 'rewrite'));
    output = asJsonText(content);
  }
  const legacy = label === 'function';
  return {
    kind: 'result',
    id: legacy ? undefined : idOf(id),
    // The API does not compare the name beside an id.
    name: legacy ? textMember(message, 'name') || undefined : undefined,
    output,
    failed: false,
    executedBy: 'client',
    ...(legacy ? { legacy } : {}),
    raw: message,
    at: '',
    flaws,
  };
}

function write(turn: Turn): unknown {
  if (turn.role === 'tool') return writeResult(turn);
  const raw: Members = isMembers(turn.raw) ? turn.raw : {};
  const message: Record<string, unknown> = { ...raw, role: turn.label };
  for (const name of [...messageArtefacts, 'tool_calls', 'function_call', 'refusal', 'audio']) delete message[name];
  const calls = turn.parts.filter((part): part is CallPart => part.kind === 'call' && part.legacy !== true);
  const legacy = turn.parts.find((part): part is CallPart => part.kind === 'call' && part.legacy === true);
  const refusal = turn.parts.find((part) => part.kind === 'refusal' && part.at === 'refusal');
  const audio = turn.parts.find((part) => part.kind === 'media' && part.at === 'audio');
  if (refusal?.kind === 'refusal') message['refusal'] = refusal.text;
  else if (raw['refusal'] === null) message['refusal'] = null;
  if (audio !== undefined) message['audio'] = audio.raw;
  if (calls.length > 0) message['tool_calls'] = calls.map(writeCall);
  if (legacy !== undefined) message['function_call'] = writeLegacy(legacy);
  const excused = calls.length > 0 || legacy !== undefined || refusal !== undefined || audio !== undefined;
  message['content'] = writeContent(turn, excused && turn.role === 'assistant');
  return message;
}

function writeContent(turn: Turn, mayBeNull: boolean): unknown {
  const parts = turn.parts.filter(
    (part) => part.at.startsWith('content') || (part.raw === undefined && part.kind === 'text'),
  );
  if (parts.length === 0) return mayBeNull ? null : '';
  const [first] = parts;
  if (parts.length === 1 && first!.kind === 'text' && (typeof first!.raw === 'string' || first!.raw === undefined))
    return first!.text;
  return parts.map((part) => {
    if (part.kind === 'text') {
      const { raw, text } = part;
      if (isMembers(raw) && untouched(part)) return raw;
      return { ...(isMembers(raw) && raw['type'] === 'text' ? raw : {}), type: 'text', text };
    }
    if (part.kind === 'refusal' && !untouched(part))
      return { ...(part.raw as Members), type: 'refusal', refusal: part.text };
    return part.raw;
  });
}

function writeResult({ parts, label, raw: given }: Turn): unknown {
  const [part] = parts;
  if (part?.kind !== 'result') return given;
  const raw: Members = isMembers(part.raw) ? part.raw : {};
  if (part.legacy === true) return { ...raw, role: 'function', name: part.name, content: part.output };
  return {
    ...raw,
    role: label === 'function' ? 'tool' : label,
    ...(part.id === undefined ? {} : { tool_call_id: part.id }),
    content: part.output,
  };
}

function makeResult(call: CallPart, { text }: Answer): ResultPart {
  const legacy = call.legacy === true;
  return {
    kind: 'result',
    id: call.id,
    name: legacy ? call.name : undefined,
    output: text,
    failed: false,
    executedBy: 'client',
    ...(legacy ? { legacy } : {}),
    raw: undefined,
    at: '',
    flaws: [],
  };
}
