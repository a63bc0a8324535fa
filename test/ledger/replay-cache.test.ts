import { afterEach, describe, expect, it, vi } from 'vitest';
import { ActionLedger, ledger } from '../../src/index.js';
import { engineFor } from '../../src/ledger/engine.js';
import { REPLAY_EPOCH_KEY } from '../../src/ledger/replay-epoch.js';
import type { Store, Transaction } from '../../src/store/contract.js';
import { memoryStore } from '../../src/store/memory.js';

/** What a process sees of a store that other processes share: every call costs, and is counted. */
interface Process {
  readonly home: ActionLedger;
  readonly asked: string[];
  /** Called before each transaction; what it throws is the answer. */
  before: (transaction: Transaction) => void | Promise<void>;
  /** Wakes whoever watches, for nothing. */
  lostWatch: boolean;
  pay(id: string): Promise<string>;
  ran: number;
}

const processes: Process[] = [];

function processOver(shared: Store): Process {
  const one: Process = {
    asked: [],
    before: () => undefined,
    lostWatch: false,
    ran: 0,
    home: new ActionLedger({
      store: {
        description: 'memory far away',
        durability: 'process',
        partitions: shared.partitions,
        remote: true,
        async transact(transaction, nonce) {
          const keys = [...transaction.expect.map(({ key }) => key), ...(transaction.read ?? [])];
          if (!keys.includes(REPLAY_EPOCH_KEY)) one.asked.push(transaction.write.length > 0 ? 'write' : 'read');
          await one.before(transaction);
          return shared.transact(transaction, nonce);
        },
        renew: (renewals) => shared.renew(renewals),
        list: (query) => shared.list(query),
        watch: (key, revision, signal) =>
          one.lostWatch ? Promise.reject(new Error('no subscription')) : shared.watch(key, revision, signal),
        close: () => Promise.resolve(),
      },
    }),
    pay: (id) => guarded({ id }),
  };
  const guarded = ledger({ name: 'pay', effect: 'irreversible', idFrom: ['id'], ledger: one.home })(
    async ({ id }: { id: string }) => {
      one.ran += 1;
      return `paid ${id}, run ${one.ran}`;
    },
  );
  processes.push(one);
  return one;
}

/** The cache is loaded and knows its epoch: from now on what is asked about is remembered. */
async function warm(one: Process): Promise<void> {
  await one.pay('warm');
  await vi.waitFor(() => expect(engineFor(one.home.store).replays?.generation).toBeDefined());
}

afterEach(async () => {
  for (const { home } of processes.splice(0)) await home.close();
});

describe('calls that are finished', () => {
  it('cost two round trips when they run, one when they are replayed, and none from then on', async () => {
    const shared = memoryStore();
    const [first, second] = [processOver(shared), processOver(shared)];
    await warm(first);
    await warm(second);
    first.asked.length = 0;
    second.asked.length = 0;
    expect(await first.pay('a')).toBe('paid a, run 2');
    expect(first.asked).toEqual(['write', 'write']);
    expect(await second.pay('a')).toBe('paid a, run 2');
    expect(second.asked).toEqual(['write']);
    for (const one of [first, second, first, second]) expect(await one.pay('a')).toBe('paid a, run 2');
    expect([first.asked.length, second.asked.length]).toEqual([2, 1]);
    expect(second.ran).toBe(0);
  });

  it('are still compared by their arguments', async () => {
    const one = processOver(memoryStore());
    const strict = ledger({ name: 'pay', effect: 'irreversible', idFrom: ['id'], ledger: one.home })(
      async ({ id, amount }: { id: string; amount: number }) => `paid ${id} ${amount}`,
    );
    await warm(one);
    await strict({ id: 'b', amount: 1 });
    await expect(strict({ id: 'b', amount: 2 })).rejects.toMatchObject({ code: 'IDENTITY_CONFLICT' });
  });
});

describe('what is forgotten', () => {
  it('in the process that retires a call, before it is told so', async () => {
    const one = processOver(memoryStore());
    await warm(one);
    await one.pay('a');
    await one.pay('a');
    const [call] = (await one.home.list({ tool: 'pay' })).calls.filter(({ requestId }) => requestId === 'a');
    await one.home.retire(call?.id ?? '', { by: 'ann', reason: 'again' });
    expect(await one.pay('a')).toBe('paid a, run 3');
  });

  it('in every other process, as soon as it is told', async () => {
    const shared = memoryStore();
    const [worker, operator] = [processOver(shared), processOver(shared)];
    await warm(worker);
    await worker.pay('a');
    await worker.pay('a');
    const [call] = (await operator.home.list({ tool: 'pay' })).calls.filter(({ requestId }) => requestId === 'a');
    await operator.home.retire(call?.id ?? '', { by: 'ann', reason: 'again' });
    await vi.waitFor(async () => expect(await worker.pay('a')).toBe('paid a, run 3'));
  });

  it('is a result that was erased, in every process', async () => {
    const shared = memoryStore();
    const [worker, operator] = [processOver(shared), processOver(shared)];
    await warm(worker);
    await worker.pay('a');
    await worker.pay('a');
    const [call] = (await operator.home.list({ tool: 'pay' })).calls.filter(({ requestId }) => requestId === 'a');
    await operator.home.erase(call?.id ?? '', { by: 'ann', reason: 'asked to' });
    await vi.waitFor(() => expect(worker.pay('a')).rejects.toMatchObject({ code: 'RESULT_NOT_REPLAYABLE' }));
    expect(worker.ran).toBe(2);
  });

  it.each([
    ['one call', 1],
    ['a call and one that follows it', 2],
  ])('includes an answer that was under way for %s when the epoch moved', async (_, calls) => {
    const shared = memoryStore();
    const [worker, other, operator] = [processOver(shared), processOver(shared), processOver(shared)];
    await warm(worker);
    await other.pay('a');
    // Its answer is taken before the retirement and reaches the caller after it.
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const inner = worker.home.store.transact.bind(worker.home.store);
    let arrived = false;
    worker.home.store.transact = async (transaction, nonce) => {
      const answer = await inner(transaction, nonce);
      if (transaction.write.length > 0 && !arrived) {
        arrived = true;
        await held;
      }
      return answer;
    };
    const late = Array.from({ length: calls }, () => worker.pay('a'));
    await vi.waitFor(() => expect(arrived).toBe(true));
    const before = engineFor(worker.home.store).replays?.generation;
    const [call] = (await operator.home.list({ tool: 'pay' })).calls.filter(({ requestId }) => requestId === 'a');
    await operator.home.retire(call?.id ?? '', { by: 'ann', reason: 'again' });
    await vi.waitFor(() => expect(engineFor(worker.home.store).replays?.generation).not.toBe(before));
    release();
    expect(new Set(await Promise.all(late))).toEqual(new Set(['paid a, run 1']));
    expect(await worker.pay('a')).toBe('paid a, run 2');
  });

  it('is everything while the epoch cannot be watched', async () => {
    const one = processOver(memoryStore());
    one.lostWatch = true;
    for (let call = 0; call < 3; call++) await one.pay('a');
    await new Promise((resolve) => setTimeout(resolve, 20));
    one.asked.length = 0;
    await one.pay('a');
    await one.pay('a');
    expect(one.asked).toEqual(['read', 'read']);
    expect(one.ran).toBe(1);
  });
});
