import type { BoundaryIssue } from './boundary.js';
import { MyceliumError } from './mycelium-error.js';

const MOST_NAMED = 20;
const LONGEST_NAME = 80;
const LONGEST_LINE = 400;

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
    const { why, limit, messages, issues } = facts;
    // A model may have made them up, at any length and in any number.
    const tools = facts.tools.slice(0, MOST_NAMED).map((name) => short(name, LONGEST_NAME));
    const more = facts.tools.length > MOST_NAMED ? ` and ${facts.tools.length - MOST_NAMED} more` : '';
    super({
      message:
        why === 'retries'
          ? `The model called ${tools.join(', ')}${more} wrongly ${limit + 1} times in a row: ${issues
              .slice(0, 3)
              .map(({ path, expected }) => short(`${path === '' ? '' : `${path}: `}expected ${expected}`, LONGEST_LINE))
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

function short(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1).toWellFormed()}…` : text;
}
