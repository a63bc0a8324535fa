import type { IndexFields } from '../../store/contract.js';
import {
  type ConformanceCase,
  LONG_LEASE,
  lineKey,
  put,
  putting,
  read,
  removeRecords,
  removing,
  renewalOf,
  rule,
  same,
  sameRecord,
  within,
} from './context.js';
import { ids } from './values.js';

/** What is seen of records that were taken away: in lists and watches, after a reopen, by other clients. */
export const goneCases: readonly ConformanceCase[] = [
  {
    name: 'paging shows each record that stays once while others are removed',
    why: 'Work that goes through the list and removes what it finds would skip the rest.',
    async run(context) {
      const { kind } = context.key();
      for (const where of [{ tool: 'pay' }, {}] as readonly IndexFields[]) {
        const records = await Promise.all(
          Array.from({ length: 120 }, (_, number) =>
            put(
              context,
              context.key({
                id: `${number % 3 === 0 ? 'stays' : 'goes'} ${number}`,
                partition: number % context.store.partitions,
              }),
              undefined,
              { index: { tool: number % 2 === 0 ? 'pay' : 'mail' } },
            ),
          ),
        );
        const expected = records.filter(
          ({ key, index }) => key.id.startsWith('stays') && (where.tool === undefined || index?.tool === where.tool),
        );
        const going = records.filter(({ key }) => key.id.startsWith('goes'));
        const shown: string[] = [];
        let after: string | undefined;
        do {
          const page = await context.store.list({
            kind,
            where,
            limit: 7,
            ...(after === undefined ? {} : { after }),
          });
          shown.push(...page.records.map(({ key }) => key.id));
          after = page.next;
          // Some that were shown, among them the one that the cursor may rest on, and some that were not.
          const last = page.records.at(-1)?.key.id;
          const chosen = going.filter(({ key }, position) => key.id === last || position % 9 === shown.length % 9);
          for (const record of chosen) {
            going.splice(going.indexOf(record), 1);
            await removeRecords(context, [record]);
          }
        } while (after !== undefined);
        same(new Set(shown).size, shown.length, 'paging must show each record at most once');
        const missing = expected.filter(({ key }) => !shown.includes(key.id)).map(({ key }) => key.id);
        same(missing.join(', '), '', 'paging must show every record that stays, whatever is removed meanwhile');
        for (const record of records) {
          const left = await read(context, record.key);
          if (left !== undefined) await removeRecords(context, [left]);
        }
      }
    },
  },
  {
    name: 'a watch wakes when its record is removed',
    why: 'Who waits for the end of a call that was forgotten would wait until its patience ends.',
    async run(context) {
      const record = await put(context, context.key(), undefined);
      const { signal } = new AbortController();
      const wakes = (watch: Promise<void>, when: string): Promise<void> =>
        within(watch, context.patience, `a watch must resolve ${when}`);
      const watch = context.store.watch(record.key, record.revision, signal);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await removeRecords(context, [record]);
      await wakes(watch, 'when its record is removed');
      await wakes(
        context.store.watch(record.key, record.revision, signal),
        'at once when its record was removed before',
      );
      const coming = context.store.watch(record.key, undefined, signal);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await put(context, record.key, undefined);
      await wakes(coming, 'when a removed record is inserted again');
    },
  },
  {
    name: 'records under odd ids are removed one by one',
    why: 'The call that is still needed would go with one whose id looks like it.',
    async run(context) {
      const records = [];
      for (const id of ids) records.push(await put(context, context.key({ id }), undefined, { value: id }));
      const { kind } = context.key();
      const left = new Set(ids);
      for (const [position, record] of records.entries()) {
        if (position % 2 === 1) continue;
        await removeRecords(context, [record]);
        left.delete(record.key.id);
      }
      for (const record of records) {
        const wanted = left.has(record.key.id) ? record : undefined;
        sameRecord(await read(context, record.key), wanted, 'a removal must remove the record of its id and no other');
      }
      const listed = (await context.store.list({ kind, limit: 1_000 })).records.map(({ key }) => key.id);
      same(
        JSON.stringify(listed.sort()),
        JSON.stringify([...left].sort()),
        'a list must show the records that were not removed',
      );
    },
  },
  {
    name: 'what was removed stays away after a reopen',
    why: 'A forgotten result would come back, perhaps over a newer one.',
    needs: 'reopen',
    async run(context) {
      const [one, two] = [await put(context, context.key(), undefined), await put(context, context.key(), undefined)];
      const transaction = removing([one, two], lineKey(context));
      const nonce = context.nonce();
      const first = await context.store.transact(transaction, nonce);
      rule(first.ok, 'a transaction that removes must apply when its expectations hold');
      const anew = await put(context, two.key, undefined, { value: 'anew' });
      const store = await context.reopen();
      same(await read(context, one.key, store), undefined, 'a removed record must stay away after a reopen');
      sameRecord(await read(context, two.key, store), anew, 'a record that came back must be there after a reopen');
      const { records } = await store.list({ kind: one.key.kind, limit: 10 });
      same(records.map(({ key }) => key.id).join(', '), two.key.id, 'a list must show the same after a reopen');
      const again = await store.transact(transaction, nonce);
      rule(again.ok, 'a removal that had applied must answer ok when it is sent again after a reopen');
      sameRecord(await read(context, two.key, store), anew, 'a resend must not remove what was inserted since');
    },
  },
  {
    name: 'what one client removed is gone for the other',
    why: 'One worker would replay what another one has forgotten and runs again.',
    needs: 'second',
    async run(context) {
      const theirs = await context.second();
      const record = await put(context, context.key(), undefined, {
        lease: { owner: 'worker', fence: 1, ms: LONG_LEASE },
        index: { phase: 'attempting' },
      });
      sameRecord(await read(context, record.key, theirs), record, 'a client must read what another one wrote');
      const watch = theirs.watch(record.key, record.revision, new AbortController().signal);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await removeRecords(context, [record]);
      await within(watch, context.patience, 'a watch must resolve when another client removes its record');
      same(await read(context, record.key, theirs), undefined, 'what one client removed must be gone for all of them');
      same(
        (await theirs.list({ kind: record.key.kind, where: { phase: 'attempting' }, limit: 10 })).records.length,
        0,
        'a list must not show what any client removed',
      );
      same((await theirs.renew([renewalOf(record, LONG_LEASE)]))[0], 'lost', 'the lease of a removed record is lost');
      const stale = await theirs.transact(putting(record.key, record.revision), context.nonce());
      rule(!stale.ok, 'a write at the revision of a record that another client removed must be refused');
      const anew = await put(context, record.key, undefined, { value: 'anew' }, theirs);
      same(anew.revision.split(':')[0], '1', 'the revisions of a removed key begin at 1 again, for every client');
      sameRecord(await read(context, record.key), anew, 'a client must read what another one wrote');
    },
  },
];
