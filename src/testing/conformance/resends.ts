import type { Transaction } from '../../store/contract.js';
import {
  type ConformanceCase,
  LONG_LEASE,
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

/** The same transaction under the same nonce: how a caller that lost an answer finds out. */
export const resendCases: readonly ConformanceCase[] = [
  {
    name: 'an insert sent again under its nonce is ok and applies once',
    why: "A worker whose answer was lost would take its own claim for another's and block the call for ever.",
    async run(context) {
      const key = context.key();
      const nonce = context.nonce();
      const transaction = putting(key, undefined, {
        value: 'claimed',
        index: { phase: 'attempting' },
        lease: { owner: 'worker', fence: 1, ms: LONG_LEASE },
      });
      const first = await context.store.transact(transaction, nonce);
      rule(first.ok, 'an insert of a record that is not there must apply');
      await context.passTime(5);
      for (let sending = 0; sending < 3; sending++) {
        const again = await context.store.transact(transaction, nonce);
        rule(again.ok, 'a transaction that had applied must answer ok when it is sent again under its nonce');
        sameRecord(
          again.records[0],
          first.records[0],
          'a resend must change nothing: neither revision, nor writtenAt, nor the end of the lease',
        );
      }
    },
  },
  {
    name: 'an update sent again under its nonce is ok and applies once',
    why: 'A completion whose answer was lost would be reported as superseded although its result is recorded.',
    async run(context) {
      const first = await put(context, context.key(), undefined, { value: 'claimed' });
      const nonce = context.nonce();
      const transaction = putting(first.key, first.revision, { value: 'completed' });
      const result = await context.store.transact(transaction, nonce);
      rule(result.ok, 'an update at the current revision must apply');
      const again = await context.store.transact(transaction, nonce);
      rule(again.ok, 'a transaction that had applied must answer ok when it is sent again under its nonce');
      sameRecord(again.records[0], result.records[0], 'a resend must change nothing');
    },
  },
  {
    name: 'a transaction on several records sent again is ok and applies once',
    why: 'A completing transaction carries its receipt; sent twice it must neither fail nor write the receipt twice.',
    async run(context) {
      const first = await put(context, context.key(), undefined);
      const [guard, added] = [await put(context, context.key(), undefined), context.key({ kind: 'evidence' })];
      const transaction: Transaction = {
        expect: [
          { key: guard.key, revision: guard.revision },
          { key: first.key, revision: first.revision },
          { key: added, revision: undefined },
        ],
        write: [
          { key: first.key, value: 'completed' },
          { key: added, value: 'receipt' },
        ],
      };
      const nonce = context.nonce();
      const result = await context.store.transact(transaction, nonce);
      rule(result.ok, 'a transaction whose expectations all hold must apply');
      await put(context, guard.key, guard.revision, { value: 'moved on' });
      const again = await context.store.transact(transaction, nonce);
      rule(again.ok, 'a resend is ok while its writes stand, although a record that it only expected has moved on');
      sameRecord(again.records[1], result.records[1], 'a resend must change nothing');
      sameRecord(again.records[2], result.records[2], 'a resend must change nothing');
    },
  },
  {
    name: 'a resend after somebody else moved on is refused and shows the present',
    why: 'A late worker would take the claim of its successor for its own.',
    async run(context) {
      const first = await put(context, context.key(), undefined);
      const nonce = context.nonce();
      const transaction = putting(first.key, first.revision, { value: 'mine' });
      const mine = await context.store.transact(transaction, nonce);
      const theirs = await put(context, first.key, recordIn(mine, 0).revision, { value: 'theirs' });
      const again = await context.store.transact(transaction, nonce);
      rule(!again.ok, 'a resend whose write no longer stands must not answer ok');
      sameRecord(again.records[0], theirs, 'a resend that is refused shows the record as it stands');
      sameRecord(await read(context, first.key), theirs, 'a resend must never undo what came after it');
    },
  },
  {
    name: 'a resend of which one write no longer stands is refused and changes nothing',
    why: 'Half a standing transaction is no claim; applied again it would tear the records apart.',
    async run(context) {
      const [one, two] = [context.key(), context.key()];
      const transaction: Transaction = {
        expect: [
          { key: one, revision: undefined },
          { key: two, revision: undefined },
        ],
        write: [
          { key: one, value: 'mine' },
          { key: two, value: 'mine' },
        ],
      };
      const nonce = context.nonce();
      const mine = await context.store.transact(transaction, nonce);
      rule(mine.ok, 'a transaction whose expectations all hold must apply');
      const theirs = await put(context, one, recordIn(mine, 0).revision, { value: 'theirs' });
      const again = await context.store.transact(transaction, nonce);
      rule(!again.ok, 'a resend is ok only while all of its writes stand');
      sameRecord(again.records[0], theirs, 'a resend must never undo what came after it');
      sameRecord(again.records[1], mine.records[1], 'a resend must change nothing');
    },
  },
  {
    name: 'a takeover sent again under its nonce is ok although its own lease is now held',
    why: 'The winner of a takeover whose answer was lost would find the record leased and wait for itself.',
    async run(context) {
      const first = await put(context, context.key(), undefined);
      const nonce = context.nonce();
      const transaction = putting(
        first.key,
        first.revision,
        { value: 'taken', lease: { owner: 'worker', fence: 2, ms: LONG_LEASE } },
        'expired',
      );
      const taken = await context.store.transact(transaction, nonce);
      rule(taken.ok, 'a record without lease counts as one whose lease is not held');
      await context.store.renew([renewalOf(recordIn(taken, 0), LONG_LEASE * 2)]);
      const renewed = await read(context, first.key);
      const again = await context.store.transact(transaction, nonce);
      rule(again.ok, 'a resend is recognized by its nonce before its expectations are judged');
      sameRecord(again.records[0], renewed, 'a resend must not touch the lease, which may have been renewed since');
    },
  },
  {
    name: 'two transactions that differ only in their nonce do not both apply',
    why: 'A store that knows transactions by their text takes two workers for one.',
    async run(context) {
      const key = context.key();
      const [mine, theirs] = [
        await context.store.transact(putting(key, undefined), context.nonce()),
        await context.store.transact(putting(key, undefined), context.nonce()),
      ];
      rule(mine.ok, 'an insert of a record that is not there must apply');
      rule(
        !theirs.ok,
        'an equal transaction under another nonce is another transaction: its expectation does not hold',
      );
      const before = await nowOf(context.store, context.nonce());
      const nested = await context.store.transact(
        putting(key, undefined),
        recordIn(mine, 0).revision.replace(/^1:./, ''),
      );
      rule(!nested.ok, 'a nonce must be compared whole: one that only ends the nonce of the write is another');
      rule(nested.now >= before, "the store's clock must not go backwards");
    },
  },
  {
    name: 'one transaction sent many times at once applies once and is always ok',
    why: 'A sender with a short patience has several sendings of one transaction under way.',
    async run(context) {
      const first = await put(context, context.key(), undefined);
      const transaction = putting(first.key, first.revision, { value: 'once' });
      const nonce = context.nonce();
      const results = await Promise.all(Array.from({ length: 20 }, () => context.store.transact(transaction, nonce)));
      const record = await read(context, first.key);
      same(record?.revision, `2:${nonce}`, 'a transaction that is sent many times must apply once');
      for (const result of results) {
        rule(result.ok, 'every sending of a transaction that applied must answer ok');
        sameRecord(result.records[0], record, 'every sending shows the same record');
      }
    },
  },
  {
    name: 'a transaction that was refused may apply when it is sent again later',
    why: 'A refusal writes nothing, so nothing may be remembered against the nonce.',
    async run(context) {
      const first = await put(context, context.key(), undefined, {
        lease: { owner: 'worker', fence: 1, ms: LONG_LEASE },
      });
      const transaction = putting(first.key, first.revision, { value: 'taken' }, 'expired');
      const nonce = context.nonce();
      const refused = await context.store.transact(transaction, nonce);
      rule(!refused.ok, 'a lease that is held must refuse who expects it expired');
      await context.store.renew([renewalOf(first, 1)]);
      await context.passTime(2);
      const later = await context.store.transact(transaction, nonce);
      rule(later.ok, 'a transaction whose expectations hold now must apply, whatever it was answered before');
      same(recordIn(later, 0).value, 'taken', 'a transaction that answers ok must have been applied');
    },
  },
  {
    name: 'resends are recognized after the store was opened again',
    why: 'The answer is lost most often when the store goes down.',
    needs: 'reopen',
    async run(context) {
      const key = context.key();
      const transaction = putting(key, undefined, {
        value: 'before',
        lease: { owner: 'worker', fence: 1, ms: LONG_LEASE },
        index: { phase: 'attempting' },
      });
      const nonce = context.nonce();
      const first = await context.store.transact(transaction, nonce);
      const reopened = await context.reopen();
      const again = await reopened.transact(transaction, nonce);
      rule(again.ok, 'a transaction that had applied must answer ok when it is sent again after a reopen');
      sameRecord(
        again.records[0],
        first.records[0],
        'a record must come back from a reopen as it was, lease and index included',
      );
      const other = await reopened.transact(putting(key, undefined), context.nonce());
      rule(!other.ok, 'what was acknowledged before a close must stand after the reopen');
    },
  },
];
