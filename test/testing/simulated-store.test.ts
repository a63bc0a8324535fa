import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecordKey, Transaction } from '../../src/store/contract.js';
import { manualClock } from '../../src/testing/manual-clock.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import {
  type SimulatedFault,
  type SimulatedStore,
  type SimulatedStoreOptions,
  simulatedFaults,
  simulatedStore,
} from '../../src/testing/simulated-store.js';

const keyOf = (id: string): RecordKey => ({ partition: 0, kind: 'call', id });
const inserting = (id: string, value = 'value'): Transaction => ({
  expect: [{ key: keyOf(id), revision: undefined }],
  write: [{ key: keyOf(id), value, lease: { owner: 'o', fence: 1, ms: 1_000 } }],
});

function simulation(
  faults: NonNullable<SimulatedStoreOptions['faults']>,
  changes: Partial<SimulatedStoreOptions> = {},
) {
  const clock = manualClock(0);
  return { clock, store: simulatedStore({ seed: 7, clock, faults, ...changes }) };
}

async function stored(store: SimulatedStore, id: string): Promise<string | undefined> {
  return (await store.truth.transact({ expect: [], write: [], read: [keyOf(id)] }, 'peek')).records[0]?.value;
}

/** What a caller sees, by the time it sees it. */
function outcome(promise: Promise<unknown>, clock: { monotonic(): number }): { readonly seen: () => string } {
  let seen = 'nothing yet';
  promise.then(
    () => {
      seen = `an answer at ${clock.monotonic()}`;
    },
    (error: { code?: string }) => {
      seen = `${error.code} at ${clock.monotonic()}`;
    },
  );
  return { seen: () => seen };
}

describe('simulatedStore', () => {
  test('without faults and latency answers at once', async () => {
    const { clock, store } = simulation({});
    expect((await store.transact(inserting('a'), 'n')).ok).toBe(true);
    expect((await store.transact(inserting('a'), 'm')).ok).toBe(false);
    expect(await store.renew([{ key: keyOf('a'), owner: 'o', fence: 1, ms: 5 }])).toEqual(['held']);
    expect((await store.list({ kind: 'call', limit: 5 })).records).toHaveLength(1);
    expect([clock.monotonic(), clock.pending, store.inFlight]).toEqual([0, 0, 0]);
    expect(store.history.map(({ event }) => event)).toEqual([
      'sent',
      'applied',
      'answered',
      'sent',
      'refused',
      'answered',
      'sent',
      'applied',
      'answered',
      'sent',
      'applied',
      'answered',
    ]);
  });

  test('lost before: the caller sees an unknown outcome and nothing is ever written', async () => {
    const { clock, store } = simulation(['lostBefore']);
    await expect(store.transact(inserting('a'), 'n')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      details: { applied: 'unknown' },
    });
    await clock.advance(1_000_000);
    expect(await stored(store, 'a')).toBeUndefined();
  });

  test('lost after: the caller sees an unknown outcome, and it was written; a resend tells', async () => {
    const { store } = simulation(['lostAfter']);
    await expect(store.transact(inserting('a'), 'n')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await stored(store, 'a')).toBe('value');
    expect((await store.transact(inserting('a'), 'n')).ok).toBe(true);
  });

  test('late landing: it is written long after the caller saw the error, as it was when it was sent', async () => {
    const { clock, store } = simulation(['lateLanding'], { late: 10_000 });
    const write = { key: keyOf('a'), value: 'as sent' };
    const sending = store.transact({ expect: [{ key: write.key, revision: undefined }], write: [write] }, 'n');
    await expect(sending).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    write.value = 'changed since';
    await clock.advance(9_999);
    expect([await stored(store, 'a'), store.inFlight]).toEqual([undefined, 1]);
    await clock.advance(10_001);
    expect([await stored(store, 'a'), store.inFlight]).toEqual(['as sent', 0]);
  });

  test('answered late: it is written at once and answered long after', async () => {
    const { clock, store } = simulation(['answeredLate'], { late: 10_000 });
    const caller = outcome(store.transact(inserting('a'), 'n'), clock);
    await clock.advance(9_999);
    expect([await stored(store, 'a'), caller.seen()]).toEqual(['value', 'nothing yet']);
    await clock.advance(10_001);
    expect(caller.seen()).toMatch(/^an answer at 1\d{4}/);
  });

  test('duplicated: the same transaction arrives once more, and changes nothing any more', async () => {
    const { clock, store } = simulation(['duplicated'], { delay: 500 });
    const first = await store.transact(inserting('a'), 'n');
    await clock.advance(500);
    expect(store.history.map(({ event }) => event)).toEqual(['sent', 'applied', 'answered', 'applied again']);
    expect((await store.truth.list({ kind: 'call', limit: 5 })).records).toEqual([first.records[0]]);
  });

  test('delayed: it arrives and answers within the delay each', async () => {
    const { clock, store } = simulation(['delayed'], { delay: 500 });
    const caller = outcome(store.transact(inserting('a'), 'n'), clock);
    await clock.settle();
    expect([await stored(store, 'a'), caller.seen()]).toEqual([undefined, 'nothing yet']);
    await clock.advance(1_000);
    expect([await stored(store, 'a'), caller.seen()]).toEqual(['value', expect.stringMatching(/^an answer at \d+/)]);
  });

  test('woken early and never woken: a watch ends although nothing moved, or only with its signal', async () => {
    const { clock, store } = simulation(['wokenEarly', 'neverWoken'], { delay: 500 });
    const controller = new AbortController();
    const early = outcome(store.watch(keyOf('a'), undefined, controller.signal), clock);
    const deaf = outcome(store.watch(keyOf('a'), undefined, controller.signal), clock);
    await clock.advance(501);
    expect([early.seen(), deaf.seen()]).toEqual([expect.stringMatching(/^an answer/), 'nothing yet']);
    await store.transact(inserting('a'), 'n');
    await clock.advance(1_000);
    expect(deaf.seen()).toBe('nothing yet');
    controller.abort();
    await clock.settle();
    expect(deaf.seen()).toBe('an answer at 1501');
  });

  test('after calm() no new call suffers, and what is under way still lands', async () => {
    const { clock, store } = simulation({ lateLanding: 1 });
    await expect(store.transact(inserting('a'), 'n')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    store.calm();
    expect((await store.transact(inserting('b'), 'm')).ok).toBe(true);
    expect(await stored(store, 'a')).toBeUndefined();
    await clock.advance(100_000);
    expect(await stored(store, 'a')).toBe('value');
  });

  test('a landing after the close finds no store and disturbs nobody', async () => {
    const { clock, store } = simulation(['lateLanding']);
    await expect(store.transact(inserting('a'), 'n')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await store.close();
    await clock.advance(100_000);
    expect(store.inFlight).toBe(0);
    await expect(store.transact(inserting('a'), 'n')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      details: { applied: 'no' },
    });
  });

  /** Three workers, each claiming and renewing over an unreliable way. */
  async function traffic(seed: number, calls = 60): Promise<SimulatedStore> {
    const clock = manualClock(0);
    const faults = Object.fromEntries(simulatedFaults.map((fault) => [fault, 0.12])) as Record<SimulatedFault, number>;
    const store = simulatedStore({ seed, clock, faults, latency: 5, delay: 200, late: 1_000 });
    const work = async (worker: number): Promise<void> => {
      for (let call = 0; call < calls; call++) {
        await store.transact(inserting(`${worker} ${call % 7}`, `${call}`), `n${worker}x${call}`).catch(() => {});
        await store.renew([{ key: keyOf(`${worker} ${call % 7}`), owner: 'o', fence: 1, ms: 100 }]).catch(() => {});
        const controller = new AbortController();
        const cancel = clock.schedule(() => controller.abort(), 50);
        await store.watch(keyOf('never'), undefined, controller.signal);
        cancel();
      }
    };
    await clock.runUntil(Promise.all([work(1), work(2), work(3)]));
    await clock.advance(10_000);
    return store;
  }

  test('every kind of fault strikes in mixed traffic, about as often as it was asked for', async () => {
    const { struck } = await traffic(1, 200);
    for (const fault of ['delayed', 'lostBefore', 'lostAfter', 'duplicated', 'answeredLate', 'lateLanding'] as const) {
      expect(struck[fault], fault).toBeGreaterThan(1_200 * 0.12 * 0.6);
      expect(struck[fault], fault).toBeLessThan(1_200 * 0.12 * 1.4);
    }
    for (const fault of ['wokenEarly', 'neverWoken'] as const)
      expect(struck[fault], fault).toBeGreaterThan(600 * 0.12 * 0.6);
  });

  test('the same seed gives the same history, another seed another one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const [first, again, other] = [await traffic(seed, 8), await traffic(seed, 8), await traffic(seed + 1, 8)];
        expect(again.describeHistory()).toBe(first.describeHistory());
        expect(other.describeHistory()).not.toBe(first.describeHistory());
        expect(first.inFlight).toBe(0);
      }),
      { numRuns: 20 },
    );
  });

  test('the history names call, method, fault and records, one line each', async () => {
    const { store } = simulation(['lostAfter']);
    await store.transact(inserting('a'), 'n').catch(() => {});
    expect(store.describeHistory().split('\n')).toEqual([
      '0 ms  #1 transact sent (lostAfter): n [call/0/a]',
      '0 ms  #1 transact applied (lostAfter): n [call/0/a]',
      '0 ms  #1 transact error seen (lostAfter): n [call/0/a]',
    ]);
  });
});

describe('seededRandom', () => {
  test('repeats by seed, stays in range and is spread evenly', () => {
    const [one, two] = [seededRandom(42), seededRandom(42)];
    const buckets = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 20_000; draw++) {
      const number = one();
      expect(two()).toBe(number);
      if (!(number >= 0 && number < 1)) expect.unreachable(`out of range: ${number}`);
      const bucket = Math.floor(number * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 2_000)).toBeLessThan(200);
    expect(seededRandom(43)()).not.toBe(seededRandom(42)());
  });
});
