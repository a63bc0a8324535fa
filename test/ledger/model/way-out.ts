/**
 * Invariant 8: whatever a record has come to, once the faults are over there is a way to a result or to a run, for
 * a caller without a reconciler (with a person's help), and for one with a reconciler.
 */

import type { Policy } from '../../../src/ledger/policy.js';
import type { CallRecord, Seen, View } from '../../../src/ledger/record.js';
import { demand } from './invariants.js';
import type { Rules } from './rules.js';
import { KEY } from './world.js';

const RESULT = { as: 'full', text: 'told' } as const;
const GROUNDS = { reason: 'looked', at: 0 } as const;

function standing(view: View, record: CallRecord): View & { readonly seen: Seen } {
  return { ...view, seen: { stored: { key: KEY, revision: '', value: '', writtenAt: view.now }, record, subject: '' } };
}

/** Whether it ends in a result or a run when what happened is `executed`. */
function ends(
  rules: Rules,
  policy: Policy,
  view: View & { readonly seen: Seen },
  executed: boolean,
  steps: number,
): boolean {
  const { record } = view.seen;
  const gate = rules.decide(rules.situationOf({ policy }, view));
  if (gate === 'RETURN' || gate === 'ALLOW' || gate === 'RECLAIM') return true;
  if (gate === 'POLL' || steps === 0) return false;
  const proof = rules.evidenceFor(record, view.evidence?.record);
  if (gate === 'RECONCILE') {
    if (proof !== undefined)
      return ends(rules, policy, standing(view, rules.committedRecord(record, proof.result)), executed, steps - 1);
    if (executed)
      return ends(rules, policy, standing(view, rules.committedRecord(record, RESULT)), executed, steps - 1);
    const believed = rules.believesNotExecuted(
      { recorded: record.effect, current: policy.effect },
      view.now,
      0,
      view.now,
    );
    if (believed === true) {
      return ends(
        rules,
        policy,
        standing(view, rules.notExecutedRecord(record, { by: 'reconciler', as: 'not-executed', ...GROUNDS })),
        executed,
        steps - 1,
      );
    }
  }
  const as = executed ? 'completed' : 'not-executed';
  if (rules.refuseRelease(record, as, false, false, proof !== undefined) !== undefined) return false;
  const grounds = { by: 'operator', as, ...GROUNDS } as const;
  const released = executed ? rules.committedRecord(record, RESULT, grounds) : rules.notExecutedRecord(record, grounds);
  return ends(rules, policy, standing(view, released), executed, steps - 1);
}

/** @throws Violation when a caller would be stuck for ever. */
export function demandWayOut(rules: Rules, policies: readonly Policy[], view: View): void {
  if (view.seen === undefined) return;
  const open = view as View & { readonly seen: Seen };
  const settled = open.seen.record.phase === 'aborted' && open.seen.record.aborted === 'not-executed';
  for (const policy of policies) {
    for (const withReconciler of [false, true]) {
      const asked: Policy = {
        ...policy,
        reconcile: withReconciler ? () => ({ outcome: 'unknown', why: 'the explorer answers' }) : undefined,
      };
      // What is settled as not executed did not execute; of everything else both may be true.
      for (const executed of settled ? [false] : [false, true]) {
        demand(
          ends(rules, asked, open, executed, 5),
          `no way out of ${open.seen.record.phase} for ${asked.effect}${withReconciler ? ' with' : ' without'} a reconciler, when it was ${executed ? '' : 'not '}executed`,
        );
      }
    }
  }
}
