import { ToolBoundaryError } from '../errors/boundary.js';
import { MyceliumError } from '../errors/mycelium-error.js';
import type { Truth } from '../transcript/policies.js';

/** What became of one call of a turn. */
export interface ToolAnswer {
  /** As the model gave it. */
  readonly id: string | undefined;
  readonly name: string | undefined;
  /**
   * `completed`: it has a value. `refused`: it did not get past the boundary, and nothing ran. `failed`: it ended with an
   * error. `aborted`: the run was ended before it was.
   */
  readonly status: 'completed' | 'refused' | 'failed' | 'aborted';
  readonly value?: unknown;
  readonly error?: unknown;
  /** How often the tool was entered for this call, as far as the runner knows. */
  readonly attempts: number;
}

/** What of an error a model is told, when the error does not say it itself. */
export type DescribeError = (error: unknown, tool: string) => string;

const LONGEST_MESSAGE = 500;

/** The error of a tool in a sentence. What a tool throws may say more than a model should read: see `describeError`. */
export const describeToolError: DescribeError = (error, tool) => {
  const message = error instanceof Error ? error.message : String(error);
  const said = message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE).toWellFormed()}…` : message;
  return `${tool} ended with an error: ${said}`;
};

/** What the transcript says of an answer: the truth, as far as it is known. */
export function truthOf({ status, value, error, name, attempts }: ToolAnswer, describe: DescribeError): Truth {
  switch (status) {
    case 'completed':
      return { state: 'completed', result: value };
    case 'aborted':
      return attempts === 0 ? { state: 'not-run' } : { state: 'unknown' };
    default:
      return { state: 'failed', text: textOf(error, name ?? 'the tool', describe) };
  }
}

/** Whether the model can mend it: what was refused at the boundary, before anything happened. */
export function isRefusal(error: unknown): error is ToolBoundaryError {
  return error instanceof ToolBoundaryError && error.ran === 'no';
}

function textOf(error: unknown, tool: string, describe: DescribeError): string {
  if (!(error instanceof MyceliumError)) return describe(error, tool);
  if (error.llmMessage !== undefined) return error.llmMessage;
  // Nothing of ours about stores and leases helps a model; what it must know is whether it may go on.
  return error.retryable === 'safe'
    ? `${tool} could not be carried out at this time, and nothing was done. It may be called again later.`
    : `${tool} could not be completed, and whether it was carried out is not known. Do not call it again, and do not report it as done or as failed.`;
}
