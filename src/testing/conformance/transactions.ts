import { nextRevision } from '../../store/contract.js';
import {
  type ConformanceCase,
  nowOf,
  present,
  put,
  putting,
  read,
  recordIn,
  rule,
  same,
  sameRecord,
} from './context.js';

/** Compare-and-swap: what applies, what is refused, and what an answer shows. */
export const transactionCases: readonly ConformanceCase[] = [
  {
    name: 'an insert puts the record in place',
    why: 'A claim that is not there for the next worker lets the tool run twice.',
    async run(context) {
      const key = context.key();
      same(await read(context, key), undefined, 'a record that nobody wrote must not be there');
      const nonce = context.nonce();
      const before = await nowOf(context.store, context.nonce());
      const result = await context.store.transact(putting(key, undefined, { value: 'first' }), nonce);
      rule(result.ok, 'an insert of a record that is not there must apply');
      const record = recordIn(result, 0);
      same(record.value, 'first', 'a record keeps the value that was written');
      same(record.revision, nextRevision(undefined, nonce), 'the first revision is 1 and the nonce of the write');
      rule(
        record.writtenAt >= before && record.writtenAt <= result.now,
        "writtenAt is the instant of the write by the store's clock",
      );
      same(record.lease, undefined, 'a write without lease leaves no lease');
      same(record.key.id, key.id, 'a record carries its key');
      sameRecord(await read(context, key), record, 'a read after a write must find what was written');
    },
  },
  {
    name: 'an insert of a record that is there is refused',
    why: 'Two workers that both insert the same claim would both run the tool.',
    async run(context) {
      const first = await put(context, context.key(), undefined, { value: 'first' });
      const result = await context.store.transact(putting(first.key, undefined, { value: 'second' }), context.nonce());
      rule(
        !result.ok,
        'an expectation of "no such record" must not hold for a record that is there: an insert never overwrites',
      );
      sameRecord(result.records[0], first, 'a refused transaction answers the record as it stands');
      sameRecord(await read(context, first.key), first, 'a refused transaction must change nothing');
    },
  },
  {
    name: 'an update applies only at the exact revision',
    why: 'A superseded worker could overwrite the result of its successor.',
    async run(context) {
      const first = await put(context, context.key(), undefined, { value: 'first' });
      const second = await put(context, first.key, first.revision, { value: 'second' });
      same(second.value, 'second', 'an update at the current revision must apply');
      for (const stale of [first.revision, `${second.revision}0`, nextRevision(second.revision, context.nonce())]) {
        const result = await context.store.transact(putting(first.key, stale, { value: 'stale' }), context.nonce());
        rule(!result.ok, 'a write at a revision that is not the current one must be refused');
        sameRecord(result.records[0], second, 'a refused transaction answers the record as it stands');
      }
      const missing = await context.store.transact(putting(context.key(), first.revision), context.nonce());
      rule(!missing.ok, 'a write at a revision of a record that is not there must be refused');
      same(missing.records[0], undefined, 'a refused update of a missing record must not create it');
      sameRecord(await read(context, first.key), second, 'a refused transaction must change nothing');
    },
  },
  {
    name: 'a transaction on several records applies all or nothing',
    why: 'A committed call without the receipt and the settlement it owes could never be told from a forged one.',
    async run(context) {
      const [one, two, three] = [context.key(), context.key({ kind: 'task' }), context.key({ kind: 'evidence' })];
      const writes = (value: string) => [one, two, three].map((key) => ({ key, value }));
      const first = await put(context, one, undefined, { value: 'old' });
      const refusals = [
        {
          expect: [
            { key: one, revision: first.revision },
            { key: two, revision: '1:stale' },
            { key: three, revision: undefined },
          ],
          write: writes('torn'),
        },
        {
          expect: [
            { key: one, revision: undefined },
            { key: two, revision: undefined },
            { key: three, revision: undefined },
          ],
          write: writes('torn'),
        },
        {
          expect: [
            { key: three, revision: undefined },
            { key: two, revision: undefined },
            { key: one, revision: '9:stale' },
          ],
          write: writes('torn'),
        },
      ];
      for (const transaction of refusals) {
        const result = await context.store.transact(transaction, context.nonce());
        rule(!result.ok, 'one expectation that does not hold must refuse the whole transaction');
        sameRecord(await read(context, one), first, 'a refused transaction must apply none of its writes');
        same(await read(context, two), undefined, 'a refused transaction must apply none of its writes');
        same(await read(context, three), undefined, 'a refused transaction must apply none of its writes');
      }
      const nonce = context.nonce();
      const expect = [
        { key: one, revision: first.revision },
        { key: two, revision: undefined },
        { key: three, revision: undefined },
      ];
      const result = await context.store.transact({ expect, write: writes('new') }, nonce);
      rule(result.ok, 'a transaction whose expectations all hold must apply');
      same(
        recordIn(result, 0).revision,
        nextRevision(first.revision, nonce),
        'an updated record moves to the next revision',
      );
      for (const [position, key] of [one, two, three].entries()) {
        const record = await read(context, key);
        same(record?.value, 'new', 'a transaction that applied must have applied all of its writes');
        sameRecord(
          recordIn(result, position),
          record,
          'an answer shows the records as they stand after the transaction',
        );
      }
    },
  },
  {
    name: 'an expectation without a write is checked and changes nothing',
    why: 'A parent task confirms its lease this way before a tool inside it may start.',
    async run(context) {
      const guard = await put(context, context.key(), undefined, { value: 'guard' });
      const key = context.key();
      const stale = await context.store.transact(
        {
          expect: [
            { key: guard.key, revision: '7:stale' },
            { key, revision: undefined },
          ],
          write: [{ key, value: 'x' }],
        },
        context.nonce(),
      );
      rule(!stale.ok, 'an expectation counts although its record is not written');
      const fresh = await context.store.transact(
        {
          expect: [
            { key: guard.key, revision: guard.revision },
            { key, revision: undefined },
          ],
          write: [{ key, value: 'x' }],
        },
        context.nonce(),
      );
      rule(fresh.ok, 'an expectation that holds must not stand in the way');
      sameRecord(await read(context, guard.key), guard, 'a record that is only expected must not change');
      const checked = await context.store.transact(
        { expect: [{ key: guard.key, revision: guard.revision }], write: [] },
        context.nonce(),
      );
      rule(checked.ok, 'a transaction without writes is ok when its expectations hold');
      const failed = await context.store.transact(
        { expect: [{ key: guard.key, revision: undefined }], write: [] },
        context.nonce(),
      );
      rule(!failed.ok, 'a transaction without writes is not ok when an expectation does not hold');
    },
  },
  {
    name: 'an answer carries the expected and then the read records, as they are afterwards',
    why: 'A claim reads what competes with it in the same round trip; an old picture would hide a competitor.',
    async run(context) {
      const [written, other, missing] = [context.key(), context.key(), context.key()];
      const there = await put(context, other, undefined, { value: 'other' });
      const result = await context.store.transact(
        {
          expect: [{ key: written, revision: undefined }],
          write: [{ key: written, value: 'new' }],
          read: [other, written, missing, other],
        },
        context.nonce(),
      );
      rule(result.ok, 'reads must not keep a transaction from applying');
      same(result.records.length, 5, 'the records of an answer are the expected and then the read keys, one each');
      same(result.records[0]?.value, 'new', 'an expected record is answered as it stands after the transaction');
      sameRecord(result.records[1], there, 'a read record is answered in the order asked');
      same(
        result.records[2]?.value,
        'new',
        'a record that is read and written is answered as it stands after the transaction',
      );
      same(result.records[3], undefined, 'a record that is not there is answered as undefined');
      sameRecord(result.records[4], there, 'a record may be read twice');
      const refused = await context.store.transact(
        { expect: [{ key: written, revision: undefined }], write: [{ key: written, value: 'never' }], read: [other] },
        context.nonce(),
      );
      rule(!refused.ok, 'an insert of a record that is there must be refused');
      sameRecord(refused.records[1], there, 'a refused transaction answers its reads too');
    },
  },
  {
    name: 'revisions are never reused',
    why: 'A worker that was away while a value changed and changed back would take the record for the one it knew.',
    async run(context) {
      const key = context.key();
      const seen = new Set<string>();
      let previous: string | undefined;
      for (let round = 0; round < 20; round++) {
        const nonce = context.nonce();
        const result = await context.store.transact(
          putting(key, previous, { value: round % 2 === 0 ? 'a' : 'b' }),
          nonce,
        );
        rule(result.ok, 'an update at the current revision must apply');
        const { revision } = recordIn(result, 0);
        rule(!seen.has(revision), `a revision must never come back: ${revision}`);
        same(
          revision,
          nextRevision(previous, nonce),
          'a revision is the counter after the one before, a colon, and the nonce of the write',
        );
        seen.add(revision);
        previous = revision;
      }
    },
  },
  {
    name: 'of 100 concurrent writes at one revision exactly one wins',
    why: 'Every winner runs the tool.',
    async run(context) {
      const key = context.key();
      let previous: string | undefined;
      for (let round = 0; round < 3; round++) {
        const results = await Promise.all(
          Array.from({ length: 100 }, (_, worker) =>
            context.store.transact(putting(key, previous, { value: `${round} ${worker}` }), context.nonce()),
          ),
        );
        const winners = results.flatMap((result, worker) => (result.ok ? [worker] : []));
        same(winners.length, 1, 'of concurrent transactions that expect the same revision exactly one must apply');
        const record = recordIn(present(results[winners[0] ?? 0]), 0);
        same(record.value, `${round} ${winners[0]}`, "the record must be the winner's");
        for (const result of results)
          sameRecord(result.records[0], record, 'a loser is shown the record of the winner');
        sameRecord(await read(context, key), record, 'what the winner wrote must stand');
        previous = record.revision;
      }
    },
  },
  {
    name: 'concurrent increments are all counted',
    why: 'A lost update on a shared row is spend that nobody settles.',
    async run(context) {
      const key = context.key();
      await put(context, key, undefined, { value: '0' });
      const worker = async (): Promise<void> => {
        for (;;) {
          const record = await read(context, key);
          rule(record !== undefined, 'a record that was written must stay');
          const result = await context.store.transact(
            putting(key, record.revision, { value: String(Number(record.value) + 1) }),
            context.nonce(),
          );
          if (result.ok) return;
        }
      };
      await Promise.all(Array.from({ length: 12 }, worker));
      const record = await read(context, key);
      same(record?.value, '12', 'every transaction that answered ok must have been applied once, upon the one before');
      same(record?.revision.split(':')[0], '13', 'the counter of a revision moves by one per write');
    },
  },
  {
    name: 'transactions on different records do not disturb each other',
    why: 'A store that loses or refuses unrelated writes under load stops work that nothing forbids.',
    async run(context) {
      const keys = Array.from({ length: 200 }, (_, number) =>
        context.key({ partition: number % context.store.partitions }),
      );
      const results = await Promise.all(
        keys.map((key, number) =>
          context.store.transact(putting(key, undefined, { value: `value ${number}` }), context.nonce()),
        ),
      );
      for (const [number, key] of keys.entries()) {
        rule(results[number]?.ok === true, 'concurrent inserts of different records must all apply');
        same((await read(context, key))?.value, `value ${number}`, 'a record must keep its own value');
      }
    },
  },
];
