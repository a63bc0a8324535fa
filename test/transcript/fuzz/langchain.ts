import { changeOne, type FuzzFormat, isObject, list, listMutators, type Message, type Mutator } from './format.js';

type Shape = 'plain' | 'serialized' | 'stored';
const classes = { human: 'HumanMessage', ai: 'AIMessage', system: 'SystemMessage', tool: 'ToolMessage' };
type Type = keyof typeof classes;

/** One message in one of the forms in which LangChain keeps it. */
function wrap(shape: Shape, type: Type, fields: Message): Message {
  if (shape === 'plain') return { type, ...fields };
  if (shape === 'stored') return { type, data: fields };
  return { lc: 1, type: 'constructor', id: ['langchain_core', 'messages', classes[type]], kwargs: fields };
}

const typeOf = (role: unknown): string =>
  ({ user: 'human', assistant: 'ai', developer: 'system' })[String(role)] ?? String(role);

function unwrap(message: unknown): { type: string; fields: Message } | undefined {
  if (typeof message === 'string' && message !== '') return { type: 'human', fields: { content: message } };
  if (Array.isArray(message) && message.length === 2)
    return { type: typeOf(message[0]), fields: { content: message[1] } };
  if (!isObject(message)) return undefined;
  const { kwargs, data, role } = message;
  const name = list(message['id']).at(-1);
  if (typeof role === 'string') return { type: typeOf(role), fields: message };
  if (isObject(kwargs) && message['lc'] === 1)
    return { type: Object.entries(classes).find(([, one]) => one === name)?.[0] ?? '', fields: kwargs };
  return { type: String(message['type']), fields: isObject(data) ? data : message };
}

/** Changes the fields of one message of a type. */
const changeFields = (
  type: Type | undefined,
  change: (fields: Message) => Message,
  holds = (_: Message) => true,
): Mutator =>
  changeOne(
    (message) => {
      const opened = unwrap(message);
      return opened !== undefined && (type === undefined || opened.type === type) && holds(opened.fields);
    },
    (message) => {
      const changed = change({ ...unwrap(message)!.fields });
      if (isObject(message['kwargs'])) return { ...message, kwargs: changed };
      return isObject(message['data']) ? { ...message, data: changed } : changed;
    },
  );
const hasCalls = (fields: Message): boolean => list(fields['tool_calls']).length > 0;
const changeCall = (change: (call: Message) => unknown): Mutator =>
  changeFields(
    'ai',
    (fields) => ({
      ...fields,
      tool_calls: list(fields['tool_calls']).map((call, at) => (at === 0 ? change(call as Message) : call)),
    }),
    hasCalls,
  );

/** LangChain messages. */
export const langchain: FuzzFormat = {
  format: 'langchain',
  render(said) {
    const shape = (['plain', 'serialized', 'stored'] as const)[said.length % 3]!;
    return said.flatMap((one): Message[] => {
      if (one.by !== 'assistant') {
        if (one.by === 'system') return [wrap(shape, 'system', { content: one.text })];
        const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
        return [wrap(shape, 'human', { content: one.image ? [{ type: 'text', text: one.text }, image] : one.text })];
      }
      const thinking = { type: 'thinking', thinking: one.thinking, signature: `sig ${one.thinking}` };
      const calls = one.calls.map(({ id, name, input }) => ({ id, name, args: input, type: 'tool_call' }));
      const words = one.text === '' ? [] : [{ type: 'text', text: one.text }];
      const blocks = calls.map(({ id, name, args }) => ({ type: 'tool_use', id, name, input: args }));
      const content = one.thinking === '' ? one.text : [thinking, ...words, ...blocks];
      const again = calls.map(({ id, name, args }) => ({
        id,
        type: 'function',
        function: { name, arguments: JSON.stringify(args) },
      }));
      const more = one.thinking === '' && calls.length > 1 ? { additional_kwargs: { tool_calls: again } } : {};
      return [
        wrap(shape, 'ai', { content, ...(calls.length > 0 ? { tool_calls: calls } : {}), ...more }),
        ...one.calls.map(({ id, name, output }) => wrap(shape, 'tool', { content: output, tool_call_id: id, name })),
      ];
    });
  },
  mutators: {
    ...listMutators,
    'insert user': (messages, dice) => {
      messages.splice(dice.below(messages.length + 1), 0, { type: 'human', content: `wait ${dice.below(1_000)}` });
      return messages;
    },
    'insert removal': (messages, dice) => {
      messages.splice(dice.below(messages.length + 1), 0, { type: 'remove', id: 'x', content: '' });
      return messages;
    },
    'null content': changeFields(undefined, (fields) => ({ ...fields, content: null })),
    'no content': changeFields('human', ({ content: _content, ...fields }) => fields),
    'no content of a result': changeFields('tool', ({ content: _content, ...fields }) => fields),
    'object result': changeFields('tool', (fields) => ({ ...fields, content: { paid: true } })),
    'other result id': changeFields('tool', (fields) => ({ ...fields, tool_call_id: 'call_x' })),
    'no result id': changeFields('tool', ({ tool_call_id: _id, ...fields }) => fields),
    'result id of digits': changeFields('tool', (fields) => ({ ...fields, tool_call_id: 7 })),
    'no calls': changeFields('ai', ({ tool_calls: _calls, additional_kwargs: _more, ...fields }) => fields, hasCalls),
    'empty calls': changeFields('ai', (fields) => ({ ...fields, tool_calls: [], additional_kwargs: {} }), hasCalls),
    'calls as object': changeFields('ai', (fields) => ({ ...fields, tool_calls: { a: 1 } }), hasCalls),
    'one call fewer': changeFields(
      'ai',
      (fields) => ({ ...fields, tool_calls: list(fields['tool_calls']).slice(1) }),
      hasCalls,
    ),
    'no call id': changeCall(({ id: _id, ...call }) => call),
    'call id of digits': changeCall((call) => ({ ...call, id: 7 })),
    'other call id': changeCall((call) => ({ ...call, id: 'call_y' })),
    'no name': changeCall(({ name: _name, ...call }) => call),
    'args as text': changeCall((call) => ({ ...call, args: JSON.stringify(call['args']) })),
    'no args': changeCall(({ args: _args, ...call }) => call),
    'call of OpenAI': changeCall(({ id, name, args }) => ({
      id,
      type: 'function',
      function: { name, arguments: JSON.stringify(args) },
    })),
    'call as text': changeCall(() => 'pay'),
    'call twice': changeFields(
      'ai',
      (fields) => ({ ...fields, tool_calls: [...list(fields['tool_calls']), list(fields['tool_calls'])[0]] }),
      hasCalls,
    ),
    'a call that cannot be read': changeFields('ai', (fields) => ({
      ...fields,
      invalid_tool_calls: [{ id: 'call_i', name: 'pay', args: '{"a', error: 'no JSON' }],
    })),
    'calls beside the calls': changeFields(
      'ai',
      (fields) => ({
        ...fields,
        additional_kwargs: {
          tool_calls: [{ id: 'call_z', type: 'function', function: { name: 'pay', arguments: '{}' } }],
        },
      }),
      hasCalls,
    ),
    'one id for all': (messages) => {
      for (const { fields } of messages.flatMap((message) => unwrap(message) ?? [])) {
        if ('tool_call_id' in fields) fields['tool_call_id'] = 'call_1';
        for (const call of list(fields['tool_calls'])) if (isObject(call)) call['id'] = 'call_1';
      }
      return messages;
    },
    'block without a type': changeFields('human', (fields) => ({ ...fields, content: [{ text: 7 }] })),
    'text as block': changeFields('human', (fields) => ({ ...fields, content: ['just text'] })),
  },
  oracle,
  kept: (messages) =>
    messages.flatMap((message) => {
      const opened = unwrap(message);
      if (opened === undefined || opened.type === 'tool') return [];
      const { content } = opened.fields;
      const blocks = Array.isArray(content) ? content : [content];
      return blocks
        .flatMap((block) => (isObject(block) ? [block['text'], block['signature']] : [block]))
        .filter((text): text is string => typeof text === 'string' && text !== '');
    }),
};

const isStored = (message: unknown): boolean => isObject(message) && isObject(message['data']);
const isCall = (call: Message): boolean =>
  typeof call['name'] === 'string' && call['name'] !== '' && isObject(call['args']);

/** What LangChain converts into a call of its own, when it makes an object of what is not stored. */
function isCallOfOpenai(call: Message): boolean {
  const { function: body } = call;
  if (call['type'] !== 'function' || !isObject(body) || typeof body['name'] !== 'string') return false;
  try {
    return isObject(JSON.parse(String(body['arguments'])));
  } catch {
    return false;
  }
}

/** LC1 and LC2, with results where every provider takes them: right behind the message that has their calls. */
function oracle(messages: readonly unknown[]): string[] {
  const problems: string[] = [];
  if (messages.length === 0) problems.push('empty');
  const open = new Set<unknown>();
  const settle = (): void => {
    if (open.size > 0) problems.push('no result');
    open.clear();
  };
  for (const message of messages) {
    const opened = unwrap(message);
    if (opened === undefined || !(opened.type in classes)) {
      problems.push('no message');
      settle();
      continue;
    }
    const { type, fields } = opened;
    const { content } = fields;
    if (
      typeof content !== 'string' &&
      !Array.isArray(content) &&
      !(type === 'ai' && (content === undefined || content === null) && hasCalls(fields))
    ) {
      problems.push('content');
    }
    for (const block of list(content)) {
      if (!isObject(block) || typeof block['type'] !== 'string') problems.push('block');
      else if (block['type'] === 'text' && typeof block['text'] !== 'string') problems.push('text');
    }
    if (type === 'tool') {
      const id = fields['tool_call_id'];
      if (typeof id !== 'string' || !open.delete(id)) problems.push('result of no call');
      continue;
    }
    settle();
    if (type !== 'ai') continue;
    if (fields['tool_calls'] !== undefined && fields['tool_calls'] !== null && !Array.isArray(fields['tool_calls']))
      problems.push('calls');
    if (list(fields['invalid_tool_calls']).length > 0) problems.push('calls that cannot be read');
    const calls = list(fields['tool_calls']);
    for (const call of calls) {
      if (
        !isObject(call) ||
        typeof call['id'] !== 'string' ||
        !(isCall(call) || (!isStored(message) && isCallOfOpenai(call)))
      ) {
        problems.push('call');
        continue;
      }
      if (open.has(call['id'])) problems.push('call id twice');
      open.add(call['id']);
    }
    const again = isObject(fields['additional_kwargs']) ? list(fields['additional_kwargs']['tool_calls']) : [];
    const idsOf = (some: readonly unknown[]): string =>
      some
        .map((call) => (isObject(call) ? String(call['id']) : ''))
        .sort()
        .join();
    if (again.length > 0 && calls.length > 0 && idsOf(again) !== idsOf(calls)) problems.push('other calls beside');
    // Without calls of its own, a message has those that are beside.
    if (calls.length === 0) for (const call of again) open.add(isObject(call) ? call['id'] : call);
  }
  settle();
  return problems;
}
