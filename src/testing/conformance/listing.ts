import type { IndexFields, ListQuery, Store, StoredRecord } from '../../store/contract.js';
import {
  type ConformanceCase,
  type ConformanceContext,
  LONG_LEASE,
  leaseOf,
  present,
  put,
  refusedWith,
  renewalOf,
  rule,
  same,
  sameRecord,
} from './context.js';

/** All pages of a question, joined; `between` runs after every page. */
async function listAll(
  store: Store,
  query: Omit<ListQuery, 'after'>,
  between: () => Promise<void> = async () => {},
): Promise<StoredRecord[]> {
  const found: StoredRecord[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < 1_000; pages++) {
    const page = await store.list({ ...query, ...(after === undefined ? {} : { after }) });
    rule(page.records.length <= query.limit, 'a page must not carry more records than its limit');
    found.push(...page.records);
    if (page.next === undefined) return found;
    rule(page.next !== after, 'a cursor must move on, or paging never ends');
    after = page.next;
    await between();
  }
  throw new Error('a list must end: 1000 pages did not reach the last one');
}

/** The ids a question finds, sorted; each may be found once. */
async function idsOf(
  context: ConformanceContext,
  kind: string,
  where?: IndexFields,
  store: Store = context.store,
): Promise<string> {
  const ids = (await listAll(store, { kind, limit: 1_000, ...(where === undefined ? {} : { where }) })).map(
    ({ key }) => key.id,
  );
  same(new Set(ids).size, ids.length, 'a list must show each record once');
  return ids.sort().join(', ');
}

/** What people and background work see: records of a kind, filtered, page by page. */
export const listingCases: readonly ConformanceCase[] = [
  {
    name: 'a list shows the records of its kind, whole',
    why: 'An operator decides about a blocked call by what the list shows.',
    async run(context) {
      const kind = context.key().kind;
      same(
        (await context.store.list({ kind, limit: 10 })).records.length,
        0,
        'a list of a kind that nobody wrote is empty',
      );
      const lease = { owner: 'worker', fence: 3, ms: LONG_LEASE };
      const one = await put(context, context.key({ id: 'one' }), undefined, {
        value: 'value one',
        lease,
        index: { phase: 'attempting' },
      });
      await put(context, context.key({ id: 'two', partition: context.store.partitions - 1 }), undefined);
      await put(context, context.key({ kind: 'other', id: 'three' }), undefined);
      await put(context, context.key({ kind: `${kind}s`, id: 'four' }), undefined);
      same(
        await idsOf(context, kind),
        'one, two',
        'a list must show the records of its kind in all partitions and no others',
      );
      await context.store.renew([renewalOf(one, LONG_LEASE * 2)]);
      const page = await context.store.list({ kind, where: { phase: 'attempting' }, limit: 10 });
      rule(
        page.records[0]?.lease !== undefined && page.records[0].lease.until > leaseOf(one).until,
        'a list shows leases as they were renewed',
      );
      sameRecord(
        { ...page.records[0], lease: leaseOf(one) },
        one,
        'a list shows records with value, revision, writtenAt, lease and index',
      );
    },
  },
  {
    name: 'a list filters by every field that is asked for',
    why: '"What is blocked in this run" would show other people\'s calls.',
    async run(context) {
      const { kind } = context.key();
      const fields: Readonly<Record<string, IndexFields | undefined>> = {
        a: { phase: 'attempting', tool: 'pay' },
        b: { phase: 'attempting', tool: 'mail' },
        c: { phase: 'committed', tool: 'pay' },
        d: { tool: 'pay' },
        e: undefined,
        f: { phase: '', tool: 'pay ' },
      };
      for (const [id, index] of Object.entries(fields))
        await put(context, context.key({ id }), undefined, index === undefined ? {} : { index });
      const expected: readonly (readonly [IndexFields, string])[] = [
        [{}, 'a, b, c, d, e, f'],
        [{ phase: 'attempting' }, 'a, b'],
        [{ tool: 'pay' }, 'a, c, d'],
        [{ phase: 'attempting', tool: 'pay' }, 'a'],
        [{ tool: 'pay', phase: 'committed' }, 'c'],
        [{ phase: 'unknown' }, ''],
        [{ phase: '' }, 'f'],
        [{ phase: 'attempting', run: '' }, ''],
        [{ constructor: 'x' }, ''],
        [{ toString: '' } as unknown as IndexFields, ''],
      ];
      for (const [where, ids] of expected) {
        same(
          await idsOf(context, kind, where),
          ids,
          `a list must show exactly the records whose index equals in every field of ${JSON.stringify(where)}`,
        );
      }
    },
  },
  {
    name: 'a list follows the index as it is written',
    why: 'A call that was completed would go on being shown as blocked.',
    async run(context) {
      const { kind } = context.key();
      const first = await put(context, context.key({ id: 'moves' }), undefined, {
        index: { phase: 'attempting', tool: 'pay' },
      });
      const second = await put(context, first.key, first.revision, { index: { phase: 'committed' } });
      same(
        await idsOf(context, kind, { phase: 'attempting' }),
        '',
        'a record must not be found under an index field that it left',
      );
      same(
        await idsOf(context, kind, { tool: 'pay' }),
        '',
        'a record must not be found under an index field that its last write leaves out',
      );
      same(
        await idsOf(context, kind, { phase: 'committed' }),
        'moves',
        'a record must be found under its present index',
      );
      const third = await put(context, first.key, second.revision);
      same(third.index, undefined, 'a write without index leaves the record without one');
      same(
        await idsOf(context, kind, { phase: 'committed' }),
        '',
        'a record whose last write carries no index must not be found by one',
      );
      same(await idsOf(context, kind), 'moves', 'a record without index is still of its kind');
    },
  },
  {
    name: 'paging over 250 records shows each one once while others come and change',
    why: 'Work that goes through the list would skip a call, or handle it twice.',
    async run(context) {
      const { kind } = context.key();
      const stay = Array.from({ length: 250 }, (_, number) => `stays ${number}`);
      const records = await Promise.all(
        stay.map((id, number) =>
          put(context, context.key({ id, partition: number % context.store.partitions }), undefined, {
            index: { tool: number % 2 === 0 ? 'pay' : 'mail' },
          }),
        ),
      );
      let added = 0;
      const disturb = async (): Promise<void> => {
        for (let one = 0; one < 3; one++) {
          added++;
          await put(
            context,
            context.key({
              id: `${added % 2 === 0 ? 'a' : 'z'} comes ${added}`,
              partition: added % context.store.partitions,
            }),
            undefined,
            { index: { tool: 'pay' } },
          );
        }
        const changed = present(records[added % 250]);
        records[added % 250] = await put(context, changed.key, changed.revision, {
          value: 'changed',
          index: present(changed.index),
        });
      };
      for (const [limit, where, expected] of [
        [17, undefined, stay],
        [40, { tool: 'pay' }, stay.filter((_, number) => number % 2 === 0)],
        [1_000, undefined, stay],
      ] as const) {
        const ids = (
          await listAll(context.store, { kind, limit, ...(where === undefined ? {} : { where }) }, disturb)
        ).map(({ key }) => key.id);
        same(new Set(ids).size, ids.length, 'paging must show each record at most once');
        const missing = expected.filter((id) => !ids.includes(id));
        same(
          missing.length,
          0,
          `paging must show every record that was there from the first page to the last; missing are ${missing.slice(0, 5).join(', ')}`,
        );
      }
      const first = await context.store.list({ kind, limit: 5 });
      rule(first.next !== undefined, 'a page must carry a cursor when there is more');
    },
  },
  {
    name: 'a page that cannot be is refused',
    why: 'A limit of zero would never come to an end.',
    async run(context) {
      const { kind } = context.key();
      for (const limit of [0, -1, 1_001, 1.5, Number.NaN]) {
        await refusedWith(
          'USAGE',
          () => context.store.list({ kind, limit }),
          `a list with limit ${limit} must be refused`,
        );
      }
    },
  },
  {
    name: 'lists survive a reopen',
    why: 'After a restart nobody would find what is blocked.',
    needs: 'reopen',
    async run(context) {
      const { kind } = context.key();
      const first = await put(context, context.key({ id: 'one' }), undefined, { index: { phase: 'attempting' } });
      await put(context, context.key({ id: 'two', partition: context.store.partitions - 1 }), undefined, {
        index: { phase: 'attempting' },
      });
      await put(context, first.key, first.revision, { index: { phase: 'committed' } });
      const store = await context.reopen();
      same(
        await idsOf(context, kind, undefined, store),
        'one, two',
        'a list must show the same records after a reopen',
      );
      same(
        await idsOf(context, kind, { phase: 'attempting' }, store),
        'two',
        'a list must filter the same after a reopen',
      );
    },
  },
];
