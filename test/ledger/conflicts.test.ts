import { describe, expect, it } from 'vitest';
import { IdentityConflictError, InputNotStorableError, ledger, NotExecutedError } from '../../src/index.js';
import { failAt } from '../../src/testing/index.js';
import { failure, latch, world } from './workers.js';

interface Order {
  readonly id: string;
  readonly amount?: number;
  readonly lines?: readonly { readonly price: number }[];
  readonly [member: string]: unknown;
}

describe('the same identity with other arguments', () => {
  it('is refused once it is committed, and the paths are named but not the values', async () => {
    const home = world().worker().home;
    let bodies = 0;
    const pay = ledger({ name: 'pay', effect: 'irreversible', ledger: home, idFrom: ['id'] })(
      async (_: Order) => ++bodies,
    );
    await pay({ id: 'a', amount: 31_337, lines: [{ price: 1 }] });
    const error = await failure(pay({ id: 'a', amount: 42_424, lines: [{ price: 2 }], extra: true }));
    expect(error).toBeInstanceOf(IdentityConflictError);
    expect(error.details).toMatchObject({
      tool: 'pay',
      requestId: 'a',
      phase: 'committed',
      paths: ['amount', 'lines[0].price', 'extra'],
    });
    expect(error.message).toContain('amount, lines[0].price, extra');
    expect(`${error.message} ${String(error.llmMessage)}`).not.toMatch(/31337|42424/);
    expect(bodies).toBe(1);
  });

  it('is refused while it may have happened: held, and after the worker was lost', async () => {
    const w = world();
    const [one, two] = [w.worker(), w.worker()];
    const make = (home: typeof one.home) =>
      ledger({ name: 'pay', effect: 'irreversible', ledger: home, idFrom: ['id'] })(async (_: Order) => 1);
    failAt('after-effect');
    await failure(make(one.home)({ id: 'a', amount: 1 }));
    expect(await failure(make(two.home)({ id: 'a', amount: 2 }))).toMatchObject({
      code: 'IDENTITY_CONFLICT',
      details: { phase: 'attempting' },
    });
    await w.clock.advance(31_000);
    expect(await failure(make(two.home)({ id: 'a', amount: 2 }))).toMatchObject({ code: 'IDENTITY_CONFLICT' });
    expect(await failure(make(two.home)({ id: 'a', amount: 1 }))).toMatchObject({ code: 'LEDGER_BLOCKED' });
  });

  it('is refused after an unknown ending', async () => {
    const home = world().worker().home;
    const pay = ledger({ name: 'pay', effect: 'irreversible', ledger: home, idFrom: ['id'] })(async (_: Order) => {
      throw new Error('socket hang up');
    });
    await failure(pay({ id: 'a', amount: 1 }));
    expect(await failure(pay({ id: 'a', amount: 2 }))).toMatchObject({
      code: 'IDENTITY_CONFLICT',
      details: { phase: 'unknown', paths: ['amount'] },
    });
  });

  it('is welcome where nothing happened: corrected arguments run', async () => {
    const w = world();
    const ran: unknown[] = [];
    const pay = ledger({ name: 'pay', effect: 'irreversible', ledger: w.worker().home, idFrom: ['id'] })(
      async (input: Order) => {
        ran.push(input.amount);
        if (input.amount === 1) throw new NotExecutedError('the amount is too small');
        return input.amount;
      },
    );
    await failure(pay({ id: 'a', amount: 1 }));
    expect(await pay({ id: 'a', amount: 2 })).toBe(2);
    expect(ran).toEqual([1, 2]);
    expect(await failure(pay({ id: 'a', amount: 1 }))).toMatchObject({
      code: 'IDENTITY_CONFLICT',
      details: { phase: 'committed' },
    });
  });

  it('waits its turn within the process, and is judged by what became of the first', async () => {
    const w = world();
    const gate = latch<number>();
    const pay = ledger({ name: 'pay', effect: 'irreversible', ledger: w.worker().home, idFrom: ['id'] })(
      async (_: Order) => gate.promise,
    );
    const first = pay({ id: 'a', amount: 1 });
    const second = failure(pay({ id: 'a', amount: 2 }));
    await w.clock.settle();
    gate.open(7);
    expect(await first).toBe(7);
    expect(await second).toMatchObject({ code: 'IDENTITY_CONFLICT', details: { paths: ['amount'] } });
  });

  it('compares the JSON form: order, undefined members and Dates as text do not matter', async () => {
    const home = world().worker().home;
    let bodies = 0;
    const pay = ledger({ name: 'pay', effect: 'irreversible', ledger: home, idFrom: ['id'] })(
      async (_: Order) => ++bodies,
    );
    await pay({ id: 'a', at: new Date(0), none: undefined, amount: 0 });
    await pay({ amount: -0, at: '1970-01-01T00:00:00.000Z', id: 'a' });
    expect(bodies).toBe(1);
    expect(await failure(pay({ id: 'a', at: new Date(1), amount: 0 }))).toMatchObject({ details: { paths: ['at'] } });
  });

  it('leaves out what fingerprint: { omit } names, in the comparison and in the message', async () => {
    const home = world().worker().home;
    let bodies = 0;
    const pay = ledger({
      name: 'pay',
      effect: 'irreversible',
      ledger: home,
      idFrom: ['id'],
      fingerprint: { omit: ['trace', 'meta.at'] },
    })(async (_: Order) => ++bodies);
    await pay({ id: 'a', trace: 1, meta: { at: 1, by: 'x' }, amount: 1 });
    await pay({ id: 'a', trace: 2, meta: { at: 2, by: 'x' }, amount: 1 });
    expect(bodies).toBe(1);
    expect(await failure(pay({ id: 'a', trace: 3, meta: { at: 3, by: 'x' }, amount: 2 }))).toMatchObject({
      details: { paths: ['amount'] },
    });
  });

  it('compares what a fingerprint selector gives', async () => {
    const home = world().worker().home;
    let bodies = 0;
    const pay = ledger({
      name: 'pay',
      effect: 'irreversible',
      ledger: home,
      idFrom: ['id'],
      fingerprint: (input: unknown) => ({ amount: (input as Order).amount }),
    })(async (_: Order) => ++bodies);
    await pay({ id: 'a', amount: 1, note: 'x' });
    await pay({ id: 'a', amount: 1, note: 'y' });
    expect(bodies).toBe(1);
    expect(await failure(pay({ id: 'a', amount: 2, note: 'z' }))).toMatchObject({ details: { paths: ['amount'] } });
  });

  it('says so when the recorded arguments were not kept', async () => {
    const home = world().worker().home;
    for (const input of ['redacted', 'digest'] as const) {
      const pay = ledger({
        name: `pay ${input}`,
        effect: 'irreversible',
        ledger: home,
        idFrom: ['id'],
        store: { input },
      })(async (_: Order) => 1);
      await pay({ id: 'a', amount: 1 });
      const error = await failure(pay({ id: 'a', amount: 2 }));
      expect(error).toMatchObject({ code: 'IDENTITY_CONFLICT', details: { paths: [] } });
      expect(error.message).toContain('not kept in full');
    }
  });

  it('is judged by the arguments of the call, whatever the body does to its input', async () => {
    const w = world();
    let bodies = 0;
    const pay = ledger({ name: 'pay', effect: 'irreversible', ledger: w.worker().home, idFrom: ['id'] })(
      async (input: { id: string; amount: number }) => {
        bodies += 1;
        input.id = 'changed';
        input.amount = 999;
        return { bodies };
      },
    );
    expect(await pay({ id: 'a', amount: 1 })).toEqual({ bodies: 1 });
    expect(await pay({ id: 'a', amount: 1 })).toEqual({ bodies: 1 });
    expect(await w.records()).toHaveLength(1);
    expect(await w.record()).toMatchObject({ requestId: 'a', input: { text: expect.stringContaining('"amount":1}') } });
    expect(await failure(pay({ id: 'a', amount: 999 }))).toMatchObject({ code: 'IDENTITY_CONFLICT' });
  });
});

describe('arguments that cannot be stored', () => {
  class Money {
    readonly amount = 1;
  }
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = { again: cyclic };
  const refused: readonly [string, unknown, string][] = [
    ['a function', () => 1, 'order.lines[1].value'],
    ['a symbol', Symbol('x'), 'order.lines[1].value'],
    ['an instance', new Money(), 'order.lines[1].value'],
    ['a promise', Promise.resolve(1), 'order.lines[1].value'],
    ['a cycle', cyclic, 'order.lines[1].value.self.again'],
    ['a WeakMap', new WeakMap(), 'order.lines[1].value'],
  ];
  it.each(refused)('%s: refused with the path before anything is claimed', async (_, value, path) => {
    const w = world();
    let bodies = 0;
    const worker = w.worker();
    const pay = ledger({ name: 'pay', effect: 'irreversible', ledger: worker.home, idFrom: ['id'] })(
      async (_input: { id: string; order: unknown }) => ++bodies,
    );
    const error = await failure(pay({ id: 'a', order: { lines: [1, { value }] } }));
    expect(error).toBeInstanceOf(InputNotStorableError);
    expect(error.details).toMatchObject({ tool: 'pay', path });
    expect(error.llmMessage).toContain(path);
    expect(bodies).toBe(0);
    expect(worker.sent.transact).toBe(0);
    expect(await w.stored()).toHaveLength(0);
  });

  it('can be left out, as the error advises', async () => {
    const w = world();
    const pay = ledger({
      name: 'pay',
      effect: 'irreversible',
      ledger: w.worker().home,
      idFrom: ['id'],
      fingerprint: { omit: ['onProgress'] },
    })(async (input: { id: string; onProgress: () => string }) => input.onProgress());
    expect(await pay({ id: 'a', onProgress: () => 'called' })).toBe('called');
    expect(await pay({ id: 'a', onProgress: () => 'not called' })).toBe('called');
  });

  it('are refused with their path also where a selector makes the fingerprint', async () => {
    const w = world();
    let bodies = 0;
    const pay = ledger({
      name: 'pay',
      effect: 'irreversible',
      ledger: w.worker().home,
      idFrom: ['id'],
      fingerprint: (input: unknown) => (input as { id: string }).id,
    })(async (_: { id: string; on: { progress: () => void } }) => ++bodies);
    const error = await failure(pay({ id: 'a', on: { progress: () => undefined } }));
    expect(error).toBeInstanceOf(InputNotStorableError);
    expect(error.details).toMatchObject({ path: 'on.progress' });
    expect(bodies).toBe(0);
    expect(await w.stored()).toHaveLength(0);
  });
});
