import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bounded, ToolRegistry } from '../../src/boundary/index.js';
import { ToolBoundaryError } from '../../src/errors/boundary.js';
import { ToolRunExhaustedError } from '../../src/errors/runner.js';
import { ActionLedger, type CallOptions, compose, run as inRun, ledger, NotExecutedError } from '../../src/index.js';
import { type Model, ToolRunner, type ToolRunnerOptions, UsageError } from '../../src/runner/index.js';
import { memoryStore } from '../../src/store/memory.js';
import { failure, unreachable } from '../ledger/workers.js';
import { conversations, problems, type Wire } from './conversations.js';

type Tool = (input: never, call?: CallOptions) => unknown;

const runnerOf = (tools: Record<string, Tool>, options: Partial<ToolRunnerOptions> = {}): ToolRunner =>
  new ToolRunner({ tools: new ToolRegistry(tools), backoff: 1, ...options });

const openai = conversations[0] as Wire;

/** One turn with one call of each tool, in its order. */
async function once(tools: Record<string, Tool>, options: Partial<ToolRunnerOptions> = {}, wire = openai) {
  const calls = wire.calls(Object.keys(tools).map((name) => [`c-${name}`, name, {}]));
  const answered = await runnerOf(tools, options).answer([wire.user('go'), ...calls]);
  expect(problems(wire, answered.messages)).toEqual([]);
  const results = wire.results(answered.messages);
  expect(results.map(([id]) => id)).toEqual(Object.keys(tools).map((name) => `c-${name}`));
  return { ...answered, texts: results.map(([, text]) => text) };
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe('what a tool gives back', () => {
  const round: Record<string, unknown> = { a: 1 };
  round['self'] = round;
  const bare = Object.assign(Object.create(null) as object, { b: 2 });
  class Money {
    readonly cents = 500;
    toString(): string {
      throw new Error('not for people');
    }
  }
  const given: readonly (readonly [string, unknown, unknown])[] = [
    ['nothing', undefined, 'It was carried out, and gives nothing back.'],
    ['null', null, null],
    ['a bigint', 12345678901234567890n, '12345678901234567890'],
    ['bigints inside', { id: 5n, of: [7n] }, { id: '5', of: ['7'] }],
    ['a circle', round, { a: 1, self: '(the same as around it)' }],
    ['an object without a prototype', bare, { b: 2 }],
    ['an instance', new Money(), { cents: 500 }],
    ['a Map', new Map<string, unknown>([['a', new Set([1])]]), { a: [1] }],
    ['a Map by numbers', new Map([[1, 'a']]), [[1, 'a']]],
    ['an error', new TypeError('no'), { name: 'TypeError', message: 'no' }],
    ['no numbers', [Number.NaN, Number.POSITIVE_INFINITY, -0], ['NaN', 'Infinity', 0]],
    ['bytes', { file: Buffer.from('abc') }, { file: 'YWJj' }],
    ['floats', new Float32Array([0.5]), [0.5]],
    ['a Date and a URL', [new Date(0), new URL('http://a/')], ['1970-01-01T00:00:00.000Z', 'http://a/']],
    ['holes', [1, undefined, () => 1], [1, null, null]],
    ['undefined members', { a: undefined, b: () => 1, c: 1 }, { c: 1 }],
    ['a function', () => 1, 'It was carried out. It gave back a function, which cannot be shown.'],
    [
      'a member that throws',
      {
        get a() {
          throw new Error('x');
        },
      },
      'It was carried out. What it gave back cannot be shown.',
    ],
    ['a revoked proxy', { inside: revoked() }, 'It was carried out. What it gave back cannot be shown.'],
    ['__proto__', JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}')],
  ];

  it.each(conversations)('is told in $format, whatever it is', async (wire) => {
    for (const [what, value, meant] of given) {
      const { answers, messages, texts } = await once({ tool: async () => value }, {}, wire);
      expect(answers[0]?.status, what).toBe('completed');
      expect(answers[0]?.value, what).toBe(value);
      expect(JSON.parse(JSON.stringify(messages)), what).toEqual(messages);
      const told = typeof meant === 'string' ? meant : JSON.stringify(meant);
      expect(texts[0]?.replaceAll('\\', ''), what).toContain(told.replaceAll('\\', ''));
    }
  });

  it('is a copy: what becomes of it later does not change the conversation', async () => {
    const value = { balance: 5 };
    const aiSdk = conversations.find(({ format }) => format === 'ai-sdk') as Wire;
    const { messages } = await once({ tool: async () => value }, {}, aiSdk);
    const before = JSON.stringify(messages);
    value.balance = 6;
    expect(JSON.stringify(messages)).toBe(before);
  });

  it('may be very large, or very deep', async () => {
    const large = Array.from({ length: 50_000 }, (_, at) => ({ at, text: 'x'.repeat(80) }));
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    const { answers, texts } = await once({ large: async () => large, deep: async () => deep });
    expect(answers.map(({ status }) => status)).toEqual(['completed', 'completed']);
    expect(JSON.parse(texts[0] as string)).toHaveLength(50_000);
    expect(texts[1]).toContain('nested too deeply');
  });
});

describe('what a tool throws', () => {
  const thrown: readonly (readonly [string, unknown, RegExp])[] = [
    ['undefined', undefined, /ended with an error: undefined/],
    ['a text', 'oops', /ended with an error: oops/],
    ['a symbol', Symbol('s'), /ended with an error: Symbol\(s\)/],
    ['an object without a prototype', Object.create(null), /^tool ended with an error\.$/],
    ['a frozen error', Object.freeze(new Error('cold')), /ended with an error: cold/],
    [
      'an error whose message throws',
      Object.defineProperty(new Error('x'), 'message', {
        get: () => {
          throw new Error('y');
        },
      }),
      /^tool ended with an error\.$/,
    ],
    [
      'an error whose message is none',
      Object.assign(new Error('x'), { message: { a: 1 } }),
      /ended with an error: \[object Object\]/,
    ],
    ['a revoked proxy', revoked(), /^tool ended with an error\.$/],
    ['a very long one', new Error('long '.repeat(10_000)), /^.{400,600}$/],
  ];

  it('costs no other call its answer, whatever it is', async () => {
    for (const [what, error, says] of thrown) {
      const tool = async (): Promise<never> => {
        throw error;
      };
      const { answers, texts } = await once({ tool, other: async () => 'well' });
      expect(
        answers.map(({ status }) => status),
        what,
      ).toEqual(['failed', 'completed']);
      expect(answers[0]?.error, what).toBe(error);
      expect(texts[0], what).toMatch(says);
      expect(texts[1], what).toBe('well');
    }
  });

  it('is described although its description throws, or is none', async () => {
    const tool = async (): Promise<never> => {
      throw new Error('x');
    };
    const broken = (): never => {
      throw new Error('in the description');
    };
    for (const describeError of [broken, () => 7 as unknown as string])
      expect((await once({ tool }, { describeError })).texts).toEqual(['tool ended with an error.']);
  });
});

describe('an error of a call that a tool makes itself', () => {
  const output = z.object({ n: z.number() });
  const lookup = compose(
    bounded({ name: 'lookup', input: z.object({ id: z.string() }), output }),
    ledger({ effect: 'read', idFrom: ['id'] }),
  )(async () => ({ n: 'none' }) as never);

  it('makes nothing run again that its own call may not: it ran already', async () => {
    const home = new ActionLedger({ store: memoryStore() });
    let paid = 0;
    const pay = async (): Promise<unknown> => {
      paid += 1;
      return lookup({ id: 'a' });
    };
    const { answers, texts } = await inRun({ runId: 'r' }, () => once({ pay }, { maxToolRetries: 5 }));
    expect(paid).toBe(1);
    expect(answers).toMatchObject([{ status: 'failed', attempts: 1, error: { tool: 'lookup', ran: 'again' } }]);
    expect(texts[0]).toMatch(/^pay did not come to its end, and what it had done before stands\. .*lookup/);
    await home.close();
  });

  it('is known by the name of the tool itself, under whatever name the model calls it', async () => {
    const add = bounded({ name: 'add_numbers', input: z.object({ n: z.number() }) })(async ({ n }) => n);
    const { answers, texts } = await once({ plus: add });
    expect(answers).toMatchObject([{ status: 'refused', error: { tool: 'add_numbers', ran: 'no' } }]);
    expect(texts[0]).toMatch(/^add_numbers was not called/);
    const registry = new ToolRegistry({ plus: add, bare: async () => 1 });
    expect(['plus', 'bare', 'none'].map((name) => registry.guardedAs(name))).toEqual([
      { name: 'add_numbers' },
      undefined,
      undefined,
    ]);
  });

  it('is not told as if nothing had been done', async () => {
    let paid = 0;
    const pay = async (): Promise<unknown> => {
      paid += 1;
      return lookup({ id: 7 } as never);
    };
    const { answers, texts } = await once({ pay });
    expect(answers).toMatchObject([{ status: 'failed', attempts: 1, error: { tool: 'lookup', ran: 'no' } }]);
    expect(texts[0]).toMatch(
      /^pay did not come to its end, and what it had done before stands\. .*lookup was not called/,
    );
    const down = async (): Promise<never> => {
      paid += 1;
      throw unreachable('the claim of lookup');
    };
    const { texts: told } = await once({ down });
    expect(told[0]).not.toMatch(/nothing was done|store/i);
    expect(paid).toBe(2);
    // That a model goes on and on in this way ends, too.
    let asked = 0;
    const model = (): unknown[] => openai.calls([[`c${++asked}`, 'pay', {}]]);
    const error = await failure(runnerOf({ pay }, { maxLlmRetries: 1 }).run({ messages: [openai.user('go')], model }));
    expect(error).toBeInstanceOf(ToolRunExhaustedError);
  });

  it('is its own under another spelling of its name, and without a name', async () => {
    const named = (name?: string) =>
      bounded({ ...(name === undefined ? {} : { name }), input: z.object({ id: z.string() }) })(async () => 1);
    const { answers } = await once({ findOrder: named('find_order'), plain: named() });
    expect(answers.map(({ status, attempts }) => [status, attempts])).toEqual([
      ['refused', 0],
      ['refused', 0],
    ]);
  });
});

describe('errors of the ledger', () => {
  it('tell the model the truth, and nothing runs again for them', async () => {
    const home = new ActionLedger({ store: memoryStore() });
    let bodies = 0;
    const pay = ledger({ name: 'pay', effect: 'irreversible', idFrom: ['id'], ledger: home })(
      async ({ id }: { id: string; amount?: number }) => {
        bodies += 1;
        if (id === 'declined') throw new NotExecutedError('the card was declined');
        throw new Error('the line went dead');
      },
    );
    const runner = runnerOf({ pay }, { maxToolRetries: 5 });
    const ask = async (id: string, input: object) =>
      openai.results(
        (await runner.answer([openai.user('go'), ...openai.calls([[id, 'pay', input]])])).messages,
      )[0]?.[1];
    expect(await ask('c1', { id: 'a' })).toBe(
      'pay ended with an error: the line went dead. It may have been carried out all the same. Do not call it again, and do not report it as done or as failed.',
    );
    expect(await ask('c2', { id: 'a' })).toMatch(/may already have been carried out .* Do not call it again/);
    expect(await ask('c3', { id: 'a', amount: 2 })).toMatch(/already called .* with different arguments/);
    expect(await ask('c4', { id: 'declined' })).toMatch(/could not be completed at this time/);
    expect(bodies).toBe(2);
    await home.close();
  });
});

describe('approval', () => {
  const ui = (part: object): unknown[] => [
    { id: 'u', role: 'user', parts: [{ type: 'text', text: 'pay' }] },
    {
      id: 'a',
      role: 'assistant',
      parts: [{ type: 'step-start' }, { type: 'tool-pay', toolCallId: 'c1', input: {}, ...part }],
    },
  ];
  const sdk = (approved?: boolean): unknown[] => [
    { role: 'user', content: 'pay' },
    {
      role: 'assistant',
      content: [
        { type: 'tool-call', toolCallId: 'c1', toolName: 'pay', input: {} },
        { type: 'tool-approval-request', approvalId: 'ap', toolCallId: 'c1' },
      ],
    },
    ...(approved === undefined
      ? []
      : [
          {
            role: 'tool',
            content: [{ type: 'tool-approval-response', approvalId: 'ap', approved, reason: 'too dear' }],
          },
        ]),
  ];
  const approval = { id: 'ap' };
  const cases: readonly (readonly [string, string, unknown[], number, string, RegExp])[] = [
    [
      'ai-sdk-ui',
      'asked for',
      ui({ state: 'approval-requested', approval }),
      0,
      'denied',
      /somebody has to approve it first/,
    ],
    [
      'ai-sdk-ui',
      'asked for without an id',
      ui({ state: 'approval-requested' }),
      0,
      'denied',
      /somebody has to approve it first/,
    ],
    [
      'ai-sdk-ui',
      'answered with nothing',
      ui({ state: 'approval-responded', approval }),
      0,
      'denied',
      /somebody has to approve it first/,
    ],
    [
      'ai-sdk-ui',
      'refused',
      ui({ state: 'approval-responded', approval: { ...approval, approved: false } }),
      0,
      'denied',
      /approved":false/,
    ],
    [
      'ai-sdk-ui',
      'given',
      ui({ state: 'approval-responded', approval: { ...approval, approved: true } }),
      1,
      'completed',
      /"paid"/,
    ],
    ['ai-sdk', 'asked for', sdk(), 0, 'denied', /somebody has to approve it first/],
    ['ai-sdk', 'refused', sdk(false), 0, 'denied', /was denied: too dear/],
    ['ai-sdk', 'given', sdk(true), 1, 'completed', /paid/],
  ];
  it.each(cases)('in %s that was %s', async (format, _, messages, runs, status, says) => {
    let bodies = 0;
    const answered = await runnerOf({
      pay: async () => {
        bodies += 1;
        return 'paid';
      },
    }).answer(messages);
    expect(answered.answers).toMatchObject([{ id: 'c1', status, attempts: runs }]);
    expect(bodies).toBe(runs);
    const wire = conversations.find((one) => one.format === format) as Wire;
    expect(problems(wire, answered.messages)).toEqual([]);
    expect(wire.results(answered.messages)[0]?.[1]).toMatch(says);
  });

  it('of one of two calls with the same id lets neither run', async () => {
    const messages = sdk() as { content: unknown[] }[];
    messages[1]?.content.push({ type: 'tool-call', toolCallId: 'c1', toolName: 'pay', input: { b: 1 } });
    let bodies = 0;
    const { answers } = await runnerOf({ pay: async () => ++bodies }).answer(messages);
    expect([answers.map(({ status }) => status), bodies]).toEqual([['denied', 'denied'], 0]);
  });

  it('that was refused once is not given by asking again', async () => {
    const again = [
      { role: 'assistant', content: [{ type: 'tool-approval-request', approvalId: 'again', toolCallId: 'c1' }] },
      { role: 'tool', content: [{ type: 'tool-approval-response', approvalId: 'again', approved: true }] },
    ];
    const pay = () => expect.unreachable('it was denied');
    const { answers } = await runnerOf({ pay }).answer([...sdk(false), ...again]);
    expect(answers).toMatchObject([{ status: 'denied', attempts: 0 }]);
  });

  it('was given or refused to an earlier turn only', async () => {
    const earlier = [
      ...sdk(false),
      {
        role: 'tool',
        content: [{ type: 'tool-result', toolCallId: 'c1', toolName: 'pay', output: { type: 'text', value: 'no' } }],
      },
      { role: 'user', content: 'and now?' },
      { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c1', toolName: 'pay', input: {} }] },
    ];
    let bodies = 0;
    await runnerOf({ pay: async () => ++bodies }).answer(earlier);
    expect(bodies).toBe(1);
  });
});

describe('arguments that did not arrive whole', () => {
  it('are refused, without running anything', async () => {
    let bodies = 0;
    const tools = { pay: async () => ++bodies };
    const part = { type: 'tool-pay', toolCallId: 'c1', state: 'input-streaming', input: { amount: 1 } };
    const streaming = [
      { id: 'u', role: 'user', parts: [{ type: 'text', text: 'pay' }] },
      { id: 'a', role: 'assistant', parts: [{ type: 'step-start' }, part] },
    ];
    const incomplete = [
      { role: 'user', content: 'pay' },
      { type: 'function_call', call_id: 'c1', name: 'pay', arguments: '{}', status: 'incomplete' },
    ];
    for (const messages of [streaming, incomplete]) {
      const { answers } = await runnerOf(tools).answer(messages);
      expect(answers).toMatchObject([{ status: 'refused', attempts: 0, error: { ran: 'no' } }]);
    }
    expect(bodies).toBe(0);
  });

  it('are text for a custom tool, whatever the text looks like', async () => {
    const seen: unknown[] = [];
    const note = async (input: never): Promise<string> => {
      seen.push(input);
      return 'noted';
    };
    const inChat = { id: 'c1', type: 'custom', custom: { name: 'note', input: 'buy milk' } };
    const { messages } = await runnerOf({ note }).answer([
      openai.user('go'),
      { role: 'assistant', content: null, tool_calls: [inChat] },
    ]);
    expect(messages[2]).toEqual({ role: 'tool', tool_call_id: 'c1', content: 'noted' });
    const item = { type: 'custom_tool_call', call_id: 'c2', name: 'note', input: '{"buy": 2}' };
    const { messages: items } = await runnerOf({ note }).answer([{ role: 'user', content: 'go' }, item]);
    expect(items[2]).toMatchObject({ type: 'custom_tool_call_output', call_id: 'c2', output: 'noted' });
    expect(seen).toEqual(['buy milk', '{"buy": 2}']);
  });

  it('are none at all for a tool without arguments', async () => {
    const seen: unknown[] = [];
    const call = { id: 'c1', type: 'function', function: { name: 'now', arguments: '' } };
    const { answers } = await runnerOf({ now: async (input: never) => seen.push(input) }).answer([
      openai.user('go'),
      { role: 'assistant', content: null, tool_calls: [call] },
    ]);
    expect([answers[0]?.status, seen]).toEqual(['completed', [{}]]);
  });
});

describe('the signal', () => {
  const go = (tools: Record<string, Tool>): unknown[] => [
    openai.user('go'),
    ...openai.calls(Object.keys(tools).map((name) => [`c-${name}`, name, {}])),
  ];

  it('that aborts before the start lets nothing run', async () => {
    let bodies = 0;
    const tools = { pay: async () => ++bodies };
    const model = () => expect.unreachable('the run is over');
    const ended = await runnerOf(tools).run({ messages: go(tools), model, signal: AbortSignal.abort() });
    expect([bodies, ended.ended, ended.turns, ended.answers[0]?.status]).toEqual([0, 'aborted', 0, 'aborted']);
    expect(openai.results(ended.messages)[0]?.[1]).toContain('was not run');
  });

  it('that a tool aborts itself while it starts ends its own wait, too', async () => {
    const stop = new AbortController();
    const tools = {
      hang: () => {
        stop.abort(new Error('from inside'));
        return new Promise(() => undefined);
      },
    };
    const { answers } = await runnerOf(tools).answer(go(tools), { signal: stop.signal });
    expect(answers).toMatchObject([{ status: 'aborted', attempts: 1 }]);
  });

  it('that aborts between two attempts leaves what the first came to', async () => {
    const stop = new AbortController();
    let bodies = 0;
    const home = new ActionLedger({ store: memoryStore() });
    const find = compose(
      bounded({ name: 'find', output: z.object({ n: z.number() }) }),
      ledger({ effect: 'read', ledger: home }),
    )(async (_: object) => {
      bodies += 1;
      setTimeout(() => stop.abort(), 5);
      return { n: 'none' } as never;
    });
    const began = performance.now();
    const { answers, messages } = await inRun({ runId: 'r' }, () =>
      runnerOf({ find }, { backoff: '1h' }).answer(go({ find }), { signal: stop.signal }),
    );
    expect(performance.now() - began).toBeLessThan(5_000);
    expect([bodies, answers[0]?.status, answers[0]?.attempts]).toEqual([1, 'aborted', 1]);
    expect(openai.results(messages)[0]?.[1]).toMatch(/find gave back what is of no use.*It may be called again/s);
    await home.close();
  });

  it('ends a run whose model does not heed it, or ends with an error for it', async () => {
    const tools = { pay: async () => 'paid' };
    const models: Model<unknown>[] = [
      () => new Promise(() => undefined),
      async (_, { signal }) => {
        await new Promise((resolve) => signal?.addEventListener('abort', resolve));
        throw new Error('APIUserAbortError');
      },
    ];
    for (const model of models) {
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 10);
      const ended = await runnerOf(tools).run({ messages: go(tools), model, signal: stop.signal });
      expect([ended.ended, ended.turns, ended.answers.map(({ value }) => value)]).toEqual(['aborted', 1, ['paid']]);
      expect(problems(openai, ended.messages)).toEqual([]);
    }
  });

  it('has one listener, however many calls there are', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error): unknown => /listeners/.test(warning.message) && warnings.push(warning);
    process.on('warning', warned);
    const stop = new AbortController();
    const reasons: unknown[] = [];
    const heed = (_: never, call?: CallOptions): Promise<never> =>
      new Promise((_resolve, reject) => {
        call?.abortSignal?.addEventListener('abort', () => {
          reasons.push(call.abortSignal?.reason);
          reject(call.abortSignal?.reason as Error);
        });
      });
    const calls = openai.calls(Array.from({ length: 50 }, (_, at) => [`c${at}`, 'heed', {}]));
    const reason = new Error('enough');
    setTimeout(() => stop.abort(reason), 10);
    const { answers } = await runnerOf({ heed }).answer([openai.user('go'), ...calls], { signal: stop.signal });
    await wait(5);
    process.off('warning', warned);
    expect(answers.every(({ status }) => status === 'aborted')).toBe(true);
    expect(reasons).toEqual(Array(50).fill(reason));
    expect(warnings).toEqual([]);
  });
});

describe('tools and names', () => {
  it('that there are not, of whatever name, are refused', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', 'x'.repeat(100_000), 'a\nb'];
    const calls = openai.calls(names.map((name, at) => [`c${at}`, name, {}]));
    const { answers, messages } = await runnerOf({ real: async () => 1 }).answer([openai.user('go'), ...calls]);
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 'refused'));
    for (const [, text] of openai.results(messages)) expect(text.length).toBeLessThan(2_000);
    const model = (): unknown[] => openai.calls(names.map((name, at) => [`d${at}`, name, {}]));
    const error = await failure(runnerOf({}, { maxLlmRetries: 0 }).run({ messages: [openai.user('go')], model }));
    expect(error.message.length).toBeLessThan(3_000);
    expect(JSON.stringify(error).length).toBeLessThan(5_000);
  });

  it('of a registry of ones own may answer at once, throw at once, and want to run again for ever', async () => {
    const stop = new AbortController();
    const execute = (name: string): never => {
      if (name === 'now') return 'at once' as never;
      return bad();
    };
    const bad = (): never => {
      throw new ToolBoundaryError({ tool: 'bad', phase: 'output', issues: [], ran: 'again' });
    };
    const calls = openai.calls([
      ['c1', 'now', {}],
      ['c2', 'bad', {}],
    ]);
    const runner = new ToolRunner({ tools: { execute }, backoff: 0, maxToolRetries: 3 });
    const { answers } = await runner.answer([openai.user('go'), ...calls], { signal: stop.signal });
    expect(answers.map(({ status, attempts }) => [status, attempts])).toEqual([
      ['completed', 1],
      ['failed', 4],
    ]);
  });

  it('under a limit run so many at once', async () => {
    let [now, most] = [0, 0];
    const tool = async (): Promise<void> => {
      now += 1;
      most = Math.max(most, now);
      await wait(2);
      now -= 1;
    };
    const calls = openai.calls(Array.from({ length: 12 }, (_, at) => [`c${at}`, 'tool', {}]));
    const { answers } = await runnerOf({ tool }, { concurrency: 3 }).answer([openai.user('go'), ...calls]);
    expect([most, answers.filter(({ status }) => status === 'completed').length]).toEqual([3, 12]);
  });
});

describe('a model', () => {
  const tools = { pay: async () => 'paid' };
  const call = (id: string): unknown[] => openai.calls([[id, 'pay', {}]]);

  it('that gives the same id, or the same message, again has each call answered', async () => {
    const [again] = call('c1');
    let asked = 0;
    const model = (): unknown => (++asked < 4 ? again : openai.assistant('done'));
    const { answers, messages, ended } = await runnerOf(tools).run({ messages: [openai.user('go')], model });
    expect([ended, answers.length, openai.results(messages).length]).toEqual(['answered', 3, 3]);
    expect(problems(openai, messages)).toEqual([]);
  });

  it('that puts what it says into the list itself says it once', async () => {
    let asked = 0;
    const model = (messages: unknown[]): unknown => {
      const [said] = ++asked === 1 ? call('c1') : [openai.assistant('done')];
      messages.push(said);
      return said;
    };
    const given = [openai.user('go')];
    const { messages, answers } = await runnerOf(tools).run({ messages: given, model });
    expect([given.length, messages.length, answers.length]).toEqual([1, 4, 1]);
  });

  it('that throws is heard, and was handed what had been done', async () => {
    const handed: unknown[][] = [];
    const down = new Error('overloaded');
    const model = (messages: unknown[]): unknown => {
      handed.push(messages);
      if (handed.length === 1) return call('c1')[0];
      throw down;
    };
    expect(await failure(runnerOf(tools).run({ messages: [openai.user('go')], model }))).toBe(down);
    expect(openai.results(handed[1] as unknown[])).toEqual([['c1', 'paid']]);
  });

  it('that gives no message is told so', async () => {
    const response = { id: 'x', object: 'chat.completion', choices: [{ message: call('c1')[0] }] };
    for (const said of [undefined, null, 'done', 7, response, [undefined], [openai.assistant('a'), undefined]]) {
      const error = await failure(runnerOf(tools).run({ messages: [openai.user('go')], model: () => said }));
      expect(error, JSON.stringify(said)).toBeInstanceOf(UsageError);
      expect(error.message).toContain('choices[0].message');
    }
    const nothing = await runnerOf(tools).run({ messages: [openai.user('go')], model: () => [] });
    expect(nothing).toMatchObject({ ended: 'answered', turns: 1, answers: [] });
  });

  it('that never mends its call is asked as often as it is allowed, also never', async () => {
    for (const maxLlmRetries of [0, 1, 3]) {
      let asked = 0;
      const model = (): unknown[] => openai.calls([[`c${++asked}`, 'none', {}]]);
      const run = runnerOf(tools, { maxLlmRetries }).run({ messages: [openai.user('go')], model });
      expect(await failure(run)).toMatchObject({ details: { why: 'retries', limit: maxLlmRetries, tools: ['none'] } });
      expect(asked).toBe(maxLlmRetries + 1);
    }
  });
});

describe('what makes no sense', () => {
  it('is refused before anything runs', async () => {
    let bodies = 0;
    const runner = runnerOf({ pay: async () => ++bodies });
    const messages = [openai.user('go'), ...openai.calls([['c1', 'pay', {}]])];
    expect(await failure(runner.run({ messages } as never))).toBeInstanceOf(UsageError);
    expect(await failure(runner.run({ messages: 'go', model: () => [] } as never))).toBeInstanceOf(UsageError);
    expect(await failure(runner.answer(undefined as never))).toBeInstanceOf(UsageError);
    expect(bodies).toBe(0);
  });

  it.each([
    [{ format: 'openai' }, 'The formats are auto, openai-chat'],
    [{ maxLLMRetries: 1 }, 'Did you mean maxLlmRetries?'],
    [{ describeError: 'text' }, 'is no function'],
  ])('as an option is refused: %j', (options, says) => {
    expect(() => runnerOf({}, options as never)).toThrow(says);
  });
});
