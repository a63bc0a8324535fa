import type { CallPart, Flaw, Part, ResultPart } from '../graph.js';
import {
  asJsonText,
  flaw,
  idOf,
  isMembers,
  type Members,
  otherPart,
  parsedObject,
  shown,
  textMember,
  textPart,
} from '../shape.js';
import { fileDataOf } from './ai-sdk-files.js';
import { isOutput, outputOf, outputTypes } from './ai-sdk-outputs.js';

/** Part types by role, of all versions together; which version has which is a matter of profiles. */
const partTypes: Readonly<Record<string, readonly string[]>> = {
  user: ['text', 'image', 'file'],
  assistant: [
    ...['text', 'file', 'reasoning', 'tool-call', 'tool-result', 'tool-approval-request'],
    ...['reasoning-file', 'custom'],
  ],
  tool: ['tool-result', 'tool-approval-response'],
};

const allTypes = new Set(Object.values(partTypes).flat());

/** One part of a message with this role, as it was meant. */
export function partOf(part: unknown, at: string, label: string): Part {
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
      return {
        kind: 'reasoning',
        text: said ?? (part['text'] == null ? '' : asJsonText(part['text'])),
        signed: isMembers(part['providerOptions']),
        raw: part,
        at,
        flaws,
      };
    case 'tool-call':
      return callOf(part, at, flaws);
    case 'tool-result':
      return resultOf(part, at, label, flaws);
    case 'tool-approval-request': {
      const [approvalId, callId] = [idOf(part['approvalId']), idOf(part['toolCallId'])];
      for (const name of ['approvalId', 'toolCallId']) {
        if (idOf(part[name]) === undefined) flaws.push(flaw('invalid-content', name, `${name} is an id`, 'drop'));
        else if (typeof part[name] !== 'string') flaws.push(flaw('invalid-id', name, 'an id is text', 'rewrite'));
      }
      return { kind: 'approval-request', approvalId, callId, raw: part, at, flaws };
    }
    case 'tool-approval-response':
      if (typeof part['approved'] !== 'boolean')
        flaws.push(flaw('invalid-content', 'approved', 'approved is true or false', 'rewrite'));
      if (idOf(part['approvalId']) !== undefined && typeof part['approvalId'] !== 'string')
        flaws.push(flaw('invalid-id', 'approvalId', 'an id is text', 'rewrite'));
      return {
        kind: 'approval-response',
        approvalId: idOf(part['approvalId']),
        approved: part['approved'] === true,
        raw: part,
        at,
        flaws,
      };
    case 'custom':
      if (typeof part['kind'] !== 'string')
        flaws.push(flaw('invalid-content', 'kind', 'a custom part has a kind', 'drop'));
      return otherPart(part, at, flaws);
    default:
      return mediaOf(part, at, type, flaws);
  }
}

function mediaOf(part: Members, at: string, type: string, flaws: Flaw[]): Part {
  const name = type === 'image' ? 'image' : 'data';
  const mediaType = textMember(part, 'mediaType');
  const { form } = fileDataOf(part[name]);
  if (form === 'none' || (type !== 'image' && mediaType === undefined)) {
    const hint = type === 'image' ? 'an image has image: bytes, base64 or a URL' : 'a file has data and mediaType';
    flaws.push(flaw('invalid-content', form === 'none' ? name : 'mediaType', hint, 'drop'));
  } else if (form === 'stored') {
    flaws.push(flaw('invalid-content', name, 'these are bytes as JSON has them: base64 is meant', 'rewrite'));
  }
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
  if (!isOutput(given)) {
    const hint = `an output is { type, value } with one of the types ${outputTypes.join(', ')}`;
    if (!old) flaws.push(flaw('invalid-result', 'output', hint, 'rewrite'));
    output = outputOf(given, part['isError'] === true);
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
