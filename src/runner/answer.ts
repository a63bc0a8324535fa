import { cut, printed } from '../boundary/describe.js';
import { ToolBoundaryError } from '../errors/boundary.js';
import { MyceliumError } from '../errors/mycelium-error.js';
import type { Truth } from '../transcript/policies.js';
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
  /** What was thrown; of a call that was aborted between two attempts, what the last one ended with. */
  readonly error?: unknown;
  /** How often the tool was entered for this call, as far as the runner knows. */
  readonly attempts: number;
}

/** What of an error a model is told, when the error does not say it itself. */
export type DescribeError = (error: unknown, tool: string) => string;

const LONGEST_MESSAGE = 500;
const LONGEST_NAME = 80;

/** The error of a tool in a sentence. What a tool throws may say more than a model should read: see `describeError`. */
export const describeToolError: DescribeError = (error, tool) => {
  const message = error instanceof Error ? error.message : String(error);
  return `${tool} ended with an error: ${shortened(String(message))}`;
};

function shortened(text: string): string {
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE).toWellFormed()}…` : text;
}

/**
 * What the transcript says of an answer: the truth, as far as it is known.
 *
 * @param own - the name that errors of the tool itself carry.
 */
export function truthOf(
  answer: ToolAnswer,
  own: string | undefined,
  held: HeldBack | undefined,
  describe: DescribeError,
): Truth {
  const { status, value, error, name, attempts } = answer;
  const told = (): string => textOf(error, name, own, describe);
  switch (status) {
    case 'completed':
      return { state: 'completed', result: shown(value) };
    case 'denied':
      return { state: 'failed', text: textOfHeld(held, shortName(name)) };
    case 'aborted':
      if (attempts === 0) return { state: 'not-run' };
      // It was to run once more: what the attempt before came to is known.
      return error === undefined ? { state: 'unknown' } : { state: 'failed', text: told() };
    default:
      return { state: 'failed', text: told() };
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

function textOf(error: unknown, name: string | undefined, own: string | undefined, describe: DescribeError): string {
  const tool = shortName(name);
  if (!isOf(error, MyceliumError)) return described(error, tool, describe);
  if (error.llmMessage !== undefined) {
    if (speaksOf(error, own)) return error.llmMessage;
    return `${tool} did not come to its end, and what it had done before stands. What stopped it: ${error.llmMessage}`;
  }
  // Nothing of ours about stores and leases helps a model; what it must know is whether it may go on.
  return error.retryable === 'safe'
    ? `${tool} could not be completed at this time. It may be called again later, with the same arguments.`
    : `${tool} could not be completed, and whether it was carried out is not known. Do not call it again, and do not report it as done or as failed.`;
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

function shortName(name: string | undefined): string {
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
