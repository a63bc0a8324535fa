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

const partsOf = (message: unknown): Message[] =>
  list(isObject(message) ? message['parts'] : undefined).filter(isObject);
const isTool = (part: Message): boolean => String(part['type']).startsWith('tool-') || part['type'] === 'dynamic-tool';
const settledStates = ['output-available', 'output-error', 'output-denied'];
const states = ['input-streaming', 'input-available', 'approval-requested', 'approval-responded', ...settledStates];

/** Changes one part for which something holds. */
const changePart = (holds: (part: Message) => boolean, change: (part: Message) => unknown): Mutator =>
  changeOne(
    (message) => partsOf(message).some(holds),
    (message, dice) => {
      const parts = [...list(message['parts'])];
      const at = dice.pick(parts.flatMap((part, at) => (isObject(part) && holds(part) ? [at] : [])));
      const changed = change(parts[at] as Message);
      parts.splice(at, 1, ...(changed === undefined ? [] : [changed]));
      return { ...message, parts };
    },
  );
const changeTool = (change: (part: Message) => unknown): Mutator => changePart(isTool, change);
const waiting = (
  { output: _output, errorText: _error, approval: _approval, ...rest }: Message,
  state: string,
): Message => ({
  ...rest,
  state,
});

/** AI SDK `UIMessage`. */
export const aiSdkUi: FuzzFormat = {
  format: 'ai-sdk-ui',
  render(said) {
    const messages: (Message & { parts: unknown[] })[] = [];
    for (const one of said) {
      const last = messages.at(-1);
      const id = `m${messages.length}`;
      if (one.by !== 'assistant') {
        const file = { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AAAA' };
        messages.push({ id, role: one.by, parts: [{ type: 'text', text: one.text }, ...(one.image ? [file] : [])] });
        continue;
      }
      // All steps of one answer are one message.
      const { parts } = last?.['role'] === 'assistant' ? last : { parts: [] as unknown[] };
      if (last?.['role'] !== 'assistant') messages.push({ id, role: 'assistant', parts });
      const metadata = { anthropic: { signature: `sig ${one.thinking}` } };
      parts.push({ type: 'step-start' });
      if (one.thinking !== '') parts.push({ type: 'reasoning', text: one.thinking, providerMetadata: metadata });
      if (one.text !== '') parts.push({ type: 'text', text: one.text, state: 'done' });
      one.calls.forEach(({ id: toolCallId, name, input, output }, at) => {
        const type = at === 1 ? { type: 'dynamic-tool', toolName: name } : { type: `tool-${name}` };
        const failed = output === 'ok' && at === 2;
        const end = failed ? { state: 'output-error', errorText: output } : { state: 'output-available', output };
        parts.push({ ...type, toolCallId, input, ...end });
      });
    }
    return messages;
  },
  mutators: {
    ...listMutators,
    'insert user': (messages, dice) => {
      const text = `wait ${dice.below(1_000)}`;
      messages.splice(dice.below(messages.length + 1), 0, {
        id: 'wait',
        role: 'user',
        parts: [{ type: 'text', text }],
      });
      return messages;
    },
    'no id of a message': changeOne(
      () => true,
      ({ id: _id, ...rest }) => rest,
    ),
    'null parts': changeOne(
      ({ role }) => role !== 'assistant',
      (message) => ({ ...message, parts: null }),
    ),
    'empty parts': changeOne(
      () => true,
      (message) => ({ ...message, parts: [] }),
    ),
    'content beside nothing': changeOne(
      () => true,
      ({ parts: _parts, ...message }) => ({ ...message, parts: undefined, content: 'in the old place' }),
    ),
    'still streaming': changeTool((part) => ({ ...waiting(part, 'input-streaming'), input: undefined })),
    'not answered': changeTool((part) => waiting(part, 'input-available')),
    'waits for approval': changeTool((part) => ({ ...waiting(part, 'approval-requested'), approval: { id: 'a1' } })),
    approved: changeTool((part) => ({
      ...waiting(part, 'approval-responded'),
      approval: { id: 'a1', approved: true },
    })),
    denied: changeTool((part) => ({ ...waiting(part, 'output-denied'), approval: { id: 'a1', approved: false } })),
    'denied by nobody': changeTool((part) => waiting(part, 'output-denied')),
    'asks nothing': changeTool((part) => waiting(part, 'approval-requested')),
    'unknown state': changeTool((part) => ({ ...part, state: 'result' })),
    'no state': changeTool(({ state: _state, ...part }) => part),
    'other state': changeTool((part) => ({ ...part, state: 'input-available' })),
    'error and output': changeTool((part) => ({ ...part, output: 'x', errorText: 'y' })),
    'no output': changeTool(({ output: _output, ...part }) => part),
    'error without text': changeTool((part) => waiting(part, 'output-error')),
    'no input': changeTool(({ input: _input, ...part }) => part),
    'no call id': changeTool(({ toolCallId: _id, ...part }) => part),
    'empty call id': changeTool((part) => ({ ...part, toolCallId: '' })),
    'call id of digits': changeTool((part) => ({ ...part, toolCallId: 7 })),
    'no name': changeTool(({ toolName: _name, ...part }) => ({ ...part, type: 'dynamic-tool' })),
    'empty name': changeTool(({ toolName: _name, ...part }) => ({ ...part, type: 'tool-' })),
    'old invocation': changeTool(({ toolCallId, input, output }) => ({
      type: 'tool-invocation',
      toolInvocation: { state: 'result', toolCallId, toolName: 'pay', args: input, result: output ?? 'ok' },
    })),
    'part twice': changeOne(
      (message) => partsOf(message).some(isTool),
      (message) => ({ ...message, parts: [...list(message['parts']), structuredClone(partsOf(message).find(isTool))] }),
    ),
    'one id for all': (messages) => {
      for (const part of messages.flatMap(partsOf)) if (isTool(part)) part['toolCallId'] = 'call_1';
      return messages;
    },
    'calls of user': changeOne(
      (message) => partsOf(message).some(isTool),
      (message) => ({ ...message, role: 'user' }),
    ),
    'text for text': changePart(
      ({ type }) => type === 'text',
      (part) => ({ ...part, text: 7 }),
    ),
    'odd state of text': changePart(
      ({ type }) => type === 'text',
      (part) => ({ ...part, state: 'half' }),
    ),
    'file without url': changePart(
      ({ type }) => type === 'file',
      ({ url: _url, ...part }) => part,
    ),
    'data part': changeOne(
      ({ parts }) => Array.isArray(parts),
      (message) => ({ ...message, parts: [...list(message['parts']), { type: 'data-note', data: { x: 1 } }] }),
    ),
    'unknown part': changeOne(
      ({ parts }) => Array.isArray(parts),
      (message) => ({ ...message, parts: [...list(message['parts']), { type: 'hologram', x: 1 }] }),
    ),
  },
  oracle,
  kept: (messages) =>
    messages.flatMap((message) => {
      const old = isObject(message) && !Array.isArray(message['parts']) ? [message['content']] : [];
      const words = partsOf(message).flatMap((part) => [
        ...(part['type'] === 'text' || part['type'] === 'reasoning' ? [part['text']] : []),
        ...(part['type'] === 'reasoning' ? [JSON.stringify(part['providerMetadata'])] : []),
      ]);
      return [...old, ...words].filter((text): text is string => typeof text === 'string' && text !== '');
    }),
};

/** What `validateUIMessages` of version 6 refuses, VU1 and VU2, and calls that convert to a prompt without their results. */
function oracle(messages: readonly unknown[]): string[] {
  const problems: string[] = [];
  if (messages.length === 0) problems.push('empty');
  const ids = new Set<unknown>();
  messages.forEach((message, at) => {
    if (!isObject(message) || !['system', 'user', 'assistant'].includes(String(message['role']))) {
      problems.push('no message');
      return;
    }
    if (typeof message['id'] !== 'string') problems.push('id of a message');
    if (!Array.isArray(message['parts'])) problems.push('parts');
    const parts = list(message['parts']);
    if (parts.length === 0 && message['role'] !== 'assistant') problems.push('no parts');
    const lastStep =
      at < messages.length - 1
        ? parts.length
        : parts.findLastIndex((part) => isObject(part) && part['type'] === 'step-start');
    for (const [place, part] of parts.entries()) {
      if (!isObject(part)) {
        problems.push('no part');
        continue;
      }
      const { type } = part;
      if (!isByProvider(part['providerMetadata']) || !isByProvider(part['callProviderMetadata']))
        problems.push('options');
      if (part['filename'] === null || part['providerExecuted'] === null) problems.push('null');
      if (isTool(part) && type !== 'tool-invocation') {
        if (message['role'] !== 'assistant') problems.push('call of somebody else');
        if (ids.has(part['toolCallId'])) problems.push('call id twice');
        ids.add(part['toolCallId']);
        problems.push(...toolProblems(part, place > lastStep));
      } else if (type === 'text' || type === 'reasoning') {
        if (typeof part['text'] !== 'string') problems.push('text');
        if (!['streaming', 'done', undefined].includes(part['state'] as string)) problems.push('state of text');
      } else if (type === 'file') {
        if (typeof part['url'] !== 'string' || typeof part['mediaType'] !== 'string') problems.push('file');
      } else if (type !== 'step-start' && !String(type).startsWith('data-')) problems.push(`part ${String(type)}`);
    }
  });
  return problems;
}

function toolProblems(part: Message, last: boolean): string[] {
  const { type, state, toolCallId, approval } = part;
  const problems: string[] = [];
  if (typeof toolCallId !== 'string' || toolCallId === '') problems.push('call id');
  if (type === 'tool-' || (type === 'dynamic-tool' && !part['toolName'])) problems.push('name');
  if (!states.includes(String(state))) problems.push('state');
  if (part['input'] === undefined && state !== 'input-streaming' && state !== 'output-error') problems.push('input');
  if ('output' in part !== (state === 'output-available')) problems.push('output');
  if ((typeof part['errorText'] === 'string') !== (state === 'output-error')) problems.push('errorText');
  const approved = isObject(approval) && typeof approval['id'] === 'string' ? approval['approved'] : 'nobody asked';
  if (state === 'approval-requested' && approved !== undefined) problems.push('approval');
  if (state === 'approval-responded' && typeof approved !== 'boolean') problems.push('approval');
  if (state === 'output-denied' && approved !== false) problems.push('approval');
  if ((state === 'output-available' || state === 'output-error') && approval !== undefined && approved !== true) {
    problems.push('approval');
  }
  // What was decided just now is run before the model is asked.
  if (!settledStates.includes(String(state)) && !(state === 'approval-responded' && last)) problems.push('not settled');
  return problems;
}
