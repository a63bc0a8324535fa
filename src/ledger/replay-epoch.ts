import type { StoreClient } from '../store/client.js';
import type { RecordKey, StoredRecord, TransactionResult } from '../store/contract.js';

/** What it takes to move the epoch of a store: an engine. */
export interface EpochHome {
  readonly client: StoreClient;
  nonce(): string;
  read(keys: readonly RecordKey[]): Promise<readonly (StoredRecord | undefined)[]>;
}

/** Moves whenever something that was finished may run again: every process that remembers results watches it. */
export const REPLAY_EPOCH_KEY: RecordKey = Object.freeze({ partition: 0, kind: 'replay', id: 'epoch' });

/** Moves the epoch, after what is to be forgotten has been changed. @throws StoreUnavailableError */
export async function announceForgotten(engine: EpochHome & { forgetReplays(): void }): Promise<void> {
  // Nobody in this process may meet the old result once this is answered.
  engine.forgetReplays();
  for (let [stored] = await engine.read([REPLAY_EPOCH_KEY]); ; ) {
    const epoch = stored === undefined ? 0 : (JSON.parse(stored.value) as { epoch: number }).epoch;
    const moved = await putEpoch(engine, stored?.revision, epoch + 1);
    if (moved.ok) return;
    [stored] = moved.records;
  }
}

/** Puts the epoch in place of what was read. */
export function putEpoch(engine: EpochHome, revision: string | undefined, epoch: number): Promise<TransactionResult> {
  const value = JSON.stringify({ epoch });
  return engine.client.transact(
    { expect: [{ key: REPLAY_EPOCH_KEY, revision }], write: [{ key: REPLAY_EPOCH_KEY, value }] },
    engine.nonce(),
  );
}
