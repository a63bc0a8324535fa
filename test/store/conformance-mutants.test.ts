import { AssertionError } from 'node:assert';
import { describe, expect, test } from 'vitest';
import type { RecordKey, Store, StoredRecord, Transaction, TransactionResult } from '../../src/store/contract.js';
import { memoryStore } from '../../src/store/memory.js';
import { runStoreConformance } from '../../src/testing/conformance.js';
import { manualClock } from '../../src/testing/manual-clock.js';
import { clientOf } from './memory-client.js';
import { type Mutant, standing } from './mutant.js';
import { removalMutants } from './removal-mutants.js';

/** Replaces the expectations of a transaction by ones that hold. */
async function withTrueExpectations(store: Store, transaction: Transaction): Promise<Transaction> {
  const expect = await Promise.all(
    transaction.expect.map(async ({ key }) => ({ key, revision: (await standing(store, key))?.revision })),
  );
  return { ...transaction, expect };
}

function mapRecords(result: TransactionResult, change: (record: StoredRecord) => StoredRecord): TransactionResult {
  return { ...result, records: result.records.map((record) => (record === undefined ? undefined : change(record))) };
}

const mutants: readonly Mutant[] = [
  {
    name: 'ignores the expectation of an expired lease',
    break: (good) => ({
      transact: (transaction, nonce) =>
        good.transact(
          { ...transaction, expect: transaction.expect.map(({ key, revision }) => ({ key, revision })) },
          nonce,
        ),
    }),
    caughtBy: [
      'a held lease refuses a takeover',
      "a lease is judged expired exactly from its end, by the store's clock",
      'a renewed lease keeps takeovers out beyond its first end',
      'an expired lease on one record of several refuses or admits them all',
      'a renewal revives an expired lease that nobody took',
      'a renewal races a takeover: one of them wins',
    ],
  },
  {
    name: 'takes a lease for held when it has expired',
    break: (good) => ({
      async transact(transaction, nonce) {
        for (const { key, lease } of transaction.expect) {
          if (lease === 'expired' && (await standing(good, key))?.lease !== undefined)
            return {
              ...(await good.transact(
                { expect: [], write: [], read: transaction.expect.map((one) => one.key) },
                nonce,
              )),
              ok: false,
            };
        }
        return good.transact(transaction, nonce);
      },
    }),
    caughtBy: [
      "a lease is judged expired exactly from its end, by the store's clock",
      'of 25 concurrent takeovers exactly one wins',
      'a takeover sent again under its nonce is ok although its own lease is now held',
    ],
  },
  {
    name: 'judges leases one millisecond late',
    break: (good) => ({
      async transact(transaction, nonce) {
        for (const { key, lease } of transaction.expect) {
          const record = lease === 'expired' ? await standing(good, key) : undefined;
          const { now } = await good.transact({ expect: [], write: [] }, nonce);
          if (record?.lease?.until === now) return { ok: false, records: [record], now };
        }
        return good.transact(transaction, nonce);
      },
    }),
    caughtBy: ["a lease is judged expired exactly from its end, by the store's clock"],
  },
  {
    name: 'ignores the nonce, so that a resend fails',
    break: (good) => {
      let sent = 0;
      return { transact: (transaction, nonce) => good.transact(transaction, `${nonce}x${++sent}`) };
    },
    caughtBy: [
      'an insert sent again under its nonce is ok and applies once',
      'an update sent again under its nonce is ok and applies once',
      'a transaction on several records sent again is ok and applies once',
      'a takeover sent again under its nonce is ok although its own lease is now held',
      'one transaction sent many times at once applies once and is always ok',
      'resends are recognized after the store was opened again',
      'one transaction sent by two clients under one nonce applies once and is ok for both',
    ],
  },
  {
    name: 'remembers nonces and answers ok although the writes no longer stand',
    break: (good) => {
      const applied = new Set<string>();
      return {
        async transact(transaction, nonce) {
          const result = await good.transact(transaction, nonce);
          if (result.ok && transaction.write.length > 0) applied.add(nonce);
          return { ...result, ok: result.ok || applied.has(nonce) };
        },
      };
    },
    caughtBy: [
      'a resend after somebody else moved on is refused and shows the present',
      'a resend of which one write no longer stands is refused and changes nothing',
    ],
  },
  {
    name: 'applies a resend once more',
    break: (good) => {
      const applied = new Set<string>();
      return {
        async transact(transaction, nonce) {
          const sent = applied.has(nonce) ? await withTrueExpectations(good, transaction) : transaction;
          const result = await good.transact(sent, nonce);
          if (result.ok && transaction.write.length > 0) applied.add(nonce);
          return result;
        },
      };
    },
    caughtBy: [
      'an insert sent again under its nonce is ok and applies once',
      'an update sent again under its nonce is ok and applies once',
      'a resend after somebody else moved on is refused and shows the present',
    ],
  },
  {
    name: 'remembers a refusal against the nonce',
    break: (good) => {
      const refused = new Set<string>();
      return {
        async transact(transaction, nonce) {
          const result = refused.has(nonce)
            ? await good.transact({ expect: [], write: [], read: transaction.expect.map(({ key }) => key) }, nonce)
            : await good.transact(transaction, nonce);
          const ok = result.ok && !refused.has(nonce);
          if (!ok) refused.add(nonce);
          return { ...result, ok };
        },
      };
    },
    caughtBy: ['a transaction that was refused may apply when it is sent again later'],
  },
  {
    name: 'reuses revisions',
    break: (good) => {
      const short = ({ revision }: StoredRecord): string =>
        `${Number(revision.slice(0, revision.indexOf(':'))) % 2}:same`;
      return {
        async transact(transaction, nonce) {
          const expect = await Promise.all(
            transaction.expect.map(async (expectation) => {
              const record = await standing(good, expectation.key);
              return record !== undefined && short(record) === expectation.revision
                ? { ...expectation, revision: record.revision }
                : expectation;
            }),
          );
          return mapRecords(await good.transact({ ...transaction, expect }, nonce), (record) => ({
            ...record,
            revision: short(record),
          }));
        },
      };
    },
    caughtBy: ['revisions are never reused', 'an insert puts the record in place'],
  },
  {
    name: 'moves the revision with a renewal',
    break: (good) => {
      const moved = new Map<string, number>();
      const shown = (record: StoredRecord): StoredRecord => ({
        ...record,
        revision: `${record.revision}${'+'.repeat(moved.get(record.key.id) ?? 0)}`,
      });
      return {
        async transact(transaction, nonce) {
          const expect = transaction.expect.map((expectation) => {
            const marks = '+'.repeat(moved.get(expectation.key.id) ?? 0);
            const { revision } = expectation;
            if (revision === undefined || marks === '') return expectation;
            return { ...expectation, revision: revision.endsWith(marks) ? revision.slice(0, -marks.length) : 'moved' };
          });
          return mapRecords(await good.transact({ ...transaction, expect }, nonce), shown);
        },
        async renew(renewals) {
          const results = await good.renew(renewals);
          for (const [position, { key }] of renewals.entries())
            if (results[position] === 'held') moved.set(key.id, (moved.get(key.id) ?? 0) + 1);
          return results;
        },
      };
    },
    caughtBy: [
      'a renewal by the holder extends the lease and moves nothing else',
      'a renewal revives an expired lease that nobody took',
    ],
  },
  {
    name: 'renews for a claim that was superseded',
    break: (good) => ({
      async renew(renewals) {
        const present = await Promise.all(
          renewals.map(async (renewal) => ({ ...renewal, ...(await standing(good, renewal.key))?.lease })),
        );
        return good.renew(present.map(({ key, owner, fence, ms }) => ({ key, owner, fence, ms })));
      },
    }),
    caughtBy: [
      'a renewal after a takeover is lost and changes nothing',
      'a renewal by another claim is lost and changes nothing',
      'a lease and its renewals hold for every client',
    ],
  },
  {
    name: 'looks at the owner of a renewal and not at its fence',
    break: (good) => ({
      async renew(renewals) {
        const present = await Promise.all(
          renewals.map(async (renewal) => ({
            ...renewal,
            fence: (await standing(good, renewal.key))?.lease?.fence ?? renewal.fence,
          })),
        );
        return good.renew(present);
      },
    }),
    caughtBy: [
      'a renewal by another claim is lost and changes nothing',
      'many renewals in one call are answered in the order asked',
    ],
  },
  {
    name: 'refuses to revive an expired lease',
    break: (good, now) => ({
      async renew(renewals) {
        const results = await Promise.all(
          renewals.map(async (renewal) => {
            const lease = (await standing(good, renewal.key))?.lease;
            return lease !== undefined && now() >= lease.until ? 'lost' : ((await good.renew([renewal]))[0] ?? 'lost');
          }),
        );
        return results;
      },
    }),
    caughtBy: ['a renewal revives an expired lease that nobody took'],
  },
  {
    name: 'answers held without renewing',
    break: (good) => ({
      async renew(renewals) {
        return Promise.all(
          renewals.map(async ({ key, owner, fence }) => {
            const lease = (await standing(good, key))?.lease;
            return lease?.owner === owner && lease.fence === fence ? 'held' : 'lost';
          }),
        );
      },
    }),
    caughtBy: [
      'a renewal by the holder extends the lease and moves nothing else',
      'a renewed lease keeps takeovers out beyond its first end',
    ],
  },
  {
    name: 'answers renewals in an order of its own',
    break: (good) => ({
      async renew(renewals) {
        const results = await good.renew(renewals);
        return [...results].sort();
      },
    }),
    caughtBy: ['many renewals in one call are answered in the order asked'],
  },
  {
    name: 'applies half of a refused transaction',
    break: (good) => ({
      async transact(transaction, nonce) {
        const result = await good.transact(transaction, nonce);
        if (result.ok || transaction.write.length < 2) return result;
        for (const write of transaction.write) {
          const expectation = transaction.expect.filter(
            ({ key }) => key.id === write.key.id && key.kind === write.key.kind,
          );
          await good.transact({ expect: expectation, write: [write] }, nonce);
        }
        return result;
      },
    }),
    caughtBy: ['a transaction on several records applies all or nothing'],
  },
  {
    name: 'checks only the expectations of what it writes',
    break: (good) => ({
      async transact(transaction, nonce) {
        if (transaction.write.length === 0) return good.transact(transaction, nonce);
        const changed = [...transaction.write.map(({ key }) => key), ...(transaction.remove ?? [])];
        const written = transaction.expect.filter(({ key }) => changed.some(({ id }) => id === key.id));
        const result = await good.transact(
          { ...transaction, expect: written, read: transaction.expect.map(({ key }) => key) },
          nonce,
        );
        const { records } = await good.transact(
          { expect: [], write: [], read: [...transaction.expect.map(({ key }) => key), ...(transaction.read ?? [])] },
          nonce,
        );
        return { ...result, records };
      },
    }),
    caughtBy: [
      'an expectation without a write is checked and changes nothing',
      'an expired lease on one record of several refuses or admits them all',
    ],
  },
  ...removalMutants,
  {
    name: 'overwrites with a blind insert',
    break: (good) => ({
      async transact(transaction, nonce) {
        const inserts = transaction.expect.some(({ revision }) => revision === undefined);
        return good.transact(inserts ? await withTrueExpectations(good, transaction) : transaction, nonce);
      },
    }),
    caughtBy: [
      'an insert of a record that is there is refused',
      'two transactions that differ only in their nonce do not both apply',
      'what one client wrote the other finds',
    ],
  },
  {
    name: 'reads before it writes, with a pause between',
    break: (good) => ({
      async transact(transaction, nonce) {
        const holds = await Promise.all(
          transaction.expect.map(async ({ key, revision }) => (await standing(good, key))?.revision === revision),
        );
        await new Promise((resolve) => setImmediate(resolve));
        return good.transact(holds.every(Boolean) ? await withTrueExpectations(good, transaction) : transaction, nonce);
      },
    }),
    caughtBy: [
      'of 100 concurrent writes at one revision exactly one wins',
      'concurrent increments are all counted',
      'of removals and writes at one revision exactly one wins',
      'of 25 concurrent takeovers exactly one wins',
      'of concurrent writes by two clients exactly one wins per revision',
      'of 25 takeovers by two clients exactly one wins',
    ],
  },
  {
    name: 'answers with the records as they were before',
    break: (good) => ({
      async transact(transaction, nonce) {
        const before = await good.transact(
          { expect: [], write: [], read: [...transaction.expect.map(({ key }) => key), ...(transaction.read ?? [])] },
          nonce,
        );
        return { ...(await good.transact(transaction, nonce)), records: before.records };
      },
    }),
    caughtBy: [
      'an insert puts the record in place',
      'an answer carries the expected and then the read records, as they are afterwards',
    ],
  },
  {
    name: 'keeps the lease when a write carries none',
    break: (good, now) => ({
      async transact(transaction, nonce) {
        const write = await Promise.all(
          transaction.write.map(async (one) => {
            const lease = (await standing(good, one.key))?.lease;
            return one.lease === undefined && lease !== undefined
              ? { ...one, lease: { owner: lease.owner, fence: lease.fence, ms: Math.max(0, lease.until - now()) } }
              : one;
          }),
        );
        return good.transact({ ...transaction, write }, nonce);
      },
    }),
    caughtBy: ['a write without lease removes the lease'],
  },
  {
    name: 'allows transactions across partitions and blind writes',
    break: (good) => ({
      async transact(transaction, nonce) {
        try {
          return await good.transact(transaction, nonce);
        } catch {
          return { ok: true, records: [], now: 0 };
        }
      },
    }),
    caughtBy: [
      'a blind write is refused',
      'a transaction across partitions is refused',
      'a key that cannot be is refused',
    ],
  },
  {
    name: 'drops a filter of a list',
    break: (good) => ({
      list: (query) =>
        good.list({ ...query, where: Object.fromEntries(Object.entries(query.where ?? {}).slice(0, 1)) }),
    }),
    caughtBy: ['a list filters by every field that is asked for'],
  },
  {
    name: 'pages by counting what is there now',
    break: (good) => ({
      async list(query) {
        const everything: StoredRecord[] = [];
        let after: string | undefined;
        do {
          const page = await good.list({ ...query, limit: 1_000, ...(after === undefined ? {} : { after }) });
          everything.push(...page.records);
          after = page.next;
        } while (after !== undefined);
        everything.sort((left, right) => (left.key.id < right.key.id ? -1 : 1));
        if (query.after === undefined && !(query.limit >= 1 && query.limit <= 1_000)) return good.list(query);
        const start = Number(query.after ?? 0);
        const end = start + query.limit;
        const { now } = await good.list({ kind: query.kind, limit: 1 });
        return {
          records: everything.slice(start, end),
          now,
          ...(end < everything.length ? { next: String(end) } : {}),
        };
      },
    }),
    caughtBy: ['paging over 250 records shows each one once while others come and change'],
  },
  {
    name: 'shows one page of a list and no cursor',
    break: (good) => ({
      async list(query) {
        const { records, now } = await good.list(query);
        return { records, now };
      },
    }),
    caughtBy: ['paging over 250 records shows each one once while others come and change'],
  },
  {
    name: 'never wakes a watch',
    break: (good) => ({
      async watch(key, revision, signal) {
        if ((await standing(good, key))?.revision !== revision || signal.aborted) return;
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      },
    }),
    caughtBy: [
      'a watch wakes when its record moves',
      'a watch for a record that is not there wakes when it appears',
      'two watches of one record are independent',
      'a watch wakes when another client moves its record',
      'a watch still wakes after renewals and moves of other records',
    ],
  },
  {
    name: 'does not look before it watches',
    break: (good) => ({
      async watch(key, _revision, signal) {
        await good.watch(key, (await standing(good, key))?.revision, signal);
      },
    }),
    caughtBy: ['a watch whose record has already moved resolves at once'],
  },
  {
    name: 'does not hear the signal of a watch',
    break: (good) => ({ watch: (key, revision) => good.watch(key, revision, new AbortController().signal) }),
    caughtBy: ['a watch ends when its signal aborts', 'two watches of one record are independent'],
  },
  {
    name: 'cuts a value at U+0000',
    break: (good) => ({
      transact: (transaction, nonce) =>
        good.transact(
          {
            ...transaction,
            write: transaction.write.map((write) => ({ ...write, value: write.value.replace(/\u0000.*/s, '') })),
          },
          nonce,
        ),
    }),
    caughtBy: ['a value is kept to the last character', 'values, ids and index fields come back from a reopen'],
  },
  {
    name: 'passes values through UTF-8, which has no lone surrogates',
    break: (good) => ({
      transact: (transaction, nonce) =>
        good.transact(
          {
            ...transaction,
            write: transaction.write.map((write) => ({
              ...write,
              value: Buffer.from(write.value, 'utf8').toString('utf8'),
            })),
          },
          nonce,
        ),
    }),
    caughtBy: ['a value is kept to the last character'],
  },
  {
    name: 'trims ids',
    break: (good) => {
      const trimmed = (key: RecordKey): RecordKey => ({ ...key, id: key.id.trim() });
      return {
        transact: ({ expect: expected, write, remove, read }, nonce) =>
          good.transact(
            {
              expect: expected.map((one) => ({ ...one, key: trimmed(one.key) })),
              write: write.map((one) => ({ ...one, key: trimmed(one.key) })),
              ...(remove === undefined ? {} : { remove: remove.map(trimmed) }),
              ...(read === undefined ? {} : { read: read.map(trimmed) }),
            },
            nonce,
          ),
      };
    },
    caughtBy: ['records under odd ids do not meet', 'records under odd ids are removed one by one'],
  },
  {
    name: 'hands out what it keeps',
    break: (good) => {
      const handed = new Map<string, StoredRecord>();
      const loose = (record: StoredRecord): StoredRecord => {
        const name = `${record.key.kind} ${record.key.id} ${record.revision} ${record.lease?.until}`;
        const kept = handed.get(name) ?? { ...record, key: { ...record.key } };
        handed.set(name, kept);
        return kept;
      };
      return { transact: async (transaction, nonce) => mapRecords(await good.transact(transaction, nonce), loose) };
    },
    caughtBy: ['nothing a caller holds can change what is stored'],
  },
  {
    name: 'has a clock that follows the machine backwards',
    break: (good) => {
      let readings = 0;
      return {
        async transact(transaction, nonce) {
          const result = await good.transact(transaction, nonce);
          return { ...result, now: result.now - (++readings % 7 === 0 ? 3_600_000 : 0) };
        },
      };
    },
    caughtBy: ["the store's clock never goes backwards"],
  },
];

/** Runs the suite over clients of one broken store and answers what failed. */
async function failures(mutant: Mutant): Promise<readonly { readonly name: string; readonly error: unknown }[]> {
  const results = await runStoreConformance(
    () => {
      const clock = manualClock();
      const inner = memoryStore({ clock: clock.now });
      const broken: Store = { ...clientOf(inner), ...mutant.break(inner, clock.now) };
      return {
        store: clientOf(broken),
        advance: (milliseconds) => clock.advance(milliseconds),
        second: async () => clientOf(broken),
        reopen: async () => clientOf(broken),
        dispose: () => inner.close(),
      };
    },
    { patience: 150, timeout: 4_000 },
  );
  return results.filter(({ outcome }) => outcome === 'failed').map(({ name, error }) => ({ name, error }));
}

describe('the suite catches a store that', () => {
  test.each(mutants)('$name', { timeout: 60_000 }, async (mutant) => {
    const failed = await failures(mutant);
    const names = failed.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...mutant.caughtBy]));
    for (const { name, error } of failed) {
      if (mutant.caughtBy.includes(name)) expect(error, name).toBeInstanceOf(AssertionError);
    }
  });

  test('keeps the contract: it fails in no case', { timeout: 60_000 }, async () => {
    expect(await failures({ name: 'good', break: () => ({}), caughtBy: [] })).toEqual([]);
  });
});
