import type { Answer, Dialect, Recognition } from '../dialect.js';
import { type CallPart, type Flaw, type Part, type ResultPart, type Role, type Turn, untouched } from '../graph.js';
import {
  asJsonText,
  flaw,
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
import { isOfType, itemOf, outputItem, writeItem } from './openai-responses-items.js';

const roles: Readonly<Record<string, Role>> = {
  user: 'user',
  assistant: 'assistant',
  system: 'system',
  developer: 'system',
};

/** Content parts by direction: what goes in, and what came out. */
const inward = ['input_text', 'input_image', 'input_file', 'input_audio'];
const outward = ['output_text', 'refusal'];

/** OpenAI Responses: `input` of a request, which lists items. */
export const openaiResponses: Dialect = {
  format: 'openai-responses',
  recognize,
  parse,
  write,
  answers: { window: 'anywhere', place: 'own-turn', role: 'tool', named: false, make: makeResult },
  text: (text) => textPart(text, undefined, 'content'),
};

function recognize(item: unknown): Recognition {
  if (!isMembers(item)) return 'no';
  const type = textMember(item, 'type');
  const { role, content } = item;
  if (type !== undefined && type !== 'message') return isOfType(type) ? 'yes' : 'no';
  if (['tool_calls', 'tool_call_id', 'function_call', 'parts', 'stop_reason'].some((name) => name in item)) return 'no';
  if (typeof role !== 'string' || !Object.hasOwn(roles, role)) return 'no';
  if (!Array.isArray(content)) return type === 'message' ? 'yes' : 'maybe';
  const types = content.map((part) => textMember(part, 'type') ?? '');
  if (types.some((one) => inward.includes(one) || one === 'output_text')) return 'yes';
  return types.every((one) => one === 'text' || one === 'refusal') ? 'maybe' : 'no';
}

function parse(item: unknown, index: number): Turn {
  if (!isMembers(item)) return unreadable(item, index, [noObject(item)]);
  const type = textMember(item, 'type');
  if (type === undefined || type === 'message') return messageOf(item, index);
  const read = itemOf(item, type);
  if (read === undefined) {
    return unreadable(item, index, [flaw('unrecognized-message', 'type', `no item has the type ${shown(type)}`)]);
  }
  const role = read.part.kind === 'result' ? 'tool' : read.part.kind === 'approval-response' ? 'user' : 'assistant';
  return { role, label: role, index, raw: item, parts: [read.part], flaws: read.flaws };
}

function messageOf(item: Members, index: number): Turn {
  const label = textMember(item, 'role');
  const role = label === undefined || !Object.hasOwn(roles, label) ? undefined : roles[label];
  if (label === undefined || role === undefined) {
    const hint = `the roles are ${Object.keys(roles).join(', ')}, this is ${shown(item['role'])}`;
    return unreadable(item, index, [flaw('unknown-role', 'role', hint)]);
  }
  const { content, id } = item;
  const flaws: Flaw[] = [];
  if (id !== undefined && !(typeof id === 'string' && id.startsWith('msg'))) {
    flaws.push(
      flaw(
        'invalid-item-id',
        'id',
        'the id of a message begins with msg, and is left out when it is not known',
        'rewrite',
      ),
    );
  }
  let parts: Part[] = [];
  if (typeof content === 'string') parts = [textPart(content, content, 'content')];
  else if (Array.isArray(content)) parts = Array.from(content, (part, at) => partOf(part, `content[${at}]`, label));
  else if (content === undefined || content === null) {
    flaws.push(flaw('missing-content', 'content', 'content is text or a list of parts', 'rewrite'));
  } else {
    flaws.push(flaw('invalid-content', 'content', 'content is text or a list of parts', 'rewrite'));
    parts = [textPart(textMember(content, 'text') ?? asJsonText(content), undefined, 'content')];
  }
  return { role, label, index, raw: item, parts, flaws };
}

function partOf(part: unknown, at: string, label: string): Part {
  const type = textMember(part, 'type');
  const mine = label === 'assistant' ? outward : inward;
  const said = typeof part === 'string' ? part : (textMember(part, 'text') ?? textMember(part, 'refusal'));
  if (type !== undefined && mine.includes(type)) {
    const member = type === 'refusal' ? 'refusal' : 'text';
    if (type === 'input_image' || type === 'input_file' || type === 'input_audio') {
      return { kind: 'media', mediaType: type, raw: part, at, flaws: [] };
    }
    const given = memberOf(part, member);
    const flaws =
      typeof given === 'string' ? [] : [flaw('invalid-content', member, `${member} is text`, 'rewrite' as const)];
    if (isMembers(part) && 'parsed' in part) {
      flaws.push(
        flaw('sdk-artefact', 'parsed', 'the SDK adds this to what it parsed; the API does not know it', 'rewrite'),
      );
    }
    const text = said ?? (given === undefined || given === null ? '' : asJsonText(given));
    return type === 'refusal' ? { kind: 'refusal', text, raw: part, at, flaws } : textPart(text, part, at, flaws);
  }
  const known = type !== undefined && (inward.includes(type) || outward.includes(type));
  const hint = known
    ? `a message of ${label} has no part of type ${type}, but ${mine.join(', ')}`
    : `no part has the type ${shown(type)}`;
  const code = known ? 'part-not-allowed' : 'unknown-part';
  // What it says stays, as text; what says nothing goes.
  if (said !== undefined) return textPart(said, part, at, [flaw(code, 'type', hint, 'rewrite')]);
  return otherPart(part, at, [flaw(code, 'type', hint, 'drop')]);
}

function write(turn: Turn): unknown {
  const [first] = turn.parts;
  if (first !== undefined && first.at === '')
    return untouched(first) && turn.flaws.length === 0 ? first.raw : writeItem(first);
  const { id, ...rest } = (isMembers(turn.raw) ? turn.raw : {}) as Record<string, unknown>;
  const kept = typeof id === 'string' && id.startsWith('msg') ? { id } : {};
  const plain =
    turn.parts.length === 1 && first?.kind === 'text' && !isMembers(first.raw) && !Array.isArray(rest['content']);
  const content =
    turn.parts.length === 0 ? '' : plain ? first.text : turn.parts.map((part) => writePart(part, turn.label));
  return { ...rest, ...kept, role: turn.label, content };
}

function writePart(part: Part, label: string): unknown {
  if (isMembers(part.raw) && untouched(part)) return part.raw;
  const { parsed: _parsed, ...raw } = (isMembers(part.raw) ? part.raw : {}) as Record<string, unknown>;
  if (part.kind === 'refusal') return { ...raw, type: 'refusal', refusal: part.text };
  if (part.kind !== 'text') return part.raw;
  const type = label === 'assistant' ? 'output_text' : 'input_text';
  return { ...(raw['type'] === type ? raw : {}), type, text: part.text };
}

function makeResult(call: CallPart, answer: Answer): ResultPart {
  // Which kind of item answers is told by the call; so this part has its item already.
  const raw = outputItem(call, answer);
  const failed = !answer.completed;
  return {
    kind: 'result',
    id: call.id,
    name: undefined,
    output: raw['output'],
    failed,
    executedBy: 'client',
    raw,
    at: '',
    flaws: [],
  };
}
