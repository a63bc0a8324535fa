import { ago } from '../encoding/duration.js';
import { LedgerBlockedError } from '../errors/call.js';
import type { Dispatch } from './dispatch.js';
import type { Engine } from './engine.js';
import type { View } from './record.js';
import { leaseEndedAt, type Seen } from './record.js';
import { keyWindowEnd, refuseRelease } from './resolution.js';

/** Why a call stays blocked, for programs. */
export type BlockReason =
  | 'worker-lost'
  | 'ended-unknown'
  | 'key-window-over'
  | 'attempts-used-up'
  | 'reconciler-unsure'
  | 'verdict-refused'
  | 'class-changed'
  | 'receipt-owed';

function reasonOf(dispatch: Dispatch, { record, stored }: Seen, now: number): { reason: BlockReason; why: string } {
  const { policy } = dispatch;
  const since = ago(now - leaseEndedAt(stored, record));
  if (record.attempts >= policy.maxAttempts) {
    return {
      reason: 'attempts-used-up',
      why: `${record.attempts} attempts were made, and maxAttempts is ${policy.maxAttempts}`,
    };
  }
  const windowEnd = keyWindowEnd(record, stored.writtenAt, policy.keyValidForMs);
  const keyed =
    record.effect === 'keyed_mutate' && windowEnd !== undefined
      ? '; its idempotency key is no longer valid long enough'
      : '';
  if (record.phase === 'unknown') {
    const what =
      record.error === undefined
        ? 'it ended without an outcome'
        : `it threw ${record.error.name} after its effect may have begun`;
    return { reason: keyed === '' ? 'ended-unknown' : 'key-window-over', why: `${what}, ${since}${keyed}` };
  }
  if (record.phase === 'aborted')
    return {
      reason: 'class-changed',
      why: `it was aborted as ${record.effect}, and is ${policy.effect} now, ${since}`,
    };
  return {
    reason: keyed === '' ? 'worker-lost' : 'key-window-over',
    why: `its worker was lost after the effect may have begun, ${since}${keyed}`,
  };
}

/** The refusal of a call that may already have run. */
export function blocked(
  engine: Engine,
  dispatch: Dispatch,
  view: View & { readonly seen: Seen },
  verdict?: { readonly reason: BlockReason; readonly why: string; readonly remedy?: string; readonly cause?: unknown },
): LedgerBlockedError {
  const found = reasonOf(dispatch, view.seen, view.now);
  const { reason, why } =
    verdict === undefined ? found : { reason: verdict.reason, why: `${found.why}; ${verdict.why}` };
  engine.emit('mycelium:call-blocked', () => ({ ...dispatch.reference, reason }));
  return new LedgerBlockedError({
    ...dispatch.reference,
    reason,
    why,
    remedy: verdict?.remedy ?? remedyOf(engine, dispatch, view.seen),
    details: {
      phase: view.seen.record.phase,
      attempts: view.seen.record.attempts,
      ...(view.seen.record.externalRef === undefined ? {} : { externalRef: view.seen.record.externalRef }),
    },
    cause: verdict?.cause,
  });
}

function remedyOf(engine: Engine, dispatch: Dispatch, { record }: Seen): string {
  const id = dispatch.reference.id.slice(0, 8);
  // Blocked by its attempts alone, and by a smaller limit than the one that its record has.
  if (refuseRelease(record, 'completed', false, false, false) !== undefined)
    return `It did not happen, and will not run again until somebody allows it: release ${id} as not executed (ActionLedger.release; mycelium ledger release ${id} --as not-executed), or raise maxAttempts.`;
  // What ends with the process cannot be looked at from outside of it.
  const way =
    engine.client.store.durability === 'process'
      ? `look at the provider, then release ${id} as completed or as not executed (ActionLedger.release)`
      : `mycelium ledger show ${id} (in code: ActionLedger.release)`;
  return `It will not run again until that is settled: ${way}.`;
}

/** The refusal of a call that owes a receipt which nobody in this process can sign. */
export function unsigned(engine: Engine, dispatch: Dispatch, view: View & { readonly seen: Seen }): LedgerBlockedError {
  const id = dispatch.reference.id.slice(0, 8);
  return blocked(engine, dispatch, view, {
    reason: 'receipt-owed',
    why: 'its outcome owes a receipt, and this process has no signing key for one',
    // Whoever cannot sign cannot release it either.
    remedy: `Give this process the signing key (audit_receipt in the configuration; in code: new ActionLedger({ store, receipts })), and call again, or release ${id} as completed or as not executed with it (mycelium ledger show ${id}; in code: ActionLedger.release).`,
  });
}
