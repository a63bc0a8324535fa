import type { Answer } from './dialect.js';
import type { CallPart } from './graph.js';
import type { RepairContext } from './rule.js';
import { asJsonText, memberOf } from './shape.js';

const NOT_RUN = 'This call was not run: nothing was done. It may be made again.';
const UNKNOWN =
  'It is not known whether this call was carried out. Do not assume either, and do not repeat it before that is settled.';
const UNRECORDED = 'No result of this call is known here. It may or may not have been carried out.';

/** Whether a repair put this in place of a result, as no other was there: one that comes later says more. */
export function isPlaceholder(output: unknown): boolean {
  if (typeof output === 'string') return output === NOT_RUN || output === UNKNOWN || output === UNRECORDED;
  if (Array.isArray(output)) return output.length === 1 && isPlaceholder(output[0]);
  // In the wrapping of its format.
  return ['value', 'error', 'stderr', 'text'].some((name) => {
    const member = memberOf(output, name);
    return member !== undefined && isPlaceholder(member);
  });
}

/** What a result that a repair adds says: what is known of the call, and never more than that. */
export function answerFor(call: CallPart, { truthOf }: RepairContext): Answer {
  const truth = truthOf({ id: call.id ?? '', name: call.name ?? '', input: inputOf(call) });
  switch (truth?.state) {
    case 'completed':
      return { text: textOf(truth.result), value: truth.result, completed: true };
    case 'failed':
      return { text: truth.text, completed: false };
    case 'not-run':
      return { text: NOT_RUN, completed: false };
    case 'unknown':
      return { text: UNKNOWN, completed: false };
    default:
      return { text: UNRECORDED, completed: false };
  }
}

/** The value that JSON text stands for, or the text. */
export function inputOf({ input, isFreeText }: CallPart): unknown {
  if (typeof input !== 'string' || isFreeText === true) return input;
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}

function textOf(value: unknown): string {
  return value === undefined ? 'It was carried out, and gave nothing back.' : asJsonText(value);
}
