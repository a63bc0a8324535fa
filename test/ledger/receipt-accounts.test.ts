import { describe, expect, it } from 'vitest';
import {
  ActionLedger,
  committed,
  type LedgerOptions,
  ledger,
  NotExecutedError,
  taskLedger,
  unknown,
} from '../../src/index.js';
import { archiveKey, keyOfId } from '../../src/ledger/identity.js';
import type { OwedReceipt, ReceiptAccount } from '../../src/ledger/receipt-accounts.js';
import { auditReceipts, generateSigningKey, type Receipt } from '../../src/receipts/index.js';
import { memoryStore } from '../../src/store/memory.js';
import { WorkerLostError } from '../../src/testing/index.js';
import { force, listAll, readRecord } from '../receipts/log-world.js';
import { failure, latch, type Worker, type World, world } from './workers.js';

const DAY = 86_400_000;
const receipts = auditReceipts({ agent: 'billing', signingKey: generateSigningKey().seed });
const who = { by: 'ann', reason: 'looked at the bank' };

type Input = { readonly id: string };

function tool(
  worker: Worker,
  body: (input: Input) => unknown = () => 'paid',
  options: Partial<LedgerOptions<'id'>> = {},
) {
  return ledger({ name: 'pay', effect: 'non_idempotent_mutate', idFrom: ['id'], ledger: worker.home, ...options })(
    async (input: Input): Promise<unknown> => body(input),
  );
}

const lost = (): never => {
  throw new WorkerLostError('after-effect');
};
const unclear = (): never => {
  throw new Error('timeout');
};

/** Every receipt in the store, the earliest first. */
async function stored(w: World): Promise<Receipt[]> {
  const all = (await listAll(w.truth, 'receipt')).map(({ value }) => JSON.parse(value) as Receipt);
  return all.sort((one, other) => one.at - other.at || one.fence - other.fence);
}

async function owed(worker: Worker): Promise<OwedReceipt[]> {
  const all: OwedReceipt[] = [];
  for await (const page of worker.home.receiptAccounts().owing()) all.push(...page);
  return all;
}

async function accounts(worker: Worker, asked: readonly Receipt[]): Promise<readonly ReceiptAccount[]> {
  return worker.home.receiptAccounts().accountsOf(asked);
}

const states = (found: readonly ReceiptAccount[]): string[] =>
  found.map((account) => (account.state === 'known' ? `known ${account.fence}` : account.state));

/** Takes the record of a call away, as whoever has the store can. */
async function remove(w: World, { call }: Pick<Receipt, 'call'>, kind = 'tool'): Promise<void> {
  await force(w.truth, keyOfId(kind, call, w.truth.partitions), undefined);
}

/** Request ids whose calls lie in one partition: nothing but what a test is about tells them apart. */
async function neighbours(count: number): Promise<string[]> {
  const w = world();
  const pay = tool(w.worker());
  const byPartition = new Map<number, string[]>();
  for (let number = 0; ; number++) {
    await pay({ id: `inv-${number}` });
    const last = (await w.stored()).find(({ value }) => value.includes(`"inv-${number}"`))!;
    const ids = [...(byPartition.get(last.key.partition) ?? []), `inv-${number}`];
    byPartition.set(last.key.partition, ids);
    if (ids.length === count) return ids;
  }
}

describe('what the ledger knows of the calls of receipts', () => {
  it('is said in the order asked, with few round trips, of this ledger only', async () => {
    const w = world();
    const worker = w.worker({ receipts });
    const pay = tool(worker);
    const charge = taskLedger({ name: 'charge', idFrom: ['id'], ledger: worker.home })(
      async (input: Input) => input.id,
    );
    for (let number = 0; number < 300; number++) await pay({ id: `inv-${number}` });
    await charge({ id: 'a' });
    const all = await stored(w);
    const others = w.worker({ receipts, name: 'others' });
    await remove(w, all[7]!);
    const before = worker.sent.transact;
    const stranger = { ...all[3]!, call: 'no id of a call' };
    const found = await accounts(worker, [...all.toReversed(), stranger]);
    expect(worker.sent.transact - before).toBeLessThanOrEqual(w.truth.partitions);
    expect(found.slice(0, 301).toReversed()).toEqual(
      all.map(({ id }, at) => (at === 7 ? { state: 'missing' } : { state: 'known', fence: 1, receipt: id })),
    );
    expect(found.at(-1)).toEqual({ state: 'missing' });
    expect(states(await accounts(others, all.slice(0, 2)))).toEqual(['missing', 'missing']);
    expect(await owed(others)).toEqual([]);
    expect((await owed(worker)).map(({ receipt }) => receipt).sort()).toEqual(
      all
        .filter((_, at) => at !== 7)
        .map(({ id }) => id)
        .sort(),
    );
  });

  it('is said of more calls of a partition than one transaction can name', async () => {
    const store = memoryStore({ partitions: 1 });
    const home = new ActionLedger({ store, receipts });
    const pay = tool({ home } as Worker);
    for (let number = 0; number < 230; number++) await pay({ id: `inv-${number}` });
    const all = (await listAll(store, 'receipt')).map(({ value }) => JSON.parse(value) as Receipt);
    const found = await home.receiptAccounts().accountsOf(all);
    expect(found).toEqual(all.map(({ id }) => ({ state: 'known', fence: 1, receipt: id })));
  });

  it('is nothing where another call was put in the place of the one that a receipt is of', async () => {
    const w = world();
    const worker = w.worker({ receipts });
    await tool(worker)({ id: 'a' });
    await tool(worker)({ id: 'b' });
    await tool(worker, () => 1, { name: 'refund' })({ id: 'a' });
    const all = await stored(w);
    const records = all.map(({ call }) => keyOfId('tool', call, w.truth.partitions));
    const values = await Promise.all(records.map(async (key) => (await readRecord(w.truth, key))!.value));
    await force(w.truth, records[0]!, values[1]);
    expect(states(await accounts(worker, all))).toEqual(['missing', 'known 1', 'known 1']);
    await force(w.truth, records[0]!, values[2]);
    expect(states(await accounts(worker, all))).toEqual(['missing', 'known 1', 'known 1']);
    await force(w.truth, records[0]!, 'no record');
    expect(states(await accounts(worker, all))).toEqual(['missing', 'known 1', 'known 1']);
    await force(w.truth, records[0]!, '{"format":99}\n{}');
    expect(await failure(accounts(worker, all))).toMatchObject({ code: 'STORE_FORMAT' });
  });

  it('is of outcomes, so that an attempt under way, or lost, has no receipt yet', async () => {
    const w = world();
    const worker = w.worker({ receipts });
    const answer = latch<string>();
    const begun = latch();
    const running = tool(worker, () => {
      begun.open();
      return answer.promise;
    })({ id: 'live' });
    await begun.promise;
    await failure(tool(worker, lost)({ id: 'lost' }));
    const late = latch<string>();
    const timed = tool(worker, () => late.promise, { timeout: '1s', name: 'slow' })({ id: 'slow' });
    await failure(w.clock.runUntil(timed));
    expect(await owed(worker)).toEqual([]);
    const [live] = await w.stored();
    const receipt = { call: live!.key.id, tool: 'pay', requestId: 'live', fence: 1, at: w.clock.wall(), kind: 'tool' };
    expect(await worker.home.receiptAccounts().accountsOf([receipt])).toMatchObject([{ state: 'known', fence: 0 }]);
    // Asked in vain, a lost call has no outcome either.
    await w.clock.advance(40_000);
    await failure(tool(worker, lost, { reconcile: () => unknown('closed') })({ id: 'lost' }));
    expect(await owed(worker)).toEqual([]);
    answer.open('paid');
    late.open('late');
    await running;
    await w.clock.advance(1);
    expect(new Set((await owed(worker)).map(({ receipt }) => receipt))).toEqual(
      new Set((await stored(w)).map(({ id }) => id)),
    );
    expect(await owed(worker)).toHaveLength(2);
  });

  it('is not what a receipt says when a committed call was set back to run again', async () => {
    const w = world();
    const worker = w.worker({ receipts });
    const pay = tool(worker);
    await pay({ id: 'a' });
    const [receipt] = await stored(w);
    const key = keyOfId('tool', receipt!.call, w.truth.partitions);
    const { value } = (await readRecord(w.truth, key))!;
    await force(w.truth, key, value.replace('"phase":"committed"', '"phase":"aborted","aborted":"not-executed"'));
    expect(states(await accounts(worker, [receipt!]))).toEqual(['known 0']);
    // And has run again since, in another process.
    expect(await tool(w.worker({ receipts }), () => 'twice')({ id: 'a' })).toBe('twice');
    expect(states(await accounts(worker, await stored(w)))).toEqual(['known 0', 'known 2']);
  });

  it('goes back to lives of a call that were retired, each of which is to be there', async () => {
    const w = world();
    const worker = w.worker({ receipts });
    const pay = tool(worker);
    await failure(tool(worker, unclear)({ id: 'a' }));
    const { key } = (await w.stored())[0]!;
    await worker.home.release(key.id, { ...who, as: 'not-executed' });
    for (let life = 0; life < 3; life++) {
      await w.clock.advance(1);
      await tool(w.worker({ receipts }))({ id: 'a' });
      await worker.home.retire(key.id, who);
    }
    await pay({ id: 'a' });
    const all = await stored(w);
    expect(all.map(({ kind, fence, outcome }) => `${kind} ${fence} ${outcome}`)).toEqual([
      ...['tool 1 unknown', 'release 1 aborted'],
      ...[2, 3, 4].flatMap((fence) => [`tool ${fence} committed`, `release ${fence} aborted`]),
      'tool 5 committed',
    ]);
    expect(states(await accounts(worker, all))).toEqual([
      ...['known 2', 'known 2', 'known 2', 'known 2', 'known 3', 'known 3', 'known 4', 'known 4', 'known 5'],
    ]);
    // The latest outcome of every life.
    expect((await owed(worker)).map(({ fence }) => fence)).toEqual([5, 4, 3, 2]);
    expect(new Set((await owed(worker)).map(({ call }) => call))).toEqual(new Set([key.id]));
    await force(w.truth, archiveKey(key, 3), undefined);
    expect(states(await accounts(worker, all))).toEqual([
      ...['missing', 'missing', 'missing', 'missing', 'missing', 'missing', 'known 4', 'known 4', 'known 5'],
    ]);
  });

  it('owes a receipt where it has an outcome and a receipt was wanted, named or not', async () => {
    const w = world();
    const worker = w.worker({ receipts });
    await tool(worker, () => 1, { receipt: false })({ id: 'mute' });
    await failure(tool(worker, unclear)({ id: 'unclear' }));
    await failure(
      tool(worker, () => {
        throw new NotExecutedError('no funds');
      })({ id: 'refused' }),
    );
    await failure(tool(worker, lost)({ id: 'lost' }));
    await tool(worker)({ id: 'erased' });
    await tool(worker)({ id: 'paid' });
    await w.clock.advance(31_000);
    await w.clock.runUntil(tool(worker, lost, { reconcile: () => committed('found') })({ id: 'lost' }));
    // What a person settles has a receipt also where none was wanted.
    await failure(tool(worker, unclear, { receipt: false })({ id: 'released' }));
    const open = (await worker.home.list()).calls.find(({ requestId }) => requestId === 'released')!;
    await worker.home.release(open.id, { ...who, as: 'not-executed' });
    const named = new Map((await w.records()).map(({ requestId, receipt }) => [requestId, receipt]));
    const erased = (await worker.home.list()).calls.find(({ requestId }) => requestId === 'erased')!;
    await worker.home.erase(erased.id, who);
    const paidKey = (await w.stored()).find(({ value }) => value.includes('"requestId":"paid"'))!.key;
    const { value } = (await readRecord(w.truth, paidKey))!;
    await force(w.truth, paidKey, value.replace(`,"receipt":"${named.get('paid')}"`, ''));
    const all = await owed(worker);
    expect(Object.fromEntries(all.map(({ requestId, outcome, receipt }) => [requestId, [outcome, receipt]]))).toEqual({
      unclear: ['unknown', named.get('unclear')],
      refused: ['aborted', named.get('refused')],
      lost: ['committed', named.get('lost')],
      erased: ['committed', named.get('erased')],
      paid: ['committed', undefined],
      released: ['aborted', named.get('released')],
    });
    const byId = new Map((await stored(w)).map((receipt) => [receipt.id, receipt]));
    for (const { receipt, partition, call, result, erased: gone } of all) {
      expect(partition).toBe(keyOfId('tool', call, w.truth.partitions).partition);
      if (receipt !== undefined && gone === undefined) expect(byId.get(receipt)?.result).toBe(result);
    }
    expect(all.filter(({ erased }) => erased)).toMatchObject([{ requestId: 'erased' }]);
  });
});

describe('a pruning covers', () => {
  /** Some pruned, 40 days ago; then what a test adds. */
  async function pruned(ids: readonly string[], options: Partial<LedgerOptions<'id'>> = {}) {
    const w = world();
    const worker = w.worker({ receipts });
    for (const id of ids) {
      await tool(worker, () => 'paid', options)({ id });
      await w.clock.advance(1_000);
    }
    const old = await stored(w);
    await w.clock.advance(40 * DAY);
    return { w, worker, old, prune: () => worker.home.prune({ olderThan: '30d' }) };
  }

  it('as many calls of its partition and kind as it took, which were finished by then', async () => {
    const [a, b, c, d] = (await neighbours(4)) as [string, string, string, string];
    const { w, worker, old, prune } = await pruned([a, b]);
    await tool(worker)({ id: c });
    await prune();
    const later = (await stored(w)).filter(({ requestId }) => requestId === c);
    expect(states(await accounts(worker, [...old, ...later]))).toEqual(['pruned', 'pruned', 'known 1']);
    // What was finished after the last of them was never pruned.
    await remove(w, later[0]!);
    expect(states(await accounts(worker, [...old, ...later]))).toEqual(['pruned', 'pruned', 'missing']);
    // However often a call is asked about, it is one.
    const several = worker.home.receiptAccounts();
    for (let round = 0; round < 3; round++) expect(states(await several.accountsOf(old))).toEqual(['pruned', 'pruned']);
    // A third one of the same time has no place, whichever is asked about first.
    const third = { ...old[0]!, requestId: d, call: `${old[0]!.call.slice(0, 8)}${'f'.repeat(24)}` };
    expect(states(await several.accountsOf([third]))).toEqual(['missing']);
    expect(states(await accounts(worker, [third, ...old]))).toEqual(['pruned', 'pruned', 'missing']);
  });

  it('nothing in another partition, of another kind, or of another ledger', async () => {
    const [a] = (await neighbours(1)) as [string];
    const { w, worker, old, prune } = await pruned([a]);
    await prune();
    const [receipt] = old as [Receipt];
    const moved = ((Number.parseInt(receipt.call.slice(0, 8), 16) ^ 1) >>> 0).toString(16).padStart(8, '0');
    const elsewhere = { ...receipt, call: `${moved}${receipt.call.slice(8)}` };
    const others = w.worker({ receipts, name: 'others' });
    for (const [asked, one] of [
      [worker, elsewhere],
      [worker, { ...receipt, kind: 'task' as const }],
      [others, receipt],
    ] as const)
      expect(states(await accounts(asked, [one]))).toEqual(['missing']);
    // A settlement does not tell of which kind its call is.
    expect(states(await accounts(worker, [{ ...receipt, kind: 'release' }]))).toEqual(['pruned']);
    expect(states(await accounts(worker, [receipt]))).toEqual(['pruned']);
  });

  it('no call that was claimed, or settled, or had ended well after the last that it took', async () => {
    const [a] = (await neighbours(1)) as [string];
    const { w, worker, old, prune } = await pruned([a]);
    await prune();
    const [receipt] = old as [Receipt];
    const [line] = await worker.home.prunings();
    const { newest } = line!;
    const of = async (facts: Partial<Receipt>): Promise<string[]> =>
      states(await accounts(worker, [{ ...receipt, ...facts }]));
    expect(await of({ claimedAt: newest, at: newest })).toEqual(['pruned']);
    expect(await of({ claimedAt: newest + 1, at: newest + 1 })).toEqual(['missing']);
    // Its worker tells the end by its own clock.
    expect(await of({ claimedAt: newest, at: newest + 60_000 })).toEqual(['pruned']);
    expect(await of({ claimedAt: newest, at: newest + 61_000 })).toEqual(['missing']);
    expect(await of({ claimedAt: newest - DAY, at: newest + 61_000 })).toEqual(['pruned']);
    // Who settles reads that of the store.
    expect(await of({ kind: 'release', at: newest })).toEqual(['pruned']);
    expect(await of({ kind: 'release', at: newest + 1 })).toEqual(['missing']);
    expect(w.clock.wall()).toBeGreaterThan(newest);
  });

  it('earlier lives of a call that runs again since it was pruned', async () => {
    const w = world();
    const worker = w.worker({ receipts });
    await failure(tool(worker, unclear)({ id: 'a' }));
    const { id } = (await worker.home.list()).calls[0]!;
    await worker.home.release(id, { ...who, as: 'not-executed' });
    await tool(w.worker({ receipts }))({ id: 'a' });
    await w.clock.advance(40 * DAY);
    expect((await worker.home.prune({ olderThan: '30d' })).pruned).toBe(1);
    await failure(tool(w.worker({ receipts }), unclear)({ id: 'a' }));
    const all = await stored(w);
    expect(all.map(({ fence, outcome }) => `${fence} ${outcome}`)).toEqual([
      ...['1 unknown', '1 aborted', '2 committed', '1 unknown'],
    ]);
    // What cannot be of the new life is of the one that was pruned.
    expect(states(await accounts(worker, all))).toEqual(['known 1', 'known 1', 'pruned', 'known 1']);
    expect((await owed(worker)).map(({ receipt }) => receipt)).toEqual([all[3]!.id]);
  });

  it('what it takes while a verification is under way', async () => {
    const { w, worker, old, prune } = await pruned(['a', 'b', 'c']);
    const under = worker.home.receiptAccounts();
    expect(states(await under.accountsOf(old))).toEqual(['known 1', 'known 1', 'known 1']);
    await prune();
    expect(states(await under.accountsOf(old))).toEqual(['pruned', 'pruned', 'pruned']);
    await tool(worker)({ id: 'd' });
    await w.clock.advance(40 * DAY);
    await prune();
    expect(states(await under.accountsOf(await stored(w)))).toEqual(['pruned', 'pruned', 'pruned', 'pruned']);
  });

  it('what a later pruning took of earlier calls', async () => {
    const [a, b] = (await neighbours(2)) as [string, string];
    const keyed = { effect: 'keyed_mutate', keyValidFor: '60d' } as const;
    const { w, worker, prune } = await pruned([a], keyed);
    await tool(worker)({ id: b });
    await w.clock.advance(15 * DAY);
    // The first one is kept for as long as its key is known.
    await worker.home.prune({ olderThan: '1d' });
    await w.clock.advance(30 * DAY);
    await prune();
    expect((await worker.home.prunings()).map(({ count }) => count)).toEqual([1, 1]);
    const [older, newer] = (await stored(w)) as [Receipt, Receipt];
    expect(states(await accounts(worker, [older, newer]))).toEqual(['pruned', 'pruned']);
  });

  it('and a line of a later version is not guessed at', async () => {
    const { w, worker, old, prune } = await pruned(['a']);
    await prune();
    const [line] = await listAll(w.truth, 'pruned');
    await force(w.truth, line!.key, 'no line');
    expect(states(await accounts(worker, old))).toEqual(['missing']);
    await force(w.truth, line!.key, line!.value.replace('"format":1', '"format":2'));
    expect(await failure(accounts(worker, old))).toMatchObject({ code: 'STORE_FORMAT' });
  });
});
