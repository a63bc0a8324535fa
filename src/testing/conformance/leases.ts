import type { StoredRecord } from '../../store/contract.js';
import {
  type ConformanceCase,
  type ConformanceContext,
  LONG_LEASE,
  leaseOf,
  nowOf,
  put,
  putting,
  read,
  recordIn,
  renewalOf,
  rule,
  same,
  sameRecord,
} from './context.js';

/** A record under a lease of this many milliseconds. */
function leased(
  context: ConformanceContext,
  ms: number,
  changes: { readonly fence?: number; readonly partition?: number } = {},
): Promise<StoredRecord> {
  const lease = { owner: 'worker', fence: changes.fence ?? 1, ms };
  return put(context, context.key({ partition: changes.partition ?? 0 }), undefined, {
    value: 'claimed',
    lease,
    index: { phase: 'attempting' },
  });
}

/** Tries to take a record over from an expired lease. */
function takeover(context: ConformanceContext, record: StoredRecord, fence = 2, ms = LONG_LEASE) {
  return context.store.transact(
    putting(
      record.key,
      record.revision,
      { value: `taken by ${fence}`, lease: { owner: `worker ${fence}`, fence, ms } },
      'expired',
    ),
    context.nonce(),
  );
}

/** What a lease keeps out, for how long, and who may extend it. */
export const leaseCases: readonly ConformanceCase[] = [
  {
    name: 'a held lease refuses a takeover',
    why: 'Two workers would run the tool at once.',
    async run(context) {
      const record = await leased(context, LONG_LEASE);
      rule(record.lease !== undefined, 'a record written with a lease must carry it');
      same(record.lease.owner, 'worker', 'a lease carries its owner');
      same(record.lease.fence, 1, 'a lease carries its fence');
      same(record.lease.until, record.writtenAt + LONG_LEASE, "a lease ends its milliseconds after the store's now");
      const result = await takeover(context, record);
      rule(!result.ok, 'a lease that is held must refuse who expects it expired');
      sameRecord(result.records[0], record, 'a refused takeover shows the record as it stands');
      sameRecord(await read(context, record.key), record, 'a refused takeover must change nothing');
    },
  },
  {
    name: "a lease is judged expired exactly from its end, by the store's clock",
    why: "A store that trusts the caller's clock hands a claim over while its holder is at work.",
    async run(context) {
      const record = await leased(context, context.shortLease);
      const { until } = leaseOf(record);
      for (;;) {
        // The judgement falls between these two readings of the store's clock.
        const before = await nowOf(context.store, context.nonce());
        const result = await takeover(context, record);
        if (result.ok) {
          rule(
            result.now >= until,
            `a takeover must not apply before the lease has ended (now ${result.now}, end ${until})`,
          );
          break;
        }
        rule(
          before < until,
          `a takeover must apply once the store's now has reached the end of the lease (now ${before}, end ${until})`,
        );
        await context.passTime(Math.max(1, Math.floor((until - before) / 2)));
      }
    },
  },
  {
    name: 'a record without lease, and one that is not there, have no lease to wait for',
    why: 'A takeover after a finished attempt would wait for ever.',
    async run(context) {
      const bare = await put(context, context.key(), undefined);
      rule((await takeover(context, bare)).ok, 'a record without lease meets the expectation of an expired one');
      const inserted = await context.store.transact(putting(context.key(), undefined, {}, 'expired'), context.nonce());
      rule(inserted.ok, 'a record that is not there meets the expectation of an expired lease');
    },
  },
  {
    name: 'a held lease does not refuse who does not ask about it',
    why: 'The holder itself completes its call while its lease runs.',
    async run(context) {
      const record = await leased(context, LONG_LEASE);
      const completed = await put(context, record.key, record.revision, { value: 'completed' });
      same(completed.value, 'completed', 'a write at the current revision must apply although a lease is held');
    },
  },
  {
    name: 'an expired lease on one record of several refuses or admits them all',
    why: 'The expectation belongs to the transaction, not to the write.',
    async run(context) {
      const held = await leased(context, LONG_LEASE);
      const key = context.key();
      const expect = [
        { key, revision: undefined },
        { key: held.key, revision: held.revision, lease: 'expired' as const },
      ];
      const refused = await context.store.transact({ expect, write: [{ key, value: 'companion' }] }, context.nonce());
      rule(!refused.ok, 'a held lease must refuse the transaction although its record is not written');
      same(await read(context, key), undefined, 'a refused transaction must apply none of its writes');
    },
  },
  {
    name: 'of 25 concurrent takeovers exactly one wins',
    why: 'Every winner runs the tool again.',
    async run(context) {
      const record = await leased(context, context.shortLease);
      await context.passTime(context.shortLease);
      const results = await Promise.all(
        Array.from({ length: 25 }, (_, worker) => takeover(context, record, worker + 2)),
      );
      const winners = results.flatMap((result, worker) => (result.ok ? [worker + 2] : []));
      same(winners.length, 1, 'of concurrent takeovers of one expired lease exactly one must apply');
      const now = await read(context, record.key);
      same(now?.lease?.fence, winners[0], 'the record must carry the lease of the winner');
      for (const result of results) sameRecord(result.records[0], now, 'a loser is shown the record of the winner');
    },
  },
  {
    name: 'a write without lease removes the lease',
    why: 'A completed call that still looks leased makes every caller wait for nobody.',
    async run(context) {
      const record = await leased(context, LONG_LEASE);
      const completed = await put(context, record.key, record.revision, { value: 'completed' });
      same(completed.lease, undefined, 'a write without lease must leave the record without one');
      same(
        (await context.store.renew([renewalOf(record, LONG_LEASE)]))[0],
        'lost',
        'a renewal of a record that carries no lease must be lost',
      );
      same((await read(context, record.key))?.lease, undefined, 'a renewal that is lost must change nothing');
      rule((await takeover(context, completed)).ok, 'a removed lease must not hold anybody up');
    },
  },
  {
    name: 'a renewal by the holder extends the lease and moves nothing else',
    why: 'If a renewal moved the revision, the holder could no longer complete what it claimed.',
    async run(context) {
      const record = await leased(context, LONG_LEASE);
      await context.passTime(5);
      const before = await nowOf(context.store, context.nonce());
      const results = await context.store.renew([renewalOf(record, LONG_LEASE * 2)]);
      const after = await nowOf(context.store, context.nonce());
      same(results.length, 1, 'renew answers once per renewal');
      same(results[0], 'held', 'a renewal by the claim that holds the lease must be held');
      const renewed = await read(context, record.key);
      rule(renewed?.lease !== undefined, 'a renewed record must carry its lease');
      same(renewed.revision, record.revision, 'a renewal must not move the revision');
      rule(
        renewed.lease.until >= before + LONG_LEASE * 2 && renewed.lease.until <= after + LONG_LEASE * 2,
        "a renewed lease ends its milliseconds after the store's now",
      );
      sameRecord(
        { ...renewed, lease: leaseOf(record) },
        record,
        'a renewal must move neither value, writtenAt, nor index',
      );
      const completed = await context.store.transact(
        putting(record.key, record.revision, { value: 'completed' }),
        context.nonce(),
      );
      rule(completed.ok, 'the revision of the claim must still be current after a renewal');
    },
  },
  {
    name: 'a renewed lease keeps takeovers out beyond its first end',
    why: 'A long tool would be run a second time while it works.',
    async run(context) {
      const record = await leased(context, context.shortLease);
      same(
        (await context.store.renew([renewalOf(record, LONG_LEASE)]))[0],
        'held',
        'a renewal by the claim that holds the lease must be held',
      );
      await context.passTime(context.shortLease);
      rule(
        !(await takeover(context, record)).ok,
        'a takeover must be judged by the end of the lease as it was renewed',
      );
    },
  },
  {
    name: 'a renewal by another claim is lost and changes nothing',
    why: "A superseded worker would keep its successor's lease alive, or end it.",
    async run(context) {
      const record = await leased(context, LONG_LEASE);
      const bare = await put(context, context.key(), undefined);
      const results = await context.store.renew([
        renewalOf(record, 1, { fence: 2 }),
        renewalOf(record, 1, { fence: 0 }),
        renewalOf(record, 1, { owner: 'another' }),
        renewalOf(record, 1, { key: context.key() }),
        renewalOf(record, 1, { key: bare.key }),
      ]);
      const cases = [
        'under a later fence',
        'under an earlier fence',
        'by another owner',
        'of a record that is not there',
        'of a record without lease',
      ];
      for (const [position, description] of cases.entries())
        same(results[position], 'lost', `a renewal ${description} must be lost`);
      sameRecord(await read(context, record.key), record, 'a renewal that is lost must change nothing');
      sameRecord(await read(context, bare.key), bare, 'a renewal that is lost must change nothing');
    },
  },
  {
    name: 'a renewal revives an expired lease that nobody took',
    why: 'A process that was held up would lose a claim that nobody else wants.',
    async run(context) {
      const record = await leased(context, context.shortLease);
      await context.passTime(context.shortLease);
      same(
        (await context.store.renew([renewalOf(record, LONG_LEASE)]))[0],
        'held',
        'a renewal of an expired lease that nobody took must be held',
      );
      rule(!(await takeover(context, record)).ok, 'a revived lease must refuse takeovers');
      same((await read(context, record.key))?.revision, record.revision, 'a renewal must not move the revision');
    },
  },
  {
    name: 'a renewal after a takeover is lost and changes nothing',
    why: "The worker that was superseded must learn it, and must not touch its successor's lease.",
    async run(context) {
      const record = await leased(context, context.shortLease);
      await context.passTime(context.shortLease);
      const taken = await takeover(context, record);
      rule(taken.ok, 'an expired lease must not refuse a takeover');
      same(
        (await context.store.renew([renewalOf(record, LONG_LEASE * 3)]))[0],
        'lost',
        'a renewal after a takeover must be lost',
      );
      sameRecord(await read(context, record.key), taken.records[0], 'a renewal that is lost must change nothing');
      same(
        (await context.store.renew([renewalOf(recordIn(taken, 0), LONG_LEASE)]))[0],
        'held',
        "the successor's own renewal must be held",
      );
    },
  },
  {
    name: 'a renewal races a takeover: one of them wins',
    why: 'If both won, two workers would believe that they hold the claim.',
    async run(context) {
      for (let round = 0; round < 10; round++) {
        const record = await leased(context, 1);
        await context.passTime(2);
        const renewal = context.store.renew([renewalOf(record, LONG_LEASE)]);
        const [[renewed], taken] = await Promise.all([renewal, takeover(context, record)]);
        rule(
          (renewed === 'held') !== taken.ok,
          'of a renewal and a takeover of one expired lease exactly one must win',
        );
      }
    },
  },
  {
    name: 'many renewals in one call are answered in the order asked',
    why: 'A process renews all of its leases at once; a mixed-up answer aborts the wrong call.',
    async run(context) {
      same((await context.store.renew([])).length, 0, 'renewing nothing answers nothing');
      const records = await Promise.all(
        Array.from({ length: 100 }, (_, number) =>
          leased(context, LONG_LEASE, { fence: number + 1, partition: number % context.store.partitions }),
        ),
      );
      const results = await context.store.renew(
        records.map((record, number) =>
          renewalOf(record, LONG_LEASE * 2, number % 3 === 0 ? { fence: number + 2 } : {}),
        ),
      );
      same(results.length, 100, 'renew answers once per renewal');
      for (const [number, record] of records.entries()) {
        const expected = number % 3 === 0 ? 'lost' : 'held';
        same(
          results[number],
          expected,
          'the answers of renew must stand in the order asked, also over several partitions',
        );
        const moved = leaseOf(await read(context, record.key)).until > leaseOf(record).until;
        same(moved, expected === 'held', 'a lease must be extended exactly when its renewal is held');
      }
    },
  },
  {
    name: 'leases and their renewals survive a reopen',
    why: 'A restarted process would take over from workers that are at work.',
    needs: 'reopen',
    async run(context) {
      const [kept, short] = [await leased(context, LONG_LEASE), await leased(context, context.shortLease)];
      await context.store.renew([renewalOf(short, LONG_LEASE)]);
      const before = await read(context, short.key);
      const store = await context.reopen();
      await context.passTime(context.shortLease);
      sameRecord(await read(context, kept.key, store), kept, 'a lease must come back from a reopen as it was');
      sameRecord(
        await read(context, short.key, store),
        before,
        'a renewal that was answered must stand after a reopen',
      );
      const refused = await store.transact(putting(short.key, short.revision, {}, 'expired'), context.nonce());
      rule(!refused.ok, 'a lease that is held must refuse takeovers after a reopen');
      same((await store.renew([renewalOf(kept, LONG_LEASE)]))[0], 'held', 'the holder may renew after a reopen');
    },
  },
];
