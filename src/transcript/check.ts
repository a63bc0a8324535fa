import type { TranscriptIssue } from '../errors/transcript.js';
import { pathOf } from './graph.js';
import type { TranscriptProfile } from './profile.js';
import type { Finding, Rule } from './rule.js';
import { bounded } from './shape.js';
import type { Transcript } from './transcript.js';

/** Every issue that a profile's rules find, in order of the list. */
export function issuesOf(transcript: Transcript, profile: TranscriptProfile): TranscriptIssue[] {
  return profile.rules
    .flatMap((rule) =>
      rule.find(transcript).map((finding) => ({ finding, issue: issueOf(rule, finding, transcript, profile) })),
    )
    .sort(
      (one, other) => one.finding.turn - other.finding.turn || (one.finding.part ?? -1) - (other.finding.part ?? -1),
    )
    .map(({ issue }) => issue);
}

function issueOf(rule: Rule, finding: Finding, { turns }: Transcript, { name }: TranscriptProfile): TranscriptIssue {
  const turn = turns[finding.turn];
  const part = finding.part === undefined ? undefined : turn?.parts[finding.part];
  return {
    code: rule.code,
    severity: rule.severity,
    path: turn === undefined ? '' : pathOf(turn, part, finding.at),
    ...(finding.callId === undefined ? {} : { callId: finding.callId }),
    rule: `${name}/${rule.code}`,
    fixable: rule.repair !== undefined && finding.unfixable !== true,
    hint: bounded(finding.hint),
  };
}
