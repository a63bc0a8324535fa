import { MyceliumError } from './mycelium-error.js';

/** What can be wrong with a transcript. Codes are stable: programs may act on them. */
export type IssueCode =
  // Of the list, and of what is no message of its format.
  | 'empty-transcript'
  | 'not-a-list'
  | 'unrecognized-message'
  | 'unknown-role'
  | 'mixed-format'
  // Of calls and results.
  | 'unanswered-call'
  | 'orphan-result'
  | 'misplaced-result'
  | 'duplicate-result'
  | 'mismatched-result'
  | 'results-not-first'
  | 'call-not-allowed'
  | 'malformed-calls'
  | 'empty-calls'
  // Of ids, names and arguments.
  | 'missing-call-id'
  | 'missing-result-id'
  | 'duplicate-call-id'
  | 'reused-call-id'
  | 'invalid-id'
  | 'id-too-long'
  | 'missing-name'
  | 'invalid-name'
  | 'invalid-arguments'
  // Of content.
  | 'missing-content'
  | 'empty-content'
  | 'invalid-content'
  | 'unknown-part'
  | 'part-not-allowed'
  | 'invalid-result'
  | 'obsolete-shape'
  | 'sdk-artefact'
  // Of order.
  | 'prefill-not-allowed'
  | 'prefill-whitespace'
  | 'first-not-user'
  | 'roles-not-alternating'
  | 'system-misplaced'
  | 'system-role'
  // Of reasoning, caching, approvals, items.
  | 'unsigned-reasoning'
  | 'reasoning-last'
  | 'reasoning-missing'
  | 'reasoning-separated'
  | 'too-many-breakpoints'
  | 'breakpoint-not-allowed'
  | 'unknown-approval'
  | 'pending-approval'
  | 'invalid-item-id'
  | 'duplicate-item-id'
  | 'unstored-reference'
  | 'invalid-state'
  | 'invalid-tool-calls';

/** One thing that is wrong with a transcript. */
export interface TranscriptIssue {
  readonly code: IssueCode;
  /** `error`: a provider refuses it. `warning`: some do, or a conversion loses something. */
  readonly severity: 'error' | 'warning';
  /** Where in the list that was given: `[3].tool_calls[0].id`; `[-1]` in `remaining` for what a repair added. */
  readonly path: string;
  /** The id of the call that this is about. */
  readonly callId?: string;
  /** The rule's name in its profile: `openai-chat/unanswered-call`. */
  readonly rule: string;
  /** A repair mends it. */
  readonly fixable: boolean;
  /** What is wrong, and what would be right. */
  readonly hint: string;
}

/** For people, who have `issues`. */
const MOST_IN_MESSAGE = 3;

/** A transcript that a provider would refuse. `issues` has everything that was found. */
export class MessageValidationError extends MyceliumError {
  static override readonly code = 'MESSAGES_INVALID';

  readonly format: string;
  readonly issues: readonly TranscriptIssue[];

  constructor(facts: { readonly format: string; readonly issues: readonly TranscriptIssue[] }) {
    const errors = facts.issues.filter((issue) => issue.severity === 'error');
    const shown = errors
      .slice(0, MOST_IN_MESSAGE)
      .map(({ path, code, hint }) => `${path || 'messages'} ${code}: ${hint}`);
    // What is no list is of no format.
    const format = facts.format === 'unknown' ? '' : `${facts.format} `;
    const more = errors.length > MOST_IN_MESSAGE ? `; and ${errors.length - MOST_IN_MESSAGE} more` : '';
    super({
      message: `The transcript is not a valid ${format}request: ${shown.join('; ')}${more}`,
      remedy: errors.every((issue) => issue.fixable)
        ? 'Call repair(messages): every one of these can be mended.'
        : 'Call repair(messages) for what is fixable, and mend the rest where the messages are made.',
      details: { format: facts.format, issues: facts.issues },
    });
    this.format = facts.format;
    this.issues = facts.issues;
  }
}
