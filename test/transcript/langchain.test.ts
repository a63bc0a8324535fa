import {
  AIMessage,
  type BaseMessageLike,
  coerceMessageLikeToMessage,
  HumanMessage,
  mapChatMessagesToStoredMessages,
  mapStoredMessagesToChatMessages,
  RemoveMessage,
  type StoredMessage,
  ToolMessage,
} from '@langchain/core/messages';
import { describe, expect, test } from 'vitest';
import { MessageValidator } from '../../src/transcript/index.js';
import { casesOf } from './corpus/cases.js';
import { langchain as corpus } from './corpus/langchain.js';
import { conversation } from './fuzz/conversation.js';
import { langchain } from './fuzz/langchain.js';
import { Dice } from './fuzz/random.js';

const validator = new MessageValidator({ format: 'langchain' });
const call = { id: 'call_1', name: 'pay', args: { amount: 5 }, type: 'tool_call' as const };
const codes = (messages: readonly unknown[]) => validator.check(messages).issues.map(({ code }) => code);
const human = () => new HumanMessage('Pay invoice 42');
const calls = (...some: (typeof call)[]) => new AIMessage({ content: '', tool_calls: some });
const paid = (id = 'call_1') => new ToolMessage({ content: 'paid', tool_call_id: id });

describe('objects', () => {
  test('a valid list is detected, and is what it was', () => {
    const messages = [human(), calls(call), paid(), new AIMessage('Paid.')];
    expect(new MessageValidator().check(messages)).toEqual({ ok: true, format: 'langchain', issues: [] });
    validator.repair(messages).messages.forEach((message, at) => {
      expect(message).toBe(messages[at]);
    });
  });

  test('L an orphaned result goes; the rest are the same objects', () => {
    const messages = [human(), paid('call_9'), new AIMessage('Paid.')];
    expect(codes(messages)).toEqual(['orphan-result']);
    expect(validator.repair(messages).messages).toEqual([messages[0], messages[2]]);
  });

  test('an object AIMessage and a plain tool message are a pair', () => {
    expect(codes([human(), calls(call), { role: 'tool', content: 'paid', tool_call_id: 'call_1' }])).toEqual([]);
  });

  test('what is changed is a copy of its class, and serializes as it is', () => {
    const messages = [human(), calls(call, call), paid(), paid()];
    expect(codes(messages)).toEqual(['duplicate-call-id']);
    const { messages: repaired } = validator.repair(messages);
    const changed = repaired[1] as AIMessage;
    expect(changed).toBeInstanceOf(AIMessage);
    expect(changed.tool_calls?.map(({ id }) => id)).toEqual(['call_1', 'call_1_2']);
    expect((changed.toDict().data as { tool_calls?: { id: string }[] }).tool_calls?.map(({ id }) => id)).toEqual([
      'call_1',
      'call_1_2',
    ]);
    expect((messages[1] as AIMessage).tool_calls?.map(({ id }) => id)).toEqual(['call_1', 'call_1']);
    expect((repaired[3] as ToolMessage).tool_call_id).toBe('call_1_2');
    expect(repaired[3]).toBeInstanceOf(ToolMessage);
  });

  test('LC2 a RemoveMessage does not reach the model', () => {
    const messages = [human(), new RemoveMessage({ id: 'x' })];
    expect(codes(messages)).toEqual(['unrecognized-message']);
    expect(validator.repair(messages).messages).toEqual([messages[0]]);
  });

  test('where the list has a result that is an object, an added one is of its class', () => {
    const { messages, remaining } = validator.repair([human(), calls(call, { ...call, id: 'call_2' }), paid()]);
    expect(remaining).toEqual([]);
    expect(messages[3]).toBeInstanceOf(ToolMessage);
    expect((messages[3] as ToolMessage).toDict()).toMatchObject({
      type: 'tool',
      data: { tool_call_id: 'call_2', status: 'error', name: 'pay' },
    });
    expect(validator.repair(messages).changes).toEqual([]);
  });

  test('a class that wants more than LangChain gives it is not used: members do as well', () => {
    class Strict extends ToolMessage {
      constructor(fields: { content: string; tool_call_id: string; mine: object }) {
        super(fields);
        Object.keys(fields.mine);
      }
    }
    const strict = new Strict({ content: 'paid', tool_call_id: 'call_1', mine: {} });
    const { messages } = validator.repair([human(), calls(call, { ...call, id: 'call_2' }), strict]);
    expect(messages[3]).toMatchObject({ type: 'tool', tool_call_id: 'call_2' });
    expect(Object.getPrototypeOf(messages[3])).toBe(Object.prototype);
  });

  test('an unanswered call is answered with what LangChain coerces to a ToolMessage', () => {
    const { messages, remaining } = validator.repair([human(), calls(call)]);
    expect(remaining).toEqual([]);
    const coerced = coerceMessageLikeToMessage(messages[2] as unknown as BaseMessageLike);
    expect(coerced).toBeInstanceOf(ToolMessage);
    expect(coerced).toMatchObject({ tool_call_id: 'call_1', status: 'error', name: 'pay' });
  });
});

test('calls are renamed and dropped in every place that says them', () => {
  const twice = {
    type: 'ai',
    content: [
      { type: 'text', text: 'I pay' },
      { type: 'tool_use', id: 'call_1', name: 'pay', input: {} },
      { type: 'tool_use', id: 7, name: 'pay', input: {} },
    ],
    tool_calls: [call, { ...call, id: 7 }],
    additional_kwargs: {
      kept: 1,
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'pay', arguments: '{}' } }, { id: 7 }],
    },
  };
  const { messages } = validator.repair([twice], { unanswered: 'drop' });
  expect(messages).toEqual([
    { type: 'ai', content: [{ type: 'text', text: 'I pay' }], tool_calls: [], additional_kwargs: { kept: 1 } },
  ]);
  const answered = validator.repair([twice]).messages as { tool_calls?: { id: string }[]; content?: unknown[] }[];
  expect(answered[0]?.tool_calls?.map(({ id }) => id)).toEqual(['call_1', '7']);
  expect(answered[0]?.content?.[2]).toMatchObject({ type: 'tool_use', id: '7' });
});

test('a call that nobody can read is named, and goes', () => {
  const invalid = { id: 'call_2', name: 'pay', args: '{"a', error: 'no JSON' };
  const messages = [human(), new AIMessage({ content: 'I pay', invalid_tool_calls: [invalid] })];
  expect(codes(messages)).toEqual(['invalid-tool-calls']);
  const { messages: repaired, changes } = validator.repair(messages);
  expect((repaired[1] as AIMessage).content).toBe('I pay');
  expect((repaired[1] as AIMessage).invalid_tool_calls).toEqual([]);
  expect(changes[0]).toMatchObject({ code: 'invalid-tool-calls', action: 'remove', removed: invalid });
});

test('stored messages come back as stored messages', () => {
  const stored = mapChatMessagesToStoredMessages([human(), calls(call), new AIMessage('Well?')]);
  expect(codes(stored)).toEqual(['unanswered-call']);
  const { messages } = validator.repair(stored);
  const chat = mapStoredMessagesToChatMessages(messages as StoredMessage[]);
  expect(chat.map((message) => message.getType())).toEqual(['human', 'ai', 'tool', 'ai']);
  expect(codes(chat)).toEqual([]);
});

describe('what LangChain coerces', () => {
  const said = { id: 'call_1', type: 'function', function: { name: 'pay', arguments: '{"amount":5}' } };
  const answer = { role: 'assistant', content: null, tool_calls: [said] };
  const result = { role: 'tool', content: 'paid', tool_call_id: 'call_1' };

  test('text alone, and pairs of who speaks and what', () => {
    const messages = [['system', 'You pay invoices.'], 'Pay invoice 42', ['ai', [{ type: 'text', text: 'Well' }]]];
    expect(codes(messages)).toEqual([]);
    expect(codes([...messages, ['tool', 'paid']])).toEqual(['unrecognized-message']);
    const { messages: repaired } = validator.repair([...messages, ['human', [{ type: 'text', text: 7 }]]]);
    expect(repaired.slice(0, 3)).toEqual(messages);
    expect(repaired[3]).toEqual({ type: 'human', content: [{ type: 'text', text: '7' }] });
    expect(
      new MessageValidator().check([
        ['human', 'Pay'],
        ['ai', 'Well'],
      ]),
    ).toMatchObject({ ok: true, format: 'langchain' });
  });

  test('a call of OpenAI is one where it is converted, and is not in what is stored', () => {
    expect(codes([answer, result])).toEqual([]);
    const coerced = [answer, result].map((one) => coerceMessageLikeToMessage(one as unknown as BaseMessageLike));
    expect((coerced[0] as AIMessage).tool_calls).toEqual([call]);
    const stored = { type: 'ai', data: { content: '', tool_calls: [said] } };
    expect(codes([stored, result])).toEqual(['malformed-calls']);
    expect(validator.repair([stored, result]).messages).toEqual([
      { type: 'ai', data: { content: '', tool_calls: [call] } },
      result,
    ]);
    const broken = { ...answer, tool_calls: [{ ...said, function: { name: 'pay', arguments: '{"amount":' } }] };
    expect(() => coerceMessageLikeToMessage(broken as unknown as BaseMessageLike)).toThrow();
    expect(codes([broken, result])).toEqual(['invalid-arguments']);
  });

  test('a result that lacks its content is a result still', () => {
    expect(codes([answer, { role: 'tool', tool_call_id: 'call_1' }])).toEqual(['missing-content']);
  });

  test('content that is a block or has text keeps its text', () => {
    const texts = [{ text: 'Pay' }, { type: 'text', text: 'Pay' }].map((content) => ({ type: 'human', content }));
    expect(codes(texts)).toEqual(['invalid-content', 'invalid-content']);
    expect(validator.repair(texts).messages).toEqual([
      { type: 'human', content: 'Pay' },
      { type: 'human', content: [{ type: 'text', text: 'Pay' }] },
    ]);
  });
});

describe('the corpus, read into objects of the classes', () => {
  const cases = casesOf(corpus).map((one) => ({ ...one, chat: chatOf(one.messages) }));
  const ofPairs =
    /^(unanswered-call|orphan-result|misplaced-result|duplicate-result|duplicate-call-id|missing-call-id|invalid-tool-calls)?$/;

  test('what LangChain cannot read is broken', () => {
    const unread = cases.filter(({ chat }) => chat === undefined);
    expect(unread.length).toBeGreaterThan(25);
    expect(unread.filter(({ breaks }) => breaks.length === 0).map(({ name }) => name)).toEqual([]);
  });

  test('objects break the same rules as the JSON that they come from, and are repaired', () => {
    const wrong: string[] = [];
    let judged = 0;
    for (const { name, breaks, chat } of cases) {
      if (chat === undefined || !breaks.every((code) => ofPairs.test(code))) continue;
      judged += 1;
      const { issues } = validator.check(chat);
      const found = [...new Set(issues.filter(({ severity }) => severity === 'error').map(({ code }) => code))];
      if (found.sort().join() !== [...breaks].sort().join()) wrong.push(`${name}: ${found.join()}`);
      const { messages, remaining } = validator.repair(chat);
      if (remaining.length > 0 || !validator.check(messages).ok) wrong.push(`${name}: not repaired`);
    }
    expect(wrong).toEqual([]);
    expect(judged).toBeGreaterThan(150);
  });
});

/** As objects; `undefined` when LangChain cannot make them. */
function chatOf(messages: readonly unknown[]): unknown[] | undefined {
  try {
    return structuredClone(messages).map((message) =>
      (message as { data?: unknown } | null)?.data === undefined
        ? coerceMessageLikeToMessage(message as BaseMessageLike)
        : mapStoredMessagesToChatMessages([message as StoredMessage])[0],
    );
  } catch {
    return undefined;
  }
}

test('400 broken lists, plain, serialized and stored: what is repaired LangChain takes', () => {
  const mutators = Object.values(langchain.mutators);
  let judged = 0;
  for (let seed = 0; seed < 400; seed += 1) {
    const dice = new Dice(seed);
    const clean = langchain.render(conversation(dice));
    const { messages, remaining } = validator.repair(
      mutators[seed % mutators.length]!(structuredClone(clean), dice) ?? clean,
    );
    if (remaining.length > 0) continue;
    const chat = messages.map((message) => {
      const like = message as { data?: unknown };
      return like.data === undefined
        ? coerceMessageLikeToMessage(like as unknown as BaseMessageLike)
        : mapStoredMessagesToChatMessages([like as StoredMessage])[0]!;
    });
    // Read again as objects of its classes, there is nothing to mend.
    expect(validator.check(chat).issues.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(JSON.stringify(chat.map(({ content }) => content))).not.toContain('undefined');
    judged += 1;
  }
  expect(judged).toBeGreaterThan(380);
});
