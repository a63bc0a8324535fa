import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { z as z3 } from 'zod/v3';
import { bounded, ToolBoundaryError } from '../../src/boundary/index.js';
import { ActionLedger, compose, inspectCall, ledger, positional, run } from '../../src/index.js';
import { memoryStore } from '../../src/store/memory.js';
import { failure, listen } from '../ledger/workers.js';

let actions: ActionLedger;

beforeEach(() => {
  actions = new ActionLedger({ store: memoryStore() });
});
afterEach(() => actions.close());

const Amount = { id: { pattern: 'inv-\\d+' }, amount: { type: 'integer', minimum: 1 } } as const;

async function refusal(call: Promise<unknown>): Promise<ToolBoundaryError> {
  const error = await failure(call);
  expect(error).toBeInstanceOf(ToolBoundaryError);
  return error as unknown as ToolBoundaryError;
}

describe('the input', () => {
  it('is what the schema makes of it, for the body and for whoever records', async () => {
    const seen: unknown[] = [];
    const tool = compose(
      bounded({ name: 'pay', input: z.object({ id: z.string().trim(), amount: z.coerce.number().default(5) }) }),
      ledger({ effect: 'irreversible', idFrom: ['id'], ledger: actions }),
    )(async (input) => {
      seen.push(input);
      return input.amount;
    });
    expect(await tool({ id: ' a ' })).toBe(5);
    expect(await tool({ id: 'a', amount: '5' })).toBe(5);
    expect(seen).toEqual([{ id: 'a', amount: 5 }]);
    const [call] = (await actions.list()).calls;
    expect(await actions.get(call?.id ?? '')).toMatchObject({ requestId: 'a', input: { id: 'a', amount: 5 } });
  });

  it('when refused leaves no record, and the mended call runs under the same call id', async () => {
    let bodies = 0;
    const tool = compose(
      bounded({ name: 'pay', input: Amount }),
      ledger({ effect: 'irreversible', ledger: actions }),
    )(async () => ++bodies);
    const call = { toolCallId: 'call-1' };
    const inRun = <T>(fn: () => Promise<T>): Promise<T> => run({ threadId: 'thread-1', runId: 'run-1' }, fn);
    const error = await refusal(inRun(() => tool({ id: 'x', amount: 0 }, call)));
    expect(error).toMatchObject({ code: 'TOOL_BOUNDARY', tool: 'pay', phase: 'input', ran: 'no', retryable: 'never' });
    expect(error.issues.map(({ path, code }) => [path, code])).toEqual([
      ['id', 'pattern'],
      ['amount', 'range'],
    ]);
    expect((await actions.list()).calls).toEqual([]);
    expect(await inRun(() => tool({ id: 'inv-1', amount: 1 }, call))).toBe(1);
    expect(await inRun(() => tool({ id: 'inv-1', amount: 1 }, call))).toBe(1);
    expect((await actions.list()).calls).toHaveLength(1);
  });

  it('tells a model everything at once, in words that let it mend the call', async () => {
    const tool = bounded({ name: 'refund', input: Amount })(async () => 'done');
    const error = await refusal(tool({ id: 'x', amount: 'five', amonut: 3 } as never));
    const lines = (error.llmMessage ?? '').split('\n');
    expect(lines[0]).toBe('refund was not called, its arguments are wrong:');
    expect(lines.at(-1)).toBe('Nothing was done. Call refund again with this mended and everything else as it was.');
    expect(lines.slice(1, -1)).toHaveLength(3);
    expect(error.llmMessage).toContain('id: expected');
    expect(error.llmMessage).toContain('received "five"');
    expect(error.llmMessage).toContain('Did you mean "amount"?');
  });

  it('of one megabyte, or of a secret neighbour, is in no part of the error', async () => {
    const tool = bounded({
      name: 'log_in',
      input: {
        user: { max_length: 10 },
        password: { min_length: 20 },
        pin: { type: 'integer', maximum: 10 },
        apiKey: {},
      },
      redact: ['pin'],
    })(async () => 'in');
    using heard = listen('mycelium:call-refused');
    const error = await refusal(
      tool({ user: 'u'.repeat(1_000_000), password: 'hunter2', pin: 4711, apiKey: 7 } as never),
    );
    const everything = JSON.stringify([
      error,
      error.message,
      error.llmMessage,
      error.stack,
      error.issues,
      heard.events,
    ]);
    expect(error.issues).toHaveLength(4);
    expect((error.llmMessage ?? '').length).toBeLessThan(2000);
    expect(everything).not.toMatch(/hunter2|4711|u{200}/);
    expect(heard.events).toMatchObject([
      { tool: 'log_in', phase: 'input', ran: 'no', issues: [{ path: 'user', code: 'length' }, {}, {}, {}] },
    ]);
    expect(JSON.stringify(heard.events)).not.toContain('expected');
  });

  it('however wrong it is gives a message that is short', async () => {
    const tool = bounded({ name: 'add', input: { items: { type: 'array', items: { type: 'integer' } } } })(
      async () => 1,
    );
    const error = await refusal(tool({ items: Array.from({ length: 5000 }, () => 'x'.repeat(300)) } as never));
    expect(error.issues).toHaveLength(100);
    expect((error.llmMessage ?? '').length).toBeLessThan(2000);
    expect(error.llmMessage).toMatch(/\n- and \d+ more\n/);
    const names = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`${'n'.repeat(5000)}${index}`, 1]));
    const other = await refusal(tool({ items: [], ...names } as never));
    expect((other.llmMessage ?? '').length).toBeLessThan(2000);
    expect(other.message.length).toBeLessThan(2000);
  });

  it('is repaired for models where that is asked, and each repair is told', async () => {
    const tool = bounded({ name: 'pay', input: Amount, coerce: 'llm' })(async (input) => input);
    using heard = listen('mycelium:input-coerced');
    expect(await tool({ id: 'inv-1', amount: '5' } as never)).toEqual({ id: 'inv-1', amount: 5 });
    expect(heard.events).toMatchObject([{ tool: 'pay', coercions: [{ path: 'amount' }] }]);
    const strict = bounded({ name: 'pay', input: Amount })(async (input) => input);
    await refusal(strict({ id: 'inv-1', amount: '5' } as never));
  });

  it('may be judged by a schema that takes its time', async () => {
    const tool = bounded({
      name: 'pay',
      input: z.object({ id: z.string().refine(async (id) => id === 'a', 'is not known') }),
    })(async ({ id }) => id);
    expect(await tool({ id: 'a' })).toBe('a');
    expect((await refusal(tool({ id: 'b' }))).issues).toMatchObject([{ path: 'id', code: 'invalid' }]);
  });

  it('of a function of several arguments is all of them', async () => {
    const add = positional(bounded({ name: 'add', input: z.tuple([z.number(), z.number()]) }))(
      async (a: number, b: number) => a + b,
    );
    expect(await add(1, 2)).toBe(3);
    expect((await refusal(add('1' as never, 2))).issues).toMatchObject([{ path: '[0]', code: 'type' }]);
  });

  it('may not be there at all', async () => {
    const tool = bounded({ name: 'pay', input: Amount })(async () => 1);
    for (const input of [undefined, null, 'inv-1', 7, []])
      expect((await refusal(tool(input as never))).phase).toBe('input');
  });
});

it.each([
  ['zod 4', z],
  ['zod 3', z3 as unknown as typeof z],
])(
  '%s: an argument that the schema does not know is refused, at whatever depth, unless the schema wants it',
  async (_, zod) => {
    const inner = zod.object({ n: zod.number() });
    const schemas = {
      plain: zod.object({ a: inner, list: zod.array(inner).optional() }),
      refined: zod.object({ a: inner }).refine(() => true),
      open: zod.object({ a: inner }).passthrough(),
      caught: zod.object({ a: inner }).catchall(zod.number()),
    };
    const call = async (name: keyof typeof schemas, input: object): Promise<string[]> => {
      const tool = bounded({ name, input: schemas[name] as typeof schemas.plain })(async () => 'ran');
      const error = await tool(input as never).then(
        () => undefined,
        (thrown: ToolBoundaryError) => thrown,
      );
      return (error?.issues ?? []).map(({ path, code }) => `${path} ${code}`);
    };
    expect(await call('plain', { a: { n: 1, m: 2 }, list: [{ n: 1 }, { n: 1, x: 1 }], b: 1 })).toEqual([
      'a.m unknown-field',
      'list[1].x unknown-field',
      'b unknown-field',
    ]);
    expect(await call('refined', { a: { n: 1 }, b: 1 })).toEqual(['b unknown-field']);
    expect(await call('open', { a: { n: 1 }, b: 1 })).toEqual([]);
    expect(await call('caught', { a: { n: 1 }, b: 1 })).toEqual([]);
  },
);

describe('the output', () => {
  const Total = z.object({ total: z.number() });

  it.each(['read', 'idempotent_mutate'] as const)(
    'of a %s is checked before it is recorded: the call runs again',
    async (effect) => {
      let bodies = 0;
      const tool = compose(
        bounded({ name: 'sum', output: Total }),
        ledger({ effect, idFrom: ['id'], ledger: actions }),
      )(async (_: { id: string }) => {
        bodies += 1;
        return (bodies === 1 ? { total: 'many' } : { total: bodies }) as { total: number };
      });
      // A read is known within its run.
      const call = (): Promise<{ total: number }> => run({ runId: 'r' }, () => tool({ id: 'a' }));
      const error = await refusal(call());
      expect(error).toMatchObject({ phase: 'output', ran: 'again', issues: [{ path: 'total', code: 'type' }] });
      expect(error.llmMessage).toContain('It may be called again.');
      expect((await actions.list()).calls).toMatchObject([{ phase: 'aborted' }]);
      expect([await call(), await call(), bodies]).toEqual([{ total: 2 }, { total: 2 }, 2]);
    },
  );

  it.each(['keyed_mutate', 'non_idempotent_mutate', 'irreversible', undefined] as const)(
    'of a %s is checked after it is recorded as done: the body never runs again for it',
    async (effect) => {
      let bodies = 0;
      const guard = compose(
        bounded({ name: 'charge', output: Total }),
        ledger({ ...(effect === undefined ? {} : { effect }), idFrom: ['id'], ledger: actions }),
      );
      const tool = guard(async (_: { id: string }) => {
        bodies += 1;
        return { total: 'many' } as never;
      });
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const error = await refusal(tool({ id: 'a' }));
        expect(error).toMatchObject({ phase: 'output', ran: 'done' });
        expect(error.llmMessage).toContain('Do not call charge again for this: it was carried out.');
        expect(error.llmMessage).not.toMatch(/argument/);
      }
      expect(bodies).toBe(1);
      expect((await actions.list()).calls).toMatchObject([{ phase: 'committed', attempts: 1 }]);
    },
  );

  it('is what the schema makes of it, once', async () => {
    const output = z.object({ n: z.number().transform((n) => n + 1) });
    const bare = bounded({ name: 'bare', output })(async (_: object) => ({ n: 1 }));
    expect(await bare({})).toEqual({ n: 2 });
    for (const effect of ['read', 'irreversible'] as const) {
      const tool = compose(
        bounded({ name: effect, output }),
        ledger({ effect, idFrom: ['id'], ledger: actions }),
      )(async (_: { id: string }) => ({ n: 1 }));
      const call = (): Promise<{ n: number }> => run({ runId: 'r' }, () => tool({ id: 'a' }));
      expect([await call(), await call()]).toEqual([{ n: 2 }, { n: 2 }]);
      const inspected = await run({ runId: 'r' }, () => inspectCall(tool, { id: 'a' }));
      expect(inspected).toMatchObject({ replayed: true, value: { n: 2 } });
    }
  });

  it('may be a list, a text, or nothing', async () => {
    const list = bounded({ name: 'list', output: z.array(z.string()) })(async (_: object) => ['a']);
    expect(await list({})).toEqual(['a']);
    const text = bounded({ name: 'text', output: { type: 'string', maxLength: 3 } })(
      async (_: object) => 'long' as unknown,
    );
    expect((await refusal(text({}))).issues).toMatchObject([{ path: '', code: 'length' }]);
    const nothing = bounded({ name: 'none', output: z.null() })(async (_: object) => null);
    expect(await nothing({})).toBe(null);
  });
});

describe('the scope', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mycelium-bounded-'));
    await writeFile(join(folder, 'a.txt'), 'a');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is checked on what the body gets, before anything is claimed', async () => {
    const tool = compose(
      bounded({
        name: 'copy',
        input: { from: {}, to: {}, url: { required: false }, customer: { default: 'c1' } },
        scope: {
          allowedPaths: { fields: ['from', 'to'], roots: ['.'], base: folder },
          allowedHosts: { fields: ['url'], hosts: ['api.example.com'] },
          entityPattern: { fields: ['customer'], pattern: 'c\\d+' },
        },
      }),
      ledger({ effect: 'irreversible', idFrom: ['to'], ledger: actions }),
    )(async ({ from, to }) => `${from} → ${to}`);
    expect(await tool({ from: 'a.txt', to: 'b.txt' })).toBe('a.txt → b.txt');
    const error = await refusal(
      tool({ from: '../x', to: '/etc/passwd', url: 'https://evil.example', customer: 'xx c1; rm -rf /' }),
    );
    expect(error).toMatchObject({ phase: 'scope', ran: 'no' });
    expect(error.issues.map(({ path, code }) => `${path} ${code}`)).toEqual([
      'from path-outside',
      'to path-outside',
      'url host-not-allowed',
      'customer entity-mismatch',
    ]);
    expect((await actions.list()).calls).toHaveLength(1);
  });

  it('is that of the call as it was made: a caller who changes it later changes nothing', async () => {
    const scope = { allowedPaths: { fields: ['file'], roots: ['.'], base: folder } };
    const tool = bounded({ name: 'open', scope })(async ({ file }: { file: string }) => file);
    const input = { file: 'a.txt' };
    const call = tool(input);
    input.file = '/etc/passwd';
    expect(await call).toBe('a.txt');
    const odd = await refusal(tool({ file: 'a.txt', undo: () => undefined } as never));
    expect(odd.issues).toMatchObject([{ code: 'invalid', expected: 'plain data, without functions' }]);
  });

  it.each([
    [{ allowedPaths: { fields: ['file'], roots: ['.'], base: '/' } }, 'allowedPaths', 'Did you mean files?'],
    [{ allowedHosts: { fields: ['link'], hosts: ['a.b'] } }, 'allowedHosts', 'Its fields are files, url.'],
    [{ entityPattern: { fields: ['urls'], pattern: 'x' } }, 'entityPattern', 'Did you mean url?'],
    [{ allowedPath: {} }, 'scope.allowedPath', 'Did you mean allowedPaths?'],
    [null, 'scope', 'is no object'],
  ])('%j names what there is not, which is found when the guard is made', (scope, place, says) => {
    const make = (): unknown => bounded({ input: { files: { type: 'array', items: {} }, url: {} }, scope } as never);
    expect(make).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(make).toThrow(place);
    expect(make).toThrow(says);
  });
});

describe('options that cannot be meant', () => {
  it.each([
    [{ inputs: {} }, 'Did you mean input?'],
    [{ schema: {} }, 'The options are name, input'],
    [{ coerce: 'lax' }, 'Write strict or llm'],
    [{ unknownFields: true }, 'Write refuse or strip'],
    [{ redact: 'pin' }, 'is no list of names'],
    [{ input: { id: { patern: 'x' } } }, 'pattern'],
    [{ input: 7 }, 'is no schema'],
    [{ output: { id: { type: 'array' } } }, 'items'],
    [null, 'is no object'],
  ])('%j', (options, says) => {
    const make = (): unknown => bounded(options as never);
    expect(make).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(make).toThrow(says);
  });

  it('a place that would let a bad call claim something', () => {
    expect(() => compose(ledger({ name: 'a', effect: 'read' }), bounded({ input: Amount }) as never)).toThrow(
      'ledger stands outside bounded',
    );
    expect(() => compose(bounded({ name: 'a' }), bounded({}) as never)).toThrow('bounded and bounded are both there');
  });
});
