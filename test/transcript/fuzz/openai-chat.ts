import { changeOne, type FuzzFormat, isObject, list, listMutators, type Message } from './format.js';

type Calls = { id?: unknown; type?: unknown; function?: { name?: unknown; arguments?: unknown } }[];

const hasCalls = (message: Message): boolean => list(message['tool_calls']).length > 0;
const isTool = (message: unknown): boolean => isObject(message) && message['role'] === 'tool';

/** Changes one call of one message. */
const changeCall = (change: (call: Record<string, unknown>, message: Message) => unknown) =>
  changeOne(hasCalls, (message, dice) => {
    const calls = message['tool_calls'] as Record<string, unknown>[];
    const at = dice.below(calls.length);
    calls[at] = change(calls[at]!, message) as Record<string, unknown>;
    return message;
  });

const inFunction = (members: Message) => (call: Record<string, unknown>) => ({
  ...call,
  function: { ...(call['function'] as Message), ...members },
});

/** OpenAI Chat Completions. */
export const openaiChat: FuzzFormat = {
  format: 'openai-chat',
  render: (said) =>
    said.flatMap((one): Message[] => {
      if (one.by !== 'assistant') {
        const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
        return [{ role: one.by, content: one.image ? [{ type: 'text', text: one.text }, image] : one.text }];
      }
      const { calls, text, refuses } = one;
      if (calls.length === 0) {
        return [{ role: 'assistant', content: refuses ? null : text, refusal: refuses ? text : null, annotations: [] }];
      }
      const tool_calls = calls.map(({ id, name, input }) => ({
        id,
        type: 'function',
        function: { name, arguments: JSON.stringify(input) },
      }));
      const results = calls.map(({ id, output }) => ({ role: 'tool', tool_call_id: id, content: output }));
      return [{ role: 'assistant', content: text === '' ? null : text, tool_calls }, ...results];
    }),
  mutators: {
    ...listMutators,
    'null content': changeOne(
      () => true,
      (message) => ({ ...message, content: null }),
    ),
    'no content': changeOne(
      () => true,
      ({ content: _content, ...rest }) => rest,
    ),
    'empty list': changeOne(
      () => true,
      (message) => ({ ...message, content: [] }),
    ),
    'empty calls': changeOne(
      ({ role }) => role === 'assistant',
      (message) => ({ ...message, tool_calls: [] }),
    ),
    'other result id': changeOne(isTool, (message, dice) => ({ ...message, tool_call_id: `call_x${dice.below(9)}` })),
    'no result id': changeOne(isTool, ({ tool_call_id: _id, ...rest }) => rest),
    'object result': changeOne(isTool, (message) => ({ ...message, content: { value: message['content'] } })),
    'other call id': changeCall((call) => ({ ...call, id: 'call_other' })),
    'no call id': changeCall(({ id: _id, ...rest }) => rest),
    'number id': changeCall((call) => ({ ...call, id: 7 })),
    'first id twice': changeCall((call, message) => ({ ...call, id: (message['tool_calls'] as Calls)[0]!.id })),
    'no type': changeCall(({ type: _type, ...rest }) => rest),
    'object arguments': changeCall(inFunction({ arguments: { id: 1 } })),
    'broken arguments': changeCall(inFunction({ arguments: '{"id": ' })),
    'empty name': changeCall(inFunction({ name: '' })),
    'name with a space': changeCall(inFunction({ name: 'send mail' })),
    'a call as text': changeCall(() => 'pay()'),
    'calls as object': changeOne(hasCalls, (message) => ({
      ...message,
      tool_calls: (message['tool_calls'] as Calls)[0],
    })),
    'calls of user': changeOne(hasCalls, (message) => ({ ...message, role: 'user', content: 'I call' })),
    'long ids': (messages) => {
      for (const message of messages.filter(isObject)) {
        if (isTool(message)) message['tool_call_id'] = `${'x'.repeat(45)}${String(message['tool_call_id'])}`;
        for (const call of list(message['tool_calls']).filter(isObject))
          call['id'] = `${'x'.repeat(45)}${String(call['id'])}`;
      }
      return messages;
    },
    'unknown part': changeOne(
      ({ content, role }) => typeof content === 'string' && role !== 'tool',
      (message) => ({
        ...message,
        content: [
          { type: 'text', text: message['content'] },
          { type: 'hologram', x: 1 },
        ],
      }),
    ),
    'picture of the assistant': changeOne(
      ({ role, content }) => role === 'assistant' && typeof content === 'string',
      (message) => ({
        ...message,
        content: [
          { type: 'text', text: message['content'] },
          { type: 'image_url', image_url: { url: 'x' } },
        ],
      }),
    ),
    leftovers: changeOne(
      ({ role }) => role === 'assistant',
      (message) => ({
        ...message,
        parsed: null,
        ...(hasCalls(message)
          ? { tool_calls: (message['tool_calls'] as Calls).map((call, index) => ({ ...call, index })) }
          : {}),
      }),
    ),
    'results turned': (messages) => {
      const at = messages.findIndex(
        (message, place) => isTool(message as Message) && isTool((messages[place + 1] ?? {}) as Message),
      );
      if (at < 0) return undefined;
      [messages[at], messages[at + 1]] = [messages[at + 1], messages[at]];
      return messages;
    },
  },
  oracle,
  kept: (messages) =>
    messages.flatMap((message) => {
      if (!isObject(message)) return [];
      const { role, content, refusal } = message;
      if (!['user', 'assistant', 'system', 'developer'].includes(String(role))) return [];
      const parts = Array.isArray(content)
        ? content.map((part) => (isObject(part) ? (part['text'] ?? part['refusal']) : part))
        : [content];
      return [...parts, refusal].filter((text): text is string => typeof text === 'string' && text.trim() !== '');
    }),
};

const allowedParts: Readonly<Record<string, readonly string[]>> = {
  user: ['text', 'image_url', 'input_audio', 'file'],
  assistant: ['text', 'refusal'],
  system: ['text'],
  developer: ['text'],
  tool: ['text'],
  function: [],
};

/** The rules OC1 to OC8, one message after the other. */
function oracle(messages: readonly unknown[]): string[] {
  const problems: string[] = [];
  if (messages.length === 0) problems.push('empty');
  let open = new Set<string>();
  let answerable = false;
  /** The name of a call of the old form. */
  let old: unknown;
  const close = (): void => {
    if (open.size > 0) problems.push(`unanswered ${[...open].join()}`);
    if (old !== undefined) problems.push(`unanswered ${String(old)}`);
    open = new Set();
    old = undefined;
  };
  for (const message of messages) {
    if (!isObject(message)) {
      problems.push('no object');
      close();
      answerable = false;
      continue;
    }
    const role = typeof message['role'] === 'string' ? message['role'] : '';
    if (allowedParts[role] === undefined) problems.push(`role ${role}`);
    const { content } = message;
    if (role === 'function') {
      if (old === undefined || message['name'] !== old) problems.push('orphan');
      else old = undefined;
      if (typeof content !== 'string') problems.push('tool content');
      continue;
    }
    if (role === 'tool') {
      const id = message['tool_call_id'];
      if (!answerable || typeof id !== 'string' || !open.has(id)) problems.push('orphan');
      else open.delete(id);
      if (typeof content !== 'string' && !areParts(content, role)) problems.push('tool content');
      continue;
    }
    close();
    answerable = false;
    const calls = message['tool_calls'];
    if (calls !== undefined) {
      answerable = true;
      if (role !== 'assistant') problems.push('calls of another role');
      else open = judgeCalls(calls, problems);
    }
    const form = message['function_call'];
    if (isObject(form)) {
      if (role !== 'assistant' || typeof form['arguments'] !== 'string') problems.push('function call');
      old = form['name'];
    }
    const spoken = typeof message['refusal'] === 'string' || isObject(message['audio']);
    const excused = role === 'assistant' && (list(calls).length > 0 || isObject(form) || spoken);
    if (content === null || content === undefined) {
      if (!excused) problems.push('no content');
    } else if (typeof content !== 'string' && !areParts(content, role)) problems.push('content');
  }
  close();
  return problems;
}

function judgeCalls(calls: unknown, problems: string[]): Set<string> {
  const ids = new Set<string>();
  if (!Array.isArray(calls) || calls.length === 0) {
    problems.push('calls');
    return ids;
  }
  for (const call of calls) {
    const kind = isObject(call) && call['type'] === 'custom' ? 'custom' : 'function';
    const body = isObject(call) ? call[kind] : undefined;
    if (!isObject(call) || !isObject(body) || call['type'] !== kind) {
      problems.push('call');
      continue;
    }
    const { id } = call;
    if (typeof id !== 'string' || id === '' || id.length > 40 || ids.has(id)) problems.push('call id');
    if (typeof id === 'string') ids.add(id);
    if (typeof body['name'] !== 'string' || !/^[a-zA-Z0-9_-]{1,64}$/.test(body['name'])) problems.push('name');
    if (typeof body[kind === 'custom' ? 'input' : 'arguments'] !== 'string') problems.push('arguments');
  }
  return ids;
}

function areParts(content: unknown, role: string): boolean {
  return (
    Array.isArray(content) &&
    content.length > 0 &&
    content.every((part) => {
      if (!isObject(part) || !(allowedParts[role] ?? []).includes(String(part['type']))) return false;
      const type = part['type'];
      return (type !== 'text' && type !== 'refusal') || typeof part[type] === 'string';
    })
  );
}
