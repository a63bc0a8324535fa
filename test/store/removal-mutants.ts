import { keyText, type RecordKey, type StoredRecord, type Transaction } from '../../src/store/contract.js';
import { type Mutant, standing } from './mutant.js';

/** A transaction without the part that most stores will have to add last. */
function withoutRemovals({ expect, write, read }: Transaction): Transaction {
  return { expect, write, ...(read === undefined ? {} : { read }) };
}

const removes = ({ remove = [] }: Transaction): boolean => remove.length > 0;

/** Stores that take records away wrongly. */
export const removalMutants: readonly Mutant[] = [
  {
    name: 'answers ok and removes nothing',
    break: (good) => ({ transact: (transaction, nonce) => good.transact(withoutRemovals(transaction), nonce) }),
    caughtBy: [
      'a removal takes its records away and nothing else',
      'what is inserted under a removed key begins anew',
      'a removal sent again under its nonce is ok and takes nothing more away',
      '99 records are removed at once',
      'a watch wakes when its record is removed',
      'a removal that cannot be is refused',
      'records under odd ids are removed one by one',
      'what was removed stays away after a reopen',
      'what one client removed is gone for the other',
    ],
  },
  {
    name: 'removes at whatever revision',
    break: (good) => ({
      async transact(transaction, nonce) {
        if (!removes(transaction)) return good.transact(transaction, nonce);
        const expect = await Promise.all(
          transaction.expect.map(async ({ key, revision }) =>
            revision === undefined ? { key, revision } : { key, revision: (await standing(good, key))?.revision },
          ),
        );
        return good.transact({ ...transaction, expect }, nonce);
      },
    }),
    caughtBy: ['a removal that is refused removes nothing'],
  },
  {
    name: 'removes first and then looks whether the rest applies',
    break: (good) => {
      let removals = 0;
      return {
        async transact(transaction, nonce) {
          const result = await good.transact(transaction, nonce);
          if (result.ok || !removes(transaction)) return result;
          for (const key of transaction.remove ?? []) {
            const revision = (await standing(good, key))?.revision;
            if (!transaction.expect.some((one) => keyText(one.key) === keyText(key) && one.revision === revision))
              continue;
            const line: RecordKey = { partition: key.partition, kind: 'torn', id: `${++removals}` };
            await good.transact(
              {
                expect: [
                  { key, revision },
                  { key: line, revision: undefined },
                ],
                write: [{ key: line, value: '' }],
                remove: [key],
              },
              `torn${removals}`,
            );
          }
          return result;
        },
      };
    },
    caughtBy: ['a removal that is refused removes nothing'],
  },
  {
    name: 'removes once more when it is sent again',
    break: (good) => {
      const applied = new Set<string>();
      let sent = 0;
      return {
        async transact(transaction, nonce) {
          const result = await good.transact(transaction, nonce);
          if (!result.ok || !removes(transaction)) return result;
          if (!applied.has(nonce)) {
            applied.add(nonce);
            return result;
          }
          const remove = transaction.remove ?? [];
          const line: RecordKey = { partition: remove[0]?.partition ?? 0, kind: 'again', id: `${++sent}` };
          const expect = await Promise.all(
            remove.map(async (key) => ({ key, revision: (await standing(good, key))?.revision })),
          );
          await good.transact(
            { expect: [...expect, { key: line, revision: undefined }], write: [{ key: line, value: '' }], remove },
            `again${sent}`,
          );
          return result;
        },
      };
    },
    caughtBy: [
      'a removal sent again under its nonce is ok and takes nothing more away',
      'what was removed stays away after a reopen',
    ],
  },
  {
    name: 'does not know a removal again, because what it expected is gone',
    break: (good) => ({
      async transact(transaction, nonce) {
        const keys = transaction.remove ?? [];
        const there = await Promise.all(keys.map((key) => standing(good, key)));
        const result = await good.transact(transaction, nonce);
        return keys.length > 0 && there.every((record) => record === undefined) ? { ...result, ok: false } : result;
      },
    }),
    caughtBy: ['a removal sent again under its nonce is ok and takes nothing more away'],
  },
  {
    name: 'knows a removal again by what is gone, although its write no longer stands',
    break: (good) => {
      const applied = new Set<string>();
      return {
        async transact(transaction, nonce) {
          const result = await good.transact(transaction, nonce);
          if (result.ok && removes(transaction)) applied.add(nonce);
          return { ...result, ok: result.ok || applied.has(nonce) };
        },
      };
    },
    caughtBy: ['a removal sent again under its nonce is ok and takes nothing more away'],
  },
  {
    name: 'goes on counting the revisions of a removed key',
    break: (good) => {
      const counted = new Map<string, number>();
      const counterOf = (revision: string): number => Number(revision.slice(0, revision.indexOf(':')));
      const move = (key: RecordKey, revision: string, sign: 1 | -1): string =>
        `${counterOf(revision) + sign * (counted.get(keyText(key)) ?? 0)}${revision.slice(revision.indexOf(':'))}`;
      const shown = (record: StoredRecord | undefined): StoredRecord | undefined =>
        record && { ...record, revision: move(record.key, record.revision, 1) };
      return {
        async transact(transaction, nonce) {
          const expect = transaction.expect.map(({ revision, ...rest }) => ({
            ...rest,
            revision: revision === undefined ? undefined : move(rest.key, revision, -1),
          }));
          const before = await Promise.all((transaction.remove ?? []).map((key) => standing(good, key)));
          const result = await good.transact({ ...transaction, expect }, nonce);
          if (result.ok)
            for (const record of before) {
              if (record === undefined) continue;
              const text = keyText(record.key);
              counted.set(text, (counted.get(text) ?? 0) + counterOf(record.revision));
            }
          return { ...result, records: result.records.map(shown) };
        },
      };
    },
    caughtBy: ['what is inserted under a removed key begins anew', 'what one client removed is gone for the other'],
  },
  {
    name: 'leaves what it removed in the index',
    break: (good) => {
      const removed: StoredRecord[] = [];
      return {
        async transact(transaction, nonce) {
          const before = await Promise.all((transaction.remove ?? []).map((key) => standing(good, key)));
          const result = await good.transact(transaction, nonce);
          for (const record of before) if (result.ok && record?.index !== undefined) removed.push(record);
          return result;
        },
        async list(query) {
          const page = await good.list(query);
          const left = removed.filter(
            ({ key, index = {} }) =>
              key.kind === query.kind &&
              query.where !== undefined &&
              Object.entries(query.where).some(([field, text]) => index[field] === text) &&
              query.after === undefined,
          );
          return { ...page, records: [...page.records, ...left].slice(0, query.limit) };
        },
      };
    },
    caughtBy: [
      'a removal takes its records away and nothing else',
      'what is inserted under a removed key begins anew',
      '99 records are removed at once',
      'what one client removed is gone for the other',
    ],
  },
  {
    name: 'has cursors that count what is listed now',
    break: (good) => ({
      async list(query) {
        const records: StoredRecord[] = [];
        let after: string | undefined;
        do {
          const page = await good.list({ ...query, limit: query.limit, ...(after === undefined ? {} : { after }) });
          records.push(...page.records);
          after = page.next;
        } while (after !== undefined);
        const start = Number(query.after ?? 0);
        const end = start + query.limit;
        const { now } = await good.list({ kind: query.kind, limit: 1 });
        return { records: records.slice(start, end), now, ...(end < records.length ? { next: String(end) } : {}) };
      },
    }),
    caughtBy: ['paging shows each record that stays once while others are removed'],
  },
  {
    name: 'loses its place when the record under a cursor is removed',
    break: (good) => {
      const removed = new Set<string>();
      const places = new Map<string, string>();
      return {
        async transact(transaction, nonce) {
          const result = await good.transact(transaction, nonce);
          if (result.ok) for (const key of transaction.remove ?? []) removed.add(keyText(key));
          return result;
        },
        async list(query) {
          const place = query.after === undefined ? undefined : places.get(query.after);
          if (place !== undefined && removed.has(place)) return { records: [], now: 0 };
          const page = await good.list(query);
          const last = page.records.at(-1);
          if (page.next !== undefined && last !== undefined) places.set(page.next, keyText(last.key));
          return page;
        },
      };
    },
    caughtBy: ['paging shows each record that stays once while others are removed'],
  },
  {
    name: 'does not wake a watch when its record is removed',
    break: (good) => ({
      async watch(key, revision, signal) {
        if ((await standing(good, key))?.revision !== revision) return;
        await good.watch(key, revision, signal);
        if (revision === undefined || (await standing(good, key)) !== undefined || signal.aborted) return;
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      },
    }),
    caughtBy: ['a watch wakes when its record is removed', 'what one client removed is gone for the other'],
  },
  {
    name: 'goes on renewing the lease of a removed record',
    break: (good) => {
      const removed = new Set<string>();
      return {
        async transact(transaction, nonce) {
          const result = await good.transact(transaction, nonce);
          if (result.ok) for (const key of transaction.remove ?? []) removed.add(keyText(key));
          return result;
        },
        async renew(renewals) {
          const results = await good.renew(renewals);
          return results.map((result, position) => {
            const key = renewals[position]?.key;
            return key !== undefined && removed.has(keyText(key)) ? 'held' : result;
          });
        },
      };
    },
    caughtBy: [
      'a removal takes its records away and nothing else',
      'what is inserted under a removed key begins anew',
      'what one client removed is gone for the other',
    ],
  },
  {
    name: 'removes without an expectation',
    break: (good) => ({
      async transact(transaction, nonce) {
        const blind = (transaction.remove ?? []).filter(
          (key) => !transaction.expect.some((one) => keyText(one.key) === keyText(key)),
        );
        const added = await Promise.all(
          blind.map(async (key) => ({ key, revision: (await standing(good, key))?.revision })),
        );
        return good.transact({ ...transaction, expect: [...transaction.expect, ...added] }, nonce);
      },
    }),
    caughtBy: ['a removal that cannot be is refused'],
  },
  {
    name: 'lets a transaction remove and write nothing',
    break: (good) => {
      let removals = 0;
      return {
        async transact(transaction, nonce) {
          const first = transaction.remove?.[0];
          if (first === undefined || transaction.write.length > 0) return good.transact(transaction, nonce);
          const line: RecordKey = { partition: first.partition, kind: 'line', id: `${++removals}` };
          const expect = [...transaction.expect, { key: line, revision: undefined }];
          const result = await good.transact({ ...transaction, expect, write: [{ key: line, value: '' }] }, nonce);
          return { ...result, records: result.records.slice(0, transaction.expect.length) };
        },
      };
    },
    caughtBy: ['a removal that cannot be is refused'],
  },
  {
    name: 'removes at most 50 records of a transaction',
    break: (good) => ({
      transact: (transaction, nonce) =>
        good.transact(
          { ...transaction, ...(removes(transaction) ? { remove: (transaction.remove ?? []).slice(0, 50) } : {}) },
          nonce,
        ),
    }),
    caughtBy: ['99 records are removed at once'],
  },
];
