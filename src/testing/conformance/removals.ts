import { nextRevision, type Store, type Transaction } from '../../store/contract.js';
import {
  type ConformanceCase,
  LONG_LEASE,
  lineKey,
  present,
  put,
  putting,
  read,
  recordIn,
  refusedWith,
  removeRecords,
  removing,
  renewalOf,
  rule,
  same,
  sameRecord,
} from './context.js';

async function idsOf(store: Store, kind: string, where = {}): Promise<string> {
  const { records } = await store.list({ kind, where, limit: 1_000 });
  return records
    .map(({ key }) => key.id)
    .sort()
    .join(', ');
}

/** Taking records away, as retention does, beside all that goes on. */
export const removalCases: readonly ConformanceCase[] = [
  {
    name: 'a removal takes its records away and nothing else',
    why: 'What was to be forgotten would be replayed, and what was to be kept would run again.',
    async run(context) {
      const { kind } = context.key();
      const one = await put(context, context.key({ id: 'one' }), undefined, { index: { phase: 'committed' } });
      const two = await put(context, context.key({ id: 'two' }), undefined, {
        lease: { owner: 'worker', fence: 1, ms: LONG_LEASE },
      });
      const kept = await put(context, context.key({ id: 'kept' }), undefined, { index: { phase: 'committed' } });
      const [missing, line] = [context.key({ id: 'missing' }), lineKey(context)];
      const result = await context.store.transact(
        {
          expect: [
            { key: one.key, revision: one.revision },
            { key: line, revision: undefined },
            { key: two.key, revision: two.revision },
            { key: missing, revision: undefined },
          ],
          write: [{ key: line, value: 'pruned' }],
          remove: [two.key, missing, one.key],
          read: [kept.key, one.key],
        },
        context.nonce(),
      );
      rule(result.ok, 'a transaction that removes must apply when its expectations hold');
      same(result.records.length, 6, 'an answer carries the expected and then the read keys, one each');
      for (const position of [0, 2, 3, 5])
        same(result.records[position], undefined, 'an answer shows a removed record as one that is not there');
      same(recordIn(result, 1).value, 'pruned', 'what is written beside a removal is written');
      sameRecord(result.records[4], kept, 'a record that is not named must stay');
      for (const key of [one.key, two.key, missing])
        same(await read(context, key), undefined, 'a removed record must not be there');
      sameRecord(await read(context, kept.key), kept, 'a record that is not named must stay as it was');
      same(
        (await context.store.renew([renewalOf(two, LONG_LEASE)]))[0],
        'lost',
        'the lease of a removed record is lost',
      );
      same(await read(context, two.key), undefined, 'a renewal must not bring a removed record back');
      same(await idsOf(context.store, kind), 'kept', 'a list must not show a removed record');
      same(
        await idsOf(context.store, kind, { phase: 'committed' }),
        'kept',
        'a list must not find a removed record by its index',
      );
    },
  },
  {
    name: 'a removal that is refused removes nothing',
    why: 'A call that was claimed a moment ago would be forgotten while its tool runs.',
    async run(context) {
      const done = await put(context, context.key(), undefined);
      const first = await put(context, context.key(), undefined);
      const moved = await put(context, first.key, first.revision, { value: 'claimed again' });
      const held = await put(context, context.key(), undefined, {
        lease: { owner: 'worker', fence: 1, ms: LONG_LEASE },
      });
      const [line, taken] = [lineKey(context), await put(context, lineKey(context), undefined)];
      const onlyExpired = removing([done, held], line);
      const refusals: Readonly<Record<string, Transaction>> = {
        'at another revision': removing([done, first], line),
        'of a record that is not there': removing([done, { key: context.key(), revision: '1:gone' }], line),
        'beside an insert of a record that is there': removing([done], taken.key),
        'under a held lease that it expects expired': {
          ...onlyExpired,
          expect: onlyExpired.expect.map((one) => ({ ...one, lease: 'expired' as const })),
        },
      };
      for (const [what, transaction] of Object.entries(refusals)) {
        const result = await context.store.transact(transaction, context.nonce());
        rule(!result.ok, `a removal ${what} must be refused`);
        sameRecord(result.records[0], done, 'a refused transaction answers the records as they stand');
        for (const record of [done, moved, held, taken])
          sameRecord(await read(context, record.key), record, `a removal ${what} must change nothing`);
        same(await read(context, line), undefined, `a removal ${what} must change nothing`);
      }
    },
  },
  {
    name: 'what is inserted under a removed key begins anew',
    why: 'A worker from before would take the new record for its own, or nobody could claim the key again.',
    async run(context) {
      const { kind } = context.key();
      const first = await put(context, context.key({ id: 'again' }), undefined, {
        value: 'before',
        lease: { owner: 'worker', fence: 1, ms: LONG_LEASE },
        index: { phase: 'attempting' },
      });
      const second = await put(context, first.key, first.revision, { value: 'done', index: { phase: 'committed' } });
      await removeRecords(context, [second]);
      await context.passTime(2);
      const nonce = context.nonce();
      const result = await context.store.transact(putting(first.key, undefined, { value: 'anew' }), nonce);
      rule(result.ok, 'a removed key must take an insert');
      const anew = recordIn(result, 0);
      same(anew.revision, nextRevision(undefined, nonce), 'the revisions of a removed key begin at 1 again');
      same(anew.value, 'anew', 'a record keeps the value that was written');
      same(anew.lease, undefined, 'a removed record must not leave its lease behind');
      same(anew.index, undefined, 'a removed record must not leave its index behind');
      rule(anew.writtenAt > second.writtenAt, 'writtenAt is the instant of the write, not of the removed record');
      for (const stale of [first, second]) {
        const refused = await context.store.transact(putting(first.key, stale.revision), context.nonce());
        rule(!refused.ok, 'a write at a revision from before a removal must be refused');
      }
      same(
        (await context.store.renew([renewalOf(first, LONG_LEASE)]))[0],
        'lost',
        'a claim from before a removal is lost',
      );
      sameRecord(await read(context, first.key), anew, 'a refused transaction must change nothing');
      same(await idsOf(context.store, kind), 'again', 'a list must show a key that came back, once');
      same(
        await idsOf(context.store, kind, { phase: 'committed' }),
        '',
        'an index from before a removal finds nothing',
      );
      await removeRecords(context, [anew]);
      same(await read(context, first.key), undefined, 'a key that came back can be removed again');
    },
  },
  {
    name: 'a removal sent again under its nonce is ok and takes nothing more away',
    why: 'Its answer was lost, and meanwhile the call runs again: that record must not be taken from under it.',
    async run(context) {
      const [one, two] = [await put(context, context.key(), undefined), await put(context, context.key(), undefined)];
      const line = lineKey(context);
      const transaction = removing([one, two], line);
      const nonce = context.nonce();
      const first = await context.store.transact(transaction, nonce);
      rule(first.ok, 'a transaction that removes must apply when its expectations hold');
      const again = await context.store.transact(transaction, nonce);
      rule(again.ok, 'a removal that had applied must answer ok when it is sent again under its nonce');
      sameRecord(again.records[2], first.records[2], 'a resend must change nothing');
      const anew = await put(context, one.key, undefined, { value: 'anew' });
      const later = await context.store.transact(transaction, nonce);
      rule(later.ok, 'a resend is ok while its writes stand, although a removed key was inserted again');
      sameRecord(later.records[0], anew, 'a resend answers the records as they stand');
      same(later.records[1], undefined, 'a resend answers the records as they stand');
      sameRecord(await read(context, one.key), anew, 'a resend must not remove what was inserted since');
      await put(context, line, recordIn(first, 2).revision, { value: 'moved on' });
      const last = await context.store.transact(transaction, nonce);
      rule(!last.ok, 'a resend whose write no longer stands must not answer ok');
      sameRecord(await read(context, one.key), anew, 'a resend that is refused must change nothing');
    },
  },
  {
    name: 'of removals and writes at one revision exactly one wins',
    why: 'A call would be claimed and forgotten at once, and so run twice.',
    async run(context) {
      for (let round = 0; round < 5; round++) {
        const record = await put(context, context.key(), undefined);
        const lines = Array.from({ length: 10 }, () => lineKey(context));
        const results = await Promise.all(
          lines.flatMap((line) => [
            context.store.transact(removing([record], line), context.nonce()),
            context.store.transact(putting(record.key, record.revision, { value: 'written' }), context.nonce()),
          ]),
        );
        const winners = results.flatMap(({ ok }, position) => (ok ? [position] : []));
        same(winners.length, 1, 'of concurrent transactions that expect the same revision exactly one must apply');
        const removed = present(winners[0]) % 2 === 0;
        same(
          (await read(context, record.key))?.value,
          removed ? undefined : 'written',
          "it must stand as the winner's",
        );
        let written = 0;
        for (const line of lines) if ((await read(context, line)) !== undefined) written++;
        same(written, removed ? 1 : 0, 'a removal that was refused must not write either');
      }
    },
  },
  {
    name: '99 records are removed at once',
    why: 'Retention that takes one record at a time never catches up.',
    async run(context) {
      const { kind } = context.key();
      const records = await Promise.all(
        Array.from({ length: 100 }, (_, number) =>
          put(context, context.key({ id: `record ${number}` }), undefined, { index: { phase: 'committed' } }),
        ),
      );
      await removeRecords(context, records.slice(1));
      same(await idsOf(context.store, kind), 'record 0', 'a transaction must remove all the records that it names');
      same(
        await idsOf(context.store, kind, { phase: 'committed' }),
        'record 0',
        'a list must not find a removed record by its index',
      );
    },
  },
  {
    name: 'a removal that cannot be is refused',
    why: 'A blind removal takes away whatever another worker did; one that writes nothing cannot be recognized again.',
    async run(context) {
      const [one, two] = [await put(context, context.key(), undefined), await put(context, context.key(), undefined)];
      const line = lineKey(context);
      const good = removing([one], line);
      const expectOne = { key: one.key, revision: one.revision };
      const elsewhere = { ...two.key, partition: context.store.partitions - 1 };
      const refusals: Readonly<Record<string, Transaction>> = {
        'of a key that is not expected': { ...good, remove: [one.key, two.key] },
        'of a key that is also written': { ...good, write: [...good.write, { key: one.key, value: 'written' }] },
        'of a key that is named twice': { ...good, remove: [one.key, one.key] },
        'beside which nothing is written': { expect: [expectOne], write: [], remove: [one.key] },
        'of a kind that cannot be': { ...good, remove: [{ ...one.key, kind: 'two words' }] },
        ...(elsewhere.partition === 0 ? {} : { 'in another partition': { ...good, remove: [one.key, elsewhere] } }),
      };
      for (const [what, transaction] of Object.entries(refusals)) {
        await refusedWith(
          'USAGE',
          () => context.store.transact(transaction, context.nonce()),
          `a removal ${what} must be refused`,
        );
        for (const record of [one, two])
          sameRecord(await read(context, record.key), record, `a removal ${what} must change nothing`);
        same(await read(context, line), undefined, `a removal ${what} must change nothing`);
      }
      const none = await context.store.transact({ expect: [expectOne], write: [], remove: [] }, context.nonce());
      rule(none.ok, 'a transaction that removes no record is one without removals');
    },
  },
];
