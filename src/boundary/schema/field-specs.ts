import type { FormatName } from './formats.js';

/** The names of an option: as in a YAML file, or as in code. Not both. */
interface Common<Value> {
  /** @default true, and false where there is a `default` */
  readonly required?: boolean;
  /** Whether `null` is a value, too. @default false */
  readonly nullable?: boolean;
  /** What the tool gets when the field is left out. */
  readonly default?: Value | null;
  /** For people and models. Checks nothing. */
  readonly description?: string;
}

export interface StringSpec extends Common<string> {
  readonly type?: 'string';
  /** Matches the whole text, in linear time, in the syntax of RE2. */
  readonly pattern?: string;
  /** In characters, not in UTF-16 units. */
  readonly minLength?: number;
  readonly min_length?: number;
  readonly maxLength?: number;
  readonly max_length?: number;
  readonly enum?: readonly string[];
  readonly format?: FormatName;
}

export interface NumberSpec extends Common<number> {
  /** An integer lies within ±(2^53 − 1); neither may be NaN or infinite. */
  readonly type: 'integer' | 'number';
  readonly enum?: readonly number[];
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface BooleanSpec extends Common<boolean> {
  readonly type: 'boolean';
}

export interface ArraySpec extends Common<readonly unknown[]> {
  readonly type: 'array';
  readonly items: FieldSpec;
  /** In items. */
  readonly minLength?: number;
  readonly min_length?: number;
  readonly maxLength?: number;
  readonly max_length?: number;
}

export interface ObjectSpec extends Common<Readonly<Record<string, unknown>>> {
  readonly type: 'object';
  readonly properties?: FieldSpecs;
  /** What other fields are; `true`: anything. @default false where there are `properties`, otherwise true */
  readonly additionalProperties?: FieldSpec | boolean;
  readonly additional_properties?: FieldSpec | boolean;
}

/** What one field is. */
export type FieldSpec = StringSpec | NumberSpec | BooleanSpec | ArraySpec | ObjectSpec;

/** The fields of a tool's arguments by name. */
export interface FieldSpecs {
  readonly [field: string]: FieldSpec;
}

/** What a tool gets: fields with a default are always there. */
export type InferFields<Specs> = Flat<
  { -readonly [Name in keyof Specs as Gets<Specs[Name]> extends true ? Name : never]: InferField<Specs[Name]> } & {
    -readonly [Name in keyof Specs as Gets<Specs[Name]> extends true ? never : Name]?: InferField<Specs[Name]>;
  }
>;

/** What a caller passes: fields with a default may be left out. */
export type InferFieldsInput<Specs> = Flat<
  { -readonly [Name in keyof Specs as Needs<Specs[Name]> extends true ? Name : never]: InferInput<Specs[Name]> } & {
    -readonly [Name in keyof Specs as Needs<Specs[Name]> extends true ? never : Name]?: InferInput<Specs[Name]>;
  }
>;

/** Refuses misspelt keys of a literal: `schema: Specs & ExactFields<Specs>`. */
export type ExactFields<Specs> = { readonly [Name in keyof Specs]: ExactField<Specs[Name]> };

type ExactField<Spec> = {
  readonly [Key in keyof Spec]: Key extends KeyFor<Spec>
    ? Key extends 'items' | 'additionalProperties' | 'additional_properties'
      ? Spec[Key] extends boolean
        ? Spec[Key]
        : ExactField<Spec[Key]>
      : Key extends 'properties'
        ? ExactFields<Spec[Key]>
        : Spec[Key]
    : never;
};

type KeyFor<Spec> = Spec extends { readonly type: infer Type }
  ? Type extends 'integer' | 'number'
    ? keyof NumberSpec
    : Type extends 'boolean'
      ? keyof BooleanSpec
      : Type extends 'array'
        ? keyof ArraySpec
        : Type extends 'object'
          ? keyof ObjectSpec
          : keyof StringSpec
  : keyof StringSpec;

type Flat<Type> = { [Key in keyof Type]: Type[Key] };

type Needs<Spec> = Spec extends { readonly required: false } | { readonly default: unknown } ? false : true;
type Gets<Spec> = Spec extends { readonly default: unknown } ? true : Needs<Spec>;

type OrNull<Spec, Type> = Spec extends { readonly nullable: true } ? Type | null : Type;
type InferField<Spec> = OrNull<Spec, InferType<Spec, 'output'>>;
type InferInput<Spec> = OrNull<Spec, InferType<Spec, 'input'>>;

type InferType<Spec, Side> = Spec extends { readonly type: infer Type }
  ? Type extends 'integer' | 'number'
    ? ChoicesOf<Spec, number>
    : Type extends 'boolean'
      ? boolean
      : Type extends 'array'
        ? InferItems<Spec, Side>
        : Type extends 'object'
          ? InferObject<Spec, Side>
          : ChoicesOf<Spec, string>
  : ChoicesOf<Spec, string>;

type ChoicesOf<Spec, Other> = Spec extends { readonly enum: readonly (infer Choice)[] } ? Choice : Other;

type Inferred<Spec, Side> = Side extends 'input' ? InferInput<Spec> : InferField<Spec>;

type InferItems<Spec, Side> = Spec extends { readonly items: infer Item } ? Inferred<Item, Side>[] : unknown[];

type InferObject<Spec, Side> = Spec extends { readonly properties: infer Specs }
  ? Side extends 'input'
    ? InferFieldsInput<Specs>
    : InferFields<Specs>
  : Spec extends { readonly additionalProperties: infer Rest } | { readonly additional_properties: infer Rest }
    ? Rest extends boolean
      ? Record<string, unknown>
      : Record<string, Inferred<Rest, Side>>
    : Record<string, unknown>;
