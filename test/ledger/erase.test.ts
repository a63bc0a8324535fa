import { describe, expect, it } from 'vitest';
import { ledger } from '../../src/index.js';
import { WorkerLostError } from '../../src/testing/index.js';
import { failure, type Worker, world } from './workers.js';

const who = { by: 'ann', reason: 'request 12 of a customer' };
const SECRET = 'secret-4711';

function payment(worker: Worker, outcome: () => unknown = () => ({ charge: SECRET })) {
  return ledger({ name: 'pay', effect: 'irreversible', ledger: worker.home, idFrom: ['id'] })(
    async (_: { id: string; card: string }) => outcome(),
  );
}

describe('erasing a call', () => {
  it('takes its values out of everything that is stored, and keeps it from running again', async () => {
    const w = world();
    const worker = w.worker();
    let bodies = 0;
    const pay = payment(worker, () => ({ charge: SECRET, body: ++bodies }));
    await pay({ id: 'a', card: SECRET });
    const { id } = (await worker.home.list()).calls[0]!;
    // A life of the identity that was retired has values, too.
    await worker.home.retire(id, who);
    await pay({ id: 'a', card: SECRET });
    const view = await worker.home.erase(id, who);
    expect(view).toMatchObject({ phase: 'committed', erased: { who: 'ann', reason: who.reason }, replayable: false });
    expect(view).not.toHaveProperty('input');
    expect(view).not.toHaveProperty('result');
    const kinds = ['tool', 'retired', 'evidence'];
    const stored = (await Promise.all(kinds.map((kind) => w.truth.list({ kind, limit: 100 })))).flatMap(
      (page) => page.records,
    );
    expect(stored.map(({ key }) => key.kind)).toEqual(['tool', 'retired']);
    expect(JSON.stringify(stored)).not.toContain(SECRET);
    expect(await failure(pay({ id: 'a', card: SECRET }))).toMatchObject({ code: 'RESULT_NOT_REPLAYABLE' });
    expect(await failure(pay({ id: 'a', card: 'another' }))).toMatchObject({ code: 'IDENTITY_CONFLICT' });
    expect(bodies).toBe(2);
  });

  it('is refused while the call is not settled, and for whoever gives no reason', async () => {
    const w = world();
    const worker = w.worker();
    const pay = payment(worker, () => {
      throw new WorkerLostError('after-effect');
    });
    await failure(pay({ id: 'a', card: SECRET }));
    const { id } = (await worker.home.list()).calls[0]!;
    expect(await failure(worker.home.erase(id, who))).toMatchObject({ code: 'RELEASE_REFUSED' });
    await w.clock.advance(31_000);
    expect(await failure(worker.home.erase(id, who))).toMatchObject({ code: 'RELEASE_REFUSED' });
    expect(await failure(worker.home.erase(id, { ...who, reason: ' ' }))).toMatchObject({ code: 'USAGE' });
    expect(await failure(worker.home.erase('0123', who))).toMatchObject({ code: 'CALL_NOT_FOUND' });
  });
});
