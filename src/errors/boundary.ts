import { MyceliumError } from './mycelium-error.js';

/** What can be wrong with a call, or with what a tool gave back. Codes are stable: programs may act on them. */
export type BoundaryCode =
  // Of the shape.
  | 'missing'
  | 'unknown-field'
  | 'type'
  | 'pattern'
  | 'length'
  | 'range'
  | 'choice'
  | 'format'
  | 'invalid'
  // Of what it reaches for.
  | 'path-outside'
  | 'path-unresolvable'
  | 'path-malformed'
  | 'host-not-allowed'
  | 'url-malformed'
  | 'entity-mismatch'
  // Of the tool itself.
  | 'not-allowed';

/** One thing that is wrong, in words that a model can act on. */
export interface BoundaryIssue {
  /** Where: `items[0].name`; empty for the whole. */
  readonly path: string;
  readonly code: BoundaryCode;
  /** What would be right, e.g. `an integer from 1 to 50`. */
  readonly expected: string;
  /** What was there: short, and of nothing but this place. Absent when there was nothing, or it must not be told. */
  readonly received?: string;
  /** What to do about it, where that is not plain from the rest. */
  readonly hint?: string;
}

/**
 * Where a call was stopped: `allowlist`: no such tool for this agent; `input`: its arguments; `scope`: what it reaches
 * for; `output`: what the tool gave back.
 */
export type BoundaryPhase = 'allowlist' | 'input' | 'scope' | 'output';

/** What a boundary error is made of. */
interface BoundaryFacts {
  readonly tool: string;
  readonly phase: BoundaryPhase;
  readonly issues: readonly BoundaryIssue[];
  /** `no`: the tool did not run. `again`: it ran, and may run again. `done`: it ran, and does not run again. */
  readonly ran: 'no' | 'again' | 'done';
}

/** In bytes. For a model, with the whole of the conversation around it: longer is not read better. */
const LONGEST_FOR_MODELS = 1_900;
const LONGEST_LINE = 400;
const LONGEST_NAME = 80;
/** For people, who have `issues`. */
const MOST_IN_MESSAGE = 3;

/**
 * A call that was refused before anything happened, or a result that is of no use. `llmMessage` is for the model: what
 * is wrong, what would be right, and whether to call again.
 */
export class ToolBoundaryError extends MyceliumError {
  static override readonly code = 'TOOL_BOUNDARY';

  readonly tool: string;
  readonly phase: BoundaryPhase;
  /** Everything that was found, at most a hundred. */
  readonly issues: readonly BoundaryIssue[];
  /** `no`: the tool did not run. `again`: it ran, and may run again. `done`: it ran, and does not run again. */
  readonly ran: BoundaryFacts['ran'];

  constructor(facts: BoundaryFacts) {
    const { tool, phase, issues, ran } = facts;
    const shown = { ...facts, tool: short(tool, LONGEST_NAME) };
    super({
      message: `${whatHappened(shown)}: ${issues.slice(0, MOST_IN_MESSAGE).map(line).join('; ')}${
        issues.length > MOST_IN_MESSAGE ? `; and ${issues.length - MOST_IN_MESSAGE} more` : ''
      }.`,
      remedy: remedyOf(facts),
      details: { tool, phase, ran, issues },
      llmMessage: forModels(shown),
    });
    this.tool = tool;
    this.phase = phase;
    this.issues = issues;
    this.ran = ran;
  }
}

function whatHappened({ tool, phase, ran }: BoundaryFacts): string {
  switch (phase) {
    case 'allowlist':
      return `${tool} is not among the tools that may be called`;
    case 'input':
      return `${tool} was not called, its arguments are wrong`;
    case 'scope':
      return `${tool} was not called, it would reach for what it must not`;
    case 'output':
      return ran === 'done'
        ? `${tool} was carried out, and what it gave back is of no use`
        : `${tool} gave back what is of no use`;
  }
}

function remedyOf({ phase, ran }: BoundaryFacts): string {
  switch (phase) {
    case 'allowlist':
      return 'Give the model error.llmMessage, which names tools that it may call; or allow this one.';
    case 'input':
    case 'scope':
      return 'Give the model error.llmMessage: nothing was recorded, and the mended call may come under the same id.';
    case 'output':
      return ran === 'done'
        ? 'It ran, and is not run again for this. Mend the tool, or the schema of its output.'
        : 'Nothing of it was recorded as a result, and it may run again. Mend the tool, or the schema of its output.';
  }
}

/** As long as a model reads it: the first issues whole, and how many more there are. */
function forModels(facts: BoundaryFacts): string {
  const { issues, phase, ran, tool } = facts;
  const end =
    phase === 'output'
      ? ran === 'done'
        ? `Do not call ${tool} again for this: it was carried out. Go on without its result, or tell the user.`
        : `It may be called again.`
      : phase === 'allowlist'
        ? 'Call one of the tools that you have.'
        : `Nothing was done. Call ${tool} again with this mended and everything else as it was.`;
  const lines: string[] = [];
  const begin = `${whatHappened(facts)}:`;
  let left = LONGEST_FOR_MODELS - Buffer.byteLength(begin) - Buffer.byteLength(end);
  for (const issue of issues) {
    const text = `- ${line(issue)}`;
    const size = Buffer.byteLength(text) + 1;
    if (size > left) break;
    lines.push(text);
    left -= size;
  }
  const more = issues.length - lines.length;
  return [begin, ...lines, ...(more > 0 ? [`- and ${more} more`] : []), end].join('\n');
}

function line({ path, expected, received, hint, code }: BoundaryIssue): string {
  const where = path === '' ? '' : `${path}: `;
  const what = code === 'missing' ? `is missing, expected ${expected}` : `expected ${expected}`;
  const found = received === undefined ? '' : `, received ${received}`;
  const text = `${where}${what}${found}${hint === undefined ? '' : `. ${hint.replace(/\.$/, '')}`}`;
  return short(text, LONGEST_LINE);
}

function short(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1).toWellFormed()}…` : text;
}
