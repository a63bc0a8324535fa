import { parseDuration } from '../encoding/duration.js';
import { nearest } from '../encoding/nearest.js';
import { UsageError } from '../errors/usage.js';

/**
 * The names of fields, where one may stand for itself. A function in its place is a candidate for the compiler, too, and
 * nobody looks at it: without room for it here it would take every name for possible.
 */
export type Named = string | CallableFunction;

/** What of the arguments: members of the input, or a function of the input (of all arguments, when positional). */
export type ArgumentsFrom<Field, Positions extends readonly unknown[]> =
  | readonly Field[]
  | ((...input: Positions) => unknown);

/**
 * Which entity a call is about: a member of the input, several, or a function of the input. A list or a Set among what they
 * give stands for several entities. `7` and `"7"` are the same entity.
 */
export type EntityFrom<About extends Named, Positions extends readonly unknown[]> =
  | About
  | ArgumentsFrom<About, Positions>;

/** A tool that reads. */
export interface ProtectedRead<
  About extends Named = string,
  Field extends string = string,
  Positions extends readonly unknown[] = readonly unknown[],
> {
  /** The durable name. Without it: the decorated method's, or a sibling guard's in the same `compose`. */
  readonly name?: string;
  /** What it reads about. A read that names no entity may be about any: every outdated entity outdates it. @default any */
  readonly entity?: EntityFrom<About, Positions>;
  /** How old a result may be, counted from when its execution began: milliseconds, or a text such as `"60s"`. */
  readonly ttl: number | string;
  /** What of the arguments tells calls apart. @default all of them, as in a call that has nothing of what it names */
  readonly key?: ArgumentsFrom<Field, Positions>;
  /** Names under which it can be outdated together with others. @default none */
  readonly tags?: readonly string[];
  /** The same as `ttl`, for results that are `null` or `undefined`; 0: they are not remembered. @default ttl */
  readonly negativeTtl?: number | string;
  /**
   * So many results of the tool are remembered in a session, the least recently used go first. Whatever it is, together
   * they have at most 16 million characters as text, and one that has more than a million is not remembered.
   *
   * @default 1000
   */
  readonly max?: number;
  readonly invalidates?: never;
}

/** What a write outdates, where one entity does not say it. */
export interface OutdatedByWrite<About extends Named, Positions extends readonly unknown[]> {
  /** @default none */
  readonly entity?: EntityFrom<About, Positions>;
  /** Whatever was read by tools of these names. @default none */
  readonly tools?: readonly string[];
  /** Whatever was read by tools with one of these tags. @default none */
  readonly tags?: readonly string[];
}

/** A tool that writes. */
export interface ProtectedWrite<
  About extends Named = string,
  Positions extends readonly unknown[] = readonly unknown[],
> {
  /** The durable name. Without it: the decorated method's, or a sibling guard's in the same `compose`. */
  readonly name?: string;
  /**
   * The entities whose reads it outdates, when it begins and when it ends, also with an error. Where a call names none, all
   * are meant.
   */
  readonly invalidates: EntityFrom<About, Positions> | OutdatedByWrite<About, Positions>;
  readonly entity?: never;
  readonly ttl?: never;
  readonly key?: never;
  readonly tags?: never;
  readonly negativeTtl?: never;
  readonly max?: never;
}

/** What `protect` is told of a tool: how long its results may be given again, or what it outdates. */
export type ProtectOptions<
  About extends Named = string,
  Field extends string = string,
  Positions extends readonly unknown[] = readonly unknown[],
> = ProtectedRead<About, Field, Positions> | ProtectedWrite<About, Positions>;

/** Options, checked and with their defaults. */
export interface ReadPolicy {
  readonly ttlMs: number;
  readonly negativeTtlMs: number;
  readonly max: number;
  readonly tags: readonly string[];
  readonly entity: ProtectedRead['entity'];
  readonly key: ProtectedRead['key'];
}

/** The same of a write. */
export interface WritePolicy {
  readonly entity: ProtectedRead['entity'];
  readonly tools: readonly string[];
  readonly tags: readonly string[];
}

const MOST_RESULTS = 1000;
const OF_READS = ['name', 'entity', 'ttl', 'key', 'tags', 'negativeTtl', 'max'];
const OF_WRITES = ['name', 'invalidates'];

function refuse(option: string, problem: string, remedy: string): never {
  throw new UsageError({ place: option === '' ? 'protect(options)' : `protect({ ${option} })`, problem, remedy });
}

/** @throws UsageError for options that make no sense. */
export function isWrite(options: ProtectOptions): options is ProtectedWrite {
  if (typeof options !== 'object' || options === null) refuse('', 'is no object', 'Write protect({ ttl: "60s" }).');
  const writes = options.invalidates !== undefined;
  const known = writes ? OF_WRITES : OF_READS;
  for (const key of Object.keys(options)) {
    if (known.includes(key) || (options as unknown as Record<string, unknown>)[key] === undefined) continue;
    if (writes && OF_READS.includes(key))
      refuse(key, 'is for tools that read, and invalidates for those that write', 'Remember no result of a write.');
    const meant = nearest(key, [...OF_READS, 'invalidates']);
    refuse(
      key,
      'is no option',
      meant === undefined ? `The options are ${OF_READS.join(', ')}, or invalidates.` : `Did you mean ${meant}?`,
    );
  }
  const { name } = options;
  if (name !== undefined && (typeof name !== 'string' || name.trim() === ''))
    refuse('name', 'is blank', 'Name the tool, e.g. "fetch_customer".');
  return writes;
}

/** @throws UsageError */
export function readPolicy({ ttl, negativeTtl, max, tags, entity, key }: ProtectedRead): ReadPolicy {
  if (ttl === undefined) refuse('ttl', 'is not given', 'Say how old a result may be, e.g. "60s".');
  const ttlMs = parseDuration(ttl, 'protect({ ttl })');
  if (ttlMs === 0) refuse('ttl', 'is no time at all', 'Leave the guard out: nothing is remembered then.');
  const negativeTtlMs = negativeTtl === undefined ? ttlMs : parseDuration(negativeTtl, 'protect({ negativeTtl })');
  if (max !== undefined && (!Number.isSafeInteger(max) || max < 1))
    refuse('max', `is ${String(max)}`, 'Give a whole number from 1.');
  if (entity !== undefined && !isEntityFrom(entity)) refuse('entity', 'names no field', ENTITY);
  if (key !== undefined && typeof key !== 'function' && !isTexts(key))
    refuse('key', 'names no fields', 'List members of the input, or give a function of the input.');
  checkTexts('tags', tags);
  return { ttlMs, negativeTtlMs, max: max ?? MOST_RESULTS, tags: tags ?? [], entity, key };
}

const ENTITY = 'Name a member of the input, list several, or give a function of the input.';

/** @throws UsageError */
export function writePolicy({ invalidates }: ProtectedWrite): WritePolicy {
  if (isEntityFrom(invalidates)) return { entity: invalidates, tools: [], tags: [] };
  if (typeof invalidates !== 'object' || invalidates === null || Array.isArray(invalidates))
    refuse('invalidates', 'names no field', ENTITY);
  const { entity, tools, tags, ...others } = invalidates as OutdatedByWrite<string, readonly unknown[]>;
  const [other] = Object.keys(others);
  if (other !== undefined) refuse(`invalidates.${other}`, 'is no option', 'There are entity, tools and tags.');
  if (entity === undefined && tools === undefined && tags === undefined)
    refuse('invalidates', 'names nothing', 'Give entity, tools or tags.');
  if (entity !== undefined && !isEntityFrom(entity)) refuse('invalidates.entity', 'names no field', ENTITY);
  checkTexts('invalidates.tools', tools);
  checkTexts('invalidates.tags', tags);
  return { entity, tools: tools ?? [], tags: tags ?? [] };
}

function isEntityFrom(value: unknown): value is NonNullable<ProtectedRead['entity']> {
  return typeof value === 'function' || (typeof value === 'string' && value !== '') || isTexts(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === 'string' && text !== '');
}

function checkTexts(option: string, value: unknown): void {
  if (value !== undefined && !isTexts(value)) refuse(option, 'is no list of names', 'Give names, e.g. ["orders"].');
}

/** Fields say nothing of a positional tool. @throws UsageError */
export function checkPositional(from: ProtectedRead['entity'] | ProtectedRead['key'], option: string): void {
  if (from !== undefined && typeof from !== 'function')
    refuse(option, 'names fields, and a positional tool has none', 'Use a function of its arguments.');
}
