import type { IssueCode } from '../errors/transcript.js';

/** A message format. Each has a dialect that reads it into the graph and writes the graph back. */
export type TranscriptFormat =
  | 'openai-chat'
  | 'openai-responses'
  | 'anthropic'
  | 'ai-sdk'
  | 'ai-sdk-ui'
  | 'langchain'
  | 'gemini';

/** Who speaks. `tool`: a message of results only. `unknown`: it says a role that the format does not have, or none. */
export type Role = 'system' | 'user' | 'assistant' | 'tool' | 'unknown';

/**
 * Something of the shape that is not as the format has it. A parser reads tolerantly and puts the value as it should be
 * into the node; the flaw says that the original differs. So a flaw with `mend` is repaired by writing the node anew.
 */
export interface Flaw {
  readonly code: IssueCode;
  /** Where, below the node that has the flaw: `function.arguments`; empty for the node itself. */
  readonly at: string;
  readonly hint: string;
  /** `rewrite`: writing the node is the repair. `drop`: the node has nothing to keep. Absent: nobody can tell what was meant. */
  readonly mend?: 'rewrite' | 'drop';
}

/** What every part has. Parts are never changed: an edit makes a new one with `{ ...part, … }`. */
interface PartFacts {
  /** What the caller wrote, untouched; `undefined` for a part that a repair made. */
  readonly raw: unknown;
  /** Where, below the message: `content[0]`, `tool_calls[1]`; `content` for content that is plain text. */
  readonly at: string;
  readonly flaws: readonly Flaw[];
  /** It carries a cache breakpoint. */
  readonly breakpoint?: boolean;
  /** A repair changed it: it is not written as `raw` any more. */
  readonly edited?: boolean;
}

export interface TextPart extends PartFacts {
  readonly kind: 'text';
  readonly text: string;
}

/** What a model said instead of an answer. */
export interface RefusalPart extends PartFacts {
  readonly kind: 'refusal';
  readonly text: string;
}

/** Thinking, reasoning: must travel with what it produced. */
export interface ReasoningPart extends PartFacts {
  readonly kind: 'reasoning';
  /** Empty when only an encrypted form is there. */
  readonly text: string;
  /** A provider signed or encrypted it, so that it can be replayed. */
  readonly signed: boolean;
}

/** Images, audio, files, documents. */
export interface MediaPart extends PartFacts {
  readonly kind: 'media';
  readonly mediaType: string | undefined;
}

export interface CallPart extends PartFacts {
  readonly kind: 'call';
  /** As text, even where the original is a number; `undefined` when there is none, or an empty one. */
  readonly id: string | undefined;
  readonly name: string | undefined;
  /** JSON text in formats that carry text, the value in formats that carry values. */
  readonly input: unknown;
  /** `provider`: the provider runs it and gives the result in the same turn. */
  readonly executedBy: 'client' | 'provider';
  /** The obsolete form without an id, which is answered by name. */
  readonly legacy?: boolean;
  /** The input is text and no JSON, as custom tools take it. */
  readonly isFreeText?: boolean;
}

export interface ResultPart extends PartFacts {
  readonly kind: 'result';
  readonly id: string | undefined;
  readonly name: string | undefined;
  /** As the format has it: text, blocks, a tagged value. */
  readonly output: unknown;
  readonly failed: boolean;
  readonly executedBy: 'client' | 'provider';
  readonly legacy?: boolean;
}

export interface ApprovalRequestPart extends PartFacts {
  readonly kind: 'approval-request';
  readonly approvalId: string | undefined;
  readonly callId: string | undefined;
}

export interface ApprovalResponsePart extends PartFacts {
  readonly kind: 'approval-response';
  readonly approvalId: string | undefined;
  readonly approved: boolean;
}

/** What the format allows here and no rule needs to understand, and what nobody knows (then with a flaw). */
export interface OtherPart extends PartFacts {
  readonly kind: 'other';
  readonly type: string | undefined;
}

export type Part =
  | TextPart
  | RefusalPart
  | ReasoningPart
  | MediaPart
  | CallPart
  | ResultPart
  | ApprovalRequestPart
  | ApprovalResponsePart
  | OtherPart;

/** One message, or one item in formats that list items. Never changed: an edit makes a new one. */
export interface Turn {
  readonly role: Role;
  /** The role as the message says it: `developer`, `model`; empty when it says none. */
  readonly label: string;
  /** Position in the list that the caller gave; -1 for a turn that a repair made. */
  readonly index: number;
  /** The caller's message, untouched; `undefined` for a turn that a repair made. */
  readonly raw: unknown;
  readonly parts: readonly Part[];
  /** Of the message as a whole; of its parts: there. */
  readonly flaws: readonly Flaw[];
}

/** A changed part: written from its fields, over the fields of `raw` that the graph does not know. */
export function edited<Kind extends Part>(
  part: Kind,
  fields: Partial<Omit<Kind, 'kind' | 'raw' | 'at' | 'flaws'>>,
): Kind {
  return { ...part, ...fields, edited: true };
}

/** Whether `raw` may be written as it is. */
export function untouched(part: Part): boolean {
  return part.raw !== undefined && part.edited !== true && part.flaws.every((flaw) => flaw.mend !== 'rewrite');
}

/** `[3].tool_calls[0].id`: where in the list that the caller gave. */
export function pathOf(turn: Turn, part?: Part, at = ''): string {
  return [`[${turn.index}]`, part?.at ?? '', at].filter((step) => step !== '').reduce(join);
}

function join(before: string, step: string): string {
  return step.startsWith('[') ? `${before}${step}` : `${before}.${step}`;
}
