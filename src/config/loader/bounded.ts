import { resolve } from 'node:path';
import type { Boundary } from '../../boundary/bounded.js';
import { type CompiledSchema, compileSchema } from '../../boundary/schema/compile-schema.js';
import { compilePattern } from '../../boundary/schema/pattern.js';
import { compileScope } from '../../boundary/scope/scope.js';
import { secretRule } from '../../boundary/secret.js';
import type { BoundedData } from './data.js';
import { camelCase, spellings } from './names.js';

type Specs = Readonly<Record<string, unknown>>;

/** The parameter that holds a path, when nothing is said. */
const DEFAULT_PATH_PARAM = 'path';

/**
 * What a section `bounded` checks. Names of fields are as in the file, or all in camelCase: which of the two a call
 * or a result goes by is seen by its own.
 *
 * @param folder - the absolute folder of the file.
 * @throws UsageError for specs and scopes with mistakes; its place begins with `schema`, `output_schema` or `bounded(`.
 */
export function compileBounded(data: BoundedData, folder: string): Boundary {
  const isSecret = secretRule(data.redact?.flatMap(spellings));
  const { coerce, unknown_fields: unknownFields } = data;
  const input =
    data.schema === undefined
      ? undefined
      : eitherSpelling(data.schema, 'schema', (specs, place) =>
          compileSchema(specs, place, { coerce, unknownFields, isSecret }),
        );
  const output =
    data.output_schema === undefined
      ? undefined
      : eitherSpelling(data.output_schema, 'output_schema', (specs, place) =>
          compileSchema(specs, place, { unknownFields: 'strip', isSecret }),
        );
  return { input, output, scope: compileScope(scopeOf(data, folder), 'bounded', { compilePattern, isSecret }) };
}

/** The parameters that a scope names, by the key that names them. */
export function scopeParams(data: BoundedData): readonly (readonly [key: string, name: string])[] {
  const paths = data.allowed_paths === undefined ? [] : namesOf(data.path_param ?? DEFAULT_PATH_PARAM);
  const urls = data.allowed_hosts === undefined ? [] : namesOf(data.url_param ?? []);
  const entities = data.entity_pattern === undefined ? [] : namesOf(data.entity_param ?? []);
  return [
    ...paths.map((name) => ['path_param', name] as const),
    ...urls.map((name) => ['url_param', name] as const),
    ...entities.map((name) => ['entity_param', name] as const),
  ];
}

function scopeOf(data: BoundedData, folder: string): Parameters<typeof compileScope>[0] {
  const { allowed_paths: roots, allowed_hosts: hosts, url_schemes: schemes, entity_pattern: pattern } = data;
  const fields = (key: string): string[] =>
    scopeParams(data).flatMap(([of, name]) => (of === key ? spellings(name) : []));
  return {
    ...(roots === undefined
      ? {}
      : { allowedPaths: { fields: fields('path_param'), roots, base: resolve(folder, data.base ?? '.') } }),
    ...(hosts === undefined
      ? {}
      : { allowedHosts: { fields: fields('url_param'), hosts, ...(schemes === undefined ? {} : { schemes }) } }),
    ...(pattern === undefined ? {} : { entityPattern: { fields: fields('entity_param'), pattern } }),
  };
}

function namesOf(said: string | readonly string[]): readonly string[] {
  return typeof said === 'string' ? [said] : said;
}

function eitherSpelling(
  specs: Specs,
  place: string,
  compile: (specs: Specs, place: string) => CompiledSchema,
): CompiledSchema {
  const literal = compile(specs, place);
  // A JSON Schema says how its properties are spelt.
  if (literal.kind !== 'fields') return literal;
  const renamed = new Set<string>();
  const inCamelCase = camelSpecs(specs, renamed);
  if (renamed.size === 0) return literal;
  const camel = compile(inCamelCase, place);
  return { ...literal, parse: (value) => (usesCamelCase(specs, value) ? camel : literal).parse(value) };
}

/** @param renamed - gets the names that differ. */
function camelSpecs(specs: Specs, renamed: Set<string>): Specs {
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => {
      const camel = camelCase(name);
      if (camel !== name) renamed.add(camel);
      return [camel, camelSpec(spec, renamed)];
    }),
  );
}

function camelSpec(spec: unknown, renamed: Set<string>): unknown {
  if (!isRecord(spec)) return spec;
  const { properties, items, additional_properties: others } = spec;
  return {
    ...spec,
    ...(isRecord(properties) ? { properties: camelSpecs(properties, renamed) } : {}),
    ...(items === undefined ? {} : { items: camelSpec(items, renamed) }),
    ...(others === undefined ? {} : { additional_properties: camelSpec(others, renamed) }),
  };
}

/** Whether a value has a field in camelCase where the specs have it otherwise. What they leave free says nothing. */
function usesCamelCase(specs: Specs, value: unknown): boolean {
  if (!isRecord(value)) return false;
  return Object.entries(specs).some(([name, spec]) => {
    const camel = camelCase(name);
    return (camel !== name && Object.hasOwn(value, camel)) || isInCamelCase(spec, value[name]);
  });
}

function isInCamelCase(spec: unknown, value: unknown): boolean {
  if (!isRecord(spec)) return false;
  const { properties, items, additional_properties: others } = spec;
  if (Array.isArray(value)) return value.some((item) => isInCamelCase(items, item));
  if (isRecord(properties) && usesCamelCase(properties, value)) return true;
  return isRecord(others) && isRecord(value) && Object.values(value).some((member) => isInCamelCase(others, member));
}

function isRecord(value: unknown): value is Specs {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
