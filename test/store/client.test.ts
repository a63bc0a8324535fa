import { describe, expect, test } from 'vitest';
import { StoreUnavailableError } from '../../src/errors/store.js';
import { StoreClient } from '../../src/store/client.js';
import type { Store } from '../../src/store/contract.js';
import { memoryStore } from '../../src/store/memory.js';
import { manualClock } from '../../src/testing/manual-clock.js';

const DEADLINE_MS = 4_000;
const claim = {
  expect: [{ key: { partition: 0, kind: 'tool', id: 'a' }, revision: undefined }],
  write: [{ key: { partition: 0, kind: 'tool', id: 'a' }, value: '1' }],
};

/** A store over memory whose transactions fail or hang as told, one after another. */
function faulty(...faults: readonly ((clock: ReturnType<typeof manualClock>) => Promise<never>)[]) {
  const clock = manualClock();
  const shared = memoryStore();
  let sent = 0;
  const store: Store = {
    description: 'memory',
    durability: 'process',
    partitions: shared.partitions,
    transact(transaction, nonce) {
      const fault = faults[Math.min(sent++, faults.length - 1)];
      return fault === undefined ? shared.transact(transaction, nonce) : fault(clock);
    },
    renew: (renewals) => shared.renew(renewals),
    list: (query) => shared.list(query),
    watch: (key, revision, signal) => shared.watch(key, revision, signal),
    close: () => shared.close(),
  };
  return { clock, client: new StoreClient(store, clock, DEADLINE_MS) };
}

const after = (ms: number) => (clock: ReturnType<typeof manualClock>) =>
  new Promise<never>((_, reject) =>
    clock.schedule(
      () => reject(new StoreUnavailableError({ store: 'memory', during: 'transact', applied: 'unknown' })),
      ms,
    ),
  );
const never = () => new Promise<never>(() => undefined);

describe('the deadline of a transaction', () => {
  test('is for all its sendings together', async () => {
    const { clock, client } = faulty(after(3_500), never);
    const began = clock.monotonic();
    await expect(clock.runUntil(client.transact(claim, 'n1'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    // The timer looks eight times within it, so a sending is given up at most one part late.
    expect(clock.monotonic() - began).toBeLessThanOrEqual(DEADLINE_MS * 1.3);
  });

  test('ends with one error, not with one inside another', async () => {
    const { clock, client } = faulty(after(10));
    const error: unknown = await clock.runUntil(client.transact(claim, 'n1')).catch((cause: unknown) => cause);
    expect(String((error as Error).message).match(/is not available/g)).toHaveLength(1);
    expect((error as Error).message.split('\n')[0]).not.toMatch(/\.\.$/);
  });
});
