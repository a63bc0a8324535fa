import { nearest } from '../encoding/nearest.js';
import { type BoundaryIssue, type BoundaryPhase, ToolBoundaryError } from '../errors/boundary.js';
import { UsageError } from '../errors/usage.js';
import { emit } from '../tool/events.js';
import {
  type Body,
  type CallFrame,
  GUARD_PLACES,
  type GuardDefinition,
  makeGuard,
  type ToolInfo,
} from '../tool/guard.js';
import type { Guard, Same } from '../tool/types.js';
import { copyPlain } from './copy.js';
import type { BoundarySchema, BoundedOptions, SchemaInput, SchemaOutput } from './options.js';
import { type CompiledSchema, compileSchema, type Parsed } from './schema/compile-schema.js';
import { compilePattern } from './schema/pattern.js';
import { compileScope, type Scope } from './scope/scope.js';
import { secretRule } from './secret.js';
import { isThenable } from './thenable.js';

/**
 * Checks a call before anything happens, and what comes back before anybody gets it. A call that is refused leaves
 * nothing behind: no record, no reservation, no cache entry; the mended call may come under the same call id.
 *
 * @param options - see {@link BoundedOptions}: `input`, `output`, `scope`, `coerce`.
 * @returns a guard. It stands outside all others: `compose(bounded(…), ledger(…))`.
 * @throws UsageError, when the guard is made, for schemas with mistakes and for options that name fields which the
 *   schema does not have. The guarded tool throws ToolBoundaryError with everything that is wrong.
 * @example
 * ```ts
 * import { bounded } from 'mycelium-runtime/boundary';
 *
 * const refund = bounded({
 *   name: 'refund',
 *   input: { orderId: { pattern: 'o-\\d+' }, amount: { type: 'integer', minimum: 1 } },
 * })(async ({ orderId, amount }) => `${orderId}: ${amount}`);
 *
 * await refund({ orderId: 'o-7', amount: 5 }); // → 'o-7: 5'
 * await refund({ orderId: 'o-7; drop table orders', amount: 0 }); // → ToolBoundaryError
 * ```
 */
export function bounded<const In extends BoundarySchema = never, const Out extends BoundarySchema = never>(
  options: BoundedOptions<In, Out>,
): Guard<
  never,
  [In] extends [never] ? unknown : SchemaOutput<In>,
  [Out] extends [never] ? unknown : SchemaInput<Out>,
  [In] extends [never] ? Same : unknown extends SchemaInput<In> ? Same : SchemaInput<In>,
  [Out] extends [never] ? Same : unknown extends SchemaOutput<Out> ? Same : SchemaOutput<Out>
> {
  return makeGuard([boundedDefinition(compileBoundary(options as BoundedOptions), options.name, options)]);
}

/** The guard of a boundary that is compiled already. */
export function boundedDefinition(boundary: Boundary, name: string | undefined, options?: object): GuardDefinition {
  return {
    kind: 'bounded',
    place: GUARD_PLACES['bounded'] as number,
    name,
    ...(options === undefined ? {} : { options }),
    bind: (info, next) => around(boundary, info, next),
    inside: (info, body) =>
      boundary.output === undefined || isRecordedFirst(info) ? body : checked(boundary, info, body),
  };
}

/** What is checked around a tool, ready to do so. */
export interface Boundary {
  readonly input: CompiledSchema | undefined;
  readonly output: CompiledSchema | undefined;
  readonly scope: Scope | undefined;
}

const KNOWN = ['name', 'input', 'output', 'coerce', 'unknownFields', 'scope', 'redact'];

function compileBoundary(options: BoundedOptions): Boundary {
  checkOptions(options);
  const { coerce, unknownFields, redact } = options;
  const isSecret = secretRule(redact);
  const input =
    options.input === undefined
      ? undefined
      : compileSchema(options.input, 'bounded({ input })', { coerce, unknownFields, isSecret });
  // What a tool adds to its result harms nobody.
  const output =
    options.output === undefined
      ? undefined
      : compileSchema(options.output, 'bounded({ output })', { unknownFields: 'strip', isSecret });
  const scope = compileScope(options.scope ?? {}, 'bounded', {
    compilePattern,
    isSecret,
  });
  checkFields(scope, input);
  return { input, output, scope };
}

/** For callers without types: an option that is not heeded would be a check that is not made. */
function checkOptions(options: BoundedOptions): void {
  const wrong = (option: string, problem: string, remedy: string): UsageError =>
    new UsageError({ place: option === '' ? 'bounded(options)' : `bounded({ ${option} })`, problem, remedy });
  if (typeof options !== 'object' || options === null)
    throw wrong('', 'is no object', 'Write bounded({ input: schema }).');
  for (const key of Object.keys(options)) {
    if (KNOWN.includes(key)) continue;
    const meant = nearest(key, KNOWN);
    const known = `The options are ${KNOWN.join(', ')}.`;
    throw wrong(key, 'is no option', meant === undefined ? known : `Did you mean ${meant}?`);
  }
  const { coerce, unknownFields, redact, scope } = options;
  if (coerce !== undefined && coerce !== 'strict' && coerce !== 'llm')
    throw wrong('coerce', `is ${JSON.stringify(coerce)}`, 'Write strict or llm.');
  if (unknownFields !== undefined && unknownFields !== 'refuse' && unknownFields !== 'strip')
    throw wrong('unknownFields', `is ${JSON.stringify(unknownFields)}`, 'Write refuse or strip.');
  if (redact !== undefined && !(Array.isArray(redact) && redact.every((name) => typeof name === 'string')))
    throw wrong('redact', 'is no list of names', 'Name the members whose values are told to nobody.');
  if (scope === undefined) return;
  if (typeof scope !== 'object' || scope === null)
    throw wrong('scope', 'is no object', 'Write { allowedPaths }, { allowedHosts } or { entityPattern }.');
  for (const key of Object.keys(scope)) {
    const options = ['allowedPaths', 'allowedHosts', 'entityPattern'];
    if (options.includes(key)) continue;
    const meant = nearest(key, options);
    throw wrong(
      `scope.${key}`,
      'is no option',
      `${meant === undefined ? '' : `Did you mean ${meant}? `}There are ${options.join(', ')}.`,
    );
  }
}

/** A field that the tool does not have would check nothing. */
function checkFields(scope: Scope | undefined, input: CompiledSchema | undefined): void {
  const { fields } = input ?? {};
  if (fields === undefined) return;
  for (const { name, place } of scope?.fields ?? []) {
    const [first = ''] = name.split(/[.[]/, 1);
    if (fields.includes(first)) continue;
    const meant = nearest(first, fields);
    throw new UsageError({
      place,
      problem: `names ${first}, and the schema has no such field`,
      remedy: meant === undefined ? `Its fields are ${fields.join(', ')}.` : `Did you mean ${meant}?`,
    });
  }
}

/** What must not run again is recorded as done before its result is judged. What may is not recorded with a bad one. */
function isRecordedFirst({ effect }: ToolInfo): boolean {
  return effect !== undefined && !mayRunAgain(effect);
}

function mayRunAgain(effect: string | undefined): boolean {
  return effect === 'read' || effect === 'idempotent_mutate';
}

function around({ input, output, scope }: Boundary, info: ToolInfo, next: Body): Body {
  const tool = nameOf(info);
  const after = output !== undefined && isRecordedFirst(info);
  const enter = (frame: CallFrame): unknown =>
    after
      ? then(next(frame), (value) => then(output.parse(value), (parsed) => resultOf(parsed, tool, 'done')))
      : next(frame);
  const inScope = (frame: CallFrame, given: unknown): unknown => {
    if (scope === undefined) return enter(frame);
    // Looking at the disk takes time, in which the caller must not change what is looked at.
    frame.input = frame.input === given ? copied(given, tool) : copyPlain(frame.input);
    return then(scope.check(frame.input), (issues) => {
      if (issues.length > 0) throw refused({ tool, phase: 'scope', issues, ran: 'no' });
      return enter(frame);
    });
  };
  if (input === undefined) return (frame) => inScope(frame, frame.input);
  return (frame) =>
    then(input.parse(frame.input), (parsed) => {
      if (!parsed.ok) throw refused({ tool, phase: 'input', issues: parsed.issues, ran: 'no' });
      const { coercions } = parsed;
      if (coercions.length > 0) emit('mycelium:input-coerced', () => ({ tool, coercions }));
      const given = frame.input;
      frame.input = parsed.value;
      return inScope(frame, given);
    });
}

/** Nobody let in what is not plain, so it is copied whole, or refused. */
function copied(input: unknown, tool: string): unknown {
  try {
    return copyPlain(input, cloned);
  } catch {
    const issue = { path: '', code: 'invalid' as const, expected: 'plain data, without functions' };
    throw refused({ tool, phase: 'scope', issues: [issue], ran: 'no' });
  }
}

/** A Date or a Map. Of an instance of a class the clone has no methods. */
function cloned(value: unknown): unknown {
  const clone: unknown = structuredClone(value);
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(clone) !== Object.getPrototypeOf(value))
    throw new TypeError('an instance of a class');
  return clone;
}

/** Directly around the tool's own code: a bad result is neither recorded nor remembered. */
function checked({ output }: Boundary, info: ToolInfo, body: Body): Body {
  const tool = nameOf(info);
  // Without a ledger nobody knows what it does.
  const ran = mayRunAgain(info.effect) ? 'again' : 'done';
  return (frame) => then(body(frame), (value) => then(output!.parse(value), (parsed) => resultOf(parsed, tool, ran)));
}

function resultOf(parsed: Parsed, tool: string, ran: 'again' | 'done'): unknown {
  if (parsed.ok) return parsed.value;
  throw refused({ tool, phase: 'output', issues: parsed.issues, ran });
}

function refused(facts: {
  readonly tool: string;
  readonly phase: BoundaryPhase;
  readonly issues: readonly BoundaryIssue[];
  readonly ran: 'no' | 'again' | 'done';
}): ToolBoundaryError {
  const { tool, phase, ran, issues } = facts;
  emit('mycelium:call-refused', () => ({
    tool,
    phase,
    ran,
    issues: issues.map(({ path, code }) => ({ path, code })),
  }));
  return new ToolBoundaryError(facts);
}

function nameOf({ name, developmentName }: ToolInfo): string {
  return name ?? developmentName ?? 'the tool';
}

/** Goes on at once where there is nothing to wait for: most checks answer at once, and a promise costs more than they do. */
function then<From, To>(
  value: From | PromiseLike<From>,
  next: (value: From) => To | PromiseLike<To>,
): To | PromiseLike<To> {
  // What a `then` that is not a promise's own gives is not waited for by anybody, and may be nothing.
  if (value instanceof Promise) return value.then(next);
  return isThenable(value) ? Promise.resolve(value).then(next) : next(value as From);
}
