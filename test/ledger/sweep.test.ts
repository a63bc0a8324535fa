import { describe, expect, it } from 'vitest';
import { committed, ledger, notExecuted, type ReconcileQuestion, unknown, type Verdict } from '../../src/index.js';
import { WorkerLostError } from '../../src/testing/index.js';
import { failure, type Worker, world } from './workers.js';

type Input = { readonly id: string };

/** Payments whose workers are lost with the effect done, and what the provider says of them. */
async function lostPayments(ids: readonly string[], say: (question: ReconcileQuestion<Input>) => Verdict<unknown>) {
  const w = world();
  const questions: ReconcileQuestion<Input>[] = [];
  let bodies = 0;
  const make = (worker: Worker) =>
    ledger({
      name: 'pay',
      effect: 'non_idempotent_mutate',
      ledger: worker.home,
      idFrom: ['id'],
      reconcile: async (question) => {
        questions.push(question as ReconcileQuestion<Input>);
        return say(question as ReconcileQuestion<Input>);
      },
    })(async (input: Input): Promise<unknown> => {
      bodies += 1;
      if (ids.includes(input.id) && bodies <= ids.length) throw new WorkerLostError('after-effect');
      return `body ${bodies}`;
    });
  const pay = make(w.worker());
  for (const id of ids) await failure(pay({ id }));
  return { w, make, questions, bodies: () => bodies };
}

describe('a sweep', () => {
  it('settles what was lost without anybody calling again, and asks once for each call', async () => {
    const { w, make, questions, bodies } = await lostPayments(['a', 'b', 'c'], ({ requestId }) =>
      requestId === 'c' ? unknown('the bank indexes with a delay') : committed(`paid ${requestId}`),
    );
    const worker = w.worker();
    const pay = make(worker);
    await w.clock.advance(31_000);
    const report = await w.clock.runUntil(worker.home.sweep({ tools: [pay] }));
    expect(report).toMatchObject({ complete: true, examined: 3, committed: 2, notExecuted: 0, movedOn: 0 });
    expect(report.unsettled).toMatchObject([{ requestId: 'c', tool: 'pay' }]);
    expect(report.unsettled[0]?.why).toContain('the bank indexes with a delay');
    expect(questions.map(({ input }) => input.id).sort()).toEqual(['a', 'b', 'c']);
    expect(await pay({ id: 'a' })).toBe('paid a');
    expect(bodies()).toBe(3);
  });

  it('leaves alone what a worker still holds', async () => {
    const { w, make, questions } = await lostPayments(['a'], () => committed('paid'));
    const worker = w.worker();
    await w.clock.advance(10_000);
    expect(await w.clock.runUntil(worker.home.sweep({ tools: [make(worker)] }))).toMatchObject({ examined: 0 });
    expect(questions).toEqual([]);
  });

  it('does not believe "not executed" before a late arrival is out of the question, and does not wait for it', async () => {
    const { w, make } = await lostPayments(['a'], () => notExecuted('no such reference'));
    const worker = w.worker();
    const pay = make(worker);
    await w.clock.advance(31_000);
    const early = await w.clock.runUntil(worker.home.sweep({ tools: [pay] }));
    expect(early).toMatchObject({ examined: 1, notExecuted: 0 });
    expect(early.unsettled[0]?.why).toContain('late arrival');
    await w.clock.advance(31_000);
    expect(await w.clock.runUntil(worker.home.sweep({ tools: [pay] }))).toMatchObject({
      notExecuted: 1,
      unsettled: [],
    });
    expect(await w.record()).toMatchObject({ phase: 'aborted', aborted: 'not-executed' });
  });

  it('that races with others asks the provider once', async () => {
    const { w, make, questions } = await lostPayments(['a'], () => committed('paid'));
    await w.clock.advance(31_000);
    const workers = Array.from({ length: 5 }, () => w.worker());
    const reports = await w.clock.runUntil(
      Promise.all(workers.map((worker) => worker.home.sweep({ tools: [make(worker)] }))),
    );
    expect(questions).toHaveLength(1);
    expect(reports.reduce((sum, report) => sum + report.committed, 0)).toBe(1);
  });

  it('leaves alone what others have settled since it was listed', async () => {
    const { w, make, questions } = await lostPayments(['a'], () => committed('paid'));
    await w.clock.advance(31_000);
    const [first, slow] = [w.worker(), w.worker()];
    let settled = false;
    slow.way.transact = async (transaction, nonce, pass) => {
      if (!settled) {
        settled = true;
        await first.home.sweep({ tools: [make(first)] });
      }
      return pass(transaction, nonce);
    };
    const report = await w.clock.runUntil(slow.home.sweep({ tools: [make(slow)] }));
    expect(report).toMatchObject({ examined: 1, committed: 0, movedOn: 1, unsettled: [] });
    expect(questions).toHaveLength(1);
    expect(await w.record()).toMatchObject({ phase: 'committed', fence: 1 });
    expect(await w.record()).not.toHaveProperty('resolver');
  });

  it('is refused for a tool that has nobody to ask', async () => {
    const { home } = world().worker();
    const mute = ledger({ name: 'mute', effect: 'irreversible', idFrom: ['id'], ledger: home })(async (_: Input) => 1);
    await expect(home.sweep({ tools: [mute] })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('mute has no reconciler'),
    });
    await expect(home.sweep({ tools: [async () => 1] })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
