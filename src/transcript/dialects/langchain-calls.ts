import type { Flaw, Part } from '../graph.js';
import { flaw, idOf, isMembers, type Members, memberOf, otherPart, parsedObject, textMember } from '../shape.js';
import type { Opened } from './langchain-shapes.js';

/** The calls of an answer: those of `tool_calls`, or, as older versions have it, those that OpenAI said. */
export function callsOf({ shape, fields }: Opened, below: (name: string) => string, flaws: Flaw[]): Part[] {
  // What is coerced into an object of its class is converted on the way.
  const coerced = shape === 'plain' || shape === 'serialized';
  const { tool_calls: given, invalid_tool_calls: invalid, additional_kwargs: more } = fields;
  const again = memberOf(more, 'tool_calls');
  const parts: Part[] = [];
  if (Array.isArray(given) && given.length > 0) {
    for (const [at, call] of given.entries()) parts.push(callOf(call, below(`tool_calls[${at}]`), coerced));
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
    for (const [at, call] of again.entries())
      parts.push({ ...callOf(call, below(`additional_kwargs.tool_calls[${at}]`), true), flaws: [] });
  }
  if (given !== undefined && given !== null && !Array.isArray(given)) {
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

/** A call as LangChain has it. As OpenAI has it, it is one where it is `coerced`, and is meant as one elsewhere. */
function callOf(raw: unknown, at: string, coerced: boolean): Part {
  const body = memberOf(raw, 'function');
  if (!isMembers(raw)) return otherPart(raw, at, [flaw('malformed-calls', '', 'a call is { id, name, args }', 'drop')]);
  const flaws: Flaw[] = [];
  const given = isMembers(body) ? body['arguments'] : raw['args'];
  if (isMembers(body) && !(coerced && isOfOpenai(raw, body)))
    flaws.push(flaw('malformed-calls', 'function', 'a call is { id, name, args }', 'rewrite'));
  if (raw['id'] !== undefined && typeof raw['id'] !== 'string')
    flaws.push(flaw('invalid-id', 'id', 'an id is text', 'rewrite'));
  const parsed = typeof given === 'string' ? parsedObject(given) : undefined;
  // In the form of OpenAI arguments are text.
  if (!isMembers(given) && !(isMembers(body) && parsed !== undefined)) {
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

/** What LangChain converts when it makes an object of a message. */
function isOfOpenai(raw: Members, body: Members): boolean {
  const texts = [raw['id'], body['name'], body['arguments']];
  return raw['type'] === 'function' && texts.every((text) => typeof text === 'string');
}
