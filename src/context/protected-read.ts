import { UnencodableValueError } from '../encoding/unencodable-value-error.js';
import { elapsed, instant, type ProcessClock } from '../store/process-clock.js';
import { emit } from '../tool/events.js';
import type { Body, CallFrame } from '../tool/guard.js';
import { currentScope, enterScope, type Scope } from '../tool/scope.js';
import type { CallOptions } from '../tool/types.js';
import { argumentText, entitiesIn, picked } from './argument-key.js';
import { Flight } from './flight.js';
import type { ReadPolicy } from './options.js';
import type { Subject } from './outdated.js';
import { type Answer, copyOf, type Kept, keep, type Reading, readsOf, type SessionReads } from './reads.js';

/** A tool whose results may be given again. */
export interface ReadTool {
  readonly name: string;
  readonly positional: boolean;
  readonly policy: ReadPolicy;
  readonly clock: ProcessClock;
  /** What was told of it already: each once. */
  readonly told: Set<string>;
}

/** The call of a protected read: remembered, joined to one that is running, or begun. */
export function read(tool: ReadTool, frame: CallFrame, next: Body): unknown {
  const scope = currentScope();
  if (scope?.session === undefined) {
    tell(
      tool,
      'no-session',
      `runs each time: it is called outside of run(…) and Session.run(…), where nothing is remembered`,
    );
    return next(frame);
  }
  const key = keyOf(tool, frame);
  if (key === undefined) return next(frame);
  const reads = readsOf(scope.session);
  const found = find(tool, reads, key);
  if (found?.kept !== undefined) {
    notePart(scope, found);
    reused(tool, found, 'memory');
    frame.replayed = true;
    frame.requestId = found.requestId;
    return copyOf(found.kept);
  }
  if (found === undefined) return begin(tool, reads, key, { scope, frame, next });
  // Waiting for itself it would wait for ever.
  if (isInside(scope, found)) return next(frame);
  notePart(scope, found);
  return join(tool, found, frame, next);
}

function tell(tool: ReadTool, code: string, what: string): void {
  if (tool.told.has(code)) return;
  tool.told.add(code);
  emit('mycelium:warning', () => ({ tool: tool.name, code, message: `${tool.name} ${what}` }));
}

/** By what the call is found again; undefined when it cannot be told apart from others. */
function keyOf(tool: ReadTool, frame: CallFrame): string | undefined {
  const { policy, positional } = tool;
  const { input } = frame;
  try {
    return whose(frame) + argumentText(policy.key === undefined ? input : picked(policy.key, input, positional));
  } catch (error) {
    return notToldApart(tool, error);
  }
}

function subjectOf(tool: ReadTool, { input }: CallFrame): Subject | undefined {
  const { name, policy, positional } = tool;
  try {
    return {
      entities: entitiesIn(picked(policy.entity, input, positional)),
      tool: name,
      tags: policy.tags,
      parts: undefined,
    };
  } catch (error) {
    return notToldApart(tool, error);
  }
}

function notToldApart(tool: ReadTool, error: unknown): undefined {
  if (!(error instanceof UnencodableValueError)) throw error;
  tell(tool, 'arguments-not-comparable', `runs each time: the argument at ${error.path} is ${error.what}`);
  return undefined;
}

const instances = new WeakMap<object, number>();
let lastInstance = 0;

/** A method answers for its instance, and a call with an identity of its own for that. No text of arguments has a line break. */
function whose({ self, identity }: CallFrame): string {
  const asked =
    identity?.requestId === undefined && identity?.occurrence === undefined
      ? ''
      : argumentText([identity.requestId, identity.occurrence]);
  return `${self === undefined || self === null ? '' : instanceNumber(self)}\n${asked}\n`;
}

function instanceNumber(self: unknown): number | string {
  if (typeof self !== 'object' && typeof self !== 'function') return `value ${argumentText(self)}`;
  const instance = self as object;
  let number = instances.get(instance);
  if (number === undefined) {
    lastInstance += 1;
    number = lastInstance;
    instances.set(instance, number);
  }
  return number;
}

/** The nearest session's: what it remembers, else what is running. */
function find(tool: ReadTool, asking: SessionReads, key: string): Reading | undefined {
  for (let reads: SessionReads | undefined = asking; reads !== undefined; reads = reads.inherited) {
    const own = reads.of(tool);
    if (own === undefined) continue;
    const result = own.result(key);
    if (result !== undefined) {
      if (isFresh(tool, reads, result)) return result;
      own.forget(key);
    }
    const running = own.running(key);
    if (running !== undefined && isFresh(tool, reads, running)) return running;
  }
  return undefined;
}

function isFresh({ clock }: ReadTool, { outdated }: SessionReads, { moment, subject, began, ttlMs }: Reading): boolean {
  return outdated.counts(moment, subject) && elapsed(clock, began) < ttlMs;
}

function reused(tool: ReadTool, { began }: Reading, from: 'memory' | 'running'): void {
  emit('mycelium:read-reused', () => ({ tool: tool.name, from, ageMs: Math.round(elapsed(tool.clock, began)) }));
}

/** A shared execution, and those around it. */
interface Inside {
  readonly reading: Reading;
  readonly outer: Inside | undefined;
}

function isInside(scope: Scope, reading: Reading): boolean {
  for (let inside = scope.reading as Inside | undefined; inside !== undefined; inside = inside.outer)
    if (inside.reading === reading) return true;
  return false;
}

/** What an execution was told by another read is part of what it tells. */
function notePart(scope: Scope, { subject }: Reading): void {
  const outer = (scope.reading as Inside | undefined)?.reading;
  // What it set off and did not wait for is no part of it.
  if (outer?.flight === undefined) return;
  outer.subject.parts ??= new Set();
  outer.subject.parts.add(subject);
}

async function join(tool: ReadTool, reading: Reading, frame: CallFrame, next: Body): Promise<unknown> {
  const { kept } = await (reading.flight as Flight<Answer>).wait(signalOf(frame));
  // What has no copy is for one caller only.
  if (kept === undefined) return next(frame);
  reused(tool, reading, 'running');
  frame.replayed = true;
  frame.requestId = reading.requestId;
  return copyOf(kept);
}

interface Beginning {
  readonly scope: Scope;
  readonly frame: CallFrame;
  readonly next: Body;
}

function begin(tool: ReadTool, reads: SessionReads, key: string, { scope, frame, next }: Beginning): unknown {
  const { policy, clock } = tool;
  const subject = subjectOf(tool, frame);
  if (subject === undefined) return next(frame);
  const signal = signalOf(frame);
  signal?.throwIfAborted();
  const own = reads.made(tool, policy.max);
  const flight = new Flight<Answer>(() => own.end(key, reading));
  const reading: Reading = {
    began: instant(clock),
    moment: reads.outdated.moment(),
    subject,
    flight,
    ttlMs: policy.ttlMs,
    kept: undefined,
    requestId: undefined,
  };
  own.begin(key, reading);
  notePart(scope, reading);
  const shared = signal === undefined ? frame : forAll(frame, flight.signal);
  const inside: Inside = { reading, outer: scope.reading as Inside | undefined };
  const { run, call, ancestor } = scope;
  const result = enterScope({ run, call, ancestor, reading: inside }, async () => next(shared)).then(
    (value): Answer => {
      const kept = copyable(tool, value);
      const joined = own.end(key, reading);
      reading.flight = undefined;
      reading.requestId = shared.requestId;
      if (kept !== undefined) {
        reading.ttlMs = value === null || value === undefined ? policy.negativeTtlMs : policy.ttlMs;
        reading.kept = kept;
        // Whoever came later began anew, so that nothing newer is overwritten.
        if (joined && isFresh(tool, reads, reading) && !own.remember(key, reading)) tellTooLarge(tool);
      }
      return { value, kept };
    },
    (error: unknown) => {
      own.end(key, reading);
      reading.flight = undefined;
      throw error;
    },
  );
  flight.start(result);
  return flight.wait(signal).then(({ value }) => {
    frame.requestId = shared.requestId;
    frame.replayed = shared.replayed;
    return value;
  });
}

function copyable(tool: ReadTool, value: unknown): Kept | undefined {
  try {
    return keep(value);
  } catch (error) {
    if (!(error instanceof UnencodableValueError)) throw error;
    tell(
      tool,
      'result-not-remembered',
      `runs each time: its result has no faithful copy (${error.path}: ${error.what})`,
    );
    return undefined;
  }
}

function tellTooLarge(tool: ReadTool): void {
  tell(tool, 'result-too-large', 'gave a result of more than a million characters, which is not remembered');
}

/** The caller's, by the precedence that ledgers have. */
function signalOf({ identity, options }: CallFrame): AbortSignal | undefined {
  return identity?.signal ?? options?.abortSignal ?? options?.signal;
}

/** The call for all who wait: under a signal that aborts when the last of them has gone. */
function forAll(frame: CallFrame, signal: AbortSignal): CallFrame {
  const { identity, options } = frame;
  return {
    ...frame,
    identity: identity?.signal === undefined ? identity : { ...identity, signal },
    options: options === undefined ? undefined : withSignal(options, signal),
  };
}

/** The framework's own object stays untouched. */
function withSignal(options: CallOptions, signal: AbortSignal): CallOptions {
  const own: PropertyDescriptorMap = {};
  for (const name of ['abortSignal', 'signal'])
    if ((options as Readonly<Record<string, unknown>>)[name] !== undefined)
      own[name] = { value: signal, enumerable: true };
  return Object.create(options, own) as CallOptions;
}
