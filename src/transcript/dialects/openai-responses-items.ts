import type { Answer } from '../dialect.js';
import { type CallPart, type Flaw, type Part, type ResultPart, untouched } from '../graph.js';
import { asJsonText, flaw, idOf, type Members, otherPart, textMember } from '../shape.js';

/** Calls that the client runs, with the member that has the input. */
const callTypes: Readonly<Record<string, string>> = {
  function_call: 'arguments',
  custom_tool_call: 'input',
  shell_call: 'action',
  local_shell_call: 'action',
  apply_patch_call: 'operation',
  computer_call: 'action',
};

const resultTypes: ReadonlySet<string> = new Set(Object.keys(callTypes).map((type) => `${type}_output`));

/** What the provider runs, and lists with its result; and what no rule needs to understand. */
const otherTypes: ReadonlySet<string> = new Set([
  ...['web_search_call', 'file_search_call', 'code_interpreter_call', 'image_generation_call', 'mcp_call'],
  ...['mcp_list_tools', 'item_reference', 'compaction', 'compaction_trigger', 'tool_search_call', 'tool_search_output'],
  ...['additional_tools', 'program', 'program_output'],
]);

/** How ids of items begin; for others it is not known. */
const idStarts: Readonly<Record<string, string>> = { function_call: 'fc', reasoning: 'rs' };

export function isOfType(type: string): boolean {
  return (
    Object.hasOwn(callTypes, type) ||
    resultTypes.has(type) ||
    otherTypes.has(type) ||
    ['reasoning', 'mcp_approval_request', 'mcp_approval_response'].includes(type)
  );
}

/** Whether an output of one type answers a call of the other. */
export function isPair(call: CallPart, result: ResultPart): boolean {
  return textMember(result.raw, 'type') === `${textMember(call.raw, 'type')}_output`;
}

/** An item that is no message: one part, and what is wrong with the item. */
export function itemOf(item: Members, type: string): { part: Part; flaws: Flaw[] } | undefined {
  if (!isOfType(type)) return undefined;
  const facts = { raw: item, at: '' };
  const flaws: Flaw[] = [];
  if (type === 'reasoning') {
    const encrypted = typeof item['encrypted_content'] === 'string' && item['encrypted_content'] !== '';
    // By its id the provider finds what it has stored; by its encrypted content it needs nothing else.
    checkId(item, type, flaws, encrypted ? 'rewrite' : 'drop');
    if (item['id'] === undefined && !encrypted) {
      flaws.push(
        flaw('invalid-item-id', 'id', 'reasoning has an id that begins with rs, or encrypted content', 'drop'),
      );
    }
    const words = [item['summary'], item['content']].flatMap((list) => (Array.isArray(list) ? list : []));
    const text = words.map((part) => textMember(part, 'text') ?? '').join('\n');
    const shape: Flaw[] = Array.isArray(item['summary'])
      ? []
      : [flaw('invalid-content', 'summary', 'summary is a list', 'rewrite')];
    return { part: { kind: 'reasoning', text, signed: encrypted, flaws: shape, ...facts }, flaws };
  }
  if (type === 'mcp_approval_request') {
    return {
      part: { kind: 'approval-request', approvalId: idOf(item['id']), callId: undefined, flaws: [], ...facts },
      flaws,
    };
  }
  if (type === 'mcp_approval_response') {
    const approved = item['approve'] === true;
    return {
      part: { kind: 'approval-response', approvalId: idOf(item['approval_request_id']), approved, flaws: [], ...facts },
      flaws,
    };
  }
  if (resultTypes.has(type)) return { part: resultOf(item, type), flaws };
  checkId(item, type, flaws, 'rewrite');
  if (Object.hasOwn(callTypes, type)) return { part: callOf(item, type), flaws };
  return { part: otherPart(item, ''), flaws };
}

function checkId({ id }: Members, type: string, flaws: Flaw[], mend: 'rewrite' | 'drop'): void {
  if (id === undefined) return;
  const start = idStarts[type] ?? '';
  if (typeof id === 'string' && id !== '' && id.startsWith(start)) return;
  const how = start === '' ? 'is text that is not empty' : `begins with ${start}`;
  flaws.push(flaw('invalid-item-id', 'id', `the id of an item ${how}, and is left out when it is not known`, mend));
}

function callOf(item: Members, type: string): CallPart {
  const member = callTypes[type]!;
  const isText = member === 'arguments' || member === 'input';
  const flaws = callIdFlaws(item);
  const given = item[member];
  if (isText && typeof given !== 'string')
    flaws.push(flaw('invalid-arguments', member, `${member} is text`, 'rewrite'));
  if ('parsed_arguments' in item) {
    flaws.push(
      flaw(
        'sdk-artefact',
        'parsed_arguments',
        'the SDK adds this to what it parsed; the API does not know it',
        'rewrite',
      ),
    );
  }
  const empty = member === 'arguments' ? '{}' : '';
  const input = !isText ? given : given === undefined || given === null ? empty : asJsonText(given);
  // Built-in tools are named by their type.
  const name = isText ? textMember(item, 'name') || undefined : type.slice(0, -'_call'.length);
  return {
    kind: 'call',
    id: idOf(item['call_id']),
    name,
    input,
    isFreeText: member === 'input',
    executedBy: 'client',
    raw: item,
    at: '',
    flaws,
  };
}

function resultOf(item: Members, type: string): ResultPart {
  const flaws = callIdFlaws(item);
  let output = item['output'];
  const isText =
    type === 'function_call_output' || type === 'custom_tool_call_output' || type === 'local_shell_call_output';
  if (isText && (output === undefined || output === null)) {
    flaws.push(flaw('missing-content', 'output', 'an output is text or a list of parts', 'rewrite'));
    output = '';
  } else if (isText && typeof output !== 'string' && !isParts(output)) {
    flaws.push(
      flaw('invalid-result', 'output', 'an output is text or a list of input_text, input_image, input_file', 'rewrite'),
    );
    output = asJsonText(output);
  }
  // In the typings, the output of a local shell carries the id of its call as its own; the API itself takes `call_id`.
  const id = idOf(item['call_id'] ?? (type === 'local_shell_call_output' ? item['id'] : undefined));
  return {
    kind: 'result',
    id,
    name: undefined,
    output,
    failed: item['status'] === 'failed',
    executedBy: 'client',
    raw: item,
    at: '',
    flaws,
  };
}

function isParts(output: unknown): boolean {
  if (!Array.isArray(output)) return false;
  return output.every((part) => ['input_text', 'input_image', 'input_file'].includes(textMember(part, 'type') ?? ''));
}

function callIdFlaws(item: Members): Flaw[] {
  const given = item['call_id'];
  return given === undefined || typeof given === 'string'
    ? []
    : [flaw('invalid-id', 'call_id', 'an id is text', 'rewrite')];
}

/** An item that a repair touched. */
export function writeItem(part: Part): unknown {
  const { parsed_arguments: _parsed, ...raw } = part.raw as Record<string, unknown>;
  const type = String(raw['type']);
  const flaws: Flaw[] = [];
  if (!resultTypes.has(type)) checkId(raw, type, flaws, 'rewrite');
  if (flaws.length > 0) delete raw['id'];
  if (untouched(part)) return raw;
  if (part.kind === 'reasoning') return Array.isArray(raw['summary']) ? raw : { ...raw, summary: [] };
  if (part.kind === 'call') {
    const isText = type === 'function_call' || type === 'custom_tool_call';
    const text = isText
      ? { ...(part.name === undefined ? {} : { name: part.name }), [callTypes[type]!]: part.input }
      : {};
    return { ...raw, ...(part.id === undefined ? {} : { call_id: part.id }), ...text };
  }
  if (part.kind !== 'result') return raw;
  const member = type === 'local_shell_call_output' && raw['call_id'] === undefined ? 'id' : 'call_id';
  return { ...raw, ...(part.id === undefined ? {} : { [member]: part.id }), output: part.output };
}

/** The item that answers a call. */
export function outputItem(call: CallPart, { text, value, completed }: Answer): Members {
  const type = `${textMember(call.raw, 'type') ?? 'function_call'}_output`;
  const id = call.id === undefined ? {} : { call_id: call.id };
  if (type === 'shell_call_output') {
    const outcome = completed ? { type: 'exit', exit_code: 0 } : { type: 'timeout' };
    const shell = { stdout: completed ? text : '', stderr: completed ? '' : text, outcome };
    return { type, ...id, output: completed && Array.isArray(value) ? value : [shell] };
  }
  if (type === 'apply_patch_call_output')
    return { type, ...id, status: completed ? 'completed' : 'failed', output: text };
  return { type, ...id, output: completed && isParts(value) && (value as unknown[]).length > 0 ? value : text };
}
