import type { Store } from '../../store/contract.js';
import {
  type ConformanceCase,
  LONG_LEASE,
  nowOf,
  present,
  put,
  putting,
  read,
  recordIn,
  renewalOf,
  rule,
  same,
  sameRecord,
  within,
} from './context.js';

/** Two clients of one store, as two processes have them. */
export const clientCases: readonly ConformanceCase[] = [
  {
    name: 'what one client wrote the other finds',
    why: 'A worker in another process would not see the claim, and run the tool.',
    needs: 'second',
    async run(context) {
      const [ours, theirs] = [context.store, await context.second()];
      same(theirs.partitions, ours.partitions, 'all clients of a store must agree on its partitions');
      const first = await put(context, context.key(), undefined, {
        value: 'ours',
        lease: { owner: 'worker', fence: 1, ms: LONG_LEASE },
        index: { phase: 'attempting' },
      });
      sameRecord(await read(context, first.key, theirs), first, 'a client must read what another one wrote');
      const refused = await theirs.transact(putting(first.key, undefined, { value: 'theirs' }), context.nonce());
      rule(!refused.ok, 'an insert of a record that another client inserted must be refused');
      sameRecord(refused.records[0], first, 'a refused transaction answers the record as it stands');
      const second = await put(
        context,
        first.key,
        first.revision,
        { value: 'theirs', index: { phase: 'committed' } },
        theirs,
      );
      const stale = await ours.transact(putting(first.key, first.revision), context.nonce());
      rule(!stale.ok, 'a write at a revision that another client moved must be refused');
      sameRecord(await read(context, first.key, ours), second, 'a client must read what another one wrote');
      for (const store of [ours, theirs]) {
        same(
          (await store.list({ kind: first.key.kind, where: { phase: 'committed' }, limit: 10 })).records.length,
          1,
          'a list must show what any client wrote',
        );
        same(
          (await store.list({ kind: first.key.kind, where: { phase: 'attempting' }, limit: 10 })).records.length,
          0,
          'a list must not show what any client replaced',
        );
      }
    },
  },
  {
    name: 'one transaction sent by two clients under one nonce applies once and is ok for both',
    why: 'A transaction is sent again over a new connection when the old one breaks.',
    needs: 'second',
    async run(context) {
      const stores = [context.store, await context.second()];
      for (let round = 0; round < 10; round++) {
        const key = context.key();
        const nonce = context.nonce();
        const results = await Promise.all(
          [...stores, ...stores].map((store) => store.transact(putting(key, undefined, { value: 'once' }), nonce)),
        );
        const record = await read(context, key);
        same(record?.revision, `1:${nonce}`, 'a transaction that is sent many times must apply once');
        for (const result of results) {
          rule(result.ok, 'every sending of a transaction that applied must answer ok, from whichever client');
          sameRecord(result.records[0], record, 'every sending shows the same record');
        }
      }
    },
  },
  {
    name: 'of concurrent writes by two clients exactly one wins per revision',
    why: 'Two processes that both win both run the tool.',
    needs: 'second',
    async run(context) {
      const stores = [context.store, await context.second()];
      const key = context.key();
      let revision: string | undefined;
      for (let round = 0; round < 10; round++) {
        const expected = revision;
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, worker) =>
            present(stores[worker % 2]).transact(
              putting(key, expected, { value: `${round} ${worker}` }),
              context.nonce(),
            ),
          ),
        );
        same(
          results.filter(({ ok }) => ok).length,
          1,
          'of concurrent transactions that expect the same revision exactly one must apply, over all clients',
        );
        const winner = recordIn(present(results.find(({ ok }) => ok)), 0);
        for (const store of stores)
          sameRecord(await read(context, key, store), winner, 'all clients must see the record of the winner');
        revision = winner.revision;
      }
    },
  },
  {
    name: 'of 25 takeovers by two clients exactly one wins',
    why: 'Every winner runs the tool again.',
    needs: 'second',
    async run(context) {
      const stores = [context.store, await context.second()];
      const record = await put(context, context.key(), undefined, {
        lease: { owner: 'worker', fence: 1, ms: context.shortLease },
      });
      await context.passTime(context.shortLease);
      const results = await Promise.all(
        Array.from({ length: 25 }, (_, worker) => {
          const lease = { owner: `worker ${worker}`, fence: worker + 2, ms: LONG_LEASE };
          return present(stores[worker % 2]).transact(
            putting(record.key, record.revision, { lease }, 'expired'),
            context.nonce(),
          );
        }),
      );
      same(
        results.filter(({ ok }) => ok).length,
        1,
        'of concurrent takeovers of one expired lease exactly one must apply, over all clients',
      );
    },
  },
  {
    name: 'a lease and its renewals hold for every client',
    why: 'A worker in another process would take over from one that is at work.',
    needs: 'second',
    async run(context) {
      const theirs = await context.second();
      const record = await put(context, context.key(), undefined, {
        lease: { owner: 'worker', fence: 1, ms: context.shortLease },
      });
      const takeover = (store: Store) =>
        store.transact(
          putting(record.key, record.revision, { lease: { owner: 'another', fence: 2, ms: LONG_LEASE } }, 'expired'),
          context.nonce(),
        );
      same(
        (await context.store.renew([renewalOf(record, LONG_LEASE)]))[0],
        'held',
        'a renewal by the claim that holds the lease must be held',
      );
      await context.passTime(context.shortLease);
      rule(
        !(await takeover(theirs)).ok,
        'a takeover must be judged by the end of the lease as another client renewed it',
      );
      same(
        (await theirs.renew([renewalOf(record, 1)]))[0],
        'held',
        'a renewal is known by owner and fence, not by its client',
      );
      await context.passTime(2);
      rule((await takeover(theirs)).ok, 'an expired lease must not refuse a takeover');
      same(
        (await context.store.renew([renewalOf(record, LONG_LEASE)]))[0],
        'lost',
        'a renewal after a takeover by another client must be lost',
      );
    },
  },
  {
    name: 'a watch wakes when another client moves its record',
    why: 'A caller that waits for a worker in another process would wait until its patience ends.',
    needs: 'second',
    async run(context) {
      const theirs = await context.second();
      const record = await put(context, context.key(), undefined);
      const missing = context.key();
      const { signal } = new AbortController();
      const watches = [theirs.watch(record.key, record.revision, signal), theirs.watch(missing, undefined, signal)];
      await new Promise((resolve) => setTimeout(resolve, 20));
      await put(context, record.key, record.revision);
      await put(context, missing, undefined);
      for (const watch of watches)
        await within(watch, context.patience, 'a watch must resolve when another client moves its record');
    },
  },
  {
    name: 'the clocks of two clients are one clock',
    why: 'A lease one client gave would have expired for the other.',
    needs: 'second',
    async run(context) {
      const stores = [context.store, await context.second()];
      const key = context.key();
      let last = Number.NEGATIVE_INFINITY;
      let revision: string | undefined;
      for (let round = 0; round < 10; round++) {
        const store = present(stores[round % 2]);
        const record = await put(context, key, revision, {}, store);
        rule(
          record.writtenAt >= last,
          `the store's clock must not go backwards from one client's write to the next (from ${last} to ${record.writtenAt})`,
        );
        last = record.writtenAt;
        revision = record.revision;
        const now = await nowOf(store, context.nonce());
        rule(now >= last, `the store's clock must not lie before a write it has shown (now ${now}, written ${last})`);
        await read(context, key, present(stores[(round + 1) % 2]));
      }
    },
  },
  {
    name: 'closing one client leaves the other at work',
    why: 'A process that ends would take the others with it.',
    needs: 'second',
    async run(context) {
      const theirs = await context.second();
      const record = await put(context, context.key(), undefined);
      await theirs.close();
      sameRecord(await read(context, record.key), record, 'a store must go on when another client of it is closed');
      same(
        (await put(context, record.key, record.revision, { value: 'on' })).value,
        'on',
        'a store must go on when another client of it is closed',
      );
    },
  },
];
