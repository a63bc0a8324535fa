/** What went wrong in the library that this one follows, one after the other: none of it can happen here. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bounded, ToolRegistry } from '../../src/boundary/index.js';
import { compose, run as inRun, ledger } from '../../src/index.js';
import { ActionLedger } from '../../src/ledger/action-ledger.js';
import { ToolRunner } from '../../src/runner/index.js';
import { memoryStore } from '../../src/store/memory.js';
import { failure } from '../ledger/workers.js';
import { conversations, problems, type Wire } from './conversations.js';

const openai = conversations[0] as Wire;
const add = bounded({ name: 'add', input: z.object({ a: z.number(), b: z.number() }) })(async ({ a, b }) => a + b);

describe('a runner', () => {
  it('does not execute a tool with an effect three times because it gave back a list', async () => {
    const home = new ActionLedger({ store: memoryStore() });
    let bodies = 0;
    const output = z.object({ id: z.string() });
    const body = async (_: object): Promise<never> => {
      bodies += 1;
      return [] as never;
    };
    const charge = compose(bounded({ name: 'charge', output }), ledger({ effect: 'keyed_mutate', ledger: home }))(body);
    const bare = bounded({ name: 'bare', output })(body);
    const runner = new ToolRunner({ tools: new ToolRegistry({ charge, bare }), maxToolRetries: 3, backoff: 1 });
    const calls = openai.calls([
      ['c1', 'charge', {}],
      ['c2', 'bare', {}],
    ]);
    const { answers } = await inRun({ runId: 'r' }, () => runner.answer([openai.user('go'), ...calls]));
    expect([bodies, answers.map(({ status }) => status)]).toEqual([2, ['failed', 'failed']]);
    await home.close();
  });

  it('runs a tool again also for a missing key of its output, with a pause', async () => {
    const home = new ActionLedger({ store: memoryStore() });
    const at: number[] = [];
    const output = z.object({ id: z.string() });
    const find = compose(
      bounded({ name: 'find', output }),
      ledger({ effect: 'read', ledger: home }),
    )(async (_: object) => {
      at.push(performance.now());
      return (at.length < 3 ? {} : { id: 'a' }) as { id: string };
    });
    const runner = new ToolRunner({ tools: new ToolRegistry({ find }), backoff: 20 });
    const { answers } = await inRun({ runId: 'r' }, () =>
      runner.answer([openai.user('go'), ...openai.calls([['c1', 'find', {}]])]),
    );
    expect(answers).toMatchObject([{ status: 'completed', attempts: 3, value: { id: 'a' } }]);
    const [first, second, third] = at as [number, number, number];
    expect(second - first).toBeGreaterThan(15);
    expect(third - second).toBeGreaterThan(35);
    await home.close();
  });

  it('without retries of tools runs each once', async () => {
    const runner = new ToolRunner({ tools: new ToolRegistry({ add }), maxToolRetries: 0 });
    const { answers } = await runner.answer([openai.user('go'), ...openai.calls([['c1', 'add', { a: 1, b: 2 }]])]);
    expect(answers).toMatchObject([{ status: 'completed', value: 3, attempts: 1 }]);
  });

  it.each(conversations)(
    'puts a second failure under the new id, leaves no call open, and passes its own validator in $format',
    async (wire) => {
      let asked = 0;
      const model = (messages: unknown[]): unknown[] => {
        expect(problems(wire, messages)).toEqual([]);
        asked += 1;
        if (asked === 3) return [wire.assistant('It is 3.')];
        return wire.calls([[`new-${asked}`, 'add', asked === 1 ? { a: 1 } : { a: 1, b: 2 }]]);
      };
      const first = wire.calls([
        ['old-1', 'add', {}],
        ['old-2', 'add', { a: 1, b: 1 }],
      ]);
      const { messages } = await new ToolRunner({ tools: new ToolRegistry({ add }) }).run({
        messages: [wire.user('1 + 2?'), ...first],
        model,
      });
      expect(wire.results(messages).map(([id]) => id)).toEqual(['old-1', 'old-2', 'new-1', 'new-2']);
      expect(problems(wire, messages)).toEqual([]);
    },
  );

  it('lets the model pick another tool', async () => {
    let asked = 0;
    const model = (): unknown[] => {
      asked += 1;
      return asked === 1
        ? openai.calls([['c1', 'sum', {}]])
        : asked === 2
          ? openai.calls([['c2', 'add', { a: 1, b: 2 }]])
          : [openai.assistant('3')];
    };
    const { answers } = await new ToolRunner({ tools: new ToolRegistry({ add }), maxLlmRetries: 1 }).run({
      messages: [openai.user('go')],
      model,
    });
    expect(answers.map(({ name, status }) => `${name} ${status}`)).toEqual(['sum refused', 'add completed']);
  });

  it('ends with the conversation in hand when it gives up', async () => {
    const model = (): unknown[] => openai.calls([['c1', 'add', { a: 'x' }]]);
    const error = await failure(
      new ToolRunner({ tools: new ToolRegistry({ add }) }).run({ messages: [openai.user('go')], model }),
    );
    const { messages, issues } = error as unknown as { messages: unknown[]; issues: { path: string }[] };
    expect(problems(openai, messages)).toEqual([]);
    expect([openai.results(messages).length, issues.map(({ path }) => path)]).toEqual([3, ['a', 'b']]);
  });
});
