import { describe, expect, it } from 'vitest';
import {
  ActionLedger,
  IdentityConflictError,
  inspectCall,
  LedgerBlockedError,
  ledger,
  NotExecutedError,
  withCall,
} from '../../src/index.js';
import { memoryStore } from '../../src/store/memory.js';

function fresh(): ActionLedger {
  return new ActionLedger({ store: memoryStore() });
}

describe('a guarded tool', () => {
  it('runs once per identity and gives its result again', async () => {
    const actions = fresh();
    let runs = 0;
    const pay = ledger({ name: 'pay', effect: 'non_idempotent_mutate', idFrom: ['id'], ledger: actions })(
      async ({ id }: { id: string; amount: number }) => {
        runs += 1;
        return { id, at: new Date(0), runs };
      },
    );
    const first = await pay({ id: 'a', amount: 1 });
    const second = await pay({ id: 'a', amount: 1 });
    expect(second).toEqual(first);
    expect(second).not.toBe(first);
    expect(runs).toBe(1);
    await expect(pay({ id: 'a', amount: 2 })).rejects.toThrow(IdentityConflictError);
    await expect(pay({ id: 'a', amount: 2 })).rejects.toThrow('amount');
    expect(await inspectCall(pay, { id: 'a', amount: 1 })).toMatchObject({ replayed: true, requestId: 'a' });
    await withCall(pay, { requestId: 'manual-7' })({ id: 'a', amount: 1 });
    expect(runs).toBe(2);
  });

  it('gives one body to many callers at once', async () => {
    const actions = fresh();
    let runs = 0;
    const pay = ledger({ name: 'pay', effect: 'irreversible', idFrom: ['id'], ledger: actions })(
      async ({ id }: { id: string }) => {
        runs += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
        return { id };
      },
    );
    const results = await Promise.all(Array.from({ length: 50 }, () => pay({ id: 'x' })));
    expect(runs).toBe(1);
    expect(results.every((result) => result.id === 'x')).toBe(true);
  });

  it('blocks what threw after its effect may have begun, and runs again what did not execute', async () => {
    const actions = fresh();
    let runs = 0;
    const pay = ledger({ name: 'pay', effect: 'non_idempotent_mutate', idFrom: ['id'], ledger: actions })(
      async ({ id }: { id: string }) => {
        runs += 1;
        if (runs === 1) throw new NotExecutedError('declined');
        if (runs === 2) throw new Error('socket hang up');
        return id;
      },
    );
    await expect(pay({ id: 'x' })).rejects.toThrow(NotExecutedError);
    await expect(pay({ id: 'x' })).rejects.toThrow('socket hang up');
    await expect(pay({ id: 'x' })).rejects.toThrow(LedgerBlockedError);
    expect(runs).toBe(2);
    const { calls } = await actions.list({ stuck: true });
    expect(calls).toHaveLength(1);
    await actions.release(calls[0]!.id.slice(0, 8), {
      as: 'not-executed',
      by: 'ada',
      reason: 'no charge at the gateway',
    });
    expect(await pay({ id: 'x' })).toBe('x');
    expect(runs).toBe(3);
  });

  it('lets people own the loop', async () => {
    const actions = fresh();
    const open = await actions.begin(
      { name: 'wire', effect: 'irreversible', boundary: 'explicit' },
      { to: 'bob' },
      { requestId: 'w-1' },
    );
    if (open.gate !== 'ALLOW') throw new Error('expected to run');
    await open.effectStarted();
    expect(await open.complete({ ref: 1 })).toEqual({ ref: 1 });
    const again = await actions.begin(
      { name: 'wire', effect: 'irreversible', boundary: 'explicit' },
      { to: 'bob' },
      { requestId: 'w-1' },
    );
    expect(again).toMatchObject({ gate: 'RETURN', result: { ref: 1 } });
  });
});
