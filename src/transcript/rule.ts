import type { IssueCode } from '../errors/transcript.js';
import type { Draft } from './draft.js';
import type { Finding } from './finding.js';
import type { Part, Turn } from './graph.js';
import type { RepairPolicies, Truth } from './policies.js';
import type { Transcript } from './transcript.js';

export type { Finding } from './finding.js';

/** What a repair may ask. */
export interface RepairContext {
  readonly transcript: Transcript;
  readonly policies: RepairPolicies;
  /** What is known of a call; `undefined` when nobody was asked, or nobody knows it. */
  readonly truthOf: (call: {
    readonly id: string;
    readonly name: string;
    readonly input: unknown;
  }) => Truth | undefined;
}

/**
 * A rule, as data. A profile lists its rules in the order in which repairs are made: shape first, then ids, pairing,
 * content, order.
 */
export interface Rule {
  readonly code: IssueCode;
  readonly severity: 'error' | 'warning';
  /** Where it is written down, or where it was seen. */
  readonly source: string;
  /** What the provider answers, where that is known. */
  readonly providerText?: string;
  readonly find: (transcript: Transcript) => readonly Finding[];
  /** Mends all findings of one look at the transcript, in time linear in its size. Absent: only people can. */
  readonly repair?: (findings: readonly Finding[], draft: Draft, context: RepairContext) => void;
}

/** A rule without what the profile adds: where it is written, how severe it is, what the provider says. */
export type RuleCore = Pick<Rule, 'code' | 'find' | 'repair'>;

/** Puts a rule into a profile. */
export function rule(
  core: RuleCore,
  facts: { readonly source: string; readonly providerText?: string; readonly severity?: 'error' | 'warning' },
): Rule {
  return { severity: 'error', ...core, ...facts };
}

/** The rule for one code of flaws that parsers find. Repairs what the flaw's `mend` says. */
export function flawRule(code: IssueCode): RuleCore {
  return { code, find: ({ flaws }) => flaws.get(code) ?? [], repair: mendFlaws };
}

function mendFlaws(findings: readonly Finding[], draft: Draft, { transcript }: RepairContext): void {
  for (const finding of findings) {
    const turn = transcript.turns[finding.turn]!;
    const node: Turn | Part = finding.part === undefined ? turn : turn.parts[finding.part]!;
    const flaw = node.flaws.find(({ mend, at, hint }) => mend && at === (finding.at ?? '') && hint === finding.hint);
    if (flaw?.mend === 'rewrite') draft.rewrite(finding, flaw.hint);
    else if (flaw?.mend === 'drop' && finding.part === undefined) draft.dropTurn(finding, flaw.hint);
    else if (flaw?.mend === 'drop') draft.dropPart(finding, flaw.hint);
  }
}
