import type { RegisteredTool } from '../../boundary/registry.js';
import { nearest } from '../../encoding/nearest.js';
import { UsageError } from '../../errors/usage.js';
import { guardsAround, isClass, isGenerator } from '../../tool/guard.js';
import type { AnyGuard } from '../../tool/types.js';
import { type GuardConfig, isGuarded } from '../loader/config.js';
import type { Issues } from '../loader/issues.js';
import { spellings, spelt } from '../loader/names.js';
import { type AnyFunction, kindOf, type Member, type Members, type Refusal, shapeOf } from './shape.js';
import type { ToolCode } from './tool-code.js';

/** How `instrument` is to be taken. */
export interface InstrumentOptions {
  /**
   * Tools of the file that are guarded elsewhere, and are no error here; `true`: any of them. @default false
   */
  readonly partial?: boolean | readonly string[];
}

/** The runtime around an `instrument` call: what it knows, and what it is told. */
export interface InstrumentContext {
  readonly configured: readonly GuardConfig[];
  /** Why nothing is configured, when nothing is: `there is no mycelium.yaml in /app`. */
  readonly nothing: string;
  /** Whether a guard of this name was applied before. */
  applied(name: string): boolean;
  /** The guard for it; undefined when what is code does not go with the file, which is then told. */
  guard(config: GuardConfig, code: ToolCode): AnyGuard | undefined;
  /** Whether the function is guarded under this name by the same configuration, where it is defined. */
  madeHere(tool: unknown, name: string): boolean;
  /** Told of tools that the file leaves alone. @param bare - whether no guard in code is around it either. */
  waived(name: string, bare: boolean): void;
  /** Told of every tool of the file that can be called by its name, guarded or left alone by the file. */
  callable(name: string, tool: RegisteredTool): void;
  /** Told of functions of which the file says nothing. */
  unguarded(name: string): void;
  /** Told of what may not be meant. */
  warn(config: GuardConfig, problem: string, remedy: string): void;
  readonly issues: Issues;
}

/** What is code, by names in code. */
type Code = ReadonlyMap<string, ToolCode>;

/** A tool of the file and the function for it. */
interface Match {
  readonly config: GuardConfig;
  readonly key: string;
  readonly member: Member;
}

/**
 * Finds what is to be guarded, and tells everything that is wrong at once.
 *
 * @returns what makes the instrumented shape, to be called when nothing was wrong.
 */
export function instrumented(
  tools: object,
  code: Readonly<Record<string, ToolCode>>,
  options: InstrumentOptions,
  context: InstrumentContext,
): () => object {
  checkInstrumentOptions(options);
  const { members, rebuild } = shapeOf(tools);
  if (context.configured.length === 0 && options.partial !== true) refuseNothing(context);
  const given: Code = new Map(Object.entries(code));
  const matches: Match[] = [];
  /** Names in code about which the file has a say, or an error was told. */
  const settled = new Set<string>();
  for (const config of context.configured) {
    const found = match(config, members, options, context);
    if (found === undefined) continue;
    for (const name of found === 'told' ? spellings(config.name) : [found.key]) settled.add(name);
    if (found !== 'told') matches.push(found);
  }
  const guards = new Map<string, AnyGuard>();
  for (const found of matches) {
    if (!canBeGuarded(found, given, context)) continue;
    const guard = context.guard(found.config, given.get(found.key) ?? {});
    if (guard !== undefined) guards.set(found.key, guard);
  }
  for (const key of given.keys()) if (!settled.has(key)) refuseCode(key, members, settled, context);

  return () => {
    const guarded = new Map([...guards].map(([key, guard]) => [key, applied(guard, members.get(key)?.value)]));
    for (const { config, member } of matches) {
      if (!isGuarded(config)) context.waived(config.name, guardsAround(member.value) === undefined);
    }
    const taken = matches.filter(({ key }) => guards.has(key));
    for (const one of taken) warnOfBareCalls(one, taken, context);
    for (const one of taken) warnOfOwnObjects(one, tools, context);
    for (const [key, member] of members) if (!settled.has(key)) tellUnguarded(key, member, context);
    const shape = rebuild(guarded);
    if (!isClass(shape)) for (const { config, key } of matches) context.callable(config.name, boundTo(shape, key));
    return shape;
  };
}

/** A member as it is called on its object, whatever its object makes of it then. */
function boundTo(shape: object, key: string): RegisteredTool {
  return (input, call) => (shape as Record<string, RegisteredTool>)[key]?.(input, call);
}

/**
 * The trap of a module that calls itself: what it calls by name there is its own function, and not the guarded one.
 * Seen in the text of the function, where a minifier has not renamed things.
 */
function warnOfBareCalls({ config, member }: Match, all: readonly Match[], context: InstrumentContext): void {
  for (const { key, config: other } of all) {
    if (other === config || !calls(escaped(key), member.value)) continue;
    context.warn(
      config,
      `${config.name} calls ${key}(…) by name, which is the bare function and not the guarded one`,
      'Guard where it is defined (mycelium.guard), or hand it its tools.',
    );
  }
}

/** Whether the text of a function calls what the pattern says, and not a member of something else by that name. */
function calls(pattern: string, within: unknown): boolean {
  const text = Function.prototype.toString.call(within);
  return new RegExp(`(?<![\\w$.])${pattern}\\s*\\(`).test(text);
}

function escaped(name: string): string {
  return name.replace(/[$.*+?^{}()|[\]\\]/g, '\\$&');
}

/** A class that makes objects of itself by name makes bare ones. */
function warnOfOwnObjects({ config }: Match, tools: object, context: InstrumentContext): void {
  if (!isClass(tools)) return;
  // A static member may be called `name`, too, and is then no name.
  const { name } = tools as { readonly name?: unknown };
  if (typeof name !== 'string' || !calls(`new\\s+${escaped(name)}`, tools)) return;
  context.warn(
    config,
    `${name} makes objects of itself by name, whose ${config.name} is bare`,
    'Write new this(…) there, or use @mycelium.guard on the method.',
  );
}

/** A function that passes through, or an object with functions in it. */
function tellUnguarded(key: string, { value, inherited }: Member, context: InstrumentContext): void {
  if (inherited === true || isClass(value)) return;
  if (typeof value === 'function') {
    if (guardsAround(value) === undefined) context.unguarded(key);
  } else if (typeof value === 'object' && value !== null) {
    const within = Object.values(Object.getOwnPropertyDescriptors(value));
    if (within.some((own) => typeof own.value === 'function' && guardsAround(own.value) === undefined))
      context.unguarded(`${key}.*`);
  }
}

function refuseNothing({ issues, nothing }: InstrumentContext): void {
  issues.add({
    id: 'MYC512',
    at: undefined,
    path: [],
    problem: `${nothing}, so none of these tools would be guarded`,
    remedy: 'Name them there (mycelium init writes a file to begin with), or pass { partial: true } if that is meant.',
  });
}

/** What is written on a function, such as a description, is part of its type and stays with it. */
function applied(guard: AnyGuard, body: unknown): AnyFunction {
  const tool = (guard as unknown as (tool: unknown) => AnyFunction)(body);
  for (const [key, own] of Object.entries(Object.getOwnPropertyDescriptors(body as AnyFunction))) {
    // The guarded tool has a name of its own, and needs no other of what every function has.
    if (own.enumerable !== true || key === 'name' || key === 'length') continue;
    // The function itself under another name would be a way around the guard.
    Object.defineProperty(tool, key, own.value === body ? { ...own, value: tool } : own);
  }
  return tool;
}

function checkInstrumentOptions(options: InstrumentOptions): void {
  const refuse = (place: string, problem: string, remedy: string): UsageError =>
    new UsageError({ place: `instrument(tools, code, ${place})`, problem, remedy });
  const [strange] = Object.keys(options).filter((key) => key !== 'partial');
  if (strange !== undefined) throw refuse(`{ ${strange} }`, 'is no option', 'The option is partial.');
  const { partial } = options;
  if (partial === undefined || typeof partial === 'boolean' || Array.isArray(partial)) return;
  const remedy = "List the tools that are guarded elsewhere, e.g. ['send_mail'], or pass true.";
  throw refuse('{ partial }', `is ${kindOf(partial)}`, remedy);
}

/** The function of a tool; undefined when it is guarded elsewhere, and `told` when there is an error instead. */
function match(
  config: GuardConfig,
  members: Members,
  options: InstrumentOptions,
  context: InstrumentContext,
): Match | 'told' | undefined {
  const { name, at, path } = config;
  const [key, other] = spellings(name).filter((spelling) => members.has(spelling));
  if (key !== undefined && other === undefined) return { config, key, member: members.get(key) as Member };
  if (key !== undefined) {
    context.issues.add({
      id: 'MYC505',
      at,
      path,
      problem: `${key} and ${other} are both there`,
      remedy: 'Keep one of them, so that it is clear which is guarded.',
    });
    return 'told';
  }
  const { partial = false } = options;
  if (partial === true || (partial !== false && partial.includes(name)) || context.applied(name)) return undefined;
  const functions = [...members].flatMap(([member, { value }]) => (typeof value === 'function' ? [member] : []));
  context.issues.add({
    id: 'MYC504',
    at,
    path,
    problem: `there is no function ${spelt(name)}`,
    suggestion: nearest(name, functions),
    remedy:
      'Export it, guard it where it is defined (mycelium.guard), take it out of the file, or name it in { partial: [...] } when it is guarded elsewhere.',
  });
  return 'told';
}

/** Whether a guard is to be put around it; what speaks against it is told. */
function canBeGuarded(
  { config, key, member: { value, refusal } }: Match,
  code: Code,
  context: InstrumentContext,
): boolean {
  const refuse = (id: string, problem: string, remedy: string): false => {
    context.issues.add({ id, at: config.at, path: config.path, problem, remedy });
    return false;
  };
  if (context.madeHere(value, config.name)) {
    if (!code.has(key)) return false;
    return refuse(
      'MYC509',
      `code for ${key}, which has its guard already`,
      `Give it there: mycelium.guard(${JSON.stringify(config.name)}, { … }).`,
    );
  }
  const why = refusal ?? (typeof value === 'function' ? undefined : notAFunction(value));
  if (why !== undefined) return refuse('MYC506', `${key} ${why.problem}`, why.remedy);
  if (!isGuarded(config)) {
    // Nothing is put around it, so it may be anything that can be called; but code for it would have no effect.
    context.guard(config, code.get(key) ?? {});
    return false;
  }
  if (guardsAround(value) !== undefined)
    return refuse(
      'MYC507',
      `${key} is guarded in code already`,
      'Keep one of the two: the guard in code, or the entry in the file.',
    );
  const unfit = noTool(value as AnyFunction);
  return unfit === undefined || refuse('MYC506', `${key} ${unfit.problem}`, unfit.remedy);
}

function notAFunction(value: unknown): Refusal {
  return {
    problem: `is ${kindOf(value)}, not a function`,
    remedy: 'Guard the function in it: execute: mycelium.guard(name)(async (input) => …).',
  };
}

function noTool(value: AnyFunction): Refusal | undefined {
  if (isClass(value))
    return { problem: 'is a class', remedy: 'Instrument the class itself: mycelium.instrument(TheClass).' };
  if (isGenerator(value))
    return {
      problem: 'is a generator, whose result is a stream',
      remedy: 'Guard the function that performs the effect and returns a value.',
    };
  if (value.length > 2)
    return {
      problem: `takes ${value.length} arguments, and a tool has one input and the call`,
      remedy: 'Take one object, or guard it in code: positional(mycelium.guard(name))(fn).',
    };
  return undefined;
}

function refuseCode(key: string, members: Members, settled: ReadonlySet<string>, context: InstrumentContext): void {
  context.issues.add({
    id: 'MYC508',
    at: undefined,
    path: [],
    problem: members.has(key)
      ? `code for ${key}, which the file does not name`
      : `code for ${key}, which is no function here`,
    suggestion: nearest(key, settled),
    remedy: 'Add it to the file, or take the code out.',
  });
}
