import { describe, expect, test } from 'vitest';
import { MessageValidator } from '../../src/transcript/index.js';

const validator = new MessageValidator({ format: 'gemini' });
const user = { role: 'user', parts: [{ text: 'Pay invoice 42' }] };
const call = (id?: string) => ({
  functionCall: { ...(id === undefined ? {} : { id }), name: 'pay', args: { amount: 5 } },
  thoughtSignature: 'sig',
});
const result = (id?: string, output = 'paid') => ({
  functionResponse: { ...(id === undefined ? {} : { id }), name: 'pay', response: { output } },
});
const model = (...parts: unknown[]) => ({ role: 'model', parts });
const results = (...parts: unknown[]) => ({ role: 'user', parts });
const codes = (contents: readonly unknown[]) =>
  validator.check(contents).issues.flatMap(({ code, severity }) => (severity === 'error' ? [code] : []));

test('a valid list is detected, and is what it was', () => {
  const contents = [user, model(call(), call()), results(result(), result()), model({ text: 'Paid.' })];
  expect(new MessageValidator().check(contents)).toEqual({ ok: true, format: 'gemini', issues: [] });
  validator.repair(contents).messages.forEach((content, at) => {
    expect(content).toBe(contents[at]);
  });
});

describe('calls and results', () => {
  test('two calls of one name without ids, one result: the second is answered, in the same content', () => {
    const contents = [user, model(call(), call()), results(result())];
    expect(codes(contents)).toEqual(['unanswered-call']);
    const { messages, remaining } = validator.repair(contents);
    expect(remaining).toEqual([]);
    expect(messages).toHaveLength(3);
    const { parts } = messages[2] as { parts: unknown[] };
    expect(parts).toContain(contents[2]!.parts[0]);
    expect(parts).toContainEqual({
      functionResponse: { name: 'pay', response: { error: expect.stringContaining('No result') } },
    });
    expect(messages[1]).toBe(contents[1]);
  });

  test.each([
    ['a user between call and result', [user, model(call('a')), user, results(result('a'))], ['misplaced-result']],
    ['a result without a call', [user, results(result('a'))], ['orphan-result']],
    ['two results', [user, model(call('a')), results(result('a'), result('a'))], ['duplicate-result']],
    [
      'one id for two calls',
      [user, model(call('a'), call('a')), results(result('a'), result('a'))],
      ['duplicate-call-id'],
    ],
    [
      'a response that is text',
      [user, model(call()), results({ functionResponse: { name: 'pay', response: 'x' } })],
      ['invalid-result'],
    ],
    [
      'arguments as text',
      [user, model({ functionCall: { name: 'pay', args: '{"a":1}' } }), results(result())],
      ['invalid-arguments'],
    ],
    ['a role of another format', [user, { role: 'assistant', parts: [{ text: 'x' }] }], ['unknown-role']],
  ])('%s', (_name, contents, broken) => {
    expect(codes(contents)).toEqual(broken);
    const { messages, remaining } = validator.repair(contents);
    expect(remaining.map(({ code }) => code)).toEqual(broken[0] === 'unknown-role' ? broken : []);
    expect(validator.check(messages).ok).toBe(remaining.length === 0);
  });

  test('a stored result is the response', async () => {
    const told = new MessageValidator({
      format: 'gemini',
      truth: () => ({ state: 'completed', result: { paid: true } }),
    });
    const { messages } = await told.repairWithTruth([user, model(call('a'))]);
    expect(messages[2]).toEqual(results({ functionResponse: { id: 'a', name: 'pay', response: { paid: true } } }));
  });
});

test('signatures stay, with the calls and with texts that are empty', () => {
  const contents = [user, model({ text: '', thoughtSignature: 's1' }, { text: 'hm', thought: true }, call())];
  const { messages } = validator.repair(contents);
  expect(messages[1]).toBe(contents[1]);
});
