import type { Answer, Dialect, Recognition } from '../dialect.js';
import { type CallPart, type Flaw, type Part, type ResultPart, type Role, type Turn, untouched } from '../graph.js';
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
import { made, type Opened, open, rebuilt } from './langchain-shapes.js';

const roles: Readonly<Record<string, Role>> = {
  human: 'user',
  user: 'user',
  ai: 'assistant',
  assistant: 'assistant',
  system: 'system',
  developer: 'system',
  tool: 'tool',
};

/** Blocks of content that say again what `tool_calls` has. */
const callBlocks = new Set(['tool_call', 'tool_use', 'tool_call_chunk', 'function_call']);

/** LangChain messages: objects, serialized, stored, or plain. */
export const langchain: Dialect = {
  format: 'langchain',
  recognize,
  parse,
  write,
  // Providers want more than LangChain does: results right behind the message that has their calls.
  answers: { window: 'tool-turns', place: 'own-turn', role: 'tool', named: false, make: makeResult },
  text: (text) => textPart(text, undefined, 'content'),
};

function recognize(message: unknown): Recognition {
  if (!isMembers(message)) return 'no';
  const { shape, type } = open(message);
  if (shape === 'object' || shape === 'serialized') return 'yes';
  if (shape === 'stored')
    return type !== undefined && (type in roles || type === 'generic' || type === 'remove') ? 'yes' : 'no';
  if (type === 'human' || type === 'ai' || type === 'remove') return 'yes';
  if (type === undefined || !Object.hasOwn(roles, type)) return 'no';
  if ('type' in message && !('role' in message) && 'content' in message) return 'yes';
  const { tool_calls: calls, content } = message;
  if (Array.isArray(calls) && calls.length > 0) {
    return calls.every((call) => isMembers(memberOf(call, 'args')) && 'name' in (call as Members)) ? 'yes' : 'maybe';
  }
  if (!Array.isArray(content)) return 'content' in message ? 'maybe' : 'no';
  return content.every((part) => ['text', 'image_url'].includes(textMember(part, 'type') ?? '')) ? 'maybe' : 'no';
}

function parse(message: unknown, index: number): Turn {
  if (!isMembers(message)) return unreadable(message, index, [noObject(message)]);
  const opened = open(message);
  const { fields } = opened;
  if (opened.type === 'remove') {
    return unreadable(message, index, [
      flaw('unrecognized-message', '', 'it takes a message away, and is none itself', 'drop'),
    ]);
  }
  // A message with a role of its own says it in `role`.
  const label = opened.type === 'generic' ? textMember(fields, 'role') : opened.type;
  const role = label === undefined || !Object.hasOwn(roles, label) ? undefined : roles[label];
  if (label === undefined || role === undefined) {
    const hint = `the types are human, ai, system, developer, tool, this is ${shown(label)}`;
    return unreadable(message, index, [flaw('unknown-role', opened.shape === 'plain' ? 'role' : 'type', hint)]);
  }
  const flaws: Flaw[] = [];
  const below = (name: string): string => (opened.at === '' ? name : `${opened.at}.${name}`);
  if (role === 'tool') return { role, label, index, raw: message, parts: [resultOf(message, fields)], flaws };
  const parts = contentOf(fields, below('content'), flaws, role === 'assistant');
  if (role === 'assistant') parts.push(...callsOf(fields, below, flaws));
  return { role, label, index, raw: message, parts, flaws };
}

function contentOf({ content, tool_calls: calls }: Members, at: string, flaws: Flaw[], mayBeEmpty: boolean): Part[] {
  if (typeof content === 'string') return content === '' && mayBeEmpty ? [] : [textPart(content, content, at)];
  if (Array.isArray(content)) return content.map((block, which) => blockOf(block, `${at}[${which}]`));
  const excused = mayBeEmpty && Array.isArray(calls) && calls.length > 0 && content === undefined;
  if (excused) return [];
  if (content === undefined || content === null) {
    flaws.push(flaw('missing-content', at, 'content is text or a list of blocks', 'rewrite'));
    return [];
  }
  flaws.push(flaw('invalid-content', at, 'content is text or a list of blocks', 'rewrite'));
  return [textPart(asJsonText(content), undefined, at)];
}

function blockOf(block: unknown, at: string): Part {
  const type = textMember(block, 'type');
  if (typeof block === 'string') {
    return textPart(block, block, at, [flaw('invalid-content', '', 'a block is an object with a type', 'rewrite')]);
  }
  if (type === undefined)
    return otherPart(block, at, [flaw('unknown-part', '', 'a block is an object with a type', 'drop')]);
  if (type === 'text') {
    const text = textMember(block, 'text');
    const flaws = text === undefined ? [flaw('invalid-content', 'text', 'text is text', 'rewrite' as const)] : [];
    return textPart(text ?? '', block, at, flaws);
  }
  if (type === 'reasoning' || type === 'thinking' || type === 'redacted_thinking') {
    const text = textMember(block, type) ?? '';
    return { kind: 'reasoning', text, signed: type !== 'reasoning', raw: block, at, flaws: [] };
  }
  // Every provider package has blocks of its own, so none is an issue.
  return otherPart(block, at);
}

function callsOf(fields: Members, below: (name: string) => string, flaws: Flaw[]): Part[] {
  const { tool_calls: given, invalid_tool_calls: invalid, additional_kwargs: more } = fields;
  const again = memberOf(more, 'tool_calls');
  const parts: Part[] = [];
  if (Array.isArray(given) && given.length > 0) {
    parts.push(...given.map((call, at) => callOf(call, below(`tool_calls[${at}]`))));
    const ids = (calls: readonly unknown[]): string =>
      calls
        .map((call) => idOf(memberOf(call, 'id')) ?? '')
        .sort()
        .join();
    if (Array.isArray(again) && ids(again) !== ids(given)) {
      flaws.push(
        flaw('malformed-calls', below('additional_kwargs.tool_calls'), 'these are the calls of tool_calls', 'rewrite'),
      );
    }
  } else if (Array.isArray(again) && again.length > 0 && !(Array.isArray(invalid) && invalid.length > 0)) {
    flaws.push(flaw('obsolete-shape', below('additional_kwargs.tool_calls'), 'calls are in tool_calls', 'rewrite'));
    parts.push(
      ...again.map((call, at) => ({ ...callOf(call, below(`additional_kwargs.tool_calls[${at}]`)), flaws: [] })),
    );
  }
  if (given !== undefined && !Array.isArray(given)) {
    flaws.push(flaw('malformed-calls', below('tool_calls'), 'tool_calls is a list', 'rewrite'));
  }
  if (Array.isArray(invalid)) {
    const hint = 'a call that could not be read cannot be answered';
    for (const [at, call] of invalid.entries()) {
      parts.push(otherPart(call, below(`invalid_tool_calls[${at}]`), [flaw('invalid-tool-calls', '', hint, 'drop')]));
    }
  }
  return parts;
}

/** A call as LangChain has it, or as OpenAI does: both are taken. */
function callOf(raw: unknown, at: string): Part {
  const body = memberOf(raw, 'function');
  if (!isMembers(raw)) return otherPart(raw, at, [flaw('malformed-calls', '', 'a call is { id, name, args }', 'drop')]);
  const flaws: Flaw[] = [];
  if (isMembers(body)) flaws.push(flaw('malformed-calls', 'function', 'a call is { id, name, args }', 'rewrite'));
  const given = isMembers(body) ? body['arguments'] : raw['args'];
  if (raw['id'] !== undefined && typeof raw['id'] !== 'string')
    flaws.push(flaw('invalid-id', 'id', 'an id is text', 'rewrite'));
  const parsed = typeof given === 'string' ? parsedObject(given) : undefined;
  if (!isMembers(given)) {
    const mend = parsed !== undefined || given === undefined || given === null ? 'rewrite' : undefined;
    flaws.push(flaw('invalid-arguments', isMembers(body) ? 'function.arguments' : 'args', 'args is an object', mend));
  }
  return {
    kind: 'call',
    id: idOf(raw['id']),
    name: (textMember(raw, 'name') ?? textMember(body, 'name')) || undefined,
    input: parsed ?? given ?? {},
    executedBy: 'client',
    raw,
    at,
    flaws,
  };
}

function resultOf(message: Members, fields: Members): ResultPart {
  const { content, tool_call_id: id } = fields;
  const flaws: Flaw[] = [];
  if (id !== undefined && typeof id !== 'string')
    flaws.push(flaw('invalid-id', 'tool_call_id', 'an id is text', 'rewrite'));
  let output = content;
  if (content === undefined || content === null) {
    flaws.push(flaw('missing-content', 'content', 'a result has content: text or blocks', 'rewrite'));
    output = '';
  } else if (typeof content !== 'string' && !Array.isArray(content)) {
    flaws.push(flaw('invalid-result', 'content', 'the content of a result is text or blocks', 'rewrite'));
    output = asJsonText(content);
  }
  const failed = fields['status'] === 'error';
  return {
    kind: 'result',
    id: idOf(id),
    name: textMember(fields, 'name'),
    output,
    failed,
    executedBy: 'client',
    raw: message,
    at: '',
    flaws,
  };
}

function write(turn: Turn): unknown {
  const [first] = turn.parts;
  if (turn.role === 'tool') return first?.kind === 'result' ? writeResult(first) : turn.raw;
  if (!isMembers(turn.raw)) {
    const texts = turn.parts.map((part) => (part.kind === 'text' ? part.text : ''));
    return made('', turn.role === 'user' ? 'human' : 'ai', { content: texts.join('\n') });
  }
  const opened = open(turn.raw);
  return rebuilt(
    turn.raw,
    opened,
    turn.role === 'assistant' ? answerFields(turn, opened) : { content: writeContent(turn.parts, opened) },
  );
}

function writeResult(part: ResultPart): unknown {
  if (untouched(part)) return part.raw;
  const raw = part.raw as Members;
  return rebuilt(raw, open(raw), { ...(part.id === undefined ? {} : { tool_call_id: part.id }), content: part.output });
}

/** What an answer has of its calls, in every place where it says them. */
function answerFields({ parts }: Turn, opened: Opened): Members {
  const { fields } = opened;
  const calls = parts.filter((part): part is CallPart => part.kind === 'call');
  const invalid = parts.filter((part) => part.at.includes('invalid_tool_calls'));
  const more = fields['additional_kwargs'];
  const again = memberOf(more, 'tool_calls');
  const renamed = new Map(calls.map((call) => [idOf(memberOf(call.raw, 'id')), call.id]));
  const given = [fields['tool_calls'], again].flatMap((list) => (Array.isArray(list) ? list : []));
  const gone = new Set(given.map((call) => idOf(memberOf(call, 'id'))).filter((id) => !renamed.has(id)));
  const shown = parts
    .filter((part) => part.kind !== 'call' && !invalid.includes(part))
    .flatMap((part): Part[] => {
      if (part.kind !== 'other' || !callBlocks.has(part.type ?? '') || !isMembers(part.raw)) return [part];
      const name = typeof part.raw['call_id'] === 'string' ? 'call_id' : 'id';
      const id = idOf(part.raw[name]);
      if (gone.has(id)) return [];
      return renamed.has(id) && part.raw[name] !== renamed.get(id)
        ? [{ ...part, raw: { ...part.raw, [name]: renamed.get(id) } }]
        : [part];
    });
  return {
    content: writeContent(shown, opened),
    ...(calls.length > 0 || 'tool_calls' in fields ? { tool_calls: calls.map(writeCall) } : {}),
    ...(Array.isArray(fields['invalid_tool_calls']) ? { invalid_tool_calls: invalid.map(({ raw }) => raw) } : {}),
    ...(Array.isArray(again) && isMembers(more) ? { additional_kwargs: withCalls(more, again, calls) } : {}),
  };
}

function withCalls(more: Members, again: readonly unknown[], calls: readonly CallPart[]): Members {
  const { tool_calls: _calls, ...rest } = more;
  if (calls.length === 0) return rest;
  const list = calls.map((call) => {
    const old = again.find((one) => idOf(memberOf(one, 'id')) === idOf(memberOf(call.raw, 'id')));
    if (old !== undefined && idOf(memberOf(old, 'id')) === call.id && untouched(call)) return old;
    return {
      ...(isMembers(old) ? old : {}),
      id: call.id,
      type: 'function',
      function: { name: call.name, arguments: asJsonText(call.input) },
    };
  });
  return { ...rest, tool_calls: list };
}

function writeCall(call: CallPart): unknown {
  if (untouched(call) && isMembers(call.raw) && !('function' in call.raw)) return call.raw;
  const { function: _body, ...raw } = (isMembers(call.raw) ? call.raw : {}) as Record<string, unknown>;
  const facts = { ...(call.name === undefined ? {} : { name: call.name }), args: call.input };
  return { ...raw, ...(call.id === undefined ? {} : { id: call.id }), ...facts, type: 'tool_call' };
}

function writeContent(parts: readonly Part[], { fields }: Opened): unknown {
  const [first] = parts;
  if (parts.length === 0) return Array.isArray(fields['content']) ? [] : '';
  if (parts.length === 1 && first?.kind === 'text' && !isMembers(first.raw) && !Array.isArray(fields['content']))
    return first.text;
  return parts.map((part) => {
    if (part.kind !== 'text' || (isMembers(part.raw) && untouched(part))) return part.raw;
    return { ...(isMembers(part.raw) ? part.raw : {}), type: 'text', text: part.text };
  });
}

function makeResult(call: CallPart, { text, completed }: Answer): ResultPart {
  const { id, name } = call;
  const facts = { ...(name === undefined ? {} : { name }), ...(completed ? {} : { status: 'error' }) };
  // In the shape of the message that has the call, which its path tells.
  const raw = made(call.at, 'tool', { content: text, ...(id === undefined ? {} : { tool_call_id: id }), ...facts });
  return { kind: 'result', id, name, output: text, failed: !completed, executedBy: 'client', raw, at: '', flaws: [] };
}
