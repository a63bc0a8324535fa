import { changeOne, type FuzzFormat, isObject, list, listMutators, type Message, type Mutator } from './format.js';

const isType =
  (type: string) =>
  (item: Message): boolean =>
    item['type'] === type;
const isCall = (item: Message): boolean => item['type'] === 'function_call' || item['type'] === 'custom_tool_call';
const isOutput = (item: Message): boolean => String(item['type']).endsWith('_call_output');
const isMessage = (item: Message): boolean => 'role' in item;
const changeCall = (change: (item: Message) => unknown): Mutator => changeOne(isCall, change);
const changeOutput = (change: (item: Message) => unknown): Mutator => changeOne(isOutput, change);

/** OpenAI Responses items. */
export const openaiResponses: FuzzFormat = {
  format: 'openai-responses',
  render: (said) =>
    said.flatMap((one, at): Message[] => {
      if (one.by !== 'assistant') {
        if (one.by === 'system') return [{ type: 'message', role: 'developer', content: one.text }];
        const image = { type: 'input_image', detail: 'auto', image_url: 'data:image/png;base64,AAAA' };
        const content = one.image ? [{ type: 'input_text', text: one.text }, image] : one.text;
        return [{ type: 'message', role: 'user', content }];
      }
      const thinking = { type: 'reasoning', id: `rs_${at}`, summary: [], encrypted_content: `sig ${one.thinking}` };
      const word = one.refuses
        ? { type: 'refusal', refusal: one.text }
        : { type: 'output_text', text: one.text, annotations: [] };
      const message = { type: 'message', id: `msg_${at}`, role: 'assistant', status: 'completed', content: [word] };
      const calls = one.calls.map(({ id, name, input }, which) =>
        which === 1
          ? { type: 'custom_tool_call', id: `ctc_${id}`, call_id: id, name, input: JSON.stringify(input) }
          : { type: 'function_call', id: `fc_${id}`, call_id: id, name, arguments: JSON.stringify(input) },
      );
      const outputs = one.calls.map(({ id, output }, which) => ({
        type: which === 1 ? 'custom_tool_call_output' : 'function_call_output',
        call_id: id,
        output: which === 2 ? [{ type: 'input_text', text: output }] : output,
      }));
      return [...(one.thinking === '' ? [] : [thinking]), ...(one.text === '' ? [] : [message]), ...calls, ...outputs];
    }),
  mutators: {
    ...listMutators,
    'null content': changeOne(isMessage, (item) => ({ ...item, content: null })),
    'no content': changeOne(isMessage, ({ content: _content, ...item }) => item),
    'object content': changeOne(isMessage, (item) => ({ ...item, content: { type: 'input_text', text: 'an object' } })),
    'text part of chat': changeOne(isMessage, (item) => ({ ...item, content: [{ type: 'text', text: 'as in chat' }] })),
    'other direction': changeOne(
      ({ role }) => role === 'assistant',
      (item) => ({ ...item, content: [{ type: 'input_text', text: 'the wrong way' }] }),
    ),
    'output of the user': changeOne(
      ({ role }) => role === 'user',
      (item) => ({ ...item, content: [{ type: 'output_text', text: 'the wrong way', annotations: [] }] }),
    ),
    'unknown part': changeOne(
      ({ content }) => Array.isArray(content),
      (item) => ({ ...item, content: [...list(item['content']), { type: 'hologram', x: 1 }] }),
    ),
    'output dropped': (items, dice) => without(items, isOutput, dice),
    'call dropped': (items, dice) => without(items, isCall, dice),
    'reasoning cut off': (items) => {
      const at = items.findIndex((item) => isObject(item) && item['type'] === 'reasoning');
      return at < 0 ? undefined : items.slice(0, at + 1);
    },
    'what came of reasoning dropped': (items) => {
      const at = items.findIndex((item) => isObject(item) && item['type'] === 'reasoning');
      return at < 0 || at === items.length - 1 ? undefined : items.toSpliced(at + 1, 1);
    },
    'user behind reasoning': (items) => {
      const at = items.findIndex((item) => isObject(item) && item['type'] === 'reasoning');
      return at < 0 ? undefined : items.toSpliced(at + 1, 0, { role: 'user', content: 'wait' });
    },
    'reasoning of nowhere': changeOne(isType('reasoning'), ({ id: _id, encrypted_content: _text, ...item }) => item),
    'reasoning without id': changeOne(isType('reasoning'), ({ id: _id, ...item }) => item),
    'reasoning with another id': changeOne(isType('reasoning'), (item) => ({ ...item, id: 'thinking-1' })),
    'output twice': (items) => {
      const at = items.findIndex((item) => isObject(item) && isOutput(item));
      return at < 0 ? undefined : items.toSpliced(at + 1, 0, structuredClone(items[at]));
    },
    'other output id': changeOutput((item) => ({ ...item, call_id: 'call_x' })),
    'no output id': changeOutput(({ call_id: _id, ...item }) => item),
    'no output': changeOutput(({ output: _output, ...item }) => item),
    'object output': changeOutput((item) => ({ ...item, output: { paid: true } })),
    'output of another kind': changeOutput((item) => ({
      ...item,
      type: item['type'] === 'function_call_output' ? 'custom_tool_call_output' : 'function_call_output',
      output: 'plain',
    })),
    'no call id': changeCall(({ call_id: _id, ...item }) => item),
    'call id of digits': changeCall((item) => ({ ...item, call_id: 7 })),
    'call id as id': changeCall((item) => ({ ...item, id: item['call_id'] })),
    'empty id': changeCall((item) => ({ ...item, id: '' })),
    'no name': changeCall(({ name: _name, ...item }) => item),
    'object arguments': changeOne(isType('function_call'), (item) => ({ ...item, arguments: { amount: 5 } })),
    'no arguments': changeOne(isType('function_call'), ({ arguments: _arguments, ...item }) => item),
    'id of a message': changeOne(isMessage, (item) => ({ ...item, id: 'chatcmpl-1' })),
    'one call id for all': (items) => {
      for (const item of items) if (isObject(item) && 'call_id' in item) item['call_id'] = 'call_1';
      return items;
    },
    'one id for all': (items) => {
      for (const item of items) if (isObject(item) && isType('function_call')(item)) item['id'] = 'fc_1';
      return items;
    },
    'approval of nothing': (items) => [
      ...items,
      { type: 'mcp_approval_response', approval_request_id: 'mcpr_9', approve: true },
    ],
    'unknown item': (items) => [...items, null],
  },
  oracle,
  kept: (items) =>
    items.flatMap((item) => {
      if (!isObject(item)) return [];
      const { content } = item;
      const parts = Array.isArray(content) ? content : [content];
      const words = parts.flatMap((part) => (isObject(part) ? [part['text'], part['refusal']] : [part]));
      return [item['encrypted_content'], ...words].filter(
        (text): text is string => typeof text === 'string' && text !== '',
      );
    }),
};

function without(items: unknown[], holds: (item: Message) => boolean, dice: { pick<V>(values: readonly V[]): V }) {
  const found = items.flatMap((item, at) => (isObject(item) && holds(item) ? [at] : []));
  return found.length === 0 ? undefined : items.toSpliced(dice.pick(found), 1);
}

const directions: Readonly<Record<string, readonly string[]>> = {
  user: ['input_text', 'input_image', 'input_file'],
  developer: ['input_text', 'input_image', 'input_file'],
  system: ['input_text', 'input_image', 'input_file'],
  assistant: ['output_text', 'refusal'],
};

/** The member of a call that has its input, and whether that is text. */
const inputs: Readonly<Record<string, readonly [string, 'text' | 'object']>> = {
  function_call: ['arguments', 'text'],
  custom_tool_call: ['input', 'text'],
  shell_call: ['action', 'object'],
  local_shell_call: ['action', 'object'],
  apply_patch_call: ['operation', 'object'],
  computer_call: ['action', 'object'],
};

/** How ids begin, where that is known. */
const begins: Readonly<Record<string, string>> = { message: 'msg', function_call: 'fc', reasoning: 'rs' };

/** What nothing is asked of: what the provider runs and lists with its result. */
const others = ['web_search_call', 'file_search_call', 'code_interpreter_call', 'mcp_call', 'mcp_list_tools'];

/** The rules OR1 to OR8, one item after the other. */
function oracle(items: readonly unknown[]): string[] {
  const problems: string[] = [];
  if (items.length === 0) problems.push('empty');
  const ids = new Set<unknown>();
  const open = new Map<unknown, string>();
  const called = new Set<unknown>();
  const asked = new Set<unknown>();
  items.forEach((item, at) => {
    if (!isObject(item)) {
      problems.push('no item');
      return;
    }
    const type = String(item['type'] ?? 'message');
    if (type === 'item_reference') return;
    const input = inputs[type];
    const answers = type.endsWith('_call_output');
    const id = item['id'];
    if (id !== undefined && !answers) {
      if (typeof id !== 'string' || id === '' || !id.startsWith(begins[type] ?? '')) problems.push('id');
      if (ids.has(id)) problems.push('id twice');
      ids.add(id);
    }
    // The output of a local shell has the id of its call for its own.
    const callId = item['call_id'] ?? (type === 'local_shell_call_output' ? id : undefined);
    if ((input !== undefined || answers) && (typeof callId !== 'string' || callId === '' || callId.length > 64))
      problems.push('call id');
    if (type === 'message') problems.push(...messageProblems(item));
    else if (input !== undefined) {
      if (called.has(callId)) problems.push('call id twice');
      called.add(callId);
      open.set(callId, type);
      const [member, kind] = input;
      if (kind === 'text' && (typeof item['name'] !== 'string' || item['name'] === '')) problems.push('name');
      if (kind === 'text' ? typeof item[member] !== 'string' : !isObject(item[member])) problems.push('arguments');
    } else if (answers) {
      if (`${open.get(callId)}_output` !== type) problems.push('output of no call');
      open.delete(callId);
      if (!isOutputOf(type, item['output'])) problems.push('output');
    } else if (type === 'reasoning') {
      const next = items[at + 1];
      const made = isObject(next) ? String(next['type']) : '';
      const follows = made in inputs || others.includes(made) || (isObject(next) && next['role'] === 'assistant');
      if (!follows && !(isObject(next) && next['type'] === 'reasoning')) problems.push('reasoning alone');
      if (id === undefined && typeof item['encrypted_content'] !== 'string') problems.push('reasoning of nowhere');
      if (!Array.isArray(item['summary'])) problems.push('summary');
    } else if (type === 'mcp_approval_request') asked.add(id);
    else if (type === 'mcp_approval_response') {
      if (!asked.has(item['approval_request_id'])) problems.push('approval of nothing');
    } else if (!others.includes(type)) problems.push(type);
  });
  if (open.size > 0) problems.push('no output');
  return problems;
}

function isOutputOf(type: string, output: unknown): boolean {
  if (type === 'computer_call_output') return isObject(output) && output['type'] === 'computer_screenshot';
  if (type === 'shell_call_output') return Array.isArray(output) && output.every(isObject);
  if (typeof output === 'string') return true;
  return (
    Array.isArray(output) &&
    output.every((part) => isObject(part) && directions['user']!.includes(String(part['type'])))
  );
}

function messageProblems({ role, content }: Message): string[] {
  const allowed = directions[String(role)];
  if (allowed === undefined) return ['role'];
  if (typeof content === 'string') return [];
  if (!Array.isArray(content)) return ['content'];
  const fits = content.every((part) => {
    if (!isObject(part) || !allowed.includes(String(part['type']))) return false;
    const words = { input_text: 'text', output_text: 'text', refusal: 'refusal' }[String(part['type'])];
    return words === undefined || typeof part[words] === 'string';
  });
  return fits ? [] : ['part'];
}
