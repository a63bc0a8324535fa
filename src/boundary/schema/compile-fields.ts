import { nearest } from '../../encoding/nearest.js';
import { pathText } from '../../encoding/value-path.js';
import { UsageError } from '../../errors/usage.js';
import { isPlain } from '../describe.js';
import { checkField, type FieldNode } from './check-fields.js';
import type { Checked, Finding } from './finding.js';
import { issuesOf } from './finding.js';
import { compileFormat, FORMAT_NAMES, type FormatName } from './formats.js';
import { compilePattern } from './pattern.js';

const TYPES = ['string', 'integer', 'number', 'boolean', 'array', 'object'] as const;
type TypeName = (typeof TYPES)[number];

/** The keys of a spec with the types that each fits; without a list, all of them. */
const KEYS: Readonly<Record<string, readonly TypeName[] | undefined>> = {
  type: undefined,
  required: undefined,
  nullable: undefined,
  default: undefined,
  description: undefined,
  items: ['array'],
  properties: ['object'],
  additional_properties: ['object'],
  pattern: ['string'],
  min_length: ['string', 'array'],
  max_length: ['string', 'array'],
  enum: ['string', 'integer', 'number'],
  minimum: ['integer', 'number'],
  maximum: ['integer', 'number'],
  format: ['string'],
};

const IN_CODE: Readonly<Record<string, string>> = {
  additionalProperties: 'additional_properties',
  minLength: 'min_length',
  maxLength: 'max_length',
};

/** Specs are written by hand. What nests deeper is a mistake, and would cost the stack of every call. */
const DEEPEST = 64;

/** Where a spec stands, for messages. */
interface Place {
  readonly text: string;
  readonly depth: number;
  /** What becomes of fields that nobody named, where a spec does not say. */
  readonly others: 'refuse' | 'strip';
}

/** @throws UsageError for a spec that is none, with its place and what was probably meant. */
export function compileFields(
  specs: Readonly<Record<string, unknown>>,
  place: string,
  others: 'refuse' | 'strip' = 'refuse',
): FieldNode {
  return objectNode(specs, undefined, { text: place, depth: 0, others });
}

/** Checks the arguments of a call. */
export function checkFields(root: FieldNode, value: unknown): Checked {
  const findings: Finding[] = [];
  const output = checkField(root, value, [], findings);
  return findings.length === 0 ? { value: output } : { findings };
}

/** One field, or what the items of a list are: these cannot be left out. */
function fieldNode(given: unknown, place: Place, mayBeLeftOut: boolean): FieldNode {
  if (place.depth > DEEPEST) fail(place.text, `nests more than ${DEEPEST} levels`, 'Describe less of it.');
  if (!isPlain(given))
    fail(place.text, `is no spec, but ${kindOf(given)}`, 'Write an object such as { type: "string" }.');
  const spec = settingsOf(given, place, mayBeLeftOut);
  const type = spec['type'] as TypeName;
  const node: FieldNode = {
    ...(type === 'array' ? { items: fieldNode(spec['items'], within(place, 'items'), false) } : {}),
    ...(type === 'object' ? objectNode(spec['properties'], spec['additional_properties'], place) : {}),
    type,
    nullable: flag(spec, 'nullable', place) ?? false,
    ...sizes(spec, type, place),
    ...range(spec, place),
    ...choices(spec, type, place),
    ...text(spec, place),
  };
  return withDefault(node, spec, place);
}

function objectNode(properties: unknown, others: unknown, place: Place): FieldNode {
  if (properties !== undefined && !isPlain(properties))
    fail(
      keyPlace(place, 'properties'),
      `is ${kindOf(properties)}`,
      'Write an object of specs by the name of the field.',
    );
  const at = place.depth === 0 ? place : within(place, 'properties');
  // Without a prototype, a field may have any name.
  const fields: Record<string, FieldNode> = Object.create(null);
  const members: NonNullable<FieldNode['members']>[number][] = [];
  for (const [name, spec] of Object.entries(properties ?? {})) {
    const node = fieldNode(spec, within(at, name), true);
    fields[name] = node;
    const optional = node.default !== undefined || (spec as Readonly<Record<string, unknown>>)['required'] === false;
    members.push({ name, node, required: !optional });
  }
  return {
    type: 'object',
    nullable: false,
    ...(properties === undefined
      ? {}
      : { properties: fields, members, required: members.filter((one) => one.required).map((one) => one.name) }),
    additionalProperties: otherFields(others, properties !== undefined, place),
  };
}

function otherFields(
  given: unknown,
  named: boolean,
  place: Place,
): Exclude<FieldNode['additionalProperties'], undefined> {
  if (typeof given === 'boolean') return given;
  if (given !== undefined) return fieldNode(given, within(place, 'additional_properties'), false);
  return named ? (place.others === 'strip' ? 'strip' : false) : true;
}

/** The settings by their YAML names, all known and all fitting the type. */
function settingsOf(
  given: Readonly<Record<string, unknown>>,
  place: Place,
  mayBeLeftOut: boolean,
): Readonly<Record<string, unknown>> {
  const spec: Record<string, unknown> = { type: 'string' };
  const names = new Map<string, string>();
  for (const [key, value] of Object.entries(given)) {
    const name = Object.hasOwn(IN_CODE, key) ? (IN_CODE[key] as string) : key;
    if (!Object.hasOwn(KEYS, name)) failUnknown(key, place);
    const twin = names.get(name);
    if (twin !== undefined) fail(keyPlace(place, key), `is there twice, also as ${twin}`, 'Keep one of the two.');
    names.set(name, key);
    if (value !== undefined) spec[name] = value;
  }
  const type = spec['type'];
  if (!TYPES.includes(type as TypeName)) failChoice(type, TYPES, keyPlace(place, 'type'), 'type');
  for (const [name, key] of names) {
    const types = KEYS[name];
    if (types !== undefined && !types.includes(type as TypeName))
      fail(
        keyPlace(place, key),
        `does not fit the type ${type}`,
        `It is for ${types.join(' and ')}: remove it, or change the type.`,
      );
    if (!mayBeLeftOut && (name === 'required' || name === 'default'))
      fail(keyPlace(place, key), 'is set for what has no name and cannot be left out', 'Remove it.');
  }
  if (type === 'array' && spec['items'] === undefined)
    fail(keyPlace(place, 'items'), 'is missing', 'Say what the list holds, e.g. items: { type: "string" }.');
  return spec;
}

function sizes(spec: Readonly<Record<string, unknown>>, type: TypeName, place: Place): Partial<FieldNode> {
  const least = count(spec, 'min_length', place);
  const most = count(spec, 'max_length', place);
  ordered(least, most, 'min_length', 'max_length', place);
  const [from, to] = type === 'array' ? (['minItems', 'maxItems'] as const) : (['minLength', 'maxLength'] as const);
  return { ...(least === undefined ? {} : { [from]: least }), ...(most === undefined ? {} : { [to]: most }) };
}

function range(spec: Readonly<Record<string, unknown>>, place: Place): Partial<FieldNode> {
  const limit = (key: string): number | undefined => {
    const value = spec[key];
    if (value !== undefined && (typeof value !== 'number' || !Number.isFinite(value)))
      fail(keyPlace(place, key), `is ${kindOf(value)}`, 'Write a finite number.');
    return value as number | undefined;
  };
  const minimum = limit('minimum');
  const maximum = limit('maximum');
  ordered(minimum, maximum, 'minimum', 'maximum', place);
  return { ...(minimum === undefined ? {} : { minimum }), ...(maximum === undefined ? {} : { maximum }) };
}

function choices(spec: Readonly<Record<string, unknown>>, type: TypeName, place: Place): Partial<FieldNode> {
  const values = spec['enum'];
  if (values === undefined) return {};
  const at = keyPlace(place, 'enum');
  if (!Array.isArray(values)) fail(at, `is ${kindOf(values)}`, 'Write the list of what is allowed.');
  if (values.length === 0) fail(at, 'is empty, so that nothing is allowed', 'List what is allowed, or remove it.');
  for (const [index, value] of values.entries()) {
    const findings: Finding[] = [];
    checkField({ type, nullable: false }, value, [], findings);
    if (findings.length > 0)
      fail(`${at}[${index}]`, `is ${kindOf(value)}, and the field is of type ${type}`, 'Write a value of that type.');
  }
  return { enum: [...values] };
}

function text(spec: Readonly<Record<string, unknown>>, place: Place): Partial<FieldNode> {
  const { pattern, format, description } = spec;
  if (description !== undefined && typeof description !== 'string')
    fail(keyPlace(place, 'description'), `is ${kindOf(description)}`, 'Write a text.');
  if (pattern !== undefined && typeof pattern !== 'string')
    fail(
      keyPlace(place, 'pattern'),
      `is ${kindOf(pattern)}`,
      'Write the pattern as a text, without slashes and flags.',
    );
  if (format !== undefined && !FORMAT_NAMES.includes(format as FormatName))
    failChoice(format, FORMAT_NAMES, keyPlace(place, 'format'), 'format');
  return {
    ...(pattern === undefined
      ? {}
      : { wholePattern: pattern, matcher: compilePattern(pattern, keyPlace(place, 'pattern')) }),
    ...(format === undefined ? {} : { format: format as FormatName, isOfFormat: compileFormat(format as FormatName) }),
  };
}

/** What a field is when it is left out has to be what the field may be. */
function withDefault(node: FieldNode, spec: Readonly<Record<string, unknown>>, place: Place): FieldNode {
  const required = flag(spec, 'required', place);
  if (spec['default'] === undefined) return node;
  if (required === true)
    fail(keyPlace(place, 'default'), 'is never used, as the field is required', 'Remove one of the two.');
  const checked = checkFields(node, spec['default']);
  if (checked.findings !== undefined) {
    const issue = issuesOf(checked.findings, spec['default'], node, undefined)[0];
    fail(
      keyPlace(place, 'default') + (issue?.path === '' ? '' : `.${issue?.path}`),
      `is not what the field may be: ${issue?.expected}`,
      'Write a default that the field would accept.',
    );
  }
  return { ...node, default: structuredClone(spec['default']) };
}

function flag(spec: Readonly<Record<string, unknown>>, key: string, place: Place): boolean | undefined {
  const value = spec[key];
  if (value !== undefined && typeof value !== 'boolean')
    fail(keyPlace(place, key), `is ${kindOf(value)}`, 'Write true or false.');
  return value as boolean | undefined;
}

function count(spec: Readonly<Record<string, unknown>>, key: string, place: Place): number | undefined {
  const value = spec[key];
  if (value !== undefined && (!Number.isSafeInteger(value) || (value as number) < 0))
    fail(keyPlace(place, key), `is ${kindOf(value)}`, 'Write a whole number from 0.');
  return value as number | undefined;
}

function ordered(least: number | undefined, most: number | undefined, from: string, to: string, place: Place): void {
  if (least !== undefined && most !== undefined && least > most)
    fail(keyPlace(place, from), `is more than ${to}, so that nothing is allowed`, 'Change one of the two.');
}

function within(place: Place, step: string): Place {
  return { ...place, text: keyPlace(place, step), depth: place.depth + 1 };
}

function keyPlace(place: Place, key: string): string {
  const step = pathText([key]);
  return step.startsWith('[') ? place.text + step : `${place.text}.${step}`;
}

function failUnknown(key: string, place: Place): never {
  const names = [...Object.keys(KEYS), ...Object.keys(IN_CODE)];
  const meant = nearest(key, names);
  fail(
    keyPlace(place, key),
    `is not a key of a field${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    `Known are ${names.join(', ')}. A JSON Schema is recognized by type: "object" or $schema at its root.`,
  );
}

function failChoice(value: unknown, known: readonly string[], at: string, what: string): never {
  const meant = typeof value === 'string' ? nearest(value, known) : undefined;
  const shown = typeof value === 'string' ? JSON.stringify(value) : kindOf(value);
  fail(
    at,
    `is ${shown}, which is no ${what}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    `Write one of ${known.join(', ')}.`,
  );
}

function fail(place: string, problem: string, remedy: string): never {
  throw new UsageError({ place, problem, remedy });
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
