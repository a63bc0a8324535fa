import { CallInProgressError, LedgerBlockedError } from '../errors/call.js';
import { UsageError } from '../errors/usage.js';
import type { StoredRecord } from '../store/contract.js';
import { instant } from '../store/process-clock.js';
import { guardedTool } from '../tool/guard.js';
import type { LedgerHome } from '../tool/home.js';
import type { Dispatch } from './dispatch.js';
import type { Engine } from './engine.js';
import type { LedgerOptions } from './options.js';
import { type Policy, resolvePolicy } from './policy.js';
import { reconcile } from './reconcile.js';
import { type CallSubject, decodeCall, type Seen, subjectOf, type View } from './record.js';
import { readKept } from './stored-value.js';
import { decide } from './transition.js';
import { look, situationOf } from './view.js';

/** What a sweep is given. */
export interface Sweep {
  /** Guarded tools whose reconcilers are asked. */
  readonly tools: readonly unknown[];
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: SweepProgress) => void) | undefined;
}

/** How far a sweep is. */
export interface SweepProgress {
  readonly examined: number;
  readonly settled: number;
}

/** A call that a sweep could not settle. */
export interface Unsettled {
  readonly id: string;
  readonly tool: string;
  readonly requestId: string;
  readonly why: string;
}

/** What a sweep did. */
export interface SweepReport {
  /** Whether it came to the end; false when its signal ended it. */
  readonly complete: boolean;
  /** Calls of these tools that are neither finished nor held. */
  readonly examined: number;
  readonly committed: number;
  readonly notExecuted: number;
  /** Others have settled them, or taken them up, meanwhile. */
  readonly movedOn: number;
  readonly unsettled: readonly Unsettled[];
}

type Counts = { -readonly [Name in 'examined' | 'committed' | 'notExecuted' | 'movedOn']: number };

/** Asks the reconcilers of tools about all their calls that were lost, without waiting for anybody to call again. */
export async function sweep(
  engine: Engine,
  home: LedgerHome,
  { tools, signal, onProgress }: Sweep,
): Promise<SweepReport> {
  const counts: Counts = { examined: 0, committed: 0, notExecuted: 0, movedOn: 0 };
  const unsettled: Unsettled[] = [];
  const report = (complete: boolean): SweepReport => ({ complete, ...counts, unsettled });
  for (const policy of tools.map(policyOf)) {
    for await (const stored of lostCalls(engine, home, policy)) {
      if (signal?.aborted === true) return report(false);
      counts.examined += 1;
      const seen = decodeCall(stored, engine.description);
      const subject = subjectOf(seen);
      const refused = await settleOne(engine, await dispatchFor(policy, home, seen, subject, signal), counts);
      if (refused !== undefined)
        unsettled.push({ id: stored.key.id, tool: policy.tool, requestId: subject.requestId, why: refused });
      onProgress?.({ examined: counts.examined, settled: counts.committed + counts.notExecuted });
    }
  }
  return report(true);
}

/** @throws UsageError for what is no guarded tool, or has no reconciler. */
function policyOf(tool: unknown): Policy {
  const { parts, info } = guardedTool(tool, 'sweep({ tools })');
  const part = parts.find(({ kind }) => kind === 'ledger');
  const policy = part === undefined ? undefined : resolvePolicy(part.options as LedgerOptions, 'ledger', info);
  if (policy?.reconcile !== undefined) return policy;
  throw new UsageError({
    place: 'sweep({ tools })',
    problem: `${info.name ?? info.developmentName ?? 'a tool'} has no reconciler, and nobody else can be asked`,
    remedy: 'Give it one: ledger({ reconcile: async ({ idempotencyKey }) => … }).',
  });
}

/** What is neither finished nor aborted; whether a worker still holds it is judged one by one, by the store's clock. */
async function* lostCalls(engine: Engine, home: LedgerHome, policy: Policy): AsyncGenerator<StoredRecord> {
  for (const phase of ['attempting', 'unknown'] as const) {
    let after: string | undefined;
    do {
      const page = await engine.client.list({
        kind: policy.kind,
        where: { ledger: home.name, tool: policy.tool, phase },
        limit: 100,
        ...(after === undefined ? {} : { after }),
      });
      for (const stored of page.records) if (stored.lease === undefined || stored.lease.until <= page.now) yield stored;
      after = page.next;
    } while (after !== undefined);
  }
}

/** The call as if it had been dispatched again, with its arguments as they were kept. */
async function dispatchFor(
  policy: Policy,
  home: LedgerHome,
  { record, stored }: Seen,
  { input, requestId }: CallSubject,
  signal: AbortSignal | undefined,
): Promise<Dispatch> {
  const { key } = stored;
  const { encryption } = policy.form;
  const readable = input.as !== 'digest' && (input.encrypted !== true || encryption !== undefined);
  return {
    // Nobody waits here: what is not believed yet is left to the next sweep.
    policy: { ...policy, waitForMs: 0 },
    home,
    identity: { requestId, parts: '', source: 'request-id' },
    key,
    unscoped: undefined,
    reference: { tool: policy.tool, requestId, id: key.id },
    fingerprint: record.fingerprint,
    input: readable ? await readKept(input, encryption, { tool: policy.tool, id: key.id, field: 'input' }) : undefined,
    scope: undefined,
    task: undefined,
    toolCallId: undefined,
    options: undefined,
    signal,
  };
}

/** @returns why it is not settled; undefined when it is, or when there is nothing to settle any more. */
async function settleOne(engine: Engine, dispatch: Dispatch, counts: Counts): Promise<string | undefined> {
  try {
    const before = await look(engine, dispatch);
    if (!isLost(dispatch, before)) {
      counts.movedOn += 1;
      return undefined;
    }
    const { seen } = await reconcile(engine, dispatch, before, instant(engine.clock));
    if (seen?.record.phase === 'committed') counts.committed += 1;
    else if (seen?.record.phase === 'aborted') counts.notExecuted += 1;
    else counts.movedOn += 1;
    return undefined;
  } catch (error) {
    if (!(error instanceof LedgerBlockedError) && !(error instanceof CallInProgressError)) throw error;
    return error.message.split('\n')[0] ?? error.code;
  }
}

/** Whether the call is one that its reconciler is to be asked about: the same decision as for a call that comes again. */
function isLost(dispatch: Dispatch, view: View): view is View & { readonly seen: Seen } {
  if (view.seen === undefined) return false;
  const gate = decide(situationOf(dispatch, view));
  // A keyed call could run again; nobody asks for that here, and the provider knows just as well.
  return gate === 'RECONCILE' || gate === 'RECLAIM' || gate === 'HARD_BLOCK';
}
