import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors/usage.js';
import { HistoryGuard, type HistoryGuardOptions } from '../../src/transcript/index.js';

const user = (content: unknown): object => ({ role: 'user', content });
const assistant = (content: string): object => ({ role: 'assistant', content });

describe('a guard', () => {
  it('sees a message that was changed in place', () => {
    const guard = new HistoryGuard();
    const answer = { role: 'assistant', content: 'world' };
    guard.check([user('hello'), answer]);
    answer.content = 'other';
    expect(guard.check([user('hello'), answer]).issues).toMatchObject([{ code: 'dropped', beginning: 'world' }]);
  });

  it('takes no message for part of another that was there before', () => {
    const guard = new HistoryGuard();
    const rest = [assistant('ok'), user('please pay now')];
    guard.check([user('pay'), ...rest]);
    expect(guard.check(rest).issues).toMatchObject([{ code: 'dropped', beginning: 'pay' }]);
  });

  it('forgives one list for two declarations', () => {
    const guard = new HistoryGuard();
    guard.check([user('a'), user('b')]);
    guard.compacted();
    guard.compacted();
    expect([guard.check([user('b')]).ok, guard.check([]).ok]).toEqual([true, false]);
  });

  it('knows a call whose input is text in one format and a value in another', () => {
    const guard = new HistoryGuard();
    const input = '{"n":1}';
    guard.check([
      user('q'),
      { type: 'custom_tool_call', call_id: 'c1', name: 'pay', input },
      { type: 'custom_tool_call_output', call_id: 'c1', output: 'ok' },
    ]);
    const { issues } = guard.check([
      user('q'),
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'pay', input: { n: 1 } }] },
      user([{ type: 'tool_result', tool_use_id: 'c1', content: 'ok' }]),
    ]);
    expect(issues).toEqual([]);
  });

  it('reads what throws, and what has no end', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
        ownKeys: () => {
          throw new Error('no');
        },
        has: () => {
          throw new Error('no');
        },
      },
    );
    let deep: unknown = 'x';
    for (let level = 0; level < 20_000; level += 1) deep = { output: deep };
    for (const value of [proxy, hostile, deep]) {
      for (const format of ['gemini', 'openai-chat', 'ai-sdk-ui'] as const) {
        const messages = [
          { role: 'user', parts: [{ functionResponse: { name: 'pay', response: { output: value } } }] },
          { id: 'a', role: 'assistant', parts: [{ type: 'tool-pay', state: 'output-available', output: value }] },
          user([{ type: 'image_url', image_url: value }]),
          { role: 'tool', tool_call_id: 'c1', content: value },
          value,
        ];
        const guard = new HistoryGuard({ format, repeats: true });
        expect(guard.check(messages).messages).toBe(5);
        expect(guard.trim(messages, { maxTokens: 1 }).fits).toBe(false);
      }
    }
  });

  it('passes on what the counter throws', () => {
    const counter = (): number => {
      throw new RangeError('no tokenizer');
    };
    expect(() => new HistoryGuard({ counter }).check([{ role: 'tool', tool_call_id: 'c1', content: 'ok' }])).toThrow(
      RangeError,
    );
  });

  it.each([[null], [{ redact: 'yes' }], [{ redact: 1 }]])('refuses options that are none: %j', (options) => {
    expect(() => new HistoryGuard(options as unknown as HistoryGuardOptions)).toThrow(UsageError);
  });
});
