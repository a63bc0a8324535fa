/**
 * What the original's tests showed of schemas, boundaries and registries, by the names that they had there, and what
 * it got wrong. What other files of this folder show at length is shown here once.
 */
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bounded, ToolBoundaryError, ToolRegistry } from '../../src/boundary/index.js';
import { ActionLedger, compose, ledger, positional } from '../../src/index.js';
import { memoryStore } from '../../src/store/memory.js';
import { failure } from '../ledger/workers.js';

async function refusal(call: Promise<unknown>): Promise<ToolBoundaryError> {
  const error = await failure(call);
  expect(error).toBeInstanceOf(ToolBoundaryError);
  return error as unknown as ToolBoundaryError;
}

/** What a tool with this input gets of arguments: the same, or what was wrong. */
async function given(input: object, args: unknown): Promise<unknown> {
  const tool = bounded({ name: 'tool', input } as never)(async (got: unknown) => got);
  return tool(args as never).catch((error: ToolBoundaryError) =>
    error.issues.map(({ path, code }) => `${path} ${code}`).join(', '),
  );
}

const built = (input: object) => (): unknown => bounded({ input } as never);

describe('schema', () => {
  it('array_of_integers_accepts_and_rejects', async () => {
    const input = { ids: { type: 'array', items: { type: 'integer' } } };
    expect(await given(input, { ids: [1, 2, 3] })).toEqual({ ids: [1, 2, 3] });
    expect(await given(input, { ids: ['a'] })).toBe('ids[0] type');
  });

  it('array_of_objects, object_field', async () => {
    const input = { rows: { type: 'array', items: { type: 'object' } }, meta: { type: 'object' } };
    const args = { rows: [{ any: 1 }, {}], meta: { free: [true] } };
    expect(await given(input, args)).toEqual(args);
  });

  it('object_with_additional_properties_value_type', async () => {
    const input = { prices: { type: 'object', additional_properties: { type: 'number' } } };
    expect(await given(input, { prices: { a: 2, b: 2.5 } })).toEqual({ prices: { a: 2, b: 2.5 } });
    expect(await given(input, { prices: { a: 'x' } })).toBe('prices.a type');
  });

  it('nested_array_of_arrays', async () => {
    const input = { grid: { type: 'array', items: { type: 'array', items: { type: 'integer' } } } };
    expect(await given(input, { grid: [[1], []] })).toEqual({ grid: [[1], []] });
    expect(await given(input, { grid: [[1], ['x']] })).toBe('grid[1][0] type');
  });

  it('unknown_type_raises_at_build_time, array_without_items_raises, pattern_rejected_on_non_string', () => {
    expect(built({ a: { type: 'sting' } })).toThrow('did you mean string?');
    expect(built({ a: { type: 'array' } })).toThrow('items');
    expect(built({ a: { type: 'integer', pattern: 'x' } })).toThrow('does not fit the type integer');
  });

  it('min_length_on_array', async () => {
    const input = { ids: { type: 'array', items: {}, min_length: 1 } };
    expect(await given(input, { ids: [] })).toBe('ids length');
  });

  it('scalars_still_work: what may be left out may be null where that is said, and only there', async () => {
    const input = { a: { type: 'boolean' }, n: { type: 'number', required: false, nullable: true } };
    expect(await given(input, { a: true, n: null })).toEqual({ a: true, n: null });
    expect(await given(input, { a: false })).toEqual({ a: false });
    expect(await given({ n: { type: 'number', required: false } }, { n: null })).toBe('n type');
  });
});

describe('what the original got wrong of schemas', () => {
  it('keys that it did not know had no effect', () => {
    for (const key of ['patern', 'minLenght', 'min_items', 'const', 'oneof']) {
      expect(built({ a: { [key]: 'x' } })).toThrow('is not a key of a field');
      expect(built({ a: { type: 'array', items: { [key]: 'x' } } })).toThrow('is not a key of a field');
    }
  });

  it('a pattern matched a part; one that its engine did not know broke the build with an error of the engine', async () => {
    expect(await given({ id: { pattern: 'c\\d+' } }, { id: 'xx c1; rm -rf /' })).toBe('id pattern');
    expect(built({ id: { pattern: '(?=x)' } })).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('names that Python does not allow could not be fields', async () => {
    const names = ['_x', 'model_config', 'class', 'my-id', '$ref', 'constructor', 'a b'];
    const args = Object.fromEntries(names.map((name) => [name, name]));
    expect(await given(Object.fromEntries(names.map((name) => [name, {}])), args)).toEqual(args);
  });
});

describe('boundary', () => {
  it('raises_on_missing_field, and tells nothing of the arguments beside it', async () => {
    let bodies = 0;
    const tool = bounded({ name: 'log_in', input: { user: {}, pw: {} } })(async () => ++bodies);
    const error = await refusal(tool({ pw: 'hunter2' } as never));
    expect(error).toMatchObject({ tool: 'log_in', phase: 'input', issues: [{ path: 'user', code: 'missing' }] });
    expect(JSON.stringify([error, error.message, error.stack])).not.toContain('hunter2');
    expect(bodies).toBe(0);
  });

  it('raises_on_null_value', async () => {
    const error = await refusal(bounded({ name: 'a', input: { id: {} } })(async () => 1)({ id: null } as never));
    expect(error.issues).toMatchObject([{ path: 'id', code: 'type', received: 'null' }]);
    expect(error.llmMessage).toContain('received null');
  });

  it('raises_on_pattern_mismatch, llm_message_is_actionable', async () => {
    const tool = bounded({ name: 'get', input: { id: { pattern: 'c\\d+' } } })(async () => 1);
    const error = await refusal(tool({ id: 'x' }));
    expect(error.issues).toEqual([
      { path: 'id', code: 'pattern', expected: 'a string that matches c\\d+ as a whole', received: '"x"' },
    ]);
    for (const part of ['get', 'id: ', 'expected a string that matches']) expect(error.llmMessage).toContain(part);
  });

  it('undeclared_kwarg_is_tool_boundary_error', async () => {
    expect(await given({ id: {} }, { id: 'a', extra: 1 })).toBe('extra unknown-field');
  });

  it('output_validation_blocks_bad_return: the body ran once, and nobody is told to pass what it gave', async () => {
    const actions = new ActionLedger({ store: memoryStore() });
    let bodies = 0;
    const tool = compose(
      bounded({ name: 'charge', output: { charge_id: {} } }),
      ledger({ effect: 'irreversible', idFrom: ['id'], ledger: actions }),
    )(async (_: { id: string }) => ({ charge: ++bodies }) as never);
    for (let call = 0; call < 3; call += 1) {
      const error = await refusal(tool({ id: 'a' }));
      expect(error).toMatchObject({ phase: 'output', ran: 'done', issues: [{ path: 'charge_id', code: 'missing' }] });
      expect(error.llmMessage).toMatch(/Do not call charge again/);
      expect(error.llmMessage).not.toMatch(/argument|call charge again with|mended|supply/i);
    }
    expect(bodies).toBe(1);
    await actions.close();
  });
});

describe('what the original got wrong of calls', () => {
  it.each([
    [{ type: 'integer' }, ['5', true, 5.5]],
    [{ type: 'boolean' }, ['false', 'off', 0]],
    [{ type: 'number' }, ['nan', Number.NaN, Number.POSITIVE_INFINITY]],
    [{ type: 'string' }, [new Uint8Array([1]), 5]],
    [{ type: 'array', items: { type: 'integer' } }, [new Set([1]), ['1'], '[1]']],
  ])('it took other types for %j, and gave the body what nobody had checked', async (spec, values) => {
    for (const value of values) expect(await given({ a: spec }, { a: value })).toMatch(/^a(\[0\])? type$/);
  });

  it('the body got what was passed, not what was checked', async () => {
    const tool = bounded({
      name: 'a',
      input: { n: { type: 'integer' }, ids: { type: 'array', items: {} } },
      coerce: 'llm',
    });
    const got = await tool(async (input) => input)({ n: '5', ids: '["a"]' } as never);
    expect(got).toEqual({ n: 5, ids: ['a'] });
  });

  it('arguments by position were checked in the order of the schema', async () => {
    const input = { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], minItems: 2 } as const;
    const tool = positional(bounded({ name: 'move', input }))(async (to: string, by: number) => `${to} ${by}`);
    expect(await tool('a', 1)).toBe('a 1');
    expect((await refusal(tool(1 as never, 'a' as never))).issues.map(({ path }) => path)).toEqual(['[0]', '[1]']);
  });

  it('a scope that named no field of the schema, or nothing at all, was inert', () => {
    const entityPattern = (fields: unknown, pattern: unknown = 'c') => ({ entityPattern: { fields, pattern } });
    const allowedPaths = (fields: unknown) => ({ allowedPaths: { fields, roots: ['.'], base: '/' } });
    for (const scope of [
      entityPattern(['customer']),
      entityPattern([]),
      entityPattern(undefined),
      entityPattern(['id'], null),
      allowedPaths(['path']),
      allowedPaths([]),
    ])
      expect(() => bounded({ input: { id: {} }, scope } as never)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('only the first of the mistakes was told, at whatever length', async () => {
    const tool = bounded({ name: 'a', input: { a: { max_length: 3 }, b: { type: 'integer' } } })(async () => 1);
    const error = await refusal(tool({ a: 'x'.repeat(1_000_000), b: 'y' } as never));
    expect(error.issues.map(({ path }) => path)).toEqual(['a', 'b']);
    expect(Buffer.byteLength(error.llmMessage ?? '')).toBeLessThan(2000);
  });
});

describe.runIf(process.platform !== 'win32')('scope', () => {
  let base: string;
  let open: (path: unknown, roots?: readonly string[]) => Promise<unknown>;
  beforeEach(async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'mycelium-reference-')));
    base = join(folder, 'base');
    for (const name of ['base/workspace/sub', 'base/workspace_evil', 'outside'])
      await mkdir(join(folder, name), { recursive: true });
    for (const name of ['base/workspace/a.txt', 'base/workspace_evil/a.txt', 'outside/secret'])
      await writeFile(join(folder, name), name);
    const links = {
      folder: join(folder, 'outside'),
      file: join(folder, 'outside/secret'),
      missing: join(folder, 'outside/new'),
      inside: 'sub',
      loop: 'loop',
    };
    for (const [name, target] of Object.entries(links)) await symlink(target, join(base, 'workspace', name));
    await symlink('workspace', join(base, 'root_link'));
    open = async (path, roots = ['workspace']) => {
      const scope = { allowedPaths: { fields: ['path'], roots, base } };
      const tool = bounded({ name: 'open', scope })(async (input: { path: unknown }) => input.path);
      return tool({ path }).catch((error: ToolBoundaryError) => error.issues.map(({ code }) => code).join(', '));
    };
  });
  afterEach(() => rm(join(base, '..'), { recursive: true, force: true }));

  it('scope_gate_blocks_disallowed_path, blocks_dotdot_prefix_bypass, sibling_prefix_bypass', async () => {
    for (const path of ['/etc/passwd', 'workspace/../../outside/secret', 'workspace_evil/a.txt', '../outside/secret'])
      expect(await open(path)).toBe('path-outside');
  });

  it('directory, file and missing-target symlink escape', async () => {
    for (const path of ['workspace/folder/secret', 'workspace/file', 'workspace/missing'])
      expect(await open(path)).toBe('path-outside');
  });

  it('symlink_resolving_inside_root, root_that_is_a_symlink, missing_descendant_inside_root, relative root', async () => {
    for (const path of ['workspace/inside/b.txt', 'workspace/new/deep/c.txt', 'root_link/a.txt', 'workspace'])
      expect(await open(path)).toBe(path);
    expect(await open('workspace/a.txt', ['root_link'])).toBe('workspace/a.txt');
    expect(await open('workspace/a.txt', [join(base, 'workspace')])).toBe('workspace/a.txt');
  });

  it('fails_closed_on_symlink_loop', async () => {
    expect(await open('workspace/loop/a.txt')).toBe('path-unresolvable');
  });

  it('what the original let through: ~ and file: URLs; no folder was every folder; lists and null were texts', async () => {
    for (const path of ['~/a.txt', 'file:///etc/passwd', 'file:workspace/a.txt'])
      expect(await open(path)).toBe('path-malformed');
    expect(await open('workspace/a.txt', [])).toBe('path-outside');
    expect(await open(['workspace/a.txt', '../outside/secret'])).toBe('path-outside');
    expect(await open(null)).toBe(null);
    const two = { allowedPaths: { fields: ['from', 'to'], roots: ['workspace'], base } };
    const copy = bounded({ name: 'copy', scope: two })(async (_: object) => 1);
    const error = await refusal(copy({ from: 'workspace/a.txt', to: '../outside/x' }));
    expect(error.issues).toMatchObject([{ path: 'to', code: 'path-outside' }]);
    const input = { path: { default: '/etc/passwd' } };
    const scope = { allowedPaths: { fields: ['path'], roots: ['workspace'], base } } as const;
    expect((await refusal(bounded({ name: 'd', input, scope })(async () => 1)({}))).phase).toBe('scope');
  });
});

describe('registry', () => {
  it('blocks_unlisted_tool, register_adds_function_name', async () => {
    const registry = new ToolRegistry({ search: async (_: object) => 1, fetch: async (_: object) => 2 });
    expect(registry.names).toEqual(['search', 'fetch']);
    const error = await refusal(registry.execute('wipe', {}));
    expect(error).toMatchObject({ phase: 'allowlist', issues: [{ code: 'not-allowed' }] });
    for (const name of ['wipe', 'search', 'fetch']) expect(error.llmMessage).toContain(name);
  });

  it('an empty one denies everything, and what is bound stays as it was', async () => {
    expect((await refusal(new ToolRegistry({}).execute('search', {}))).phase).toBe('allowlist');
    const tools: Record<string, () => Promise<number>> = { search: async () => 1 };
    const view = new ToolRegistry(tools).view(['search']);
    tools['wipe'] = async () => 2;
    expect((await refusal(view.execute('wipe', {}))).phase).toBe('allowlist');
  });
});
