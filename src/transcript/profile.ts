import type { TranscriptFormat } from './graph.js';
import type { Rule } from './rule.js';

type Version = '' | '-5' | '-6' | '-7';

/** What rules are called: a provider, an endpoint, a family of models, or a version of the AI SDK. */
export type ProfileName =
  | `openai-chat${'' | '-long-ids' | '-reasoning'}`
  | `openai-responses${'' | '-stateless' | '-continued'}`
  | `anthropic${'' | '-4.6' | '-thinking' | '-system-messages' | '-bedrock'}`
  | `ai-sdk${Version}${'' | '-anthropic' | '-openai'}`
  | `ai-sdk-ui${Version}`
  | 'langchain'
  | 'gemini';

/** The rules of one provider, endpoint and family of models, in the order in which repairs are made. */
export interface TranscriptProfile {
  /** `anthropic-4.6`; also the first half of the names of its rules. */
  readonly name: ProfileName;
  readonly format: TranscriptFormat;
  readonly rules: readonly Rule[];
}

/** A profile that differs from another in some rules. A rule with the same code takes the place of the other's. */
export function derive(
  base: TranscriptProfile,
  name: ProfileName,
  change: { readonly without?: readonly string[]; readonly with?: readonly Rule[] },
): TranscriptProfile {
  const replaced = new Set([...(change.without ?? []), ...(change.with ?? []).map(({ code }) => code)]);
  return {
    name,
    format: base.format,
    rules: [...base.rules.filter(({ code }) => !replaced.has(code)), ...(change.with ?? [])],
  };
}
