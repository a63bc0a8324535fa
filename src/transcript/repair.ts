import { Draft, type TranscriptChange } from './draft.js';
import type { RepairPolicies, Truth, UnansweredCall } from './policies.js';
import type { TranscriptProfile } from './profile.js';
import type { Transcript } from './transcript.js';

interface Repaired {
  readonly transcript: Transcript;
  readonly changes: readonly TranscriptChange[];
}

/** What one repair makes necessary, the next round finds. More rounds than this have never been needed. */
const MOST_ROUNDS = 12;

/**
 * Runs the rules in the profile's order, each over the whole list, until none finds anything that it can mend. Every step
 * takes time linear in the size of the list.
 */
export function repairAll(
  given: Transcript,
  profile: TranscriptProfile,
  policies: RepairPolicies,
  truthOf: (call: UnansweredCall) => Truth | undefined,
): Repaired {
  let transcript = given;
  const changes: TranscriptChange[] = [];
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    let changed = false;
    for (const rule of profile.rules) {
      if (rule.repair === undefined) continue;
      const findings = rule.find(transcript).filter(({ unfixable }) => unfixable !== true);
      if (findings.length === 0) continue;
      const draft = new Draft(transcript, rule.code);
      rule.repair(findings, draft, { transcript, policies, truthOf });
      if (!draft.changed) continue;
      transcript = draft.commit();
      changes.push(...draft.changes);
      changed = true;
    }
    if (!changed) break;
  }
  return { transcript, changes };
}
