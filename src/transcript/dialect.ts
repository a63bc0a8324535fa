import type { CallPart, Part, ResultPart, TranscriptFormat, Turn } from './graph.js';

/**
 * How surely a message is of a format. `yes`: it has something that only this format has. `maybe`: it fits, as plain
 * text fits many. `no`: it cannot be. A broken message is still `yes` when what it has is this format's.
 */
export type Recognition = 'yes' | 'maybe' | 'no';

/**
 * Where the results of a turn's calls must be.
 * - `tool-turns`: in the turns of role `tool` that follow without a gap (OpenAI Chat Completions).
 * - `next-turn`: in the next turn, of role `user`, before everything else in it (Anthropic, Gemini).
 * - `before-user`: after the call, before the next user or system turn or the end (AI SDK, LangChain).
 * - `anywhere`: somewhere after the call (OpenAI Responses).
 * - `inline`: in the call's own turn (AI SDK UIMessage).
 */
export type AnswerWindow = 'tool-turns' | 'next-turn' | 'before-user' | 'anywhere' | 'inline';

/** What a synthetic result says, as text, and the value when a stored one is known. */
export interface Answer {
  readonly text: string;
  /** Set only when the call completed: its result. */
  readonly value?: unknown;
  readonly completed: boolean;
}

/** Reads and writes one message format. Pure: no state between calls, the input is never changed, nothing throws. */
export interface Dialect {
  readonly format: TranscriptFormat;
  readonly recognize: (message: unknown) => Recognition;

  /**
   * Reads one message. Every field is either in the graph or in `raw`; what is not as the format has it becomes a flaw.
   * A message that is no object becomes a turn of role `unknown` with the flaw `unrecognized-message`.
   */
  readonly parse: (message: unknown, index: number) => Turn;

  /**
   * Writes a turn that a repair changed or made; turns that nobody touched are given back as they came. A part that is
   * `untouched` is written as its `raw`, the same object; of others, fields that the graph does not know stay. What is
   * written must parse without a flaw that has `mend: 'rewrite'`.
   */
  readonly write: (turn: Turn) => unknown;

  readonly answers: {
    readonly window: AnswerWindow;
    /** `own-turn`: one turn per result. `shared-turn`: a turn holds the results of all parallel calls. `inline`: beside the call. */
    readonly place: 'own-turn' | 'shared-turn' | 'inline';
    /** The role of a turn that holds results. */
    readonly role: 'tool' | 'user';
    /** Results may carry the tool's name, and then it must be the call's. */
    readonly named: boolean;
    /** A result made by a repair; of the class that others of the turns are of, where messages are objects. */
    readonly make: (call: CallPart, answer: Answer, turns: readonly Turn[]) => ResultPart;
  };

  /** A text part made by a repair. */
  readonly text: (text: string) => Part;
}
