import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { printed } from '../boundary/describe.js';
import { ToolBoundaryError } from '../errors/boundary.js';
import { eventRun } from '../tool/event-run.js';
import { emit } from '../tool/events.js';
import { outcomeOf } from '../tool/outcomes.js';
import type { CallOptions } from '../tool/types.js';
import type { OpenCall } from '../transcript/calls.js';
import type { Truth } from '../transcript/policies.js';
import { isOf, type Known, shortName, speaksOf, type ToolAnswer, truthOf } from './answer.js';
import type { HeldBack } from './held-back.js';
import type { RunnerPolicy } from './options.js';
import { ABORTED, untilAborted } from './signals.js';

/** What became of a call, and what the model is told of it. */
export interface Answered {
  readonly answer: ToolAnswer;
  readonly truth: Truth;
}

/** How a call ended, and what is known of that beside. */
interface Ended extends Pick<ToolAnswer, 'status' | 'value' | 'error' | 'attempts'>, Partial<Known> {}

/** Runs one call as often as it may, and never throws. */
export async function runCall(
  policy: RunnerPolicy,
  call: OpenCall,
  held: HeldBack | undefined,
  signal: AbortSignal | undefined,
): Promise<Answered> {
  const began = performance.now();
  const { id, name } = call;
  const guarded = name === undefined ? undefined : policy.tools.guardedAs?.(name);
  const own = guarded?.name ?? name;
  const ended = await ending(policy, call, { own, held }, signal);
  const { status, attempts } = ended;
  const answer: ToolAnswer = {
    id,
    name,
    status,
    ...('value' in ended ? { value: ended.value } : {}),
    ...('error' in ended ? { error: ended.error } : {}),
    attempts,
  };
  const known: Known = {
    own,
    effect: guarded?.effect,
    outcome: ended.outcome,
    held,
    between: ended.between === true,
  };
  const truth = truthOf(answer, known, policy.describe);
  emit('mycelium:call-answered', () => ({
    tool: shortName(name),
    ...(id === undefined ? {} : { toolCallId: id }),
    status,
    attempts,
    ms: Math.round(performance.now() - began),
    ...eventRun(),
  }));
  return { answer, truth };
}

async function ending(
  policy: RunnerPolicy,
  call: OpenCall,
  { own, held }: { readonly own: string | undefined; readonly held: HeldBack | undefined },
  signal: AbortSignal | undefined,
): Promise<Ended> {
  const { id, name } = call;
  if (held !== undefined && held.because !== 'incomplete') return { status: 'denied', attempts: 0 };
  const input = inputOf(call);
  if (held !== undefined || input === undefined)
    return { status: 'refused', error: unreadable(name, held), attempts: 0 };
  let before: Pick<Ended, 'error' | 'outcome' | 'between'> | undefined;
  for (let attempts = 0; ; ) {
    if (isOver(signal)) return { status: 'aborted', error: signal?.reason as unknown, ...before, attempts };
    attempts += 1;
    const began = performance.now();
    // Of this attempt alone: a ledger notes by it what became of the call.
    const options = callOptions(id, signal);
    try {
      const running = () => policy.tools.execute(name ?? '', input.value, options);
      return { status: 'completed', value: await untilAborted(running, signal), attempts };
    } catch (error) {
      if (error === ABORTED || isAbort(error, signal)) {
        // A tool that heeds the signal has ended by then, perhaps before its effect.
        await nextTurn();
        const outcome = outcomeOf(error, options, began);
        return { status: 'aborted', error: signal?.reason as unknown, outcome, attempts };
      }
      const outcome = outcomeOf(error, options, began);
      const ran = isOf(error, ToolBoundaryError) && speaksOf(error, own) ? error.ran : undefined;
      // Of another tool of the same name, when its own ledger let this one begin.
      if (ran === 'no' && attempts === 1 && outcome !== 'unknown') return { status: 'refused', error, attempts: 0 };
      if (ran !== 'again' || attempts > policy.maxToolRetries) return { status: 'failed', error, outcome, attempts };
      before = { error, outcome, between: true };
      await pause(policy, attempts, signal);
    }
  }
}

const LONGEST_PAUSE_MS = 60_000;
/** A longer one would be over at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Ends early when the signal aborts. */
async function pause({ backoffMs }: RunnerPolicy, attempts: number, signal: AbortSignal | undefined): Promise<void> {
  const longest = Math.min(Math.max(LONGEST_PAUSE_MS, backoffMs), LONGEST_TIMER_MS);
  const ms = Math.min(backoffMs * 2 ** (attempts - 1), longest);
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}

export function isOver(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** What a tool throws that heeds the signal. */
function isAbort(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted !== true) return false;
  return error === signal.reason || (isOf(error, Error) && error.name === 'AbortError');
}

function callOptions(id: string | undefined, signal: AbortSignal | undefined): CallOptions {
  return {
    ...(id === undefined ? {} : { toolCallId: id }),
    ...(signal === undefined ? {} : { abortSignal: signal }),
  };
}

/** Undefined where they are no JSON. Some models write nothing at all for a tool without arguments. */
function inputOf({ input, isReadable }: OpenCall): { readonly value: unknown } | undefined {
  if (isReadable) return { value: input };
  return typeof input === 'string' && input.trim() === '' ? { value: {} } : undefined;
}

function unreadable(name: string | undefined, held: HeldBack | undefined): ToolBoundaryError {
  const issue = {
    path: '',
    code: 'type' as const,
    expected: 'the arguments as a JSON object',
    hint: held === undefined ? 'They are no JSON.' : 'They did not arrive whole.',
  };
  return new ToolBoundaryError({ tool: printed(name ?? 'the tool'), phase: 'input', issues: [issue], ran: 'no' });
}
