import type { RecordKey, Transaction } from '../../store/contract.js';
import {
  type ConformanceCase,
  LONG_LEASE,
  nowOf,
  put,
  putting,
  read,
  recordIn,
  refusedWith,
  renewalOf,
  rule,
  same,
  sameRecord,
} from './context.js';

/** The store as a whole: what it says of itself, its clock, what it refuses, and its end. */
export const lifecycleCases: readonly ConformanceCase[] = [
  {
    name: 'a store says what it is',
    why: 'People read the description in errors; a wrong durability is a promise that is not kept.',
    async run({ store }) {
      rule(store.description.trim() !== '', 'a store must describe itself for people');
      rule(!/\/\/[^/\s]*:[^/\s]*@/.test(store.description), 'a description must never carry credentials');
      rule(
        ['process', 'machine', 'configured'].includes(store.durability),
        'durability must be process, machine or configured',
      );
      rule(
        Number.isInteger(store.partitions) && store.partitions >= 1,
        'a store must have a whole number of partitions, at least 1',
      );
    },
  },
  {
    name: "the store's clock never goes backwards",
    why: 'A lease that has expired would be held again, by two workers.',
    async run(context) {
      const record = await put(context, context.key(), undefined, {
        lease: { owner: 'worker', fence: 1, ms: LONG_LEASE },
      });
      let last = record.writtenAt;
      let revision = record.revision;
      const seen = (now: number): void => {
        rule(Number.isFinite(now), "the store's clock must be a number of milliseconds");
        rule(now >= last, `the store's clock must not go backwards (from ${last} to ${now})`);
        last = now;
      };
      for (let round = 0; round < 10; round++) {
        seen((await context.store.list({ kind: record.key.kind, limit: 1 })).now);
        seen(await nowOf(context.store, context.nonce()));
        const result = await context.store.transact(putting(record.key, revision), context.nonce());
        seen(recordIn(result, 0).writtenAt);
        seen(result.now);
        revision = recordIn(result, 0).revision;
        await context.passTime(1);
      }
    },
  },
  {
    name: 'a blind write is refused',
    why: 'A write that expects nothing overwrites whatever another worker did.',
    async run(context) {
      const [expected, blind] = [context.key(), await put(context, context.key(), undefined)];
      const alone: Transaction = { expect: [], write: [{ key: blind.key, value: 'blind' }] };
      const beside: Transaction = {
        expect: [{ key: expected, revision: undefined }],
        write: [
          { key: expected, value: 'x' },
          { key: blind.key, value: 'blind' },
        ],
      };
      for (const transaction of [alone, beside]) {
        await refusedWith(
          'USAGE',
          () => context.store.transact(transaction, context.nonce()),
          'a write whose key is not among the expectations must be refused',
        );
      }
      await refusedWith(
        'USAGE',
        () =>
          context.store.transact(
            {
              expect: [{ key: expected, revision: undefined }],
              write: [{ key: { ...expected, id: `${expected.id} ` }, value: 'x' }],
            },
            context.nonce(),
          ),
        'an expectation of a similar key must not pass for one of the key',
      );
      sameRecord(
        await read(context, blind.key),
        blind,
        'a transaction that is refused for its form must change nothing',
      );
      same(await read(context, expected), undefined, 'a transaction that is refused for its form must change nothing');
    },
  },
  {
    name: 'a transaction across partitions is refused',
    why: 'It works on one machine and cannot be atomic on a cluster.',
    async run(context) {
      const { partitions } = context.store;
      if (partitions === 1) return;
      const [here, there] = [context.key({ partition: 0 }), context.key({ partition: partitions - 1 })];
      const transactions: readonly Transaction[] = [
        {
          expect: [
            { key: here, revision: undefined },
            { key: there, revision: undefined },
          ],
          write: [{ key: here, value: 'x' }],
        },
        { expect: [{ key: here, revision: undefined }], write: [{ key: here, value: 'x' }], read: [there] },
        { expect: [], write: [], read: [here, there] },
      ];
      for (const transaction of transactions) {
        await refusedWith(
          'USAGE',
          () => context.store.transact(transaction, context.nonce()),
          'the keys of a transaction must lie in one partition',
        );
      }
      same(await read(context, here), undefined, 'a transaction that is refused for its form must change nothing');
    },
  },
  {
    name: 'a key that cannot be is refused',
    why: 'Two keys with one text would be one record; a partition that does not exist is never read again.',
    async run(context) {
      const bad: readonly RecordKey[] = [
        ...['two words', 'a\nb', 'a\tb', ' a'].map((kind) => context.key({ kind })),
        ...[-1, context.store.partitions, 0.5, Number.NaN].map((partition) => context.key({ partition })),
      ];
      for (const key of bad) {
        const what = `the key { partition: ${key.partition}, kind: ${JSON.stringify(key.kind)} } must be refused`;
        await refusedWith('USAGE', () => context.store.transact(putting(key, undefined), context.nonce()), what);
        await refusedWith(
          'USAGE',
          () => context.store.transact({ expect: [], write: [], read: [key] }, context.nonce()),
          `${what} when it is read`,
        );
      }
    },
  },
  {
    name: 'a closed store refuses every call',
    why: 'A call that is lost in silence looks like one that succeeded.',
    async run(context) {
      const record = await put(context, context.key(), undefined, {
        lease: { owner: 'worker', fence: 1, ms: LONG_LEASE },
      });
      await context.store.close();
      await context.store.close({ drain: true });
      const calls = {
        transact: () => context.store.transact(putting(record.key, record.revision), context.nonce()),
        renew: () => context.store.renew([renewalOf(record, LONG_LEASE)]),
        list: () => context.store.list({ kind: record.key.kind, limit: 1 }),
        watch: () => context.store.watch(record.key, record.revision, AbortSignal.timeout(context.patience)),
      };
      for (const [method, call] of Object.entries(calls))
        await refusedWith('STORE_UNAVAILABLE', call, `${method} on a closed store must be refused`);
    },
  },
  {
    name: 'what is under way at a draining close is answered and stands',
    why: 'A process that ends in good order must not leave calls ambiguous.',
    needs: 'reopen',
    async run(context) {
      const keys = Array.from({ length: 50 }, () => context.key());
      const sendings = keys.map((key, number) =>
        context.store.transact(putting(key, undefined, { value: `value ${number}` }), context.nonce()),
      );
      await context.store.close({ drain: true });
      const results = await Promise.all(sendings);
      const store = await context.reopen();
      for (const [number, key] of keys.entries()) {
        rule(results[number]?.ok === true, 'a transaction that was under way at a draining close must be answered');
        same(
          (await read(context, key, store))?.value,
          `value ${number}`,
          'a transaction that was answered must stand after a reopen',
        );
      }
    },
  },
];
