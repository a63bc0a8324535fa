import { type } from 'arktype';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { compileSchema, type Parsed, type SchemaOptions } from '../../src/boundary/schema/compile-schema.js';
import { UsageError } from '../../src/errors/usage.js';

/** The same tool, described in every way. */
const VENDORS: readonly [string, unknown][] = [
  [
    'zod',
    z.object({
      count: z.int().min(1).max(50),
      name: z.string(),
      to: z.object({ email: z.email() }),
      size: z.enum(['small', 'large']).optional(),
      limit: z.number().nullable(),
      ids: z.array(z.string()).max(3).optional(),
      flag: z.boolean().optional(),
    }),
  ],
  [
    'valibot',
    v.object({
      count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(50)),
      name: v.string(),
      to: v.object({ email: v.pipe(v.string(), v.email()) }),
      size: v.optional(v.picklist(['small', 'large'])),
      limit: v.nullable(v.number()),
      ids: v.optional(v.pipe(v.array(v.string()), v.maxLength(3))),
      flag: v.optional(v.boolean()),
    }),
  ],
  [
    'arktype',
    type({
      count: '1 <= number.integer <= 50',
      name: 'string',
      to: { email: 'string.email' },
      'size?': "'small' | 'large'",
      limit: 'number | null',
      'ids?': 'string[] <= 3',
      'flag?': 'boolean',
    }),
  ],
  [
    'JSON Schema',
    {
      type: 'object',
      properties: {
        count: { type: 'integer', minimum: 1, maximum: 50 },
        name: { type: 'string' },
        to: { type: 'object', properties: { email: { type: 'string', format: 'email' } }, required: ['email'] },
        size: { enum: ['small', 'large'] },
        limit: { type: ['number', 'null'] },
        ids: { type: 'array', items: { type: 'string' }, maxItems: 3 },
        flag: { type: 'boolean' },
      },
      required: ['count', 'name', 'to', 'limit'],
    },
  ],
  [
    'field specs',
    {
      count: { type: 'integer', minimum: 1, maximum: 50 },
      name: {},
      to: { type: 'object', properties: { email: { format: 'email' } } },
      size: { enum: ['small', 'large'], required: false },
      limit: { type: 'number', nullable: true },
      ids: { type: 'array', items: {}, maxLength: 3, required: false },
      flag: { type: 'boolean', required: false },
    },
  ],
];

const GOOD = { count: 5, name: 'Ada', to: { email: 'ada@example.com' }, limit: null };

async function parse(schema: unknown, value: unknown, options: SchemaOptions = {}): Promise<Parsed> {
  return compileSchema(schema, 'schema', options).parse(value);
}

async function codes(schema: unknown, value: unknown, options: SchemaOptions = {}): Promise<string[]> {
  const parsed = await parse(schema, value, options);
  return parsed.ok ? [] : parsed.issues.map(({ path, code }) => `${path} ${code}`);
}

const text = (value: unknown): string => JSON.stringify(value);

test.each(VENDORS)('%s: what fits is taken at once, and the fields are known', (_, schema) => {
  const compiled = compileSchema(schema, 'schema');
  expect(compiled.parse(GOOD)).toEqual({ ok: true, value: GOOD, coercions: [] });
  expect([...(compiled.fields ?? [])].sort()).toEqual(['count', 'flag', 'ids', 'limit', 'name', 'size', 'to']);
});

test.each(VENDORS)('%s: everything that is wrong is told at once, in the same words', async (_, schema) => {
  const wrong = {
    count: 51,
    nam: 'hunter2',
    to: { email: 'x' },
    size: 'tiny',
    limit: 'none',
    ids: ['a', 'b', 'c', 'd'],
  };
  const parsed = await parse(schema, wrong);
  const issues = parsed.ok ? [] : parsed.issues;
  expect(Object.fromEntries(issues.map(({ path, code }) => [path, code]))).toEqual({
    count: 'range',
    name: 'missing',
    nam: 'unknown-field',
    'to.email': 'format',
    size: 'choice',
    limit: 'type',
    ids: 'length',
  });
  const at = (path: string): unknown => issues.find((issue) => issue.path === path);
  expect(at('count')).toMatchObject({ expected: 'an integer from 1 to 50', received: '51' });
  expect(at('name')).toEqual({ path: 'name', code: 'missing', expected: 'a string' });
  expect(at('to.email')).toMatchObject({ expected: expect.stringContaining('email address'), received: '"x"' });
  expect(at('ids')).toMatchObject({ expected: expect.stringContaining('3 items'), received: 'a list of 4' });
  expect(at('nam')).toMatchObject({ hint: 'Did you mean "name"?' });
  expect(text(parsed)).not.toContain('hunter2');
});

test.each(VENDORS)('%s: what is too big is told in a few words, and no secret is', async (_, schema) => {
  const big = 'hunter2 '.repeat(131_072);
  for (const value of [{ ...GOOD, count: big, limit: big, to: big }, big, { ...GOOD, [big]: 1 }]) {
    const parsed = await parse(schema, value);
    for (const issue of parsed.ok ? [] : parsed.issues) expect(Buffer.byteLength(text(issue))).toBeLessThan(500);
    const secret = await parse(schema, { ...GOOD, count: 'hunter2' }, { isSecret: () => true });
    expect(secret.ok).toBe(false);
    expect(text(secret)).not.toContain('hunter2');
  }
});

test.each(VENDORS)('%s: unknown fields are left to the schema when asked', async (_, schema) => {
  const parsed = await parse(schema, { ...GOOD, other: 1 }, { unknownFields: 'strip' });
  expect(parsed.ok).toBe(true);
  expect(await codes(schema, JSON.parse(`${text(GOOD).slice(0, -1)},"__proto__":{"flag":true}}`))).toEqual([
    '__proto__ unknown-field',
  ]);
});

test.each(VENDORS)('%s: nothing is bent by default', async (_, schema) => {
  for (const [name, value] of Object.entries({ count: '5', name: 5, flag: 'false', limit: 'null', ids: 'a' }))
    expect(await codes(schema, { ...GOOD, [name]: value })).toEqual([`${name} type`]);
  expect(await codes(schema, { ...GOOD, count: Number.NaN })).toHaveLength(1);
});

test.each(VENDORS)('%s: what models get wrong is repaired when asked', async (_, schema) => {
  const input = {
    count: ' 5.0',
    name: 7,
    to: '{"email":"ada@example.com"}',
    size: 'small ',
    limit: 'null',
    ids: '["a"]',
    flag: 'False',
  };
  const before = structuredClone(input);
  expect(await parse(schema, input, { coerce: 'llm' })).toEqual({
    ok: true,
    value: { ...GOOD, name: '7', size: 'small', ids: ['a'], flag: false },
    coercions: expect.arrayContaining([
      { path: 'count', from: 'string', to: 'integer' },
      { path: 'name', from: 'integer', to: 'string' },
      { path: 'to', from: 'string', to: 'object' },
      { path: 'size', from: 'string', to: 'string' },
      { path: 'limit', from: 'string', to: 'null' },
      { path: 'ids', from: 'string', to: 'array' },
      { path: 'flag', from: 'string', to: 'boolean' },
    ]),
  });
  expect(input).toEqual(before);
  expect(await parse(schema, text({ ...GOOD, count: '5' }), { coerce: 'llm' })).toEqual({
    ok: true,
    value: GOOD,
    coercions: [
      { path: '', from: 'string', to: 'object' },
      { path: 'count', from: 'string', to: 'integer' },
    ],
  });
  expect(await parse(schema, { ...GOOD, ids: 'a', size: null }, { coerce: 'llm' })).toMatchObject({
    ok: true,
    value: { ...GOOD, ids: ['a'] },
  });
});

test.each(VENDORS)('%s: what cannot be repaired is told as it was', async (_, schema) => {
  const llm = { coerce: 'llm' } as const;
  for (const count of ['', ' ', 'abc', '0x10', '1e400', '5.5', '٣', '9007199254740993', '+5', '05', null, true, {}])
    expect(await codes(schema, { ...GOOD, count }, llm), text(count)).toEqual(['count type']);
  for (const limit of ['', '0x10', '1e400', 'NaN', 'Infinity', '-', '1.', '.5', true])
    expect(await codes(schema, { ...GOOD, limit }, llm), text(limit)).toEqual(['limit type']);
  for (const flag of ['yes', '1', 'off', '', 0, 1])
    expect(await codes(schema, { ...GOOD, flag }, llm), text(flag)).toEqual(['flag type']);
  for (const name of [1.5, true, {}, 2 ** 53])
    expect(await codes(schema, { ...GOOD, name }, llm), text(name)).toEqual(['name type']);
  // 51 is repaired and then out of range: told is what was there.
  expect(await parse(schema, { ...GOOD, count: '51' }, llm)).toMatchObject({
    ok: false,
    issues: [{ path: 'count', code: 'type', received: '"51"' }],
  });
  // A text that fits as a text stays one.
  expect(await parse(schema, { ...GOOD, name: '5' }, llm)).toEqual({
    ok: true,
    value: { ...GOOD, name: '5' },
    coercions: [],
  });
});

test('a number in a text that a number cannot hold exactly stays a text', async () => {
  const schema = { type: 'object', properties: { id: { type: 'integer' } } };
  expect(await codes(schema, { id: '9007199254740993' }, { coerce: 'llm' })).toEqual(['id type']);
  expect(await parse(schema, { id: '9007199254740991' }, { coerce: 'llm' })).toMatchObject({
    value: { id: 9_007_199_254_740_991 },
  });
});

test('checks that take time are waited for, and only they are', async () => {
  const late = async (value: string): Promise<boolean> => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return value === 'good';
  };
  const schemas = [
    z.object({ id: z.string().refine(late, 'is not good'), n: z.number().optional() }),
    v.objectAsync({ id: v.pipeAsync(v.string(), v.checkAsync(late, 'is not good')), n: v.optional(v.number()) }),
    {
      '~standard': {
        version: 1,
        vendor: 'own',
        validate: async (value: { id: string }) =>
          (await late(value.id)) ? { value } : { issues: [{ message: 'is not good', path: ['id'] }] },
      },
    },
  ];
  for (const schema of schemas) {
    const waited = compileSchema(schema, 'schema').parse({ id: 'good' });
    expect(waited).toBeInstanceOf(Promise);
    expect(await waited).toMatchObject({ ok: true, value: { id: 'good' } });
    expect(await parse(schema, { id: 'bad' })).toEqual({
      ok: false,
      issues: [{ path: 'id', code: 'invalid', expected: 'is not good', received: '"bad"' }],
    });
  }
  expect(await codes(schemas[0], { id: 'good', m: 1 })).toEqual(['m unknown-field']);
  expect(await parse(schemas[0], { id: 'good', n: '5' }, { coerce: 'llm' })).toMatchObject({
    ok: true,
    value: { id: 'good', n: 5 },
  });
});

test('zod: the schema says what becomes of other fields, at every depth', async () => {
  expect(await codes(z.looseObject({ a: z.string() }), { a: 'b', c: 1 })).toEqual([]);
  expect(await codes(z.object({ a: z.string() }).catchall(z.number()), { a: 'b', c: 1 })).toEqual([]);
  expect(await codes(z.strictObject({ a: z.string() }), { a: 'b', c: 1 })).toEqual(['c unknown-field']);
  expect(await codes(z.record(z.string(), z.number()), { c: 1 })).toEqual([]);
  const nested = z.object({
    lines: z.array(z.object({ sku: z.string() }).optional()).nullable(),
    more: z.looseObject({}),
  });
  expect(await codes(nested, { lines: [{ sku: 'a' }, { sku: 'b', skuu: 1 }], more: { x: 1 } })).toEqual([
    'lines[1].skuu unknown-field',
  ]);
  const union = z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]);
  expect(await codes(union, { a: 'x', c: 1 })).toEqual(['c unknown-field']);
  expect(
    await codes(z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() })), { a: 'x', b: 'y' }),
  ).toEqual([]);
  const renamed = z.preprocess((value) => ({ a: (value as { old: string }).old }), z.object({ a: z.string() }));
  expect(await parse(renamed, { old: 'x' })).toMatchObject({ ok: true, value: { a: 'x' } });
});

test('zod: parsed values, messages of the author, and unions', async () => {
  const schema = z.object({
    when: z.iso.date().transform((value) => new Date(value).getTime()),
    page: z.int().default(1),
    pick: z.union([z.number(), z.object({ id: z.string() })]).optional(),
    kind: z
      .discriminatedUnion('kind', [z.object({ kind: z.literal('a') }), z.object({ kind: z.literal('b') })])
      .optional(),
    word: z.string().min(3, 'Give the whole word.').optional(),
  });
  expect(await parse(schema, { when: '1970-01-02' })).toMatchObject({ ok: true, value: { when: 86_400_000, page: 1 } });
  const parsed = await parse(schema, { when: '1970-01-02', pick: { id: 1 }, kind: { kind: 'c' }, word: 'a' });
  expect(parsed).toEqual({
    ok: false,
    issues: [
      { path: 'pick.id', code: 'type', expected: 'a string', received: '1' },
      { path: 'kind.kind', code: 'type', expected: '"a", or "b"', received: '"c"' },
      {
        path: 'word',
        code: 'length',
        expected: 'a string of at least 3 characters',
        received: '"a"',
        hint: 'Give the whole word.',
      },
    ],
  });
  expect(await codes(schema, { when: '1970-01-02', pick: 'x' })).toEqual(['pick type']);
});

test('a schema that holds itself, and values that nest ten thousand levels', async () => {
  type Tree = { readonly children?: readonly Tree[] | undefined };
  const tree: z.ZodType<Tree> = z.object({
    get children() {
      return z.array(tree).optional();
    },
  });
  const json = {
    type: 'object',
    properties: { children: { type: 'array', items: { $ref: '#' } } },
    additionalProperties: false,
  };
  const fields = { children: { type: 'array', items: { type: 'object' } } };
  const levels = 10_000;
  const deep = JSON.parse(`${'{"children":['.repeat(levels)}${']}'.repeat(levels)}`);
  for (const schema of [tree, json, fields]) {
    expect(await codes(schema, { children: [{}, {}] })).toEqual([]);
    const parsed = await parse(schema, deep, { coerce: 'llm' });
    if (!parsed.ok)
      expect(parsed.issues).toMatchObject([{ code: 'invalid', expected: 'a value that nests less deep' }]);
  }
  expect(await codes(tree, { children: [{ children: [] }, { kids: 1 }] })).toEqual(['children[1].kids unknown-field']);
  expect(await codes(fields, deep)).toEqual([]);
  const far = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
  // To some a list is an object, too.
  for (const [vendor, schema] of VENDORS)
    expect(await codes(schema, { ...GOOD, to: far })).toEqual([
      ['valibot', 'arktype'].includes(vendor) ? 'to.email missing' : 'to type',
    ]);
});

test('JSON Schema: defaults are written to a copy, and patterns match a part', async () => {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      page: { type: 'object', properties: { size: { default: 5 } }, default: {} },
      id: { pattern: 'c\\d' },
    },
    'x-note': 'for another program',
  };
  const input = Object.freeze({ id: 'xx c1', page: Object.freeze({}) });
  expect(await parse(schema, input)).toMatchObject({ ok: true, value: { id: 'xx c1', page: { size: 5 } } });
  expect(input.page).toEqual({});
  const open = { id: 'c1', page: {} };
  await parse(schema, open);
  expect(open).toEqual({ id: 'c1', page: {} });
  expect(await codes(schema, { id: 'x' })).toEqual(['id pattern']);
  const two = { type: 'object', properties: { a: { pattern: '^a$' }, b: { pattern: '^b$' }, c: { pattern: '^a$' } } };
  expect(await codes(two, { a: 'a', b: 'b', c: 'a' })).toEqual([]);
  expect(await codes(two, { a: 'b', b: 'a', c: 'b' })).toEqual(['a pattern', 'b pattern', 'c pattern']);
});

test('JSON Schema: other fields', async () => {
  const properties = { a: { type: 'string' } };
  const object = { type: 'object', properties };
  expect(await codes(object, { a: 'x', b: 1 })).toEqual(['b unknown-field']);
  expect(await codes({ ...object, additionalProperties: true }, { b: 1 })).toEqual([]);
  expect(await codes({ ...object, additionalProperties: { type: 'string' } }, { b: 1 })).toEqual(['b type']);
  expect(await codes({ ...object, additionalProperties: false }, { b: 1 })).toEqual(['b unknown-field']);
  expect(await codes({ ...object, unevaluatedProperties: false }, { b: 1 })).toEqual(['b unknown-field']);
  expect(await codes({ ...object, patternProperties: { '^x': {} } }, { b: 1 })).toEqual([]);
  expect(await codes({ type: 'object' }, { b: 1 })).toEqual([]);
  expect(await codes({ type: 'object', properties: {} }, { b: 1 })).toEqual(['b unknown-field']);
  const composed = {
    ...object,
    allOf: [{ properties: { b: {} } }],
    $defs: { c: { properties: { c: {} } } },
    $ref: '#/$defs/c',
  };
  expect(await codes(composed, { a: 'x', b: 1, c: 1, d: 1 })).toEqual(['d unknown-field']);
  expect(await codes({ ...object, required: ['constructor'] }, { a: 'x' })).toEqual(['constructor missing']);
});

test('JSON Schema: of alternatives, the one that was meant is told', async () => {
  const schema = {
    type: 'object',
    properties: {
      pick: { anyOf: [{ type: 'number' }, { type: 'object', properties: { id: { type: 'string' } } }] },
      other: { oneOf: [{ $ref: '#/$defs/text' }, { type: 'boolean' }] },
    },
    $defs: { text: { type: 'string', minLength: 3 } },
  };
  expect(await codes(schema, { pick: { id: 1 }, other: 'a' })).toEqual(['pick.id type', 'other length']);
  expect(await parse(schema, { pick: 'x', other: 5 })).toMatchObject({
    issues: [
      { path: 'pick', code: 'type', expected: 'a number, or an object with the field "id"' },
      { path: 'other', code: 'type', expected: 'true or false, or a string of at least 3 characters' },
    ],
  });
});

test('JSON Schema: one id may be used twice, and draft-07 is understood', async () => {
  const schema = { $id: 'https://example.com/tool', type: 'object', properties: { a: { type: 'string' } } };
  for (const one of [schema, structuredClone(schema), schema]) expect(await codes(one, { a: 1 })).toEqual(['a type']);
  const old = { ...schema, $schema: 'http://json-schema.org/draft-07/schema#' };
  expect(await codes(old, { a: 1 })).toEqual(['a type']);
});

test.each<[string, object, string]>([
  ['a keyword there is not', { type: 'object', properties: { a: { type: 'string', patern: 'a' } } }, 'patern'],
  ['a type there is not', { type: 'objekt' }, 'type'],
  ['a reference to nothing', { $ref: '#/$defs/none' }, '#/$defs/none'],
  ['a reference elsewhere', { type: 'object', properties: { a: { $ref: 'https://example.com/a' } } }, 'example.com'],
  ['a format there is not', { type: 'object', properties: { a: { type: 'string', format: 'e-mail' } } }, 'e-mail'],
  ['lookaround', { type: 'object', properties: { a: { pattern: '(?=a)b' } } }, '(?=a)b'],
  ['a draft there is not', { $schema: 'http://json-schema.org/draft-04/schema#', type: 'object' }, 'draft-04'],
])('JSON Schema: refused when the guard is built: %s', (_, schema, words) => {
  const compile = (): unknown => compileSchema(schema, 'schema');
  expect(compile).toThrow(UsageError);
  expect(compile).toThrow(words);
});

test('arktype: of a union nothing is told but what was expected', async () => {
  const schema = type({ user: "'ada' | 'bob'", 'n?': '1 | 2' }).or({ password: 'string' });
  const parsed = await parse(schema, { user: 'eve', secret: 'hunter2' });
  expect(parsed.ok).toBe(false);
  expect(text(parsed)).not.toContain('hunter2');
});

test('what the code of a schema throws is thrown', async () => {
  const broken = z.string().refine(() => {
    throw new RangeError('of its own');
  });
  await expect(parse(broken, 'a')).rejects.toThrow('of its own');
});
