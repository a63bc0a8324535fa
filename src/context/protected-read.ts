import { UnencodableValueError } from '../encoding/unencodable-value-error.js';
import { elapsed, instant } from '../store/process-clock.js';
import { emit } from '../tool/events.js';
import type { Body, CallFrame } from '../tool/guard.js';
import { currentScope, enterScope, type Scope } from '../tool/scope.js';
import type { CallOptions } from '../tool/types.js';
import { Flight } from './flight.js';
import type { Subject } from './outdated.js';
import {
  type Answer,
  copyOf,
  type Inside,
  type Kept,
  keep,
  type Reading,
  readsOf,
  type SessionReads,
} from './reads.js';
import { isStill, keyOf, ownInput, type ReadTool, subject, subjectOf, tell } from './told-apart.js';

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
  if (key === undefined) return alone(tool, scope, frame, next);
  const reads = readsOf(scope.session);
  const found = find(tool, reads, key);
  if (found?.kept !== undefined) {
    notePart(scope, found.subject);
    reused(tool, found, 'memory');
    frame.replayed = true;
    frame.requestId = found.requestId;
    return copyOf(found.kept);
  }
  if (found === undefined) return begin(tool, reads, key, { scope, frame, next });
  if (waitsForUs(scope, found)) return alone(tool, scope, frame, next);
  notePart(scope, found.subject);
  return join(tool, found, { scope, frame, next });
}

/** A call that is shared with nobody. What it is about is part of what is made of it all the same. */
function alone(tool: ReadTool, scope: Scope, frame: CallFrame, next: Body): unknown {
  if (outerReading(scope) !== undefined) notePart(scope, subjectOf(tool, frame) ?? subject(tool, []));
  return next(frame);
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

/**
 * Whether an execution waits for this code: it is around it, or around one that waits for one that is. To wait for it
 * here would be for ever.
 */
function waitsForUs(scope: Scope, reading: Reading): boolean {
  const seen = new Set<Reading>();
  const pending = [scope.reading as Inside | undefined];
  while (pending.length > 0) {
    for (let inside = pending.pop(); inside !== undefined && !seen.has(inside.reading); inside = inside.outer) {
      if (inside.reading === reading) return true;
      seen.add(inside.reading);
      pending.push(...inside.reading.awaitedIn);
    }
  }
  return false;
}

/** What it set off and did not wait for is no part of it. */
function outerReading(scope: Scope): Reading | undefined {
  const outer = (scope.reading as Inside | undefined)?.reading;
  return outer?.flight === undefined ? undefined : outer;
}

/** What an execution was told by another read is part of what it tells. */
function notePart(scope: Scope, subject: Subject): void {
  const outer = outerReading(scope);
  if (outer === undefined) return;
  outer.subject.parts ??= new Set();
  outer.subject.parts.add(subject);
}

async function join(tool: ReadTool, reading: Reading, { scope, frame, next }: Beginning): Promise<unknown> {
  const { flight, awaitedIn } = reading;
  const inside = scope.reading as Inside | undefined;
  const waiter = inside === undefined ? undefined : { ...inside };
  if (waiter !== undefined) awaitedIn.add(waiter);
  try {
    const { kept } = await (flight as Flight<Answer>).wait(signalOf(frame));
    if (kept !== undefined) {
      reused(tool, reading, 'running');
      frame.replayed = true;
      frame.requestId = reading.requestId;
      return copyOf(kept);
    }
  } finally {
    if (waiter !== undefined) awaitedIn.delete(waiter);
  }
  // What has no copy is for one caller only.
  return next(frame);
}

interface Beginning {
  readonly scope: Scope;
  readonly frame: CallFrame;
  readonly next: Body;
}

function begin(tool: ReadTool, reads: SessionReads, key: string, { scope, frame, next }: Beginning): unknown {
  const { policy, clock } = tool;
  const subject = subjectOf(tool, frame);
  const input = subject === undefined ? undefined : ownInput(tool, frame, key);
  if (subject === undefined || input === undefined) return alone(tool, scope, frame, next);
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
    awaitedIn: new Set(),
    requestId: undefined,
  };
  own.begin(key, reading);
  notePart(scope, subject);
  const shared = { ...(signal === undefined ? frame : forAll(frame, flight.signal)), input: input.value };
  const inside: Inside = { reading, outer: scope.reading as Inside | undefined };
  const { run, call, ancestor } = scope;
  const result = enterScope({ run, call, ancestor, reading: inside }, async () => next(shared)).then(
    (value): Answer => {
      const kept = input.isCopy || isStill(tool, frame, key) ? copyable(tool, value) : undefined;
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
