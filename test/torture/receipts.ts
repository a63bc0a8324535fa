/** Every worker signs receipts; in the end each outcome must have one, and each receipt its outcome. */
import { createHash } from 'node:crypto';
import type { ActionLedger, CallView } from 'mycelium-runtime';
import { auditReceipts, checkReceipt, keyring, publicJwk, readSigningKey } from 'mycelium-runtime/receipts';
import type { Store } from 'mycelium-runtime/store';
import type { Witness } from './witness.js';

/** Of no use to anybody else: it signs what a run throws away. */
const SEED = createHash('sha256').update('torture').digest('hex');

/** What all ledgers of a run sign with. */
export const receipts: NonNullable<ActionLedger['receipts']> = auditReceipts({ agent: 'torture', signingKey: SEED });

const keys = keyring(publicJwk(readSigningKey(SEED).publicKey));

/** @param keyOf - the key of a call's job, for the findings. */
export async function audit(
  store: Store,
  calls: readonly CallView[],
  keyOf: (id: string) => string | undefined,
  witness: Witness,
): Promise<void> {
  const byId = new Map(calls.map((call) => [call.id, call]));
  const found = new Set<string>();
  const unproven = (call: string, what: string): void => {
    const key = keyOf(call);
    if (key !== undefined) witness.add({ type: 'unproven', key, what });
  };
  let after: string | undefined;
  do {
    const page = await store.list({ kind: 'receipt', limit: 200, ...(after === undefined ? {} : { after }) });
    for (const { key, value, index } of page.records) {
      const call = index?.['call'] ?? '';
      found.add(key.id);
      const verdict = checkReceipt(value, keys);
      const view = byId.get(call);
      if (!verdict.ok) unproven(call, `receipt ${key.id} does not verify: ${verdict.detail}`);
      else if (view === undefined || verdict.receipt.fence > view.fence)
        unproven(call, `receipt ${key.id} is for an attempt that no record knows`);
      else if (verdict.receipt.outcome === 'committed' && view.receipt !== key.id)
        unproven(call, `receipt ${key.id} says committed, and the record (${view.phase}) does not`);
    }
    after = page.next;
  } while (after !== undefined);
  for (const { id, phase, receipt } of calls) {
    if (phase === 'committed' && receipt === undefined) unproven(id, 'committed, and owes a receipt');
    if (receipt !== undefined && !found.has(receipt)) unproven(id, `its receipt ${receipt} is not there`);
  }
  witness.add({ type: 'audited', receipts: found.size });
}
