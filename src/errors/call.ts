import { MyceliumError } from './mycelium-error.js';

/** Which call an error speaks of. */
export interface CallReference {
  /** The tool's durable name. */
  readonly tool: string;
  /** The request id as people know it, e.g. `inv-42`. */
  readonly requestId: string;
  /** The record's id in the store; the CLI and `ActionLedger` take it. */
  readonly id: string;
}

function named(call: CallReference): string {
  return `${call.tool} ${JSON.stringify(call.requestId)}`;
}

function reference(call: CallReference): Record<string, unknown> {
  return { tool: call.tool, requestId: call.requestId, id: call.id };
}

/** The call may already have run. It will not run again until that is settled. */
export class LedgerBlockedError extends MyceliumError {
  static override readonly code = 'LEDGER_BLOCKED';

  constructor(
    facts: CallReference & {
      why: string;
      remedy: string;
      reason: string;
      details?: Record<string, unknown>;
      cause?: unknown;
    },
  ) {
    super({
      message: `${named(facts)} may already have run (${facts.why}).`,
      remedy: facts.remedy,
      details: { ...reference(facts), reason: facts.reason, ...facts.details },
      llmMessage: `${facts.tool} may already have been carried out for ${JSON.stringify(facts.requestId)}; whether it was is being checked by people. Do not call it again for this request, and do not report it as done or as failed.`,
      cause: facts.cause,
    });
  }
}

/** The same identity with other arguments, while the first may have happened. */
export class IdentityConflictError extends MyceliumError {
  static override readonly code = 'IDENTITY_CONFLICT';

  /** @param paths - where the arguments differ; empty when the recorded ones were not kept. */
  constructor(facts: CallReference & { paths: readonly string[]; phase: string }) {
    const where =
      facts.paths.length > 0
        ? ` differ at ${facts.paths.join(', ')}`
        : ' differ (the recorded ones were not kept in full)';
    super({
      message: `${named(facts)} is ${facts.phase} with other arguments: they${where}.`,
      remedy: 'Use the first arguments to get the recorded result, or another identity if another call is meant.',
      details: { ...reference(facts), paths: facts.paths, phase: facts.phase },
      llmMessage: `${facts.tool} was already called for ${JSON.stringify(facts.requestId)} with different arguments${facts.paths.length > 0 ? ` (${facts.paths.join(', ')})` : ''}. Nothing was done. Repeat it with the first arguments to see the recorded result; changing it needs a different request.`,
    });
  }
}

/** Another worker holds the call and did not finish within `waitFor`. */
export class CallInProgressError extends MyceliumError {
  static override readonly code = 'CALL_IN_PROGRESS';
  static override readonly retryable = 'safe';

  constructor(facts: CallReference & { waitedMs: number; what: string }) {
    super({
      message: `${named(facts)}: ${facts.what}, and ${facts.waitedMs} ms of waiting are over.`,
      remedy: 'Nothing ran on the strength of this call. Call again later with the same arguments, or raise waitFor.',
      details: { ...reference(facts), waitedMs: facts.waitedMs },
      llmMessage: `${facts.tool} for ${JSON.stringify(facts.requestId)} is still being carried out elsewhere. Call it again later with the same arguments.`,
    });
  }
}

/** A call inside itself: it would wait for its own end. */
export class ReentrantCallError extends MyceliumError {
  static override readonly code = 'REENTRANT_CALL';

  constructor(facts: CallReference) {
    super({
      message: `${named(facts)} is called from inside itself, under the same identity.`,
      remedy: 'Give the inner call an identity of its own (idFrom, or withCall with another requestId or occurrence).',
      details: reference(facts),
    });
  }
}

/** No durable identity, where one is required. Nothing was claimed. */
export class IdentityMissingError extends MyceliumError {
  static override readonly code = 'IDENTITY_MISSING';

  constructor(facts: { tool: string; problem: string; remedy: string; field?: string }) {
    super({
      message: `${facts.tool}: ${facts.problem}. Nothing was claimed, and the tool did not run.`,
      remedy: facts.remedy,
      details: { tool: facts.tool, ...(facts.field === undefined ? {} : { field: facts.field }) },
      ...(facts.field === undefined
        ? {}
        : { llmMessage: `${facts.tool} needs a value for ${facts.field}. The call did not run.` }),
    });
  }
}

/** The call committed, but its result was not kept in a form that can be given again. */
export class ResultNotReplayableError extends MyceliumError {
  static override readonly code = 'RESULT_NOT_REPLAYABLE';

  constructor(facts: CallReference & { why: string; remedy?: string; cause?: unknown }) {
    super({
      message: `${named(facts)} was carried out, but its result cannot be given again: ${facts.why}.`,
      remedy:
        facts.remedy ??
        'Read the outcome at the provider. To keep results, return plain data and set store: { result: "full" }.',
      details: { ...reference(facts), why: facts.why },
      llmMessage: `${facts.tool} for ${JSON.stringify(facts.requestId)} was already carried out successfully; its result is no longer available. Do not call it again.`,
      cause: facts.cause,
    });
  }
}

/** The tool ran, and its outcome could not be recorded as the record's result. Carries what it returned. */
export class CompletionNotRecordedError extends MyceliumError {
  static override readonly code = 'COMPLETION_NOT_RECORDED';

  /** What the tool returned. */
  readonly result: unknown;

  constructor(facts: CallReference & { why: string; remedy: string; result: unknown; cause?: unknown }) {
    super({
      message: `${named(facts)} ran, but its completion is not recorded: ${facts.why}.`,
      remedy: facts.remedy,
      details: { ...reference(facts), why: facts.why },
      llmMessage: `${facts.tool} for ${JSON.stringify(facts.requestId)} was carried out, but its bookkeeping is incomplete. Do not call it again.`,
      cause: facts.cause,
    });
    this.result = facts.result;
  }
}

/** The tool's own time limit passed while it was running. Its late result is still recorded. */
export class CallTimeoutError extends MyceliumError {
  static override readonly code = 'CALL_TIMEOUT';

  constructor(facts: CallReference & { timeoutMs: number }) {
    super({
      message: `${named(facts)} did not finish within ${facts.timeoutMs} ms; what it did is not known yet.`,
      remedy:
        'Call again with the same arguments later: the recorded result is returned once the tool has finished, and until then nothing runs.',
      details: { ...reference(facts), timeoutMs: facts.timeoutMs },
      llmMessage: `${facts.tool} for ${JSON.stringify(facts.requestId)} is taking longer than ${facts.timeoutMs} ms; whether it succeeded is not known yet. Do not start it under another request.`,
    });
  }
}

/** The lease on the claim is gone; the reason on `call.signal`, and what a late effect is refused with. */
export class LeaseLostError extends MyceliumError {
  static override readonly code = 'LEASE_LOST';

  constructor(facts: CallReference & { what: string }) {
    super({
      message: `${named(facts)} no longer holds its lease: ${facts.what}.`,
      remedy: 'Stop the work. An effect that has not started is not started; one that has is reconciled by its record.',
      details: reference(facts),
    });
  }
}

/** A task lost its lease, so nothing more is started in its name. */
export class ParentLostError extends MyceliumError {
  static override readonly code = 'PARENT_LOST';
  static override readonly retryable = 'safe';

  constructor(facts: { tool: string; parent: string }) {
    super({
      message: `${facts.tool} was not started: the task around it (${facts.parent}) has lost its lease to another worker.`,
      remedy: 'Let the worker that holds the task go on; what this one finished is replayed there.',
      details: { tool: facts.tool, parent: facts.parent },
    });
  }
}

/**
 * Thrown by a tool to say that its effect did not happen and can no longer happen. The call may run again.
 *
 * @example
 * ```ts
 * const refuse = (): never => { throw new NotExecutedError('the card was declined before anything was sent'); };
 * ```
 */
export class NotExecutedError extends MyceliumError {
  static override readonly code = 'NOT_EXECUTED';
  static override readonly retryable = 'safe';

  /** @param evidence - how you know, for the record and for people. */
  constructor(evidence: string, options: { readonly cause?: unknown; readonly llmMessage?: string } = {}) {
    super({
      message: `Not executed: ${evidence}`,
      remedy: 'The call may be made again.',
      details: { evidence },
      ...(options.llmMessage === undefined ? {} : { llmMessage: options.llmMessage }),
      cause: options.cause,
    });
  }
}

/** No call, or more than one, answers to the id. */
export class CallNotFoundError extends MyceliumError {
  static override readonly code = 'CALL_NOT_FOUND';

  constructor(facts: { id: string; store: string; candidates?: readonly string[] }) {
    const several = facts.candidates !== undefined && facts.candidates.length > 1;
    super({
      message: several
        ? `${JSON.stringify(facts.id)} is the beginning of several ids in ${facts.store}: ${facts.candidates?.join(', ')}.`
        : `No call ${JSON.stringify(facts.id)} in ${facts.store}.`,
      remedy: several
        ? 'Give more characters of the id.'
        : 'List what is there; ids come from the same store, ledger and tenant.',
      details: { id: facts.id, store: facts.store, ...(several ? { candidates: facts.candidates } : {}) },
    });
  }
}

/** Who has settled a call before, as what and why: what the record keeps of it. */
export interface SettledBefore {
  readonly by: 'operator' | 'reconciler' | 'evidence';
  readonly as: 'completed' | 'not-executed' | 'retired';
  /** The person, for an operator. */
  readonly who?: string;
  readonly reason: string;
  /** Milliseconds of the store's clock. */
  readonly at: number;
}

/** A release or retirement that the record does not allow. Nothing changed. Who was faster is in `details.settled`. */
export class ReleaseRefusedError extends MyceliumError {
  static override readonly code = 'RELEASE_REFUSED';

  constructor(facts: CallReference & { why: string; remedy: string; settled?: SettledBefore }) {
    const { settled } = facts;
    super({
      message: `${named(facts)} (${facts.id}) was left as it is: ${facts.why}${settled === undefined ? '' : settledText(settled)}.`,
      remedy: facts.remedy,
      details: { ...reference(facts), why: facts.why, ...(settled === undefined ? {} : { settled: { ...settled } }) },
    });
  }
}

function settledText({ by, who, as, reason }: SettledBefore): string {
  const whom = who ?? (by === 'evidence' ? 'evidence of a superseded worker' : 'its reconciler');
  return `: ${whom} settled it as ${as} (${reason})`;
}
