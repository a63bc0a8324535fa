/** What a model is told of a call that went wrong is what the ledger knows of it, and no more. */
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bounded, ToolRegistry } from '../../src/boundary/index.js';
import {
  ActionLedger,
  type CallOptions,
  type EffectClass,
  run as inRun,
  type LedgerOptions,
  ledger,
  NotExecutedError,
  positional,
  type ToolCall,
  taskLedger,
} from '../../src/index.js';
import { ToolRunner, type ToolRunnerOptions } from '../../src/runner/index.js';
import { memoryStore } from '../../src/store/memory.js';
import { runtime } from '../config/runtime/surroundings.js';
import { listen } from '../ledger/workers.js';
import { conversations, type Wire } from './conversations.js';

type Tool = (input: never, call?: CallOptions) => unknown;

const openai = conversations[0] as Wire;
const home = new ActionLedger({ store: memoryStore() });
const go = (...names: string[]): unknown[] => [
  openai.user('go'),
  ...openai.calls(names.map((name) => [`c-${name}`, name, {}])),
];

/** What the model is told of one call of each tool, made in a run of its own. */
async function told(tools: Record<string, Tool>, options: Partial<ToolRunnerOptions> = {}, signal?: AbortSignal) {
  const runner = new ToolRunner({ tools: new ToolRegistry(tools), backoff: 1, ...options });
  const { messages, answers } = await inRun({}, () => runner.answer(go(...Object.keys(tools)), { signal }));
  return { answers, texts: openai.results(messages).map(([, text]) => text) };
}

const guard = (name: string, effect: EffectClass | undefined, options: Partial<LedgerOptions<never>> = {}) =>
  ledger({ name, ledger: home, ...(effect === undefined ? {} : { effect }), ...options });

const throwing =
  (error: unknown) =>
  async (_: object): Promise<never> => {
    throw error;
  };
const hangUp = (): Error => new Error('socket hang up');

const ERROR = 'pay ended with an error: socket hang up';
const AMBIGUOUS =
  'It may have been carried out all the same. Do not call it again, and do not report it as done or as failed.';
const UNKNOWN = `${ERROR}. ${AMBIGUOUS}`;
const REPEATABLE = `${ERROR}. It may have been carried out all the same. It may be called again, with the same arguments.`;

describe('a tool that throws', () => {
  it.each<[EffectClass | undefined, string]>([
    ['read', ERROR],
    ['idempotent_mutate', REPEATABLE],
    ['keyed_mutate', UNKNOWN],
    ['non_idempotent_mutate', UNKNOWN],
    ['irreversible', UNKNOWN],
    [undefined, UNKNOWN],
  ])('of the class %s is told with what the ledger knows', async (effect, text) => {
    const error = Object.freeze(hangUp());
    const { texts, answers } = await told({ pay: guard('pay', effect)(throwing(error)) });
    expect(texts).toEqual([text]);
    expect(answers[0]?.error).toBe(error);
    // What is no object can be marked by nobody.
    expect((await told({ pay: guard('pay', effect)(throwing('socket hang up')) })).texts).toEqual([text]);
    const many = positional(guard('pay', effect))(async (_: object) => throwing('socket hang up')({}));
    expect((await told({ pay: many as Tool })).texts).toEqual([text]);
  });

  it('before its effect is told without a doubt, and with one after it', async () => {
    const pay = (sent: boolean) =>
      guard('pay', 'irreversible', { boundary: 'explicit' })(async (_: object, call: ToolCall) => {
        if (sent) await call.effect(() => undefined);
        throw hangUp();
      });
    expect((await told({ pay: pay(false) })).texts).toEqual([ERROR]);
    expect((await told({ pay: pay(true) })).texts).toEqual([UNKNOWN]);
    const declined = guard('pay', 'irreversible')(throwing(new NotExecutedError('declined')));
    expect((await told({ pay: declined })).texts[0]).toMatch(/could not be completed at this time/);
    const proven = guard('pay', 'irreversible', { notExecuted: () => true })(throwing(hangUp()));
    expect((await told({ pay: proven })).texts).toEqual([ERROR]);
  });

  it('without a ledger is told as it is: nobody knows what it does', async () => {
    expect((await told({ pay: throwing(hangUp()) })).texts).toEqual([ERROR]);
  });

  it('over a call within it that nobody knows is told with that', async () => {
    const wire = guard('wire', 'irreversible')(throwing(hangUp()));
    const pay = async (_: object): Promise<unknown> => wire({});
    expect((await told({ pay })).texts).toEqual([UNKNOWN]);
    expect((await told({ pay: guard('pay', 'read')(pay) })).texts).toEqual([UNKNOWN]);
    expect((await told({ pay: taskLedger({ name: 'pay', ledger: home })(pay) })).texts).toEqual([UNKNOWN]);
    const wrapped = async (_: object): Promise<unknown> =>
      wire({}).catch((cause: unknown) => {
        throw new Error('socket hang up', { cause });
      });
    expect((await told({ pay: wrapped })).texts).toEqual([UNKNOWN]);
    const looked = guard('look', 'read')(throwing(hangUp()));
    expect((await told({ pay: async (_: object) => looked({}) })).texts).toEqual([ERROR]);
    // What of it can be made again is no reason to doubt the whole.
    const set = guard('set', 'idempotent_mutate')(throwing(hangUp()));
    expect((await told({ pay: async (_: object) => set({}) })).texts).toEqual([ERROR]);
  });

  it('over a call within it that was not executed may have done something itself', async () => {
    const wire = guard('wire', 'irreversible')(throwing(new NotExecutedError('declined', { llmMessage: 'Declined.' })));
    const pay = guard('pay', 'irreversible')(async (_: object) => wire({}));
    expect((await told({ pay })).texts).toEqual([`Declined. ${AMBIGUOUS}`]);
    const silent = guard('wire', 'irreversible')(throwing(new NotExecutedError('declined')));
    const over = guard('pay', 'irreversible')(async (_: object) => silent({}));
    expect((await told({ pay: over })).texts[0]).toMatch(/whether it was carried out is not known\. Do not call/);
  });

  it('over a tool of the same name that was refused has begun all the same', async () => {
    const inner = bounded({ name: 'pay', input: z.object({ id: z.string() }) })(async () => 1);
    const pay = guard('pay', 'irreversible')(async (_: object) => inner({} as never));
    const { texts, answers } = await told({ pay });
    expect([answers[0]?.status, answers[0]?.attempts]).toEqual(['failed', 1]);
    expect(texts[0]).toContain(AMBIGUOUS);
  });

  it('is not mistaken for another that threw the same error before, or beside it', async () => {
    const error = hangUp();
    const sent = guard('pay', 'irreversible')(throwing(error));
    const explicit = guard('pay2', 'irreversible', { boundary: 'explicit' })(throwing(error));
    expect((await told({ sent, explicit, bare: throwing(error) }, { concurrency: 1 })).texts).toEqual([
      `sent ended with an error: socket hang up. ${AMBIGUOUS}`,
      'explicit ended with an error: socket hang up',
      'bare ended with an error: socket hang up',
    ]);
    const first = guard('pay3', 'irreversible', { boundary: 'explicit' })(throwing(error));
    const last = guard(
      'pay4',
      'irreversible',
    )(async (_: object) => {
      await wait(5);
      throw error;
    });
    expect((await told({ first, last })).texts[1]).toContain(AMBIGUOUS);
  });

  it('is told with it whatever describes the error', async () => {
    const pay = guard('pay', 'irreversible')(throwing(hangUp()));
    const describeError = (): string => 'The line is down!';
    expect((await told({ pay }, { describeError })).texts).toEqual([`The line is down! ${AMBIGUOUS}`]);
    const broken = (): never => {
      throw new Error('x');
    };
    expect((await told({ pay }, { describeError: broken })).texts).toEqual([`pay ended with an error. ${AMBIGUOUS}`]);
  });
});

describe('a tool that was aborted', () => {
  const AGAIN = 'It was ended before it had a result. It may be called again.';
  const heed = (_: object, call: ToolCall): Promise<never> =>
    new Promise((_resolve, reject) => {
      call.signal.addEventListener('abort', () => reject(call.signal.reason as Error), { once: true });
    });
  const hang = async (_: object): Promise<never> => new Promise(() => undefined);

  it.each<[EffectClass, RegExp]>([
    ['read', new RegExp(`^${AGAIN}$`)],
    ['idempotent_mutate', new RegExp(`^${AGAIN}$`)],
    ['keyed_mutate', /not known whether/],
    ['irreversible', /not known whether/],
  ])('of the class %s is told by its class, and with the reason', async (effect, says) => {
    for (const body of [heed, hang]) {
      const reason = new Error('enough');
      const stop = new AbortController();
      setTimeout(() => stop.abort(reason), 5);
      const { texts, answers } = await told({ pay: guard('pay', effect)(body) }, {}, stop.signal);
      expect(texts).toEqual([expect.stringMatching(says)]);
      expect(answers).toMatchObject([{ status: 'aborted', attempts: 1 }]);
      expect(answers[0]?.error).toBe(reason);
    }
  });

  it('before its effect was not run; another that ends with the same reason may have been', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('enough')), 5);
    const tools = {
      explicit: guard('pay', 'irreversible', { boundary: 'explicit' })(heed),
      implicit: guard('pay2', 'irreversible')(heed),
    };
    const bare = (_: never, call?: CallOptions): Promise<never> =>
      new Promise((_resolve, reject) => {
        call?.abortSignal?.addEventListener('abort', () => reject(call.abortSignal?.reason as Error));
      });
    const { texts } = await told({ ...tools, bare }, {}, stop.signal);
    expect(texts[0]).toContain('was not run: nothing was done');
    expect(texts[1]).toContain('not known whether');
    expect(texts[2]).toContain('not known whether');
  });

  it('before it began has the reason, too', async () => {
    const reason = new Error('enough');
    const { answers, texts } = await told({ pay: hang }, {}, AbortSignal.abort(reason));
    expect(answers[0]).toMatchObject({ status: 'aborted', attempts: 0, error: reason });
    expect(texts[0]).toContain('was not run');
  });
});

describe('the error of a tool', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['connect ECONNREFUSED postgres://app:hunter2@db/main', 'connect ECONNREFUSED postgres://[redacted]@db/main'],
    ['at https://ghp_abc123hunter2@github.com/a.git, twice', 'at https://[redacted]@github.com/a.git, twice'],
    ['redis://:p@ss:hunter2/x@host:6379/0 is down', 'redis://[redacted]@host:6379/0 is down'],
    ['GET http://h:80/users/a@b.com was 404', 'GET http://h:80/users/a@b.com was 404'],
    ['login failed: user=app password=hunter2 host=db', 'login failed: user=app password=[redacted] host=db'],
    ['Server=db;User=app;Pwd=hunter2;Port=1', 'Server=db;User=app;Pwd=[redacted];Port=1'],
    ['GET /v1?api_key=hunter2&page=2: 403', 'GET /v1?api_key=[redacted]&page=2: 403'],
    ['body {"user":"app","password":"hunt\\"hunter2"}', 'body {"user":"app","password":[redacted]}'],
    ['body {\\"password\\":\\"hunter2 x\\",\\"n\\":1}', 'body {\\"password\\":[redacted],\\"n\\":1}'],
    ["{ clientSecret: 'hunter2 b', id: 7 }", '{ clientSecret: [redacted], id: 7 }'],
    ['Authorization: Bearer hunter2', 'Authorization: [redacted]'],
    ['auth => Basic hunter2 (401)', 'auth => [redacted] (401)'],
    ['the API key: hunter2 is wrong', 'the API key: [redacted] is wrong'],
    ['Cookie: a=hunter2; b=hunter2\nnext line', 'Cookie: [redacted]\nnext line'],
    ['{"credentials":{"a":"hunter2","b":["hunter2"]}}', '{"credentials":[redacted]'],
    ['sent Bearer eyJhbGciOiJIUzI1NiJ9.hunter2 to it', 'sent Bearer [redacted] to it'],
    [
      'order o-7: amount = 12, tokens_used: 4 at https://shop/o?x=1',
      'order o-7: amount = 12, tokens_used: 4 at https://shop/o?x=1',
    ],
    [`${'x'.repeat(480)} postgres://app:${'hunter2'.repeat(20)}@db`, `${'x'.repeat(480)} postgres://[redacte…`],
  ];
  it.each(cases)('is told without credentials: %s', async (message, meant) => {
    const { texts } = await told({ pay: throwing(new Error(message)) });
    expect(texts).toEqual([`pay ended with an error: ${meant}`]);
    expect(texts[0]).not.toContain('hunter2');
  });

  it.each([':// '.repeat(3e5), '://'.repeat(4e5), 'a '.repeat(5e5), 'a'.repeat(1e6), 'password="'.repeat(1e5)])(
    'costs no time, however long it is',
    async (message) => {
      const began = performance.now();
      const { texts } = await told({ pay: throwing(new Error(message)) });
      expect(performance.now() - began).toBeLessThan(1_000);
      expect(texts[0]?.length).toBeLessThan(600);
    },
  );
});

describe('events', () => {
  it('tell what became of each call, and of a run, without values', async () => {
    using calls = listen('mycelium:call-answered');
    using runs = listen('mycelium:run-ended');
    const tools = new ToolRegistry({ ok: async () => 'hunter2', bad: throwing(new Error('hunter2')) });
    const runner = new ToolRunner({ tools, maxTurns: 1, maxLlmRetries: 0 });
    const model = (): unknown => openai.assistant('done');
    await inRun({ runId: 'r-1' }, () => runner.run({ messages: go('ok', 'bad', 'x'.repeat(500)), model })).catch(
      () => undefined,
    );
    const ms = expect.any(Number);
    expect(calls.events).toEqual([
      { tool: 'ok', toolCallId: 'c-ok', status: 'completed', attempts: 1, ms, runId: 'r-1' },
      { tool: 'bad', toolCallId: 'c-bad', status: 'failed', attempts: 1, ms, runId: 'r-1' },
      {
        tool: expect.stringMatching(/^x{70,80}/),
        toolCallId: expect.any(String),
        status: 'refused',
        attempts: 0,
        ms,
        runId: 'r-1',
      },
    ]);
    expect(JSON.stringify(calls.events)).not.toContain('hunter2');
    expect(JSON.stringify(calls.events).length).toBeLessThan(1_500);
    await runner.run({ messages: go('ok'), model });
    await runner.run({ messages: go('ok'), model, signal: AbortSignal.abort() });
    await runner.run({ messages: [openai.user('go')], model: () => go('ok')[1] }).catch(() => undefined);
    expect(runs.events).toEqual([
      { ended: 'exhausted', turns: 0, runId: 'r-1' },
      { ended: 'answered', turns: 1 },
      { ended: 'aborted', turns: 0 },
      { ended: 'exhausted', turns: 1 },
    ]);
    expect(calls.events.at(-1)).not.toHaveProperty('runId');
  });
});

describe('mycelium.runner', () => {
  it('takes what only code can say, and what it says counts', async () => {
    const mycelium = await runtime(
      'tools:\n  look: { side_effect_class: read }\nregistry: { allowed: [look] }\nrunner: { max_turns: 3 }\n',
    );
    mycelium.instrument({ look: throwing(hangUp()) });
    const runner = await mycelium.runner(undefined, { describeError: () => 'It is closed today.' });
    const { messages } = await mycelium.run({ runId: 'r' }, () => runner.answer(go('look')));
    expect(openai.results(messages)).toEqual([['c-look', 'It is closed today.']]);
    await expect(mycelium.runner(undefined, { describeErrors: () => '' } as never)).rejects.toThrow('Did you mean');
    const short = await mycelium.runner(undefined, { maxTurns: 0 as never }).catch((error: Error) => error.message);
    expect(short).toContain('Give a whole number from 1.');
    await mycelium.close();
  });
});

describe('after a restart', () => {
  it('what is open is run first under its own ids: what ended is replayed, what nobody knows is blocked', async () => {
    const store = memoryStore();
    const bodies: string[] = [];
    const lines = { broken: true };
    /** A process of its own, over the store of the one before. */
    const process = () => {
      const actions = new ActionLedger({ store });
      const pay = ledger({ name: 'pay', effect: 'irreversible', ledger: actions })(async ({ to }: { to: string }) => {
        bodies.push(to);
        if (to === 'Bob' && lines.broken) throw hangUp();
        return `paid ${to}`;
      });
      return { pay, runner: new ToolRunner({ tools: new ToolRegistry({ pay }) }) };
    };
    const stored = [
      openai.user('pay them'),
      ...openai.calls(['Ada', 'Bob', 'Cy'].map((to, at) => [`c${at}`, 'pay', { to }])),
    ];
    const scope = { threadId: 't', runId: 'billing-7' };
    const first = process();
    await inRun(scope, async () => {
      await first.pay({ to: 'Ada' }, { toolCallId: 'c0' });
      await first.pay({ to: 'Bob' }, { toolCallId: 'c1' }).catch(() => undefined);
    });
    lines.broken = false;
    const asked: unknown[][] = [];
    const finished = await inRun(scope, () =>
      process().runner.run({
        messages: stored,
        model: (messages) => {
          asked.push(messages);
          return openai.assistant('done');
        },
      }),
    );
    expect(bodies).toEqual(['Ada', 'Bob', 'Cy']);
    expect(openai.results(asked[0] as unknown[])).toEqual([
      ['c0', 'paid Ada'],
      ['c1', expect.stringMatching(/may already have been carried out/)],
      ['c2', 'paid Cy'],
    ]);
    // What the model gets and returns is the conversation.
    expect(finished.messages).toEqual([...(asked[0] as unknown[]), openai.assistant('done')]);
  });
});
