import type { IssueCode, TranscriptFormat } from 'mycelium-runtime/transcript';
import type { ProfileName } from '../../../src/transcript/index.js';

/** Any message: breakages look at it as it is. */
export type Message = Record<string, unknown>;

/** One way to break a valid conversation, with the rule that it breaks by construction. */
export interface Breakage {
  /** What was done: `a call without its result`. */
  readonly name: string;
  /** Codes of severity `error`: a provider refuses it. */
  readonly breaks: readonly IssueCode[];
  /** Codes of severity `warning`. */
  readonly warns?: readonly IssueCode[];
  /** Judged by this profile instead of the format's default. */
  readonly profile?: ProfileName;
  /** What no repair mends. */
  readonly remaining?: readonly IssueCode[];
  /**
   * Where it can be done: one changed copy for every place in the conversation where it breaks exactly this. The messages
   * given are not changed.
   */
  readonly at: (messages: readonly Message[]) => Message[][];
}

/** One format's part of the corpus. */
export interface CorpusFormat {
  readonly format: TranscriptFormat;
  /**
   * Valid conversations, each with its name. Between them they have what the format has: parallel calls, several rounds,
   * images, reasoning, refusals, tools that the provider runs, cache breakpoints.
   */
  readonly conversations: Readonly<Record<string, readonly Message[]>>;
  readonly breakages: readonly Breakage[];
}
