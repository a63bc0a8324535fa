import type { Answer } from './dialect.js';
import type { CallPart } from './graph.js';
import type { RepairContext } from './rule.js';

/** What a result that a repair adds says: what is known of the call, and never more than that. */
export function answerFor(call: CallPart, { truthOf }: RepairContext): Answer {
  const truth = truthOf({ id: call.id ?? '', name: call.name ?? '', input: inputOf(call) });
  switch (truth?.state) {
    case 'completed':
      return { text: textOf(truth.result), value: truth.result, completed: true };
    case 'failed':
      return { text: truth.text, completed: false };
    case 'not-run':
      return { text: 'This call was not run: nothing was done. It may be made again.', completed: false };
    case 'unknown':
      return {
        text: 'It is not known whether this call was carried out. Do not assume either, and do not repeat it before that is settled.',
        completed: false,
      };
    default:
      return {
        text: 'No result of this call was recorded. It may or may not have been carried out.',
        completed: false,
      };
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
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
