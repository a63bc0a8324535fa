import { describe, expect, it } from 'vitest';
import { MessageValidator } from '../../src/transcript/index.js';

type Message = Record<string, unknown>;

const user = (content: unknown): Message => ({ role: 'user', content });
const tool = (id: string, content: unknown): Message => ({ role: 'tool', tool_call_id: id, content });
const call = (id: string, input: unknown = {}, name = 'pay'): Message => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(input) },
});
const calls = (...tool_calls: readonly Message[]): Message => ({ role: 'assistant', content: null, tool_calls });
const chat = new MessageValidator({ format: 'openai-chat' });

/** What the results say, in order of the list. */
function results(messages: readonly unknown[]): string[] {
  return (messages as Message[])
    .filter(({ role }) => role === 'tool')
    .map(({ tool_call_id: id, content }) => `${id}: ${content}`);
}

describe('values that are no JSON', () => {
  const loop: Message = { n: 1n, failed: new Error('boom'), left: new Map([['bolt', new Set([5])]]) };
  loop['self'] = loop;

  it('are told, not left out', () => {
    const { messages: repaired } = chat.repair([user('q'), calls(call('c1')), tool('c1', loop)]);
    expect(results(repaired)).toEqual([
      'c1: {"n":"1","failed":{"name":"Error","message":"boom"},"left":{"bolt":[5]},"self":"[circular]"}',
    ]);
    const aiSdk = new MessageValidator({ format: 'ai-sdk' }).repair([
      user('q'),
      { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c1', toolName: 'pay', input: {} }] },
      { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'c1', toolName: 'pay', output: { cents: 1n } }] },
    ]);
    expect(JSON.stringify(aiSdk.messages)).toContain('"cents":"1"');
  });

  it('end, however they hold each other', () => {
    const all = Array.from({ length: 30 }, (): Message => ({}));
    for (const one of all) one['all'] = all;
    const { messages: repaired } = chat.repair([user('q'), calls(call('c1')), tool('c1', all)]);
    expect(results(repaired)[0]).toContain('[circular]');
  });

  it('are no end of the stack, and none of the caller either', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 20_000; level += 1) deep = { deep };
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const thrower = {
      get type(): string {
        throw new Error('no');
      },
    };
    for (const value of [deep, proxy, thrower]) {
      const messages = [user('q'), calls(call('c1')), tool('c1', value), tool('c1', value), user([value]), value];
      const { messages: repaired, changes } = chat.repair(messages);
      expect(chat.repair(repaired).changes.length).toBeLessThanOrEqual(changes.length);
    }
  });

  it('a member that cannot be read leaves its message as it is, and is told', () => {
    const message = {
      role: 'user',
      content: null,
      get mood(): string {
        throw new Error('no');
      },
    };
    const { messages: repaired, changes, remaining } = chat.repair([user('q'), message]);
    expect(repaired[1]).toBe(message);
    expect(changes).toEqual([]);
    expect(remaining).toMatchObject([{ code: 'unrecognized-message', path: '[1]' }]);
  });

  it('what is of another format when it was mended is told', () => {
    const gemini = new MessageValidator({ format: 'gemini' });
    const { messages: repaired, remaining } = gemini.repair([{ role: 'user', parts: { type: 'text', text: 'q' } }]);
    expect(remaining.length > 0).toBe(!gemini.check(repaired).ok);
  });
});

describe('very many', () => {
  it('calls in one turn, with none answered', () => {
    const content = Array.from({ length: 126_000 }, (_, n) => ({
      type: 'tool_use',
      id: `c${n}`,
      name: 'pay',
      input: {},
    }));
    const { changes, remaining } = new MessageValidator({ format: 'anthropic' }).repair([
      user('q'),
      { role: 'assistant', content },
    ]);
    expect([changes.length, remaining.length]).toEqual([126_000, 0]);
  });

  it('calls that are items beside each other', { timeout: 10_000 }, () => {
    const items = Array.from({ length: 30_000 }, (_, n) => ({
      type: 'function_call',
      call_id: `c${n}`,
      name: 'pay',
      arguments: '{}',
    }));
    const { messages, remaining } = new MessageValidator().repair([user('q'), ...items]);
    expect([messages.length, remaining.length]).toEqual([60_001, 0]);
  });

  it('calls said twice, as LangChain has them', { timeout: 10_000 }, () => {
    const ids = Array.from({ length: 10_000 }, (_, n) => `c${n}`);
    const message = {
      type: 'ai',
      content: '',
      tool_calls: ids.map((id) => ({ id, name: 'pay', args: {}, type: 'tool_call' })),
      additional_kwargs: { tool_calls: [...ids].reverse().map((id) => ({ ...call(id), extra: id })) },
    };
    const { messages } = new MessageValidator({ format: 'langchain' }).repair([
      { type: 'human', content: 'q' },
      { ...message, tool_calls: [...message.tool_calls, { ...message.tool_calls[0] }] },
    ]);
    const { tool_calls: again } = (messages[1] as Message)['additional_kwargs'] as { tool_calls: Message[] };
    expect(again.slice(0, 2).map(({ extra }) => extra)).toEqual(['c0', 'c1']);
  });
});
