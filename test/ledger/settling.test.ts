import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ActionLedger,
  committed,
  type LedgerOptions,
  ledger,
  NotExecutedError,
  notExecuted,
  type Release,
  ReleaseRefusedError,
} from '../../src/index.js';
import type { EffectClass } from '../../src/ledger/transition.js';
import type { Store } from '../../src/store/contract.js';
import { memoryStore } from '../../src/store/memory.js';
import { failAt, WorkerLostError } from '../../src/testing/index.js';
import { backends, storeName } from './servers/backends.js';
import { failure, latch, outcome, unreachable, type Worker, world } from './workers.js';

interface Input {
  readonly id: string;
}

const LEASE_MS = 250;
const WORKERS = 5;
const CALLERS = 50;

/** A store for each worker, as every process has its own, all over the same records. */
interface Place {
  readonly name: string;
  open(name: string): Promise<Store>;
  remove(name: string): Promise<void>;
}

function memory(): Place {
  let shared = memoryStore();
  return {
    name: 'memory',
    open: async () => through(shared),
    async remove() {
      shared = memoryStore();
    },
  };
}

const places: readonly Place[] = [
  memory(),
  ...backends.map(
    (backend): Place => ({
      name: backend.name,
      open: (name) => backend.open(backend.shared(), name),
      remove: (name) => backend.remove(backend.shared(), name),
    }),
  ),
];

function through(store: Store, transact: Store['transact'] = (...given) => store.transact(...given)): Store {
  return {
    description: store.description,
    durability: store.durability,
    partitions: store.partitions,
    transact,
    renew: (...given) => store.renew(...given),
    list: (...given) => store.list(...given),
    watch: (...given) => store.watch(...given),
    close: (...given) => store.close(...given),
  };
}

describe.each(places)('an ambiguous charge, $name', (place) => {
  let name: string;
  let stores: Store[];

  beforeEach(async () => {
    name = storeName();
    stores = [];
    for (let worker = 0; worker < WORKERS; worker += 1) stores.push(await place.open(name));
  });

  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await place.remove(name);
  });

  /** A charge whose worker was lost, and the same tool in every worker. */
  async function lost(options: Partial<LedgerOptions<'id'>> = {}) {
    let bodies = 0;
    const tools = stores.map((store) =>
      ledger({
        name: 'pay',
        effect: 'non_idempotent_mutate',
        idFrom: ['id'],
        lease: LEASE_MS,
        waitFor: '20s',
        ledger: new ActionLedger({ store }),
        ...options,
      })(async (_: Input): Promise<unknown> => {
        bodies += 1;
        if (bodies === 1) throw new WorkerLostError('after-effect');
        await sleep(50);
        return { body: bodies, at: new Date(7) };
      }),
    );
    await failure((tools[0] as (typeof tools)[number])({ id: 'a' }));
    await sleep(LEASE_MS + 20);
    const home = new ActionLedger({ store: stores[0] as Store });
    const { id } = (await home.list()).calls[0]!;
    /** As many callers as there are, in turn with every worker. */
    const callAll = () =>
      Promise.all(
        Array.from({ length: CALLERS }, (_, caller) =>
          (tools[caller % WORKERS] as (typeof tools)[number])({ id: 'a' }),
        ),
      );
    return { home, id, tools, callAll, bodies: () => bodies };
  }

  it('that 50 redispatch in 5 workers is asked about once, and all are given the one answer', async () => {
    let asked = 0;
    const { callAll, bodies } = await lost({
      async reconcile() {
        asked += 1;
        await sleep(100);
        return committed({ charge: `ch-${asked}`, at: new Date(5) });
      },
    });
    const results = await callAll();
    expect(results).toEqual(Array(CALLERS).fill({ charge: 'ch-1', at: new Date(5) }));
    expect([asked, bodies()]).toEqual([1, 1]);
  });

  it('that 50 redispatch in one process is asked about once', async () => {
    let asked = 0;
    const { tools, bodies } = await lost({
      async reconcile() {
        asked += 1;
        await sleep(50);
        return committed(`ch-${asked}`);
      },
    });
    const [tool] = tools as [(typeof tools)[number]];
    expect(await Promise.all(Array.from({ length: CALLERS }, () => tool({ id: 'a' })))).toEqual(
      Array(CALLERS).fill('ch-1'),
    );
    expect([asked, bodies()]).toEqual([1, 1]);
  });

  it('that 50 redispatch, and that its reconciler proves not executed, runs once more', async () => {
    const { callAll, bodies } = await lost({ settleAfter: 0, reconcile: () => notExecuted('the key is burnt') });
    expect(await callAll()).toEqual(Array(CALLERS).fill({ body: 2, at: new Date(7) }));
    expect(bodies()).toBe(2);
  });

  it('that is released as not executed runs for one of 50, and the other 49 are given its result', async () => {
    const { home, id, callAll, bodies } = await lost();
    await home.release(id, { by: 'ada', reason: 'not in the book', as: 'not-executed' });
    expect(await callAll()).toEqual(Array(CALLERS).fill({ body: 2, at: new Date(7) }));
    expect(bodies()).toBe(2);
    // The release is used up: what is lost now is blocked again.
    expect(await home.get(id)).toMatchObject({ phase: 'committed', fence: 2 });
  });

  const says = {
    one: { by: 'ada', reason: 'saw ch-1', as: 'completed', result: { charge: 'ch-1' } },
    other: { by: 'bob', reason: 'saw ch-2', as: 'completed', result: { charge: 'ch-2' } },
    none: { by: 'cyd', reason: 'saw nothing', as: 'not-executed' },
    nothing: { by: 'dan', reason: 'saw nothing either', as: 'not-executed' },
  } satisfies Record<string, Release>;

  it.each([
    ['completed, and with another result', says.one, says.other],
    ['completed, and not executed', says.one, says.none],
    ['not executed, both of them', says.none, says.nothing],
  ])('that two people release at once as %s: one wins, and the other is told who', async (_, first, second) => {
    const { id, tools, bodies } = await lost();
    // Neither writes before both have looked.
    const bothLooked = latch();
    let looked = 0;
    const homes = stores.slice(0, 2).map(
      (store) =>
        new ActionLedger({
          store: through(store, async (transaction, nonce) => {
            if (transaction.write.length > 0) {
              looked += 1;
              if (looked === 2) bothLooked.open();
              await bothLooked.promise;
            }
            return store.transact(transaction, nonce);
          }),
        }),
    );
    const both = [first, second];
    const all = await Promise.allSettled(both.map((how, at) => (homes[at] as ActionLedger).release(id, how)));
    expect(all.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const won = both[all.findIndex(({ status }) => status === 'fulfilled')] as Release;
    const { reason: refused } = all.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    expect(refused).toBeInstanceOf(ReleaseRefusedError);
    // By whom, as what, and on what grounds.
    expect(refused.message).toContain(`${won.by} settled it as ${won.as} (${won.reason})`);
    expect(refused.details.settled).toEqual({
      ...{ by: 'operator', who: won.by, as: won.as, reason: won.reason },
      at: expect.any(Number),
    });
    const value = await (tools[4] as (typeof tools)[number])({ id: 'a' });
    expect(value).toEqual('result' in won ? won.result : { body: 2, at: new Date(7) });
    expect(bodies()).toBe(won.as === 'completed' ? 1 : 2);
  });
});

it('who comes after a reconciler, or after a retirement, is told of that, too', async () => {
  const w = world();
  const { home } = w.worker();
  failAt('after-effect');
  const pay = ledger({
    name: 'pay',
    effect: 'irreversible',
    ledger: home,
    idFrom: ['id'],
    reconcile: () => committed('found'),
  })(async (_: Input) => 'paid');
  await failure(pay({ id: 'a' }));
  await w.clock.advance(31_000);
  await pay({ id: 'a' });
  const { id } = (await home.list()).calls[0]!;
  const ada = { by: 'ada', reason: 'saw nothing', as: 'not-executed' } as const;
  const late = await failure(home.release(id, ada));
  expect(late.message).toContain('its reconciler settled it as completed (the provider has it)');
  expect(late).toMatchObject({ details: { settled: { by: 'reconciler', as: 'completed', at: expect.any(Number) } } });
  await home.retire(id, { by: 'bob', reason: 'refunded' });
  for (const refused of [home.release(id, ada), home.retire(id, ada)])
    expect((await failure(refused)).message).toContain('bob settled it as retired (refunded)');
  await pay({ id: 'a' });
  // What a worker finished, nobody has settled.
  expect((await failure(home.release(id, ada))).message).toMatch(/its result is recorded\.\n/);
});

it('what used up its attempts without being executed can be released either way, as its message says', async () => {
  for (const as of ['completed', 'not-executed'] as const) {
    const w = world();
    const { home } = w.worker();
    let bodies = 0;
    const pay = ledger({ name: 'pay', effect: 'irreversible', ledger: home, idFrom: ['id'], maxAttempts: 1 })(
      async (_: Input) => {
        bodies += 1;
        if (bodies === 1) throw new NotExecutedError('declined');
        return 'paid';
      },
    );
    await failure(pay({ id: 'a' }));
    const blocked = await failure(pay({ id: 'a' }));
    expect(blocked.message).toContain('as completed or as not executed');
    const { id } = (await home.list()).calls[0]!;
    const how = { by: 'ada', reason: 'paid it by hand' };
    await home.release(id, as === 'completed' ? { ...how, as, result: 'by hand' } : { ...how, as });
    expect([await pay({ id: 'a' }), bodies]).toEqual(as === 'completed' ? ['by hand', 1] : ['paid', 2]);
  }
});

type Class = EffectClass | 'unclassified';
const CLASSES: readonly Class[] = [
  'read',
  'idempotent_mutate',
  'unclassified',
  'keyed_mutate',
  'non_idempotent_mutate',
  'irreversible',
];

/** How the first attempt ends, under a peer that waits for it. */
type Ending =
  | 'worker lost'
  | 'worker lost before its effect'
  | 'body cancelled'
  | 'body cancelled before its effect'
  | 'declined'
  | 'two of three heartbeats fail';

interface End {
  /** The record when the first attempt is over and nobody has come after it. */
  readonly record: string;
  /** What the waiting peer comes to. */
  readonly peer: 'runs' | 'is blocked' | 'is given the result';
}

/** Design §6, for a tool without reconciler and without a window for its key. */
function expected(effect: Class, ending: Ending): End {
  const harmless = effect === 'read' || effect === 'idempotent_mutate';
  const rerun = harmless || effect === 'unclassified';
  switch (ending) {
    case 'worker lost':
      return { record: 'attempting', peer: harmless ? 'runs' : 'is blocked' };
    case 'worker lost before its effect':
      return { record: 'intended', peer: 'runs' };
    case 'body cancelled':
      return rerun ? { record: 'aborted may-rerun', peer: 'runs' } : { record: 'unknown', peer: 'is blocked' };
    case 'body cancelled before its effect':
    case 'declined':
      return { record: 'aborted not-executed', peer: 'runs' };
    case 'two of three heartbeats fail':
      return { record: 'committed', peer: 'is given the result' };
  }
}

const endings: readonly Ending[] = [
  'worker lost',
  'worker lost before its effect',
  'body cancelled',
  'body cancelled before its effect',
  'declined',
  'two of three heartbeats fail',
];

describe.each(endings)('%s, while a peer waits', (ending) => {
  it.each(CLASSES)('%s', async (effect) => {
    const w = world();
    const gate = latch();
    const stop = new AbortController();
    let bodies = 0;
    const explicit = ending.includes('before its effect');
    const make = (worker: Worker) =>
      ledger({
        name: 'pay',
        ledger: worker.home,
        idFrom: ['id'],
        waitFor: '10m',
        boundary: explicit ? 'explicit' : 'implicit',
        ...(effect === 'unclassified' ? {} : { effect }),
        // A read is shared between runs for as long.
        ...(effect === 'read' ? { replayFor: '10d' } : {}),
      })(async (_: Input, call): Promise<string> => {
        bodies += 1;
        if (bodies > 1) return call.effect(() => 'by the peer');
        call.signal.addEventListener('abort', () => gate.fail(call.signal.reason));
        await gate.promise;
        return call.effect(() => 'by the first');
      });
    const [one, two] = [w.worker(), w.worker()];
    const first = outcome(make(one)({ id: 'a' }, { signal: stop.signal }));
    await w.clock.settle();
    const peer = outcome(make(two)({ id: 'a' }));
    const waits = { still: true };
    void peer.then(() => {
      waits.still = false;
    });
    await w.clock.advance(5_000);
    expect([waits.still, bodies]).toEqual([true, 1]);

    // The peer is kept from the store until the record of the first attempt has been looked at.
    two.reach(false);
    if (ending.startsWith('worker lost')) gate.fail(new WorkerLostError('after-effect'));
    else if (ending.startsWith('body cancelled')) stop.abort(new Error('the user left'));
    else if (ending === 'declined') gate.fail(new NotExecutedError('declined'));
    else {
      let failed = 0;
      // Two in a row: a third of the lease later each would leave nothing of it.
      one.way.renew = (renewals, pass) => (++failed % 3 !== 0 ? Promise.reject(unreachable('renew')) : pass(renewals));
      two.reach(true);
      await w.clock.advance(90_000);
      expect([waits.still, failed > 4]).toEqual([true, true]);
      gate.open();
    }
    await w.clock.settle();
    const { record, peer: comesTo } = expected(effect, ending);
    const stands = await w.record();
    expect([stands.phase, stands.aborted].filter(Boolean).join(' ')).toBe(record);
    two.reach(true);

    const came = await w.clock.runUntil(peer);
    await first;
    if (comesTo === 'is blocked') {
      expect(came).toMatchObject({ error: { code: 'LEDGER_BLOCKED' } });
      expect(bodies).toBe(1);
      // Which is not the end: it names the way, and the way is open.
      const { id } = (await two.home.list()).calls[0]!;
      expect((came as { error: Error }).error.message).toContain(`release ${id.slice(0, 8)} as completed`);
      await two.home.release(id.slice(0, 8), { by: 'ada', reason: 'saw it', as: 'completed', result: 'by hand' });
      expect(await make(w.worker())({ id: 'a' })).toBe('by hand');
    } else {
      expect(came).toEqual({ value: comesTo === 'runs' ? 'by the peer' : 'by the first' });
      expect(await w.record()).toMatchObject({ phase: 'committed', fence: comesTo === 'runs' ? 2 : 1 });
    }
  });
});
