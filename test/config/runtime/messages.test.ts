import { describe, expect, it } from 'vitest';
import { type CallOptions, loadConfigFromString, type Mycelium } from '../../../src/index.js';
import { MessageValidator } from '../../../src/transcript/index.js';
import { failure, listen } from '../../ledger/workers.js';
import { runtime, sleep } from './surroundings.js';

const user = (content: string): object => ({ role: 'user', content });
const calls = (...all: readonly (readonly [id: string, name: string, input: object])[]): object => ({
  role: 'assistant',
  content: null,
  tool_calls: all.map(([id, name, input]) => ({
    id,
    type: 'function',
    function: { name, arguments: JSON.stringify(input) },
  })),
});

/** What the results of a conversation say, by call id. */
function results(messages: readonly unknown[]): Record<string, string> {
  const tools = (messages as { role: string; tool_call_id: string; content: string }[]).filter(
    ({ role }) => role === 'tool',
  );
  return Object.fromEntries(tools.map(({ tool_call_id: id, content }) => [id, content]));
}

const YAML = `
tools:
  pay: { side_effect_class: irreversible }
  wire: { side_effect_class: non_idempotent_mutate }
  look: { side_effect_class: read, ledger: true }
  bare: { ledger: false }
`;

function tools(mycelium: Mycelium) {
  return mycelium.instrument({
    pay: async ({ to }: { to: string }, _call?: CallOptions) => ({ paid: to }),
    wire: async (_: object, _call?: CallOptions) => {
      throw new Error('connection reset');
    },
    look: async (_: object, _call?: CallOptions) => {
      throw new Error('not found');
    },
    bare: async (_: object) => 'done',
  });
}

describe('prepareMessages', () => {
  it('tells the model the truth about calls that were left without a result', async () => {
    const mycelium = await runtime(YAML);
    const { pay, wire, look } = tools(mycelium);
    const messages = [
      user('go'),
      calls(
        ['c1', 'pay', { to: 'Ada' }],
        ['c2', 'wire', {}],
        ['c3', 'pay', { to: 'Bob' }],
        ['c4', 'bare', {}],
        ['c5', 'look', {}],
        ['c6', 'pay', {}],
      ),
    ];
    using heard = listen('mycelium:messages-repaired');
    const prepared = await mycelium.run({ threadId: 't', runId: 'r' }, async () => {
      await pay({ to: 'Ada' }, { toolCallId: 'c1' });
      await failure(wire({}, { toolCallId: 'c2' }));
      await failure(look({}, { toolCallId: 'c5' }));
      const held = mycelium.guard('pay')(async (_: { to: string }) => sleep(2000));
      void held({ to: 'Cy' }, { toolCallId: 'c6' }).catch(() => undefined);
      await sleep(50);
      return mycelium.prepareMessages(messages);
    });
    expect(results(prepared)).toEqual({
      c1: '{"paid":"Ada"}',
      c2: expect.stringContaining('not known whether this call was carried out'),
      c3: expect.stringContaining('No result of this call is known here'),
      c4: expect.stringContaining('No result of this call is known here'),
      c5: 'It was ended before it had a result. It may be called again.',
      c6: 'pay was begun and may still be under way. Do not assume that it is done, or that it failed, and do not call it again.',
    });
    expect(new MessageValidator().check(prepared).ok).toBe(true);
    expect([prepared[0], prepared[1]]).toEqual(messages);
    expect(prepared[0]).toBe(messages[0]);
    expect(heard.events).toMatchObject([
      { format: 'openai-chat', changes: [{ code: 'unanswered-call', action: 'add' }, {}, {}, {}, {}, {}] },
    ]);
    expect(JSON.stringify(heard.events)).not.toContain('Ada');
  });

  it('knows what was released, and what was erased', async () => {
    const mycelium = await runtime(YAML);
    const { wire, pay } = tools(mycelium);
    const prepared = await mycelium.run({ threadId: 't', runId: 'r' }, async () => {
      await failure(wire({}, { toolCallId: 'c1' }));
      await pay({ to: 'Ada' }, { toolCallId: 'c2' });
      const ledger = await mycelium.ledger('wire');
      const { calls: all } = await ledger.list();
      const by = { by: 'ada', reason: 'asked the bank' };
      for (const call of all) {
        if (call.tool === 'wire') await ledger.release(call.id, { as: 'not-executed', ...by });
        else await ledger.erase(call.id, by);
      }
      return mycelium.prepareMessages([user('go'), calls(['c1', 'wire', {}], ['c2', 'pay', { to: 'Ada' }])]);
    });
    expect(results(prepared)).toEqual({
      c1: 'This call was not run: nothing was done. It may be made again.',
      c2: 'pay was carried out; its result is no longer available. Do not call it again.',
    });
  });

  it('outside of a run, or of another run, claims nothing', async () => {
    const mycelium = await runtime(YAML);
    const { pay } = tools(mycelium);
    await mycelium.run({ threadId: 't', runId: 'r' }, () => pay({ to: 'Ada' }, { toolCallId: 'c1' }));
    const messages = [user('go'), calls(['c1', 'pay', { to: 'Ada' }])];
    const nobody = expect.stringContaining('may or may not have been carried out');
    expect(results(await mycelium.prepareMessages(messages))).toEqual({ c1: nobody });
    const other = await mycelium.run({ threadId: 't', runId: 'other' }, () => mycelium.prepareMessages(messages));
    expect(results(other)).toEqual({ c1: nobody });
  });

  it('goes by what the file says of messages', async () => {
    const broken = [user('go'), calls(['c1', 'pay', {}])];
    const off = await runtime('message_validator: false');
    expect(await off.prepareMessages(broken)).toEqual(broken);
    const drop = await runtime('message_validator: { unanswered: drop }');
    expect(await drop.prepareMessages(broken)).toEqual([user('go')]);
    const hopeless = [user('go'), { role: 'wizard', content: 'abracadabra' }];
    const refused = await failure((await runtime('tools: {}')).prepareMessages(hopeless));
    expect(refused).toMatchObject({ code: expect.stringMatching(/^MESSAGE/), issues: [{ code: 'unknown-role' }] });
    const error = await failure(loadConfigFromString('message_validator: { provider: openai-chatt }'));
    expect(error.message).toContain('MYC523');
    expect(error.message).toContain('did you mean openai-chat?');
  });
});

describe('history_guard', () => {
  const long = (count: number): object[] => Array.from({ length: count }, (_, index) => user(`question ${index}`));

  it('refuses what is too long, or what was lost on the way, run by run', async () => {
    const mycelium = await runtime('history_guard: { max_messages: 4, max_tokens: 1000 }');
    await mycelium.run({ runId: 'r' }, async () => {
      expect(await mycelium.prepareMessages(long(3))).toEqual(long(3));
      const lost = await failure(mycelium.prepareMessages(long(3).slice(1)));
      expect(lost).toMatchObject({ code: 'HISTORY_REFUSED', issues: [{ code: 'dropped', beginning: 'question 0' }] });
      const many = await failure(mycelium.prepareMessages(long(5)));
      expect(many).toMatchObject({ issues: [{ code: 'too-many-messages', count: 5, limit: 4 }] });
    });
    // Another run has lost nothing, and outside of a run nobody knows.
    expect(await mycelium.run({ runId: 's' }, () => mycelium.prepareMessages(long(3).slice(1)))).toHaveLength(2);
    await mycelium.prepareMessages(long(3));
    expect(await mycelium.prepareMessages(long(3).slice(1))).toHaveLength(2);
    expect(await failure(mycelium.prepareMessages([user('word '.repeat(5000))]))).toMatchObject({
      issues: [{ code: 'too-many-tokens' }],
    });
  });

  it('trim leaves out the oldest instead, and tells it', async () => {
    const mycelium = await runtime('history_guard: { max_messages: 4, trim: true }');
    const system = { role: 'system', content: 'Be brief' };
    const talk = [1, 2, 3, 4].flatMap((n) => [user(`question ${n}`), { role: 'assistant', content: `answer ${n}` }]);
    using heard = listen('mycelium:history-watched');
    await mycelium.run({ runId: 'r' }, async () => {
      const kept = await mycelium.prepareMessages([system, ...talk, user('question 5')]);
      expect(kept).toEqual([system, ...talk.slice(-2), user('question 5')]);
      // What was left out is no loss.
      expect(await mycelium.prepareMessages(kept)).toEqual(kept);
      expect((await failure(mycelium.prepareMessages(kept.slice(0, 3)))).message).toContain('dropped');
    });
    expect(heard.events[0]).toMatchObject({ format: 'openai-chat', messages: 4, trimmed: 6 });
  });
});

describe('the runner of a file', () => {
  const yaml = `
runner: { max_llm_retries: 1, max_tool_retries: 0, max_turns: 3 }
tools:
  add: { bounded: { schema: { a: { type: integer } } } }
`;

  it('calls what the registry has, and asks as often as the file says', async () => {
    const mycelium = await runtime(yaml);
    mycelium.instrument({ add: async ({ a }: { a: number }) => a + 1 });
    const runner = await mycelium.runner();
    const { messages } = await runner.answer([user('go'), calls(['c1', 'add', { a: 1 }])]);
    expect(results(messages)).toEqual({ c1: '2' });
    let asked = 0;
    const wrong = await failure(
      runner.run({ messages: [user('go')], model: () => calls([`c${++asked}`, 'add', { a: 'x' }]) }),
    );
    expect(wrong).toMatchObject({ code: 'TOOL_RUN_EXHAUSTED', details: { why: 'retries', limit: 1 } });
    const view = await mycelium.runner(mycelium.registry().view([]));
    const { answers } = await view.answer([user('go'), calls(['c1', 'add', { a: 1 }])]);
    expect(answers).toMatchObject([{ status: 'refused', error: { phase: 'allowlist' } }]);
  });
});

describe('protect in YAML', () => {
  it('remembers reads of a run by entity, and a write drops what it outdates', async () => {
    const mycelium = await runtime(`
tools:
  fetch_customer: { protect: { entity_param: customer_id, ttl: 60s } }
  list_all: { protect: { tags: [customers] } }
  rename: { side_effect_class: irreversible, protect: { invalidates: customer_id, invalidates_tags: [customers] } }
`);
    let reads = 0;
    const { fetchCustomer, listAll, rename } = mycelium.instrument({
      fetchCustomer: async ({ customerId }: { customerId: string; part?: string }) => `${customerId} ${++reads}`,
      listAll: async (_: object) => `all ${++reads}`,
      rename: async (_: { customerId: string; name: string }, _call?: CallOptions) => 'renamed',
    });
    await mycelium.run({ runId: 'r', threadId: 't' }, async () => {
      expect(await fetchCustomer({ customerId: 'c1' })).toBe('c1 1');
      expect(await fetchCustomer({ customerId: 'c1' })).toBe('c1 1');
      expect(await fetchCustomer({ customerId: 'c1', part: 'x' })).toBe('c1 2');
      expect(await fetchCustomer({ customerId: 'c2' })).toBe('c2 3');
      expect(await listAll({})).toBe('all 4');
      await rename({ customerId: 'c1', name: 'Ada' }, { toolCallId: 'w1' });
      expect(await fetchCustomer({ customerId: 'c1' })).toBe('c1 5');
      expect(await fetchCustomer({ customerId: 'c2' })).toBe('c2 3');
      expect(await listAll({})).toBe('all 6');
    });
    await mycelium.run({ runId: 's' }, async () => expect(await fetchCustomer({ customerId: 'c2' })).toBe('c2 7'));
    expect(mycelium.report().guarded).toMatchObject([
      { name: 'fetch_customer', checks: ['age'] },
      { name: 'list_all', checks: ['age'] },
      { name: 'rename', checks: ['invalidates'] },
    ]);
    expect(mycelium.report().unguarded).toEqual([]);
  });
});
