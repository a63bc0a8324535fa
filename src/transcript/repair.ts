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
 *
 * @param truthOf - asked for each call without a result, with the id that it had before a repair gave it another.
 */
export function repairAll(
  given: Transcript,
  profile: TranscriptProfile,
  policies: RepairPolicies,
  truthOf: (call: UnansweredCall, givenId: string | undefined) => Truth | undefined,
): Repaired {
  let transcript = given;
  const changes: TranscriptChange[] = [];
  const givenIds = new Map<string, string>();
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    let changed = false;
    for (const rule of profile.rules) {
      if (rule.repair === undefined) continue;
      const findings = rule.find(transcript).filter(({ unfixable }) => unfixable !== true);
      if (findings.length === 0) continue;
      const draft = new Draft(transcript, rule.code);
      const truthOfCall = (call: UnansweredCall): Truth | undefined => truthOf(call, givenIds.get(call.id));
      rule.repair(findings, draft, { transcript, policies, truthOf: truthOfCall });
      if (!draft.changed) continue;
      transcript = draft.commit();
      for (const [id, before] of draft.renamed) givenIds.set(id, givenIds.get(before) ?? before);
      // One by one: arguments go on the stack, and there may be a hundred thousand.
      for (const change of draft.changes) changes.push(change);
      changed = true;
    }
    if (!changed) break;
  }
  return { transcript, changes };
}
