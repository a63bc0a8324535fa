import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Expectation, RecordKey, StoredRecord, Transaction, Write } from '../../src/store/contract.js';
import { keyText, nextRevision } from '../../src/store/contract.js';
import { memoryStore } from '../../src/store/memory.js';
import { manualClock } from '../../src/testing/manual-clock.js';

const key: RecordKey = { partition: 0, kind: 'call', id: 'one' };
const inserting = (value: string): Transaction => ({ expect: [{ key, revision: undefined }], write: [{ key, value }] });

describe('memoryStore', () => {
  test('keeps the largest instant its clock has shown', async () => {
    let instant = 1_000;
    const store = memoryStore({ clock: () => instant });
    expect((await store.transact(inserting('a'), 'n1')).now).toBe(1_000);
    instant = 400;
    expect((await store.list({ kind: 'call', limit: 1 })).now).toBe(1_000);
    instant = 1_001;
    expect((await store.list({ kind: 'call', limit: 1 })).now).toBe(1_001);
  });

  test("goes on with monotonic time while the machine's clock is set back", async () => {
    const real = Date.now;
    const store = memoryStore();
    const nowOf = async () => (await store.list({ kind: 'call', limit: 1 })).now;
    try {
      const before = await nowOf();
      Date.now = () => real() - 3_600_000;
      const first = await nowOf();
      await new Promise((resolve) => setTimeout(resolve, 40));
      const second = await nowOf();
      expect(first).toBeGreaterThanOrEqual(before);
      expect(second - first).toBeGreaterThanOrEqual(30);
      expect(second - first).toBeLessThan(3_600_000);
      Date.now = real;
      expect(Math.abs((await nowOf()) - real())).toBeLessThan(1_000);
    } finally {
      Date.now = real;
    }
  });

  test('hands out frozen records and keeps no object of a caller', async () => {
    const store = memoryStore();
    const index = JSON.parse('{"phase":"attempting","__proto__":"odd"}') as Record<string, string>;
    const mine = { ...key };
    const { records } = await store.transact(
      {
        expect: [{ key: mine, revision: undefined }],
        write: [{ key: mine, value: 'a', index, lease: { owner: 'o', fence: 1, ms: 5 } }],
      },
      'n1',
    );
    const record = records[0];
    for (const part of [record, record?.key, record?.lease, record?.index]) expect(Object.isFrozen(part)).toBe(true);
    expect(record?.lease).toBeDefined();
    expect(record?.key).not.toBe(mine);
    expect(record?.index).not.toBe(index);
    expect(Object.entries(record?.index ?? {})).toEqual([
      ['phase', 'attempting'],
      ['__proto__', 'odd'],
    ]);
  });

  test('applies at once: a transaction that was sent stands before its answer is awaited', async () => {
    const store = memoryStore();
    const [first, second] = [store.transact(inserting('a'), 'n1'), store.transact(inserting('b'), 'n2')];
    expect([(await first).ok, (await second).ok]).toEqual([true, false]);
  });

  test.each<[string, Transaction, string]>([
    ['an empty nonce', inserting('a'), ''],
    ['a nonce with a colon, which would pass for the end of another revision', inserting('a'), 'a:b'],
    [
      'a record written twice',
      {
        expect: [{ key, revision: undefined }],
        write: [
          { key, value: 'a' },
          { key: { ...key }, value: 'b' },
        ],
      },
      'n',
    ],
    [
      'a lease without end',
      {
        expect: [{ key, revision: undefined }],
        write: [{ key, value: 'a', lease: { owner: 'o', fence: 1, ms: Number.POSITIVE_INFINITY } }],
      },
      'n',
    ],
    [
      'a value that is not text',
      { expect: [{ key, revision: undefined }], write: [{ key, value: 1 as unknown as string }] },
      'n',
    ],
    [
      'an index field that is not text',
      {
        expect: [{ key, revision: undefined }],
        write: [{ key, value: 'a', index: { phase: undefined as unknown as string } }],
      },
      'n',
    ],
    ['an empty kind', { expect: [], write: [], read: [{ ...key, kind: '' }] }, 'n'],
  ])('refuses %s and writes nothing', async (_, transaction, nonce) => {
    const store = memoryStore();
    await expect(store.transact(transaction, nonce)).rejects.toMatchObject({ code: 'USAGE' });
    expect((await store.list({ kind: 'call', limit: 10 })).records).toEqual([]);
  });

  test('refuses cursors, renewals, watches and partitions that cannot be', async () => {
    const store = memoryStore({ partitions: 2 });
    await expect(store.list({ kind: 'call', limit: 1, after: 'x' })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(store.renew([{ key, owner: 'o', fence: 1, ms: Number.NaN }])).rejects.toMatchObject({ code: 'USAGE' });
    await expect(store.watch({ ...key, partition: 2 }, undefined, AbortSignal.abort())).rejects.toMatchObject({
      code: 'USAGE',
    });
    for (const partitions of [0, -1, 1.5, Number.NaN]) expect(() => memoryStore({ partitions })).toThrow(/partitions/);
  });

  test('wakes watches at the write, and leaves no listener on the signal', async () => {
    const store = memoryStore();
    const { signal } = new AbortController();
    const listeners = () => getEventListeners(signal, 'abort').length;
    const watches = [store.watch(key, undefined, signal), store.watch(key, undefined, signal)];
    expect(listeners()).toBe(2);
    await store.transact(inserting('a'), 'n1');
    await Promise.all(watches);
    expect(listeners()).toBe(0);
    const waiting = store.watch(key, '1:n1', signal);
    await store.close();
    await waiting;
    expect(listeners()).toBe(0);
  });

  test('shows a record that is expected twice as it stands, in both places', async () => {
    const store = memoryStore();
    const { ok, records } = await store.transact(
      {
        expect: [
          { key, revision: undefined },
          { key: { ...key }, revision: undefined },
        ],
        write: [{ key, value: 'a' }],
      },
      'n1',
    );
    expect(ok).toBe(true);
    expect(records.map((record) => record?.value)).toEqual(['a', 'a']);
  });

  test('does what a plain model of the contract does, step by step', async () => {
    const ids = ['a', 'b', 'c'];
    const step = fc.record({
      expected: fc.array(
        fc.record({
          id: fc.constantFrom(...ids),
          guess: fc.constantFrom('none', 'current', 'stale'),
          expired: fc.boolean(),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      written: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      lease: fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }),
      resend: fc.boolean(),
      pause: fc.integer({ min: 0, max: 30 }),
      renew: fc.option(fc.constantFrom(...ids), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const clock = manualClock();
        const store = memoryStore({ clock: clock.now });
        const model = new Map<string, StoredRecord>();
        const keyOf = (id: string): RecordKey => ({ partition: 0, kind: 'call', id });
        let last: { transaction: Transaction; nonce: string } | undefined;
        for (const [number, { expected, written, lease, resend, pause, renew }] of steps.entries()) {
          clock.jump(pause);
          const now = clock.now();
          if (renew !== undefined) {
            const held = model.get(renew);
            const [answer] = await store.renew([{ key: keyOf(renew), owner: 'o', fence: number % 2, ms: 40 }]);
            const fits = held?.lease?.fence === number % 2;
            expect(answer).toBe(fits ? 'held' : 'lost');
            if (fits) model.set(renew, { ...held, lease: { ...held.lease, until: now + 40 } });
          }
          const expectations = expected.map(({ id, guess, expired }): Expectation => {
            const current = model.get(id)?.revision;
            const revision = guess === 'none' ? undefined : guess === 'stale' ? '1:stale' : current;
            return { key: keyOf(id), revision, ...(expired ? { lease: 'expired' } : {}) };
          });
          const targets = [...new Set(expected.filter((_, position) => written[position]).map(({ id }) => id))];
          const write = targets.map(
            (id): Write => ({
              key: keyOf(id),
              value: `${number}`,
              ...(lease === undefined ? {} : { lease: { owner: 'o', fence: number % 2, ms: lease } }),
            }),
          );
          const sent =
            resend && last !== undefined ? last : { transaction: { expect: expectations, write }, nonce: `n${number}` };
          last = sent;

          const holds = sent.transaction.expect.every(({ key: { id }, revision, lease: asked }) => {
            const record = model.get(id);
            return (
              record?.revision === revision &&
              !(asked === 'expired' && record?.lease !== undefined && now < record.lease.until)
            );
          });
          const stands =
            sent.transaction.write.length > 0 &&
            sent.transaction.write.every(({ key: { id } }) => model.get(id)?.revision.endsWith(`:${sent.nonce}`));
          if (holds) {
            for (const {
              key: { id },
              value,
              lease: granted,
            } of sent.transaction.write) {
              const revision = nextRevision(model.get(id)?.revision, sent.nonce);
              model.set(id, {
                key: keyOf(id),
                revision,
                value,
                writtenAt: now,
                ...(granted === undefined
                  ? {}
                  : { lease: { owner: granted.owner, fence: granted.fence, until: now + granted.ms } }),
              });
            }
          }
          const result = await store.transact(sent.transaction, sent.nonce);
          expect(result).toEqual({
            ok: holds || stands,
            records: sent.transaction.expect.map(({ key: { id } }) => model.get(id)),
            now,
          });
        }
        const { records } = await store.list({ kind: 'call', limit: 10 });
        expect(new Map(records.map((record) => [keyText(record.key), record]))).toEqual(
          new Map([...model.values()].map((record) => [keyText(record.key), record])),
        );
      }),
      { numRuns: 300 },
    );
  });
});
