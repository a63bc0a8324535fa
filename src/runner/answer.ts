import { cut, printed } from '../boundary/describe.js';
import { ToolBoundaryError } from '../errors/boundary.js';
import { MyceliumError } from '../errors/mycelium-error.js';
import type { Outcome } from '../tool/outcomes.js';
import type { Truth } from '../transcript/policies.js';
import { type DescribeError, shortened } from './describe-error.js';
import type { HeldBack } from './held-back.js';
import { shown } from './shown.js';

/** What became of one call of a turn. */
export interface ToolAnswer {
  /** As the model gave it, or as it was mended: where it gave none, or one twice in a turn. */
  readonly id: string | undefined;
  readonly name: string | undefined;
  /**
   * `completed`: it has a value. `refused`: it did not get past the boundary, and nothing ran. `denied`: somebody must
   * approve it and did not, and nothing ran. `failed`: it ended with an error. `aborted`: the run was ended before it was.
   */
  readonly status: 'completed' | 'refused' | 'denied' | 'failed' | 'aborted';
  /** What the tool gave back, itself. */
  readonly value?: unknown;
  /**
   * What was thrown. Of a call that was aborted: the reason of the signal; between two attempts, what the last one ended
   * with.
   */
  readonly error?: unknown;
  /** How often the tool was entered for this call, as far as the runner knows. */
  readonly attempts: number;
}

const LONGEST_NAME = 80;

/** What is known of a call beside its answer. */
export interface Known {
  /** The name that errors of the tool itself carry. */
  readonly own: string | undefined;
  /** The effect class that the guards around the tool go by; undefined where no ledger is around it. */
  readonly effect: string | undefined;
  /** What ledgers noted of how it ended. */
  readonly outcome: Outcome | undefined;
  readonly held: HeldBack | undefined;
  /** Whether the error is that of an attempt after which it was to run once more. */
  readonly between: boolean;
}

/** Of a call that may be made again whatever it did: nobody is going to settle it. */
export const MAY_BE_CALLED_AGAIN = 'It was ended before it had a result. It may be called again.';

/** Whether a call of this effect class may be made again, whatever became of it. */
export function mayBeCalledAgain(effect: string | undefined): boolean {
  return effect === 'read' || effect === 'idempotent_mutate';
}

/** What the transcript says of an answer: the truth, as far as it is known. */
export function truthOf(answer: ToolAnswer, known: Known, describe: DescribeError): Truth {
  const { status, value, error, name, attempts } = answer;
  const { effect, outcome } = known;
  switch (status) {
    case 'completed':
      return { state: 'completed', result: shown(value) };
    case 'denied':
      return { state: 'failed', text: textOfHeld(known.held, shortName(name)) };
    case 'aborted':
      if (attempts === 0) return { state: 'not-run' };
      // What the attempt before came to is known.
      if (known.between) return { state: 'failed', text: textOf(error, name, known, describe) };
      if (mayBeCalledAgain(effect)) return { state: 'failed', text: MAY_BE_CALLED_AGAIN };
      return { state: effect !== undefined && outcome === 'not-executed' ? 'not-run' : 'unknown' };
    default:
      return { state: 'failed', text: textOf(error, name, known, describe) };
  }
}

function textOfHeld(held: HeldBack | undefined, tool: string): string {
  if (held?.because !== 'denied')
    return `${tool} was not run: somebody has to approve it first, and has not yet. Nothing was done.`;
  const reason = held.reason === undefined || held.reason.trim() === '' ? '' : `: ${shortened(held.reason)}`;
  return `${tool} was not run, it was denied${reason}. Nothing was done. Do not call it again for this.`;
}

/** Whether the model can mend it: what was refused at a boundary, before that tool did anything. */
export function isRefusal(error: unknown): error is ToolBoundaryError {
  return isOf(error, ToolBoundaryError) && error.ran === 'no';
}

/**
 * Whether an error is of the tool by this name, and not of a call that the tool made on the way: what that one may do
 * again, its tool may not.
 */
export function speaksOf(error: MyceliumError, own: string | undefined): boolean {
  const said = isOf(error, ToolBoundaryError) ? error.tool : error.details['tool'];
  if (typeof said !== 'string' || said === UNNAMED || own === undefined) return true;
  return said === printed(cut(own, LONGEST_NAME)) || spelling(said) === spelling(own);
}

/** What guards call a tool that nobody named. */
const UNNAMED = 'the tool';

/** `send_payment` and `sendPayment` are one name. */
function spelling(name: string): string {
  return name.replace(/[^\p{L}\p{N}]/gu, '').toLowerCase();
}

/** What a person would have to settle first. */
const AMBIGUOUS =
  'It may have been carried out all the same. Do not call it again, and do not report it as done or as failed.';
const REPEATABLE = 'It may have been carried out all the same. It may be called again, with the same arguments.';

function textOf(error: unknown, name: string | undefined, known: Known, describe: DescribeError): string {
  const tool = shortName(name);
  const outcome = outcomeFor(error, known);
  if (!isOf(error, MyceliumError)) {
    const text = described(error, tool, describe);
    if (outcome === 'unknown') return followed(text, AMBIGUOUS);
    return outcome === 'may-rerun' ? followed(text, REPEATABLE) : text;
  }
  if (error.llmMessage !== undefined) {
    const text = speaksOf(error, known.own)
      ? error.llmMessage
      : `${tool} did not come to its end, and what it had done before stands. What stopped it: ${error.llmMessage}`;
    return outcome === 'unknown' ? followed(text, AMBIGUOUS) : text;
  }
  // Nothing of ours about stores and leases helps a model; what it must know is whether it may go on.
  return error.retryable === 'safe' && outcome !== 'unknown'
    ? `${tool} could not be completed at this time. It may be called again later, with the same arguments.`
    : `${tool} could not be completed, and whether it was carried out is not known. Do not call it again, and do not report it as done or as failed.`;
}

/**
 * What is known of how a call ended. Of a tool without a ledger nothing is: most are reads, whose errors are what they
 * say, and a doubt about each of them would stop a model for nothing. Of a call within it that nobody knows it is told.
 */
function outcomeFor(error: unknown, { effect, outcome }: Known): Outcome | undefined {
  if (outcome === 'unknown' || (outcome !== undefined && effect !== undefined)) return outcome;
  // What is no object carries no note; then its class says what it may have done.
  if (effect === undefined || effect === 'read' || (typeof error === 'object' && error !== null)) return undefined;
  return mayBeCalledAgain(effect) ? 'may-rerun' : 'unknown';
}

function followed(text: string, by: string): string {
  return `${text.trimEnd()}${/[.!?…]\s*$/.test(text) ? '' : '.'} ${by}`;
}

/** Whatever was thrown, and whatever describes it, there is something to say. */
function described(error: unknown, tool: string, describe: DescribeError): string {
  try {
    const text: unknown = describe(error, tool);
    if (typeof text === 'string') return text;
  } catch {
    // Said below.
  }
  return `${tool} ended with an error.`;
}

export function shortName(name: string | undefined): string {
  return name === undefined ? UNNAMED : printed(cut(name, LONGEST_NAME));
}

/** `instanceof` of anything that was thrown: even that can throw. */
export function isOf<Kind>(thrown: unknown, kind: abstract new (...args: never[]) => Kind): thrown is Kind {
  try {
    return thrown instanceof kind;
  } catch {
    return false;
  }
}
