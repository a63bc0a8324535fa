/** What the types of the real packages take, and what their code does. */
import type Anthropic from '@anthropic-ai/sdk';
import {
  AIMessage,
  type BaseMessage,
  coerceMessageLikeToMessage,
  HumanMessage,
  isToolMessage,
} from '@langchain/core/messages';
import { convertToModelMessages, type ModelMessage, modelMessageSchema, type UIMessage, validateUIMessages } from 'ai';
import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { bounded, ToolRegistry } from '../../src/boundary/index.js';
import { ToolRunner } from '../../src/runner/index.js';
import { conversations } from './conversations.js';

const failing = async (_: object): Promise<never> => {
  throw new Error('down');
};
const add = bounded({ name: 'add', input: { a: { type: 'integer' } } })(async ({ a }) => ({ sum: BigInt(a) }));
const runner = new ToolRunner({ tools: new ToolRegistry({ add, failing, nothing: async (_: object) => undefined }) });

/** A conversation in which everything happens. */
async function whole(format: string): Promise<unknown[]> {
  const wire = conversations.find((one) => one.format === format);
  if (wire === undefined) throw new Error(format);
  let asked = 0;
  const model = (): unknown[] =>
    ++asked === 1 ? wire.calls([['d1', 'add', { a: 1 }]]) : [wire.assistant('That is all.')];
  const calls = wire.calls([
    ['c1', 'add', { a: 'x' }],
    ['c2', 'failing', {}],
    ['c3', 'nothing', {}],
    ['c4', 'none', {}],
  ]);
  return (await runner.run({ messages: [wire.user('go'), ...calls], model })).messages;
}

describe('the AI SDK', () => {
  it('takes the messages', async () => {
    for (const message of await whole('ai-sdk')) expect(modelMessageSchema.safeParse(message).error).toBeUndefined();
  });

  it('takes the messages of a user interface, and makes messages for a model of them', async () => {
    const messages = await validateUIMessages({ messages: await whole('ai-sdk-ui') });
    const converted = await convertToModelMessages(messages);
    expect(converted.flatMap(({ role }) => (role === 'tool' ? [role] : []))).toHaveLength(2);
  });
});

it('LangChain takes the messages, as a model of it does', async () => {
  const calls = [
    { id: 'c1', name: 'add', args: { a: 1 } },
    { id: 'c2', name: 'failing', args: {} },
  ];
  const given: BaseMessage[] = [new HumanMessage('go'), new AIMessage({ content: '', tool_calls: calls })];
  const { messages } = await runner.answer(given);
  const results = messages.map((message) => coerceMessageLikeToMessage(message)).filter(isToolMessage);
  expect(results.map(({ tool_call_id, content, status }) => [tool_call_id, content, status])).toEqual([
    ['c1', '{"sum":"1"}', undefined],
    ['c2', 'failing ended with an error: down', 'error'],
  ]);
});

it('the types of the packages are those of the messages', async () => {
  const openai: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'go' }];
  const reply: OpenAI.ChatCompletionMessage = { role: 'assistant', content: 'done', refusal: null };
  const finished = await runner.run({ messages: openai, model: () => reply });
  const typed: OpenAI.ChatCompletionMessageParam[] = finished.messages;
  expect(typed).toHaveLength(2);

  const anthropic: Anthropic.MessageParam[] = [{ role: 'user', content: 'go' }];
  const said: Anthropic.MessageParam = { role: 'assistant', content: [{ type: 'text', text: 'done' }] };
  const answered: Anthropic.MessageParam[] = (await runner.run({ messages: anthropic, model: async () => said }))
    .messages;
  expect(answered).toHaveLength(2);

  const input: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: 'go' }];
  const output: OpenAI.Responses.ResponseInputItem[] = [{ role: 'assistant', content: 'done' }];
  const items: OpenAI.Responses.ResponseInputItem[] = (await runner.run({ messages: input, model: () => output }))
    .messages;
  expect(items).toHaveLength(2);

  const model: ModelMessage[] = (await runner.answer<ModelMessage[]>([{ role: 'user', content: 'go' }])).messages;
  const ui: UIMessage[] = (
    await runner.answer<UIMessage[]>([{ id: 'u', role: 'user', parts: [{ type: 'text', text: 'go' }] }])
  ).messages;
  expect([model.length, ui.length]).toEqual([1, 1]);
});
