import { describe, expect, it } from 'vitest';
import { committed, type LedgerOptions, ledger, NotExecutedError, unknown } from '../../src/index.js';
import type { CallRecord } from '../../src/ledger/record.js';
import {
  auditReceipts,
  checkReceipt,
  generateSigningKey,
  keyring,
  publicJwk,
  type Receipt,
} from '../../src/receipts/index.js';
import { onFaultPoint, WorkerLostError } from '../../src/testing/index.js';
import { failure, type Worker, type World, world } from './workers.js';

const { seed, signer } = generateSigningKey();
const keys = keyring([publicJwk(signer.publicKey)]);
const receipts = auditReceipts({ agent: 'billing', signingKey: seed });
const who = { by: 'ann', reason: 'looked at the bank' };

type Input = { readonly id: string };

function tool(worker: Worker, body: (input: Input) => unknown, options: Partial<LedgerOptions<'id'>> = {}) {
  return ledger({ name: 'pay', effect: 'non_idempotent_mutate', idFrom: ['id'], ledger: worker.home, ...options })(
    async (input: Input): Promise<unknown> => body(input),
  );
}

/** Every receipt that is stored, checked, with where it lies; the earliest first. */
async function stored(w: World): Promise<Receipt[]> {
  const { records } = await w.truth.list({ kind: 'receipt', limit: 100 });
  const all = records.map(({ key, value, index }) => {
    const verdict = checkReceipt(value, keys);
    if (!verdict.ok) throw new Error(verdict.detail);
    const { receipt } = verdict;
    expect(key).toMatchObject({
      id: receipt.id,
      partition: Number.parseInt(receipt.call.slice(0, 8), 16) % w.truth.partitions,
    });
    expect(index).toEqual({ ledger: 'default', call: receipt.call, unsealed: 'yes' });
    return receipt;
  });
  return all.sort((one, other) => one.at - other.at || one.fence - other.fence);
}

const lost = (): never => {
  throw new WorkerLostError('after-effect');
};

describe('a receipt', () => {
  it('stands beside the result that it is for, and says what happened', async () => {
    const w = world();
    const worker = w.worker({ receipts });
    await tool(worker, () => ({ charge: 'ch-1' }))({ id: 'inv-1' });
    const record = await w.record();
    const [receipt, ...others] = await stored(w);
    expect(others).toEqual([]);
    expect(record.receipt).toBe(receipt?.id);
    expect(receipt).toMatchObject({
      agent: 'billing',
      kind: 'tool',
      tool: 'pay',
      requestId: 'inv-1',
      fence: 1,
      attempt: 1,
      effect: 'non_idempotent_mutate',
      outcome: 'committed',
      arguments: record.fingerprint,
      result: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(receipt).not.toHaveProperty('values');
    // A replay is no outcome.
    await tool(worker, lost)({ id: 'inv-1' });
    expect(await stored(w)).toHaveLength(1);
  });

  it.each([
    [
      'what is proven not executed',
      () => {
        throw new NotExecutedError('no funds');
      },
      { outcome: 'aborted', aborted: 'not-executed' },
    ],
    [
      'what nobody can know',
      () => {
        throw new Error('timeout');
      },
      { outcome: 'unknown' },
    ],
  ])('is there for %s', async (_, body, said) => {
    const w = world();
    await failure(tool(w.worker({ receipts }), body)({ id: 'a' }));
    expect(await stored(w)).toMatchObject([said]);
    expect((await w.record()).receipt).toBe((await stored(w))[0]?.id);
  });

  it('is never there without the outcome, nor the outcome without it, wherever the worker is lost', async () => {
    for (const point of ['before-complete', 'after-complete', 'after-claim', 'after-effect']) {
      const w = world();
      onFaultPoint((at) => {
        if (at === point) throw new WorkerLostError(point);
      });
      await failure(tool(w.worker({ receipts }), () => 'paid')({ id: 'a' })).catch(() => undefined);
      onFaultPoint(undefined);
      const record = await w.record();
      const found = await stored(w);
      expect([point, record.phase === 'committed', found.length]).toEqual([
        point,
        point === 'after-complete',
        point === 'after-complete' ? 1 : 0,
      ]);
    }
  });

  it('is one, although the answer to the completion was lost and it was sent again', async () => {
    const w = world();
    const worker = w.worker({ receipts });
    let dropped = false;
    worker.way.transact = async (transaction, nonce, pass) => {
      const answer = await pass(transaction, nonce);
      if (!dropped && transaction.write.some(({ key }) => key.kind === 'receipt')) {
        dropped = true;
        throw new Error('the connection was cut');
      }
      return answer;
    };
    expect(await w.clock.runUntil(tool(worker, () => 'paid')({ id: 'a' }))).toBe('paid');
    expect(dropped).toBe(true);
    expect(await stored(w)).toMatchObject([{ outcome: 'committed' }]);
  });
});

describe('who settles a call pays what it owes', () => {
  const lostCall = async (options: Partial<LedgerOptions<'id'>> = {}) => {
    const w = world();
    await failure(tool(w.worker({ receipts }), lost, options)({ id: 'a' }));
    await w.clock.advance(31_000);
    return { w, id: (await w.stored())[0]!.key.id };
  };

  it.each([
    [{ as: 'completed', result: { charge: 'ch-9' } } as const, { outcome: 'committed', settled: { as: 'completed' } }],
    [{ as: 'not-executed' } as const, { outcome: 'aborted', aborted: 'not-executed', settled: { as: 'not-executed' } }],
  ])('by releasing it %j', async (how, said) => {
    const { w, id } = await lostCall();
    await w.worker({ receipts }).home.release(id, { ...who, ...how });
    expect(await stored(w)).toMatchObject([
      { ...said, kind: 'release', settled: { ...said.settled, by: 'operator', who: 'ann', reason: who.reason } },
    ]);
  });

  it('by retiring it', async () => {
    const w = world();
    const { home } = w.worker({ receipts });
    await tool({ home } as Worker, () => 'paid')({ id: 'a' });
    await home.retire((await home.list()).calls[0]!.id, who);
    expect(await stored(w)).toMatchObject([
      { kind: 'tool', outcome: 'committed' },
      { kind: 'release', outcome: 'aborted', settled: { as: 'retired' } },
    ]);
  });

  it('by asking its reconciler', async () => {
    const { w } = await lostCall();
    const pay = tool(w.worker({ receipts }), lost, { reconcile: () => committed('found') });
    expect(await w.clock.runUntil(pay({ id: 'a' }))).toBe('found');
    expect(await stored(w)).toMatchObject([{ kind: 'reconciliation', settled: { by: 'reconciler' } }]);
  });

  it('and without a key to sign with it is refused, and stays as it is', async () => {
    const { w, id } = await lostCall();
    const before = await w.record();
    const mute = w.worker();
    const refused = await failure(mute.home.release(id, { ...who, as: 'completed', result: 1 }));
    expect(refused).toMatchObject({ code: 'RELEASE_REFUSED', message: expect.stringContaining('signing key') });
    const asked: unknown[] = [];
    const pay = tool(mute, lost, {
      reconcile: (question) => {
        asked.push(question);
        return committed('found');
      },
    });
    expect(await failure(pay({ id: 'a' }))).toMatchObject({
      code: 'LEDGER_BLOCKED',
      details: { reason: 'receipt-owed' },
      remedy: expect.stringMatching(
        /^Give this process the signing key \(audit_receipt .*\), and call again, or release/,
      ),
    });
    expect(asked).toEqual([]);
    expect(await w.record()).toEqual(before);
  });

  it('also when the same worker that cannot sign could run it again', async () => {
    const { w } = await lostCall({ effect: 'idempotent_mutate' });
    const pay = tool(w.worker(), () => 'again', { effect: 'idempotent_mutate' });
    expect(await failure(pay({ id: 'a' }))).toMatchObject({
      code: 'LEDGER_BLOCKED',
      details: { reason: 'receipt-owed' },
    });
    const signing = tool(w.worker({ receipts }), () => 'again', { effect: 'idempotent_mutate', receipt: false });
    // The debt of the attempt before stays, whatever the tool says now.
    expect(await signing({ id: 'a' })).toBe('again');
    expect(await stored(w)).toMatchObject([{ outcome: 'committed', fence: 2 }]);
  });
});

it('a tool may do without receipts, and its records owe none', async () => {
  const w = world();
  await tool(w.worker({ receipts }), () => 1, { receipt: false, reconcile: () => unknown('') })({ id: 'a' });
  expect(await stored(w)).toEqual([]);
  expect((await w.record()) as CallRecord).not.toHaveProperty('owesReceipt');
  expect(() => ledger({ name: 'x', receipt: 'yes' as never })).toThrow(/receipt/);
});

it('values stand in receipts only where that was chosen', async () => {
  const w = world();
  const chosen = auditReceipts({
    agent: 'billing',
    signingKey: seed,
    values: { arguments: true, result: true },
  });
  await tool(w.worker({ receipts: chosen }), () => ({ charge: 'ch-1' }))({ id: 'inv-1' });
  expect(await stored(w)).toMatchObject([{ values: { arguments: { id: 'inv-1' }, result: { charge: 'ch-1' } } }]);
});
