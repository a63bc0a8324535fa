import { describe, expect, it } from 'vitest';
import { committed, LeaseLostError, type LedgerOptions, ledger, type ToolCall } from '../../src/index.js';
import { failAt, WorkerLostError } from '../../src/testing/index.js';
import { failure, listen, world } from './workers.js';

interface Input {
  readonly id: string;
}

/** A provider that honours an idempotency key for a while from its first use. */
function provider(now: () => number, validFor: number) {
  const first = new Map<string, number>();
  let charges = 0;
  return {
    charge(key: string): number {
      const at = first.get(key);
      if (at !== undefined && now() - at < validFor) return charges;
      first.set(key, now());
      return ++charges;
    },
    get charges(): number {
      return charges;
    },
  };
}

type Body = (call: ToolCall, body: number) => unknown;

function keyed(body: Body, options: Partial<LedgerOptions<'id'>> = {}) {
  const w = world();
  const gateway = provider(() => w.clock.wall(), 3_600_000);
  let bodies = 0;
  const make = () =>
    ledger({
      name: 'pay',
      effect: 'keyed_mutate',
      keyValidFor: '1h',
      ledger: w.worker().home,
      idFrom: ['id'],
      ...options,
    })(async (_: Input, call) => body(call, ++bodies));
  return { w, gateway, make, bodies: () => bodies };
}

describe('a keyed tool whose worker was lost', () => {
  it('runs again within the window, under the same key', async () => {
    const { w, gateway, make, bodies } = keyed((call) => gateway.charge(call.idempotencyKey));
    failAt('after-effect');
    await failure(make()({ id: 'a' }));
    await w.clock.advance(31_000);
    expect(await make()({ id: 'a' })).toBe(1);
    expect([bodies(), gateway.charges]).toEqual([2, 1]);
    expect(await w.record()).toMatchObject({ phase: 'committed', fence: 2, attempts: 2 });
  });

  it('is blocked where nobody declared how long the key is valid', async () => {
    const w = world();
    const make = () =>
      ledger({ name: 'pay', effect: 'keyed_mutate', ledger: w.worker().home, idFrom: ['id'] })(
        async (_: Input, call) => call.idempotencyKey,
      );
    failAt('after-effect');
    await failure(make()({ id: 'a' }));
    await w.clock.advance(31_000);
    expect(await failure(make()({ id: 'a' }))).toMatchObject({
      code: 'LEDGER_BLOCKED',
      details: { reason: 'worker-lost' },
    });
  });

  it('is blocked when the window is over, and the message says so', async () => {
    const { w, make, bodies } = keyed((call) => call.idempotencyKey);
    failAt('after-effect');
    await failure(make()({ id: 'a' }));
    await w.clock.advance(3_600_000);
    const error = await failure(make()({ id: 'a' }));
    expect(error).toMatchObject({ code: 'LEDGER_BLOCKED', details: { reason: 'key-window-over' } });
    expect(error.message).toContain('key');
    expect(bodies()).toBe(1);
  });

  it('needs a whole body deadline left in the window: its timeout, or else one lease', async () => {
    for (const [timeout, needed] of [
      ['5m', 300_000],
      [undefined, 30_000],
    ] as const) {
      for (const [spare, runs] of [
        [0, true],
        [-1, false],
      ] as const) {
        const { w, make, bodies } = keyed((call) => call.idempotencyKey, timeout === undefined ? {} : { timeout });
        failAt('after-effect');
        await failure(make()({ id: 'a' }));
        await w.clock.advance(3_600_000 - needed - spare);
        const again = make()({ id: 'a' });
        if (runs) await again;
        else expect(await failure(again)).toMatchObject({ code: 'LEDGER_BLOCKED' });
        expect(bodies()).toBe(runs ? 2 : 1);
      }
    }
  });

  it('counts the window from the first attempt, whatever attempts and questions came between', async () => {
    const { w, make, bodies } = keyed((call, body) => {
      void call.idempotencyKey;
      if (body < 4) throw new WorkerLostError('after-effect');
      return body;
    });
    for (let attempt = 1; attempt <= 3; attempt++) {
      await failure(make()({ id: 'a' }));
      await w.clock.advance(1_195_000);
    }
    // Almost an hour after the first attempt, and 20 after the last.
    expect(await failure(make()({ id: 'a' }))).toMatchObject({
      code: 'LEDGER_BLOCKED',
      details: { reason: 'key-window-over' },
    });
    expect(bodies()).toBe(3);
  });

  it('asks its reconciler when the window is over', async () => {
    const { w, make, bodies } = keyed((call) => call.idempotencyKey, {
      reconcile: ({ idempotencyKey }) => committed(`found ${idempotencyKey}`),
    });
    failAt('after-effect');
    await failure(make()({ id: 'a' }));
    await w.clock.advance(3_600_000);
    expect(await make()({ id: 'a' })).toMatch(/^found myc_/);
    expect(bodies()).toBe(1);
  });
});

describe('a keyed tool that threw', () => {
  it('runs again within the window when its body read the key', async () => {
    const { w, make } = keyed((call, body) => {
      void call.idempotencyKey;
      if (body === 1) throw new Error('socket hang up');
      return body;
    });
    await failure(make()({ id: 'a' }));
    expect(await w.record()).toMatchObject({ phase: 'unknown', keyUsed: true });
    expect(await make()({ id: 'a' })).toBe(2);
  });

  it('is blocked when its body never read the key', async () => {
    const { w, make } = keyed((_call, body) => {
      if (body === 1) throw new Error('socket hang up');
      return body;
    });
    await failure(make()({ id: 'a' }));
    expect(await w.record()).toMatchObject({ phase: 'unknown', keyUsed: false });
    expect(await failure(make()({ id: 'a' }))).toMatchObject({
      code: 'LEDGER_BLOCKED',
      details: { reason: 'ended-unknown' },
    });
  });
});

describe('a keyed tool that runs again', () => {
  it('has its signal aborted when the provider forgets the key', async () => {
    const reasons: [number, unknown][] = [];
    const { w, make } = keyed(async (call, body) => {
      void call.idempotencyKey;
      if (body === 1) throw new WorkerLostError('after-effect');
      return new Promise((_resolve, reject) =>
        call.signal.addEventListener('abort', () => {
          reasons.push([w.clock.monotonic(), call.signal.reason]);
          reject(call.signal.reason as Error);
        }),
      );
    });
    await failure(make()({ id: 'a' }));
    await w.clock.advance(3_500_000);
    const error = await w.clock.runUntil(failure(make()({ id: 'a' })));
    expect(error).toBeInstanceOf(LeaseLostError);
    expect(reasons).toEqual([[3_600_000, error]]);
    await w.clock.advance(60_000);
    expect(w.clock.pending).toBe(0);
  });

  it('starts no effect once the provider has forgotten the key, also after its time limit', async () => {
    for (const timeout of [undefined, '10s'] as const) {
      const { w, gateway, make } = keyed(
        async (call, body) => {
          const key = call.idempotencyKey;
          if (body > 1) await w.sleep(200_000);
          const charged = await call.effect(() => gateway.charge(key));
          if (body === 1) throw new WorkerLostError('after-effect');
          return charged;
        },
        { boundary: 'explicit', ...(timeout === undefined ? {} : { timeout }) },
      );
      await failure(make()({ id: 'a' }));
      await w.clock.advance(3_500_000);
      await w.clock.runUntil(failure(make()({ id: 'a' })));
      await w.clock.advance(300_000);
      expect(gateway.charges).toBe(1);
    }
  });

  it('starts no body when the answer to its claim came too late for the key', async () => {
    const w = world();
    const gateway = provider(() => w.clock.wall(), 3_600_000);
    const [lost, second] = [w.worker(), w.worker()];
    let bodies = 0;
    const tool = (home: typeof lost.home) =>
      ledger({ name: 'pay', effect: 'keyed_mutate', keyValidFor: '1h', idFrom: ['id'], ledger: home })(
        async (_: Input, call) => {
          bodies += 1;
          const charged = await call.effect(() => gateway.charge(call.idempotencyKey));
          if (bodies === 1) throw new WorkerLostError('after-effect');
          return charged;
        },
      );
    await failure(tool(lost.home)({ id: 'a' }));
    // Enough for a whole lease when the claim is written, and not any more when that is known here.
    await w.clock.advance(3_560_000);
    second.way.transact = async (transaction, nonce, pass) => {
      const answer = await pass(transaction, nonce);
      if (transaction.write.some(({ lease }) => lease !== undefined) && answer.ok) await w.sleep(4_900);
      return answer;
    };
    await w.clock.advance(6_000);
    expect(await w.clock.runUntil(failure(tool(second.home)({ id: 'a' })))).toMatchObject({ code: 'LEDGER_BLOCKED' });
    expect({ bodies, charges: gateway.charges }).toEqual({ bodies: 1, charges: 1 });
  });

  it('in a first attempt has no window to watch', async () => {
    const { w, make } = keyed(async (call) => {
      await w.sleep(7_200_000);
      return call.effect(() => 'sent');
    });
    expect(await w.clock.runUntil(make()({ id: 'a' }), 10_000_000)).toBe('sent');
  });
});

describe('a keyed tool that finished', () => {
  it('is warned of when it never read the key', async () => {
    using warnings = listen('mycelium:warning');
    const { make } = keyed(() => 1);
    await make()({ id: 'a' });
    expect(warnings.events).toMatchObject([{ tool: 'pay', code: 'key-not-used' }]);
    const used = keyed((call) => call.idempotencyKey);
    await used.make()({ id: 'a' });
    expect(warnings.events).toHaveLength(1);
  });

  it('gets another key after a retirement, which asks for another effect', async () => {
    const { w, gateway, make } = keyed((call) => gateway.charge(call.idempotencyKey));
    const worker = w.worker();
    expect(await make()({ id: 'a' })).toBe(1);
    await worker.home.retire((await worker.home.list()).calls[0]!.id, { by: 'ada', reason: 'refunded, pay again' });
    expect(await make()({ id: 'a' })).toBe(2);
    expect(await make()({ id: 'a' })).toBe(2);
    expect(gateway.charges).toBe(2);
  });
});

describe('a stricter class that came with a deploy', () => {
  it('decides for what an earlier attempt may have done, in both directions', async () => {
    for (const [before, after] of [
      ['read', 'irreversible'],
      ['irreversible', 'idempotent_mutate'],
      ['non_idempotent_mutate', 'keyed_mutate'],
    ] as const) {
      const w = world();
      let bodies = 0;
      const make = (effect: typeof before | typeof after) =>
        ledger({
          name: 'tool',
          effect,
          ledger: w.worker().home,
          idFrom: ['id'],
          ...(effect === 'read' ? { replayFor: '1d' } : {}),
          ...(effect === 'keyed_mutate' ? { keyValidFor: '1h' } : {}),
        })(async (_: Input) => ++bodies);
      failAt('after-effect');
      await failure(make(before)({ id: 'a' }));
      await w.clock.advance(31_000);
      if (before === 'read') continue;
      expect(await failure(make(after)({ id: 'a' }))).toMatchObject({ code: 'LEDGER_BLOCKED' });
      expect(bodies).toBe(1);
    }
  });

  it('blocks also what the looser class would have aborted', async () => {
    const w = world();
    const make = (effect: 'idempotent_mutate' | 'irreversible') =>
      ledger({ name: 'tool', effect, ledger: w.worker().home, idFrom: ['id'] })(async (_: Input) => {
        throw new Error('x');
      });
    await failure(make('idempotent_mutate')({ id: 'a' }));
    expect(await failure(make('irreversible')({ id: 'a' }))).toMatchObject({
      code: 'LEDGER_BLOCKED',
      details: { reason: 'class-changed' },
    });
  });
});
