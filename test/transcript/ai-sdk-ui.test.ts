import { convertToModelMessages, type UIMessage, validateUIMessages } from 'ai';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { MessageValidator } from '../../src/transcript/index.js';
import { aiSdkUi } from './fuzz/ai-sdk-ui.js';
import { conversation } from './fuzz/conversation.js';
import { Dice } from './fuzz/random.js';

const validator = new MessageValidator({ format: 'ai-sdk-ui' });
const user = { id: 'm0', role: 'user', parts: [{ type: 'text', text: 'Pay invoice 42' }] };
const tool = { type: 'tool-pay', toolCallId: 'call_1', input: { amount: 5 } };
const paid = { ...tool, state: 'output-available', output: { paid: true } };
const answer = (...parts: unknown[]) => ({ id: 'm1', role: 'assistant', parts });
const said = (...parts: unknown[]) => [user, answer(...parts)];
const codes = (messages: readonly unknown[]) => validator.check(messages).issues.map(({ code }) => code);
const partsOf = (messages: readonly unknown[]) => (messages[1] as { parts: unknown[] }).parts;

/** A prompt that every call of which has its result: what a provider gets. */
async function prompt(messages: readonly unknown[]) {
  return convertToModelMessages(await validateUIMessages({ messages: structuredClone(messages) }));
}
const isComplete = (messages: readonly unknown[]) => new MessageValidator({ format: 'ai-sdk' }).check(messages).ok;

describe('calls that nobody answered', () => {
  test('an aborted call passes the SDK, and makes a prompt that it refuses: found and answered', async () => {
    const messages = said({ ...tool, state: 'input-available' });
    expect(isComplete(await prompt(messages))).toBe(false);
    expect(codes(messages)).toEqual(['unanswered-call']);
    const { messages: repaired, remaining } = validator.repair(messages);
    expect(remaining).toEqual([]);
    expect(repaired[0]).toBe(user);
    expect(isComplete(await prompt(repaired))).toBe(true);
    expect(partsOf(repaired)).toEqual([
      { ...tool, state: 'output-error', errorText: expect.stringContaining('No result of this call is known here') },
    ]);
  });

  test('what is known of the call is its result', async () => {
    const told = new MessageValidator({ truth: () => ({ state: 'completed', result: { paid: true } }) });
    const { messages } = await told.repairWithTruth(said({ ...tool, state: 'input-streaming' }));
    expect(partsOf(messages)).toEqual([paid]);
  });

  test('a call that was denied is denied, not lost', () => {
    const approval = { id: 'a1', approved: false, reason: 'too much' };
    const messages = [...said({ ...tool, state: 'approval-responded', approval }), { ...user, id: 'm2' }];
    expect(codes(messages)).toEqual(['unanswered-call']);
    const { messages: repaired } = validator.repair(messages);
    expect(partsOf(repaired)).toEqual([{ ...tool, state: 'output-denied', approval }]);
  });

  test('what was approved just now is run next, so it is not an issue', () => {
    expect(codes(said({ ...tool, state: 'approval-responded', approval: { id: 'a1', approved: true } }))).toEqual([]);
    const before = { ...tool, state: 'approval-responded', approval: { id: 'a1', approved: true } };
    expect(codes(said(before, { type: 'step-start' }, { type: 'text', text: 'later' }))).toEqual(['unanswered-call']);
    const asked = { ...tool, state: 'approval-requested', approval: { id: 'a1' } };
    expect(codes(said(asked))).toEqual(['pending-approval']);
    expect(validator.repair(said(asked)).remaining).toEqual([]);
  });
});

describe('states', () => {
  test.each([
    ['an unknown state with an output', { ...paid, state: 'result' }, paid],
    ['a state that its output denies', { ...paid, state: 'input-available' }, paid],
    ['an output beside an error', { ...paid, errorText: 'x' }, paid],
    ['an approval of nobody', { ...paid, approval: { id: 'a1', approved: false } }, paid],
    [
      'version 4',
      {
        type: 'tool-invocation',
        toolInvocation: {
          state: 'result',
          toolCallId: 'call_1',
          toolName: 'pay',
          args: { amount: 5 },
          result: { paid: true },
        },
      },
      paid,
    ],
  ])('%s', async (_name, broken, whole) => {
    await expect(prompt(said(broken))).rejects.toThrow();
    expect(validator.check(said(broken)).ok).toBe(false);
    const { messages } = validator.repair(said(broken));
    expect(partsOf(messages)).toEqual([whole]);
    expect(isComplete(await prompt(messages))).toBe(true);
  });

  test('a preliminary output is a warning: it is sent as if it were final', () => {
    const { ok, issues } = validator.check(said({ ...paid, preliminary: true }));
    expect(ok).toBe(true);
    expect(issues).toEqual([
      expect.objectContaining({ code: 'invalid-state', severity: 'warning', path: '[1].parts[0].preliminary' }),
    ]);
  });

  test('one call id in two messages: the later one is renamed', () => {
    const messages = [...said(paid), { ...answer(paid, { type: 'text', text: 'ok' }), id: 'm2' }];
    expect(codes(messages)).toEqual(['reused-call-id']);
    const { messages: repaired } = validator.repair(messages);
    expect(repaired[1]).toBe(messages[1]);
    expect(repaired[2]).toEqual({
      ...messages[2],
      parts: [
        { ...paid, toolCallId: 'call_1_2' },
        { type: 'text', text: 'ok' },
      ],
    });
  });
});

test('what no rule knows stays: members of messages and parts, data, sources, steps', () => {
  const kept = [
    { type: 'step-start' },
    { type: 'reasoning', text: 'hm', providerMetadata: { anthropic: { signature: 's' } } },
    { type: 'source-url', sourceId: 's1', url: 'https://example.com' },
    { type: 'data-note', id: 'n', data: { x: 1 } },
    { ...paid, toolCallId: 'call_0', callProviderMetadata: { openai: { itemId: 'fc_1' } }, mine: 1 },
  ];
  const messages = [
    user,
    { ...answer(...kept, { ...tool, state: 'input-available', mine: 2 }), metadata: { at: 7 }, mine: 3 },
  ];
  const { messages: repaired } = validator.repair(messages);
  expect(repaired[1]).toMatchObject({ id: 'm1', metadata: { at: 7 }, mine: 3 });
  kept.forEach((part, at) => {
    expect(partsOf(repaired)[at]).toBe(part);
  });
  expect(partsOf(repaired)[5]).toMatchObject({ mine: 2, state: 'output-error' });
  expect(new MessageValidator().check(messages).format).toBe('ai-sdk-ui');
});

test('400 broken chats: what the validator lets pass, before or after a repair, the SDK takes and converts', async () => {
  const mutators = Object.values(aiSdkUi.mutators);
  let judged = 0;
  for (let seed = 0; seed < 400; seed += 1) {
    const dice = new Dice(seed);
    const clean = aiSdkUi.render(conversation(dice));
    const messages = mutators[seed % mutators.length]!(structuredClone(clean), dice) ?? clean;
    const { messages: repaired, remaining } = validator.repair(messages);
    if (remaining.length > 0) continue;
    const taken = validator.check(messages).ok ? [messages, repaired] : [repaired];
    for (const list of taken) expect(isComplete(await prompt(list))).toBe(true);
    judged += 1;
  }
  expect(judged).toBeGreaterThan(380);
});

test('types: what comes back is of the type that went in', () => {
  expectTypeOf(validator.repair([] as UIMessage[]).messages).toEqualTypeOf<UIMessage[]>();
});
