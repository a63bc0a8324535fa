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
  shown,
  textMember,
  textPart,
  unreadable,
} from '../shape.js';
import { callsOf } from './langchain-calls.js';
import { classOf, instance, isOutside, made, type Opened, open, rebuilt, type ToolClass } from './langchain-shapes.js';

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
  if (pairOf(message) !== undefined) return 'maybe';
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
  if (!Array.isArray(content)) return 'content' in message || 'tool_call_id' in message ? 'maybe' : 'no';
  return content.every((part) => ['text', 'image_url'].includes(textMember(part, 'type') ?? '')) ? 'maybe' : 'no';
}

function parse(message: unknown, index: number): Turn {
  const short = typeof message === 'string' && message !== '' ? { type: 'human', content: message } : pairOf(message);
  if (short !== undefined) {
    const { type: label, content } = short;
    const role = roles[label]!;
    const flaws: Flaw[] = [];
    const parts = contentOf({ content }, typeof message === 'string' ? '' : '[1]', flaws, role === 'assistant');
    return { role, label, index, raw: message, parts, flaws };
  }
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
  const said = contentOf(fields, below('content'), flaws, role === 'assistant');
  const parts = role === 'assistant' ? [...said, ...callsOf(opened, below, flaws)] : said;
  return { role, label, index, raw: message, parts, flaws };
}

/** `['human', 'Pay invoice 42']`: who says it, and what. Text alone is of the user. A result cannot be said so: it has an id. */
function pairOf(message: unknown): { readonly type: string; readonly content: unknown } | undefined {
  if (!Array.isArray(message) || message.length !== 2) return undefined;
  const [type, content]: unknown[] = message;
  if (typeof type !== 'string' || !Object.hasOwn(roles, type) || type === 'tool') return undefined;
  return { type, content };
}

function contentOf({ content, tool_calls: calls }: Members, at: string, flaws: Flaw[], mayBeEmpty: boolean): Part[] {
  if (typeof content === 'string') return content === '' && mayBeEmpty ? [] : [textPart(content, content, at)];
  if (Array.isArray(content)) return Array.from(content, (block, which) => blockOf(block, `${at}[${which}]`));
  if (content === undefined || content === null) {
    // LangChain makes an empty list of it, which an answer with calls may have.
    if (mayBeEmpty && Array.isArray(calls) && calls.length > 0) return [];
    flaws.push(flaw('missing-content', at, 'content is text or a list of blocks', 'rewrite'));
    return [];
  }
  flaws.push(flaw('invalid-content', at, 'content is text or a list of blocks', 'rewrite'));
  // A block that is in no list.
  if (textMember(content, 'type') !== undefined) return [blockOf(content, at)];
  return [textPart(textMember(content, 'text') ?? asJsonText(content), undefined, at)];
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
    const given = memberOf(block, 'text');
    return textPart(text ?? (given === undefined || given === null ? '' : asJsonText(given)), block, at, flaws);
  }
  if (type === 'reasoning' || type === 'thinking' || type === 'redacted_thinking') {
    const text = textMember(block, type) ?? '';
    return { kind: 'reasoning', text, signed: type !== 'reasoning', raw: block, at, flaws: [] };
  }
  // Every provider package has blocks of its own, so none is an issue.
  return otherPart(block, at);
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
    const type = pairOf(turn.raw)?.type ?? (turn.role === 'user' ? 'human' : 'ai');
    return made('', type, { content: writeContent(turn.parts, pairOf(turn.raw)?.content) });
  }
  const opened = open(turn.raw);
  return rebuilt(
    turn.raw,
    opened,
    turn.role === 'assistant'
      ? answerFields(turn, opened)
      : { content: writeContent(turn.parts, opened.fields['content']) },
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
    content: writeContent(shown, fields['content']),
    ...(calls.length > 0 || 'tool_calls' in fields ? { tool_calls: calls.map(writeCall) } : {}),
    ...(Array.isArray(fields['invalid_tool_calls']) ? { invalid_tool_calls: invalid.map(({ raw }) => raw) } : {}),
    ...(Array.isArray(again) && isMembers(more) ? { additional_kwargs: withCalls(more, again, calls) } : {}),
  };
}

function withCalls(more: Members, again: readonly unknown[], calls: readonly CallPart[]): Members {
  const { tool_calls: _calls, ...rest } = more;
  if (calls.length === 0) return rest;
  const byId = new Map<string | undefined, unknown[]>();
  for (const one of again) {
    const id = idOf(memberOf(one, 'id'));
    const same = byId.get(id);
    if (same === undefined) byId.set(id, [one]);
    else same.push(one);
  }
  const list = calls.map((call) => {
    const same = byId.get(idOf(memberOf(call.raw, 'id')));
    // Of several with one id each is one of the calls.
    const old = same !== undefined && same.length > 1 ? same.shift() : same?.[0];
    if (old !== undefined && idOf(memberOf(old, 'id')) === call.id && untouched(call)) return old;
    return {
      ...(isMembers(old) ? old : {}),
      id: call.id,
      type: 'function',
      function: { ...membersOf(memberOf(old, 'function')), name: call.name, arguments: asJsonText(call.input) },
    };
  });
  return { ...rest, tool_calls: list };
}

function membersOf(value: unknown): Members {
  return isMembers(value) ? value : {};
}

function writeCall(call: CallPart): unknown {
  if (untouched(call) && isMembers(call.raw) && !('function' in call.raw)) return call.raw;
  const { function: _body, ...raw } = (isMembers(call.raw) ? call.raw : {}) as Record<string, unknown>;
  const facts = { ...(call.name === undefined ? {} : { name: call.name }), args: call.input };
  return { ...raw, ...(call.id === undefined ? {} : { id: call.id }), ...facts, type: 'tool_call' };
}

function writeContent(parts: readonly Part[], given: unknown): unknown {
  const [first] = parts;
  if (parts.length === 0) return Array.isArray(given) ? [] : '';
  if (parts.length === 1 && first?.kind === 'text' && !isMembers(first.raw) && !Array.isArray(given)) return first.text;
  return parts.map((part) => {
    if (part.kind !== 'text' || (isMembers(part.raw) && untouched(part))) return part.raw;
    return { ...(isMembers(part.raw) ? part.raw : {}), type: 'text', text: part.text };
  });
}

function makeResult(call: CallPart, { text, completed }: Answer, turns: readonly Turn[]): ResultPart {
  const { id, name } = call;
  const facts = { ...(name === undefined ? {} : { name }), ...(completed ? {} : { status: 'error' }) };
  const fields = { content: text, ...(id === undefined ? {} : { tool_call_id: id }), ...facts };
  // In the shape of the message that has the call, which its path tells; of a class, when the list has one of it.
  const raw = (isOutside(call.at) ? toolMessage(turns, fields) : undefined) ?? made(call.at, 'tool', fields);
  return { kind: 'result', id, name, output: text, failed: !completed, executedBy: 'client', raw, at: '', flaws: [] };
}

/** What was found in a list, so that many results do not look through it again and again. */
const classes = new WeakMap<readonly Turn[], ToolClass | undefined>();

/** A result of the class that other results of the list are of; without one, nobody knows that class here. */
function toolMessage(turns: readonly Turn[], fields: Members): Members | undefined {
  if (!classes.has(turns))
    classes.set(turns, turns.map(({ role, raw }) => (role === 'tool' ? classOf(raw) : undefined)).find(Boolean));
  const found = classes.get(turns);
  return found === undefined ? undefined : instance(found, fields);
}
