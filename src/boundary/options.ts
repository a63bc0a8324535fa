import type { ExactFields, FieldSpecs, InferFields, InferFieldsInput } from './schema/field-specs.js';
import type { StandardInput, StandardOutput, StandardSchema } from './schema/standard.js';
import type { AllowedHosts, AllowedPaths, EntityPattern } from './scope/options.js';

/** A JSON Schema, draft 2020-12: told from field specs by what stands at its top. */
export type JsonSchema = Readonly<Record<string, unknown>> &
  (
    | { readonly type: string | readonly string[] }
    | { readonly $schema: string }
    | { readonly $ref: string }
    | { readonly anyOf: readonly unknown[] }
    | { readonly oneOf: readonly unknown[] }
    | { readonly allOf: readonly unknown[] }
  );

/**
 * What arguments or a result are described with: a Standard Schema (zod, valibot, arktype, …), a JSON Schema, or specs
 * by field.
 */
export type BoundarySchema = StandardSchema | JsonSchema | FieldSpecs;

/** Specs by field are checked to the last key; other schemas have their own types. */
export type ExactSchema<Schema> = Schema extends StandardSchema | JsonSchema ? unknown : ExactFields<Schema>;

/** What comes out of a schema: what the body gets, or what the caller does. */
export type SchemaOutput<Schema> = Schema extends StandardSchema
  ? StandardOutput<Schema>
  : Schema extends JsonSchema
    ? unknown
    : InferFields<Schema>;

/** What goes into a schema. */
export type SchemaInput<Schema> = Schema extends StandardSchema
  ? StandardInput<Schema>
  : Schema extends JsonSchema
    ? unknown
    : InferFieldsInput<Schema>;

/** A parameter by its name, or a way into it: `files`, `target.path`. */
type FieldOf<Value> = unknown extends Value ? string : (keyof Value & string) | `${keyof Value & string}.${string}`;

type Fields<Option, Value> = Omit<Option, 'fields'> & { readonly fields: readonly FieldOf<Value>[] };

/** What a tool may reach for. An option that is left out allows everything, an empty list nothing. */
export interface BoundedScope<Value = unknown> {
  /**
   * Folders in which the paths among the arguments must lie, after every link was followed. A check before the call,
   * and no sandbox: what changes on the disk between the check and the call is not seen.
   */
  readonly allowedPaths?: Fields<AllowedPaths, Value>;
  /** Hosts that the URLs among the arguments must lead to. Names are not resolved, and redirects are the tool's. */
  readonly allowedHosts?: Fields<AllowedHosts, Value>;
  /** What the name of the entity that the tool works on looks like, as a whole. */
  readonly entityPattern?: Fields<EntityPattern, Value>;
}

/** What is checked around a tool. */
export interface BoundedOptions<In = unknown, Out = unknown> {
  /** The tool's durable name, for messages and for the other guards. */
  readonly name?: string;
  /** What the arguments must be. The body gets what the schema makes of them. @default anything */
  readonly input?: In & ExactSchema<In>;
  /**
   * What the tool must give back. Tools that may run again (`read`, `idempotent_mutate`, tasks) are checked before
   * their result is recorded; the others after it, and never run again for it. @default anything
   */
  readonly output?: Out & ExactSchema<Out>;
  /** `llm`: repairs what models often get wrong, e.g. `"5"` for 5; each repair is an event. @default 'strict' */
  readonly coerce?: 'strict' | 'llm';
  /** `strip`: what becomes of arguments that the schema does not know is up to it. @default 'refuse' */
  readonly unknownFields?: 'refuse' | 'strip';
  /** @default everything */
  readonly scope?: BoundedScope<SchemaOutput<In>>;
  /** Members whose values are told to nobody, beside those with secret-looking names. @default none */
  readonly redact?: readonly string[];
}
