/** One value that is in force. */
export interface Value {
  readonly key: string;
  readonly value: string;
  /** `mycelium.yaml:5:3`, with the variables that went into it; `default`. */
  readonly from: string;
}
