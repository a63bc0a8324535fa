import type { Dispatch } from './dispatch.js';
import type { Engine } from './engine.js';
import { evidenceKey } from './identity.js';
import { decodeCall, decodeEvidence, evidenceFor, leaseHeld, mayHaveHappened, type View } from './record.js';
import { keyWindowEnd, keyWindowOpen } from './resolution.js';
import { type Situation, standingOf } from './transition.js';

/** What the store says now. */
export async function look(engine: Engine, dispatch: Dispatch): Promise<View> {
  const { key } = dispatch;
  const { records, now } = await engine.client.transact(
    { expect: [], write: [], read: [key, evidenceKey(key)] },
    engine.nonce(),
  );
  const [stored, evidence] = records;
  return {
    seen: stored === undefined ? undefined : decodeCall(stored, engine.description),
    evidence: evidence === undefined ? undefined : decodeEvidence(evidence, engine.description),
    now,
  };
}

function deadlineMs(dispatch: Pick<Dispatch, 'policy'>): number {
  return dispatch.policy.timeoutMs ?? dispatch.policy.leaseMs;
}

/** What the pure decision is asked. */
export function situationOf(dispatch: Pick<Dispatch, 'policy'>, view: View): Situation {
  const { policy } = dispatch;
  const { seen, now } = view;
  const record = seen?.record;
  const resolver = record?.resolver;
  return {
    standing: standingOf(record, seen !== undefined && leaseHeld(seen.stored, now)),
    recorded: record?.effect,
    current: policy.effect,
    windowOpen:
      seen !== undefined &&
      keyWindowOpen(keyWindowEnd(seen.record, seen.stored.writtenAt, policy.keyValidForMs), now, deadlineMs(dispatch)),
    reconciler: policy.reconcile !== undefined,
    resolving: resolver !== undefined && now < resolver.until,
    evidence: record !== undefined && evidenceFor(record, view.evidence?.record) !== undefined,
    attemptsLeft: (record?.attempts ?? 0) < policy.maxAttempts,
  };
}

/** For a keyed tool that runs again: how long the provider still knows the key after `claimedAt`, by the store's clock. */
export function windowLeft(
  dispatch: Pick<Dispatch, 'policy'>,
  view: Pick<View, 'seen'> | undefined,
  claimedAt: number,
): number | undefined {
  const { policy } = dispatch;
  const seen = view?.seen;
  if (seen === undefined || (policy.effect !== 'keyed_mutate' && seen.record.effect !== 'keyed_mutate'))
    return undefined;
  const end = keyWindowEnd(seen.record, seen.stored.writtenAt, policy.keyValidForMs);
  return end === undefined || !mayHaveHappened(seen.record) ? undefined : end - claimedAt;
}

/** Whether what is left is enough for a whole body: a claim can land long after it was judged. */
export function windowEnough(dispatch: Pick<Dispatch, 'policy'>, leftMs: number | undefined): boolean {
  return leftMs === undefined || leftMs >= deadlineMs(dispatch);
}
