import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { profiles } from '../../src/transcript/formats.js';
import { MessageValidationError, MessageValidator, UsageError } from '../../src/transcript/index.js';

const user = { role: 'user', content: 'Pay invoice 42' };
const call = (id: string, name = 'pay') => ({ id, type: 'function', function: { name, arguments: '{"amount":5}' } });
const calls = (...tool_calls: unknown[]) => ({ role: 'assistant', content: null, tool_calls });
const result = (id: string, content: unknown = 'paid') => ({ role: 'tool', tool_call_id: id, content });
const open = [user, calls(call('call_1'))];
const NOTHING_KNOWN = 'No result of this call is known here. It may or may not have been carried out.';

describe('check', () => {
  test('finds everything at once, in order of the list, with place, call and rule', () => {
    const messages = [{ role: 'user', content: null }, calls(call('call_1', 'send mail')), user, result('call_9')];
    expect(new MessageValidator().check(messages)).toMatchObject({
      ok: false,
      format: 'openai-chat',
      issues: [
        {
          code: 'missing-content',
          severity: 'error',
          path: '[0].content',
          rule: 'openai-chat/missing-content',
          fixable: true,
        },
        { code: 'invalid-name', path: '[1].tool_calls[0]', callId: 'call_1' },
        {
          code: 'unanswered-call',
          path: '[1].tool_calls[0]',
          callId: 'call_1',
          hint: 'send mail was called and has no result',
        },
        { code: 'orphan-result', path: '[3]', callId: 'call_9' },
      ],
    });
  });

  test('what is no list is an issue', () => {
    for (const messages of ['hello', undefined, null, 7, { 0: user }] as unknown as unknown[][]) {
      const validator = new MessageValidator();
      expect(validator.check(messages)).toMatchObject({
        ok: false,
        format: 'unknown',
        issues: [{ code: 'not-a-list' }],
      });
      expect(validator.repair(messages)).toMatchObject({ messages, changes: [], remaining: [{ code: 'not-a-list' }] });
    }
  });

  test('survives whatever stands in a list', () => {
    const cyclic: Record<string, unknown> = { role: 'user', content: 'x' };
    cyclic['self'] = cyclic;
    const stream = { role: 'assistant', content: 'x', stream: new ReadableStream(), lock: () => undefined };
    const odd = [
      undefined,
      7n,
      Symbol('x'),
      [user],
      () => user,
      cyclic,
      stream,
      new Date(),
      new Map(),
      Object.create(null),
    ];
    for (const format of ['openai-chat', 'anthropic', 'ai-sdk', 'auto'] as const) {
      const validator = new MessageValidator({ format });
      const { issues } = validator.check(odd);
      expect(issues.length).toBeGreaterThanOrEqual(8);
      expect(() => validator.repair(odd)).not.toThrow();
      expect(validator.repair(odd).messages).toContain(stream);
    }
  });

  test('a hole in a list is a message that is not there', () => {
    // biome-ignore lint/suspicious/noSparseArray: the hole is what this is about.
    expect(new MessageValidator().check([user, , user]).issues).toMatchObject([
      { code: 'unrecognized-message', path: '[1]' },
    ]);
  });
});

test('a message that throws when it is read is an issue, and stays', () => {
  const trap = new Proxy(
    {},
    {
      get: () => {
        throw new Error('revoked');
      },
      has: () => {
        throw new Error('revoked');
      },
    },
  );
  for (const format of ['auto', 'openai-chat', 'anthropic', 'ai-sdk'] as const) {
    const validator = new MessageValidator({ format });
    expect(validator.check([user, trap]).issues).toMatchObject([{ code: 'unrecognized-message', path: '[1]' }]);
    expect(validator.repair([user, trap]).messages[1]).toBe(trap);
  }
});

describe('detection', () => {
  test.each([
    ['openai-chat', [user, calls(call('call_1'))]],
    [
      'anthropic',
      [user, { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'pay', input: {} }] }],
    ],
    [
      'ai-sdk',
      [user, { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c', toolName: 'pay', input: {} }] }],
    ],
    ['openai-chat', [user]],
  ])('%s', (format, messages) => {
    expect(new MessageValidator().check(messages).format).toBe(format);
  });

  test('a message of another format is an issue, and nothing is made up beside it', () => {
    const foreign = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'paid' }] };
    const messages = [...open, foreign, calls(call('call_2')), result('call_2')];
    const { messages: repaired, remaining } = new MessageValidator().repair(messages);
    expect(remaining.map(({ code, fixable }) => [code, fixable])).toEqual([
      ['unanswered-call', false],
      ['mixed-format', false],
    ]);
    expect(repaired).toEqual(messages);
  });
});

describe('validate', () => {
  test('gives back the same list, or throws all issues', () => {
    const valid = [...open, result('call_1')];
    const validator = new MessageValidator();
    expect(validator.validate(valid)).toBe(valid);
    const broken = [...open, { role: 'wizard', content: 'x' }];
    expect(() => validator.validate(broken)).toThrow(MessageValidationError);
    try {
      validator.validate(broken);
    } catch (error) {
      expect(error).toMatchObject({
        code: 'MESSAGES_INVALID',
        retryable: 'never',
        format: 'openai-chat',
        issues: validator.check(broken).issues,
        details: { format: 'openai-chat' },
      });
      expect((error as Error).message).toContain('[2].role unknown-role');
      expect((error as MessageValidationError).remedy).toContain('mend the rest');
    }
  });

  test('lets warnings pass', () => {
    const messages = [...open, result('call_1'), { role: 'assistant', content: 'Done', parsed: { done: true } }];
    expect(new MessageValidator().validate(messages)).toBe(messages);
  });
});

describe('repair', () => {
  test('a valid list keeps every object, and nothing is frozen or changed', () => {
    const messages = [...open, result('call_1'), { role: 'assistant', content: 'Done', annotations: [{ x: 1 }] }];
    const repaired = new MessageValidator().repair(messages);
    expect(repaired).toEqual({ messages, changes: [], remaining: [] });
    repaired.messages.forEach((message, at) => {
      expect(message).toBe(messages[at]);
    });
  });

  test('touches nothing but the broken message, and keeps fields that nobody knows', () => {
    const assistant = {
      ...calls({ ...call('call_1', 'send mail'), extra: { keep: 1 } }, call('call_2')),
      name: 'bot',
      unknown: { deep: [1] },
    };
    const messages = Object.freeze([Object.freeze(user), Object.freeze(assistant), result('call_1'), result('call_2')]);
    const repaired = new MessageValidator().repair(messages).messages as Record<string, unknown>[];
    expect(repaired[0]).toBe(user);
    expect(repaired[2]).toBe(messages[2]);
    expect(repaired[1]).toEqual({
      ...assistant,
      tool_calls: [
        { ...assistant.tool_calls[0]!, function: { name: 'send_mail', arguments: '{"amount":5}' } },
        call('call_2'),
      ],
    });
    // A call that is as it should be is the same object, too.
    const [, changed] = repaired as unknown as (typeof assistant)[];
    expect(changed?.tool_calls[1]).toBe(assistant.tool_calls[1]);
  });

  test('in Anthropic messages signatures, cache breakpoints and callers stay', () => {
    const thinking = { type: 'thinking', thinking: 'hm', signature: 'c2ln' };
    const text = { type: 'text', text: 'I pay', cache_control: { type: 'ephemeral', ttl: '1h' }, citations: null };
    const use = { type: 'tool_use', id: 'functions.pay:0', name: 'pay', input: {}, caller: { type: 'direct' } };
    const { messages, remaining } = new MessageValidator().repair([
      user,
      { role: 'assistant', content: [thinking, text, use] },
    ]);
    const content = messages[1] as unknown as { content: Record<string, unknown>[] };
    expect(remaining).toEqual([]);
    expect(content.content[0]).toBe(thinking);
    expect(content.content[1]).toBe(text);
    expect(content.content[2]).toMatchObject({
      caller: { type: 'direct' },
      id: expect.stringMatching(/^functions_pay_0_/),
    });
    expect(messages[2]).toMatchObject({
      content: [{ type: 'tool_result', tool_use_id: content.content[2]?.['id'], is_error: true }],
    });
  });

  test('in ModelMessages provider options stay', () => {
    const options = { anthropic: { cacheControl: { type: 'ephemeral' } } };
    const part = { type: 'tool-call', toolCallId: 'c1', toolName: 'pay', args: { a: 1 }, providerOptions: options };
    const { messages } = new MessageValidator({ format: 'ai-sdk' }).repair([
      { role: 'assistant', content: [part], providerOptions: options },
      {
        role: 'tool',
        content: [{ type: 'tool-result', toolCallId: 'c1', toolName: 'pay', result: 'ok', providerOptions: options }],
      },
    ]);
    expect(messages).toEqual([
      {
        role: 'assistant',
        content: [{ type: 'tool-call', toolCallId: 'c1', toolName: 'pay', input: { a: 1 }, providerOptions: options }],
        providerOptions: options,
      },
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: 'c1',
            toolName: 'pay',
            output: { type: 'text', value: 'ok' },
            providerOptions: options,
          },
        ],
      },
    ]);
  });

  test('says what it did, and has what it took away', () => {
    const orphan = result('call_9', 'the balance is 17');
    const { changes } = new MessageValidator().repair([...open, result('call_1'), result('call_1', 'refused'), orphan]);
    expect(changes).toEqual([
      {
        code: 'duplicate-result',
        action: 'remove',
        path: '[3]',
        callId: 'call_1',
        what: 'removed, the first result stays; the contents differ',
        removed: result('call_1', 'refused'),
      },
      { code: 'orphan-result', action: 'remove', path: '[4]', callId: 'call_9', what: 'removed', removed: orphan },
    ]);
  });

  test('the same ids come out when the conversation has grown', () => {
    const odd = [{ role: 'assistant', content: [{ type: 'tool_use', id: 'a.b', name: 'pay', input: {} }] }];
    const validator = new MessageValidator({ format: 'anthropic' });
    const first = validator.repair(odd).messages[0];
    expect(validator.repair([user, ...odd, user]).messages[1]).toEqual(first);
  });

  test('of two calls with one id each keeps its own result', () => {
    const messages = [
      user,
      calls(call('call_1'), call('call_1', 'search')),
      result('call_1', 'paid'),
      result('call_1', 'found'),
    ];
    expect(new MessageValidator().repair(messages).messages.slice(1)).toEqual([
      calls(call('call_1'), call('call_1_2', 'search')),
      result('call_1', 'paid'),
      result('call_1_2', 'found'),
    ]);
    const use = (name: string) => ({ type: 'tool_use', id: 'toolu_1', name, input: {} });
    const back = (content: string) => ({
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content }],
    });
    const again = [
      { role: 'assistant', content: [use('pay')] },
      back('paid'),
      { role: 'assistant', content: [use('search')] },
      back('found'),
    ];
    expect(new MessageValidator().repair(again).messages[3]).toEqual({
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'toolu_1_2', content: 'found' }],
    });
  });

  test('a result may take the place of one that moves away', () => {
    const use = (id: string) => ({ role: 'assistant', content: [{ type: 'tool_use', id, name: 'pay', input: {} }] });
    const back = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: `of ${id}` });
    const hi = { type: 'text', text: 'hi' };
    const second = { role: 'user', content: [back('t2')] };
    const going = { role: 'assistant', content: 'Going on' };
    const messages = [use('t1'), second, use('t2'), going, { role: 'user', content: [hi, back('t1')] }];
    const repaired = new MessageValidator().repair(messages);
    expect(repaired.remaining).toEqual([]);
    expect(repaired.messages).toEqual([
      use('t1'),
      { role: 'user', content: [back('t1')] },
      use('t2'),
      second,
      going,
      { role: 'user', content: [hi] },
    ]);
    expect(repaired.messages[3]).toBe(second);
  });

  test('a new id is none that is there already', () => {
    const use = (id: string) => ({ type: 'tool_use', id, name: 'pay', input: {} });
    const validator = new MessageValidator({ format: 'anthropic' });
    const idsOf = (messages: readonly unknown[]) =>
      (messages[0] as { content: { id: string }[] }).content.map(({ id }) => id);
    const [made] = idsOf(validator.repair([{ role: 'assistant', content: [use('a.b')] }]).messages);
    const both = idsOf(validator.repair([{ role: 'assistant', content: [use('a.b'), use(made!)] }]).messages);
    expect(both).toEqual([`${made}_2`, made]);
  });

  test('two ids that are alike when made valid stay two', () => {
    const use = (id: string) => ({ type: 'tool_use', id, name: 'pay', input: {} });
    const back = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: id });
    const { messages } = new MessageValidator().repair([
      { role: 'assistant', content: [use('a.b'), use('a:b')] },
      { role: 'user', content: [back('a:b'), back('a.b')] },
    ]);
    const [asked, answered] = messages as unknown as { content: Record<string, unknown>[] }[];
    const idOf = (content: string) => answered?.content.find((block) => block['content'] === content)?.['tool_use_id'];
    expect(asked?.content.map(({ id }) => id)).toEqual([idOf('a.b'), idOf('a:b')]);
    expect(idOf('a.b')).not.toBe(idOf('a:b'));
  });
});

describe('policies', () => {
  test('an unanswered call may go, with the reasoning that led to nothing else', () => {
    const thinking = { type: 'thinking', thinking: 'hm', signature: 's' };
    const use = { type: 'tool_use', id: 'toolu_1', name: 'pay', input: {} };
    const validator = new MessageValidator({ policies: { unanswered: 'drop' } });
    expect(validator.repair([user, { role: 'assistant', content: [thinking, use] }, user]).messages).toEqual([
      user,
      user,
    ]);
    const text = { type: 'text', text: 'I pay' };
    const kept = validator.repair([user, { role: 'assistant', content: [thinking, text, use] }, user]).messages;
    expect(kept[1]).toEqual({ role: 'assistant', content: [thinking, text] });
  });

  test('an orphan may become text of the user', () => {
    const { messages, remaining } = new MessageValidator().repair([user, result('call_9', 'balance 17')], {
      orphan: 'demote',
    });
    expect(remaining).toEqual([]);
    expect(messages).toHaveLength(2);
    expect(messages[1]).toMatchObject({ role: 'user', content: expect.stringContaining('balance 17') });
  });

  test('a prefill that a model refuses stays reported, or is gone on from', () => {
    const messages = [user, { role: 'assistant', content: 'The answer is' }];
    const validator = new MessageValidator({ profile: 'anthropic-4.6' });
    expect(validator.repair(messages).remaining).toMatchObject([
      { code: 'prefill-not-allowed', rule: 'anthropic-4.6/prefill-not-allowed' },
    ]);
    expect(validator.repair(messages, { prefill: 'continue' })).toMatchObject({
      messages: [...messages, { role: 'user', content: 'Continue.' }],
      remaining: [],
    });
  });
});

describe('profiles', () => {
  test('Bedrock: the user first, and in turns', () => {
    const messages = [
      { role: 'assistant', content: 'Hi' },
      user,
      user,
      { role: 'assistant', content: [{ type: 'text', text: 'Paid' }] },
      user,
    ];
    expect(new MessageValidator({ profile: 'anthropic' }).check(messages).ok).toBe(true);
    const bedrock = new MessageValidator({ profile: 'anthropic-bedrock' });
    expect(bedrock.check(messages).issues.map(({ code }) => code)).toEqual(['first-not-user', 'roles-not-alternating']);
    const { messages: repaired, remaining } = bedrock.repair(messages);
    expect(remaining).toEqual([]);
    expect((repaired as { role: string }[]).map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
      'user',
    ]);
    expect(repaired[2]).toEqual({
      role: 'user',
      content: [
        { type: 'text', text: user.content },
        { type: 'text', text: user.content },
      ],
    });
  });

  test('with thinking on a turn of calls starts with it, and nobody makes it up', () => {
    const messages = [
      user,
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'pay', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1' }] },
    ];
    expect(new MessageValidator({ profile: 'anthropic-thinking' }).repair(messages).remaining).toMatchObject([
      { code: 'reasoning-missing', fixable: false },
    ]);
  });

  test('models that reason have developer for system: a warning, and mended', () => {
    const messages = [{ role: 'system', content: 'Be brief', name: 'x' }, user];
    const validator = new MessageValidator({ profile: 'openai-chat-reasoning' });
    expect(validator.check(messages)).toMatchObject({
      ok: true,
      issues: [{ code: 'system-role', severity: 'warning' }],
    });
    expect(validator.repair(messages).messages).toEqual([{ role: 'developer', content: 'Be brief', name: 'x' }, user]);
    expect(new MessageValidator().check(messages).issues).toEqual([]);
  });

  test('what a provider is handed by the AI SDK: results right behind their calls, reasoning not last', () => {
    const part = { type: 'tool-call', toolCallId: 'c1', toolName: 'pay', input: {} };
    const back = { type: 'tool-result', toolCallId: 'c1', toolName: 'pay', output: { type: 'text', value: 'paid' } };
    const late = [
      { role: 'assistant', content: [part] },
      { role: 'assistant', content: 'One moment' },
      { role: 'tool', content: [back] },
    ];
    expect(new MessageValidator().check(late)).toMatchObject({ ok: true, format: 'ai-sdk' });
    for (const profile of ['ai-sdk-openai', 'ai-sdk-anthropic'] as const) {
      const validator = new MessageValidator({ profile });
      expect(validator.check(late).issues).toMatchObject([{ code: 'misplaced-result', callId: 'c1' }]);
      expect(validator.repair(late)).toMatchObject({ messages: [late[0], late[2], late[1]], remaining: [] });
    }
    const thinking = { type: 'reasoning', text: 'hm', providerOptions: { anthropic: { signature: 's' } } };
    const validator = new MessageValidator({ profile: 'ai-sdk-anthropic' });
    const { messages, remaining } = validator.repair([user, { role: 'assistant', content: [thinking] }]);
    expect(remaining).toEqual([]);
    expect(messages[1]).toMatchObject({ content: [thinking, { type: 'text' }] });
  });

  test('long ids where a route takes them; system messages where a header allows them', () => {
    const id = 'x'.repeat(50);
    expect(new MessageValidator({ profile: 'openai-chat-long-ids' }).check([calls(call(id)), result(id)]).ok).toBe(
      true,
    );
    expect(new MessageValidator().check([calls(call(id)), result(id)]).ok).toBe(false);
    const messages = [{ role: 'system', content: 'Be brief' }, user];
    expect(new MessageValidator({ profile: 'anthropic' }).check(messages).ok).toBe(false);
    expect(new MessageValidator({ profile: 'anthropic-system-messages' }).check(messages).ok).toBe(true);
    expect(new MessageValidator({ profile: 'ai-sdk' }).check(messages).ok).toBe(true);
    expect(new MessageValidator({ profile: 'ai-sdk-7' }).check(messages).ok).toBe(false);
  });
});

describe('truth', () => {
  const parallel = [
    user,
    calls(call('call_1'), call('call_2', 'search'), call('call_3'), call('call_4')),
    result('call_4'),
  ];

  test('a result says what is known of the call, and without knowledge that nothing is known', async () => {
    const asked: unknown[] = [];
    const validator = new MessageValidator({
      truth: async (one) => {
        asked.push(one);
        if (one.id === 'call_1') return { state: 'completed', result: { receipt: 'r-1' } };
        return one.id === 'call_2' ? { state: 'not-run' } : { state: 'unknown' };
      },
    });
    const { messages, remaining } = await validator.repairWithTruth(parallel);
    expect(remaining).toEqual([]);
    expect(messages.slice(3)).toEqual([
      result('call_1', '{"receipt":"r-1"}'),
      result('call_2', 'This call was not run: nothing was done. It may be made again.'),
      result('call_3', expect.stringContaining('It is not known whether this call was carried out')),
    ]);
    expect(asked).toEqual([
      { id: 'call_1', name: 'pay', input: { amount: 5 } },
      { id: 'call_2', name: 'search', input: { amount: 5 } },
      { id: 'call_3', name: 'pay', input: { amount: 5 } },
    ]);
    expect(validator.repair(parallel).messages[3]).toEqual(result('call_1', NOTHING_KNOWN));
  });

  test('of a call that nobody knows, and without anybody to ask, it claims nothing', async () => {
    const unknown = new MessageValidator({ truth: () => undefined });
    expect((await unknown.repairWithTruth(open)).messages[2]).toEqual(result('call_1', NOTHING_KNOWN));
    expect((await new MessageValidator().repairWithTruth(open)).messages[2]).toEqual(result('call_1', NOTHING_KNOWN));
  });

  test('is not asked of calls that have a result, wherever it stands', async () => {
    const validator = new MessageValidator({ truth: () => Promise.reject(new Error('asked')) });
    expect((await validator.repairWithTruth([user, result('call_1'), calls(call('call_1'))])).remaining).toEqual([]);
    await expect(validator.repairWithTruth(open)).rejects.toThrow('asked');
  });

  test('a stored value keeps its form in ModelMessages', async () => {
    const validator = new MessageValidator({ truth: () => ({ state: 'completed', result: { receipt: 'r-1' } }) });
    const part = { type: 'tool-call', toolCallId: 'c1', toolName: 'pay', input: {} };
    const { messages } = await validator.repairWithTruth([{ role: 'assistant', content: [part] }]);
    expect(messages[1]).toMatchObject({ content: [{ output: { type: 'json', value: { receipt: 'r-1' } } }] });
  });
});

test('options that are none are refused with what is meant', () => {
  const refused = (options: object): string => {
    try {
      new MessageValidator(options);
      return 'accepted';
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      return (error as Error).message;
    }
  };
  expect(refused({ formats: 'auto' })).toContain('Did you mean format?');
  expect(refused({ format: 'openai' })).toContain('there is no format "openai"');
  expect(refused({ profile: 'claude' })).toContain('anthropic-bedrock');
  expect(refused({ format: 'openai-chat', profile: 'anthropic' })).toContain('not openai-chat');
  expect(refused({ policies: { orphan: 'keep' } })).toContain('It is drop or demote');
  expect(refused({ policies: { orphans: 'drop' } })).toContain('Did you mean orphan?');
  expect(() => new MessageValidator().repair([], { orphan: 'keep' as 'drop' })).toThrow(UsageError);
});

test.each([
  [[], 'The transcript is not a valid openai-chat request: messages empty-transcript: at least one message'],
  ['hello', 'The transcript is not a valid request: messages not-a-list: messages are a list, this is string'],
  [[{ role: 'user' }], 'The transcript is not a valid openai-chat request: [0].content missing-content: content is '],
])('what is refused is told with its place: %j', (messages, told) => {
  const validate = (): unknown => new MessageValidator({ format: 'openai-chat' }).validate(messages as unknown[]);
  expect(validate).toThrow(MessageValidationError);
  expect(validate).toThrow(told);
});

test('the README names every profile', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  // Of one version it names an example.
  const named = profiles
    .map(({ name }) => name)
    .filter((name) => !/^ai-sdk-[57]/.test(name) && name !== 'ai-sdk-6-openai');
  expect(named.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
