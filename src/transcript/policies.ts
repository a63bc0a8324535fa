/** What became of a call, told by whoever ran it. */
export type Truth =
  /** It ran, and this is its result. */
  | { readonly state: 'completed'; readonly result: unknown }
  /** It ended without a result, and this says how, for the model. */
  | { readonly state: 'failed'; readonly text: string }
  /** It is proven that it did not run. */
  | { readonly state: 'not-run' }
  /** It may have run. */
  | { readonly state: 'unknown' };

/** A call without a result, as `truth` is asked about it. */
export interface UnansweredCall {
  readonly id: string;
  readonly name: string;
  /** JSON text is parsed where it can be. */
  readonly input: unknown;
}

/** How defects are mended that can be mended in more than one way. */
export interface RepairPolicies {
  /**
   * A call without a result. `answer` (default): a result that says what is known of it. `drop`: the call goes, with the
   * reasoning that led to nothing else.
   */
  readonly unanswered: 'answer' | 'drop';
  /**
   * A result without a call. `drop` (default): it goes, and `changes` has it. `demote`: it becomes text of the user, which
   * keeps what it says, and gives what a tool wrote the weight of what a user wrote.
   */
  readonly orphan: 'drop' | 'demote';
  /**
   * A list that ends with an assistant turn, for models that refuse it. `report` (default): it stays in `remaining`.
   * `continue`: a user turn that asks to go on is added.
   */
  readonly prefill: 'report' | 'continue';
}

export const defaultPolicies: RepairPolicies = { unanswered: 'answer', orphan: 'drop', prefill: 'report' };
