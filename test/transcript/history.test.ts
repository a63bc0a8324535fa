import { convertToModelMessages } from 'ai';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { HistoryError, HistoryGuard, MessageValidator, UsageError } from '../../src/transcript/index.js';

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

/** OpenAI: calls of one turn, and their results. */
function round(id: string, results: readonly string[], name = 'search', input: object = {}) {
  const ids = results.map((_, at) => `${id}_${at}`);
  const tool_calls = ids.map((one) => ({
    id: one,
    type: 'function',
    function: { name, arguments: JSON.stringify(input) },
  }));
  return [
    { role: 'assistant', content: null, tool_calls },
    ...results.map((content, at) => ({ role: 'tool', tool_call_id: ids[at], content })),
  ];
}

function codesAfter(first: readonly unknown[], second: readonly unknown[]): string[] {
  const guard = new HistoryGuard();
  expect(guard.check(first).ok).toBe(true);
  return guard.check(second).issues.map(({ code }) => code);
}

describe('what the original refuses and is right', () => {
  const long = 'x'.repeat(200);
  test.each<[string, unknown[]]>([
    ['two turns that only call', [user('a'), ...round('c1', ['one']), ...round('c2', ['two'])]],
    ['two results that say ok', [user('a'), ...round('c1', ['ok', 'ok'])]],
    ['yes, twice', [user('yes'), assistant('sure?'), user('yes')]],
    ['the same 200 characters first', [user(`${long}1`), assistant('b'), user(`${long}2`)]],
    [
      'two tool_use turns of Anthropic',
      ['t1', 't2'].flatMap((id) => [
        { role: 'assistant', content: [{ type: 'tool_use', id, name: 'search', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: [{ type: 'text', text: 'ok' }] }] },
      ]),
    ],
    [
      'two tool-call turns of the AI SDK',
      ['t1', 't2'].flatMap((toolCallId) => [
        { role: 'assistant', content: [{ type: 'tool-call', toolCallId, toolName: 'search', input: {} }] },
        {
          role: 'tool',
          content: [{ type: 'tool-result', toolCallId, toolName: 'search', output: { type: 'text', value: 'ok' } }],
        },
      ]),
    ],
    ['text that is no text', [{ role: 'user', content: [{ type: 'text', text: 7 }] }]],
  ])('%s', (_, messages) => {
    const guard = new HistoryGuard();
    expect(guard.check(messages).issues).toEqual([]);
    expect(guard.check([...messages, user('go on')]).issues).toEqual([]);
  });

  test('an empty list, and then another', () => {
    expect(codesAfter([], [user('a')])).toEqual([]);
  });
});

describe('what the original does not see', () => {
  const call = round('c1', ['one', 'two'], 'pay', { id: 7 });
  const list = [user('first'), ...call, assistant('done'), user('yes'), assistant('ok'), user('yes')];
  const change = (at: number, to: unknown): unknown[] => list.with(at, to as (typeof list)[number]);

  test.each<[string, unknown[], string]>([
    ['a head that is cut off', list.slice(1), '[0]'],
    ['calls that are stripped', change(1, assistant('I called')), '[1]'],
    ['text that is cut', change(4, assistant('do')), '[4]'],
    ['a result that is gone', list.toSpliced(2, 1), '[2]'],
    ['one of two equal texts', list.slice(0, -1), '[5]'],
    ['other arguments', change(1, round('c1', ['', ''], 'pay', { id: 8 })[0]), '[1]'],
    ['another speaker', change(0, assistant('first')), '[0]'],
  ])('%s', (_, next, path) => {
    const guard = new HistoryGuard();
    guard.check(list);
    const { ok, issues } = guard.check([...next, user('and now')]);
    expect(ok).toBe(false);
    expect(issues.every(({ code }) => code === 'dropped')).toBe(true);
    // Of equal ones nobody can say which it was.
    expect(issues.map((issue) => issue.path)).toContain(path === '[5]' ? '[7]' : path);
  });
});

describe('a loss', () => {
  test('is told by who said it, where, and how it began, until it is back', () => {
    const guard = new HistoryGuard();
    const messages = [user(`Pay inv-42 ${'now '.repeat(50)}`), assistant('Sure?')];
    guard.check(messages);
    const [issue] = guard.check([messages[1], user('yes')]).issues;
    expect(issue).toMatchObject({ code: 'dropped', severity: 'error', path: '[0]', role: 'user' });
    expect(issue!.beginning).toMatch(/^Pay inv-42 now/);
    expect([...issue!.beginning!]).toHaveLength(80);
    expect(guard.check([messages[1], user('yes'), assistant('ok')]).issues).toHaveLength(1);
    expect(guard.check([...messages, user('yes'), assistant('ok')]).issues).toEqual([]);
  });

  test('with redact nothing of the text is told or kept', () => {
    const guard = new HistoryGuard({ redact: true });
    guard.check([user('my password is hunter2'), ...round('c1', ['hunter2'])]);
    const { issues } = guard.check([]);
    expect(issues).toHaveLength(3);
    expect(JSON.stringify(issues)).not.toContain('hunter2');
  });

  test('that is declared is none: by its messages, in another format, or all at once', () => {
    const messages = [user('a'), ...round('c1', ['one']), assistant('b'), user('c')];
    const rest = [user('Summary'), ...messages.slice(4)];
    const guard = new HistoryGuard();
    guard.check(messages);
    guard.compacted([
      user('a'),
      { role: 'assistant', content: [{ type: 'tool_use', id: 'x', name: 'search', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'x', content: 'one' }] },
      assistant('b'),
    ]);
    expect(guard.check(rest).issues).toEqual([]);
    guard.compacted();
    expect(guard.check([user('Summary of all')]).issues).toEqual([]);
    // Once.
    expect(guard.check([user('d')]).issues).toHaveLength(1);
  });

  test('of more than was declared is one', () => {
    const guard = new HistoryGuard();
    guard.check([user('a'), assistant('b'), user('c')]);
    guard.compacted([user('a')]);
    expect(guard.check([user('c')]).issues.map(({ path }) => path)).toEqual(['[1]']);
  });
});

describe('no loss', () => {
  test('the answer of a call takes the place of what a repair had put there', () => {
    const open = [user('a'), round('c1', ['paid'])[0]];
    const { messages } = new MessageValidator().repair(open);
    expect(messages).toHaveLength(3);
    expect(codesAfter(messages, [user('a'), ...round('c1', ['paid'])])).toEqual([]);
  });

  test('reasoning, which most formats cannot keep', () => {
    const thinking = { type: 'thinking', thinking: 'hm', signature: 's' };
    const answer = { type: 'text', text: 'b' };
    expect(
      codesAfter([user('a'), { role: 'assistant', content: [thinking, answer] }], [user('a'), assistant('b')]),
    ).toEqual([]);
  });

  test('the same conversation as UIMessage list, through the conversion of the AI SDK, and as OpenAI has it', async () => {
    const chat = [
      user('What is the weather?'),
      { ...round('c1', ['{"degrees": 21}'], 'weather', { city: 'Köln' })[0]!, content: 'Let me look. I call.' },
      round('c1', ['{"degrees": 21}'])[1]!,
      assistant('21 degrees'),
    ];
    const model = await convertToModelMessages([
      { role: 'user', parts: [{ type: 'text', text: 'What is the weather?' }] },
      {
        role: 'assistant',
        parts: [
          { type: 'step-start' },
          { type: 'text', text: 'Let me look.' },
          { type: 'text', text: 'I call.' },
          {
            type: 'tool-weather',
            toolCallId: 'x',
            state: 'output-available',
            input: { city: 'Köln' },
            output: { degrees: 21 },
          },
          { type: 'step-start' },
          { type: 'text', text: '21 degrees' },
        ],
      },
    ]);
    expect(new HistoryGuard().check(model).format).toBe('ai-sdk');
    expect(codesAfter(chat, model)).toEqual([]);
    expect(codesAfter(model, chat)).toEqual([]);
    expect(codesAfter(model, chat.slice(1))).toEqual(['dropped']);
  });

  test('what the system says, where a format tells it outside of the list', () => {
    const chat = [{ role: 'system', content: 'Be brief.' }, user('a'), ...round('c1', ['one'])];
    const blocks = [
      user('a'),
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'search', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'one' }] },
    ];
    expect(codesAfter(chat, blocks)).toEqual([]);
    expect(codesAfter(chat, chat.slice(1))).toEqual(['dropped']);
  });

  test('an image as data URL, as block, as bytes', () => {
    const data = Buffer.alloc(90, 1).toString('base64');
    const text = { type: 'text', text: 'see' };
    const forms = [
      { role: 'user', content: [text, { type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }] },
      { role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }, text] },
      { role: 'user', content: [text, { type: 'image', image: new Uint8Array(90).fill(1) }] },
    ];
    for (const one of forms) for (const next of forms) expect(codesAfter([one], [next])).toEqual([]);
    expect(codesAfter([forms[0]], [user('see')])).toEqual(['dropped']);
  });
});

describe('limits', () => {
  const messages = Array.from({ length: 9 }, (_, at) => user(`message ${at}`));

  test('are warned of, and then kept', () => {
    const guard = new HistoryGuard({ maxMessages: 10, maxTokens: 10_000 });
    expect(guard.check(messages.slice(0, 8)).issues).toEqual([]);
    expect(guard.check(messages)).toMatchObject({
      ok: true,
      messages: 9,
      issues: [{ code: 'near-limit', severity: 'warning', count: 9, limit: 10 }],
    });
    expect(guard.check([...messages, user('a'), user('b')])).toMatchObject({
      ok: false,
      issues: [{ code: 'too-many-messages', count: 11, limit: 10 }],
    });
    const tight = new HistoryGuard({ maxTokens: 20 });
    expect(tight.check(messages).issues[0]).toMatchObject({
      code: 'too-many-tokens',
      hint: expect.stringMatching(/^about/),
    });
    expect(new HistoryGuard({ maxMessages: 10, warnAt: 1 }).check(messages).issues).toEqual([]);
  });

  test('validate gives the same messages, with their type, or throws everything', () => {
    const guard = new HistoryGuard({ maxMessages: 8, maxTokens: 20 });
    const few = [user('a')] as const;
    expect(guard.validate(few)).toBe(few);
    expectTypeOf(guard.validate(few)).toEqualTypeOf(few);
    expectTypeOf(guard.trim(messages).messages).toEqualTypeOf<{ role: string; content: string }[]>();
    const error = (() => {
      try {
        return guard.validate(messages);
      } catch (thrown) {
        return thrown as HistoryError;
      }
    })() as HistoryError;
    expect(error).toBeInstanceOf(HistoryError);
    expect(error.issues.map(({ code }) => code)).toEqual(['too-many-tokens', 'too-many-messages', 'dropped']);
    expect(error.remedy).toContain('trim(messages, budget)');
    expect(error.remedy).toContain('guard.compacted(dropped)');
    expect(error.details).toMatchObject({ format: 'openai-chat', messages: 9, issues: error.issues });
  });

  test('what is no list is an issue, and options that are none are refused', () => {
    expect(new HistoryGuard().check('hello' as unknown as []).issues).toMatchObject([{ code: 'not-a-list' }]);
    const refused: (() => unknown)[] = [
      () => new HistoryGuard({ maxTokens: 0 }),
      () => new HistoryGuard({ warnAt: 2 }),
      () => new HistoryGuard({ repeats: 1 }),
      () => new HistoryGuard({ format: 'xml' as 'auto' }),
      () => new HistoryGuard({ maxToken: 5 } as object),
      () => new HistoryGuard({ tools: {} as [] }),
      () => new HistoryGuard().trim([], { keepRecent: -1 }),
      () => new HistoryGuard().trim([], { keepLast: 1 } as object),
      () => new HistoryGuard().trim('a' as unknown as []),
      () => new HistoryGuard().compacted('a' as unknown as []),
    ];
    for (const one of refused) expect(one).toThrow(UsageError);
    expect(() => new HistoryGuard({ maxToken: 5 } as object)).toThrow(/maxTokens/);
  });
});

describe('repeats', () => {
  const same = (id: string): unknown[] => round(id, ['none found'], 'search', { q: 'a', page: 1 });
  const guard = new HistoryGuard({ repeats: true });
  const codes = (messages: unknown[]): string[] => {
    guard.compacted();
    return guard.check(messages).issues.map(({ code }) => code);
  };

  test('are calls in a row with the same arguments and the same result', () => {
    const swapped = round('c3', ['none found'], 'search', { page: 1, q: 'a' });
    const messages = [user('a'), ...same('c1'), ...same('c2'), ...swapped];
    guard.compacted();
    expect(guard.check(messages).issues).toMatchObject([
      { code: 'repeated-calls', path: '[5].tool_calls[0]', callId: 'c3_0', count: 3, limit: 3 },
    ]);
    expect(new HistoryGuard().check(messages).issues).toEqual([]);
    expect(new HistoryGuard({ repeats: 4 }).check(messages).issues).toEqual([]);
  });

  test('are none when anything differs, or somebody speaks in between', () => {
    expect(codes([user('a'), ...same('c1'), ...same('c2')])).toEqual([]);
    expect(
      codes([user('a'), ...same('c1'), ...same('c2'), ...round('c3', ['found'], 'search', { q: 'a', page: 1 })]),
    ).toEqual([]);
    expect(
      codes([user('a'), ...same('c1'), ...same('c2'), ...round('c3', ['none found'], 'search', { q: 'b', page: 1 })]),
    ).toEqual([]);
    expect(codes([user('a'), ...same('c1'), ...same('c2'), user('again'), ...same('c3')])).toEqual([]);
    expect(codes([user('a'), ...same('c1'), ...same('c2'), ...round('d', ['x'], 'other'), ...same('c3')])).toEqual([]);
    expect(codes(['ok thanks', 'ok thanks', 'ok thanks', 'ok thanks'].map(user))).toEqual([]);
  });
});

describe('trim', () => {
  const run = [user('task'), ...round('c1', ['one', 'two']), ...round('c2', ['three']), ...round('c3', ['four'])];
  const system = { role: 'system', content: 'Be brief.' };

  test('keeps the question and the last steps of a long run', () => {
    const { messages, dropped, fits } = new HistoryGuard().trim([system, ...run], { maxMessages: 6 });
    expect(messages).toEqual([system, run[0], ...run.slice(4)]);
    expect(dropped).toEqual(run.slice(1, 4));
    expect(fits).toBe(true);
  });

  test('drops whole old rounds first', () => {
    const all = [user('old'), ...round('o', ['x']), assistant('done'), ...run];
    expect(new HistoryGuard({ maxMessages: 9 }).trim(all).messages).toEqual(run);
  });

  test('keeps recent messages and says when that is too much', () => {
    const { messages, fits } = new HistoryGuard().trim(run, { maxMessages: 2, keepRecent: 3 });
    expect(messages).toEqual([run[0], ...run.slice(4)]);
    expect(fits).toBe(false);
    const least = new HistoryGuard().trim([system, user('x'.repeat(9_000))], { maxTokens: 10 });
    expect(least).toMatchObject({ fits: false, dropped: [] });
    expect(new HistoryGuard().trim([], { maxTokens: 10 })).toMatchObject({ messages: [], fits: true });
  });

  test('keeps an item of reasoning with the call behind it', () => {
    const step = (id: string) => [
      { type: 'reasoning', id: `rs_${id}`, summary: [], encrypted_content: id },
      { type: 'function_call', call_id: id, name: 'search', arguments: '{}' },
      { type: 'function_call_output', call_id: id, output: 'ok' },
    ];
    const all = [{ type: 'message', role: 'user', content: 'task' }, ...step('a'), ...step('b')];
    const { messages } = new HistoryGuard({ format: 'openai-responses' }).trim(all, { maxMessages: 6 });
    expect(messages).toEqual([all[0], ...all.slice(4)]);
  });

  test('keeps blocks of thinking with what they produced', () => {
    const thinking = (id: string) => [
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: id, signature: id },
          { type: 'tool_use', id, name: 'search', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: id, content: 'ok' },
          { type: 'text', text: 'go on' },
        ],
      },
    ];
    const all = [user('task'), ...thinking('t1'), ...thinking('t2'), ...thinking('t3')];
    const { messages } = new HistoryGuard().trim(all, { maxMessages: 4 });
    expect(messages).toEqual([all[0], ...all.slice(5)]);
  });
});

test('frozen messages are checked and trimmed, and pass again', () => {
  const guard = new HistoryGuard();
  const messages = Object.freeze(
    [user('a'), ...round('c1', ['secret '.repeat(1_000)])].map((one) => Object.freeze(one)),
  );
  guard.check(messages);
  guard.trim(messages, { maxMessages: 2 });
  expect(guard.check(messages).ok).toBe(true);
});
