import { expect, test } from 'vitest';
import type { ProfileName } from '../../src/transcript/index.js';
import { MessageValidator } from '../../src/transcript/index.js';
import { sketch } from './reference/row.js';

/** What a repair makes of the messages; that it is valid, and all that can be mended is. */
function repaired(messages: readonly unknown[], profile: ProfileName): string[] {
  const validator = new MessageValidator({ profile });
  const result = validator.repair(messages);
  expect(result.remaining).toEqual([]);
  expect(validator.check(result.messages).ok).toBe(true);
  expect(validator.repair(result.messages).changes).toEqual([]);
  return sketch(result.messages);
}

const asked = { role: 'user', parts: [{ text: 'Pay' }] };
const call = (id?: string, order = 1) => ({
  functionCall: { ...(id === undefined ? {} : { id }), name: 'pay', args: { order } },
});
const paid = (id?: string, output = 'paid') => ({
  functionResponse: { ...(id === undefined ? {} : { id }), name: 'pay', response: { output } },
});
const model = (...parts: unknown[]) => ({ role: 'model', parts });
const results = (...parts: unknown[]) => ({ role: 'user', parts });

test.each([
  [
    'of two calls without ids one is not answered: it is the second, and the first keeps its result',
    [asked, model(call(), call(undefined, 2)), results(paid())],
    [
      'user: "Pay"',
      'model: pay#no id({"order":1}), pay#no id({"order":2})',
      'user: no id = "paid", no id = (not recorded)',
    ],
  ],
  [
    'results without ids in two contents keep their order when they are joined',
    [asked, model(call(), call(undefined, 2)), results(paid(undefined, 'one')), results(paid(undefined, 'two'))],
    ['user: "Pay"', 'model: pay#no id({"order":1}), pay#no id({"order":2})', 'user: no id = "one", no id = "two"'],
  ],
  [
    'a result without the id that its call has',
    [asked, model(call('a')), results(paid())],
    ['user: "Pay"', 'model: pay#a({"order":1})', 'user: a = "paid"'],
  ],
  [
    'a call without the id that its result has',
    [asked, model(call()), results(paid('a'))],
    ['user: "Pay"', 'model: pay#a({"order":1})', 'user: a = "paid"'],
  ],
  [
    'a result that does not even say the name',
    [asked, model(call()), results({ functionResponse: { response: { output: 'paid' } } })],
    ['user: "Pay"', 'model: pay#no id({"order":1})', 'user: no id = "paid"'],
  ],
  [
    'calls of the user, beside text',
    [results(...asked.parts, call('a')), results(paid('a'))],
    ['user: "Pay"', 'model: pay#a({"order":1})', 'user: a = "paid"'],
  ],
  [
    'calls behind a content that only speaks',
    [asked, model({ text: 'I pay' }), model(call('a')), results(paid('a'))],
    ['user: "Pay"', 'model: "I pay", pay#a({"order":1})', 'user: a = "paid"'],
  ],
])('Gemini: %s', (_, contents, becomes) => {
  expect(repaired(contents, 'gemini')).toEqual(becomes);
});

const user = { role: 'user', content: 'Pay' };
const assistant = (...content: unknown[]) => ({ role: 'assistant', content });
const search = { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} };
const hits = { type: 'web_search_tool_result', tool_use_id: 's1', content: [] };
const text = { type: 'text', text: 'Found' };

test.each([
  ['a result of the user', [user, assistant(search), { role: 'user', content: [hits] }], [search, hits]],
  ['a result before its call', [user, assistant(hits, search, text)], [search, hits, text]],
  ['a call that was given up', [user, assistant(text, search), user], [text]],
])('Anthropic, what the provider ran: %s', (_, messages, content) => {
  const { messages: mended, remaining } = new MessageValidator({ profile: 'anthropic' }).repair(messages);
  expect(remaining).toEqual([]);
  expect(mended[1]).toEqual({ role: 'assistant', content });
  expect(mended.slice(2)).toEqual(messages.slice(2).filter((message) => message === user));
});

test('Anthropic: a call that the provider may still run is no issue', () => {
  const pending = [user, assistant(search)];
  expect(new MessageValidator({ profile: 'anthropic' }).check(pending).issues).toEqual([]);
});

const item = { type: 'message', role: 'user', content: 'Pay' };
const asks = { type: 'function_call', id: 'fc_1', call_id: 'c1', name: 'pay', arguments: '{}' };
const told = { type: 'function_call_output', call_id: 'c1', output: 'paid' };

test.each([
  ['that is of another provider', [item, { type: 'reasoning', id: 'r1', summary: [] }, asks, told], 1],
  [
    'that is there twice',
    [
      item,
      { type: 'reasoning', id: 'rs_1', summary: [] },
      item,
      { type: 'reasoning', id: 'rs_1', summary: [] },
      asks,
      told,
    ],
    2,
  ],
])('Responses: reasoning %s goes, and what came with it is sent as new', (_, items, at) => {
  const { messages, remaining } = new MessageValidator({ format: 'openai-responses' }).repair(items);
  const { id: _id, ...anonymous } = asks;
  expect(remaining).toEqual([]);
  expect(messages.slice(at)).toEqual([anonymous, told]);
});

test('Responses: an output of parts under the wrong type is that of its call', () => {
  const output = [{ type: 'input_text', text: 'paid' }];
  const { messages, remaining } = new MessageValidator().repair([
    ...[item, asks],
    { type: 'custom_tool_call_output', call_id: 'c1', output },
  ]);
  expect(remaining).toEqual([]);
  expect(messages[2]).toEqual({ ...told, output });
});

test('OpenAI: a function message that answers a call with an id becomes its tool message', () => {
  const tool = { id: 'c1', type: 'function', function: { name: 'pay', arguments: '{}' } };
  const messages = [
    user,
    { role: 'assistant', content: null, tool_calls: [tool] },
    { role: 'function', name: 'pay', content: 'paid' },
  ];
  expect(repaired(messages, 'openai-chat')).toEqual(['user: "Pay"', 'assistant: pay#c1', 'tool: c1 = "paid"']);
});
