import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileSchema } from '../../src/boundary/schema/compile-schema.js';

type Spec = Readonly<Record<string, unknown>>;

const NAMES = ['a', 'b', 'my-id', 'constructor', 'class'] as const;
const PATTERNS = ['c\\d+', '[a-z]*', 'a|bc', '.{2}'] as const;

const limits = (least: string, most: string, top: number): fc.Arbitrary<Spec> =>
  fc
    .tuple(fc.option(fc.integer({ min: 0, max: top })), fc.option(fc.integer({ min: 0, max: top })))
    .map(([one, other]) => {
      const [from, to] = one !== null && other !== null && one > other ? [other, one] : [one, other];
      return { ...(from === null ? {} : { [least]: from }), ...(to === null ? {} : { [most]: to }) };
    });

const flags = fc.record({ required: fc.boolean(), nullable: fc.boolean() }, { requiredKeys: [] });

const { spec } = fc.letrec<{ spec: Spec }>((tie) => ({
  spec: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.tuple(limits('min_length', 'maxLength', 4), fc.option(fc.constantFrom(...PATTERNS))).map(([sizes, pattern]) => ({
      type: 'string',
      ...sizes,
      ...(pattern === null ? {} : { pattern }),
    })),
    fc.constant({ enum: ['c1', 'a', ''] }),
    limits('minimum', 'maximum', 5).map((range) => ({ type: 'integer', ...range })),
    limits('minimum', 'maximum', 5).map((range) => ({ type: 'number', ...range })),
    fc.constant({ type: 'integer', enum: [1, 2] }),
    fc.constant({ type: 'boolean' }),
    fc.tuple(limits('minLength', 'max_length', 3), tie('spec')).map(([sizes, items]) => {
      const { required: _, ...item } = items;
      return { type: 'array', ...sizes, items: item };
    }),
    fc
      .tuple(
        fc.option(fc.dictionary(fc.constantFrom(...NAMES), tie('spec'), { maxKeys: 3 })),
        fc.option(fc.oneof(fc.boolean(), tie('spec'))),
      )
      .map(([properties, others]) => {
        const { required: _, ...other } = typeof others === 'object' && others !== null ? others : {};
        return {
          type: 'object',
          ...(properties === null ? {} : { properties }),
          ...(others === null ? {} : { additional_properties: typeof others === 'boolean' ? others : other }),
        };
      }),
  ),
}));
const flagged = fc.tuple(spec, flags).map(([one, flag]) => ({ ...one, ...flag }));
const specs = fc.dictionary(fc.constantFrom(...NAMES), flagged, { minKeys: 1, maxKeys: 3 });

/** The same in JSON Schema, written down anew. */
function toJsonSchema(one: Spec): Record<string, unknown> {
  const type = (one['type'] ?? 'string') as string;
  const node: Record<string, unknown> = { type: one['nullable'] === true ? [type, 'null'] : type };
  const least = one['min_length'] ?? one['minLength'];
  const most = one['max_length'] ?? one['maxLength'];
  const unit = type === 'array' ? 'Items' : 'Length';
  if (least !== undefined) node[`min${unit}`] = least;
  if (most !== undefined) node[`max${unit}`] = most;
  if (one['pattern'] !== undefined) node['pattern'] = `^(?:${one['pattern']})$`;
  if (one['enum'] !== undefined) node['enum'] = [...(one['enum'] as unknown[]), ...(one['nullable'] ? [null] : [])];
  if (type === 'integer') Object.assign(node, { minimum: -(2 ** 53 - 1), maximum: 2 ** 53 - 1 });
  for (const key of ['minimum', 'maximum']) if (one[key] !== undefined) node[key] = one[key];
  if (one['items'] !== undefined) node['items'] = toJsonSchema(one['items'] as Spec);
  if (type === 'object') {
    const properties = one['properties'] as Readonly<Record<string, Spec>> | undefined;
    const others = one['additional_properties'];
    if (properties !== undefined) Object.assign(node, objectOf(properties));
    if (others === undefined) node['additionalProperties'] = properties === undefined;
    else node['additionalProperties'] = typeof others === 'boolean' ? others : toJsonSchema(others as Spec);
  }
  return node;
}

function objectOf(properties: Readonly<Record<string, Spec>>): Record<string, unknown> {
  return {
    properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, toJsonSchema(one)])),
    required: Object.keys(properties).filter((name) => properties[name]?.['required'] !== false),
  };
}

/** A value that fits mostly: of random values alone, nearly all would be refused. */
function sampleOf(one: Spec, random: () => number): unknown {
  const some = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  if (random() < 0.04) return some<unknown>(['x', 1, true, null, [], {}, 1.5, 2 ** 53, '5', ['c1'], { a: 'c1' }]);
  if (one['nullable'] === true && random() < 0.2) return null;
  if (one['enum'] !== undefined) return some(one['enum'] as unknown[]);
  switch (one['type']) {
    case 'integer':
      return some([0, 1, 2, 3, 5.0, 5, -1, 6]);
    case 'number':
      return some([0, 1.5, 2, 3, 4.25, 5, -0.5, 1e300]);
    case 'boolean':
      return random() < 0.5;
    case 'array':
      return Array.from({ length: Math.floor(random() * 4) }, () => sampleOf(one['items'] as Spec, random));
    case 'object':
      return objectValue(one, random);
    default:
      return some(['c1', 'c12', 'a', 'bc', 'ab', '', '😀', '😀😀', 'c1\n', 'C1', 'c1234']);
  }
}

function objectValue(one: Spec, random: () => number): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, field] of Object.entries((one['properties'] ?? {}) as Readonly<Record<string, Spec>>))
    if (random() < (field['required'] === false ? 0.5 : 0.97)) value[name] = sampleOf(field, random);
  const others = one['additional_properties'];
  const rest = typeof others === 'object' ? (others as Spec) : {};
  if (random() < (others === false ? 0.05 : 0.15)) value['other'] = sampleOf(rest, random);
  return value;
}

/** Even numbers below 1 from a seed: those that a property test makes up favour the ends. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0) / 2 ** 32;
  };
}

test('an independent validator of the same specs in JSON Schema agrees', () => {
  const ajv = new Ajv2020({ ownProperties: true, allowUnionTypes: true, strictTypes: false });
  const count = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(specs, fc.integer(), (given, seed) => {
      const random = randomFrom(seed);
      const oracle = ajv.compile({ type: 'object', additionalProperties: false, ...objectOf(given) });
      const schema = compileSchema(given, 'schema');
      for (let round = 0; round < 16; round += 1) {
        const value = objectValue({ properties: given, additional_properties: false }, random);
        const text = JSON.stringify(value);
        const parsed = schema.parse(value);
        const accepted = !(parsed instanceof Promise) && parsed.ok;
        expect(accepted, `${JSON.stringify(given)} of ${text}`).toBe(oracle(value));
        if (accepted) expect(parsed.value).toEqual(JSON.parse(text));
        expect(JSON.stringify(value)).toBe(text);
        count[accepted ? 'accepted' : 'refused'] += 1;
      }
    }),
    { numRuns: 400 },
  );
  expect(count.accepted + count.refused).toBeGreaterThanOrEqual(5000);
  expect(Math.min(count.accepted, count.refused), JSON.stringify(count)).toBeGreaterThanOrEqual(1000);
}, 60_000);
