import { type CallPart, type Flaw, type Part, untouched } from '../graph.js';
import { asJsonText, flaw, idOf, isMembers, type Members, memberOf, otherPart, textMember } from '../shape.js';

/** What streaming leaves on calls, and the API does not know. */
const callArtefacts = ['index', 'parsed_arguments'];

export function hasCalls(message: Members): boolean {
  const calls = message['tool_calls'];
  return (Array.isArray(calls) && calls.length > 0) || isMembers(message['function_call']) || isMembers(calls);
}

export function callsOf(message: Members, flaws: Flaw[]): Part[] {
  const calls = message['tool_calls'];
  const parts: Part[] = [];
  if (Array.isArray(calls)) {
    if (calls.length === 0) flaws.push(flaw('empty-calls', 'tool_calls', 'absent, or at least one call', 'rewrite'));
    for (const [at, call] of calls.entries()) parts.push(callOf(call, `tool_calls[${at}]`));
  } else if (isMembers(calls)) {
    flaws.push(flaw('malformed-calls', 'tool_calls', 'tool_calls is a list', 'rewrite'));
    const made = isCall(calls) ? [calls] : Object.values(calls).filter(isCall);
    for (const call of made) parts.push(callOf(call, 'tool_calls'));
  } else if (calls !== undefined) {
    flaws.push(flaw('malformed-calls', 'tool_calls', 'tool_calls is a list', 'rewrite'));
  }
  if (isMembers(message['function_call'])) parts.push(legacyCallOf(message['function_call']));
  return parts;
}

function isCall(value: unknown): boolean {
  return isMembers(memberOf(value, 'function')) || isMembers(memberOf(value, 'custom'));
}

function callOf(raw: unknown, at: string): Part {
  const custom = isMembers(memberOf(raw, 'custom'));
  const body = custom ? memberOf(raw, 'custom') : memberOf(raw, 'function');
  if (!isMembers(raw) || !isMembers(body)) {
    return otherPart(raw, at, [
      flaw('malformed-calls', '', 'a call is { id, type: "function", function: { name, arguments } }', 'drop'),
    ]);
  }
  const where = custom ? 'custom' : 'function';
  const flaws: Flaw[] = [];
  if (raw['type'] !== where) flaws.push(flaw('malformed-calls', 'type', `the type is ${where}`, 'rewrite'));
  if (raw['id'] !== undefined && typeof raw['id'] !== 'string')
    flaws.push(flaw('invalid-id', 'id', 'an id is text', 'rewrite'));
  const given = custom ? body['input'] : body['arguments'];
  if (typeof given !== 'string') {
    flaws.push(
      flaw('invalid-arguments', `${where}.${custom ? 'input' : 'arguments'}`, 'arguments are JSON text', 'rewrite'),
    );
  }
  for (const name of callArtefacts) {
    if (name in raw || name in body)
      flaws.push(flaw('sdk-artefact', name, 'a leftover of streaming; the API does not know it', 'rewrite'));
  }
  return {
    kind: 'call',
    id: idOf(raw['id']),
    name: textMember(body, 'name') || undefined,
    input: given === undefined || given === null ? (custom ? '' : '{}') : asJsonText(given),
    executedBy: 'client',
    isFreeText: custom,
    raw,
    at,
    flaws,
  };
}

function legacyCallOf(raw: Members): CallPart {
  return {
    kind: 'call',
    id: undefined,
    name: textMember(raw, 'name') || undefined,
    input: asJsonText(raw['arguments'] ?? '{}'),
    executedBy: 'client',
    legacy: true,
    raw,
    at: 'function_call',
    flaws:
      typeof raw['arguments'] === 'string'
        ? []
        : [flaw('invalid-arguments', 'arguments', 'arguments are JSON text', 'rewrite')],
  };
}

export function writeCall(call: CallPart): unknown {
  if (untouched(call)) return call.raw;
  const { index: _index, ...raw } = (call.raw ?? {}) as Record<string, unknown>;
  const custom = isMembers(raw['custom']);
  const { parsed_arguments: _parsed, ...body } = (custom ? raw['custom'] : (raw['function'] ?? {})) as Record<
    string,
    unknown
  >;
  return {
    ...raw,
    ...(call.id === undefined ? {} : { id: call.id }),
    type: custom ? 'custom' : 'function',
    ...(custom
      ? { custom: { ...body, ...(call.name === undefined ? {} : { name: call.name }), input: call.input } }
      : { function: { ...body, ...(call.name === undefined ? {} : { name: call.name }), arguments: call.input } }),
  };
}

export function writeLegacy(call: CallPart): unknown {
  return untouched(call) ? call.raw : { ...(call.raw as Members), name: call.name, arguments: call.input };
}
