/** One place where a rule is broken. */
export interface Finding {
  /** Position in `transcript.turns`; -1 when it is about the list as a whole. */
  readonly turn: number;
  /** Position in the turn's parts; absent when it is about the turn. */
  readonly part?: number;
  /** Where, below the part, or the turn. */
  readonly at?: string;
  readonly callId?: string;
  readonly hint: string;
  /** This one cannot be mended, though the rule has a repair. */
  readonly unfixable?: boolean;
}
