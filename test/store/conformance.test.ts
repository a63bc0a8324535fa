import { AssertionError } from 'node:assert';
import { describe, expect, test } from 'vitest';
import { memoryStore } from '../../src/store/memory.js';
import {
  type ConformanceCase,
  runConformanceCase,
  runStoreConformance,
  type StoreFactory,
  storeConformance,
} from '../../src/testing/conformance.js';
import { manualClock } from '../../src/testing/manual-clock.js';
import { simulatedStore } from '../../src/testing/simulated-store.js';
import { clientOf } from './memory-client.js';

const manualMemory: StoreFactory = () => {
  const clock = manualClock();
  const store = memoryStore({ clock: clock.now });
  return { store, advance: (milliseconds) => clock.advance(milliseconds) };
};

const realMemory: StoreFactory = () => ({ store: memoryStore() });

const onePartition: StoreFactory = () => ({ store: memoryStore({ partitions: 1 }) });

/** Clients that close one by one over data that outlives them, as processes over a server have them. */
const sharedMemory: StoreFactory = () => {
  const clock = manualClock();
  const inner = memoryStore({ clock: clock.now });
  return {
    store: clientOf(inner),
    advance: (milliseconds) => clock.advance(milliseconds),
    second: async () => clientOf(inner),
    reopen: async () => clientOf(inner),
    dispose: () => inner.close(),
  };
};

const calmSimulation: StoreFactory = () => {
  const clock = manualClock();
  return { store: simulatedStore({ seed: 1, clock }), advance: (milliseconds) => clock.advance(milliseconds) };
};

/** What needs more than one client; the memory store ends with its close, and nothing else reaches its data. */
const forOthers = storeConformance.filter(({ needs }) => needs !== undefined).map(({ name }) => name);

describe.each([
  ['memory store on a manual clock', manualMemory],
  ["memory store on the machine's clock", realMemory],
  ['memory store with one partition', onePartition],
  ['simulated store without faults', calmSimulation],
])('%s', (_, factory) => {
  test.each(storeConformance.filter(({ needs }) => needs === undefined))('$name', async (one: ConformanceCase) => {
    expect(await runConformanceCase(one, factory)).toBe('passed');
  });
});

test.each(storeConformance)('several clients of one memory: $name', async (one: ConformanceCase) => {
  expect(await runConformanceCase(one, sharedMemory)).toBe('passed');
});

describe('the suite itself', () => {
  test('leaves out what the factory cannot offer, and says so', async () => {
    const results = await runStoreConformance(manualMemory, { only: forOthers });
    expect(results.length).toBeGreaterThan(5);
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['left out']));
  });

  test('gives every case a name of its own and a reason', () => {
    expect(new Set(storeConformance.map(({ name }) => name)).size).toBe(storeConformance.length);
    for (const { why } of storeConformance) expect(why).toMatch(/^.{20,}\.$/u);
  });

  test('refuses to run a case that does not exist', async () => {
    await expect(runStoreConformance(manualMemory, { only: ['no such case'] })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  test('ends a case whose store never answers, and names the rule', async () => {
    const silent: StoreFactory = () => ({
      store: Object.assign(memoryStore(), { transact: () => new Promise<never>(() => {}) }),
    });
    const [result] = await runStoreConformance(silent, { only: ['an insert puts the record in place'], timeout: 50 });
    expect(result?.outcome).toBe('failed');
    expect(result?.error).toBeInstanceOf(AssertionError);
    expect(result?.error).toHaveProperty('message', expect.stringContaining('a call was never answered'));
  });

  test('closes every client and disposes of what the factory made, also after a failure', async () => {
    const closed: string[] = [];
    const opening = (name: string) => {
      const store = memoryStore();
      return Object.assign(store, {
        close: async () => void closed.push(name),
        transact: async () => {
          throw new Error('broken');
        },
      });
    };
    const broken: StoreFactory = () => ({
      store: opening('first'),
      second: async () => opening('second'),
      dispose: async () => void closed.push('disposed'),
    });
    const [result] = await runStoreConformance(broken, { only: ['what one client wrote the other finds'] });
    expect(result?.outcome).toBe('failed');
    expect(closed).toEqual(['first', 'second', 'disposed']);
  });
});
