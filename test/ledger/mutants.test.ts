import { afterEach, describe, expect, it, vi } from 'vitest';
import { committed, ledger, NotExecutedError, notExecuted } from '../../src/index.js';
import { callKey } from '../../src/ledger/identity.js';
import { failAt, WorkerLostError } from '../../src/testing/index.js';
import {
  failure,
  latch,
  outcome,
  unreachable,
  type Way,
  type Worker,
  type World,
  world,
  writtenRecord,
} from './workers.js';

/**
 * Defects that a suite for at-most-once must find. Each is built into the engine here, by breaking the one rule it
 * is about or the way to the store, and the scenario that finds it is run with it and without it.
 */
const broken = vi.hoisted(() => ({ rule: 'none' }));

vi.mock('../../src/ledger/resolution.js', async (original) => {
  const rules = await original<typeof import('../../src/ledger/resolution.js')>();
  return {
    ...rules,
    answerCompletion: (...given: Parameters<typeof rules.answerCompletion>) =>
      broken.rule === 'complete without fence' ? 'accept' : rules.answerCompletion(...given),
    claimedRecord: (...given: Parameters<typeof rules.claimedRecord>) => {
      const record = rules.claimedRecord(...given);
      return broken.rule === 'fence reset on re-claim' ? { ...record, fence: 1 } : record;
    },
    classifyThrow: (...given: Parameters<typeof rules.classifyThrow>) =>
      broken.rule === 'forget the record on a throw'
        ? { phase: 'aborted', aborted: 'not-executed' }
        : rules.classifyThrow(...given),
    committedRecord: (...given: Parameters<typeof rules.committedRecord>) => {
      const record = rules.committedRecord(...given);
      return broken.rule === 'payload hash not stored at completion' ? { ...record, fingerprint: '' } : record;
    },
  };
});

vi.mock('../../src/ledger/transition.js', async (original) => {
  const table = await original<typeof import('../../src/ledger/transition.js')>();
  return {
    ...table,
    decide: (...given: Parameters<typeof table.decide>) =>
      broken.rule === 'orphan taken over on expiry' && given[0].standing === 'ambiguous-expired'
        ? 'RECLAIM'
        : table.decide(...given),
  };
});

vi.mock('../../src/ledger/waiting.js', async (original) => {
  const waiting = await original<typeof import('../../src/ledger/waiting.js')>();
  return {
    ...waiting,
    waitForMove: async (...given: Parameters<typeof waiting.waitForMove>) => {
      try {
        await waiting.waitForMove(...given);
      } catch (error) {
        const [engine, , view] = given;
        const { key, revision, value } = view.seen.stored;
        if (broken.rule === 'rejected duplicate releases the holder') {
          const free = value.replace('"phase":"attempting"', '"phase":"aborted","aborted":"not-executed"');
          await engine.client.transact({ expect: [{ key, revision }], write: [{ key, value: free }] }, engine.nonce());
        }
        throw error;
      }
    },
  };
});

interface Input {
  readonly id: string;
}

interface Shop {
  readonly w: World;
  /** A worker whose way to the store has the defect in it, when it is one of the way. */
  worker(options?: { wallAhead?: number }): Worker;
}

/** @returns what was wrong; nothing is as it should be. */
type Scenario = (shop: Shop) => Promise<string[]>;

interface Mutant {
  readonly mutant: string;
  /** The test that kills it. */
  readonly killedBy: string;
  /** What it then finds. */
  readonly finds: string;
  readonly scenario: Scenario;
  /** For a defect on the way to the store. */
  readonly way?: (w: World, worker: Worker) => Way;
}

/** A stalled worker, superseded by one that finishes; then the stalled one finishes too. */
const superseded: Scenario = async ({ w, worker }) => {
  const gate = latch<string>();
  let bodies = 0;
  const make = (on: Worker) =>
    ledger({ name: 'tool', effect: 'idempotent_mutate', ledger: on.home, idFrom: ['id'] })(async (_: Input) => {
      bodies += 1;
      return bodies === 1 ? gate.promise : 'of the newer claim';
    });
  const [one, two] = [worker(), worker()];
  const first = outcome(make(one)({ id: 'a' }));
  await w.clock.settle();
  one.way.renew = () => Promise.reject(unreachable('renew'));
  await w.clock.advance(31_000);
  const seen = await make(two)({ id: 'a' });
  gate.open('of the superseded claim');
  await w.clock.runUntil(first);
  const later = await make(two)({ id: 'a' });
  return seen === later ? [] : [`a caller saw ${String(seen)}, a later one ${String(later)}`];
};

/** A service that checks fencing tokens must be able to refuse the older of two attempts. */
const fences: Scenario = async ({ w, worker }) => {
  const tokens: number[] = [];
  const make = (on: Worker) =>
    ledger({ name: 'tool', effect: 'idempotent_mutate', ledger: on.home, idFrom: ['id'] })(async (_: Input, call) => {
      tokens.push(call.fence);
      if (tokens.length < 3) throw new WorkerLostError('after-effect');
      return tokens.length;
    });
  for (let attempt = 0; attempt < 3; attempt++) {
    await outcome(make(worker())({ id: 'a' }));
    await w.clock.advance(31_000);
  }
  return tokens.join() === '1,2,3' ? [] : [`the attempts had the fences ${tokens.join()}`];
};

/** The answer to the first claim is lost on its way back. */
const lostAnswer: Scenario = async ({ w, worker }) => {
  const on = worker();
  let bodies = 0;
  let lost = false;
  const { transact } = on.way;
  on.way.transact = async (transaction, nonce, pass) => {
    const answer = await (transact === undefined ? pass(transaction, nonce) : transact(transaction, nonce, pass));
    if (lost || transaction.write.length === 0) return answer;
    lost = true;
    throw unreachable('transact');
  };
  const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: on.home, idFrom: ['id'] })(
    async (_: Input) => ++bodies,
  );
  await w.clock.runUntil(outcome(tool({ id: 'a' })));
  return bodies === 1 ? [] : [`${bodies} bodies after one lost answer`];
};

/** Two workers, and a store that answers neither. */
const outage: Scenario = async ({ w, worker }) => {
  let effects = 0;
  const [one, two] = [worker(), worker()];
  for (const on of [one, two]) {
    on.reach(false);
    const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: on.home, idFrom: ['id'] })(
      async (_: Input) => ++effects,
    );
    await w.clock.runUntil(outcome(tool({ id: 'a' })));
  }
  return effects === 0 ? [] : [`${effects} effects while the store could not be reached`];
};

const throwAfterEffect: Scenario = async ({ worker }) => {
  let effects = 0;
  const on = worker();
  const tool = ledger({ name: 'tool', effect: 'non_idempotent_mutate', ledger: on.home, idFrom: ['id'] })(
    async (_: Input) => {
      effects += 1;
      throw new Error('socket hang up');
    },
  );
  await outcome(tool({ id: 'a' }));
  await outcome(tool({ id: 'a' }));
  return effects === 1 ? [] : [`${effects} effects`];
};

const mutatedInput: Scenario = async ({ w, worker }) => {
  let bodies = 0;
  const on = worker();
  const tool = ledger({ name: 'tool', effect: 'idempotent_mutate', ledger: on.home, idFrom: ['id'] })(
    async (input: { id: string }) => {
      input.id = 'changed by the body';
      return ++bodies;
    },
  );
  await tool({ id: 'a' });
  await w.clock.advance(31_000);
  await outcome(tool({ id: 'a' }));
  return bodies === 1 ? [] : [`${bodies} bodies for one identity`];
};

/** One worker holds a task; another, whose wall clock is an hour ahead, asks for it. */
const wrongClock: Scenario = async ({ w, worker }) => {
  let at = 0;
  let most = 0;
  const make = (on: Worker) =>
    ledger({ name: 'tool', effect: 'idempotent_mutate', ledger: on.home, idFrom: ['id'], waitFor: 20_000 })(
      async (_: Input) => {
        most = Math.max(most, ++at);
        await w.sleep(10_000);
        at -= 1;
        return 'done';
      },
    );
  const first = outcome(make(worker())({ id: 'a' }));
  await w.clock.settle();
  const second = outcome(make(worker({ wallAhead: 3_600_000 }))({ id: 'a' }));
  await w.clock.runUntil(Promise.all([first, second]));
  return most === 1 ? [] : [`${most} bodies at the same time under one lease`];
};

const orphan: Scenario = async ({ w, worker }) => {
  let effects = 0;
  const make = (on: Worker) =>
    ledger({ name: 'tool', effect: 'irreversible', ledger: on.home, idFrom: ['id'] })(async (_: Input) => ++effects);
  failAt('after-effect');
  await outcome(make(worker())({ id: 'a' }));
  await w.clock.advance(31_000);
  await outcome(make(worker())({ id: 'a' }));
  return effects === 1 ? [] : [`${effects} effects`];
};

const payload: Scenario = async ({ worker }) => {
  const on = worker();
  const tool = ledger({ name: 'tool', effect: 'irreversible', ledger: on.home, idFrom: ['id'] })(
    async (input: { id: string; amount: number }) => input.amount,
  );
  await tool({ id: 'a', amount: 1 });
  const same = await outcome(tool({ id: 'a', amount: 1 }));
  const other = await failure(tool({ id: 'a', amount: 2 }));
  return 'value' in same && other['code'] === 'IDENTITY_CONFLICT'
    ? []
    : ['the same arguments do not get the result, or others do'];
};

const duplicate: Scenario = async ({ w, worker }) => {
  const gate = latch<string>();
  let effects = 0;
  const make = (on: Worker) =>
    ledger({ name: 'tool', effect: 'irreversible', ledger: on.home, idFrom: ['id'], waitFor: 1_000 })(
      async (_: Input) => {
        effects += 1;
        return gate.promise;
      },
    );
  const first = outcome(make(worker())({ id: 'a' }));
  await w.clock.settle();
  await w.clock.runUntil(outcome(make(worker())({ id: 'a' })));
  const third = outcome(make(worker())({ id: 'a' }));
  await w.clock.advance(500);
  gate.open('done');
  await w.clock.runUntil(Promise.all([first, third]));
  return effects === 1 ? [] : [`${effects} effects`];
};

const MUTANTS: readonly Mutant[] = [
  {
    mutant: 'complete without fence',
    killedBy: 'a superseded success does not replace what a caller saw',
    finds: 'a caller saw of the newer claim, a later one of the superseded claim',
    scenario: superseded,
  },
  {
    mutant: 'fence reset on re-claim',
    killedBy: 'every claim has a greater fence',
    finds: 'the attempts had the fences 1,1,1',
    scenario: fences,
  },
  {
    mutant: 'claim without nonce: resent under a fresh one',
    killedBy: 'a claim whose answer was lost is recognized and runs once',
    finds: '0 bodies after one lost answer',
    scenario: lostAnswer,
    way: () => {
      let sent = 0;
      return { transact: (transaction, nonce, pass) => pass(transaction, `${nonce}x${++sent}`) };
    },
  },
  {
    mutant: 'store error read as "not claimed"',
    killedBy: 'nothing runs while the store cannot answer',
    finds: '2 effects while the store could not be reached',
    scenario: outage,
    way: (w) => ({
      transact: async (transaction, nonce, pass) => {
        try {
          return await pass(transaction, nonce);
        } catch {
          const written = transaction.write.map(({ key, value, lease }) => ({
            key,
            value,
            revision: `1:${nonce}`,
            writtenAt: w.clock.wall(),
            ...(lease === undefined
              ? {}
              : { lease: { owner: lease.owner, fence: lease.fence, until: w.clock.wall() + lease.ms } }),
          }));
          return { ok: true, records: written, now: w.clock.wall() };
        }
      },
    }),
  },
  {
    mutant: 'unconditional completion write',
    killedBy: 'a superseded success does not replace what a caller saw',
    finds: 'a caller saw of the newer claim, a later one of the superseded claim',
    scenario: superseded,
    way: (w) => ({
      transact: async (transaction, nonce, pass) => {
        if (writtenRecord(transaction)?.phase !== 'committed') return pass(transaction, nonce);
        const [first, ...others] = transaction.expect;
        const { records } = await w.truth.transact({ expect: [], write: [], read: [first!.key] }, `${nonce}r`);
        return pass(
          { ...transaction, expect: [{ key: first!.key, revision: records[0]?.revision }, ...others] },
          nonce,
        );
      },
    }),
  },
  {
    mutant: 'forget the record on a throw',
    killedBy: 'a throw after the effect blocks the next call',
    finds: '2 effects',
    scenario: throwAfterEffect,
  },
  {
    mutant: 'key recomputed after the run',
    killedBy: 'a body that changes its input completes the call it was claimed for',
    finds: '2 bodies for one identity',
    scenario: mutatedInput,
    way: (w) => ({
      transact: (transaction, nonce, pass) => {
        if (writtenRecord(transaction)?.phase !== 'committed') return pass(transaction, nonce);
        const parts = JSON.stringify(['changed by the body', null, 1]);
        const key = callKey(
          { ledger: 'default', tenant: undefined, kind: 'tool', tool: 'tool', parts },
          w.truth.partitions,
        );
        return pass(
          { expect: [{ key, revision: undefined }], write: transaction.write.map((write) => ({ ...write, key })) },
          nonce,
        );
      },
    }),
  },
  {
    mutant: 'lease decided by the worker’s own clock',
    killedBy: 'a worker whose clock is wrong waits for the lease like all others',
    finds: '2 bodies at the same time under one lease',
    scenario: wrongClock,
    way: (_w, worker) => ({
      transact: async (transaction, nonce, pass) => {
        const expect = transaction.expect.map(({ key, revision }) => ({ key, revision }));
        return { ...(await pass({ ...transaction, expect }, nonce)), now: worker.engine.clock.wall() };
      },
    }),
  },
  {
    mutant: 'orphan taken over on expiry',
    killedBy: 'a call whose worker was lost after its effect is not run again',
    finds: '2 effects',
    scenario: orphan,
  },
  {
    mutant: 'payload hash not stored at completion',
    killedBy: 'a finished call knows its arguments',
    finds: 'the same arguments do not get the result, or others do',
    scenario: payload,
  },
  {
    mutant: 'rejected duplicate releases the holder',
    killedBy: 'a duplicate that gave up waiting leaves the holder alone',
    finds: '2 effects',
    scenario: duplicate,
  },
];

async function play({ scenario, way }: Pick<Mutant, 'scenario' | 'way'>): Promise<string[]> {
  const w = world();
  return scenario({
    w,
    worker(options) {
      const worker = w.worker(options);
      if (way !== undefined) Object.assign(worker.way, way(w, worker));
      return worker;
    },
  });
}

afterEach(() => {
  broken.rule = 'none';
});

describe.each(MUTANTS)('$killedBy', ({ mutant, finds, scenario, way }) => {
  it('holds', async () => {
    expect(await play({ scenario })).toEqual([]);
  });

  it(`kills the mutant: ${mutant}`, async () => {
    broken.rule = mutant;
    expect(await play({ scenario, ...(way === undefined ? {} : { way }) })).toEqual([finds]);
  });
});

describe('what a mutant must not take with it', () => {
  it('verdicts and refusals that settle a call still do', async () => {
    const w = world();
    const say = { found: false };
    const make = (on: Worker) =>
      ledger({
        name: 'tool',
        effect: 'non_idempotent_mutate',
        ledger: on.home,
        idFrom: ['id'],
        settleAfter: 0,
        reconcile: () => (say.found ? committed('found') : notExecuted('none')),
      })(async (_: Input): Promise<string> => {
        throw new NotExecutedError('declined');
      });
    failAt('before-effect');
    await outcome(make(w.worker())({ id: 'a' }));
    expect(await w.clock.runUntil(failure(make(w.worker())({ id: 'a' })))).toMatchObject({ code: 'NOT_EXECUTED' });
    failAt('before-effect');
    await outcome(make(w.worker())({ id: 'b' }));
    say.found = true;
    expect(await w.clock.runUntil(make(w.worker())({ id: 'b' }))).toBe('found');
  });
});
