import type { BoundaryIssue } from './boundary.js';
import { MyceliumError } from './mycelium-error.js';

/** A model that did not mend its calls, or did not come to an end. Carries the conversation as it stands. */
export class ToolRunExhaustedError extends MyceliumError {
  static override readonly code = 'TOOL_RUN_EXHAUSTED';

  /** The conversation, in which every call has a result: a provider takes it as it is. */
  readonly messages: readonly unknown[];
  /** What was wrong with the last calls. */
  readonly issues: readonly BoundaryIssue[];

  constructor(facts: {
    why: 'retries' | 'turns';
    limit: number;
    tools: readonly string[];
    messages: readonly unknown[];
    issues: readonly BoundaryIssue[];
  }) {
    const { why, limit, tools, messages, issues } = facts;
    super({
      message:
        why === 'retries'
          ? `The model called ${tools.join(', ')} wrongly ${limit + 1} times in a row: ${issues
              .slice(0, 3)
              .map(({ path, expected }) => `${path === '' ? '' : `${path}: `}expected ${expected}`)
              .join('; ')}.`
          : `The model went on calling tools for ${limit} turns.`,
      remedy:
        why === 'retries'
          ? 'Every call has its result in error.messages, so the conversation can go on from there: by another model, or a person. Look at the description of the tool.'
          : 'Every call has its result in error.messages: go on from there, or raise maxTurns.',
      details: { why, limit, tools, issues, messages: messages.length },
    });
    this.messages = messages;
    this.issues = issues;
  }
}
