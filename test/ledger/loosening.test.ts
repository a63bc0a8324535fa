import { describe, expect, it } from 'vitest';
import { ActionLedger, type EffectClass, ledger, run, withCall } from '../../src/index.js';
import { memoryStore } from '../../src/store/memory.js';
import { failAt } from '../../src/testing/index.js';
import { failure, world } from './workers.js';

interface Input {
  readonly id: string;
}

const CONSEQUENTIAL = ['keyed_mutate', 'non_idempotent_mutate', 'irreversible'] as const;

/** One tool whose class changes from deploy to deploy, over one store. */
function deploys() {
  const w = world();
  const { home } = w.worker();
  let bodies = 0;
  const as = (effect: EffectClass | undefined) =>
    ledger({ name: 'pay', ...(effect === undefined ? {} : { effect }), ledger: home, idFrom: ['id'] })(
      async (_: Input) => ++bodies,
    );
  return { w, home, as, bodies: () => bodies };
}

describe('a tool that is declared a read after it was more', () => {
  it.each(CONSEQUENTIAL)('gives what it did as %s, and does not do it again', async (effect) => {
    const { as, bodies } = deploys();
    expect(await as(effect)({ id: 'a' })).toBe(1);
    const read = as('read');
    expect(await read({ id: 'a' })).toBe(1);
    expect(await run({ runId: 'r' }, () => read({ id: 'a' }))).toBe(1);
    expect(bodies()).toBe(1);
    // What it did not do then is read, and remembered for its run only.
    expect(await read({ id: 'b' })).toBe(2);
    expect(await read({ id: 'b' })).toBe(3);
  });

  it.each(CONSEQUENTIAL)('is blocked where it was lost as %s, until that is settled', async (effect) => {
    const { w, home, as, bodies } = deploys();
    failAt('after-effect');
    await failure(as(effect)({ id: 'a' }));
    await w.clock.advance(31_000);
    expect(await failure(as('read')({ id: 'a' }))).toMatchObject({ code: 'LEDGER_BLOCKED' });
    expect(bodies()).toBe(1);
    const { calls } = await home.list({ stuck: true });
    await home.release(calls[0]?.id ?? '', { as: 'not-executed', by: 'ada', reason: 'looked' });
    expect(await as('read')({ id: 'a' })).toBe(2);
  });

  it('holds for a request id, and for those who own their loop', async () => {
    const { home, as, bodies } = deploys();
    await withCall(as('irreversible'), { requestId: 'x' })({ id: 'a' });
    expect(await withCall(as('read'), { requestId: 'x' })({ id: 'a' })).toBe(1);
    const begun = await home.begin({ name: 'pay', effect: 'read' }, { id: 'a' }, { requestId: 'x' });
    expect(begun).toMatchObject({ gate: 'RETURN', result: 1 });
    expect(bodies()).toBe(1);
  });

  it('reads anew what was not declared, or might run again', async () => {
    for (const earlier of [undefined, 'idempotent_mutate', 'read'] as const) {
      const { as } = deploys();
      expect(await as(earlier)({ id: 'a' })).toBe(1);
      expect(await as('read')({ id: 'a' })).toBe(2);
    }
  });

  it('costs a read with a business id one round trip more when it is fresh, and nothing else anything', async () => {
    const store = memoryStore();
    let trips = 0;
    const counting = new Proxy(store, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (name === 'transact') trips += 1;
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    const home = new ActionLedger({ store: counting });
    const cost = async (work: () => Promise<unknown>): Promise<number> => {
      const before = trips;
      await work();
      return trips - before;
    };
    trips = 0;
    const byId = ledger({ name: 'by_id', effect: 'read', ledger: home, idFrom: ['id'] })(async (_: Input) => 1);
    const byRun = ledger({ name: 'by_run', effect: 'read', ledger: home })(async (_: Input) => 1);
    await run({ runId: 'r' }, async () => {
      expect(await cost(() => byId({ id: 'a' }))).toBe(3);
      expect(await cost(() => byId({ id: 'a' }))).toBe(1);
      expect(await cost(() => byRun({ id: 'a' }))).toBe(2);
      expect(await cost(() => byRun({ id: 'a' }))).toBe(1);
    });
  });
});
