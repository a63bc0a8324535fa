/** The same conversation in the formats of providers, written down by hand. */
import { MessageValidator, type TranscriptFormat } from '../../src/transcript/index.js';
import { fuzzFormats } from '../transcript/fuzz/formats.js';

type Call = readonly [id: string, name: string, input: unknown];

/** How one format says what a conversation consists of. */
export interface Wire {
  readonly format: TranscriptFormat;
  user(text: string): unknown;
  assistant(text: string): unknown;
  /** One turn of the model with these calls. */
  calls(calls: readonly Call[]): unknown[];
  /** The results in a conversation: id, and what they say. */
  results(messages: readonly unknown[]): [id: string, text: string][];
}

type Members = Readonly<Record<string, unknown>>;

const parts = (message: unknown): Members[] => {
  const { content } = message as { content?: unknown };
  return Array.isArray(content) ? (content as Members[]) : [];
};

const openaiChat: Wire = {
  format: 'openai-chat',
  user: (content) => ({ role: 'user', content }),
  assistant: (content) => ({ role: 'assistant', content }),
  calls: (calls) => [
    {
      role: 'assistant',
      content: null,
      tool_calls: calls.map(([id, name, input]) => ({
        id,
        type: 'function',
        function: { name, arguments: JSON.stringify(input) },
      })),
    },
  ],
  results: (messages) =>
    (messages as Members[])
      .filter(({ role }) => role === 'tool')
      .map(({ tool_call_id: id, content }) => [String(id), String(content)]),
};

const anthropic: Wire = {
  format: 'anthropic',
  user: (content) => ({ role: 'user', content }),
  assistant: (text) => ({ role: 'assistant', content: [{ type: 'text', text }] }),
  calls: (calls) => [
    { role: 'assistant', content: calls.map(([id, name, input]) => ({ type: 'tool_use', id, name, input })) },
  ],
  results: (messages) =>
    messages
      .flatMap(parts)
      .filter(({ type }) => type === 'tool_result')
      .map(({ tool_use_id: id, content }) => [String(id), JSON.stringify(content)]),
};

const aiSdk: Wire = {
  format: 'ai-sdk',
  user: (content) => ({ role: 'user', content }),
  assistant: (text) => ({ role: 'assistant', content: [{ type: 'text', text }] }),
  calls: (calls) => [
    {
      role: 'assistant',
      content: calls.map(([toolCallId, toolName, input]) => ({ type: 'tool-call', toolCallId, toolName, input })),
    },
  ],
  results: (messages) =>
    messages
      .flatMap(parts)
      .filter(({ type }) => type === 'tool-result')
      .map(({ toolCallId, output }) => [String(toolCallId), JSON.stringify(output)]),
};

const responses: Wire = {
  format: 'openai-responses',
  user: (content) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text: content }] }),
  assistant: (text) => ({
    type: 'message',
    id: 'msg_1',
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', text, annotations: [] }],
  }),
  calls: (calls) =>
    calls.map(([id, name, input]) => ({ type: 'function_call', call_id: id, name, arguments: JSON.stringify(input) })),
  results: (messages) =>
    (messages as Members[])
      .filter(({ type }) => type === 'function_call_output')
      .map(({ call_id: id, output }) => [String(id), JSON.stringify(output)]),
};

const langchain: Wire = {
  format: 'langchain',
  user: (content) => ({ type: 'human', content }),
  assistant: (content) => ({ type: 'ai', content }),
  calls: (calls) => [
    { type: 'ai', content: '', tool_calls: calls.map(([id, name, args]) => ({ id, name, args, type: 'tool_call' })) },
  ],
  results: (messages) =>
    (messages as Members[])
      .filter(({ type }) => type === 'tool')
      .map(({ tool_call_id: id, content }) => [String(id), String(content)]),
};

let messages = 0;
const uiMessage = (role: string, ui: readonly object[]): unknown => ({ id: `m${++messages}`, role, parts: ui });

const partsOf = (list: readonly unknown[]): Members[] =>
  list.flatMap((message) => (message as { parts: Members[] }).parts);

const aiSdkUi: Wire = {
  format: 'ai-sdk-ui',
  user: (text) => uiMessage('user', [{ type: 'text', text }]),
  assistant: (text) => uiMessage('assistant', [{ type: 'text', text, state: 'done' }]),
  calls: (calls) => [
    uiMessage('assistant', [
      { type: 'step-start' },
      ...calls.map(([toolCallId, name, input]) => ({
        type: `tool-${name}`,
        toolCallId,
        state: 'input-available',
        input,
      })),
    ]),
  ],
  results: (list) =>
    partsOf(list)
      .filter(({ state }) => String(state).startsWith('output-'))
      .map(({ toolCallId, output, errorText, approval }) => [
        String(toolCallId),
        String(errorText ?? JSON.stringify(output === undefined ? approval : output)),
      ]),
};

const gemini: Wire = {
  format: 'gemini',
  user: (text) => ({ role: 'user', parts: [{ text }] }),
  assistant: (text) => ({ role: 'model', parts: [{ text }] }),
  calls: (calls) => [{ role: 'model', parts: calls.map(([id, name, args]) => ({ functionCall: { id, name, args } })) }],
  results: (list) =>
    partsOf(list)
      .map(({ functionResponse: result }) => result as Members)
      .filter((result) => result !== undefined)
      .map(({ id, response }) => [String(id), JSON.stringify(response)]),
};

export const conversations: readonly Wire[] = [openaiChat, anthropic, aiSdk, responses, langchain, aiSdkUi, gemini];

/** What makes the messages unfit for their provider: told by the library, and by code that shares nothing with it. */
export function problems({ format }: Wire, messages: readonly unknown[]): unknown {
  const { issues } = new MessageValidator({ format }).check(messages);
  const sent = JSON.parse(JSON.stringify(messages)) as unknown[];
  return [
    ...issues.filter(({ severity }) => severity === 'error'),
    ...fuzzFormats.find((one) => one.format === format)!.oracle(sent),
  ];
}
