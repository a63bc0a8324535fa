/** Broken `ModelMessage`s, what this library says of them, and what each version of the AI SDK does with them. */
export interface LetThrough {
  readonly what: string;
  readonly messages: readonly unknown[];
  /** A code that this library finds, in every version. */
  readonly finds: string;
  /** By version: why it refuses them; `undefined` where it hands them on to the provider. */
  readonly refused: readonly [RegExp | undefined, RegExp | undefined, RegExp | undefined];
  readonly allowSystem?: boolean;
}

const user = { role: 'user', content: 'Pay invoice 42' };
const call = (id = 'call_1', fields = {}): Record<string, unknown> => ({
  ...{ type: 'tool-call', toolCallId: id, toolName: 'pay', input: { amount: 5 } },
  ...fields,
});
const result = (id = 'call_1', fields = {}): Record<string, unknown> => ({
  ...{ type: 'tool-result', toolCallId: id, toolName: 'pay', output: { type: 'text', value: 'paid' } },
  ...fields,
});
const assistant = (...content: readonly unknown[]): unknown => ({ role: 'assistant', content });
const tool = (...content: readonly unknown[]): unknown => ({ role: 'tool', content });
const { input: _input, ...noInput } = call();
const { output: _output, ...noOutput } = result();

const schema = /^AI_InvalidPromptError/;
const crash = /^TypeError/;
const missing = /^AI_MissingToolResultsError/;
const nowhere = [undefined, undefined, undefined] as const;
const since6 = [undefined, missing, missing] as const;
const bySchema = [schema, schema, undefined] as const;
const crashes = [schema, schema, crash] as const;

/** The rows of mycelium-guards.md §6.5. */
export const letThrough: readonly LetThrough[] = [
  {
    what: 'a missing result, then a user turn',
    messages: [user, assistant(call()), user],
    finds: 'unanswered-call',
    refused: since6,
  },
  {
    what: 'a missing result at the end',
    messages: [user, assistant(call())],
    finds: 'unanswered-call',
    refused: since6,
  },
  {
    what: 'a result without a call',
    messages: [user, tool(result('call_9')), user],
    finds: 'orphan-result',
    refused: nowhere,
  },
  {
    what: 'a result before its call',
    messages: [user, tool(result()), assistant(call())],
    finds: 'misplaced-result',
    refused: since6,
  },
  {
    what: 'two results for one call',
    messages: [user, assistant(call()), tool(result(), result())],
    finds: 'duplicate-result',
    refused: nowhere,
  },
  {
    what: 'one id for two calls',
    messages: [user, assistant(call(), call()), tool(result(), result())],
    finds: 'duplicate-call-id',
    refused: nowhere,
  },
  {
    what: 'an id used again later',
    messages: [user, assistant(call()), tool(result()), user, assistant(call()), tool(result())],
    finds: 'reused-call-id',
    refused: nowhere,
  },
  {
    what: 'a result that names another tool',
    messages: [user, assistant(call()), tool(result('call_1', { toolName: 'other' }))],
    finds: 'mismatched-result',
    refused: nowhere,
  },
  {
    what: 'an assistant message of nothing',
    messages: [user, assistant(), user],
    finds: 'empty-content',
    refused: nowhere,
  },
  {
    what: 'arguments as version 4 has them',
    messages: [user, assistant({ ...noInput, args: {} }), tool(result())],
    finds: 'obsolete-shape',
    refused: bySchema,
  },
  {
    what: 'a result as version 4 has it',
    messages: [user, assistant(call()), tool({ ...noOutput, result: 'paid' })],
    finds: 'obsolete-shape',
    refused: crashes,
  },
  {
    what: 'a tool message of text',
    messages: [user, assistant(call()), { role: 'tool', content: 'paid' }],
    finds: 'unanswered-call',
    refused: crashes,
  },
  {
    what: 'a message of OpenAI',
    messages: [user, assistant(call()), { role: 'tool', tool_call_id: 'call_1', content: 'paid' }],
    finds: 'mixed-format',
    refused: crashes,
  },
  {
    what: 'a UIMessage',
    messages: [user, { id: 'm1', role: 'assistant', parts: [{ type: 'text', text: 'Hello' }] }],
    finds: 'mixed-format',
    refused: crashes,
  },
  {
    what: 'an output without a tag',
    messages: [user, assistant(call()), tool(result('call_1', { output: 'paid' }))],
    finds: 'invalid-result',
    refused: bySchema,
  },
  {
    what: 'an answer to a question that nobody asked',
    messages: [user, tool({ type: 'tool-approval-response', approvalId: 'a9', approved: true })],
    finds: 'unknown-approval',
    refused: [schema, /^AI_InvalidToolApprovalError/, /^AI_InvalidToolApprovalError/],
  },
];
