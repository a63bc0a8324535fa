import { isThenable } from '../thenable.js';
import type { Checked, Finding } from './finding.js';
import { findUnknown, jsonSchemaFields, type KnownFields, zodFields } from './known-fields.js';
import { isNode, own, type SchemaNode } from './node.js';
import type { StandardSchema } from './standard.js';
import { valibotFields, valibotNode } from './valibot.js';
import { standardFindings } from './vendor-issues.js';

/** Anything that says it is a Standard Schema: an object or, with arktype, a function. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || !('~standard' in value))
    return false;
  const standard = value['~standard'];
  return isNode(standard) && typeof standard['validate'] === 'function';
}

/** The same schema as JSON Schema, from vendors that can write it (zod from 4.2, arktype) and valibot. */
export function standardNode(schema: StandardSchema): SchemaNode | undefined {
  if (schema['~standard'].vendor === 'valibot') return valibotNode(schema);
  const converter = Reflect.get(schema['~standard'], 'jsonSchema') as unknown;
  const write = own(converter, 'input');
  if (typeof write !== 'function') return undefined;
  try {
    const options = { target: 'draft-2020-12', libraryOptions: { unrepresentable: 'any' } };
    const node: unknown = Reflect.apply(write, converter, [options]);
    return isNode(node) ? node : undefined;
  } catch {
    // It has a part that JSON Schema has no word for. Nothing but detail in messages is lost.
    return undefined;
  }
}

/** What fields the schema knows, where it can be read. */
export function standardFields(schema: StandardSchema, node: () => SchemaNode | undefined): KnownFields | undefined {
  switch (schema['~standard'].vendor) {
    case 'zod':
      return zodFields(schema);
    case 'valibot':
      return valibotFields(schema);
    default: {
      const written = node();
      return written === undefined ? undefined : jsonSchemaFields(written);
    }
  }
}

/** A check by the schema; at once when the schema answers at once. */
export function compileStandard(
  schema: StandardSchema,
  refused: KnownFields | undefined,
): (value: unknown) => Checked | Promise<Checked> {
  const { vendor } = schema['~standard'];
  type Result = Awaited<ReturnType<StandardSchema['~standard']['validate']>>;
  const checked = (result: Result, value: unknown): Checked => {
    if (refused === undefined && result.issues === undefined) return result;
    const unknown: Finding[] = [];
    if (refused !== undefined) findUnknown(refused, value, [], unknown);
    if (result.issues !== undefined) {
      const told = [...standardFindings(vendor, result.issues), ...unknown];
      return { findings: told.length === 0 ? [{ path: [], code: 'invalid' }] : told };
    }
    return unknown.length === 0 ? result : { findings: unknown };
  };
  return (value) => {
    const result = schema['~standard'].validate(value);
    return isThenable(result)
      ? Promise.resolve(result).then((settled) => checked(settled, value))
      : checked(result, value);
  };
}
