import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bounded, ToolRegistry } from '../../src/boundary/index.js';
import { ToolRunExhaustedError } from '../../src/errors/runner.js';
import { ActionLedger, compose, run as inRun, ledger } from '../../src/index.js';
import { ToolRunner, type ToolRunnerOptions } from '../../src/runner/index.js';
import { memoryStore } from '../../src/store/memory.js';
import { failure } from '../ledger/workers.js';
import { conversations, problems, type Wire } from './conversations.js';

/** A tool that never ends, and does not heed the signal. */
const hang = async (): Promise<never> => new Promise(() => undefined);

function tools() {
  return new ToolRegistry({
    add: bounded({ name: 'add', input: { a: { type: 'integer' }, b: { type: 'integer' } } })(async ({ a, b }) => a + b),
    fail: async (_: object) => {
      throw new Error('the printer is on fire');
    },
    hang,
    heed: async (_: object, call?: { abortSignal?: AbortSignal | undefined }) =>
      new Promise((_resolve, reject) => {
        call?.abortSignal?.addEventListener('abort', () => reject(call.abortSignal?.reason), { once: true });
      }),
  });
}

function runner(options: Partial<ToolRunnerOptions> = {}): ToolRunner {
  return new ToolRunner({ tools: tools(), backoff: 1, ...options });
}

describe.each(conversations)('a turn in $format', (wire) => {
  it('of three parallel calls, one wrong, one that throws, one that hangs, has three answers in order', async () => {
    const stop = new AbortController();
    const messages = [
      wire.user('go'),
      ...wire.calls([
        ['c1', 'add', { a: 1, b: 'two' }],
        ['c2', 'fail', {}],
        ['c3', 'hang', {}],
        ['c4', 'add', { a: 1, b: 2 }],
      ]),
    ];
    const before = structuredClone(messages);
    setTimeout(() => stop.abort(new Error('enough')), 30);
    const answered = await runner().answer(messages, { signal: stop.signal });
    expect(answered.answers.map(({ id, status, attempts }) => [id, status, attempts])).toEqual([
      ['c1', 'refused', 0],
      ['c2', 'failed', 1],
      ['c3', 'aborted', 1],
      ['c4', 'completed', 1],
    ]);
    expect(problems(wire, answered.messages)).toEqual([]);
    const results = wire.results(answered.messages);
    expect(results.map(([id]) => id)).toEqual(['c1', 'c2', 'c3', 'c4']);
    expect(results[0]?.[1]).toContain('add was not called, its arguments are wrong');
    expect(results[1]?.[1]).toContain('the printer is on fire');
    expect(results[2]?.[1]).toContain('not known whether this call was carried out');
    expect(results[3]?.[1]).toContain('3');
    expect(messages).toEqual(before);
    expect(answered.messages[0]).toBe(messages[0]);
  });

  it('that a model mends under a new id ends well, each call answered once', async () => {
    const asked: unknown[][] = [];
    const model = async (messages: unknown[]): Promise<unknown[]> => {
      asked.push(messages);
      expect(problems(wire, messages)).toEqual([]);
      if (asked.length === 1) return wire.calls([['new-1', 'add', { a: 1, b: 2 }]]);
      return [wire.assistant('It is 3.')];
    };
    const finished = await runner().run({
      messages: [wire.user('1 + 2?'), ...wire.calls([['old-1', 'add', { a: 1 }]])],
      model,
    });
    expect(finished).toMatchObject({ ended: 'answered', turns: 2 });
    expect(finished.answers.map(({ id, status }) => `${id} ${status}`)).toEqual(['old-1 refused', 'new-1 completed']);
    expect(wire.results(finished.messages).map(([id]) => id)).toEqual(['old-1', 'new-1']);
    expect(problems(wire, finished.messages)).toEqual([]);
  });

  it('that a model does not mend is given up, with a conversation that a provider takes', async () => {
    let asked = 0;
    const model = async (): Promise<unknown[]> => {
      asked += 1;
      return wire.calls([
        [`c${asked}`, 'add', { a: 'x' }],
        [`d${asked}`, 'wipe', {}],
      ]);
    };
    const error = await failure(runner({ maxLlmRetries: 2 }).run({ messages: [wire.user('go')], model }));
    expect(error).toBeInstanceOf(ToolRunExhaustedError);
    const { messages, issues } = error as unknown as ToolRunExhaustedError;
    expect(asked).toBe(3);
    expect(problems(wire, messages)).toEqual([]);
    expect(wire.results(messages)).toHaveLength(6);
    expect(issues.map(({ path, code }) => `${path} ${code}`)).toEqual(['a type', 'b missing', ' not-allowed']);
    expect(JSON.stringify(error)).not.toContain('"content"');
  });

  it('under ids that are the same is two calls', async () => {
    const { messages, answers } = await runner().answer([
      wire.user('go'),
      ...wire.calls([
        ['c1', 'add', { a: 1, b: 1 }],
        ['c1', 'add', { a: 2, b: 2 }],
      ]),
    ]);
    expect(answers.map(({ value }) => value)).toEqual([2, 4]);
    expect(new Set(wire.results(messages).map(([id]) => id)).size).toBe(2);
    expect(problems(wire, messages)).toEqual([]);
  });
});

const [wire] = conversations as [Wire];

describe('a runner', () => {
  it('runs what was called last, and does not run what was left open long ago', async () => {
    let bodies = 0;
    const registry = new ToolRegistry({ pay: async (_: object) => ++bodies });
    const messages = [
      wire.user('pay'),
      ...wire.calls([['old', 'pay', {}]]),
      wire.user('well?'),
      ...wire.calls([['new', 'pay', {}]]),
    ];
    const answered = await new ToolRunner({ tools: registry }).answer(messages);
    expect([bodies, answered.answers.map(({ id }) => id)]).toEqual([1, ['new']]);
    expect(problems(wire, answered.messages)).toEqual([]);
    const [old] = wire.results(answered.messages);
    expect(old?.[1]).toContain('may or may not have been carried out');
  });

  it('runs a tool again only where its class allows it, and no more often than it is told', async () => {
    const store = memoryStore();
    const home = new ActionLedger({ store });
    const bodies = { read: 0, charge: 0, never: 0 };
    const output = z.object({ n: z.number().min(3) });
    const made = (name: keyof typeof bodies, effect: 'read' | 'irreversible') =>
      compose(
        bounded({ name, output }),
        ledger({ effect, idFrom: ['id'], ledger: home }),
      )(async (_: { id: string }) => {
        bodies[name] += 1;
        return { n: name === 'never' ? 0 : bodies[name] };
      });
    const registry = new ToolRegistry({
      read: made('read', 'read'),
      charge: made('charge', 'irreversible'),
      never: made('never', 'read'),
    });
    const calls = wire.calls([
      ['c1', 'read', { id: 'a' }],
      ['c2', 'charge', { id: 'a' }],
      ['c3', 'never', { id: 'a' }],
    ]);
    const { answers } = await inRun({ runId: 'r' }, () =>
      new ToolRunner({ tools: registry, maxToolRetries: 2, backoff: 1 }).answer([wire.user('go'), ...calls]),
    );
    expect(answers.map(({ status, attempts }) => [status, attempts])).toEqual([
      ['completed', 3],
      ['failed', 1],
      ['failed', 3],
    ]);
    expect(bodies).toEqual({ read: 3, charge: 1, never: 3 });
    const none = new ToolRunner({ tools: registry, maxToolRetries: 0 });
    await inRun({ runId: 's' }, () => none.answer([wire.user('go'), ...wire.calls([['c4', 'never', { id: 'b' }]])]));
    expect(bodies.never).toBe(4);
    await home.close();
  });

  it('tells a model nothing of stores, and what it must know of a call', async () => {
    const store = memoryStore();
    const home = new ActionLedger({ store });
    const pay = ledger({ name: 'pay', effect: 'irreversible', idFrom: ['id'], ledger: home })(
      async (_: { id: string }) => 1,
    );
    await store.close();
    const { answers, messages } = await new ToolRunner({ tools: new ToolRegistry({ pay }) }).answer([
      wire.user('go'),
      ...wire.calls([['c1', 'pay', { id: 'a' }]]),
    ]);
    expect(answers).toMatchObject([{ status: 'failed', error: { code: expect.stringMatching(/^(STORE|LEDGER)_/) } }]);
    const [[, text]] = wire.results(messages) as [[string, string]];
    expect(text).toMatch(/^pay could not be /);
    expect(text).not.toMatch(/store|ledger|memory/i);
  });

  it('says of an error what it is told to', async () => {
    const { messages } = await runner({ describeError: (_error, tool) => `${tool} is out of order` }).answer([
      wire.user('go'),
      ...wire.calls([['c1', 'fail', {}]]),
    ]);
    expect(wire.results(messages)).toEqual([['c1', expect.stringContaining('fail is out of order')]]);
  });

  it('aborts what waits for its turn without running it, and what heeds the signal', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    const answered = await runner({ concurrency: 1 }).run({
      messages: [
        wire.user('go'),
        ...wire.calls([
          ['c1', 'heed', {}],
          ['c2', 'add', { a: 1, b: 2 }],
        ]),
      ],
      model: () => expect.unreachable('the run was aborted'),
      signal: stop.signal,
    });
    expect(answered).toMatchObject({ ended: 'aborted', turns: 0 });
    expect(answered.answers.map(({ status, attempts }) => [status, attempts])).toEqual([
      ['aborted', 1],
      ['aborted', 0],
    ]);
    expect(wire.results(answered.messages)[1]?.[1]).toContain('was not run');
    expect(problems(wire, answered.messages)).toEqual([]);
  });

  it('gives up a model that never comes to an end', async () => {
    let asked = 0;
    const model = (): unknown[] => wire.calls([[`c${++asked}`, 'add', { a: 1, b: 2 }]]);
    const error = await failure(runner({ maxTurns: 4 }).run({ messages: [wire.user('go')], model }));
    expect(error).toMatchObject({ code: 'TOOL_RUN_EXHAUSTED', details: { why: 'turns', limit: 4 } });
    expect(asked).toBe(4);
  });

  it('counts refused turns in a row only', async () => {
    let asked = 0;
    const model = (): unknown[] => {
      asked += 1;
      if (asked === 8) return [wire.assistant('done')];
      return wire.calls([[`c${asked}`, 'add', asked % 2 === 0 ? { a: 1, b: 2 } : { a: 1 }]]);
    };
    const finished = await runner({ maxLlmRetries: 1 }).run({ messages: [wire.user('go')], model });
    expect(finished).toMatchObject({ ended: 'answered', turns: 8 });
  });

  it('hands the call id and the signal to the tool, and lets go of the signal', async () => {
    const seen: unknown[] = [];
    const registry = new ToolRegistry({
      look: async (_: object, call?: object) => {
        seen.push(call);
      },
    });
    const stop = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = stop.signal;
    stop.signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners += 1;
      addEventListener.apply(stop.signal, args);
    };
    stop.signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners -= 1;
      removeEventListener.apply(stop.signal, args);
    };
    const calls = wire.calls([['c1', 'look', {}]]);
    await new ToolRunner({ tools: registry }).answer([wire.user('go'), ...calls], { signal: stop.signal });
    const [{ abortSignal, ...rest }] = seen as [{ abortSignal: AbortSignal }];
    expect(rest).toEqual({ toolCallId: 'c1' });
    expect(abortSignal.aborted).toBe(false);
    expect(listeners).toBe(0);
  });

  it('refuses arguments that are no JSON, without running anything', async () => {
    const broken = { id: 'c1', type: 'function', function: { name: 'hang', arguments: '{"a": 1' } };
    const { answers } = await runner().answer([
      wire.user('go'),
      { role: 'assistant', content: null, tool_calls: [broken] },
    ]);
    expect(answers).toMatchObject([{ status: 'refused', error: { phase: 'input', ran: 'no' } }]);
  });

  it('of a conversation without open calls gives it back', async () => {
    const messages = [wire.user('hello'), wire.assistant('hello')];
    const { messages: same, answers } = await runner().answer(messages);
    expect([same[0], same[1], answers]).toEqual([messages[0], messages[1], []]);
    expect(same[0]).toBe(messages[0]);
  });

  it.each([
    [{ tools: {} }, 'is no registry'],
    [{ maxLlmRetries: -1 }, 'Give a whole number from 0.'],
    [{ maxToolRetries: 1.5 }, 'Give a whole number from 0.'],
    [{ concurrency: 0 }, 'Give a whole number from 1.'],
    [{ maxTurns: 0 }, 'Give a whole number from 1.'],
    [{ backoff: 'soon' }, 'backoff'],
  ])('refuses %j', (options, says) => {
    expect(() => runner(options as never)).toThrow(says);
  });
});
