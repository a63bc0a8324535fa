import { MyceliumError } from './mycelium-error.js';

/** What can be wrong with a history. Codes are stable: programs may act on them. */
export type HistoryCode =
  | 'not-a-list'
  | 'too-many-tokens'
  | 'too-many-messages'
  | 'near-limit'
  | 'repeated-calls'
  | 'dropped';

/** One thing that is wrong with a history. */
export interface HistoryIssue {
  readonly code: HistoryCode;
  /** `error`: `validate` throws. `warning`: it is near. */
  readonly severity: 'error' | 'warning';
  /** Where: of `dropped`, in the last list that had it; of `repeated-calls`, the last of the calls. */
  readonly path?: string;
  /** Of `repeated-calls`: the id of the last of the calls. */
  readonly callId?: string;
  /** What is wrong, and what would be right. */
  readonly hint: string;
  /** How many there are: tokens, messages, repeated calls. */
  readonly count?: number;
  /** How many there may be. */
  readonly limit?: number;
  /** Of `dropped`: who had said it. */
  readonly role?: string;
  /** Of `dropped`: how it began, at most 80 characters. Absent with `redact`. */
  readonly beginning?: string;
}

/** For people, who have `issues`. */
const MOST_IN_MESSAGE = 3;

/** A history that is too long for its limits, goes in circles, or lost something. `issues` has everything that was found. */
export class HistoryError extends MyceliumError {
  static override readonly code = 'HISTORY_REFUSED';

  readonly issues: readonly HistoryIssue[];

  /** @param otherwise - what to do, in the words of whoever watched the history. */
  constructor(
    facts: {
      readonly format: string;
      readonly messages: number;
      readonly tokens: { readonly count: number; readonly isEstimate: boolean };
      readonly issues: readonly HistoryIssue[];
    },
    otherwise: Readonly<Partial<Record<HistoryCode, string>>> = {},
  ) {
    const errors = facts.issues.filter(({ severity }) => severity === 'error');
    const shown = errors.slice(0, MOST_IN_MESSAGE).map(({ code, hint }) => `${code}: ${hint}`);
    const more = errors.length > MOST_IN_MESSAGE ? `; and ${errors.length - MOST_IN_MESSAGE} more` : '';
    super({
      message: `The history is refused: ${shown.join('; ')}${more}`,
      remedy: [...new Set(errors.map(({ code }) => otherwise[code] ?? remedies[code]))].join(' '),
      details: { ...facts },
    });
    this.issues = facts.issues;
  }
}

const shorter = 'Call trim(messages, budget), or raise the limit.';

const remedies: { readonly [Code in HistoryCode]: string } = {
  'not-a-list': 'Give the list of messages.',
  'too-many-tokens': shorter,
  'too-many-messages': shorter,
  'near-limit': shorter,
  'repeated-calls': 'Tell the model that the same call gives the same result, or end the run.',
  dropped: 'Put back what was lost, or declare it: guard.compacted(dropped).',
};
