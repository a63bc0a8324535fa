import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bounded } from '../../src/boundary/index.js';
import { invalidate, protect, Session, UsageError } from '../../src/context/index.js';
import type { ProtectOptions } from '../../src/context/options.js';
import { ActionLedger, compose, inspectCall, ledger, positional, run, taskLedger } from '../../src/index.js';
import { memoryStore } from '../../src/store/memory.js';
import type { Guard } from '../../src/tool/types.js';
import { failure, listen } from '../ledger/workers.js';

describe('with other guards', () => {
  it('takes what the schema makes of the arguments, and remembers no result that the schema refuses', async () => {
    let bodies = 0;
    const tool = compose(
      bounded({
        name: 'fetch_customer',
        input: z.object({ customerId: z.string().trim(), limit: z.coerce.number().default(5) }),
        output: z.object({ name: z.string() }),
      }),
      protect({ entity: 'customerId', ttl: '60s' }),
    )(async ({ limit }) => {
      bodies += 1;
      return limit === 9 ? ({} as { name: string }) : { name: `read ${bodies}` };
    });
    await run({}, async () => {
      expect(await tool({ customerId: 'c1' })).toEqual({ name: 'read 1' });
      expect(await tool({ customerId: ' c1 ', limit: '5' })).toEqual({ name: 'read 1' });
      for (const _ of [1, 2])
        expect(await failure(tool({ customerId: 'c1', limit: 9 }))).toMatchObject({ code: 'TOOL_BOUNDARY' });
    });
    expect(bodies).toBe(3);
  });

  it('asks the ledger inside only when nothing is remembered, and says that it was a replay', async () => {
    const actions = new ActionLedger({ store: memoryStore() });
    let bodies = 0;
    const tool = compose(
      protect({ name: 'fetch', entity: 'id', ttl: '60s' }),
      ledger({ effect: 'read', idFrom: ['id'], ledger: actions }),
    )(async ({ id }: { id: string }) => `${id} ${++bodies}`);
    await run({ runId: 'r' }, async () => {
      expect(await inspectCall(tool, { id: 'a' })).toEqual({ value: 'a 1', replayed: false, requestId: 'a' });
      using asked = listen('mycelium:call-replayed');
      expect(await inspectCall(tool, { id: 'a' })).toEqual({ value: 'a 1', replayed: true, requestId: 'a' });
      expect(asked.events).toEqual([]);
    });
    await actions.close();
  });

  it.each([
    ['its call', {}],
    ['its arguments', { idFrom: ['id'] as const }],
    ['a period', { replayFor: '1h' }],
  ])('reads anew what a write outdated, though the ledger has the read by %s', async (_, identity) => {
    const actions = new ActionLedger({ store: memoryStore() });
    let level = 1;
    const inner = ledger({ name: 'count', effect: 'read', ledger: actions, ...identity })(
      async ({ id }: { id: string }) => `${id} ${level}`,
    );
    const read = compose(
      protect({ name: 'stock', entity: 'id', ttl: '60s' }),
      ledger({ effect: 'read', ledger: actions, ...identity }),
    )(async ({ id }: { id: string }) => [await inner({ id }), await inner({ id }), level]);
    const write = protect({ name: 'restock', invalidates: 'id' })(async ({ to }: { id: string; to: number }) => {
      level = to;
    });
    await run({ threadId: 't', runId: 'r' }, async () => {
      expect(await read({ id: 'a' }, { toolCallId: 'c' })).toEqual(['a 1', 'a 1', 1]);
      await write({ id: 'a', to: 2 });
      using asked = listen('mycelium:call-replayed');
      expect(await read({ id: 'a' }, { toolCallId: 'c' })).toEqual(['a 2', 'a 2', 2]);
      // Within one execution, the same read is read once.
      expect(asked.events).toMatchObject([{ tool: 'count' }]);
    });
    await actions.close();
  });

  it('refuses to answer a write from memory', () => {
    const classes = ['idempotent_mutate', 'keyed_mutate', 'non_idempotent_mutate', 'irreversible', undefined] as const;
    for (const effect of classes) {
      const write = ledger(effect === undefined ? {} : { effect });
      expect(() => compose(protect({ name: 'pay', ttl: '60s' }), write), effect).toThrow(UsageError);
    }
    expect(() => compose(protect({ ttl: '60s' }), taskLedger({ name: 'task' }))).toThrow(/effect is idempotent_mutate/);
    expect(() => compose(ledger({ name: 'r', effect: 'read' }), protect({ ttl: '60s' }))).toThrow(
      /ledger stands outside protect/,
    );
    expect(() => compose(protect({ ttl: '60s' }), protect({ invalidates: 'id' }))).toThrow(UsageError);
  });
});

describe('options that make no sense', () => {
  const refused: readonly (readonly [unknown, string])[] = [
    [undefined, 'protect(options): is no object'],
    [{}, 'protect({ ttl }): is not given'],
    [{ ttl: 'soon' }, 'protect({ ttl }): "soon" is not a duration'],
    [{ ttl: 0 }, 'protect({ ttl }): is no time at all'],
    [{ tll: '60s' }, 'protect({ tll }): is no option'],
    [{ ttl: '60s', negativeTtl: -1 }, 'protect({ negativeTtl }): -1 is not a duration'],
    [{ ttl: '60s', max: 0 }, 'protect({ max }): is 0'],
    [{ ttl: '60s', max: 1.5 }, 'protect({ max }): is 1.5'],
    [{ ttl: '60s', entity: [] }, 'protect({ entity }): names no field'],
    [{ ttl: '60s', key: 'id' }, 'protect({ key }): names no fields'],
    [{ ttl: '60s', tags: 'a' }, 'protect({ tags }): is no list of names'],
    [{ ttl: '60s', name: ' ' }, 'protect({ name }): is blank'],
    [{ ttl: '60s', invalidates: 'id' }, 'protect({ ttl }): is for tools that read'],
    [{ invalidates: {} }, 'protect({ invalidates }): names nothing'],
    [{ invalidates: { entitys: 'id' } }, 'protect({ invalidates.entitys }): is no option'],
    [{ invalidates: { tags: [1] } }, 'protect({ invalidates.tags }): is no list of names'],
    [{ invalidates: { entity: '' } }, 'protect({ invalidates.entity }): names no field'],
    [{ invalidates: true }, 'protect({ invalidates }): names no field'],
  ];
  it.each(refused)('%j', (options, problem) => {
    expect(() => protect(options as ProtectOptions)).toThrow(UsageError);
    expect(() => protect(options as ProtectOptions)).toThrow(problem);
  });

  it('fields of positional tools', () => {
    const guard = (options: unknown) => positional(protect(options as ProtectOptions) as unknown as Guard);
    for (const options of [{ ttl: 1, entity: 'id' }, { ttl: 1, key: ['id'] }, { invalidates: ['id'] }])
      expect(() => guard(options)(async () => 1)).toThrow(/a positional tool has none/);
  });

  it('things that name nothing to invalidate', () => {
    for (const what of ['', undefined, null, {}, { tool: '' }, { tag: 1 }, { all: false }, true])
      expect(() => invalidate(what as never), JSON.stringify(what)).toThrow(UsageError);
    expect(() => invalidate({ tool: async () => 1 })).toThrow(/no guard is around/);
    expect(() => Session.run(undefined as never)).toThrow(UsageError);
  });
});
