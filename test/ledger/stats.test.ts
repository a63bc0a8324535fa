import { describe, expect, it } from 'vitest';
import { type EffectClass, ledger, NotExecutedError } from '../../src/index.js';
import { WorkerLostError } from '../../src/testing/index.js';
import { failure, latch, type Worker, world } from './workers.js';

const who = { by: 'ann', reason: 'looked at the bank' };

function tool(worker: Worker, name: string, effect: EffectClass, body: () => unknown) {
  return ledger({ name, effect, idFrom: ['id'], ledger: worker.home, keyValidFor: '24h' })(
    async (_: { id: string }, call): Promise<unknown> => {
      void call.idempotencyKey;
      return body();
    },
  );
}
const lost = (): never => {
  throw new WorkerLostError('after-effect');
};

describe('statistics', () => {
  it('say how often calls ran again, and why', async () => {
    const w = world();
    const [first, second] = [w.worker(), w.worker()];
    await failure(tool(first, 'read', 'idempotent_mutate', lost)({ id: 'a' }));
    await failure(tool(first, 'keyed', 'keyed_mutate', lost)({ id: 'a' }));
    await failure(tool(first, 'pay', 'irreversible', lost)({ id: 'a' }));
    await failure(
      tool(first, 'refused', 'irreversible', () => {
        throw new NotExecutedError('no funds');
      })({ id: 'a' }),
    );
    await w.clock.advance(31_000);
    const { calls } = await second.home.list({ tool: 'pay' });
    await second.home.release(calls[0]!.id, { ...who, as: 'not-executed' });
    for (const [name, effect] of [
      ['read', 'idempotent_mutate'],
      ['keyed', 'keyed_mutate'],
      ['pay', 'irreversible'],
      ['refused', 'irreversible'],
    ] as const) {
      const again = tool(second, name, effect, () => 'done');
      await again({ id: 'a' });
      await again({ id: 'a' });
    }
    const stats = new Map((await second.home.stats()).map((one) => [one.tool, one]));
    expect(stats.get('read')).toMatchObject({ calls: 1, committed: 1, reruns: { 'class-allows': 1 }, takeovers: 1 });
    expect(stats.get('keyed')).toMatchObject({ reruns: { 'same-key': 1 }, takeovers: 1, duplicates: 0 });
    expect(stats.get('pay')).toMatchObject({ reruns: { released: 1 }, takeovers: 0, replays: 1, duplicateRate: 0 });
    expect(stats.get('refused')).toMatchObject({ reruns: { 'not-executed': 1 }, takeovers: 0 });
    // Replays cost no write, so each process knows its own.
    expect((await first.home.stats()).map(({ replays }) => replays)).toEqual([0, 0, 0, 0]);
  });

  it('count what waits for somebody, and what is under way', async () => {
    const w = world();
    const [first, second] = [w.worker(), w.worker()];
    await failure(tool(first, 'pay', 'irreversible', lost)({ id: 'a' }));
    await w.clock.advance(31_000);
    const gate = latch();
    const running = tool(first, 'pay', 'irreversible', () => gate.promise)({ id: 'b' });
    const waiting = tool(second, 'pay', 'irreversible', lost)({ id: 'b' });
    await w.clock.settle();
    expect(await second.home.stats()).toMatchObject([{ calls: 2, blocked: 1, running: 1, committed: 0, waits: 1 }]);
    gate.open();
    await w.clock.runUntil(Promise.all([running, waiting]));
  });

  it('show a duplicate that a wrong release has made', async () => {
    const w = world();
    const [slow, other] = [w.worker(), w.worker()];
    const gate = latch();
    const late = tool(slow, 'pay', 'irreversible', () => gate.promise.then(() => 'late'))({ id: 'a' });
    await w.clock.settle();
    slow.reach(false);
    await w.clock.advance(40_000);
    const { calls } = await other.home.list();
    await other.home.release(calls[0]!.id, { ...who, as: 'not-executed' });
    expect(await tool(other, 'pay', 'irreversible', () => 'again')({ id: 'a' })).toBe('again');
    expect(await other.home.stats()).toMatchObject([{ duplicates: 0 }]);
    slow.reach(true);
    gate.open();
    // Every caller is given what is recorded; that there was another effect is kept, and counted.
    expect(await w.clock.runUntil(late)).toBe('again');
    expect(await other.home.stats()).toMatchObject([{ calls: 1, duplicates: 1, duplicateRate: 1 }]);
  });
});
