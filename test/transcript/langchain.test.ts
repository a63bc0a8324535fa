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
