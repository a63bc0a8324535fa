import { type } from 'arktype';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type AnySchema, compileSchema } from '../../src/boundary/schema/compile-schema.js';
import type { ExactFields, FieldSpecs, InferFields, InferFieldsInput } from '../../src/boundary/schema/field-specs.js';
import type { StandardInput, StandardOutput, StandardSchema } from '../../src/boundary/schema/standard.js';
import { type Equal, type IsAny, is } from '../types/equal.js';

/** As a guard takes specs: literal, and misspelt keys refused. */
function specsOf<const Specs extends FieldSpecs>(specs: Specs & ExactFields<Specs>): Specs {
  return specs;
}

const specs = specsOf({
  name: {},
  amount: { type: 'integer', minimum: 1 },
  rate: { type: 'number', required: false },
  currency: { enum: ['usd', 'eur'] },
  size: { type: 'integer', enum: [1, 2], nullable: true },
  dry: { type: 'boolean', default: false },
  ids: { type: 'array', items: { type: 'array', items: { pattern: 'c\\d+' } } },
  page: { type: 'object', properties: { size: { type: 'integer' }, after: { required: false } } },
  tags: { type: 'object', additionalProperties: { type: 'boolean' } },
  any: { type: 'object', additional_properties: true },
});

interface Got {
  name: string;
  amount: number;
  rate?: number;
  currency: 'usd' | 'eur';
  size: 1 | 2 | null;
  dry: boolean;
  ids: string[][];
  page: { size: number; after?: string };
  tags: Record<string, boolean>;
  any: Record<string, unknown>;
}

is<Equal<InferFields<typeof specs>, { [Key in keyof Got]: Got[Key] }>>();
is<Equal<InferFieldsInput<typeof specs>['dry'], boolean | undefined>>();
is<Equal<IsAny<InferFields<typeof specs>>, false>>();
// What is not literal is known as far as it can be.
is<Equal<InferFields<FieldSpecs>[string], unknown> extends true ? false : true>();

const zod = z.object({ n: z.string().transform(Number), d: z.boolean().default(true) });
const valibot = v.object({ n: v.pipe(v.string(), v.transform(Number)) });
const arktype = type({ n: 'string' });
is<typeof zod extends StandardSchema<unknown, unknown> ? true : false>();
is<Equal<StandardOutput<typeof zod>, { n: number; d: boolean }>>();
is<Equal<StandardInput<typeof zod>, { n: string; d?: boolean | undefined }>>();
is<Equal<StandardOutput<typeof valibot>, { n: number }>>();
is<Equal<StandardInput<typeof valibot>, { n: string }>>();
is<Equal<StandardOutput<typeof arktype>, { n: string }>>();
const each: AnySchema[] = [zod, valibot, arktype, specs, { type: 'object', properties: { a: { type: 'string' } } }];
// @ts-expect-error no schema
each.push('string');

void function wrong(): void {
  // @ts-expect-error a misspelt key
  specsOf({ id: { patern: 'a' } });
  // @ts-expect-error the same, with a type
  specsOf({ id: { type: 'string', patern: 'a' } });
  // @ts-expect-error the same, in the items of a list
  specsOf({ ids: { type: 'array', items: { type: 'string', patern: 'a' } } });
  // @ts-expect-error the same, in an object
  specsOf({ page: { type: 'object', properties: { size: { type: 'integer', minimun: 1 } } } });
  // @ts-expect-error a key that does not fit the type
  specsOf({ id: { type: 'integer', pattern: 'a' } });
  // @ts-expect-error a list of nothing known
  specsOf({ id: { type: 'array' } });
  // @ts-expect-error a type that there is not
  specsOf({ id: { type: 'sting' } });
  // @ts-expect-error a choice of another type
  specsOf({ id: { type: 'integer', enum: ['1'] } });
  // @ts-expect-error a format that there is not
  specsOf({ id: { format: 'e-mail' } });
};

test('what the types promise is what the tool gets', () => {
  const input: InferFieldsInput<typeof specs> = {
    name: 'Ada',
    amount: 1,
    currency: 'eur',
    size: null,
    ids: [['c1']],
    page: { size: 1 },
    tags: { a: true },
    any: { b: 1 },
  };
  expect(compileSchema(specs, 'schema').parse(input)).toEqual({
    ok: true,
    value: { ...input, dry: false },
    coercions: [],
  });
});
