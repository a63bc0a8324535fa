import { changeOne, type FuzzFormat, isObject, list, listMutators, type Message, type Mutator } from './format.js';

const blocks = (message: unknown): Message[] =>
  list(isObject(message) ? message['content'] : undefined).filter(isObject);
const has =
  (type: string) =>
  (message: Message): boolean =>
    blocks(message).some((block) => block['type'] === type);

/** Changes one block of a type. */
const changeBlock = (type: string, change: (block: Message) => unknown): Mutator =>
  changeOne(has(type), (message, dice) => {
    const content = blocks(message) as unknown[];
    const found = content.flatMap((block, at) => ((block as Message)['type'] === type ? [at] : []));
    const at = dice.pick(found);
    const changed = change(content[at] as Message);
    content.splice(at, 1, ...(changed === undefined ? [] : [changed]));
    return { ...message, content };
  });

/** All ids at once, so that pairs stay pairs. */
const renameAll =
  (rename: (id: string) => string): Mutator =>
  (messages) => {
    for (const block of messages.flatMap(blocks)) {
      for (const name of ['id', 'tool_use_id']) if (typeof block[name] === 'string') block[name] = rename(block[name]);
    }
    return messages;
  };

/** Anthropic Messages. */
export const anthropic: FuzzFormat = {
  format: 'anthropic',
  render: (said) =>
    said.flatMap((one): Message[] => {
      if (one.by === 'system') return [];
      if (one.by !== 'assistant') {
        const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
        return [{ role: 'user', content: one.image ? [image, { type: 'text', text: one.text }] : one.text }];
      }
      const { calls, text, thinking } = one;
      const content = [
        ...(thinking === '' ? [] : [{ type: 'thinking', thinking, signature: `sig ${thinking}` }]),
        ...(text === '' ? [] : [{ type: 'text', text }]),
        ...calls.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input })),
      ];
      if (calls.length === 0) return [{ role: 'assistant', content }];
      const results = calls.map(({ id, output }) => ({ type: 'tool_result', tool_use_id: id, content: output }));
      return [
        { role: 'assistant', content },
        { role: 'user', content: results },
      ];
    }),
  mutators: {
    ...listMutators,
    'null content': changeOne(
      () => true,
      (message) => ({ ...message, content: null }),
    ),
    'empty text': changeOne(
      () => true,
      (message) => ({ ...message, content: '' }),
    ),
    'empty block': changeOne(
      ({ content }) => Array.isArray(content),
      (message) => ({ ...message, content: [{ type: 'text', text: ' ' }, ...list(message['content'])] }),
    ),
    'empty list': changeOne(
      () => true,
      (message) => ({ ...message, content: [] }),
    ),
    'result dropped': changeBlock('tool_result', () => undefined),
    'call dropped': changeBlock('tool_use', () => undefined),
    'other result id': changeBlock('tool_result', (block) => ({ ...block, tool_use_id: 'toolu_x' })),
    'no result id': changeBlock('tool_result', ({ tool_use_id: _id, ...rest }) => rest),
    'object result': changeBlock('tool_result', (block) => ({ ...block, content: { value: 1 } })),
    'error as text': changeBlock('tool_result', (block) => ({ ...block, is_error: 'true' })),
    'no call id': changeBlock('tool_use', ({ id: _id, ...rest }) => rest),
    'input as text': changeBlock('tool_use', (block) => ({ ...block, input: JSON.stringify(block['input']) })),
    'broken input': changeBlock('tool_use', (block) => ({ ...block, input: '{"id": ' })),
    'no name': changeBlock('tool_use', ({ name: _name, ...rest }) => rest),
    'name with a dot': changeBlock('tool_use', (block) => ({ ...block, name: 'send.mail' })),
    'no signature': changeBlock('thinking', ({ signature: _signature, ...rest }) => rest),
    'thinking last': changeOne(has('thinking'), (message) => ({
      ...message,
      content: blocks(message).filter(({ type }) => type === 'thinking'),
    })),
    'text first': changeOne(has('tool_result'), (message) => ({
      ...message,
      content: [{ type: 'text', text: 'meanwhile' }, ...list(message['content'])],
    })),
    'result twice': changeOne(has('tool_result'), (message) => ({
      ...message,
      content: [...list(message['content']), structuredClone(list(message['content'])[0])],
    })),
    'results split': (messages) => {
      const at = messages.findIndex(
        (message) => blocks(message).filter(({ type }) => type === 'tool_result').length > 1,
      );
      if (at < 0) return undefined;
      const content = blocks(messages[at]);
      messages.splice(
        at,
        1,
        { role: 'user', content: content.slice(0, 1) },
        { role: 'user', content: content.slice(1) },
      );
      return messages;
    },
    'calls of user': changeOne(has('tool_use'), (message) => ({ ...message, role: 'user' })),
    'results of assistant': changeOne(has('tool_result'), (message) => ({ ...message, role: 'assistant' })),
    'odd ids': renameAll((id) => `functions.${id}:0`),
    'one id for all': renameAll(() => 'toolu_1'),
    'too many breakpoints': (messages) => {
      const texts = messages.flatMap(blocks).filter(({ type }) => type === 'text');
      if (texts.length < 5) return undefined;
      for (const block of texts) block['cache_control'] = { type: 'ephemeral' };
      return messages;
    },
    'space at the end': (messages) => [...messages, { role: 'assistant', content: 'The answer is ' }],
    'unknown block': changeOne(
      ({ content }) => Array.isArray(content),
      (message) => ({ ...message, content: [...list(message['content']), { type: 'hologram', x: 1 }] }),
    ),
  },
  oracle,
  kept: (messages) =>
    messages.flatMap((message) => {
      if (!isObject(message)) return [];
      const { content } = message;
      const found =
        typeof content === 'string'
          ? [content]
          : blocks(message).flatMap(({ type, text, signature }) => (type === 'text' ? [text] : [signature]));
      return found
        .filter((text): text is string => typeof text === 'string' && text.trim() !== '')
        .map((text) => text.trimEnd());
    }),
};

const known = [
  ...['text', 'image', 'document', 'search_result', 'thinking', 'redacted_thinking', 'tool_use', 'tool_result'],
  ...['server_tool_use', 'mcp_tool_use', 'web_search_tool_result', 'mcp_tool_result'],
];
const inResults = ['text', 'image', 'document', 'search_result'];

/** The rules AN1 to AN11, one message after the other. */
function oracle(messages: readonly unknown[]): string[] {
  const problems: string[] = [];
  if (messages.length === 0) problems.push('empty');
  const everSeen = new Set<string>();
  /** What the provider was asked to run. */
  const running = new Map<unknown, number>();
  let spoken = -1;
  let breakpoints = 0;
  let asked: string[] = [];
  messages.forEach((message, at) => {
    const last = at === messages.length - 1;
    if (!isObject(message) || (message['role'] !== 'user' && message['role'] !== 'assistant')) {
      problems.push('no message');
      if (asked.length > 0) problems.push('unanswered');
      asked = [];
      return;
    }
    const { role, content } = message;
    if (Object.keys(message).some((name) => name !== 'role' && name !== 'content')) problems.push('extra input');
    if (typeof content !== 'string' && !Array.isArray(content)) problems.push('content');
    if (typeof content === 'string' && content.trim() === '' && !(content === '' && last && role === 'assistant'))
      problems.push('empty text');
    if (typeof content === 'string' && last && role === 'assistant' && content !== content.trimEnd())
      problems.push('space');
    if (Array.isArray(content) && content.length === 0 && !(last && role === 'assistant')) problems.push('empty list');
    const answered: string[] = [];
    const calls: string[] = [];
    let other = false;
    list(content).forEach((block, place) => {
      const end = place === list(content).length - 1;
      if (!isObject(block) || !known.includes(String(block['type']))) {
        problems.push('block');
        other = true;
        return;
      }
      if (isObject(block['cache_control'])) breakpoints += 1;
      if (block['type'] !== 'tool_result') other = true;
      switch (block['type']) {
        case 'text':
          if (typeof block['text'] !== 'string' || block['text'].trim() === '') problems.push('empty block');
          else if (last && end && role === 'assistant' && block['text'] !== block['text'].trimEnd())
            problems.push('space');
          break;
        case 'thinking':
        case 'redacted_thinking': {
          const seal = block[block['type'] === 'thinking' ? 'signature' : 'data'];
          if (role !== 'assistant' || typeof seal !== 'string' || seal === '') problems.push('thinking');
          if (end) problems.push('thinking last');
          if (isObject(block['cache_control'])) problems.push('thinking cached');
          break;
        }
        case 'image':
        case 'document':
        case 'search_result':
          if (role !== 'user') problems.push(`${block['type']} of the assistant`);
          break;
        case 'server_tool_use':
        case 'mcp_tool_use':
          if (role !== 'assistant') problems.push('call of user');
          running.set(block['id'], at);
          break;
        case 'web_search_tool_result':
        case 'mcp_tool_result':
          if (role !== 'assistant' || !running.delete(block['tool_use_id'])) problems.push('result of the provider');
          break;
        case 'tool_use': {
          const { id, name, input } = block;
          if (role !== 'assistant') problems.push('call of user');
          if (typeof id !== 'string' || !/^[a-zA-Z0-9_-]+$/.test(id) || everSeen.has(id)) problems.push('call id');
          if (typeof name !== 'string' || !/^[a-zA-Z0-9_-]{1,200}$/.test(name)) problems.push('name');
          if (!isObject(input)) problems.push('input');
          everSeen.add(String(id));
          if (role === 'assistant') calls.push(String(id));
          break;
        }
        case 'tool_result':
          if (role !== 'user') problems.push('result of assistant');
          if (other) problems.push('result not first');
          if (!asked.includes(String(block['tool_use_id'])) || answered.includes(String(block['tool_use_id'])))
            problems.push('orphan');
          answered.push(String(block['tool_use_id']));
          if (block['is_error'] !== undefined && typeof block['is_error'] !== 'boolean') problems.push('is_error');
          if (typeof block['tool_use_id'] !== 'string') problems.push('result id');
          if (!isResult(block['content'])) problems.push('result');
          break;
        default:
      }
    });
    if (asked.some((id) => !answered.includes(id))) problems.push('unanswered');
    asked = calls;
    if (role === 'user' && (other || typeof content === 'string')) spoken = at;
  });
  if (asked.length > 0) problems.push('unanswered');
  // What the provider runs may still end, until somebody speaks.
  for (const at of running.values()) if (at < spoken) problems.push('not run to its end');
  if (breakpoints > 4) problems.push('breakpoints');
  return problems;
}

function isResult(content: unknown): boolean {
  if (content === undefined || typeof content === 'string') return true;
  if (!Array.isArray(content)) return false;
  return content.every((part) => {
    if (!isObject(part) || !inResults.includes(String(part['type']))) return false;
    return part['type'] !== 'text' || (typeof part['text'] === 'string' && part['text'].trim() !== '');
  });
}
