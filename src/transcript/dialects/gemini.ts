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

/** `function` is what older versions have for results. */
const roles: Readonly<Record<string, Role>> = { user: 'user', model: 'assistant', function: 'user' };

/** A part has one of these, which says what it is. */
const kinds = [
  ...['text', 'functionCall', 'functionResponse', 'inlineData', 'fileData', 'executableCode', 'codeExecutionResult'],
  ...['toolCall', 'toolResponse'],
];

/** Gemini `contents`. */
export const gemini: Dialect = {
  format: 'gemini',
  recognize,
  parse,
  write,
  answers: { window: 'next-turn', place: 'shared-turn', role: 'user', named: true, make: makeResult },
  text: (text) => textPart(text, undefined, 'parts'),
};

function recognize(content: unknown): Recognition {
  if (!isMembers(content) || !('parts' in content) || 'id' in content) return 'no';
  const { parts, role } = content;
  if (!Array.isArray(parts)) return role === 'model' ? 'yes' : 'maybe';
  if (parts.some((part) => textMember(part, 'type') !== undefined)) return 'no';
  return role === 'model' || parts.some((part) => kindOf(part) !== undefined) ? 'yes' : 'maybe';
}

function kindOf(part: unknown): string | undefined {
  return isMembers(part) ? kinds.find((kind) => part[kind] !== undefined) : undefined;
}

function parse(content: unknown, index: number): Turn {
  if (!isMembers(content)) return unreadable(content, index, [noObject(content)]);
  // Without a role it is the user's, as the API has it.
  const label = content['role'] === undefined ? 'user' : textMember(content, 'role');
  const role = label === undefined || !Object.hasOwn(roles, label) ? undefined : roles[label];
  if (label === undefined || role === undefined) {
    return unreadable(content, index, [
      flaw('unknown-role', 'role', `the roles are user, model, this is ${shown(content['role'])}`),
    ]);
  }
  const flaws: Flaw[] = [];
  const given = content['parts'] ?? content['content'];
  if (Array.isArray(content['parts'])) {
    const parts = Array.from(content['parts'], (part, at) => partOf(part, `parts[${at}]`));
    return { role, label, index, raw: content, parts, flaws };
  }
  const code = given === undefined || given === null ? 'missing-content' : 'invalid-content';
  flaws.push(flaw(code, 'parts', 'a content has a list of parts', 'rewrite'));
  const parts =
    typeof given === 'string'
      ? [textPart(given, undefined, 'parts')]
      : isMembers(given)
        ? [partOf(given, 'parts')]
        : [];
  return { role, label, index, raw: content, parts, flaws };
}

function partOf(part: unknown, at: string): Part {
  const kind = kindOf(part);
  if (kind === undefined || !isMembers(part)) {
    const hint = `a part has one of ${kinds.join(', ')}`;
    if (typeof part === 'string') return textPart(part, part, at, [flaw('unknown-part', '', hint, 'rewrite')]);
    return otherPart(part, at, [flaw('unknown-part', '', hint, 'drop')]);
  }
  if (kind === 'functionCall') return callOf(part, at);
  if (kind === 'functionResponse') return resultOf(part, at);
  if (kind === 'inlineData' || kind === 'fileData') {
    return { kind: 'media', mediaType: textMember(part[kind], 'mimeType'), raw: part, at, flaws: [] };
  }
  if (kind !== 'text') return otherPart(part, at);
  const given = part['text'];
  const text = typeof given === 'string' ? given : asJsonText(given);
  const flaws = typeof given === 'string' ? [] : [flaw('invalid-content', 'text', 'text is text', 'rewrite' as const)];
  const signed = typeof part['thoughtSignature'] === 'string';
  // A signature may come with a text that is empty.
  const thinks = part['thought'] === true || (signed && text === '');
  return thinks ? { kind: 'reasoning', text, signed, raw: part, at, flaws } : textPart(text, part, at, flaws);
}

/** Without an id, a result answers the oldest open call of its name. */
function identityOf(
  body: unknown,
  flaws: Flaw[],
  where: string,
): { id: string | undefined; name: string | undefined; legacy?: true } {
  const given = memberOf(body, 'id');
  if (given !== undefined && given !== null && typeof given !== 'string')
    flaws.push(flaw('invalid-id', `${where}.id`, 'an id is text', 'rewrite'));
  const id = idOf(given);
  return { id, name: textMember(body, 'name') || undefined, ...(id === undefined ? { legacy: true } : {}) };
}

function callOf(part: Members, at: string): CallPart {
  const body = part['functionCall'];
  const flaws: Flaw[] = [];
  const given = memberOf(body, 'args');
  const parsed = typeof given === 'string' ? parsedObject(given) : undefined;
  if (given !== undefined && !isMembers(given)) {
    const mend = parsed !== undefined || given === null ? 'rewrite' : undefined;
    flaws.push(flaw('invalid-arguments', 'functionCall.args', 'args is an object', mend));
  }
  const input = parsed ?? given ?? {};
  return {
    kind: 'call',
    ...identityOf(body, flaws, 'functionCall'),
    input,
    executedBy: 'client',
    raw: part,
    at,
    flaws,
  };
}

function resultOf(part: Members, at: string): ResultPart {
  const body = part['functionResponse'];
  const flaws: Flaw[] = [];
  const given = memberOf(body, 'response');
  if (!isMembers(given))
    flaws.push(flaw('invalid-result', 'functionResponse.response', 'a response is an object', 'rewrite'));
  const output = isMembers(given) ? given : { output: given ?? '' };
  const failed = isMembers(given) && 'error' in given;
  return {
    kind: 'result',
    ...identityOf(body, flaws, 'functionResponse'),
    output,
    failed,
    executedBy: 'client',
    raw: part,
    at,
    flaws,
  };
}

function write(turn: Turn): unknown {
  const { content: _content, ...rest } = (isMembers(turn.raw) ? turn.raw : {}) as Record<string, unknown>;
  const role = turn.label === 'assistant' ? 'model' : turn.label;
  return { ...rest, role, parts: turn.parts.map(writePart) };
}

function writePart(part: Part): unknown {
  if (isMembers(part.raw) && untouched(part)) return part.raw;
  const raw: Members = isMembers(part.raw) ? part.raw : {};
  if (part.kind === 'text' || part.kind === 'reasoning') return { ...raw, text: part.text };
  if (part.kind !== 'call' && part.kind !== 'result') return part.raw;
  const kind = part.kind === 'call' ? 'functionCall' : 'functionResponse';
  const { id: _id, ...body } = (isMembers(raw[kind]) ? raw[kind] : {}) as Record<string, unknown>;
  const identity = {
    ...(part.id === undefined ? {} : { id: part.id }),
    ...(part.name === undefined ? {} : { name: part.name }),
  };
  const value = part.kind === 'call' ? { args: part.input } : { response: part.output };
  return { ...raw, [kind]: { ...body, ...identity, ...value } };
}

function makeResult(call: CallPart, { text, value, completed }: Answer): ResultPart {
  const { id, name, legacy } = call;
  const output = !completed ? { error: text } : isMembers(value) ? value : { output: value ?? null };
  const facts = { output, failed: !completed, executedBy: 'client' as const, raw: undefined, at: 'parts', flaws: [] };
  return { kind: 'result', id, name, ...(legacy ? { legacy } : {}), ...facts };
}
