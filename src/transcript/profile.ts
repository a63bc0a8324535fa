import type { TranscriptFormat } from './graph.js';
import type { Rule } from './rule.js';

/** The rules of one provider, endpoint and family of models, in the order in which repairs are made. */
export interface TranscriptProfile {
  /** `anthropic-4.6`; also the first half of the names of its rules. */
  readonly name: string;
  readonly format: TranscriptFormat;
  readonly rules: readonly Rule[];
}

/** A profile that differs from another in some rules. A rule with the same code takes the place of the other's. */
export function derive(
  base: TranscriptProfile,
  name: string,
  change: { readonly without?: readonly string[]; readonly with?: readonly Rule[] },
): TranscriptProfile {
  const replaced = new Set([...(change.without ?? []), ...(change.with ?? []).map(({ code }) => code)]);
  return {
    name,
    format: base.format,
    rules: [...base.rules.filter(({ code }) => !replaced.has(code)), ...(change.with ?? [])],
  };
}
