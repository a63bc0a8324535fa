import {
  changeOne,
  type FuzzFormat,
  isByProvider,
  isObject,
  list,
  listMutators,
  type Message,
  type Mutator,
} from './format.js';

const parts = (message: unknown): Message[] =>
  list(isObject(message) ? message['content'] : undefined).filter(isObject);
const has =
  (type: string) =>
  (message: Message): boolean =>
    parts(message).some((part) => part['type'] === type);

/** Changes one part of a type. */
const changePart = (type: string, change: (part: Message) => unknown): Mutator =>
  changeOne(has(type), (message, dice) => {
    const content = parts(message) as unknown[];
    const found = content.flatMap((part, at) => ((part as Message)['type'] === type ? [at] : []));
    const at = dice.pick(found);
    const changed = change(content[at] as Message);
    content.splice(at, 1, ...(changed === undefined ? [] : [changed]));
    return { ...message, content };
  });

/** AI SDK `ModelMessage`. */
export const aiSdk: FuzzFormat = {
  format: 'ai-sdk',
  render: (said) =>
    said.flatMap((one): Message[] => {
      if (one.by === 'system') return [{ role: 'system', content: one.text }];
      if (one.by !== 'assistant') {
        const image = { type: 'file', mediaType: 'image/png', data: 'AAAA' };
        return [{ role: 'user', content: one.image ? [{ type: 'text', text: one.text }, image] : one.text }];
      }
      const { calls, text, thinking } = one;
      const reasoning = {
        type: 'reasoning',
        text: thinking,
        providerOptions: { anthropic: { signature: `sig ${thinking}` } },
      };
      const content = [
        ...(thinking === '' ? [] : [reasoning]),
        ...(text === '' ? [] : [{ type: 'text', text }]),
        ...calls.map(({ id, name, input }) => ({ type: 'tool-call', toolCallId: id, toolName: name, input })),
      ];
      if (calls.length === 0) return [{ role: 'assistant', content }];
      const results = calls.map(({ id, name, output }) => ({
        type: 'tool-result',
        toolCallId: id,
        toolName: name,
        output: { type: 'text', value: output },
      }));
      return [
        { role: 'assistant', content },
        { role: 'tool', content: results },
      ];
    }),
  mutators: {
    ...listMutators,
    'null content': changeOne(
      () => true,
      (message) => ({ ...message, content: null }),
    ),
    'empty list': changeOne(
      ({ role }) => role !== 'system',
      (message) => ({ ...message, content: [] }),
    ),
    'result dropped': changePart('tool-result', () => undefined),
    'call dropped': changePart('tool-call', () => undefined),
    'other result id': changePart('tool-result', (part) => ({ ...part, toolCallId: 'call_x' })),
    'no result id': changePart('tool-result', ({ toolCallId: _id, ...rest }) => rest),
    'no call id': changePart('tool-call', ({ toolCallId: _id, ...rest }) => rest),
    'other name': changePart('tool-result', (part) => ({ ...part, toolName: 'other' })),
    'no name': changePart('tool-call', ({ toolName: _name, ...rest }) => rest),
    'no name of the result': changePart('tool-result', ({ toolName: _name, ...rest }) => rest),
    'old call': changePart('tool-call', ({ input, ...rest }) => ({ ...rest, args: input })),
    'old result': changePart('tool-result', ({ output: _output, ...rest }) => ({ ...rest, result: { paid: true } })),
    'untagged output': changePart('tool-result', (part) => ({ ...part, output: 'plain' })),
    'object output': changePart('tool-result', (part) => ({ ...part, output: { paid: true } })),
    'text for text': changePart('text', (part) => ({ ...part, text: 7 })),
    'result twice': changeOne(has('tool-result'), (message) => ({
      ...message,
      content: [...list(message['content']), structuredClone(list(message['content'])[0])],
    })),
    'results split': (messages) => {
      const at = messages.findIndex(
        (message) => parts(message).filter(({ type }) => type === 'tool-result').length > 1,
      );
      if (at < 0) return undefined;
      const content = parts(messages[at]);
      messages.splice(
        at,
        1,
        { role: 'tool', content: content.slice(0, 1) },
        { role: 'tool', content: content.slice(1) },
      );
      return messages;
    },
    'text between': (messages) => {
      const at = messages.findIndex(has('tool-call') as (message: unknown) => boolean);
      if (at < 0) return undefined;
      messages.splice(at + 1, 0, { role: 'assistant', content: 'meanwhile' });
      return messages;
    },
    'calls of user': changeOne(has('tool-call'), (message) => ({ ...message, role: 'user' })),
    'results of user': changeOne(has('tool-result'), (message) => ({ ...message, role: 'user' })),
    'one id for all': (messages) => {
      for (const part of messages.flatMap(parts)) if ('toolCallId' in part) part['toolCallId'] = 'call_1';
      return messages;
    },
    'approval of nothing': (messages) => [
      ...messages,
      { role: 'tool', content: [{ type: 'tool-approval-response', approvalId: 'a9', approved: true }] },
    ],
    'approval pending': changeOne(has('tool-call'), (message) => {
      const call = parts(message).find(({ type }) => type === 'tool-call')!;
      const request = { type: 'tool-approval-request', approvalId: 'a1', toolCallId: call['toolCallId'] };
      return { ...message, content: [...list(message['content']), request] };
    }),
    'unknown part': changeOne(
      ({ content }) => Array.isArray(content),
      (message) => ({ ...message, content: [...list(message['content']), { type: 'hologram', x: 1 }] }),
    ),
  },
  oracle,
  kept: (messages) =>
    messages.flatMap((message) => {
      if (!isObject(message) || message['role'] === 'tool') return [];
      const { content } = message;
      const found =
        typeof content === 'string'
          ? [content]
          : parts(message).flatMap(({ type, text }) =>
              type === 'text' ? [text] : type === 'reasoning' ? [`sig ${String(text)}`] : [],
            );
      return found.filter((text): text is string => typeof text === 'string' && text.trim() !== '');
    }),
};

const known: Readonly<Record<string, readonly string[]>> = {
  user: ['text', 'image', 'file'],
  assistant: ['text', 'file', 'reasoning', 'tool-call', 'tool-result', 'tool-approval-request'],
  tool: ['tool-result', 'tool-approval-response'],
};

/** The rules VM1 to VM5, one message after the other. */
function oracle(messages: readonly unknown[]): string[] {
  const problems: string[] = [];
  if (messages.length === 0) problems.push('empty');
  const open = new Map<string, unknown>();
  const asked = new Set<string>();
  const settle = (): void => {
    if (open.size > 0) problems.push('missing results');
    open.clear();
  };
  for (const message of messages) {
    const role = isObject(message) ? String(message['role']) : '';
    if (!isObject(message) || !['system', 'user', 'assistant', 'tool'].includes(role)) {
      problems.push('no message');
      settle();
      continue;
    }
    const { content } = message;
    if (!isByProvider(message['providerOptions'])) problems.push('options');
    if (role === 'user' || role === 'system') settle();
    if (
      role === 'system'
        ? typeof content !== 'string'
        : !Array.isArray(content) && (role === 'tool' || typeof content !== 'string')
    ) {
      problems.push('content');
    }
    for (const part of list(content)) {
      const type = isObject(part) ? String(part['type']) : '';
      if (!isObject(part) || !known[role]?.includes(type)) {
        problems.push(`part ${type}`);
        continue;
      }
      const id = part['toolCallId'];
      if (!isByProvider(part['providerOptions'])) problems.push('options');
      if (part['filename'] === null || part['providerExecuted'] === null) problems.push('null');
      if ((type === 'text' || type === 'reasoning') && typeof part['text'] !== 'string') problems.push('text');
      if (type === 'tool-call' || type === 'tool-result') {
        if (typeof id !== 'string' || id === '') problems.push('id');
        if (typeof part['toolName'] !== 'string' || part['toolName'] === '') problems.push('name');
      }
      if (type === 'tool-call') {
        if (!('input' in part)) problems.push('input');
        if (open.has(String(id))) problems.push('id is open twice');
        open.set(String(id), part['toolName']);
      }
      if (type === 'tool-result') {
        if (!isTagged(part['output'])) problems.push('output');
        if (role === 'assistant' || !open.has(String(id))) problems.push('orphan');
        else if (open.get(String(id)) !== part['toolName']) problems.push('other name');
        if (role === 'tool') open.delete(String(id));
      }
      if (type === 'tool-approval-request') asked.add(String(part['approvalId']));
      if (type === 'tool-approval-response' && !asked.has(String(part['approvalId']))) problems.push('approval');
    }
  }
  settle();
  return problems;
}

function isTagged(output: unknown): boolean {
  if (!isObject(output)) return false;
  switch (output['type']) {
    case 'text':
    case 'error-text':
      return typeof output['value'] === 'string';
    case 'json':
    case 'error-json':
      return output['value'] !== undefined;
    case 'content':
      return Array.isArray(output['value']);
    default:
      return output['type'] === 'execution-denied';
  }
}
