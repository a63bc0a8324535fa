import type { BoundaryIssue } from '../../errors/boundary.js';
import { UsageError } from '../../errors/usage.js';
import { copyPlain } from '../copy.js';
import { isPlain } from '../describe.js';
import { type Coercion, repair } from './coercion.js';
import { checkFields, compileFields } from './compile-fields.js';
import type { FieldSpecs } from './field-specs.js';
import { type Checked, type Finding, issuesOf, type SecretRule } from './finding.js';
import { compileJsonSchema } from './json-schema.js';
import { findUnknown, jsonSchemaFields, type KnownFields } from './known-fields.js';
import type { SchemaNode } from './node.js';
import type { StandardSchema } from './standard.js';
import { compileStandard, isStandardSchema, standardFields, standardNode } from './standard-schema.js';

/** A JSON Schema says so by its `$schema`, its `type`, a `$ref` or a choice of schemas. */
export type JsonSchema = SchemaNode;

/** What arguments or results can be described with. */
export type AnySchema = StandardSchema | JsonSchema | FieldSpecs;

export interface SchemaOptions {
  /** `strict`: as the schema says. `llm`: what models often get wrong is repaired first. @default 'strict' */
  readonly coerce?: 'strict' | 'llm' | undefined;
  /** `refuse`: a field that the schema does not know is an issue. `strip`: what becomes of it is up to the schema. @default 'refuse' */
  readonly unknownFields?: 'refuse' | 'strip' | undefined;
  /** Of which places only the type is told. */
  readonly isSecret?: SecretRule | undefined;
}

/** What became of a value. */
export type Parsed =
  | { readonly ok: true; readonly value: unknown; readonly coercions: readonly Coercion[] }
  | { readonly ok: false; readonly issues: readonly BoundaryIssue[] };

/** A schema of any kind, ready to check values. */
export interface CompiledSchema {
  readonly kind: 'standard' | 'json-schema' | 'fields';
  /** The names of the fields at the top; undefined when the schema cannot tell. */
  readonly fields: readonly string[] | undefined;
  /** At once, unless the schema itself takes time. What the schema's own code throws is thrown. */
  parse(value: unknown): Parsed | Promise<Parsed>;
}

/** What a kind of schema brings. */
interface Kind {
  readonly kind: CompiledSchema['kind'];
  readonly fields: readonly string[] | undefined;
  readonly check: (value: unknown) => Checked | Promise<Checked>;
  /** The schema as JSON Schema, for words and repairs. */
  readonly node: () => SchemaNode | undefined;
}

/** How often repairs may show what else is to be repaired: an object in a text holds texts itself. */
const MOST_ROUNDS = 4;

const NO_COERCIONS: readonly Coercion[] = [];

/**
 * Makes one thing of the three kinds of schema: a Standard Schema (zod, valibot, arktype and others), a JSON Schema,
 * or field specs.
 *
 * @param place - where the schema was given, for messages, e.g. `schema`.
 * @throws UsageError for what is none of them, and for mistakes in field specs and JSON Schemas.
 */
export function compileSchema(schema: unknown, place: string, options: SchemaOptions = {}): CompiledSchema {
  const { check, kind, fields, node } = kindOf(schema, place, options.unknownFields !== 'strip');
  const guarded = withinStack(check);
  const failed = (findings: readonly Finding[], input: unknown): Parsed => ({
    ok: false,
    issues: issuesOf(findings, input, node(), options.isSecret),
  });
  const strict = (value: unknown): Parsed | Promise<Parsed> =>
    after(guarded(value), (checked) =>
      checked.findings === undefined
        ? { ok: true, value: checked.value, coercions: NO_COERCIONS }
        : failed(checked.findings, value),
    );
  if (options.coerce !== 'llm') return { kind, fields, parse: strict };
  return { kind, fields, parse: lenient(guarded, node, failed) };
}

/** Checks, repairs, and checks again. When it fails in the end, what was wrong at first is told. */
function lenient(
  check: Kind['check'],
  node: Kind['node'],
  failed: (findings: readonly Finding[], input: unknown) => Parsed,
): CompiledSchema['parse'] {
  return (input) => {
    let first: readonly Finding[] | undefined;
    const round = (value: unknown, coercions: readonly Coercion[], rounds: number): Parsed | Promise<Parsed> =>
      after(check(value), (checked) => {
        if (checked.findings === undefined) return { ok: true, value: checked.value, coercions };
        first ??= checked.findings;
        const repaired = rounds === MOST_ROUNDS ? undefined : repair(value, checked.findings, node());
        if (repaired === undefined) return failed(first, input);
        return round(repaired.value, [...coercions, ...repaired.coercions], rounds + 1);
      });
    return round(input, NO_COERCIONS, 0);
  };
}

function kindOf(schema: unknown, place: string, refuse: boolean): Kind {
  if (isStandardSchema(schema)) {
    const node = once(() => standardNode(schema));
    const known = standardFields(schema, node);
    const fields = known?.fields === undefined ? undefined : [...known.fields.keys()];
    const check = compileStandard(schema, refuse ? known : undefined);
    const copies = COPYING.includes(schema['~standard'].vendor);
    return { kind: 'standard', fields, check: copies ? check : ofCopy(check), node };
  }
  if (!isPlain(schema)) {
    throw new UsageError({
      place,
      problem: 'is no schema',
      remedy:
        'Pass a schema of zod, valibot or arktype, a JSON Schema, or specs by field such as { id: { type: "string" } }.',
    });
  }
  if (isJsonSchema(schema)) {
    const known = jsonSchemaFields(schema);
    const check = refusing(compileJsonSchema(schema, place), refuse ? known : undefined);
    const fields = known?.fields === undefined ? undefined : [...known.fields.keys()];
    return { kind: 'json-schema', fields, check: ofCopy(check), node: () => schema };
  }
  const root = compileFields(schema, place, refuse ? 'refuse' : 'strip');
  return { kind: 'fields', fields: Object.keys(schema), check: (value) => checkFields(root, value), node: () => root };
}

/** What comes out of these is new. Others give back the very object that they were given. */
const COPYING: readonly string[] = ['zod', 'valibot'];

/** The caller's object can change after the check, or answer otherwise than to it. */
function ofCopy(check: Kind['check']): Kind['check'] {
  return (value) => check(copyPlain(value));
}

/** In field specs these are specs themselves, so a text or a list there tells the two apart. */
function isJsonSchema(schema: SchemaNode): boolean {
  const { $schema, $ref, type } = schema;
  if (typeof $schema === 'string' || typeof $ref === 'string' || typeof type === 'string') return true;
  return [type, schema['anyOf'], schema['oneOf'], schema['allOf']].some(Array.isArray);
}

function refusing(check: (value: unknown) => Checked, known: KnownFields | undefined): (value: unknown) => Checked {
  if (known === undefined || !known.closed) return check;
  return (value) => {
    const checked = check(value);
    const unknown: Finding[] = [];
    findUnknown(known, value, [], unknown);
    return unknown.length === 0 ? checked : { findings: [...(checked.findings ?? []), ...unknown] };
  };
}

/** A value that nests without end is a mistake of who made it, not of the process that reads it. */
function withinStack(check: Kind['check']): Kind['check'] {
  const tooDeep = (error: unknown): Checked => {
    if (!(error instanceof RangeError) || !/stack/i.test(error.message)) throw error;
    return { findings: [{ path: [], code: 'invalid', expected: 'a value that nests less deep' }] };
  };
  return (value) => {
    try {
      const checked = check(value);
      return checked instanceof Promise ? checked.catch(tooDeep) : checked;
    } catch (error) {
      return tooDeep(error);
    }
  };
}

function after<From, To>(value: From | Promise<From>, next: (value: From) => To | Promise<To>): To | Promise<To> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
