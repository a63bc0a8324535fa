import { createRequire } from 'node:module';
import type { Ajv, ErrorObject, Options, ValidateFunction } from 'ajv';
import type { BoundaryCode } from '../../errors/boundary.js';
import { UsageError } from '../../errors/usage.js';
import { isPeerMissing } from '../../store/optional-peer.js';
import type { Checked, Finding } from './finding.js';
import { isNode, own, type SchemaNode, type Step } from './node.js';
import { compilePattern } from './pattern.js';

/**
 * A JSON Schema, compiled: by default draft 2020-12, and by its `$schema` 2019-09 and draft-07, too. Defaults are
 * written into what is checked.
 */
export function compileJsonSchema(schema: SchemaNode, place: string): (value: unknown) => Checked {
  const validate = compiled(schema, place);
  return (value) => (validate(value) ? { value } : { findings: findingsOf(validate.errors ?? []) });
}

const DRAFTS: Readonly<Record<string, string>> = {
  'json-schema.org/draft/2020-12/schema': 'ajv/dist/2020.js',
  'json-schema.org/draft/2019-09/schema': 'ajv/dist/2019.js',
  'json-schema.org/draft-07/schema': 'ajv',
};

function compiled(schema: SchemaNode, place: string): ValidateFunction {
  const draft = schema['$schema'] ?? 'https://json-schema.org/draft/2020-12/schema';
  const file = own(
    DRAFTS,
    String(draft)
      .replace(/^https?:\/\//, '')
      .replace(/#$/, ''),
  );
  if (typeof file !== 'string') {
    throw new UsageError({
      place: `${place}.$schema`,
      problem: `is ${JSON.stringify(draft)}, which is no draft that is understood here`,
      remedy: 'Leave $schema out for draft 2020-12, or name 2020-12, 2019-09 or draft-07.',
    });
  }
  const ajv = instance(file, place);
  for (const name of ['example', ...annotations(schema)])
    if (ajv.RULES.keywords[name] === undefined) ajv.addKeyword(name);
  try {
    const validate = ajv.compile(schema);
    if (!('$async' in validate)) return validate as ValidateFunction;
  } catch (error) {
    throw invalid(error, place);
  } finally {
    // Another schema may have the same `$id`.
    ajv.removeSchema(schema);
  }
  throw new UsageError({ place, problem: 'is $async', remedy: 'Leave $async out.' });
}

function invalid(error: unknown, place: string): UsageError {
  // A pattern that was refused says where, and does not know of what.
  const inPattern = error instanceof UsageError;
  const refused = new UsageError({
    place: inPattern ? `${place}, ${error.details['place']}` : place,
    problem: inPattern
      ? String(error.details['problem'])
      : `is no valid JSON Schema: ${error instanceof Error ? error.message : String(error)}`,
    remedy: inPattern
      ? error.remedy
      : 'Mend the schema. Notes of your own begin with x-; remote references have to be written out.',
  });
  refused.cause = error;
  return refused;
}

/** One for each draft, as it compiles the schema of schemas first. */
const instances: Map<string, Ajv> = new Map();

function instance(file: string, place: string): Ajv {
  const known = instances.get(file);
  if (known !== undefined) return known;
  const ajv = load(file, place);
  instances.set(file, ajv);
  return ajv;
}

function load(file: string, place: string): Ajv {
  const options: Options = {
    allErrors: true,
    // Errors bring the schema that they are of.
    verbose: true,
    useDefaults: true,
    // A misspelt keyword is refused. What only a linter would mind is not: many schemas are generated.
    strictSchema: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    allowUnionTypes: true,
    allowMatchingProperties: true,
    // A field that comes from a prototype is not there.
    ownProperties: true,
    // Notes on the console are nobody's to write.
    logger: false,
    code: { regExp: linear },
  };
  const require = createRequire(import.meta.url);
  try {
    const { default: Class } = require(file) as { readonly default: new (options: Options) => Ajv };
    const { default: addFormats } = require('ajv-formats') as { readonly default: (ajv: Ajv) => Ajv };
    return addFormats(new Class(options));
  } catch (error) {
    if (!isPeerMissing(error, 'ajv') && !isPeerMissing(error, file) && !isPeerMissing(error, 'ajv-formats'))
      throw error;
    const missing = new UsageError({
      place,
      problem: 'is a JSON Schema, and ajv and ajv-formats are not both installed',
      remedy: 'Run: npm install ajv ajv-formats. Field specs and schemas of zod, valibot or arktype need neither.',
    });
    missing.cause = error;
    throw missing;
  }
}

/** Patterns of a schema match a part of the text, as JSON Schema has it, and take linear time. */
const linear: NonNullable<NonNullable<Options['code']>['regExp']> = Object.assign(
  (pattern: string) => ({
    test: compilePattern(pattern, `pattern ${JSON.stringify(pattern)}`).finds,
    // By this text ajv tells patterns apart: two that read the same become one.
    toString: () => pattern,
  }),
  { code: 'linear pattern' },
);

/** The keywords that begin with `x-`, which generators write for other programs. */
function annotations(schema: SchemaNode): readonly string[] {
  const found = new Set<string>();
  const pending: unknown[] = [schema];
  const seen = new Set<unknown>();
  for (let one = pending.pop(); one !== undefined; one = pending.pop()) {
    if (typeof one !== 'object' || one === null || seen.has(one)) continue;
    seen.add(one);
    for (const [key, value] of Object.entries(one)) {
      if (key.startsWith('x-')) found.add(key);
      pending.push(value ?? null);
    }
  }
  return [...found];
}

const CODES: Readonly<Record<string, BoundaryCode>> = {
  type: 'type',
  pattern: 'pattern',
  format: 'format',
  enum: 'choice',
  const: 'choice',
  required: 'missing',
  dependentRequired: 'missing',
  additionalProperties: 'unknown-field',
  unevaluatedProperties: 'unknown-field',
  ...Object.fromEntries(
    ['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'].map((name) => [
      name,
      'length',
    ]),
  ),
  ...Object.fromEntries(
    ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'].map((name) => [name, 'range']),
  ),
};

/** Of a choice between schemas only the choice is told, unless one of them was clearly meant. */
function findingsOf(errors: readonly ErrorObject[]): readonly Finding[] {
  let kept: ErrorObject[] = [];
  for (const error of errors) {
    if (error.keyword === 'if' || error.keyword === 'allOf') continue;
    if (error.keyword !== 'anyOf' && error.keyword !== 'oneOf') {
      kept.push(error);
      continue;
    }
    const branches = new Map<string, ErrorObject[]>();
    const others: ErrorObject[] = [];
    for (const earlier of kept) {
      const branch = branchOf(earlier, error);
      if (branch === undefined) others.push(earlier);
      else branches.set(branch, [...(branches.get(branch) ?? []), earlier]);
    }
    const meant = [...branches.values()].filter((list) =>
      list.every((one) => one.instancePath !== error.instancePath || one.keyword !== 'type'),
    );
    kept = [...others, ...(meant.length === 1 ? (meant[0] as ErrorObject[]) : [error])];
  }
  return kept.map(findingOf);
}

/** Which branch an error belongs to; within what is referred to, the branch is the reference. */
function branchOf(earlier: ErrorObject, choice: ErrorObject): string | undefined {
  if (earlier.schemaPath.startsWith(`${choice.schemaPath}/`))
    return earlier.schemaPath.slice(choice.schemaPath.length + 1).split('/')[0];
  const below =
    earlier.instancePath === choice.instancePath || earlier.instancePath.startsWith(`${choice.instancePath}/`);
  const parent = choice.schemaPath.slice(0, choice.schemaPath.lastIndexOf('/') + 1);
  return below && !earlier.schemaPath.startsWith(parent)
    ? earlier.schemaPath.split('/').slice(0, 3).join('/')
    : undefined;
}

function findingOf(error: ErrorObject): Finding {
  const params = error.params as Readonly<Record<string, unknown>>;
  const field = params['missingProperty'] ?? params['additionalProperty'] ?? params['unevaluatedProperty'];
  const path = [...steps(error.instancePath), ...(typeof field === 'string' ? [field] : [])];
  const code = own(CODES, error.keyword) as BoundaryCode | undefined;
  if (code === 'unknown-field') return { path, code, fields: fieldNames(error.parentSchema) };
  // The message of ajv speaks of the schema alone, never of the value.
  return { path, code: code ?? 'invalid', fallback: error.message, ...choiceCode(error) };
}

/** None of several schemas fits: that is told by what they are, and not by the word of the keyword. */
function choiceCode(error: ErrorObject): Partial<Finding> {
  return error.keyword === 'anyOf' || error.keyword === 'oneOf' ? { code: 'type', fallback: undefined } : {};
}

function fieldNames(parent: unknown): readonly string[] | undefined {
  const properties = own(parent, 'properties');
  return isNode(properties) ? Object.keys(properties) : undefined;
}

/** A JSON pointer. A number is an item here only if it looks like one: the value decides later. */
function steps(pointer: string): Step[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'))
    .map((part) => (/^(0|[1-9]\d*)$/.test(part) ? Number(part) : part));
}
