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

/** Blocks of both sides that no rule looks into, by who may say them. */
const userBlocks = new Set(['image', 'document', 'search_result', 'container_upload']);
const bothBlocks = new Set([
  'tool_addition',
  'tool_removal',
  'mcp_tool_listing',
  'compaction',
  'fallback',
  'connector_text',
]);

/** What only this format has: how it is recognized. */
const ownBlocks = new Set([
  ...['tool_use', 'tool_result', 'thinking', 'redacted_thinking', 'server_tool_use', 'mcp_tool_use', 'mcp_tool_result'],
  ...['document', 'search_result', 'container_upload'],
]);

const resultBlocks = new Set(['text', 'image', 'document', 'search_result', 'tool_reference', 'browser_state']);

/** What an answer of the API has around its content. A message of a request has none of it. */
const ofAnswers = [
  ...['id', 'type', 'model', 'stop_reason', 'stop_sequence', 'stop_details', 'usage', 'container'],
  ...['context_management'],
];

/** Anthropic Messages: `messages` of a request. */
export const anthropic: Dialect = {
  format: 'anthropic',
  recognize,
  parse,
  write,
  answers: { window: 'next-turn', place: 'shared-turn', role: 'user', named: false, make: makeResult },
  text: (text) => textPart(text, undefined, 'content'),
};

function recognize(message: unknown): Recognition {
  if (!isMembers(message)) return 'no';
  const { role, content } = message;
  if (role !== 'user' && role !== 'assistant' && role !== 'system') return 'no';
  if ('tool_calls' in message || 'function_call' in message || 'parts' in message) return 'no';
  if (message['type'] === 'message' && 'stop_reason' in message) return 'yes';
  if (!Array.isArray(content)) return 'maybe';
  const types = content.map((part) => textMember(part, 'type'));
  if (types.some((type) => type !== undefined && isOwn(type))) return 'yes';
  if (content.some((part) => textMember(part, 'type') === 'image' && isMembers(memberOf(part, 'source')))) return 'yes';
  if (content.some((part) => isMembers(memberOf(part, 'cache_control')))) return 'yes';
  return types.every((type) => type === 'text') ? 'maybe' : 'no';
}

function isOwn(type: string): boolean {
  return ownBlocks.has(type) || type.endsWith('_tool_result');
}

function parse(message: unknown, index: number): Turn {
  if (!isMembers(message)) return unreadable(message, index, [noObject(message)]);
  const label = textMember(message, 'role');
  if (label !== 'user' && label !== 'assistant' && label !== 'system') {
    const hint = `the roles are user and assistant, this is ${shown(message['role'])}`;
    return unreadable(message, index, [flaw('unknown-role', 'role', hint)]);
  }
  const { content } = message;
  const flaws: Flaw[] = [];
  let parts: Part[] = [];
  if (typeof content === 'string') {
    if (content !== '') parts = [textPart(content, content, 'content')];
  } else if (Array.isArray(content)) {
    parts = Array.from(content, (block, at) => blockOf(block, `content[${at}]`, label));
  } else if (content === undefined || content === null) {
    flaws.push(flaw('missing-content', 'content', 'content is text or a list of blocks', 'drop'));
  } else {
    flaws.push(flaw('invalid-content', 'content', 'content is text or a list of blocks', 'rewrite'));
    parts = [
      isMembers(content) && 'type' in content
        ? blockOf(content, 'content', label)
        : textPart(asJsonText(content), undefined, 'content'),
    ];
  }
  for (const name of ofAnswers) {
    if (name in message)
      flaws.push(
        flaw('sdk-artefact', name, 'an answer of the API has it, and a message of a request has not', 'rewrite'),
      );
  }
  return { role: label, label, index, raw: message, parts, flaws };
}

function blockOf(block: unknown, at: string, label: string): Part {
  if (typeof block === 'string') {
    return textPart(block, block, at, [flaw('invalid-content', '', 'a block is an object with a type', 'rewrite')]);
  }
  const type = textMember(block, 'type');
  if (!isMembers(block) || type === undefined) {
    const text = textMember(block, 'text');
    if (text !== undefined)
      return textPart(text, block, at, [flaw('unknown-part', 'type', 'a block has a type', 'rewrite')]);
    return otherPart(block, at, [flaw('unknown-part', '', 'a block is an object with a type', 'drop')]);
  }
  const breakpoint = isMembers(block['cache_control']) ? { breakpoint: true } : {};
  switch (type) {
    case 'text': {
      const text = textMember(block, 'text');
      const flaws = text === undefined ? [flaw('invalid-content', 'text', 'text is text', 'rewrite')] : [];
      return {
        ...textPart(text ?? (block['text'] == null ? '' : asJsonText(block['text'])), block, at, flaws),
        ...breakpoint,
      };
    }
    case 'thinking':
    case 'redacted_thinking': {
      const redacted = type === 'redacted_thinking';
      const seal = textMember(block, redacted ? 'data' : 'signature');
      const flaws = label === 'assistant' ? [] : [notHere(type, label, seal === undefined)];
      const part = {
        kind: 'reasoning' as const,
        text: textMember(block, 'thinking') ?? '',
        signed: seal !== undefined && seal !== '',
      };
      return { ...part, raw: block, at, flaws, ...breakpoint };
    }
    case 'tool_use':
    case 'server_tool_use':
    case 'mcp_tool_use':
      return { ...callOf(block, at, type), ...breakpoint };
    case 'tool_result':
      return { ...resultOf(block, at), ...breakpoint };
    default:
      break;
  }
  if (type.endsWith('_tool_result')) return { ...providerResultOf(block, at), ...breakpoint };
  if (userBlocks.has(type) && label !== 'user')
    return { ...otherPart(block, at, [notHere(type, label)]), ...breakpoint };
  if (userBlocks.has(type)) return { kind: 'media', mediaType: type, raw: block, at, flaws: [], ...breakpoint };
  if (bothBlocks.has(type)) return { ...otherPart(block, at), ...breakpoint };
  const hint = `no block has the type ${shown(type)}`;
  const text = textMember(block, 'text');
  if (text !== undefined) return textPart(text, block, at, [flaw('unknown-part', 'type', hint, 'rewrite')]);
  return otherPart(block, at, [flaw('unknown-part', 'type', hint, 'drop')]);
}

/** A signature is never dropped. */
function notHere(type: string, label: string, droppable = true): Flaw {
  return flaw(
    'part-not-allowed',
    'type',
    `a message of ${label} has no block of type ${type}`,
    droppable ? 'drop' : undefined,
  );
}

function callOf(block: Members, at: string, type: string): CallPart {
  const flaws: Flaw[] = [];
  if (block['id'] !== undefined && typeof block['id'] !== 'string')
    flaws.push(flaw('invalid-id', 'id', 'an id is text', 'rewrite'));
  const given = block['input'];
  const input = isMembers(given) ? given : inputFrom(given);
  if (input !== given)
    flaws.push(flaw('invalid-arguments', 'input', 'the input is an object, not JSON text', 'rewrite'));
  return {
    kind: 'call',
    id: idOf(block['id']),
    name: textMember(block, 'name') || undefined,
    input,
    executedBy: type === 'tool_use' ? 'client' : 'provider',
    raw: block,
    at,
    flaws,
  };
}

/** What the text stands for when that is an object; else an object that has it. */
function inputFrom(given: unknown): Members {
  if (given === undefined || given === null || given === '') return {};
  const parsed = typeof given === 'string' ? parsedObject(given) : undefined;
  return parsed ?? { input: given };
}

function resultOf(block: Members, at: string): ResultPart {
  const flaws: Flaw[] = [];
  if (block['tool_use_id'] !== undefined && typeof block['tool_use_id'] !== 'string') {
    flaws.push(flaw('invalid-id', 'tool_use_id', 'an id is text', 'rewrite'));
  }
  const { content } = block;
  let output: unknown = content;
  const fits =
    content === undefined ||
    typeof content === 'string' ||
    (Array.isArray(content) && content.every((part) => resultBlocks.has(textMember(part, 'type') ?? '')));
  if (!fits) {
    flaws.push(
      flaw(
        'invalid-result',
        'content',
        'the content of a result is text or blocks of text, images, documents',
        'rewrite',
      ),
    );
    output = content === null ? undefined : asJsonText(content);
  } else if (Array.isArray(content) && content.some(isBlank)) {
    flaws.push(flaw('invalid-result', 'content', 'text blocks in a result are not empty', 'rewrite'));
    output = content.filter((part) => !isBlank(part));
  }
  if (block['is_error'] !== undefined && typeof block['is_error'] !== 'boolean') {
    flaws.push(flaw('invalid-result', 'is_error', 'is_error is true or false', 'rewrite'));
  }
  return {
    kind: 'result',
    id: idOf(block['tool_use_id']),
    name: undefined,
    output,
    failed: block['is_error'] === true || block['is_error'] === 'true',
    executedBy: 'client',
    raw: block,
    at,
    flaws,
  };
}

function isBlank(part: unknown): boolean {
  return textMember(part, 'type') === 'text' && (textMember(part, 'text') ?? '').trim() === '';
}

function providerResultOf(block: Members, at: string): ResultPart {
  return {
    kind: 'result',
    id: idOf(block['tool_use_id']),
    name: undefined,
    output: block['content'],
    failed: block['is_error'] === true,
    executedBy: 'provider',
    raw: block,
    at,
    flaws: [],
  };
}

function write(turn: Turn): unknown {
  const given: Members = isMembers(turn.raw) ? turn.raw : {};
  const raw: Record<string, unknown> = { ...given };
  for (const name of ofAnswers) delete raw[name];
  const [first] = turn.parts;
  const plain =
    turn.parts.length === 1 && first?.kind === 'text' && !isMembers(first.raw) && !Array.isArray(raw['content']);
  if (turn.parts.length === 0) return { ...raw, role: turn.label, content: Array.isArray(raw['content']) ? [] : '' };
  return { ...raw, role: turn.label, content: plain ? first.text : turn.parts.map(writePart) };
}

function writePart(part: Part): unknown {
  if (isMembers(part.raw) && untouched(part)) return part.raw;
  const { cache_control: breakpoint, ...raw } = (isMembers(part.raw) ? part.raw : {}) as Record<string, unknown>;
  const kept = part.breakpoint === true ? { ...raw, cache_control: breakpoint } : raw;
  switch (part.kind) {
    case 'text':
      return raw['type'] === 'text' ? { ...kept, text: part.text } : { type: 'text', text: part.text };
    case 'call':
      return {
        ...kept,
        ...(part.id === undefined ? {} : { id: part.id }),
        ...(part.name === undefined ? {} : { name: part.name }),
        input: part.input,
      };
    case 'result': {
      const { content: _content, ...rest } = kept as Record<string, unknown>;
      return {
        ...rest,
        type: raw['type'] ?? 'tool_result',
        ...(part.id === undefined ? {} : { tool_use_id: part.id }),
        ...(part.output === undefined ? {} : { content: part.output }),
        ...('is_error' in raw || part.failed ? { is_error: part.failed } : {}),
      };
    }
    default:
      return kept;
  }
}

function makeResult(call: CallPart, { text, completed }: Answer): ResultPart {
  return {
    kind: 'result',
    id: call.id,
    name: undefined,
    output: text,
    failed: !completed,
    executedBy: 'client',
    raw: undefined,
    at: 'content',
    flaws: [],
  };
}
