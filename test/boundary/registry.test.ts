import { describe, expect, it } from 'vitest';
import { ToolBoundaryError, ToolRegistry } from '../../src/boundary/index.js';
import { failure, listen } from '../ledger/workers.js';

const tools = {
  search: async ({ q }: { q: string }) => `found ${q}`,
  send_payment: async (_: object, call?: { toolCallId?: string }) => call?.toolCallId,
  broken: () => {
    throw new Error('out of order');
  },
};

async function refusal(call: Promise<unknown>): Promise<ToolBoundaryError> {
  const error = await failure(call);
  expect(error).toBeInstanceOf(ToolBoundaryError);
  return error as unknown as ToolBoundaryError;
}

describe('a registry', () => {
  it('calls a tool by its exact name, with what the framework passes', async () => {
    const registry = new ToolRegistry(tools);
    expect(registry.names).toEqual(['search', 'send_payment', 'broken']);
    expect(await registry.execute('search', { q: 'x' })).toBe('found x');
    expect(await registry.execute('send_payment', {}, { toolCallId: 'call-1' })).toBe('call-1');
    await expect(registry.execute('broken', {})).rejects.toThrow('out of order');
  });

  it.each([
    'Search',
    'search ',
    'SEARCH',
    'sendPayment',
    'sear\u200bch',
    '',
    'constructor',
    '__proto__',
    'hasOwnProperty',
  ])('%j is not the name of one', async (name) => {
    const registry = new ToolRegistry(tools);
    const error = await refusal(registry.execute(name, {}));
    expect(error).toMatchObject({ phase: 'allowlist', ran: 'no', issues: [{ code: 'not-allowed' }] });
    expect(registry.has(name)).toBe(false);
  });

  it('tells a model which tools there are, and which was probably meant', async () => {
    using heard = listen('mycelium:call-refused');
    const error = await refusal(new ToolRegistry(tools).execute('sendPayment', { card: '4111' }));
    expect(error.llmMessage).toBe(
      'sendPayment is not among the tools that may be called:\n- expected one of search, send_payment, broken. Did you mean send_payment?\nCall one of the tools that you have.',
    );
    expect(heard.events).toEqual([
      { tool: 'sendPayment', phase: 'allowlist', ran: 'no', issues: [{ path: '', code: 'not-allowed' }] },
    ]);
    const many = new ToolRegistry(
      Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`tool_${n}`, tools.search])),
    );
    expect((await refusal(many.execute('x'.repeat(10_000), {}))).llmMessage?.length).toBeLessThan(1000);
    expect((await refusal(many.execute(7 as never, {}))).tool).toBe('a number');
    expect((await refusal(new ToolRegistry({}).execute('search', {}))).llmMessage).toContain('expected no tool at all');
  });

  it('has views that can only be narrower, and name only their own tools', async () => {
    const registry = new ToolRegistry(tools);
    const view = registry.view(['search']);
    expect(view.names).toEqual(['search']);
    const error = await refusal(view.execute('send_payment', {}));
    expect(error.llmMessage).not.toContain('broken');
    expect(() => view.view(['send_payment' as never])).toThrow('A view has fewer tools, and never others.');
    expect(() => view.view(['serach' as never])).toThrow('Did you mean search?');
    expect(view.view([]).names).toEqual([]);
  });

  it('cannot be changed by whoever has it, or has what it was made of', async () => {
    const given: Record<string, (input: never) => unknown> = { search: tools.search };
    const registry = new ToolRegistry(given);
    given['wipe'] = async () => 'gone';
    given['search'] = async () => 'replaced';
    await refusal(registry.execute('wipe', {}));
    expect(await registry.execute('search', { q: 'x' })).toBe('found x');
    expect(Object.isFrozen(registry)).toBe(true);
    expect(() => (registry.names as string[]).push('wipe')).toThrow();
    expect(() => Object.assign(registry, { has: () => true })).toThrow();
  });

  it.each([
    [null, 'got no object'],
    [[tools.search], 'got no object'],
    [{ search: { execute: tools.search } }, 'the function that runs it'],
    [{ search: null }, 'is null'],
  ])('refuses what are no tools: %j', (given, says) => {
    expect(() => new ToolRegistry(given as never)).toThrow(says);
  });
});
