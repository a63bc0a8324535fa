import type OpenAI from 'openai';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { MessageValidator } from '../../src/transcript/index.js';

type Item = OpenAI.Responses.ResponseInputItem;

const validator = new MessageValidator({ format: 'openai-responses' });
const stateless = new MessageValidator({ profile: 'openai-responses-stateless' });
const user: Item = { type: 'message', role: 'user', content: 'Pay invoice 42' };
const call: Item = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'pay', arguments: '{"amount":5}' };
const output: Item = { type: 'function_call_output', call_id: 'call_1', output: 'paid' };
const reasoning: Item = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'secret' };
const done: Item = { role: 'assistant', content: 'Paid.' };
const codes = (items: readonly unknown[], judge = validator) => judge.check(items).issues.map(({ code }) => code);

test('a list with reasoning, calls and their outputs is valid, and is what it was', () => {
  const items: Item[] = [user, reasoning, call, output, done];
  expect(new MessageValidator().check(items)).toEqual({ ok: true, format: 'openai-responses', issues: [] });
  const repaired: Item[] = validator.repair(items).messages;
  repaired.forEach((item, at) => {
    expect(item).toBe(items[at]);
  });
  expectTypeOf(validator.repair(items).messages).toEqualTypeOf<Item[]>();
});

describe('calls and outputs', () => {
  const second = { ...call, id: undefined, call_id: 'call_2' };
  const cases: readonly (readonly [string, readonly unknown[], string[], readonly unknown[]])[] = [
    [
      'O01 a call without an output',
      [user, call, user],
      ['unanswered-call'],
      [user, call, expect.objectContaining({ type: 'function_call_output', call_id: 'call_1' }), user],
    ],
    [
      'O03 two parallel calls, one output',
      [call, second, output],
      ['unanswered-call'],
      [call, second, output, expect.objectContaining({ call_id: 'call_2' })].toSorted(() => 0),
    ],
    ['O06 an output without a call', [user, output], ['orphan-result'], [user]],
    ['O08 two outputs', [call, output, output], ['duplicate-result'], [call, output]],
    ['O09 the output first', [user, output, call], ['misplaced-result'], [user, call, output]],
    ['O15 object arguments', [{ ...call, arguments: { amount: 5 } }, output], ['invalid-arguments'], [call, output]],
    [
      'O13 an id of digits',
      [
        { ...call, call_id: 7 },
        { ...output, call_id: 7 },
      ],
      ['invalid-id', 'invalid-id'],
      [
        { ...call, call_id: '7' },
        { ...output, call_id: '7' },
      ],
    ],
    [
      'O22 an output without output',
      [call, { type: 'function_call_output', call_id: 'call_1' }],
      ['missing-content'],
      [call, { ...output, output: '' }],
    ],
    [
      'O23 an object as output',
      [call, { ...output, output: { a: 1 } }],
      ['invalid-result'],
      [call, { ...output, output: '{"a":1}' }],
    ],
    [
      'O31 only the id of the item, unanswered',
      [{ ...call, call_id: undefined }],
      ['missing-call-id', 'unanswered-call'],
      [expect.objectContaining({ id: 'fc_1' }), expect.objectContaining({ type: 'function_call_output' })],
    ],
    [
      'an id of chat completions on the item',
      [{ ...call, id: 'call_1' }, output],
      ['invalid-item-id'],
      [{ type: 'function_call', call_id: 'call_1', name: 'pay', arguments: '{"amount":5}' }, output],
    ],
    [
      'an output of another kind',
      [call, { ...output, type: 'custom_tool_call_output' }],
      ['mismatched-result'],
      [call, output],
    ],
    [
      'an approval of nothing',
      [user, { type: 'mcp_approval_response', approval_request_id: 'x', approve: true }],
      ['unknown-approval'],
      [user],
    ],
  ];

  test.each(cases)('%s', (_name, items, broken, whole) => {
    expect(codes(items).toSorted()).toEqual(broken);
    const { messages, remaining } = validator.repair(items);
    expect(remaining).toEqual([]);
    expect(validator.check(messages).ok).toBe(true);
    expect(messages).toHaveLength(whole.length);
    for (const item of whole) expect(messages).toContainEqual(item);
  });

  test('an item id and a call id of two calls are not one: each keeps its own output', () => {
    const items = [call, { ...call, id: 'fc_2', call_id: 'fc_1' }, output, { ...output, call_id: 'fc_1' }];
    expect(codes(items)).toEqual([]);
  });

  test('every kind of call is answered by its own kind of output', () => {
    const shell = { type: 'shell_call', call_id: 's', action: { commands: ['ls'] } };
    const patch = {
      type: 'apply_patch_call',
      call_id: 'p',
      status: 'completed',
      operation: { type: 'delete_file', path: 'a' },
    };
    const custom = { type: 'custom_tool_call', call_id: 'c', name: 'sql', input: 'select 1' };
    const { messages, remaining } = validator.repair([shell, patch, custom]);
    expect(remaining).toEqual([]);
    expect(messages.slice(3)).toEqual([
      {
        type: 'shell_call_output',
        call_id: 's',
        output: [{ stdout: '', stderr: expect.any(String), outcome: { type: 'timeout' } }],
      },
      { type: 'apply_patch_call_output', call_id: 'p', status: 'failed', output: expect.any(String) },
      { type: 'custom_tool_call_output', call_id: 'c', output: expect.any(String) },
    ]);
  });

  test('nobody can make up what a computer shows', () => {
    const items = [
      { type: 'computer_call', id: 'cu_1', call_id: 'c', action: { type: 'screenshot' }, status: 'completed' },
    ];
    expect(validator.repair(items).remaining).toEqual([
      expect.objectContaining({ code: 'unanswered-call', fixable: false }),
    ]);
    expect(validator.repair(items).messages).toEqual(items);
  });
});

describe('reasoning', () => {
  test('goes back to its call when something was put between', () => {
    const { messages } = validator.repair([reasoning, user, call, output]);
    expect(messages).toEqual([user, reasoning, call, output]);
    expect(messages[1]).toBe(reasoning);
  });

  test('that nothing came of stays when it is encrypted, and goes when it is only a reference', () => {
    expect(codes([user, reasoning])).toEqual(['reasoning-separated']);
    expect(validator.repair([user, reasoning]).messages).toEqual([
      user,
      reasoning,
      expect.objectContaining({ role: 'assistant' }),
    ]);
    const { encrypted_content: _content, ...stored } = reasoning as { encrypted_content: string };
    expect(validator.repair([user, stored]).messages).toEqual([user]);
  });

  test('without storage: references go, and what came of them forgets its id', () => {
    const { encrypted_content: _content, ...stored } = reasoning as { encrypted_content: string };
    expect(codes([user, stored, call, output])).toEqual([]);
    expect(codes([user, stored, call, output], stateless)).toEqual(['unsigned-reasoning']);
    const { messages } = stateless.repair([user, stored, call, output]);
    expect(messages).toEqual([user, { ...call, id: undefined }, output]);
    expect(stateless.repair([user, { type: 'item_reference', id: 'msg_1' }]).remaining).toEqual([
      expect.objectContaining({ code: 'unstored-reference' }),
    ]);
  });
});

test('with a stored conversation, outputs may answer calls that are not in the list', () => {
  const continued = new MessageValidator({ profile: 'openai-responses-continued' });
  expect(codes([output], continued)).toEqual([]);
});

test('a reference to a stored item may stand for the call of an output, one to a message or reasoning does not', () => {
  expect(codes([{ type: 'item_reference', id: 'fc_1' }, output])).toEqual([]);
  expect(codes([output, { type: 'item_reference', id: 'fc_1' }])).toEqual(['orphan-result']);
  expect(codes([{ type: 'item_reference', id: 'msg_1' }, { type: 'item_reference', id: 'rs_1' }, output])).toEqual([
    'orphan-result',
  ]);
});

test('refusals, artefacts of the SDK, parts of the wrong direction', () => {
  const refusal = { type: 'refusal', refusal: 'No.' };
  const parsed = { ...call, parsed_arguments: { amount: 5 } };
  const text = { type: 'input_text', text: 'said' };
  const items = [user, parsed, output, { role: 'assistant', content: [refusal, text] }];
  expect(validator.check(items).issues.map(({ code, severity }) => `${severity} ${code}`)).toEqual([
    'warning sdk-artefact',
    'error part-not-allowed',
  ]);
  expect(validator.repair(items).messages).toEqual([
    user,
    call,
    output,
    { role: 'assistant', content: [refusal, { type: 'output_text', text: 'said' }] },
  ]);
});

test('an item of a type that nobody knows is an issue, and stays', () => {
  const items = [user, { type: 'hologram_call', id: 'h' }];
  expect(codes(items)).toEqual(['unrecognized-message']);
  expect(validator.repair(items).messages[1]).toBe(items[1]);
});
